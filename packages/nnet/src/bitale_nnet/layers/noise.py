"""What is random in training and does nothing in predictions: dropout, and noise that is added."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from bitale_graph import language as T
from bitale_graph.extend import ShapeError, TensorVariable, as_tensor
from bitale_graph.extend import dtype as dtypes

from ..noise import dropout
from .arguments import check_axes, check_axis_numbers, check_number
from .layer import Layer, Shape
from .passes import Training


class Dropout(Layer):
    """In training, make elements zero at random, and divide the others by ``1 - rate``.

    Parameters
    ----------
    rate : float
        The probability to be zero: from 0 on, below 1.
    shared_axes : int, sequence of int, "channels" or "locations"
        Axes along which one draw decides for all; by default each element has its own. "channels":
        whole channels are left out, along all axes from the third on; "locations": all channels at
        once, along axis 1.
    rescale : bool
        Whether what stays is divided, so that means stay the same.
    name : str, optional

    Shapes
    ------
    input   any that has the shared axes
    output  the same

    Raises
    ------
    TypeError, ValueError
        If the rate is no number of that range, or axes are none.
    ShapeError
        If there is no such axis.

    Source: Srivastava et al., Dropout: A Simple Way to Prevent Neural Networks from Overfitting,
    JMLR 15 (2014); of channels: Tompson et al., arXiv:1411.4280, section 3.2.
    """

    def __init__(
        self,
        rate: float = 0.5,
        shared_axes: int | Sequence[int] | str = (),
        rescale: bool = True,
        name: str | None = None,
    ) -> None:
        super().__init__(name)
        self.rate = check_number(self, "rate (a probability)", rate, 0, 1)
        if not isinstance(shared_axes, str):
            shared_axes = check_axis_numbers(self, "shared_axes", shared_axes)
        elif shared_axes not in ("channels", "locations"):
            raise ValueError(
                f"{self}: shared_axes are axes, 'channels' or 'locations', not {shared_axes!r}"
            )
        self.shared_axes = shared_axes
        self.rescale = bool(rescale)

    def _shared(self, ndim: int) -> tuple[int, ...]:
        if not isinstance(self.shared_axes, str):
            return check_axes(self, self.shared_axes, ndim)
        if ndim < 3:
            raise ShapeError(
                f"{self} leaves out {self.shared_axes} of (batch, channels, ...), and its input "
                f"has {ndim} axes"
            )
        return tuple(range(2, ndim)) if self.shared_axes == "channels" else (1,)

    def output_shape(self, input_shape: Shape) -> Shape:
        self._shared(len(input_shape))
        return input_shape

    def expression(self, x: Any, training: Training | None = None) -> TensorVariable:
        x = _as_float(x)
        shared = self._shared(x.ndim)
        if training is None:
            unchanged: TensorVariable = x
            return unchanged
        return dropout(x, training.streams, self.rate, self.rescale, shared)


class GaussianNoise(Layer):
    """In training, add normal numbers of mean 0.

    Parameters
    ----------
    std : float
        Their standard deviation: 0 or more.
    name : str, optional

    Raises
    ------
    TypeError, ValueError
        If ``std`` is no such number.
    """

    def __init__(self, std: float = 0.1, name: str | None = None) -> None:
        super().__init__(name)
        self.std = check_number(self, "std", std, 0)

    def output_shape(self, input_shape: Shape) -> Shape:
        return input_shape

    def expression(self, x: Any, training: Training | None = None) -> TensorVariable:
        result: TensorVariable = _as_float(x)
        if training is None:
            return result
        size = [result.shape[a] for a in range(result.ndim)]
        drawn = training.streams.normal(size, 0, self.std, ndim=result.ndim, dtype=result.dtype)
        result = result + drawn
        return result


def _as_float(x: Any) -> Any:
    x = as_tensor(x)
    return T.cast(x, dtypes.at_least_float(x.dtype))
