"""Shared variables that hold tensors."""

from bitale_graph.extend import ScalarSharedVariable as ScalarSharedVariable
from bitale_graph.extend import SharedVariable as SharedVariable
from bitale_graph.extend import TensorSharedVariable as TensorSharedVariable
from bitale_graph.extend import shared as shared
from bitale_graph.extend import shared_constructor as shared_constructor
