"""Lengths that calls give: -1 among them stands for the one that the number of elements leaves."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..conversion import as_tensor
from ..scalar import is_cast
from ..variable import Constant
from .indexing import Subtensor
from .math import and_, eq, gt, int_div, maximum, mul, switch
from .shape import shape_i


def deduced(x: Any, lengths: Sequence[Any]) -> list[Any]:
    """The lengths of a reshape of ``x``, where each that calls give may turn out to be -1."""
    return [_deduced(x, lengths, i) if _is_given(n) else n for i, n in enumerate(lengths)]


def _deduced(x: Any, lengths: Sequence[Any], i: int) -> Any:
    n = lengths[i]
    others = [m for j, m in enumerate(lengths) if j != i]
    rest = mul(*others) if others else as_tensor(np.int64(1))
    size = mul(as_tensor(np.int64(1)), *(shape_i(x, a) for a in range(x.ndim)))
    # Nothing can be deduced beside another -1 or a zero: the op refuses the -1 that is left.
    return switch(and_(eq(n, -1), gt(rest, 0)), int_div(size, maximum(rest, 1)), n)


def _is_given(n: Any) -> bool:
    """Whether a length is a variable, or an element of a vector: not computed from lengths."""
    node = n.owner
    while node is not None and is_cast(getattr(node.op, "scalar_op", None)):  # type: ignore[arg-type]
        n = node.inputs[0]
        node = n.owner
    return not isinstance(n, Constant) and (node is None or isinstance(node.op, Subtensor))
