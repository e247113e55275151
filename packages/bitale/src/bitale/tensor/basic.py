"""The whole language under the name that Theano keeps it under."""

from bitale_graph.language import *  # noqa: F403 (a name of the language is listed once, there)
from bitale_graph.op_classes import Default as Default
from bitale_graph.op_classes import MaxAndArgmax as MaxAndArgmax
from bitale_graph.op_classes import ScalarFromTensor as ScalarFromTensor
from bitale_graph.op_classes import Shape as Shape
from bitale_graph.op_classes import Shape_i as Shape_i
from bitale_graph.op_classes import TensorFromScalar as TensorFromScalar
