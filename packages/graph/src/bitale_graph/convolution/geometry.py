"""How filters go over what they are applied to: strides, padding, dilation, groups, and lengths."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from ..base.errors import ShapeError

# Of one axis: zeros before and after, or by the length of the filter.
Padding = tuple[int, int] | Literal["half", "full"]
# Lengths, of which some may not be known.
Lengths = Sequence[int | None]


@dataclass(frozen=True)
class Geometry:
    """How filters go over n spatial axes.

    Parameters
    ----------
    stride : tuple of int
        The distance of two applications of a filter, along each axis.
    padding : tuple
        For each axis how many zeros stand before and after the input, as a pair; or by the length
        k of the filter, dilated to ``m = (k - 1) * d + 1``: "half" is ``m // 2`` on both sides, and
        "full" is ``m - 1``.
    dilation : tuple of int
        The distance in the input of two elements of a filter.
    groups : int
        In how many parts the channels are cut, each with filters of its own.

    Raises
    ------
    ValueError
        If a number is out of its range, or they are not of one count.
    """

    stride: tuple[int, ...]
    padding: tuple[Padding, ...]
    dilation: tuple[int, ...]
    groups: int = 1

    def __post_init__(self) -> None:
        pads = tuple(p if isinstance(p, str) else tuple(map(int, p)) for p in self.padding)
        object.__setattr__(self, "padding", pads)
        for name in ("stride", "dilation"):
            object.__setattr__(self, name, tuple(map(int, getattr(self, name))))
        if not len(self.stride) == len(self.padding) == len(self.dilation):
            raise ValueError(f"convolution: {self} is not of one number of axes")
        for name, numbers in (
            ("stride", self.stride),
            ("dilation", self.dilation),
            ("number of groups", (self.groups,)),
        ):
            if any(n < 1 for n in numbers):
                raise ValueError(f"convolution: a {name} is at least 1, and given is {numbers}")
        if any(isinstance(p, tuple) and min(p) < 0 for p in self.padding):
            raise ValueError(f"convolution: padding cannot be negative: {self.padding}")

    @property
    def ndim(self) -> int:
        """The number of spatial axes."""
        return len(self.stride)

    def pads(self, axis: int, k: Any) -> tuple[Any, Any]:
        """Zeros before and after the input along an axis, for filters of length ``k``.

        Lengths here and below are ints or 0-d integer variables.
        """
        padding = self.padding[axis]
        if padding == "half":
            return (self.span(axis, k) // 2,) * 2
        if padding == "full":
            return (self.span(axis, k) - 1,) * 2
        return padding

    def span(self, axis: int, k: Any) -> Any:
        """The length along an axis of the input that a filter of length ``k`` reaches over."""
        dilation = self.dilation[axis]
        return k if dilation == 1 else (k - 1) * dilation + 1

    def out_length(self, axis: int, n: Any, k: Any) -> Any:
        """How often filters of length ``k`` apply along an axis of length ``n``; negative: never.

        ``(n + before + after - span) // stride + 1``.
        """
        (before, after), stride = self.pads(axis, k), self.stride[axis]
        last = n + (before + after) - self.span(axis, k)
        return last + 1 if stride == 1 else last // stride + 1

    def out_shape(self, x: Lengths, w: Lengths) -> tuple[int | None, ...]:
        """The shape of the correlation of an input and filters; raises `ShapeError`."""
        (channels, each), filters = (x[1], w[1]), w[0]
        if channels is not None and each is not None and channels != each * self.groups:
            raise ShapeError(
                f"the input has {channels} channels, and the filters take {each}"
                + (f" in each of {self.groups} groups" if self.groups > 1 else "")
            )
        self._check_filters(filters)
        return (x[0], filters, *self._out_lengths(x[2:], w[2:]))

    def in_shape(self, g: Lengths, w: Lengths, lengths: Lengths) -> tuple[int | None, ...]:
        """The shape of the input with some lengths of what gave ``g``; raises `ShapeError`."""
        if g[1] is not None and w[0] is not None and g[1] != w[0]:
            raise ShapeError(f"the gradient has {g[1]} channels, and there are {w[0]} filters")
        self._check_filters(g[1] if w[0] is None else w[0])
        self._check_out(g[2:], self._out_lengths(lengths, w[2:]))
        return (g[0], None if w[1] is None else w[1] * self.groups, *lengths)

    def filter_shape(self, x: Lengths, g: Lengths, lengths: Lengths) -> tuple[int | None, ...]:
        """The shape of the filters with some lengths of what gave ``g``; raises `ShapeError`."""
        if x[0] is not None and g[0] is not None and x[0] != g[0]:
            raise ShapeError(f"the input is a batch of {x[0]}, and the gradient one of {g[0]}")
        self._check_filters(g[1])
        if x[1] is not None and x[1] % self.groups:
            raise ShapeError(f"{x[1]} channels are not {self.groups} groups of one size")
        self._check_out(g[2:], self._out_lengths(x[2:], lengths))
        return (g[1], None if x[1] is None else x[1] // self.groups, *lengths)

    def _check_filters(self, filters: int | None) -> None:
        if filters is not None and filters % self.groups:
            raise ShapeError(f"{filters} filters are not {self.groups} groups of one size")

    def _out_lengths(self, lengths: Lengths, kernel: Lengths) -> list[int | None]:
        found: list[int | None] = []
        for a, (n, k) in enumerate(zip(lengths, kernel, strict=True)):
            if k is not None and k < 1:
                raise ShapeError(f"filters have an element at least, and {k} along axis {a + 2}")
            if n is not None and n < 0:
                raise ShapeError(f"a length cannot be negative: {n} along axis {a + 2}")
            m = None if n is None or k is None else self.out_length(a, n, k)
            if m is not None and m < 0:
                raise ShapeError(
                    f"filters of length {k} along axis {a + 2} (dilated {self.span(a, k)}) do not "
                    f"fit into the input of length {n} with padding {self.pads(a, k)}"
                )
            found.append(m)
        return found

    def _check_out(self, given: Lengths, expected: Lengths) -> None:
        for a, (n, m) in enumerate(zip(given, expected, strict=True)):
            if n is not None and m is not None and n != m:
                raise ShapeError(
                    f"the gradient has the length {n} along axis {a + 2}, and what it is the "
                    f"gradient of has {m}"
                )

    def __str__(self) -> str:
        said = [f"stride={self.stride}" if set(self.stride) != {1} else ""]
        said.append(f"padding={self.padding}" if set(self.padding) != {(0, 0)} else "")
        said.append(f"dilation={self.dilation}" if set(self.dilation) != {1} else "")
        said.append(f"groups={self.groups}" if self.groups > 1 else "")
        return f"Geometry({', '.join([f'{self.ndim}d', *filter(None, said)])})"


def geometry(
    ndim: int, stride: Any = 1, padding: Any = 0, dilation: Any = 1, groups: int = 1
) -> Geometry:
    """A `Geometry` of ``ndim`` axes, of numbers that stand for all axes or are one for each.

    A padding of one axis is also one number, for both sides.
    """

    def each(given: Any) -> tuple[int, ...]:
        numbers = given if isinstance(given, (tuple, list)) else (given,) * ndim
        return tuple(int(n) for n in numbers)

    def pair(given: Any) -> Padding:
        if given in ("half", "full"):
            return given  # type: ignore[no-any-return]  # one of two words
        before, after = given if isinstance(given, (tuple, list)) else (given, given)
        return int(before), int(after)

    pads = padding if isinstance(padding, (tuple, list)) else (padding,) * ndim
    return Geometry(each(stride), tuple(map(pair, pads)), each(dilation), int(groups))


def known_lengths(lengths: Sequence[Any]) -> list[int]:
    """The lengths that arrays give a node, as ints."""
    return [int(np.asarray(n)) for n in lengths]
