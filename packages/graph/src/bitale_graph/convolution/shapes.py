"""Shapes of convolutions, of numbers, None and variables; Theano's functions for it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..core.graph import Variable
from ..ops.assertion import Assert
from ..ops.math import ge, gt
from ..tensor.conversion import as_tensor, constant_int
from .arguments import paddings
from .geometry import Geometry


def _known(n: Any) -> Any:
    """A length as an int or None where it is one, else the variable."""
    if n is None or isinstance(n, int):
        return n
    if isinstance(n, np.integer):
        return int(n)
    v = as_tensor(n)
    value = constant_int(v)
    return v if value is None else value


def _all_known(shape: Any) -> list[Any]:
    return [_known(n) for n in shape]


def _along_each(border_mode: Any, subsample: Any, dilation: Any, ndim: int) -> list[Geometry]:
    """The geometry of each axis."""
    pads = paddings("get_conv_output_shape", border_mode, ndim)
    dilations = (1,) * ndim if dilation is None else dilation
    return [
        Geometry((int(s),), (p,), (int(d),))
        for s, p, d in zip(subsample, pads, dilations, strict=True)
    ]


def border_mode_to_pad(mode: Any, convdim: int, kshp: Any) -> tuple[tuple[Any, Any], ...]:
    """The zeros before and after each axis, by a border mode.

    Parameters
    ----------
    mode : str, int or tuple
        As that of `conv2d`.
    convdim : int
        The number of axes.
    kshp : sequence of int or None
        The lengths of the filters, dilated.
    """
    each = _along_each(mode, (1,) * convdim, None, convdim)
    return tuple(
        (None, None) if k is None and isinstance(one.padding[0], str) else one.pads(0, k)
        for one, k in zip(each, _all_known(kshp), strict=True)
    )


def get_conv_output_shape(
    image_shape: Any,
    kernel_shape: Any,
    border_mode: Any,
    subsample: Any,
    filter_dilation: Any = None,
) -> tuple[Any, ...]:
    """The shape of a convolution.

    Parameters
    ----------
    image_shape : sequence of int, None or 0-d integer variables
        (images, channels, ...).
    kernel_shape : sequence of int, None or 0-d integer variables
        (filters, channels, ...); of unshared filters ``(filters, *places, channels, ...)``.
    border_mode, subsample, filter_dilation
        As those of `conv2d`.

    Returns
    -------
    tuple
        (images, filters, ...), None where a length is not known.
    """
    image, kernel = _all_known(image_shape), _all_known(kernel_shape)
    ndim = len(image) - 2
    each = _along_each(border_mode, subsample, filter_dilation, ndim)
    found = [
        None if n is None or k is None else one.out_length(0, n, k)
        for one, n, k in zip(each, image[2:], kernel[-ndim:], strict=True)
    ]
    return (image[0], kernel[0], *found)


def get_conv_gradweights_shape(
    image_shape: Any,
    top_shape: Any,
    border_mode: Any,
    subsample: Any,
    filter_dilation: Any = None,
    num_groups: int = 1,
    unshared: bool = False,
) -> tuple[Any, ...]:
    """The shape of filters that take images to an output; None where that leaves it open.

    It is left open where there is a stride, and where padding is half of the filter.
    """
    image, top = _all_known(image_shape), _all_known(top_shape)
    each = _along_each(border_mode, subsample, filter_dilation, len(image) - 2)
    found = [_filter_length(*of) for of in zip(each, image[2:], top[2:], strict=True)]
    channels = None if image[1] is None else image[1] // num_groups
    places = top[2:] if unshared else []
    return (top[1], *places, channels, *found)


def _filter_length(one: Geometry, n: Any, m: Any) -> Any:
    (padding,), (stride,), (dilation,) = one.padding, one.stride, one.dilation
    if n is None or m is None or stride != 1 or padding == "half":
        return None
    reach = m - n if padding == "full" else n + sum(padding) - m
    return reach // dilation + 1


def get_conv_gradinputs_shape(
    kernel_shape: Any,
    top_shape: Any,
    border_mode: Any,
    subsample: Any,
    filter_dilation: Any = None,
    num_groups: int = 1,
) -> tuple[Any, ...]:
    """The shape of images that filters take to an output; None where a stride leaves it open."""
    kernel, top = _all_known(kernel_shape), _all_known(top_shape)
    ndim = len(top) - 2
    each = _along_each(border_mode, subsample, filter_dilation, ndim)
    found = [_image_length(*of) for of in zip(each, kernel[-ndim:], top[2:], strict=True)]
    channels = kernel[-ndim - 1]
    return (top[0], None if channels is None else channels * num_groups, *found)


def _image_length(one: Geometry, k: Any, m: Any) -> Any:
    if k is None or m is None or one.stride != (1,):
        return None
    return m - 1 + one.span(0, k) - sum(one.pads(0, k))


def check_conv_gradinputs_shape(
    image_shape: Any,
    kernel_shape: Any,
    output_shape: Any,
    border_mode: Any,
    subsample: Any,
    filter_dilation: Any = None,
) -> bool:
    """Whether images and filters may give an output; what is not known, may be any length."""
    image, kernel, output = map(_all_known, (image_shape, kernel_shape, output_shape))
    if len(image) != len(output):
        return False
    found = get_conv_output_shape(image, kernel, border_mode, subsample, filter_dilation)
    pairs = zip(found, output, strict=True)
    return all(n == m for n, m in pairs if isinstance(n, int) and isinstance(m, int))


def assert_conv_shape(shape: Sequence[Any]) -> tuple[Any, ...]:
    """A shape whose first two lengths are not negative, and the others positive.

    Raises
    ------
    ValueError
        If a number is out of that range; of variables it is checked when they are computed.
    """
    found = []
    for i, n in enumerate(_all_known(shape)):
        least, is_fine = (0, ge) if i < 2 else (1, gt)
        words = f"the convolution would have the length {{}} along axis {i}; it is at least {least}"
        if isinstance(n, int) and n < least:
            raise ValueError(words.format(n))
        if isinstance(n, Variable):
            n = Assert(words.format("of less than that"))(n, is_fine(n, 0))
        found.append(n)
    return tuple(found)
