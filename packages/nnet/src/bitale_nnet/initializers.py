"""First values of parameters: each initialiser is called with a shape and gives an array.

A matrix of weights has the shape (inputs, units). For filters of convolutions, (units, channels,
rows, columns), the inputs of a unit are its channels times the area; with ``c01b=True`` they lie as
(channels, rows, columns, units).

Where a layer takes an initialiser, a number, an array of the right shape or a function of a shape
will do as well.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
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
        drawn = self.draw(tuple(shape), np.random.default_rng(rng))
        return np.asarray(drawn, dtype=dtype or config.floatX)

    def draw(self, shape: tuple[int, ...], rng: np.random.Generator) -> Array:
        """Give an array of this shape; raises `ValueError` for a shape that does not fit."""
        raise TypeError(f"{type(self).__name__} does not define draw")


# What layers take: see `as_initializer`.
Initial = Initializer | float | Array | Sequence[Any] | Callable[[tuple[int, ...]], Any]


class Constant(Initializer):
    """Every element is ``value``."""

    def __init__(self, value: float = 0.0) -> None:
        self.value = checked_number("Constant: value", value, is_finite=False)

    def draw(self, shape: tuple[int, ...], rng: np.random.Generator) -> Array:
        return np.full(shape, self.value, dtype="float64")


class Normal(Initializer):
    """Normal numbers of mean ``mean`` and standard deviation ``std``."""

    def __init__(self, std: float = 0.01, mean: float = 0.0) -> None:
        self.std = _deviation(self, std)
        self.mean = _number(self, "mean", mean)

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
            reach = math.sqrt(3) * _deviation(self, std)
            self.low, self.high = _number(self, "mean", mean) - reach, mean + reach
        elif isinstance(range, (tuple, list)):
            if len(range) != _PAIR:
                raise ValueError(f"Uniform: range is a number or a pair of them, not {range!r}")
            self.low, self.high = (_number(self, "range", bound) for bound in range)
        else:
            self.high = _number(self, "range", range)
            self.low = -self.high
        if self.low > self.high:
            raise ValueError(f"Uniform: {self.low} to {self.high} is no range")

    def draw(self, shape: tuple[int, ...], rng: np.random.Generator) -> Array:
        return rng.uniform(self.low, self.high, size=shape)


class TruncatedNormal(Initializer):
    """Normal numbers, drawn again where they are farther than ``bound`` deviations from the mean.

    ``std`` is that of the normal numbers before; what is left has a smaller one, 0.88 times as
    large for a bound of 2.
    """

    def __init__(self, std: float = 0.01, mean: float = 0.0, bound: float = 2.0) -> None:
        self.std = _deviation(self, std)
        self.mean = _number(self, "mean", mean)
        self.bound = _number(self, "bound", bound)
        if not bound >= _LEAST_BOUND:
            raise ValueError(f"TruncatedNormal: bound is at least {_LEAST_BOUND}, and is {bound}")

    def draw(self, shape: tuple[int, ...], rng: np.random.Generator) -> Array:
        drawn = rng.normal(size=shape)
        while np.any(far := np.abs(drawn) > self.bound):
            drawn[far] = rng.normal(size=int(np.count_nonzero(far)))
        return self.mean + self.std * drawn


class Sparse(Initializer):
    """A matrix in each of whose columns so many elements are normal numbers, and the others 0.

    Parameters
    ----------
    sparsity : float
        The share of elements that are drawn, from 0 to 1; one in each column at least.
    std : float

    Source: Martens, Deep learning via Hessian-free optimization, ICML 2010, section 5.
    """

    def __init__(self, sparsity: float = 0.1, std: float = 0.01) -> None:
        self.sparsity = _number(self, "sparsity", sparsity)
        if not 0 <= sparsity <= 1:
            raise ValueError(f"Sparse: sparsity is a share from 0 to 1, not {sparsity!r}")
        self.std = _deviation(self, std)

    def draw(self, shape: tuple[int, ...], rng: np.random.Generator) -> Array:
        if len(shape) != 2:
            raise ValueError(f"Sparse draws matrices (inputs, units), and not the shape {shape}")
        rows, columns = shape
        matrix = np.zeros(shape)
        count = min(max(round(self.sparsity * rows), 1), rows)
        places = rng.random(shape).argsort(axis=0)[:count]
        matrix[places, np.arange(columns)] = rng.normal(0, self.std, size=(count, columns))
        return matrix


class Identity(Initializer):
    """What hands its input on: 1 (or ``gain``) on the diagonal, in the middle of filters, else 0.

    Source: for recurrent weights Le, Jaitly and Hinton, arXiv:1504.00941, section 2.
    """

    def __init__(self, gain: float | str = 1.0) -> None:
        self.gain = _gain(gain)

    def draw(self, shape: tuple[int, ...], rng: np.random.Generator) -> Array:
        if len(shape) < 2:
            raise ValueError(f"Identity needs a shape with two axes or more, and got {shape}")
        filters = np.zeros(shape)
        middle = tuple(n // 2 for n in shape[2:])
        if 0 not in shape:
            for k in range(min(shape[:2])):
                filters[(k, k, *middle)] = self.gain
        return filters


# Less would take long to draw.
_PAIR = 2
_LEAST_BOUND = 0.1


def _deviation(initializer: Initializer, std: Any) -> float:
    number = _number(initializer, "std", std)
    if not number >= 0:
        raise ValueError(f"{type(initializer).__name__}: std is 0 or more, not {std!r}")
    return number


def _number(initializer: Initializer, name: str, value: Any) -> float:
    return checked_number(f"{type(initializer).__name__}: {name}", value)


def checked_number(what: str, value: Any, *, is_finite: bool = True) -> float:
    """A number; raises `TypeError` or `ValueError`."""
    if isinstance(value, bool) or not isinstance(value, (int, float, np.number)):
        raise TypeError(f"{what} must be a number, not {value!r}")
    if is_finite and not math.isfinite(value):
        raise ValueError(f"{what} must be finite, and is {value!r}")
    return float(value)


_FILTER_RANK = 4


def _gain(gain: float | str) -> float:
    if isinstance(gain, str):
        if gain != "relu":
            raise ValueError(f"gain is a number or 'relu' (the square root of 2), not {gain!r}")
        return math.sqrt(2)
    return checked_number("gain", gain)


def _fans(name: str, shape: tuple[int, ...], c01b: bool) -> tuple[int, int]:
    """Count the inputs and the outputs that one weight stands between."""
    if len(shape) < 2:
        raise ValueError(
            f"{name} needs the shape of weights, with two axes or more, and got {shape}"
        )
    if c01b:
        if len(shape) != _FILTER_RANK:
            raise ValueError(f"{name} with c01b=True needs four axes, and got {shape}")
        area = shape[1] * shape[2]
        return shape[0] * area, shape[3] * area
    if len(shape) == 2:
        return shape[0], shape[1]
    area = math.prod(shape[2:])
    return shape[1] * area, shape[0] * area


class _Scaled(Initializer):
    """Numbers whose standard deviation follows from the shape."""

    def __init__(self, gain: float | str = 1.0, c01b: bool = False) -> None:
        self.gain = _gain(gain)
        self.c01b = c01b

    def std(self, shape: tuple[int, ...]) -> float:
        """Give the standard deviation for weights of this shape."""
        raise TypeError(f"{type(self).__name__} does not define std")


class _Glorot(_Scaled):
    def std(self, shape: tuple[int, ...]) -> float:
        fan_in, fan_out = _fans(type(self).__name__, shape, self.c01b)
        return self.gain * math.sqrt(2 / max(fan_in + fan_out, 1))


class _He(_Scaled):
    def std(self, shape: tuple[int, ...]) -> float:
        fan_in, _ = _fans(type(self).__name__, shape, self.c01b)
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


class LeCunNormal(_He):
    """Normal numbers of standard deviation ``gain * sqrt(1 / inputs)``, for tanh and selu.

    Source: LeCun, Bottou, Orr and Müller, Efficient BackProp, 1998, section 4.6, equation 16; the
    formula is that of `HeNormal` with a gain of 1.
    """

    def draw(self, shape: tuple[int, ...], rng: np.random.Generator) -> Array:
        return rng.normal(0, self.std(shape), size=shape)


class LeCunUniform(_He):
    """Uniform numbers of standard deviation ``gain * sqrt(1 / inputs)``; see `LeCunNormal`."""

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

    def __init__(self, *parts: Any) -> None:
        if not parts:
            raise ValueError("SideBySide needs an initialiser for each part, and got none")
        self.parts = [as_initializer("a part", part) for part in parts]

    def draw(self, shape: tuple[int, ...], rng: np.random.Generator) -> Array:
        n = len(self.parts)
        if not shape or shape[-1] % n:
            raise ValueError(f"SideBySide: the last axis of {shape} is not {n} equal parts")
        part = (*shape[:-1], shape[-1] // n)
        return np.concatenate([initial.draw(part, rng) for initial in self.parts], axis=-1)


class Given(Initializer):
    """An array as it is.

    Raises
    ------
    ValueError
        When it is asked for another shape.
    """

    def __init__(self, values: Any) -> None:
        self.values = np.array(values)
        if self.values.dtype.kind not in "biuf":
            raise TypeError(f"first values are numbers, and not {self.values.dtype}")

    def draw(self, shape: tuple[int, ...], rng: np.random.Generator) -> Array:
        if shape != self.values.shape:
            raise ValueError(
                f"first values of the shape {self.values.shape} were given for a parameter of the "
                f"shape {shape}"
            )
        return self.values


class Called(Initializer):
    """What a function of a shape gives."""

    def __init__(self, function: Callable[[tuple[int, ...]], Any]) -> None:
        self.function = function

    def draw(self, shape: tuple[int, ...], rng: np.random.Generator) -> Array:
        return Given(self.function(shape)).draw(shape, rng)


def as_initializer(what: str, given: Any) -> Initializer:
    """An initialiser as it is; or of a number, an array, or a function of a shape.

    Raises
    ------
    TypeError
        For anything else.
    """
    if isinstance(given, Initializer):
        return given
    if isinstance(given, (int, float, np.number)) and not isinstance(given, bool):
        return Constant(float(given))
    if isinstance(given, (np.ndarray, list, tuple)):
        return Given(given)
    if callable(given) and not isinstance(given, type):
        return Called(given)
    hint = f"; make one, {given.__name__}()" if isinstance(given, type) else ""
    raise TypeError(
        f"first values of {what} are an initialiser such as HeNormal('relu'), a number, an array "
        f"or a function of a shape, not {given!r}{hint}"
    )


def first_values(what: str, given: Any, default: Initializer) -> Initializer:
    """`as_initializer`, and ``default`` in place of None."""
    return default if given is None else as_initializer(what, given)
