"""The classes of tensor variables."""

from bitale_graph.tensor.variable import TensorConstant as TensorConstant
from bitale_graph.tensor.variable import TensorVariable as TensorVariable
