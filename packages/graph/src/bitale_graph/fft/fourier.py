"""Discrete Fourier transforms, which NumPy computes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar, Literal

import numpy as np

from ..base import dtype as dtypes
from ..base.errors import DtypeError, ShapeError, describe
from ..core.graph import Apply, Storage
from ..ops import math as tm
from ..ops.creation import arange, zeros
from ..ops.index_value import as_index
from ..ops.join import concatenate
from ..ops.order import roll
from ..ops.reduction import normalize_axes
from ..ops.shape import shape_i
from ..tensor.array_type import Shape
from ..tensor.conversion import as_tensor, constant_int
from ..tensor.elementwise import cast
from ..tensor.op import TensorOp
from ..tensor.variable import TensorType, TensorVariable

Norm = Literal["backward", "ortho", "forward"]
# Which direction divides by the length, in that of a transform and in its transpose.
NORMS: dict[Norm, Norm] = {"backward": "forward", "ortho": "ortho", "forward": "backward"}
_COMPLEX = {"float32": "complex64", "float64": "complex128"}
_REAL = {"complex64": "float32", "complex128": "float64"}


def adjoint_norm(norm: Norm) -> Norm:
    """What divides the transpose of a transform as the transform itself."""
    return NORMS[norm]


class _Transform(TensorOp):
    """A transform along axes; the last of them is the one that is halved by symmetry.

    Parameters
    ----------
    axes : tuple of int
        Not negative, each once.
    norm : {"backward", "ortho", "forward"}
        Which direction divides by the number of elements; both by its root for "ortho".
    """

    keeps_nothing = True
    __props__: ClassVar[tuple[str, ...] | None] = ("axes", "norm")

    def __init__(self, axes: Sequence[int], norm: Norm = "backward") -> None:
        if norm not in NORMS:
            raise ValueError(f"fft: norm is one of {', '.join(map(repr, NORMS))}, not {norm!r}")
        self.axes = tuple(int(a) for a in axes)
        self.norm: Norm = norm

    def check(self, x: TensorVariable, ndim: int) -> None:
        """Raise `ShapeError` where an axis is missing."""
        if any(not 0 <= a < ndim for a in self.axes) or len(set(self.axes)) < len(self.axes):
            raise ShapeError(f"fft: there are no axes {self.axes} in\n  {describe(x)}")


class DFT(_Transform):
    """The transform of complex numbers, or its inverse."""

    __props__ = ("axes", "inverse", "norm")

    def __init__(self, axes: Sequence[int], inverse: bool = False, norm: Norm = "backward") -> None:
        super().__init__(axes, norm)
        self.inverse = bool(inverse)

    def make_node(self, x: Any) -> Apply:
        """Keep the shape; real numbers are taken as they are."""
        x = _as_numbers("fft", x)
        self.check(x, x.ndim)
        dtype = _COMPLEX.get(x.type.dtype, x.type.dtype)
        return Apply(self, [x], [TensorType(dtype, x.type.shape)()])

    def perform(self, node: Apply, inputs: Sequence[Any], output_storage: Storage) -> None:
        transform = np.fft.ifftn if self.inverse else np.fft.fftn
        with np.errstate(all="ignore"):
            found = transform(inputs[0], axes=self.axes, norm=self.norm)
        output_storage[0][0] = found.astype(node.outputs[0].type.dtype, copy=False)

    def infer_shape(self, node: Apply, input_shapes: Sequence[Sequence[Any]]) -> list[Any]:
        return [tuple(input_shapes[0])]


class RealDFT(_Transform):
    """The transform of real numbers: the half of it that tells the other one.

    Parameters
    ----------
    axes, norm
        As of the others.
    pairs : bool
        Whether the result is real, with real and imaginary parts in one more axis, the last.
    """

    __props__ = ("axes", "norm", "pairs")

    def __init__(self, axes: Sequence[int], norm: Norm = "backward", pairs: bool = False) -> None:
        super().__init__(axes, norm)
        self.pairs = bool(pairs)

    def make_node(self, x: Any) -> Apply:
        """Along the last of the axes there are half as many elements, and one."""
        x = _as_real("rfft", x)
        self.check(x, x.ndim)
        shape: Shape = x.type.shape
        last = self.axes[-1]
        n = shape[last]
        half = None if n is None else n // 2 + 1
        shape = (*shape[:last], half, *shape[last + 1 :])
        if self.pairs:
            return Apply(self, [x], [TensorType(x.type.dtype, (*shape, 2))()])
        return Apply(self, [x], [TensorType(_COMPLEX[x.type.dtype], shape)()])

    def perform(self, node: Apply, inputs: Sequence[Any], output_storage: Storage) -> None:
        (x,) = inputs
        if x.shape[self.axes[-1]] == 0:
            raise ValueError(f"rfft: there is no transform of no elements (shape {x.shape})")
        with np.errstate(all="ignore"):
            found = np.fft.rfftn(x, axes=self.axes, norm=self.norm)
        if self.pairs:
            found = np.ascontiguousarray(found).view(x.dtype).reshape(*found.shape, 2)
        output_storage[0][0] = found

    def infer_shape(self, node: Apply, input_shapes: Sequence[Sequence[Any]]) -> list[Any]:
        lengths = list(input_shapes[0])
        lengths[self.axes[-1]] = half_length(lengths[self.axes[-1]])
        return [(*lengths, as_tensor(np.int64(2))) if self.pairs else tuple(lengths)]


class RealInverseDFT(_Transform):
    """The inverse of `RealDFT`, from a half and the number of real elements along the last axis.

    Parameters
    ----------
    axes, norm
        As of the others.
    pairs : bool
        Whether the input has real and imaginary parts in one more axis, the last.
    """

    __props__ = ("axes", "norm", "pairs")

    def __init__(self, axes: Sequence[int], norm: Norm = "backward", pairs: bool = False) -> None:
        super().__init__(axes, norm)
        self.pairs = bool(pairs)

    def make_node(self, x: Any, n: Any) -> Apply:
        """The length along the last of the axes is ``n``."""
        x = _as_real("irfft", x) if self.pairs else _as_complex("irfft", x)
        n = as_index(n)
        self.check(x, x.ndim - self.pairs)
        if n.ndim:
            raise ShapeError(f"irfft: the length is 0-d\n  n  {describe(n)}")
        shape: Shape = x.type.shape
        if self.pairs:
            if shape[-1] not in (None, 2):
                raise ShapeError(
                    "irfft: real and imaginary parts are the last axis, of length 2\n"
                    f"  {describe(x)}"
                )
            shape = shape[:-1]
        last, known = self.axes[-1], constant_int(n)
        shape = (*shape[:last], known, *shape[last + 1 :])
        dtype = x.type.dtype if self.pairs else _REAL[x.type.dtype]
        return Apply(self, [x, n], [TensorType(dtype, shape)()])

    def perform(self, node: Apply, inputs: Sequence[Any], output_storage: Storage) -> None:
        x, n = inputs
        dtype = node.outputs[0].type.dtype
        if self.pairs:
            if x.shape[-1] != 2:
                raise ShapeError(
                    f"irfft: real and imaginary parts are the last axis, of length 2: {x.shape}"
                )
            x = np.ascontiguousarray(x).view(_COMPLEX[x.dtype.name])[..., 0]
        lengths = [x.shape[a] for a in self.axes]
        if n < 1 or lengths[-1] != n // 2 + 1:
            raise ShapeError(
                f"irfft: {n} elements along axis {self.axes[-1]} take {n // 2 + 1} of the "
                f"transform, which has the shape {x.shape}"
            )
        lengths[-1] = int(n)
        with np.errstate(all="ignore"):
            found = np.fft.irfftn(x, lengths, axes=self.axes, norm=self.norm)
        output_storage[0][0] = found.astype(dtype, copy=False)

    def infer_shape(self, node: Apply, input_shapes: Sequence[Sequence[Any]]) -> list[Any]:
        shape = list(input_shapes[0][:-1] if self.pairs else input_shapes[0])
        shape[self.axes[-1]] = node.inputs[1]
        return [tuple(shape)]


def half_length(n: Any) -> TensorVariable:
    """How many elements the transform of ``n`` real numbers has that tell the others."""
    found: TensorVariable = tm.add(tm.int_div(n, 2), 1)
    return found


def _as_real(name: str, x: Any) -> TensorVariable:
    given = as_tensor(x)
    numbers = cast(given, dtypes.quotient(given.type.dtype))
    if numbers.type.dtype not in _COMPLEX:
        raise DtypeError(f"{name} takes real numbers in float32 or float64\n  {describe(given)}")
    return numbers


def _as_numbers(name: str, x: Any) -> TensorVariable:
    x = as_tensor(x)
    return x if x.type.dtype in _REAL else _as_real(name, x)


def _as_complex(name: str, x: Any) -> TensorVariable:
    numbers = _as_numbers(name, x)
    return cast(numbers, _COMPLEX.get(numbers.type.dtype, numbers.type.dtype))


_THEANO: dict[Any, tuple[Norm, Norm]] = {
    None: ("backward", "backward"),
    "ortho": ("ortho", "ortho"),
    "no_norm": ("backward", "forward"),
    "no norm": ("backward", "forward"),
}


def _norms(norm: Any) -> tuple[Norm, Norm]:
    """How the transform and its inverse divide, by Theano's name."""
    if norm not in _THEANO:
        raise ValueError(f"fft: norm is None, 'ortho' or 'no_norm', not {norm!r}")
    return _THEANO[norm]


def rfft(inp: Any, norm: str | None = None) -> TensorVariable:
    """The Fourier transform of each row of real numbers, in Theano's form.

    Parameters
    ----------
    inp : tensor_like
        Of shape (m, ..., n): m tensors that are transformed along all of their axes.
    norm : {None, "ortho", "no_norm"}
        Whether the transform is divided by the root of the number of elements ("ortho"), or not.

    Returns
    -------
    TensorVariable
        Of shape (m, ..., n // 2 + 1, 2): the half that tells the other one, with real and imaginary
        parts in the last axis.
    """
    x = _as_real("rfft", inp)
    if x.ndim < 2:
        raise ShapeError(f"rfft takes tensors of rank 2 or more: rows first\n  {describe(x)}")
    return RealDFT(range(1, x.ndim), _norms(norm)[0], pairs=True)(x)


def irfft(inp: Any, norm: str | None = None, is_odd: bool = False) -> TensorVariable:
    """The inverse of `rfft`, in Theano's form.

    Parameters
    ----------
    inp : tensor_like
        Of shape (m, ..., n // 2 + 1, 2), as `rfft` gives it.
    norm : {None, "ortho", "no_norm"}
        Whether it is divided by the number of elements, by its root, or not.
    is_odd : bool
        Whether the last length n of the result is odd.

    Returns
    -------
    TensorVariable
        Of shape (m, ..., n), real.
    """
    if is_odd not in (True, False):
        raise ValueError(f"irfft: is_odd is a truth value, not {is_odd!r}")
    x = _as_real("irfft", inp)
    if x.ndim < 3:
        raise ShapeError(
            f"irfft takes tensors of rank 3 or more: rows first, parts last\n  {describe(x)}"
        )
    n = tm.add(tm.mul(tm.sub(shape_i(x, -2), 1), 2), int(is_odd))
    return RealInverseDFT(range(1, x.ndim - 1), _norms(norm)[1], pairs=True)(x, n)


def _axes(name: str, x: Any, s: Any, axes: Any) -> tuple[int, ...]:
    """The axes of NumPy's arguments: the last ones of ``s``, or all."""
    if axes is None:
        count = x.ndim if s is None else len(s)
        axes = range(x.ndim - count, x.ndim) if count <= x.ndim else range(-count, 0)
    given = [axes] if isinstance(axes, (int, np.integer)) else list(axes)
    normalize_axes(name, given, x)
    if s is not None and len(s) != len(given):
        raise ValueError(f"{name}: there are {len(s)} lengths for {len(given)} axes")
    return tuple(int(a) % x.ndim for a in given)


def _of_length(x: Any, n: Any, axis: int) -> TensorVariable:
    """The first ``n`` along an axis, with zeros behind what is there."""
    length = shape_i(x, axis)
    known, wanted = constant_int(length), constant_int(as_tensor(n))
    if wanted is not None and wanted < 1:
        raise ValueError(f"fft: a length is at least 1, and one is {wanted}")
    if known is not None and known == wanted:
        return x  # type: ignore[no-any-return]  # a tensor
    cut = x[(slice(None),) * axis + (slice(None, n),)]
    if known is not None and wanted is not None and wanted < known:
        return cut  # type: ignore[no-any-return]  # a tensor
    missing = tm.maximum(tm.sub(n, length), 0)
    lengths = [missing if a == axis else shape_i(x, a) for a in range(x.ndim)]
    return concatenate([cut, zeros(lengths, dtype=x.type.dtype)], axis)


def _resized(x: Any, s: Any, axes: Sequence[int]) -> TensorVariable:
    for n, axis in zip(s or [None] * len(axes), axes, strict=True):
        if n is not None and n != -1:
            x = _of_length(x, n, axis)
    return x  # type: ignore[no-any-return]  # a tensor


def _norm_of(norm: Any) -> Norm:
    if norm not in (None, *NORMS):
        raise ValueError(f"fft: norm is one of {', '.join(map(repr, NORMS))}, not {norm!r}")
    found: Norm = norm or "backward"
    return found


def fftn(a: Any, s: Any = None, axes: Any = None, norm: Any = None) -> TensorVariable:
    """The Fourier transform along axes, as `numpy.fft.fftn`; complex.

    Parameters
    ----------
    a : tensor_like
    s : sequence of ints or 0-d integer variables, optional
        Lengths along ``axes`` to cut to, or to fill up to with zeros.
    axes : sequence of ints, optional
        By default the last ones that ``s`` has lengths of, or all.
    norm : {"backward", "ortho", "forward"}, optional
        Which direction divides by the number of elements; both by its root for "ortho".
    """
    x = _as_numbers("fftn", a)
    places = _axes("fftn", x, s, axes)
    return DFT(places, False, _norm_of(norm))(_resized(x, s, places))


def ifftn(a: Any, s: Any = None, axes: Any = None, norm: Any = None) -> TensorVariable:
    """The inverse of `fftn`, as `numpy.fft.ifftn`."""
    x = _as_numbers("ifftn", a)
    places = _axes("ifftn", x, s, axes)
    return DFT(places, True, _norm_of(norm))(_resized(x, s, places))


def rfftn(a: Any, s: Any = None, axes: Any = None, norm: Any = None) -> TensorVariable:
    """The half of the transform of real numbers that tells the other, as `numpy.fft.rfftn`."""
    x = _as_real("rfftn", a)
    places = _axes("rfftn", x, s, axes)
    return RealDFT(places, _norm_of(norm))(_resized(x, s, places))


def irfftn(a: Any, s: Any = None, axes: Any = None, norm: Any = None) -> TensorVariable:
    """The inverse of `rfftn`, as `numpy.fft.irfftn`; an even length, unless ``s`` tells it."""
    x = _as_complex("irfftn", a)
    places = _axes("irfftn", x, s, axes)
    n = None if s is None else s[-1]
    if n is None or (isinstance(n, int) and n == -1):
        n = tm.mul(tm.sub(shape_i(x, places[-1]), 1), 2)
    else:
        s = [*s[:-1], half_length(n)]
    return RealInverseDFT(places, _norm_of(norm))(_resized(x, s, places), n)


def fft(a: Any, n: Any = None, axis: int = -1, norm: Any = None) -> TensorVariable:
    """The Fourier transform along one axis, as `numpy.fft.fft`; complex."""
    return fftn(a, None if n is None else [n], [axis], norm)


def ifft(a: Any, n: Any = None, axis: int = -1, norm: Any = None) -> TensorVariable:
    """The inverse of `fft`, as `numpy.fft.ifft`."""
    return ifftn(a, None if n is None else [n], [axis], norm)


def fft2(a: Any, s: Any = None, axes: Any = (-2, -1), norm: Any = None) -> TensorVariable:
    """The Fourier transform along two axes, as `numpy.fft.fft2`; complex."""
    return fftn(a, s, axes, norm)


def ifft2(a: Any, s: Any = None, axes: Any = (-2, -1), norm: Any = None) -> TensorVariable:
    """The inverse of `fft2`, as `numpy.fft.ifft2`."""
    return ifftn(a, s, axes, norm)


def rfft2(a: Any, s: Any = None, axes: Any = (-2, -1), norm: Any = None) -> TensorVariable:
    """`rfftn` along two axes, as `numpy.fft.rfft2`."""
    return rfftn(a, s, axes, norm)


def irfft2(a: Any, s: Any = None, axes: Any = (-2, -1), norm: Any = None) -> TensorVariable:
    """The inverse of `rfft2`, as `numpy.fft.irfft2`."""
    return irfftn(a, s, axes, norm)


def fftshift(x: Any, axes: Any = None) -> TensorVariable:
    """The zero frequency in the middle of each axis, as `numpy.fft.fftshift`."""
    shifted = as_tensor(x)
    for axis in normalize_axes("fftshift", axes, shifted):
        shifted = roll(shifted, tm.int_div(shape_i(shifted, axis), 2), axis)
    return shifted


def ifftshift(x: Any, axes: Any = None) -> TensorVariable:
    """The inverse of `fftshift`."""
    shifted = as_tensor(x)
    for axis in normalize_axes("ifftshift", axes, shifted):
        shifted = roll(shifted, tm.neg(tm.int_div(shape_i(shifted, axis), 2)), axis)
    return shifted


def fftfreq(n: Any, d: Any = 1.0) -> TensorVariable:
    """The frequencies of the elements of a transform of ``n`` at distances ``d``."""
    places = arange(n)
    half = tm.int_div(tm.add(n, 1), 2)
    signed = cast(tm.switch(tm.lt(places, half), places, tm.sub(places, n)), "float64")
    found: TensorVariable = tm.true_div(signed, tm.mul(cast(as_tensor(n), "float64"), d))
    return found


def rfftfreq(n: Any, d: Any = 1.0) -> TensorVariable:
    """The frequencies of the half that `rfftn` gives."""
    places = cast(arange(half_length(as_tensor(n))), "float64")
    found: TensorVariable = tm.true_div(places, tm.mul(cast(as_tensor(n), "float64"), d))
    return found
