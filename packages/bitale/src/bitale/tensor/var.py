"""The classes of tensor variables."""

from bitale_graph.extend import TensorConstant as TensorConstant
from bitale_graph.extend import TensorVariable as TensorVariable
