"""Pooling in the form of Theano's op class: settings first, then operands.

It stands for the op of this room, which calling it makes.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..base.errors import ShapeError
from ..tensor.conversion import as_tensor, constant_int
from ..tensor.variable import TensorVariable
from .functions import pooled_by, sizes_of
from .windows import pooled_length


class NamedPool:
    """Pooling along the last axes: ``Pool(ignore_border=True, ndim=2)(x, ws, stride, pad)``.

    Parameters
    ----------
    ignore_border : bool
        Whether windows that go beyond the end are left out.
    mode : {"max", "sum", "average_inc_pad", "average_exc_pad"}
    ndim : {1, 2, 3}
        How many axes are pooled.
    openmp : object
        Not looked at: threads are decided by the setting of that name.
    """

    def __init__(
        self, ignore_border: bool = False, mode: str = "max", ndim: int = 2, openmp: Any = None
    ) -> None:
        self.ignore_border, self.mode, self.ndim = ignore_border, mode, ndim

    def __call__(self, x: Any, ws: Any, stride: Any = None, pad: Any = None) -> TensorVariable:
        """Pool a tensor; sizes are as those of `pool_2d`."""
        pad = (0,) * self.ndim if pad is None else pad
        return pooled_by("Pool", self.ndim, x, ws, self.ignore_border, stride, pad, self.mode, {})

    @staticmethod
    def out_shape(
        imgshape: Sequence[Any],
        ws: Any = None,
        ignore_border: bool = False,
        stride: Any = None,
        pad: Any = None,
        ndim: int = 2,
        **old: Any,
    ) -> list[Any]:
        """Give the shape for images of a shape, both of ints and 0-d variables.

        ``ds``, ``st`` and ``padding`` are the names that ``ws``, ``stride`` and ``pad`` had.
        """
        lengths = list(imgshape)
        if len(lengths) < ndim:
            raise ShapeError(f"Pool.out_shape: there are no {ndim} axes in the shape {imgshape}")
        given = (ws, stride, (0,) * ndim if pad is None else pad)
        windows, steps, pads = sizes_of("Pool.out_shape", ndim, *given, old)
        pooled = [
            pooled_length(_plain(i), _plain(w), _plain(s), _plain(p), ignore_border)
            for i, w, s, p in zip(lengths[-ndim:], windows, steps, pads, strict=True)
        ]
        return [*lengths[:-ndim], *pooled]


def _plain(length: Any) -> Any:
    """A Python int where it is known."""
    known = constant_int(as_tensor(length))
    return length if known is None else known
