"""What lowering gives: the text of a function, and how to call it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from bitale_graph.extend import Apply


@dataclass
class LoweredFunction:
    """The text of a C file, and how to call it.

    Attributes
    ----------
    source : str
    shown : str
        What of it belongs to the graph: kernels and the entry point.
    units : list of str
        The texts of the support files that it is linked with.
    constants : list of arrays
        Passed after arguments and shared variables.
    in_place : list of int
        Positions among the outputs of updates that the code writes where the shared variable lies.
    callbacks : list of Apply
        Nodes that run in Python, in the order of their numbers.
    nodes : list of Apply
        Nodes by the number that an error status names.
    uses_blas : bool
    parts : int
        How many parts the text can be compiled in at once, each with its number for BT_PART.
    """

    source: str
    shown: str
    units: list[str]
    constants: list[np.ndarray[Any, Any]]
    in_place: list[int]
    callbacks: list[Apply] = field(default_factory=list)
    nodes: list[Apply] = field(default_factory=list)
    uses_blas: bool = False
    parts: int = 1
