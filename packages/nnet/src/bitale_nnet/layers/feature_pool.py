"""The largest of several features that stand side by side: kept alone, or others made zero."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from bitale_graph import language as T
from bitale_graph.extend import ShapeError, TensorVariable, as_tensor

from .arguments import check_axis_number, check_integer
from .layer import Layer, Shape
from .passes import Training


class _Groups(Layer):
    """A layer of groups of ``size`` elements, side by side along an axis."""

    def __init__(self, size: int, axis: int = 1, name: str | None = None) -> None:
        super().__init__(name)
        self.size = check_integer(self, "size", size)
        self.axis = check_axis_number(self, "axis", axis)

    def _axis(self, ndim: int) -> int:
        if not -ndim <= self.axis < ndim:
            raise ShapeError(f"{self} pools along axis {self.axis}, and its input has {ndim} axes")
        return self.axis % ndim

    def _groups(self, input_shape: Shape) -> int | None:
        n = input_shape[self._axis(len(input_shape))]
        if n is not None and n % self.size:
            raise ShapeError(
                f"{self}: axis {self.axis} of the shape {input_shape} is not made of groups of "
                f"{self.size}"
            )
        return None if n is None else n // self.size

    def _in_groups(self, x: Any, axis: int) -> Any:
        """With an axis more: that of the groups, then that within them."""
        lengths = [x.shape[a] for a in range(x.ndim)]
        lengths[axis : axis + 1] = [lengths[axis] // self.size, self.size]
        return T.reshape(x, lengths)


class FeaturePool(_Groups):
    """One number for each group of features: the largest (maxout), or another function of them.

    Parameters
    ----------
    size : int
        Features in a group; groups are side by side.
    axis : int
        By default 1, that of features or channels.
    function : callable
        Given a tensor and ``axis``, as `bitale.tensor.max` is, which is the default.
    name : str, optional

    Shapes
    ------
    input   any; the length of ``axis`` is a multiple of ``size``
    output  the same with so many times fewer along ``axis``

    Raises
    ------
    ShapeError
        If there is no such axis, or it is not made of whole groups.
    TypeError, ValueError
        If ``size`` is no integer of at least 1, or ``function`` not callable.

    Source: Goodfellow et al., Maxout Networks, arXiv:1302.4389, section 3.
    """

    def __init__(
        self,
        size: int,
        axis: int = 1,
        function: Callable[..., Any] = T.max,
        name: str | None = None,
    ) -> None:
        super().__init__(size, axis, name)
        if not callable(function):
            raise TypeError(f"{self}: the function takes a tensor and axis, and is {function!r}")
        self.function = function

    def output_shape(self, input_shape: Shape) -> Shape:
        groups, axis = self._groups(input_shape), self._axis(len(input_shape))
        return (*input_shape[:axis], groups, *input_shape[axis + 1 :])

    def expression(self, x: Any, training: Training | None = None) -> TensorVariable:
        x = as_tensor(x)
        axis = self._axis(x.ndim)
        result: TensorVariable = self.function(self._in_groups(x, axis), axis=axis + 1)
        return result


class FeatureWTA(_Groups):
    """The largest of each group of features as it is, and 0 in place of the others.

    Parameters
    ----------
    size : int
        Features in a group; groups are side by side. Of equal ones the first wins.
    axis : int
        By default 1, that of features or channels.
    name : str, optional

    Shapes
    ------
    input   any; the length of ``axis`` is a multiple of ``size``
    output  the same

    Raises
    ------
    ShapeError
        If there is no such axis, or it is not made of whole groups.

    Source: Srivastava et al., Compete to Compute, NeurIPS 2013, section 2.
    """

    def output_shape(self, input_shape: Shape) -> Shape:
        self._groups(input_shape)
        return input_shape

    def expression(self, x: Any, training: Training | None = None) -> TensorVariable:
        x = as_tensor(x)
        axis = self._axis(x.ndim)
        parts = self._in_groups(x, axis)
        winners: Any = T.argmax(parts, axis=axis + 1, keepdims=True)
        within = T.arange(self.size).dimshuffle(
            *["x"] * (axis + 1), 0, *["x"] * (x.ndim - axis - 1)
        )
        kept = T.switch(T.eq(winners, within), parts, T.zeros_like(parts))
        return T.reshape(kept, [x.shape[a] for a in range(x.ndim)])
