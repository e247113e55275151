"""Parameters that multiply, are added, or are slopes: one for all elements along shared axes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from bitale_graph import language as T
from bitale_graph.extend import ShapeError, TensorVariable, as_tensor, describe
from bitale_graph.extend import dtype as dtypes

from ..functional import relu
from ..initializers import Constant, Initial, Initializer, first_values
from .arguments import check_axes, check_axis_numbers, check_number
from .layer import Layer, Parameter, Shape
from .passes import Training

Axes = int | Sequence[int] | str


class _AlongAxes(Layer):
    """A parameter of the lengths of all axes but some, along which its elements are shared."""

    parameter: ClassVar[str] = "b"
    initial: ClassVar[Initializer] = Constant(0.0)

    def __init__(
        self,
        weights: Initial | None = None,
        shared_axes: Axes = "auto",
        name: str | None = None,
    ) -> None:
        super().__init__(name)
        self.weights = first_values("weights", weights, self.initial)
        if isinstance(shared_axes, str):
            if shared_axes != "auto":
                raise ValueError(
                    f"{self}: shared_axes are 'auto' (all but axis 1) or axes, not {shared_axes!r}"
                )
        else:
            shared_axes = check_axis_numbers(self, "shared_axes", shared_axes)
        self.shared_axes = shared_axes

    def _shared(self, ndim: int) -> tuple[int, ...]:
        if isinstance(self.shared_axes, str):
            if ndim < 2:
                raise ShapeError(f"{self} takes inputs (batch, channels, ...), not of {ndim} axes")
            return (0, *range(2, ndim))
        return check_axes(self, self.shared_axes, ndim)

    def declare(self, input_shape: Shape) -> list[Parameter]:
        shared = self._shared(len(input_shape))
        lengths = [n for a, n in enumerate(input_shape) if a not in shared]
        known = tuple(n for n in lengths if n is not None)
        if len(known) < len(lengths):
            raise ShapeError(
                f"{self} needs known lengths of the axes that are not shared, all but {shared}, "
                f"and got the shape {input_shape}"
            )
        return [Parameter(self.parameter, known, self.weights)]

    def output_shape(self, input_shape: Shape) -> Shape:
        self._shared(len(input_shape))
        return input_shape

    def along(self, x: Any) -> Any:
        """The parameter so that it lies along ``x``; raises `ShapeError` for another rank."""
        variable = self.variable(self.parameter)
        shared = self._shared(x.ndim)
        if x.ndim - len(shared) != variable.ndim:
            raise ShapeError(f"{self} was built for inputs of another rank than {describe(x)}")
        places = iter(range(variable.ndim))
        return variable.dimshuffle(*["x" if a in shared else next(places) for a in range(x.ndim)])


class Bias(_AlongAxes):
    """``x + b``.

    Parameters
    ----------
    weights : Initializer, optional
        First values; by default 0.
    shared_axes : "auto", int or sequence of int
        Along which one number serves all; "auto": all but axis 1, that of features or channels.
    name : str, optional

    Shapes
    ------
    input   any; lengths of axes that are not shared must be known
    output  the same
    b       the lengths of the axes that are not shared, tagged trainable

    Raises
    ------
    ShapeError
        If such a length is unknown, or there is no such axis.
    """

    def expression(self, x: Any, training: Training | None = None) -> TensorVariable:
        x = as_tensor(x)
        result: TensorVariable = x + self.along(x)
        return result


class Scale(_AlongAxes):
    """``x * factor``, with first values of 1; for all but the name of its parameter see `Bias`."""

    parameter = "factor"
    initial = Constant(1.0)

    def expression(self, x: Any, training: Training | None = None) -> TensorVariable:
        x = as_tensor(x)
        result: TensorVariable = x * self.along(x)
        return result


class PReLU(_AlongAxes):
    """``x`` where it is positive, else ``slope * x``, with slopes that are learnt.

    The first slopes are 0.25, and one serves each channel; for ``shared_axes`` and ``weights`` see
    `Bias`. The parameter is ``slope``. The derivative at 0 is ``(1 + slope) / 2``, as that of
    `functional.relu`.

    Source: arXiv:1502.01852, section 2.1.
    """

    parameter = "slope"
    initial = Constant(0.25)

    def expression(self, x: Any, training: Training | None = None) -> TensorVariable:
        x = as_tensor(x)
        return relu(x, self.along(x))


class RReLU(Layer):
    """``x`` where it is positive, else ``slope * x``, with slopes drawn at random in training.

    Parameters
    ----------
    low, high : float
        Slopes are uniform between them in training; predictions use their mean.
    shared_axes : int or sequence of int
        Along which one slope serves all; by default every element has its own.
    name : str, optional

    Raises
    ------
    ValueError
        If ``low`` is more than ``high``.

    Source: Xu et al., Empirical Evaluation of Rectified Activations in Convolutional Network,
    arXiv:1505.00853, section 2.4, where slopes are the reciprocals of these.
    """

    def __init__(
        self,
        low: float = 1 / 8,
        high: float = 1 / 3,
        shared_axes: int | Sequence[int] = (),
        name: str | None = None,
    ) -> None:
        super().__init__(name)
        self.low = check_number(self, "low", low)
        self.high = check_number(self, "high", high)
        if self.low > self.high:
            raise ValueError(f"{self}: low must not be more than high, and is {low} and {high}")
        self.shared_axes = check_axis_numbers(self, "shared_axes", shared_axes)

    def output_shape(self, input_shape: Shape) -> Shape:
        check_axes(self, self.shared_axes, len(input_shape))
        return input_shape

    def expression(self, x: Any, training: Training | None = None) -> TensorVariable:
        x = as_tensor(x)
        x = T.cast(x, dtypes.at_least_float(x.dtype))
        if training is None:
            return relu(x, (self.low + self.high) / 2)
        shared = check_axes(self, self.shared_axes, x.ndim)
        size = [1 if a in shared else x.shape[a] for a in range(x.ndim)]
        slope = training.streams.uniform(size, self.low, self.high, ndim=x.ndim, dtype=x.dtype)
        return relu(x, T.addbroadcast(slope, *shared))
