"""One vector from the steps of a sequence, of those that count."""

from __future__ import annotations

from typing import Any

from bitale_graph import language as T
from bitale_graph.extend import ShapeError, TensorVariable, as_tensor, describe
from bitale_graph.extend import dtype as dtypes

from .layer import Layer, Shape
from .passes import Training

MODES = ("mean", "max", "last")
_RANK = 3


class StepPool(Layer):
    """The mean of all steps of a sequence, the largest of each feature, or the last step.

    Parameters
    ----------
    mode : "mean", "max" or "last"
    name : str, optional

    Shapes
    ------
    input   (batch, steps, features)
    mask    (batch, steps): where it is 0 (or False) steps do not count; without one that does,
            zeros are given
    output  (batch, features)

    Raises
    ------
    ValueError
        For another mode.
    ShapeError
        If the input, or the mask, has another rank.
    """

    def __init__(self, mode: str = "mean", name: str | None = None) -> None:
        super().__init__(name)
        if mode not in MODES:
            raise ValueError(f"{self}: the mode is one of {', '.join(MODES)}, not {mode!r}")
        self.mode = mode

    def output_shape(self, input_shape: Shape) -> Shape:
        if len(input_shape) != _RANK:
            raise ShapeError(f"{self} takes (batch, steps, features), and got {input_shape}")
        return (input_shape[0], input_shape[2])

    def expression(
        self, x: Any, training: Training | None = None, mask: Any = None
    ) -> TensorVariable:
        x = as_tensor(x)
        if x.ndim != _RANK:
            raise ShapeError(f"{self} takes (batch, steps, features), and got {describe(x)}")
        x = T.cast(x, dtypes.at_least_float(x.dtype))
        counts = None if mask is None else self._counts(mask)
        if self.mode == "last":
            return self._last(x, counts)
        if counts is None:
            whole: TensorVariable = T.mean(x, axis=1) if self.mode == "mean" else T.max(x, axis=1)
            return whole
        number: Any = T.cast(T.sum(counts, axis=1), x.dtype)
        if self.mode == "mean":
            kept = T.switch(counts, x, T.zeros_like(x))
            mean: TensorVariable = T.sum(kept, axis=1) / T.maximum(number, 1)
            return mean
        largest = T.max(T.switch(counts, x, -float("inf")), axis=1)
        return T.switch(number > 0, largest, T.zeros_like(largest))

    def _counts(self, mask: Any) -> Any:
        mask = as_tensor(mask)
        if mask.ndim != _RANK - 1:
            raise ShapeError(f"{self}: the mask is (batch, steps), and given is {describe(mask)}")
        return T.neq(mask, 0).dimshuffle(0, 1, "x")

    def _last(self, x: Any, counts: Any) -> TensorVariable:
        if counts is None:
            last: TensorVariable = x[:, -1]
            return last
        places: Any = T.arange(x.shape[1]).dimshuffle("x", 0, "x")
        place: Any = T.max(T.switch(counts, places, -1), axis=1)[:, 0]
        found: Any = x[T.arange(x.shape[0]), T.maximum(place, 0)]
        return T.switch(T.ge(place, 0).dimshuffle(0, "x"), found, T.zeros_like(found))
