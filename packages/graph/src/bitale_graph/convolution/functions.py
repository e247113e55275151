"""Convolutions of batches with filters, in Theano's form."""

from __future__ import annotations

from typing import Any

from ..tensor.elementwise import cast
from ..tensor.variable import TensorVariable
from .arguments import (
    AXES,
    check_rank,
    flipped,
    ignored,
    numbers,
    one_name,
    read_geometry,
    with_shape,
)
from .conv import Conv
from .unshared import locally_connected


def convolve(
    name: str,
    ndim: int,
    given: tuple[Any, Any],
    shapes: tuple[Any, Any],
    border_mode: Any,
    subsample: Any,
    filter_flip: Any,
    filter_dilation: Any,
    num_groups: Any,
    unshared: Any = False,
) -> TensorVariable:
    """A convolution over ``ndim`` axes of an input with filters; ``shapes`` are those said."""
    (x, w), dtype = numbers(name, *given)
    check_rank(name, "an input", x, ndim + 2, AXES[ndim])
    of_filters = "filters of each place" if unshared else "filters"
    check_rank(name, of_filters, w, ndim + 2 + (ndim if unshared else 0), "")
    x = with_shape(name, "input_shape", x, shapes[0])
    w = with_shape(name, "filter_shape", w, shapes[1])
    kernel = w.type.shape[-ndim:]
    geometry = read_geometry(name, kernel, border_mode, subsample, filter_dilation, num_groups)
    w = flipped(w, ndim, filter_flip)
    found = locally_connected(name, x, w, geometry) if unshared else Conv(geometry)(x, w)
    return cast(found, dtype)


def conv1d(
    input: Any,
    filters: Any,
    input_shape: Any = None,
    filter_shape: Any = None,
    border_mode: Any = "valid",
    subsample: Any = 1,
    filter_flip: bool = True,
    filter_dilation: Any = 1,
    num_groups: int = 1,
) -> TensorVariable:
    """The convolution of a batch of series (images, channels, length) with filters.

    See `conv2d`; what is there a number for each of two axes is here one number.
    """
    return convolve(
        "conv1d",
        1,
        (input, filters),
        (input_shape, filter_shape),
        *(border_mode, subsample, filter_flip, filter_dilation, num_groups),
    )


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
        Of shape (filters, channels / num_groups, rows, columns). With ``unshared`` of shape
        (filters, output rows, output columns, channels / num_groups, rows, columns).
    input_shape, filter_shape : sequence of int, None or 0-d integer variables, optional
        Lengths that are known when the expression is built; they are checked when it runs.
    border_mode : {"valid", "full", "half"}, int, or tuple
        Zeros around the images: none; one less than the length of the filter; half of that length,
        which for odd lengths gives the size of the input; or numbers of them, for each axis one,
        or a pair (before, after), or one of the words. Lengths are those of the dilated filter.
    subsample : tuple of int
        The distance of two places where the filters are applied.
    filter_flip : bool
        Whether filters are turned around, as in mathematics; without it is a correlation.
    image_shape
        An older name of ``input_shape``.
    filter_dilation : tuple of int
        The distance in the image of two elements of a filter.
    num_groups : int
        In how many parts the channels are cut, each with filters of its own.
    unshared : bool
        Whether each place of the output has filters of its own.

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
        "conv2d",
        2,
        (input, filters),
        (input_shape, filter_shape),
        *(border_mode, subsample, filter_flip, filter_dilation, num_groups, unshared),
    )


def conv3d(
    input: Any,
    filters: Any,
    input_shape: Any = None,
    filter_shape: Any = None,
    border_mode: Any = "valid",
    subsample: Any = (1, 1, 1),
    filter_flip: bool = True,
    filter_dilation: Any = (1, 1, 1),
    num_groups: int = 1,
) -> TensorVariable:
    """The convolution of a batch of volumes (images, channels, depth, rows, columns) with filters.

    See `conv2d`; what is there a number for each of two axes is here one for each of three.
    """
    return convolve(
        "conv3d",
        3,
        (input, filters),
        (input_shape, filter_shape),
        *(border_mode, subsample, filter_flip, filter_dilation, num_groups),
    )
