"""Softmax, cross-entropies and what else stands in this module in Theano."""

from bitale_graph.extend import LogSoftmax as LogSoftmax
from bitale_graph.extend import Softmax as Softmax
from bitale_graph.extend import SoftmaxGrad as SoftmaxGrad
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
from bitale_nnet.functional import logsoftmax as logsoftmax
from bitale_nnet.functional import prepend_0_to_each_row as prepend_0_to_each_row
from bitale_nnet.functional import prepend_1_to_each_row as prepend_1_to_each_row
from bitale_nnet.functional import prepend_scalar_to_each_row as prepend_scalar_to_each_row
from bitale_nnet.functional import relu as relu
from bitale_nnet.functional import selu as selu
from bitale_nnet.functional import softmax as softmax
from bitale_nnet.functional import softmax_graph as softmax_graph
from bitale_nnet.functional import softsign as softsign
from bitale_nnet.hierarchical import h_softmax as h_softmax
from bitale_nnet.losses import binary_crossentropy as binary_crossentropy
from bitale_nnet.losses import categorical_crossentropy as categorical_crossentropy
from bitale_nnet.losses import confusion_matrix as confusion_matrix
