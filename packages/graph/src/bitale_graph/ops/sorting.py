"""What goes by the order of numbers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

import numpy as np

from ..base import dtype as dtypes
from ..base.errors import DtypeError, ShapeError, describe
from ..core.graph import Apply, Storage
from ..tensor.conversion import as_tensor
from ..tensor.elementwise import cast
from ..tensor.op import TensorOp
from ..tensor.variable import TensorType, TensorVariable

Side = Literal["left", "right"]
SIDES: tuple[Side, ...] = ("left", "right")


class SearchSorted(TensorOp):
    """The places in a sorted vector where numbers would be put, as int64.

    Parameters
    ----------
    side : str
        Whether a number goes before those equal to it ("left") or behind them ("right").
    """

    __props__ = ("side",)

    def __init__(self, side: Side) -> None:
        if side not in SIDES:
            raise ValueError(f"searchsorted: side is 'left' or 'right', not {side!r}")
        self.side = side

    def make_node(self, x: Any, v: Any) -> Apply:
        """Cast the vector and the numbers to one dtype."""
        x, v = as_tensor(x), as_tensor(v)
        if x.type.ndim != 1:
            raise ShapeError(f"searchsorted: what is searched is a vector\n  x  {describe(x)}")
        dtype = dtypes.upcast(x.type.dtype, v.type.dtype)
        if dtypes.is_complex(dtype):
            raise DtypeError(
                f"searchsorted: complex numbers have no order\n  x  {describe(x)}\n"
                f"  v  {describe(v)}"
            )
        out = TensorType("int64", v.type.shape)()
        return Apply(self, [cast(x, dtype), cast(v, dtype)], [out])

    def perform(self, node: Apply, inputs: Sequence[Any], output_storage: Storage) -> None:
        x, v = inputs
        output_storage[0][0] = np.asarray(np.searchsorted(x, v, self.side), "int64")

    def infer_shape(self, node: Apply, input_shapes: Sequence[Sequence[Any]]) -> list[Any]:
        return [input_shapes[1]]


def searchsorted(x: Any, v: Any, side: Side = "left", sorter: Any = None) -> TensorVariable:
    """The places where ``v`` would be put into the sorted vector ``x``, as `numpy.searchsorted`.

    Parameters
    ----------
    x : tensor_like
        A vector, sorted (NaN last), or sorted by ``sorter``; otherwise the result is arbitrary.
    v : tensor_like
        Numbers of any shape.
    side : {"left", "right"}
        Whether a number goes before those equal to it, or behind them.
    sorter : tensor_like of integers, optional
        The order of ``x``, such as its argsort.

    Returns
    -------
    TensorVariable
        Of int64, in the shape of ``v``. It has no derivative but zero.

    Raises
    ------
    ShapeError
        If ``x`` is no vector.
    DtypeError
        If there are complex numbers.
    """
    x = as_tensor(x)
    return SearchSorted(side)(x if sorter is None else x[as_tensor(sorter)], v)
