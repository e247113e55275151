"""Linear algebra, under Theano's names for what NumPy computes."""

from bitale_graph.language import AllocDiag as AllocDiag
from bitale_graph.linalg import QR as QR
from bitale_graph.linalg import SVD as SVD
from bitale_graph.linalg import Det as Det
from bitale_graph.linalg import Eig as Eig
from bitale_graph.linalg import Eigh as Eigh
from bitale_graph.linalg import Lstsq as Lstsq
from bitale_graph.linalg import MatrixInverse as MatrixInverse
from bitale_graph.linalg import MatrixPinv as MatrixPinv
from bitale_graph.linalg import SlogDet as SlogDet
from bitale_graph.linalg import det as det
from bitale_graph.linalg import diag as diag
from bitale_graph.linalg import diagonal as diagonal
from bitale_graph.linalg import eig as eig
from bitale_graph.linalg import eigh as eigh
from bitale_graph.linalg import eigvalsh as eigvalsh
from bitale_graph.linalg import inv as inv
from bitale_graph.linalg import kron as kron
from bitale_graph.linalg import logdet as logdet
from bitale_graph.linalg import lstsq as lstsq
from bitale_graph.linalg import matrix_dot as matrix_dot
from bitale_graph.linalg import matrix_power as matrix_power
from bitale_graph.linalg import norm as norm
from bitale_graph.linalg import pinv as pinv
from bitale_graph.linalg import qr as qr
from bitale_graph.linalg import slogdet as slogdet
from bitale_graph.linalg import svd as svd
from bitale_graph.linalg import tensorinv as tensorinv
from bitale_graph.linalg import tensorsolve as tensorsolve
from bitale_graph.linalg import trace as trace

matrix_inverse, alloc_diag, extract_diag = inv, diag, diagonal
