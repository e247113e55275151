"""First values of parameters: each initialiser is called with a shape and gives an array.

A matrix of weights has the shape (inputs, units). For kernels of convolutions, (units, channels,
rows, columns), the inputs of a unit are its channels times the area.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from bitale_graph.extend import config

Array = np.ndarray[Any, Any]


class Initializer:
    """The base: a subclass says how to `draw` float64 numbers.

    Called with ``(shape, rng=None, dtype=None)``: ``rng`` is a `numpy.random.Generator` (None: one
    with a seed from the operating system), ``dtype`` a float dtype (None: ``config.floatX``).
    """

    def __call__(
        self,
        shape: Sequence[int],
        rng: np.random.Generator | None = None,
        dtype: str | None = None,
    ) -> Array:
        drawn = self.draw(tuple(shape), rng or np.random.default_rng())
        return np.asarray(drawn, dtype=dtype or config.floatX)

    def draw(self, shape: tuple[int, ...], rng: np.random.Generator) -> Array:
        """Give an array of this shape; raises `ValueError` for a shape that does not fit."""
        raise TypeError(f"{type(self).__name__} does not define draw")


class Constant(Initializer):
    """Every element is ``value``."""

    def __init__(self, value: float = 0.0) -> None:
        self.value = value

    def draw(self, shape: tuple[int, ...], rng: np.random.Generator) -> Array:
        return np.full(shape, self.value, dtype="float64")


class Normal(Initializer):
    """Normal numbers of mean ``mean`` and standard deviation ``std``."""

    def __init__(self, std: float = 0.01, mean: float = 0.0) -> None:
        self.std = std
        self.mean = mean

    def draw(self, shape: tuple[int, ...], rng: np.random.Generator) -> Array:
        return rng.normal(self.mean, self.std, size=shape)


class Uniform(Initializer):
    """Uniform numbers.

    Parameters
    ----------
    range : float or pair of float
        ``(low, high)``, or ``b`` for ``(-b, b)``.
    std : float, optional
        Instead of ``range``: the standard deviation; the bounds are then ``mean ± sqrt(3) std``.
    mean : float
        Only used with ``std``.
    """

    def __init__(
        self,
        range: float | tuple[float, float] = 0.01,
        std: float | None = None,
        mean: float = 0.0,
    ) -> None:
        if std is not None:
            self.low, self.high = mean - math.sqrt(3) * std, mean + math.sqrt(3) * std
        elif isinstance(range, tuple):
            self.low, self.high = range
        else:
            self.low, self.high = -range, range

    def draw(self, shape: tuple[int, ...], rng: np.random.Generator) -> Array:
        return rng.uniform(self.low, self.high, size=shape)


def _gain(gain: float | str) -> float:
    if isinstance(gain, str):
        if gain != "relu":
            raise ValueError(f"gain is a number or 'relu' (the square root of 2), not {gain!r}")
        return math.sqrt(2)
    return float(gain)


def _fans(name: str, shape: tuple[int, ...]) -> tuple[int, int]:
    """Count the inputs and the outputs that one weight stands between."""
    if len(shape) < 2:
        raise ValueError(
            f"{name} needs the shape of weights, with two axes or more, and got {shape}"
        )
    if len(shape) == 2:
        return shape[0], shape[1]
    area = math.prod(shape[2:])
    return shape[1] * area, shape[0] * area


class _Scaled(Initializer):
    """Numbers whose standard deviation follows from the shape."""

    def __init__(self, gain: float | str = 1.0) -> None:
        self.gain = _gain(gain)

    def std(self, shape: tuple[int, ...]) -> float:
        """Give the standard deviation for weights of this shape."""
        raise TypeError(f"{type(self).__name__} does not define std")


class _Glorot(_Scaled):
    def std(self, shape: tuple[int, ...]) -> float:
        fan_in, fan_out = _fans(type(self).__name__, shape)
        return self.gain * math.sqrt(2 / max(fan_in + fan_out, 1))


class _He(_Scaled):
    def std(self, shape: tuple[int, ...]) -> float:
        fan_in, _ = _fans(type(self).__name__, shape)
        return self.gain * math.sqrt(1 / max(fan_in, 1))


class GlorotNormal(_Glorot):
    """Normal numbers of standard deviation ``gain * sqrt(2 / (inputs + outputs))``.

    Source: Glorot and Bengio, Understanding the difficulty of training deep feedforward neural
    networks, AISTATS 2010, equation 12.
    """

    def draw(self, shape: tuple[int, ...], rng: np.random.Generator) -> Array:
        return rng.normal(0, self.std(shape), size=shape)


class GlorotUniform(_Glorot):
    """Uniform numbers of standard deviation ``gain * sqrt(2 / (inputs + outputs))``.

    Source: the same, equation 16.
    """

    def draw(self, shape: tuple[int, ...], rng: np.random.Generator) -> Array:
        bound = math.sqrt(3) * self.std(shape)
        return rng.uniform(-bound, bound, size=shape)


class HeNormal(_He):
    """Normal numbers of standard deviation ``gain * sqrt(1 / inputs)``.

    Source: arXiv:1502.01852, equation 10, where ``gain="relu"``.
    """

    def draw(self, shape: tuple[int, ...], rng: np.random.Generator) -> Array:
        return rng.normal(0, self.std(shape), size=shape)


class HeUniform(_He):
    """Uniform numbers of standard deviation ``gain * sqrt(1 / inputs)``; see `HeNormal`."""

    def draw(self, shape: tuple[int, ...], rng: np.random.Generator) -> Array:
        bound = math.sqrt(3) * self.std(shape)
        return rng.uniform(-bound, bound, size=shape)


class Orthogonal(Initializer):
    """A matrix whose rows or columns, whichever are fewer, are orthogonal and of length ``gain``.

    More than two axes are taken as (first, product of the others). Source: arXiv:1312.6120; the
    signs are set as in arXiv:math-ph/0609050, section 5, so that every such matrix is as likely.
    """

    def __init__(self, gain: float | str = 1.0) -> None:
        self.gain = _gain(gain)

    def draw(self, shape: tuple[int, ...], rng: np.random.Generator) -> Array:
        if len(shape) < 2:
            raise ValueError(f"Orthogonal needs a shape with two axes or more, and got {shape}")
        rows, columns = shape[0], math.prod(shape[1:])
        tall = rng.normal(size=(max(rows, columns), min(rows, columns)))
        q, r = np.linalg.qr(tall)
        q *= np.where(np.diagonal(r) < 0, -1.0, 1.0)
        return np.asarray(self.gain * (q if rows >= columns else q.T)).reshape(shape)


class SideBySide(Initializer):
    """Equal parts along the last axis, each by an initialiser of its own.

    For matrices that hold the weights of several gates, whose parts are to be drawn as if they were
    alone; ``SideBySide(Orthogonal(), Orthogonal())`` makes two orthogonal matrices.

    Raises
    ------
    ValueError
        If there is no initialiser, or the last axis cannot be cut in that many parts.
    """

    def __init__(self, *parts: Initializer) -> None:
        if not parts:
            raise ValueError("SideBySide needs an initialiser for each part, and got none")
        self.parts = parts

    def draw(self, shape: tuple[int, ...], rng: np.random.Generator) -> Array:
        n = len(self.parts)
        if not shape or shape[-1] % n:
            raise ValueError(f"SideBySide: the last axis of {shape} is not {n} equal parts")
        part = (*shape[:-1], shape[-1] // n)
        return np.concatenate([initial.draw(part, rng) for initial in self.parts], axis=-1)
