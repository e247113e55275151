"""Functions that networks are written with; layers, updates and a classifier: see bitale_nnet."""

from bitale_nnet.cells import gru_step as gru_step
from bitale_nnet.cells import lstm_step as lstm_step
from bitale_nnet.cells import simple_rnn_step as simple_rnn_step
from bitale_nnet.functional import elu as elu
from bitale_nnet.functional import hard_sigmoid as hard_sigmoid
from bitale_nnet.functional import leaky_relu as leaky_relu
from bitale_nnet.functional import log_softmax as log_softmax
from bitale_nnet.functional import logsoftmax as logsoftmax
from bitale_nnet.functional import relu as relu
from bitale_nnet.functional import selu as selu
from bitale_nnet.functional import sigmoid as sigmoid
from bitale_nnet.functional import softmax as softmax
from bitale_nnet.functional import softplus as softplus
from bitale_nnet.functional import softsign as softsign
from bitale_nnet.functional import tanh as tanh
from bitale_nnet.losses import binary_crossentropy as binary_crossentropy
from bitale_nnet.losses import categorical_crossentropy as categorical_crossentropy
from bitale_nnet.losses import sigmoid_binary_crossentropy as sigmoid_binary_crossentropy

from . import neighbours as neighbours
