"""Functions that networks are written with; layers, updates and a classifier: see bitale_nnet."""

from bitale_graph.convolution import causal_conv1d as causal_conv1d
from bitale_graph.convolution import conv1d as conv1d
from bitale_graph.convolution import conv1d_transpose as conv1d_transpose
from bitale_graph.convolution import conv2d as conv2d
from bitale_graph.convolution import conv2d_grad_wrt_inputs as conv2d_grad_wrt_inputs
from bitale_graph.convolution import conv2d_grad_wrt_weights as conv2d_grad_wrt_weights
from bitale_graph.convolution import conv2d_transpose as conv2d_transpose
from bitale_graph.convolution import conv3d as conv3d
from bitale_graph.convolution import conv3d_grad_wrt_inputs as conv3d_grad_wrt_inputs
from bitale_graph.convolution import conv3d_grad_wrt_weights as conv3d_grad_wrt_weights
from bitale_graph.convolution import conv3d_transpose as conv3d_transpose
from bitale_graph.convolution import separable_conv2d as separable_conv2d
from bitale_graph.convolution import separable_conv3d as separable_conv3d
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

from . import abstract_conv as abstract_conv
from . import conv as conv
from . import conv3d2d as conv3d2d
from . import neighbours as neighbours
