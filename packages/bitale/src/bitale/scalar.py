"""Scalar ops by name, such as `scalar.identity`: what elementwise ops compute for one element."""

from bitale_graph.extend import ScalarOp as ScalarOp
from bitale_graph.extend import scalar as _rows


def __getattr__(name: str) -> ScalarOp:
    """The scalar op of this name."""
    found: ScalarOp = getattr(_rows, name)
    return found
