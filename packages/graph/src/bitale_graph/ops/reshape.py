"""Reshaping as programs ask for it: -1 for a length, also among those that calls give."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from ..base.errors import ShapeError, describe
from ..core.graph import Constant
from ..tensor.conversion import as_tensor
from ..tensor.elementwise import Elementwise
from ..tensor.scalar import is_cast
from ..tensor.variable import TensorVariable
from .indexing import Subtensor
from .math import and_, eq, gt, int_div, maximum, mul, switch
from .shape import Reshape, as_lengths, shape_i


def reshape(x: Any, newshape: Any, ndim: int | None = None) -> TensorVariable:
    """The same elements in row-major order under the shape ``newshape``.

    Parameters
    ----------
    newshape : int, sequence of ints and 0-d integer variables, or integer vector
        One length may be -1, also one that calls give, and is deduced. A literal 1 makes a
        broadcastable axis.
    ndim : int, optional
        Needed where ``newshape`` is a vector whose length is not known.

    Raises
    ------
    ShapeError
        If the numbers of elements differ: now where they are known, else when it runs.
    """
    x = as_tensor(x)
    lengths = as_lengths("reshape", newshape, ndim)
    if ndim is not None and ndim != len(lengths):
        raise ShapeError(
            f"reshape: ndim is {ndim}, and the new shape has {len(lengths)} lengths; it is one "
            f"tuple, such as reshape(x, (2, 3))\n  x  {describe(x)}"
        )
    return Reshape()(x, *_with_deduced(x, lengths))


def flatten(x: Any, ndim: int | None = None, outdim: int | None = None) -> TensorVariable:
    """Keep the first ``ndim - 1`` axes and join the others.

    With ``ndim`` 1, the default, give a vector.
    """
    x = as_tensor(x)
    ndim = 1 if ndim is None and outdim is None else (ndim if ndim is not None else outdim)
    assert ndim is not None
    if ndim < 1 or (ndim > x.ndim and not (x.ndim == 0 and ndim == 1)):
        raise ValueError(f"flatten: cannot make rank {ndim} of {describe(x)}")
    if ndim == x.ndim:
        return as_tensor(x)
    if ndim == 1:
        return reshape(x, [-1])
    # Not -1: nothing can be deduced where a kept axis is empty.
    return reshape(
        x, [*(shape_i(x, i) for i in range(ndim - 1)), _size(x, range(ndim - 1, x.ndim))]
    )


def is_flat(x: Any, ndim: int | None = None, outdim: int | None = None) -> bool:
    """Whether ``x`` has the rank ``ndim`` (1, the default, or more) that `flatten` would give."""
    wanted = ndim if ndim is not None else outdim if outdim is not None else 1
    return bool(as_tensor(x).ndim == wanted)


def _size(x: Any, axes: Iterable[int]) -> Any:
    """The product of some lengths, as a constant where they are known."""
    known = [x.type.shape[a] for a in axes]
    if None not in known:
        return int(np.prod(known, dtype=np.int64))
    return mul(*(shape_i(x, a) for a in axes))


def _with_deduced(x: Any, lengths: Sequence[Any]) -> list[Any]:
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
    while node is not None and isinstance(node.op, Elementwise) and is_cast(node.op.scalar_op):
        n = node.inputs[0]
        node = n.owner
    return not isinstance(n, Constant) and (node is None or isinstance(node.op, Subtensor))
