"""Convolutions that are made of others: separable ones, causal ones, and two older forms."""

from __future__ import annotations

from typing import Any

from ..base.errors import ShapeError, describe
from ..ops.shape import dimshuffle
from ..ops.split import part_of
from ..tensor.conversion import as_tensor
from ..tensor.variable import TensorVariable
from .arguments import check_rank, ignored, steps, with_shape
from .functions import conv2d, conv3d, convolve


def _separable(
    name: str,
    ndim: int,
    given: tuple[Any, Any, Any],
    channels: Any,
    shapes: tuple[Any, Any, Any],
    border_mode: Any,
    subsample: Any,
    filter_flip: Any,
    filter_dilation: Any,
) -> TensorVariable:
    x, depthwise, pointwise = given
    of_input, of_depthwise, of_pointwise = shapes
    pointwise = as_tensor(pointwise)
    check_rank(name, "pointwise filters", pointwise, ndim + 2)
    if any(n not in (1, None) for n in pointwise.type.shape[2:]):
        raise ShapeError(
            f"{name}: pointwise filters have one element for each channel\n  {describe(pointwise)}"
        )
    pointwise = with_shape(name, "pointwise_filter_shape", pointwise, of_pointwise)
    pointwise = with_shape(name, "pointwise filters", pointwise, (None, None, *(1,) * ndim))
    each = convolve(
        name,
        ndim,
        (x, depthwise),
        (of_input, of_depthwise),
        *(border_mode, subsample, filter_flip, filter_dilation, channels),
    )
    return convolve(name, ndim, (each, pointwise), (None, None), "valid", 1, False, 1, 1)


def separable_conv2d(
    input: Any,
    depthwise_filters: Any,
    pointwise_filters: Any,
    num_channels: int,
    input_shape: Any = None,
    depthwise_filter_shape: Any = None,
    pointwise_filter_shape: Any = None,
    border_mode: Any = "valid",
    subsample: Any = (1, 1),
    filter_flip: bool = True,
    filter_dilation: Any = (1, 1),
) -> TensorVariable:
    """The convolution of each channel with filters of its own, and then of places with 1x1 ones.

    Parameters
    ----------
    input : tensor_like
        Of shape (images, num_channels, rows, columns).
    depthwise_filters : tensor_like
        Of shape (num_channels * multiplier, 1, rows, columns).
    pointwise_filters : tensor_like
        Of shape (filters, num_channels * multiplier, 1, 1).
    num_channels : int
        The number of channels of the input.
    input_shape, depthwise_filter_shape, pointwise_filter_shape : sequence of int or None, optional
        Lengths that are known when the expression is built.
    border_mode, subsample, filter_flip, filter_dilation
        As those of `conv2d`, for the first of the two.
    """
    return _separable(
        "separable_conv2d",
        2,
        (input, depthwise_filters, pointwise_filters),
        num_channels,
        (input_shape, depthwise_filter_shape, pointwise_filter_shape),
        *(border_mode, subsample, filter_flip, filter_dilation),
    )


def separable_conv3d(
    input: Any,
    depthwise_filters: Any,
    pointwise_filters: Any,
    num_channels: int,
    input_shape: Any = None,
    depthwise_filter_shape: Any = None,
    pointwise_filter_shape: Any = None,
    border_mode: Any = "valid",
    subsample: Any = (1, 1, 1),
    filter_flip: bool = True,
    filter_dilation: Any = (1, 1, 1),
) -> TensorVariable:
    """The same as `separable_conv2d` for volumes (images, num_channels, depth, rows, columns)."""
    return _separable(
        "separable_conv3d",
        3,
        (input, depthwise_filters, pointwise_filters),
        num_channels,
        (input_shape, depthwise_filter_shape, pointwise_filter_shape),
        *(border_mode, subsample, filter_flip, filter_dilation),
    )


def causal_conv1d(
    input: Any,
    filters: Any,
    filter_shape: Any = None,
    input_shape: Any = None,
    subsample: Any = 1,
    filter_flip: bool = True,
    filter_dilation: Any = 1,
    num_groups: int = 1,
    unshared: bool = False,
) -> TensorVariable:
    """The convolution of series in which each element depends on itself and earlier ones.

    Parameters
    ----------
    input : tensor_like
        Of shape (images, channels, length).
    filters : tensor_like
        Of shape (filters, channels / num_groups, length); with ``unshared`` of shape (filters,
        output length, channels / num_groups, length).
    filter_shape, input_shape : sequence of int or None, optional
        Lengths that are known when the expression is built.
    subsample, filter_flip, filter_dilation, num_groups, unshared
        As those of `conv2d`.

    Returns
    -------
    TensorVariable
        Of shape (images, filters, (n - 1) // subsample + 1) for series of length n.
    """
    name = "causal_conv1d"
    x = as_tensor(input)
    w = with_shape(name, "filter_shape", as_tensor(filters), filter_shape)
    check_rank(name, "an input", x, 3, "(images, channels, length)")
    check_rank(name, "filters", w, 4 if unshared else 3)
    x = with_shape(name, "input_shape", x, input_shape)
    (step,) = steps(name, "subsample", subsample, 1)
    (dilation,) = steps(name, "filter_dilation", filter_dilation, 1)
    k = w.type.shape[-1]
    how = (step, filter_flip, dilation, num_groups, unshared)
    if k is not None:
        before = (k - 1) * dilation
        return convolve(name, 1, (x, w), (None, None), ((before, 0),), *how)
    if unshared:
        raise ShapeError(
            f"{name}: filter_shape tells the length of unshared filters\n  {describe(w)}"
        )
    # Zeros on both sides, by the length of the filters; what begins after the end is cut off.
    whole = convolve(name, 1, (x, w), (None, None), "full", *how)
    return part_of(whole, 2, None, (x.shape[2] - 1) // step + 1)


def conv3d_of_series(
    signals: Any,
    filters: Any,
    signals_shape: Any = None,
    filters_shape: Any = None,
    border_mode: Any = "valid",
) -> TensorVariable:
    """`conv3d` with time before channels, in the form of Theano's ``conv3d2d.conv3d``.

    Parameters
    ----------
    signals : tensor_like
        Of shape (images, times, channels, rows, columns).
    filters : tensor_like
        Of shape (filters, times, channels, rows, columns); they are turned around.
    signals_shape, filters_shape : sequence of int or None, optional
        Lengths that are known when the expression is built.
    border_mode : str or tuple of three
        As that of `conv3d`.

    Returns
    -------
    TensorVariable
        Of shape (images, times, filters, rows, columns).
    """
    swapped = []
    for word, given, shape in (
        ("signals", signals, signals_shape),
        ("filters", filters, filters_shape),
    ):
        x = as_tensor(given)
        check_rank("conv3d", word, x, 5, "(images, times, channels, rows, columns)")
        swapped.append(with_shape("conv3d", f"{word}_shape", x, shape).dimshuffle(0, 2, 1, 3, 4))
    return dimshuffle(conv3d(swapped[0], swapped[1], border_mode=border_mode), 0, 2, 1, 3, 4)


def conv2d_of_images(
    input: Any,
    filters: Any,
    image_shape: Any = None,
    filter_shape: Any = None,
    border_mode: Any = "valid",
    subsample: Any = (1, 1),
    **keywords: Any,
) -> TensorVariable:
    """The convolution of images without channels, in the form of Theano's ``signal.conv.conv2d``.

    Parameters
    ----------
    input : tensor_like
        An image (rows, columns), or several: (images, rows, columns).
    filters : tensor_like
        A filter (rows, columns), or several: (filters, rows, columns); they are turned around.
    image_shape, filter_shape : sequence of int or None, optional
        Lengths that are known when the expression is built.
    border_mode, subsample
        As those of `conv2d`.

    Returns
    -------
    TensorVariable
        Of shape (images, filters, rows, columns), without the axes that the operands lack.
    """
    name = "conv2d"
    ignored(name, keywords)
    given = []
    for word, v, shape in (("an input", input, image_shape), ("filters", filters, filter_shape)):
        x = as_tensor(v)
        if x.ndim not in (2, 3):
            raise ShapeError(
                f"{name} of signals takes {word} of rank 2 or 3, without channels; "
                f"nnet.conv2d takes them\n  {describe(x)}"
            )
        given.append(with_shape(name, "the shape of " + word, x, shape))
    first = [0 if x.ndim == 3 else "x" for x in given]
    stacks = [
        x.dimshuffle(axis, "x", x.ndim - 2, x.ndim - 1)
        for axis, x in zip(first, given, strict=True)
    ]
    found = conv2d(stacks[0], stacks[1], border_mode=border_mode, subsample=subsample)
    kept = [axis for axis, x in enumerate(given) if x.ndim == 3]
    return dimshuffle(found, *kept, 2, 3)
