"""The same elements under another shape, more around them, or fewer of them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from bitale_graph import language as T
from bitale_graph.extend import ShapeError, TensorVariable, as_tensor

from .arguments import (
    check_axis_number,
    check_integer,
    check_shape_rank,
    of_least_rank,
)
from .layer import Layer, Shape, product_of_lengths
from .passes import Training


class _Moving(Layer):
    """A layer whose output has the elements of its input, whatever they are."""

    @property
    def input_dtype(self) -> str:
        return "any"


class Flatten(_Moving):
    """Join the last axes, so that ``ndim`` are left.

    Parameters
    ----------
    ndim : int
        By default 2: a row for each of the batch.
    name : str, optional

    Shapes
    ------
    input   of ``ndim`` axes or more
    output  the first ``ndim - 1`` lengths, and the product of the others

    Raises
    ------
    ValueError
        If ``ndim`` is less than 1.
    ShapeError
        If the input has fewer axes.
    """

    def __init__(self, ndim: int = 2, name: str | None = None) -> None:
        super().__init__(name)
        self.ndim = check_integer(self, "ndim", ndim)

    def output_shape(self, input_shape: Shape) -> Shape:
        check_shape_rank(self, input_shape, self.ndim, f"of {self.ndim} axes or more")
        kept = self.ndim - 1
        return (*input_shape[:kept], product_of_lengths(input_shape[kept:]))

    def expression(self, x: Any, training: Training | None = None) -> TensorVariable:
        return T.flatten(of_least_rank(self, x, self.ndim), self.ndim)


class Reshape(_Moving):
    """The same elements in row-major order under another shape.

    Parameters
    ----------
    shape : sequence
        For each axis of the output: an int; ``[i]`` for the length of axis ``i`` of the input; or,
        once, -1 for what is left. ``([0], -1)`` flattens what each of the batch has.
    name : str, optional

    Raises
    ------
    TypeError, ValueError
        If it is no such sequence.
    ShapeError
        If the input has no such axis, or not as many elements as the output.

    Examples
    --------
    >>> from bitale_nnet import Reshape
    >>> Reshape(([0], 1, 8, -1)).output_shape((None, 64))
    (None, 1, 8, 8)
    """

    def __init__(self, shape: Sequence[Any], name: str | None = None) -> None:
        super().__init__(name)
        if not isinstance(shape, (tuple, list)):
            raise TypeError(f"{self}: a shape is a sequence such as ([0], -1), not {shape!r}")
        for n in shape:
            if isinstance(n, list) and len(n) == 1:
                check_integer(self, "the axis in [i]", n[0], 0)
            else:
                check_integer(self, "a length", n, -1)
        if sum(n == -1 for n in shape) > 1:
            raise ValueError(f"{self}: -1 stands for one length, and is there more than once")
        self.shape = tuple(shape)

    def _check_rank(self, ndim: int) -> None:
        axes = [n[0] for n in self.shape if isinstance(n, list)]
        if axes and max(axes) >= ndim:
            raise ShapeError(
                f"{self} takes the length of axis {max(axes)} of its input, which has {ndim} axes"
            )

    def output_shape(self, input_shape: Shape) -> Shape:
        self._check_rank(len(input_shape))
        taken = [n[0] for n in self.shape if isinstance(n, list)]
        lengths = [input_shape[n[0]] if isinstance(n, list) else n for n in self.shape]
        # A length that is taken over may be unknown: it is on both sides, and cancels out.
        left = [n for axis, n in enumerate(input_shape) if axis not in taken]
        fixed = [n for n in self.shape if not isinstance(n, list) and n != -1]
        if len(set(taken)) < len(taken):
            left, fixed = list(input_shape), [n for n in lengths if n != -1]
        size, own = product_of_lengths(left), product_of_lengths(fixed)
        if size is None or own is None:
            return tuple(None if n == -1 else n for n in lengths)
        if (size % own if own else size) if -1 in lengths else size != own:
            raise ShapeError(
                f"{self} cannot make {self.shape} of inputs of the shape {input_shape}"
            )
        return tuple((size // own if own else 0) if n == -1 else n for n in lengths)

    def expression(self, x: Any, training: Training | None = None) -> TensorVariable:
        x = as_tensor(x)
        self._check_rank(x.ndim)
        lengths = [x.shape[n[0]] if isinstance(n, list) else n for n in self.shape]
        taken = [n[0] for n in self.shape if isinstance(n, list)]
        fixed = math.prod(n for n in self.shape if not isinstance(n, list) and n != -1)
        if -1 in self.shape and fixed and len(set(taken)) == len(taken):
            # Of the other axes alone, so that it is known in an empty batch too.
            left = T.mul(1, *[x.shape[a] for a in range(x.ndim) if a not in taken])
            lengths[self.shape.index(-1)] = left // fixed
        return T.reshape(x, lengths)


class Transpose(_Moving):
    """The axes in another order, and new ones of length 1.

    Parameters
    ----------
    axes : sequence of int or "x"
        For each axis of the output one of the input, or "x" for a new one, as for ``dimshuffle``.
        Every axis of the input is named once, but for those of length 1, which may be dropped.
    name : str, optional

    Raises
    ------
    TypeError, ValueError
        If ``axes`` are no such sequence, or one is there twice.
    ShapeError
        If the input has other axes.

    Examples
    --------
    >>> from bitale_nnet import Transpose
    >>> Transpose((0, 2, "x", 1)).output_shape((None, 3, 4))
    (None, 4, 1, 3)
    """

    def __init__(self, axes: Sequence[int | str], name: str | None = None) -> None:
        super().__init__(name)
        if not isinstance(axes, (tuple, list)):
            raise TypeError(f"{self}: axes are a sequence such as (0, 2, 1), not {axes!r}")
        named = [check_integer(self, "an axis", a, 0) for a in axes if a != "x"]
        if len(set(named)) < len(named):
            raise ValueError(f"{self}: an axis is there twice: {axes}")
        self.axes = tuple(axes)

    def _dropped(self, ndim: int) -> list[int]:
        if any(a != "x" and int(a) >= ndim for a in self.axes):
            raise ShapeError(f"{self} names the axes {self.axes}, and its input has {ndim}")
        return [a for a in range(ndim) if a not in self.axes]

    def output_shape(self, input_shape: Shape) -> Shape:
        for a in self._dropped(len(input_shape)):
            if input_shape[a] != 1:
                raise ShapeError(
                    f"{self} names the axes {self.axes}, and so drops axis {a} of the shape "
                    f"{input_shape}, whose length is not 1"
                )
        return tuple(1 if a == "x" else input_shape[int(a)] for a in self.axes)

    def expression(self, x: Any, training: Training | None = None) -> TensorVariable:
        x = as_tensor(x)
        dropped = self._dropped(x.ndim)
        if dropped:
            x = T.specify_shape(x, tuple(1 if a in dropped else None for a in range(x.ndim)))
        result: TensorVariable = x.dimshuffle(*self.axes)
        return result


class Pad(_Moving):
    """Elements added around, along all axes but the first ones.

    Parameters
    ----------
    width : int, or sequence
        How many elements come before and after: one number for all axes, or for each axis a number
        or a pair.
    value : float
        What is added.
    keep : int
        So many axes at the start are left as they are: by default 2, batch and channels.
    mode : str
        Or as one of the other modes of `pad`, such as "reflect" or "edge".
    name : str, optional

    Raises
    ------
    ValueError
        If a width is negative.
    ShapeError
        If there are not as many axes as widths.
    """

    def __init__(
        self,
        width: Any,
        value: float = 0.0,
        keep: int = 2,
        mode: str = "constant",
        name: str | None = None,
    ) -> None:
        super().__init__(name)
        self.width = _widths(self, width)
        self.value = value
        self.keep = check_integer(self, "keep", keep, 0)
        self.mode = mode

    def _pairs(self, ndim: int) -> list[tuple[int, int]]:
        n = ndim - self.keep
        if n < 1 or (isinstance(self.width, list) and len(self.width) != n):
            raise ShapeError(
                f"{self} keeps {self.keep} axes and pads the others by {self.width}, and its input "
                f"has {ndim} axes"
            )
        pairs = self.width if isinstance(self.width, list) else [self.width] * n
        return [(0, 0)] * self.keep + pairs

    def output_shape(self, input_shape: Shape) -> Shape:
        pairs = self._pairs(len(input_shape))
        return tuple(
            None if n is None else n + before + after
            for n, (before, after) in zip(input_shape, pairs, strict=True)
        )

    def expression(self, x: Any, training: Training | None = None) -> TensorVariable:
        x = as_tensor(x)
        options = {"constant_values": self.value} if self.mode == "constant" else {}
        return T.pad(x, self._pairs(x.ndim), self.mode, **options)


def _widths(layer: Layer, width: Any) -> Any:
    """A pair for all axes, or a list of pairs."""
    if not isinstance(width, (tuple, list)):
        return (check_integer(layer, "a width", width, 0),) * 2
    pairs: list[tuple[int, int]] = []
    for one in width:
        both = one if isinstance(one, (tuple, list)) else (one, one)
        if len(both) != 2:
            raise ValueError(f"{layer}: a width is a number or (before, after), not {one!r}")
        before, after = (check_integer(layer, "a width", n, 0) for n in both)
        pairs.append((before, after))
    return pairs


class Slice(_Moving):
    """Some elements along an axis, or one, which drops the axis.

    Parameters
    ----------
    indices : slice or int
        ``slice(0, 10)``, or a place: -1 is the last.
    axis : int
        By default the last.
    name : str, optional

    Raises
    ------
    TypeError
        If ``indices`` are neither.
    ShapeError
        If there is no such axis.
    IndexError
        If there is no such place: now where the length is known, else when computing.
    """

    def __init__(self, indices: slice | int, axis: int = -1, name: str | None = None) -> None:
        super().__init__(name)
        if not isinstance(indices, slice):
            indices = check_integer(self, "indices (unless they are a slice)", indices, -(2**62))
        self.indices = indices
        self.axis = check_axis_number(self, "axis", axis)

    def _axis(self, ndim: int) -> int:
        if not -ndim <= self.axis < ndim:
            raise ShapeError(f"{self} slices axis {self.axis}, and its input has {ndim} axes")
        return self.axis % ndim

    def output_shape(self, input_shape: Shape) -> Shape:
        axis = self._axis(len(input_shape))
        n = input_shape[axis]
        before, after = input_shape[:axis], input_shape[axis + 1 :]
        if isinstance(self.indices, slice):
            return (*before, None if n is None else len(range(n)[self.indices]), *after)
        if n is not None and not -n <= self.indices < n:
            raise IndexError(f"{self}: there is no place {self.indices} along {n}")
        return (*before, *after)

    def expression(self, x: Any, training: Training | None = None) -> TensorVariable:
        x = as_tensor(x)
        result: TensorVariable = x[(*[slice(None)] * self._axis(x.ndim), self.indices)]
        return result
