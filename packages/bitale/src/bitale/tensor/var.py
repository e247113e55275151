"""The classes of tensor variables."""

from bitale_graph.tensor import TensorConstant as TensorConstant
from bitale_graph.tensor import TensorVariable as TensorVariable
