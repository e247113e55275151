"""Adjoints of convolutions as functions: gradients, and transposed convolutions."""

from __future__ import annotations

from typing import Any

from ..base.errors import ShapeError
from ..core.graph import Variable
from ..ops.shape import vector_elements
from ..ops.split import as_known
from ..tensor.elementwise import cast
from ..tensor.variable import TensorVariable
from .arguments import AXES, check_rank, flipped, numbers, read_geometry, sequence, with_shape
from .conv import ConvGradInputs, ConvGradWeights
from .unshared import locally_connected_filters, locally_connected_inputs


def _split_shape(name: str, word: str, shape: Any, rank: int, ndim: int) -> tuple[list[Any], Any]:
    """A shape that is given, as what may not be known and the lengths that must be."""
    is_vector = isinstance(shape, Variable)
    lengths = vector_elements(shape) if is_vector else sequence(name, word, shape)
    if len(lengths) != rank or any(n is None for n in lengths[-ndim:]):
        raise ShapeError(
            f"{name}: {word} has {rank} lengths, and of the last {ndim} none is None, since "
            f"subsampling leaves them open; given is {shape!r}"
        )
    spatial = [n if isinstance(n, int) else as_known(n) for n in lengths[-ndim:]]
    return [*lengths[:-ndim], *(None for _ in spatial)], spatial


def gradient_of_inputs(
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
    """The gradient by the input, of the gradient of the output and filters."""
    (g, w), dtype = numbers(name, *given)
    check_rank(name, "a gradient of the output", g, ndim + 2, AXES[ndim])
    check_rank(name, "filters", w, ndim + 2 + (ndim if unshared else 0))
    word = "output_shape" if name.endswith("transpose") else "input_shape"
    shape, lengths = _split_shape(name, word, shapes[0], ndim + 2, ndim)
    w = with_shape(name, "filter_shape", w, shapes[1])
    kernel = w.type.shape[-ndim:]
    geometry = read_geometry(name, kernel, border_mode, subsample, filter_dilation, num_groups)
    w = flipped(w, ndim, filter_flip)
    if unshared:
        found = locally_connected_inputs(g, w, geometry, lengths)
    else:
        found = ConvGradInputs(geometry)(g, w, *lengths)
    return with_shape(name, word, cast(found, dtype), shape)  # type: ignore[no-any-return]


def gradient_of_filters(
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
    """The gradient by the filters, of the input and the gradient of the output."""
    (x, g), dtype = numbers(name, *given)
    check_rank(name, "an input", x, ndim + 2, AXES[ndim])
    check_rank(name, "a gradient of the output", g, ndim + 2, AXES[ndim])
    x = with_shape(name, "input_shape", x, shapes[0])
    rank = ndim + 2 + (ndim if unshared else 0)
    shape, lengths = _split_shape(name, "filter_shape", shapes[1], rank, ndim)
    kernel = [n if isinstance(n, int) else None for n in lengths]
    geometry = read_geometry(name, kernel, border_mode, subsample, filter_dilation, num_groups)
    if unshared:
        found = locally_connected_filters(x, g, geometry, lengths)
    else:
        found = ConvGradWeights(geometry)(x, g, *lengths)
    found = with_shape(name, "filter_shape", flipped(found, ndim, filter_flip), shape)
    return cast(found, dtype)


def conv2d_grad_wrt_inputs(
    output_grad: Any,
    filters: Any,
    input_shape: Any,
    filter_shape: Any = None,
    border_mode: Any = "valid",
    subsample: Any = (1, 1),
    filter_flip: bool = True,
    filter_dilation: Any = (1, 1),
    num_groups: int = 1,
    unshared: bool = False,
) -> TensorVariable:
    """The gradient of `conv2d` by its input.

    Parameters
    ----------
    output_grad : tensor_like
        What is known of the output: (images, filters, rows, columns).
    filters : tensor_like
        As those of `conv2d`.
    input_shape : sequence
        The shape of the input. The first two lengths may be None; the others are ints or 0-d
        integer variables.
    filter_shape, border_mode, subsample, filter_flip, filter_dilation, num_groups, unshared
        As those of `conv2d`.
    """
    return gradient_of_inputs(
        "conv2d_grad_wrt_inputs",
        2,
        (output_grad, filters),
        (input_shape, filter_shape),
        *(border_mode, subsample, filter_flip, filter_dilation, num_groups, unshared),
    )


def conv3d_grad_wrt_inputs(
    output_grad: Any,
    filters: Any,
    input_shape: Any,
    filter_shape: Any = None,
    border_mode: Any = "valid",
    subsample: Any = (1, 1, 1),
    filter_flip: bool = True,
    filter_dilation: Any = (1, 1, 1),
    num_groups: int = 1,
) -> TensorVariable:
    """The gradient of `conv3d` by its input; see `conv2d_grad_wrt_inputs`."""
    return gradient_of_inputs(
        "conv3d_grad_wrt_inputs",
        3,
        (output_grad, filters),
        (input_shape, filter_shape),
        *(border_mode, subsample, filter_flip, filter_dilation, num_groups),
    )


def conv2d_grad_wrt_weights(
    input: Any,
    output_grad: Any,
    filter_shape: Any,
    input_shape: Any = None,
    border_mode: Any = "valid",
    subsample: Any = (1, 1),
    filter_flip: bool = True,
    filter_dilation: Any = (1, 1),
    num_groups: int = 1,
    unshared: bool = False,
) -> TensorVariable:
    """The gradient of `conv2d` by its filters.

    Parameters
    ----------
    input : tensor_like
        As that of `conv2d`.
    output_grad : tensor_like
        What is known of the output: (images, filters, rows, columns).
    filter_shape : sequence
        The shape of the filters. The last two lengths are ints or 0-d integer variables; the
        others may be None.
    input_shape, border_mode, subsample, filter_flip, filter_dilation, num_groups, unshared
        As those of `conv2d`.
    """
    return gradient_of_filters(
        "conv2d_grad_wrt_weights",
        2,
        (input, output_grad),
        (input_shape, filter_shape),
        *(border_mode, subsample, filter_flip, filter_dilation, num_groups, unshared),
    )


def conv3d_grad_wrt_weights(
    input: Any,
    output_grad: Any,
    filter_shape: Any,
    input_shape: Any = None,
    border_mode: Any = "valid",
    subsample: Any = (1, 1, 1),
    filter_flip: bool = True,
    filter_dilation: Any = (1, 1, 1),
    num_groups: int = 1,
) -> TensorVariable:
    """The gradient of `conv3d` by its filters; see `conv2d_grad_wrt_weights`."""
    return gradient_of_filters(
        "conv3d_grad_wrt_weights",
        3,
        (input, output_grad),
        (input_shape, filter_shape),
        *(border_mode, subsample, filter_flip, filter_dilation, num_groups),
    )


def conv1d_transpose(
    input: Any,
    filters: Any,
    output_shape: Any,
    filter_shape: Any = None,
    border_mode: Any = "valid",
    input_dilation: Any = 1,
    filter_flip: bool = True,
    filter_dilation: Any = 1,
    num_groups: int = 1,
) -> TensorVariable:
    """The transposed convolution of a batch of series with filters; see `conv2d_transpose`."""
    return gradient_of_inputs(
        "conv1d_transpose",
        1,
        (input, filters),
        (output_shape, filter_shape),
        *(border_mode, input_dilation, filter_flip, filter_dilation, num_groups),
    )


def conv2d_transpose(
    input: Any,
    filters: Any,
    output_shape: Any,
    filter_shape: Any = None,
    border_mode: Any = "valid",
    input_dilation: Any = (1, 1),
    filter_flip: bool = True,
    filter_dilation: Any = (1, 1),
    num_groups: int = 1,
    unshared: bool = False,
) -> TensorVariable:
    """The transposed convolution of a batch of images with filters: what widens them.

    Parameters
    ----------
    input : tensor_like
        Of shape (images, input channels, rows, columns).
    filters : tensor_like
        Of shape (input channels, output channels / num_groups, rows, columns).
    output_shape : sequence
        The shape of the result: images and output channels, which may be None, rows and columns.
        It is told since a stride leaves it open: of stride s there are s lengths that
        a convolution takes to the length of the input.
    filter_shape : sequence of int or None, optional
        What is known of the shape of the filters.
    border_mode
        As that of `conv2d`; here elements are cut off instead of zeros added.
    input_dilation : tuple of int
        The distance in the result of what two elements of the input are spread from.
    filter_flip, filter_dilation, num_groups, unshared
        As those of `conv2d`, whose gradient by its input this is.
    """
    return gradient_of_inputs(
        "conv2d_transpose",
        2,
        (input, filters),
        (output_shape, filter_shape),
        *(border_mode, input_dilation, filter_flip, filter_dilation, num_groups, unshared),
    )


def conv3d_transpose(
    input: Any,
    filters: Any,
    output_shape: Any,
    filter_shape: Any = None,
    border_mode: Any = "valid",
    input_dilation: Any = (1, 1, 1),
    filter_flip: bool = True,
    filter_dilation: Any = (1, 1, 1),
    num_groups: int = 1,
) -> TensorVariable:
    """The transposed convolution of a batch of volumes with filters; see `conv2d_transpose`."""
    return gradient_of_inputs(
        "conv3d_transpose",
        3,
        (input, filters),
        (output_shape, filter_shape),
        *(border_mode, input_dilation, filter_flip, filter_dilation, num_groups),
    )
