"""Convolutions of batches with filters, in Theano's form."""

from __future__ import annotations

from typing import Any

from ..tensor.elementwise import cast
from ..tensor.variable import TensorVariable
from .arguments import flipped, ignored, numbers, of_rank, one_name, read_geometry, with_shape
from .conv import Conv

AXES = {
    1: "(images, channels, length)",
    2: "(images, channels, rows, columns)",
    3: "(images, channels, depth, rows, columns)",
}


def convolve(
    name: str,
    ndim: int,
    input: Any,
    filters: Any,
    input_shape: Any,
    filter_shape: Any,
    border_mode: Any,
    subsample: Any,
    filter_flip: Any,
    filter_dilation: Any,
    num_groups: Any,
) -> TensorVariable:
    """A convolution over ``ndim`` axes."""
    (x, w), dtype = numbers(name, input, filters)
    of_rank(name, "an input", x, ndim + 2, AXES[ndim])
    of_rank(name, "filters", w, ndim + 2, AXES[ndim].replace("images", "filters"))
    x = with_shape(name, "input_shape", x, input_shape)
    w = with_shape(name, "filter_shape", w, filter_shape)
    geometry = read_geometry(
        name, w.type.shape[2:], border_mode, subsample, filter_dilation, num_groups
    )
    return cast(Conv(geometry)(x, flipped(w, filter_flip)), dtype)


def conv2d(
    input: Any,
    filters: Any,
    input_shape: Any = None,
    filter_shape: Any = None,
    border_mode: Any = "valid",
    subsample: Any = (1, 1),
    filter_flip: bool = True,
    image_shape: Any = None,
    filter_dilation: Any = (1, 1),
    num_groups: int = 1,
    unshared: bool = False,
    **keywords: Any,
) -> TensorVariable:
    """The convolution of a batch of images with filters.

    Parameters
    ----------
    input : tensor_like
        Of shape (images, channels, rows, columns). Integers are taken as floats, and float16 is
        computed in float32.
    filters : tensor_like
        Of shape (filters, channels / num_groups, rows, columns).
    input_shape, filter_shape : sequence of int or None, optional
        Lengths that are known when the expression is built; they are checked when it runs.
    border_mode : {"valid", "full", "half"}, int, or tuple
        Zeros around the images: none; one less than the filter's length; half of it, which gives
        the size of the input for odd filters; or numbers of them, for each axis one or a pair
        (before, after). By the length of the dilated filter.
    subsample : tuple of int
        The distance of two places where the filter is applied.
    filter_flip : bool
        Whether filters are turned around, as in mathematics; without it is a correlation.
    image_shape
        An older name of ``input_shape``.
    filter_dilation : tuple of int
        The distance in the image of two elements of a filter.
    num_groups : int
        In how many parts the channels are cut, each with filters of its own.

    Returns
    -------
    TensorVariable
        Of shape (images, filters, rows, columns), with the length
        ``(n + zeros - ((k - 1) * d + 1)) // s + 1`` along an axis of length n.

    Raises
    ------
    ShapeError
        If shapes do not go together: now where they are known, else when it runs.
    """
    ignored("conv2d", keywords)
    input_shape = one_name("conv2d", "image_shape", image_shape, "input_shape", input_shape)
    return convolve(
        *("conv2d", 2, input, filters, input_shape, filter_shape, border_mode),
        *(subsample, filter_flip, filter_dilation, num_groups),
    )
