"""The layers, one family to a file."""

from .activation import Activation as Activation
from .dense import Dense as Dense
from .embedding import Embedding as Embedding
from .merge import Concat as Concat
from .merge import Merge as Merge
from .merge import Sum as Sum
from .network import Network as Network
from .passes import Training as Training
from .places import Input as Input
from .recurrent import GRU as GRU
from .recurrent import LSTM as LSTM
from .recurrent import Bidirectional as Bidirectional
from .recurrent import Recurrent as Recurrent
from .recurrent import SimpleRNN as SimpleRNN
from .residual import Residual as Residual
from .sequential import Sequential as Sequential
