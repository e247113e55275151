"""Windows along the last axes of a tensor: how many there are, and where each lies."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from ..base.errors import DtypeError, ShapeError, describe
from ..core.graph import Apply
from ..ops import math as tm
from ..ops.shape import as_lengths
from ..tensor.conversion import as_tensor, constant_int
from ..tensor.op import TensorOp

AVERAGES = ("average_inc_pad", "average_exc_pad")
MODES = ("max", "sum", *AVERAGES)
# No size reaches it, so that their sums and products stay numbers of int64.
MOST = 2**31


def pooled_length(i: Any, w: Any, s: Any, p: Any, ignore_border: bool) -> Any:
    """How many windows of length ``w`` there are at steps of ``s`` along an axis of length ``i``.

    Ints give an int, else a 0-d variable. Without ``ignore_border`` windows may go beyond the end:
    ``(i - 1) // s + 1`` of them where ``s >= w``, else ``max(0, (i - 1 - w + s) // s) + 1``. With
    it those that do are left out, and ``p`` elements may be added at both ends.
    """
    if all(isinstance(n, int) for n in (i, w, s, p)):
        if ignore_border:
            return max((i + 2 * p - w) // s + 1, 0)
        return max((i - 1 - max(w, s) + s) // s, -int(s >= w)) + 1
    if ignore_border:
        return tm.maximum((i + 2 * as_tensor(p) - w) // s + 1, 0)
    least = -tm.cast(tm.ge(s, w), "int64")
    return tm.maximum((i - 1 - tm.maximum(w, s) + s) // s, least) + 1


@dataclass(frozen=True)
class Axis:
    """Windows along one axis, in numbers.

    Attributes
    ----------
    length, window, step, pad : int
        Of the axis; windows are no longer than that with what is added.
    count : int
        How many windows there are.
    """

    length: int
    window: int
    step: int
    pad: int
    count: int

    @property
    def reach(self) -> int:
        """How many elements all windows cover, from the beginning of the first."""
        return max((self.count - 1) * self.step + self.window, 0)

    def divisors(self, *, with_pad: bool) -> np.ndarray[Any, Any]:
        """How many elements each window has: within the axis, or with what was added to it."""
        start = np.arange(self.count) * self.step - self.pad
        low, high = (-self.pad, self.length + self.pad) if with_pad else (0, self.length)
        ends = np.minimum(start + self.window, high)
        found: np.ndarray[Any, Any] = np.maximum(ends - np.maximum(start, low), 0)
        return found


class Windows(TensorOp):
    """An op by windows along the last ``n`` axes.

    The last inputs are 0-d int64: for each axis the length of a window, then for each the step,
    then for each how many elements are added at both ends.

    Parameters
    ----------
    n : {1, 2, 3}
    ignore_border : bool
        Whether windows that go beyond the end are left out.
    """

    keeps_nothing = True
    __props__: ClassVar[tuple[str, ...] | None] = ("n", "ignore_border")

    def __init__(self, n: int, ignore_border: bool = True) -> None:
        if n not in (1, 2, 3):
            raise ValueError(f"{type(self).__name__}: windows lie along 1, 2 or 3 axes, not {n!r}")
        self.n = int(n)
        self.ignore_border = bool(ignore_border)

    def real(self, x: Any) -> Any:
        """``x`` as a tensor of real numbers that has the axes."""
        x = as_tensor(x)
        if x.ndim < self.n:
            raise ShapeError(f"{self}: there are no {self.n} axes in\n  {describe(x)}")
        if x.type.dtype.startswith("complex"):
            raise DtypeError(
                f"{self}: there are windows of real numbers only, not of {describe(x)}"
            )
        return x

    def sizes(self, given: Sequence[Any]) -> list[Any]:
        """The last inputs; those that are known are checked."""
        if len(given) != 3 * self.n:
            raise TypeError(
                f"{self}: {self.n} axes have {3 * self.n} sizes of windows, steps and pads, and "
                f"given are {len(given)}"
            )
        found = as_lengths(str(self), list(given))
        self.check([constant_int(n) for n in found])
        return found

    def check(self, known: Sequence[int | None]) -> None:
        """Raise `ValueError` where sizes that are known do not go together."""
        n = self.n
        for w, s, p in zip(known[:n], known[n : 2 * n], known[2 * n :], strict=True):
            if (w is not None and not 1 <= w < MOST) or (s is not None and not 1 <= s < MOST):
                raise ValueError(
                    "pooling: windows and steps are at least 1 (and below 2**31): "
                    f"windows {known[:n]}, steps {known[n : 2 * n]}"
                )
            if p is None:
                continue
            if p < 0 or (w is not None and p >= w):
                raise ValueError(
                    f"pooling: a pad is not negative, and less than the window: windows "
                    f"{known[:n]}, pads {known[2 * n :]}"
                )
            if p and not self.ignore_border:
                raise ValueError("pooling: a pad goes with ignore_border=True only")

    def pooled(self, lengths: Sequence[Any], sizes: Sequence[Any]) -> list[Any]:
        """The lengths of what windows along axes of ``lengths`` give; None where one is unknown."""
        n = self.n
        each = zip(lengths, sizes[:n], sizes[n : 2 * n], sizes[2 * n :], strict=True)
        return [
            None if any(m is None for m in axis) else pooled_length(*axis, self.ignore_border)
            for axis in each
        ]

    def static(self, lengths: Sequence[int | None], sizes: Sequence[Any]) -> list[int | None]:
        """Of the pooled lengths those that are known."""
        return self.pooled(lengths, [constant_int(m) for m in sizes])

    def axes(self, lengths: Sequence[int], sizes: Sequence[Any]) -> list[Axis]:
        """The windows along each axis, once all is known; raises `ValueError`."""
        numbers = [int(m) for m in sizes]
        self.check(numbers)
        n, found = self.n, []
        for i, w, s, p in zip(
            lengths, numbers[:n], numbers[n : 2 * n], numbers[2 * n :], strict=True
        ):
            count = pooled_length(int(i), w, s, p, self.ignore_border)
            found.append(Axis(int(i), max(min(w, i + 2 * p), 1), s if count > 1 else 1, p, count))
        return found

    def sizes_of(self, node: Apply) -> Sequence[Any]:
        """The last inputs of a node."""
        return node.inputs[-3 * self.n :]

    def __str__(self) -> str:
        props = [f"{name}={getattr(self, name)}" for name in self.__props__ or ()]
        return f"{type(self).__name__}{{{', '.join(props)}}}"
