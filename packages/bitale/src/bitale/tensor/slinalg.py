"""Linear algebra, under Theano's names for what SciPy computes."""

from bitale_graph.linalg import Cholesky as Cholesky
from bitale_graph.linalg import Expm as Expm
from bitale_graph.linalg import Solve as Solve
from bitale_graph.linalg import SolveTriangular as SolveTriangular
from bitale_graph.linalg import block_diag as block_diag
from bitale_graph.linalg import cho_solve as cho_solve
from bitale_graph.linalg import cholesky as cholesky
from bitale_graph.linalg import eigvalsh as eigvalsh
from bitale_graph.linalg import expm as expm
from bitale_graph.linalg import kron as kron
from bitale_graph.linalg import logm as logm
from bitale_graph.linalg import lu as lu
from bitale_graph.linalg import lu_factor as lu_factor
from bitale_graph.linalg import lu_solve as lu_solve
from bitale_graph.linalg import solve as solve
from bitale_graph.linalg import solve_continuous_lyapunov as solve_continuous_lyapunov
from bitale_graph.linalg import solve_discrete_lyapunov as solve_discrete_lyapunov
from bitale_graph.linalg import solve_lower_triangular as solve_lower_triangular
from bitale_graph.linalg import solve_sylvester as solve_sylvester
from bitale_graph.linalg import solve_symmetric as solve_symmetric
from bitale_graph.linalg import solve_triangular as solve_triangular
from bitale_graph.linalg import solve_upper_triangular as solve_upper_triangular
from bitale_graph.linalg import sqrtm as sqrtm
