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
from bitale_graph.extend import LogSoftmax as LogSoftmax
from bitale_graph.extend import Softmax as Softmax
from bitale_graph.extend import SoftmaxGrad as SoftmaxGrad
from bitale_nnet.cells import gru_step as gru_step
from bitale_nnet.cells import lstm_step as lstm_step
from bitale_nnet.cells import simple_rnn_step as simple_rnn_step
from bitale_nnet.crossentropies import CrossentropyCategorical1Hot as CrossentropyCategorical1Hot
from bitale_nnet.crossentropies import SoftmaxWithBias as SoftmaxWithBias
from bitale_nnet.crossentropies import (
    crossentropy_categorical_1hot as crossentropy_categorical_1hot,
)
from bitale_nnet.crossentropies import (
    crossentropy_categorical_1hot_grad as crossentropy_categorical_1hot_grad,
)
from bitale_nnet.crossentropies import crossentropy_softmax_1hot as crossentropy_softmax_1hot
from bitale_nnet.crossentropies import (
    crossentropy_softmax_1hot_with_bias as crossentropy_softmax_1hot_with_bias,
)
from bitale_nnet.crossentropies import (
    crossentropy_softmax_1hot_with_bias_dx as crossentropy_softmax_1hot_with_bias_dx,
)
from bitale_nnet.crossentropies import (
    crossentropy_softmax_argmax_1hot_with_bias as crossentropy_softmax_argmax_1hot_with_bias,
)
from bitale_nnet.crossentropies import (
    crossentropy_softmax_max_and_argmax_1hot as crossentropy_softmax_max_and_argmax_1hot,
)
from bitale_nnet.crossentropies import (
    crossentropy_softmax_max_and_argmax_1hot_with_bias as crossentropy_softmax_max_and_argmax_1hot_with_bias,  # noqa: E501 (one name)
)
from bitale_nnet.crossentropies import logsoftmax_op as logsoftmax_op
from bitale_nnet.crossentropies import (
    sigmoid_binary_crossentropy as sigmoid_binary_crossentropy,
)
from bitale_nnet.crossentropies import softmax_grad as softmax_grad
from bitale_nnet.crossentropies import softmax_op as softmax_op
from bitale_nnet.crossentropies import softmax_with_bias as softmax_with_bias
from bitale_nnet.functional import elu as elu
from bitale_nnet.functional import gelu as gelu
from bitale_nnet.functional import hard_sigmoid as hard_sigmoid
from bitale_nnet.functional import leaky_relu as leaky_relu
from bitale_nnet.functional import log_softmax as log_softmax
from bitale_nnet.functional import logsoftmax as logsoftmax
from bitale_nnet.functional import prepend_0_to_each_row as prepend_0_to_each_row
from bitale_nnet.functional import prepend_1_to_each_row as prepend_1_to_each_row
from bitale_nnet.functional import prepend_scalar_to_each_row as prepend_scalar_to_each_row
from bitale_nnet.functional import relu as relu
from bitale_nnet.functional import selu as selu
from bitale_nnet.functional import sigmoid as sigmoid
from bitale_nnet.functional import sigmoid_inplace as sigmoid_inplace
from bitale_nnet.functional import silu as silu
from bitale_nnet.functional import softmax as softmax
from bitale_nnet.functional import softmax_graph as softmax_graph
from bitale_nnet.functional import softplus as softplus
from bitale_nnet.functional import softsign as softsign
from bitale_nnet.functional import tanh as tanh
from bitale_nnet.functional import ultra_fast_sigmoid as ultra_fast_sigmoid
from bitale_nnet.hierarchical import h_softmax as h_softmax
from bitale_nnet.losses import binary_crossentropy as binary_crossentropy
from bitale_nnet.losses import categorical_crossentropy as categorical_crossentropy
from bitale_nnet.losses import confusion_matrix as confusion_matrix
from bitale_nnet.normalization import batch_normalization as batch_normalization
from bitale_nnet.normalization import batch_normalization_test as batch_normalization_test
from bitale_nnet.normalization import batch_normalization_train as batch_normalization_train
from bitale_nnet.sparse_blocks import sparse_block_dot as sparse_block_dot

from . import abstract_conv as abstract_conv
from . import blocksparse as blocksparse
from . import bn as bn
from . import conv as conv
from . import conv3d2d as conv3d2d
from . import ctc as ctc
from . import neighbours as neighbours
from . import nnet as nnet
from . import sigm as sigm
