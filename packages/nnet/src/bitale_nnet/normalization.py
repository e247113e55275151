r"""Normalisation: by statistics of a batch, by given ones, of layers, groups and neighbours.

Channels are axis 1: (rows, channels, \*spatial). float16 is computed in float32 throughout, since
variances leave its range, and what comes out has the dtype that went in.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from bitale_graph import language as T
from bitale_graph.extend import ShapeError, TensorVariable, as_tensor, describe
from bitale_graph.extend import dtype as dtypes

if TYPE_CHECKING:
    from .distributed.world import World

Axes = str | int | Sequence[int]


def _wide(x: Any) -> Any:
    """As a tensor of float32 or more."""
    x = as_tensor(x)
    return T.cast(x, dtypes.upcast(x.dtype, "float32")) if x.dtype == "float16" else x


def _result_dtype(*operands: Any) -> str:
    floats = [dtypes.at_least_float(as_tensor(v).dtype) for v in operands]
    return str(dtypes.upcast(*floats))


def _reduced_axes(axes: Axes, ndim: int) -> tuple[int, ...]:
    """The axes that one mean is over, from Theano's names or numbers, in order."""
    if isinstance(axes, str):
        if axes not in ("per-activation", "spatial"):
            raise ValueError(f"axes is 'per-activation', 'spatial' or numbers, not {axes!r}")
        return (0,) if axes == "per-activation" else (0, *range(2, ndim))
    given = (axes,) if isinstance(axes, int) else tuple(axes)
    if not given:
        raise ValueError("axes must name at least one axis to take means over")
    if any(not -ndim <= a < ndim for a in given):
        raise ShapeError(f"batch normalization: axes {given} of an input of rank {ndim}")
    return tuple(sorted({a % ndim for a in given}))


class _Arrangement:
    """Where the parameters lie along the inputs: of full rank, or of the axes that are kept."""

    def __init__(self, inputs: Any, parameters: Sequence[Any], axes: Axes) -> None:
        self.inputs, self.axes = inputs, _reduced_axes(axes, inputs.ndim)
        self.kept = [a for a in range(inputs.ndim) if a not in self.axes]
        ranks = {p.ndim for p in parameters}
        if not (ranks == {inputs.ndim} or ranks == {len(self.kept)}):
            raise ShapeError(
                f"batch normalization over the axes {self.axes}: parameters have the rank "
                f"{len(self.kept)} (one axis for each that is kept) or {inputs.ndim}\n  inputs  "
                + "\n  ".join([describe(inputs), *map(describe, parameters)])
            )
        self.full = ranks == {inputs.ndim}

    def along(self, parameter: Any) -> Any:
        """A parameter so that it lies along the inputs, with length 1 at the axes of means."""
        if self.full:
            return T.addbroadcast(parameter, *self.axes)
        return parameter.dimshuffle(
            *[self.kept.index(a) if a in self.kept else "x" for a in range(self.inputs.ndim)]
        )

    def back(self, statistic: Any) -> Any:
        """A statistic of full rank in the form of the parameters."""
        return statistic if self.full else statistic.dimshuffle(*self.kept)


def _normalised(x: Any, mean: Any, scale: Any, beta: Any) -> Any:
    """``(x - mean) scale + beta``: the difference first, which is exact for close numbers."""
    return (x - mean) * scale + beta


def batch_normalization(
    inputs: Any, gamma: Any, beta: Any, mean: Any, std: Any, mode: str = "low_mem"
) -> TensorVariable:
    """``gamma (inputs - mean) / std + beta``, with whatever statistics are given.

    Parameters
    ----------
    inputs, gamma, beta, mean, std : tensor_like
        They broadcast against each other.
    mode : "low_mem" or "high_mem"
        Theano's: what is kept in memory is decided by compilation here, so both are one expression.
    """
    if mode not in ("low_mem", "high_mem"):
        raise ValueError(f"batch_normalization: mode is 'low_mem' or 'high_mem', not {mode!r}")
    dtype = _result_dtype(inputs, gamma, beta, mean, std)
    x, gamma, beta, mean, std = map(_wide, (inputs, gamma, beta, mean, std))
    return T.cast(_normalised(x, mean, gamma / std, beta), dtype)


def batch_normalization_train(
    inputs: Any,
    gamma: Any,
    beta: Any,
    axes: Axes = "per-activation",
    epsilon: Any = 1e-4,
    running_average_factor: Any = 0.1,
    running_mean: Any = None,
    running_var: Any = None,
    world: World | None = None,
) -> tuple[Any, ...]:
    """Normalise by the mean and variance of the batch itself.

    ``gamma (inputs - mean) / sqrt(var + epsilon) + beta``, with the variance of the batch, which
    divides by the number m of elements. Running statistics move by the factor f:
    ``(1 - f) running_mean + f mean`` and ``(1 - f) running_var + f var m / (m - 1)``; an empty
    batch leaves them.

    Parameters
    ----------
    inputs : tensor
    gamma, beta : tensor_like
        An axis for each axis of ``inputs`` that no mean is over, or the rank of ``inputs`` with
        length 1 at the others.
    axes : "per-activation", "spatial", int or sequence of int
        What means are over: the first axis, all but the second, or those told.
    epsilon : number or scalar
        Keeps the root of a variance of zero away from zero.
    running_average_factor : number or scalar
    running_mean, running_var : tensor_like, optional
        Both or none; in the form of ``gamma``.
    world : bitale_nnet.distributed.World, optional
        Processes, each with its part of the batch: the statistics are those of all of it.

    Returns
    -------
    out, mean, invstd : variables
        The result; the mean and ``1 / sqrt(var + epsilon)`` in the form of ``gamma``.
    new_running_mean, new_running_var : variables
        Only if they were given: for ``function(updates=...)``.

    Raises
    ------
    ShapeError
        If an axis does not exist, or ranks do not fit.
    ValueError
        If one running value is given without the other.

    Source: Ioffe and Szegedy, Batch Normalization, arXiv:1502.03167, algorithms 1 and 2.
    """
    if (running_mean is None) != (running_var is None):
        raise ValueError("batch normalization takes running_mean and running_var, or neither")
    dtype = _result_dtype(inputs, gamma, beta)
    x, gamma, beta = map(_wide, (inputs, gamma, beta))
    place = _Arrangement(x, (gamma, beta), axes)
    count: Any = T.cast(T.mul(*[x.shape[a] for a in place.axes], 1), "float64")
    mean, variance = _statistics(x, place.axes)
    if world is not None and world.size > 1:
        mean, variance, count = _of_all(mean, variance, count, world)
    invstd: Any = 1 / T.sqrt(variance + epsilon)
    out = _normalised(x, mean, place.along(gamma) * invstd, place.along(beta))
    results = (T.cast(out, dtype), place.back(mean), place.back(invstd))
    if running_mean is None:
        return results
    unbiased = T.cast(count / T.maximum(count - 1, 1), variance.dtype) * variance
    return (
        *results,
        _moved(running_mean, place.back(mean), running_average_factor, count),
        _moved(running_var, place.back(unbiased), running_average_factor, count),
    )


def _statistics(x: Any, axes: Sequence[int]) -> tuple[Any, Any]:
    """Mean and variance over axes, which are kept with length 1."""
    mean = T.mean(x, axis=tuple(axes), keepdims=True)
    return mean, T.mean(T.sqr(x - mean), axis=tuple(axes), keepdims=True)


def _of_all(mean: Any, variance: Any, count: Any, world: World) -> tuple[Any, Any, Any]:
    """Mean, variance and count of all processes, by one message, from those of this one.

    The mean of squares is that of float64, of which the square of a mean a million times the
    deviation leaves four digits; without elements, whose mean is NaN, a process adds nothing.
    """
    from bitale_graph.distributed import all_reduce  # what only several processes need

    first = T.cast(mean, "float64")
    second = T.cast(variance, "float64") + T.sqr(first)
    terms = [T.switch(T.gt(count, 0), count * moment, 0.0) for moment in (first, second)]
    *sums, total = all_reduce([*terms, count], world)
    first, second = (moment / total for moment in sums)
    moments: list[Any] = [first, T.maximum(second - T.sqr(first), 0.0)]
    return (*(T.cast(moment, mean.dtype) for moment in moments), total)


def _moved(running: Any, now: Any, factor: Any, count: Any) -> Any:
    """``(1 - factor) running + factor now``, of the type of what runs; no elements move nothing."""
    running = as_tensor(running)
    if running.ndim != now.ndim:
        raise ShapeError(
            f"batch normalization: a running value has the form of gamma, rank {now.ndim}, and not "
            + describe(running)
        )
    moved: Any = T.cast(_wide(running) * (1 - factor) + now * factor, running.dtype)
    return T.switch(T.gt(count, 0), moved, running)


def batch_normalization_test(
    inputs: Any,
    gamma: Any,
    beta: Any,
    mean: Any,
    var: Any,
    axes: Axes = "per-activation",
    epsilon: Any = 1e-4,
) -> TensorVariable:
    """Normalise by given statistics, such as the running ones of training.

    ``gamma (inputs - mean) / sqrt(var + epsilon) + beta``; parameters and axes are as in
    `batch_normalization_train`.
    """
    dtype = _result_dtype(inputs, gamma, beta, mean, var)
    x, *parameters = map(_wide, (inputs, gamma, beta, mean, var))
    place = _Arrangement(x, parameters, axes)
    gamma, beta, mean, var = map(place.along, parameters)
    return T.cast(_normalised(x, mean, gamma / T.sqrt(var + epsilon), beta), dtype)


def _normalised_over(x: Any, axes: Sequence[int], epsilon: Any) -> Any:
    """``x`` with mean 0 and variance 1 over ``axes``."""
    centred: Any = x - T.mean(x, axis=tuple(axes), keepdims=True)
    variance = T.mean(T.sqr(centred), axis=tuple(axes), keepdims=True)
    return centred / T.sqrt(variance + epsilon)


def _scaled(y: Any, gamma: Any, beta: Any, dtype: str) -> TensorVariable:
    if gamma is not None:
        y = y * gamma
    return T.cast(y if beta is None else y + beta, dtype)


def layer_norm(
    x: Any, gamma: Any = None, beta: Any = None, axes: int | Sequence[int] = -1, epsilon: Any = 1e-5
) -> TensorVariable:
    """Each row normalised by its own mean and variance.

    ``gamma (x - mean) / sqrt(var + epsilon) + beta``.

    Parameters
    ----------
    x : tensor
    gamma, beta : tensor_like, optional
        They broadcast against ``x``; as a rule of the lengths of the last axes.
    axes : int or sequence of int
        What means are over; by default the last axis.
    epsilon : number or scalar

    Source: Ba, Kiros and Hinton, Layer Normalization, arXiv:1607.06450, equations 3 and 4.
    """
    dtype = _result_dtype(x, *(p for p in (gamma, beta) if p is not None))
    x = _wide(x)
    return _scaled(_normalised_over(x, _reduced_axes(axes, x.ndim), epsilon), gamma, beta, dtype)


def group_norm(
    x: Any, groups: int, gamma: Any = None, beta: Any = None, epsilon: Any = 1e-5
) -> TensorVariable:
    r"""Each group of channels of each row normalised by its own mean and variance.

    Parameters
    ----------
    x : tensor (rows, channels, \*spatial)
    groups : int
        It divides the number of channels. 1: one group; the number of channels: `instance_norm`.
    gamma, beta : vector (channels,), optional
    epsilon : number or scalar

    Source: Wu and He, Group Normalization, arXiv:1803.08494, equations 1 to 7.
    """
    dtype = _result_dtype(x, *(p for p in (gamma, beta) if p is not None))
    x = _wide(x)
    if x.ndim < 2:
        raise ShapeError(f"group_norm takes (rows, channels, *spatial), and got {describe(x)}")
    channels = x.type.shape[1]
    if groups < 1 or (channels is not None and channels % groups):
        raise ShapeError(f"group_norm: {groups} groups of {channels} channels")
    size = x.shape[1] // groups if channels is None else channels // groups
    parts: Any = x.reshape((x.shape[0], groups, size, *(x.shape[a] for a in range(2, x.ndim))))
    y = _normalised_over(parts, range(2, parts.ndim), epsilon).reshape(x.shape)
    return _scaled(y, _of_channels(gamma, x), _of_channels(beta, x), dtype)


def instance_norm(
    x: Any, gamma: Any = None, beta: Any = None, epsilon: Any = 1e-5
) -> TensorVariable:
    r"""Each channel of each row normalised by its own mean and variance.

    Parameters
    ----------
    x : tensor (rows, channels, \*spatial)
    gamma, beta : vector (channels,), optional
    epsilon : number or scalar

    Source: Ulyanov, Vedaldi and Lempitsky, Instance Normalization, arXiv:1607.08022, equation 2.
    """
    dtype = _result_dtype(x, *(p for p in (gamma, beta) if p is not None))
    x = _wide(x)
    if x.ndim < 3:
        raise ShapeError(f"instance_norm takes (rows, channels, *spatial), and got {describe(x)}")
    y = _normalised_over(x, range(2, x.ndim), epsilon)
    return _scaled(y, _of_channels(gamma, x), _of_channels(beta, x), dtype)


def _of_channels(parameter: Any, x: Any) -> Any:
    if parameter is None:
        return None
    parameter = as_tensor(parameter)
    if parameter.ndim != 1:
        raise ShapeError(f"gamma and beta are vectors (channels,), and not {describe(parameter)}")
    return parameter.dimshuffle("x", 0, *["x"] * (x.ndim - 2))


def local_response_norm(
    x: Any, alpha: Any = 1e-4, k: Any = 2.0, beta: Any = 0.75, n: int = 5
) -> TensorVariable:
    r"""``x / (k + alpha s)^beta``, where s is the sum of squares over n neighbouring channels.

    Parameters
    ----------
    x : tensor (rows, channels, \*spatial)
    alpha, k, beta : number or scalar
    n : int
        Odd: a channel and (n - 1) / 2 on either side, as far as there are.

    Source: Krizhevsky, Sutskever and Hinton, ImageNet Classification with Deep Convolutional Neural
    Networks, NeurIPS 2012, section 3.3. Elsewhere alpha is divided by n.
    """
    dtype = _result_dtype(x)
    x = _wide(x)
    if x.ndim < 2:
        raise ShapeError(
            f"local_response_norm takes (rows, channels, *spatial), and got {describe(x)}"
        )
    if n < 1 or n % 2 == 0:
        raise ValueError(f"local_response_norm: n must be odd and positive, and is {n}")
    half, squares = n // 2, T.sqr(x)
    padded: Any = T.pad(squares, [(0, 0), (half, half), *[(0, 0)] * (x.ndim - 2)])
    total = T.add(*[padded[:, i : i + x.shape[1]] for i in range(n)]) if n > 1 else squares
    return T.cast(x / (k + alpha * total) ** beta, dtype)
