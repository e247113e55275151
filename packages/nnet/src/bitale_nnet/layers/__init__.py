"""The layers, one family to a file."""

from .activation import Activation as Activation
from .dense import Dense as Dense
from .embedding import Embedding as Embedding
from .recurrent import GRU as GRU
from .recurrent import LSTM as LSTM
from .recurrent import Bidirectional as Bidirectional
from .recurrent import Recurrent as Recurrent
from .recurrent import SimpleRNN as SimpleRNN
from .sequential import Sequential as Sequential
