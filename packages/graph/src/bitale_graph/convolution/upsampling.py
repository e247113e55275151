"""Images made larger by linear interpolation, as transposed convolutions with a triangle do it."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..base import dtype as dtypes
from ..ops import math as tm
from ..ops.creation import arange
from ..ops.join import concatenate
from ..ops.shape import shape_i
from ..ops.split import as_known
from ..tensor.conversion import as_tensor
from ..tensor.elementwise import cast
from ..tensor.variable import TensorVariable
from .arguments import AXES, check_rank, numbers, with_shape

Fraction = tuple[Any, Any]


def bilinear_kernel_1D(ratio: Any, normalize: bool = True) -> TensorVariable:  # noqa: N802 (Theano's)
    """The triangle that interpolates between elements that are ``ratio`` apart.

    Parameters
    ----------
    ratio : int or 0-d integer variable
    normalize : bool
        Whether its top is 1; otherwise it is ``ratio``.

    Returns
    -------
    TensorVariable
        Of length ``2 * ratio - 1``, in floatX.
    """
    half = cast(arange(1, tm.add(as_tensor(ratio), 1)), dtypes.check("floatX"))
    kernel = concatenate([half, half[-2::-1]])
    return tm.true_div(kernel, cast(ratio, kernel.dtype)) if normalize else kernel


def bilinear_kernel_2D(ratio: Any, normalize: bool = True) -> TensorVariable:  # noqa: N802 (Theano's)
    """The product of `bilinear_kernel_1D` along rows with that along columns."""
    one = bilinear_kernel_1D(ratio, normalize)
    product: TensorVariable = tm.mul(one.dimshuffle(0, "x"), one.dimshuffle("x", 0))
    return product


def bilinear_upsampling(
    input: Any,
    ratio: Any = None,
    frac_ratio: Any = None,
    batch_size: Any = None,
    num_input_channels: Any = None,
    use_1D_kernel: bool = True,
) -> TensorVariable:
    """Images that are larger by a whole or a fractional ratio.

    The result has element j between the elements of the input around
    ``(j - (ratio - 1) // 2) / ratio``, and repeats the outer ones beyond them, which is
    what a transposed convolution with `bilinear_kernel_2D` gives.

    Parameters
    ----------
    input : tensor_like
        Of shape (images, channels, rows, columns).
    ratio : int or 0-d integer variable
    frac_ratio : pair of ints, or of pairs of ints
        In its place numerator and denominator, for both axes or for each; see
        `frac_bilinear_upsampling`.
    batch_size, num_input_channels : int, optional
        Lengths that are known when the expression is built.
    use_1D_kernel : bool
        Theano's; both axes are interpolated in one go.

    Returns
    -------
    TensorVariable
        Of shape (images, channels, rows * ratio, columns * ratio).
    """
    name = "bilinear_upsampling"
    if (ratio is None) == (frac_ratio is None):
        raise ValueError(f"{name} takes one of ratio and frac_ratio")
    (x,), dtype = numbers(name, input)
    check_rank(name, "an input", x, 4, AXES[2])
    x = with_shape(name, "the known shape", x, (batch_size, num_input_channels, None, None))
    if frac_ratio is not None:
        return frac_bilinear_upsampling(cast(x, dtype), frac_ratio)
    known = as_tensor(ratio)
    if known.ndim or not dtypes.is_discrete(known.dtype):
        raise TypeError(
            f"{name}: ratio is an integer, not {ratio!r}; frac_ratio takes a pair of them"
        )
    whole = as_known(known)
    if isinstance(whole, int) and whole < 1:
        raise ValueError(f"{name}: ratio is at least 1, not {ratio!r}")
    return cast(_interpolated(x, [(whole, 1)] * 2), dtype)


def frac_bilinear_upsampling(input: Any, frac_ratio: Any) -> TensorVariable:
    """Images that are larger by fractional ratios.

    Of an axis of length n there are ``ceil(n * numerator / denominator)`` elements; element j lies
    at ``(j * denominator - (numerator - 1) // 2) / numerator`` in the input.

    Parameters
    ----------
    input : tensor_like
        Of shape (images, channels, rows, columns).
    frac_ratio : pair of ints, or of pairs of ints
        Numerator and denominator, which are reduced: for both axes, or for each.
    """
    name = "frac_bilinear_upsampling"
    (x,), dtype = numbers(name, input)
    check_rank(name, "an input", x, 4, AXES[2])
    pairs = (
        frac_ratio if _is_pair(frac_ratio) and all(map(_is_pair, frac_ratio)) else [frac_ratio] * 2
    )
    for pair in pairs:
        if not _is_pair(pair) or not all(_is_whole(n) for n in pair):
            raise ValueError(
                f"{name}: frac_ratio is a pair of integers of at least 1, (numerator, "
                f"denominator), or one pair for rows and one for columns, not {frac_ratio!r}"
            )
    ratios = [(n // math.gcd(n, d), d // math.gcd(n, d)) for n, d in pairs]
    return cast(_interpolated(x, ratios), dtype)


def _is_pair(given: Any) -> bool:
    return isinstance(given, (tuple, list)) and len(given) == 2


def _is_whole(n: Any) -> bool:
    return isinstance(n, (int, np.integer)) and not isinstance(n, bool) and int(n) > 0


def _interpolated(x: Any, ratios: list[Fraction]) -> TensorVariable:
    """Images with rows and columns larger by (numerator, denominator)."""
    for axis, (numerator, denominator) in zip((2, 3), ratios, strict=True):
        x = _along(x, axis, numerator, denominator)
    return x  # type: ignore[no-any-return]  # a tensor


def _along(x: Any, axis: int, numerator: Any, denominator: Any) -> Any:
    """Interpolate along an axis."""
    if isinstance(numerator, int) and numerator == denominator == 1:
        return x
    n = as_known(shape_i(x, axis))
    length = (n * numerator + (denominator - 1)) // denominator
    last = n - 1
    at = tm.clip(arange(length) * denominator - (numerator - 1) // 2, 0, last * numerator)
    low = at // numerator
    high = tm.minimum(low + 1, last)
    inside = (slice(None),) * axis
    share = tm.true_div(cast(at - low * numerator, x.dtype), cast(as_tensor(numerator), x.dtype))
    share = share.dimshuffle(*(0 if a == axis else "x" for a in range(x.ndim)))
    return x[(*inside, low)] * (1 - share) + x[(*inside, high)] * share
