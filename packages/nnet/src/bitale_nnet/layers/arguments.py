"""What layers are described by and fed with, checked: numbers, axes, shapes."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from bitale_graph.extend import ShapeError, as_tensor, describe

from .layer import Layer, Shape


def check_integer(layer: Layer, what: str, given: Any, least: int = 1) -> int:
    """``given`` as an int of ``least`` or more; raises `TypeError` or `ValueError`."""
    if isinstance(given, bool) or not isinstance(given, (int, np.integer)):
        raise TypeError(f"{layer}: {what} must be an integer, not {given!r}")
    if given < least:
        raise ValueError(f"{layer}: {what} must be at least {least}, not {given}")
    return int(given)


def check_integers(layer: Layer, what: str, given: Any, n: int, least: int = 1) -> tuple[int, ...]:
    """``n`` ints, of one that stands for all or of a sequence; raises as `check_integer`."""
    if isinstance(given, (tuple, list)):
        if len(given) != n:
            raise ValueError(f"{layer}: {what} is an integer or {n} of them, not {given!r}")
        return tuple(check_integer(layer, what, one, least) for one in given)
    return (check_integer(layer, what, given, least),) * n


def check_number(
    layer: Layer, what: str, given: Any, low: float = -math.inf, below: float = math.inf
) -> float:
    """A number with ``low <= given < below``; raises `TypeError` or `ValueError`."""
    if isinstance(given, bool) or not isinstance(given, (int, float, np.number)):
        raise TypeError(f"{layer}: {what} must be a number, not {given!r}")
    if not low <= given < below:
        bounds = f"from {low} on" if math.isinf(below) else f"from {low} on and below {below}"
        raise ValueError(f"{layer}: {what} must be {bounds}, not {given}")
    return float(given)


def check_axes(layer: Layer, axes: Any, ndim: int) -> tuple[int, ...]:
    """Axes counted from 0, in order, each once; raises `ShapeError` where there is none."""
    given = axes if isinstance(axes, (tuple, list)) else (axes,)
    if any(not -ndim <= a < ndim for a in given):
        raise ShapeError(f"{layer}: the input has {ndim} axes, and not the axes {given}")
    return tuple(sorted({a % ndim for a in given}))


def check_axis_numbers(layer: Layer, what: str, axes: Any) -> tuple[int, ...]:
    """One int or a sequence of ints as a tuple; raises `TypeError`."""
    given = axes if isinstance(axes, (tuple, list, range)) else (axes,)
    if any(isinstance(a, bool) or not isinstance(a, (int, np.integer)) for a in given):
        raise TypeError(f"{layer}: {what} is an axis or a sequence of axes, not {axes!r}")
    return tuple(int(a) for a in given)


def check_axis_number(layer: Layer, what: str, axis: Any) -> int:
    """One int; raises `TypeError`."""
    if isinstance(axis, bool) or not isinstance(axis, (int, np.integer)):
        raise TypeError(f"{layer}: {what} is the number of an axis, not {axis!r}")
    return int(axis)


def check_shape_rank(layer: Layer, shape: Shape, least: int, axes: str) -> None:
    """Raise `ShapeError` unless a shape has ``least`` axes or more."""
    if len(shape) < least:
        raise ShapeError(f"{layer} takes inputs {axes}, and got the shape {shape}")


def check_channels(layer: Layer, shape: Shape, n: int) -> int:
    """The channels of (batch, channels, ...) with n spatial axes; raises `ShapeError`."""
    names = "(batch, channels" + "".join(f", {name}" for name in spatial_names(n)) + ")"
    if len(shape) != n + 2 or not isinstance(shape[1], int):
        raise ShapeError(
            f"{layer} takes inputs {names} with a known number of channels, and got the shape "
            f"{shape}"
        )
    return shape[1]


def spatial_names(n: int) -> tuple[str, ...]:
    """What n spatial axes are called."""
    return {1: ("length",), 2: ("rows", "columns"), 3: ("depth", "rows", "columns")}[n]


def of_rank(layer: Layer, x: Any, ndim: int) -> Any:
    """``x`` as a tensor; raises `ShapeError` unless it has ``ndim`` axes."""
    x = as_tensor(x)
    if x.ndim != ndim:
        raise ShapeError(f"{layer} takes tensors of {ndim} axes, and got {describe(x)}")
    return x


def of_least_rank(layer: Layer, x: Any, ndim: int) -> Any:
    """``x`` as a tensor; raises `ShapeError` unless it has ``ndim`` axes or more."""
    x = as_tensor(x)
    if x.ndim < ndim:
        raise ShapeError(f"{layer} takes tensors of {ndim} axes or more, and got {describe(x)}")
    return x
