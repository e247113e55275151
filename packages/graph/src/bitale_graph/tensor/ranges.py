"""Scalar ops of three numbers by Theano's names: one number between two others."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..base import late
from .own_scalar import OutputTypes, OwnScalarOp, specific_out, upcast_out
from .variable import TensorType


class Clip(OwnScalarOp):
    """A number held between two others; the gradient goes to the one that it is."""

    nin = 3

    def __init__(self, output_types_preference: OutputTypes = upcast_out, name: str = "clip"):
        super().__init__(output_types_preference, name)

    def impl(self, *numbers: Any) -> Any:
        """The middle of the three, where the second is not above the third."""
        x, low, high = numbers
        return low if x < low else high if x > high else x

    def c_code(self, node: Any, name: str, inputs: Any, outputs: Any, sub: Any) -> str:
        x, low, high = inputs
        return f"{outputs[0]} = {x} < {low} ? {low} : {x} > {high} ? {high} : {x};"

    def grad(self, inputs: Sequence[Any], output_gradients: Sequence[Any]) -> Sequence[Any]:
        math, (x, low, high), (ct,) = late.ops.math, inputs, output_gradients
        below, above = math.lt(x, low), math.gt(x, high)
        inside = math.invert(math.or_(below, above))
        return [math.switch(where, ct, 0) for where in (inside, below, above)]


class InRange(OwnScalarOp):
    """Whether a number lies between two others; an open end leaves out the bound itself."""

    nin = 3
    __props__ = ("openlow", "openhi")

    def __init__(self, openlow: bool, openhi: bool) -> None:
        self.openlow = openlow
        self.openhi = openhi
        super().__init__(specific_out(TensorType("bool", ())), f"in_range_{openlow:d}{openhi:d}")

    def impl(self, *numbers: Any) -> Any:
        """Whether the first number is between the others."""
        x, low, high = numbers
        return (low < x if self.openlow else low <= x) and (x < high if self.openhi else x <= high)

    def c_code(self, node: Any, name: str, inputs: Any, outputs: Any, sub: Any) -> str:
        x, low, high = inputs
        below, above = "<" if self.openlow else "<=", "<" if self.openhi else "<="
        return f"{outputs[0]} = {low} {below} {x} && {x} {above} {high};"

    def grad(self, inputs: Sequence[Any], output_gradients: Sequence[Any]) -> Sequence[Any]:
        return [late.ops.math.mul(output_gradients[0], 0)] * 3


clip = Clip()
inopenrange, inclosedrange = InRange(True, True), InRange(False, False)
