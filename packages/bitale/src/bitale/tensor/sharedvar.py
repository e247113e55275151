"""Shared variables that hold tensors."""

from bitale_graph.tensor.shared import SharedVariable as SharedVariable
from bitale_graph.tensor.shared import TensorSharedVariable as TensorSharedVariable
from bitale_graph.tensor.shared import shared as shared
from bitale_graph.tensor.shared import shared_constructor as shared_constructor
