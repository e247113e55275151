"""Tensors made from lengths and numbers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from .. import dtype as dtypes
from ..conversion import as_tensor, constant_int, is_python_number
from ..elementwise import cast
from ..errors import DtypeError, ShapeError, describe
from ..op import Op, Storage
from ..type import TensorType
from ..variable import Apply
from . import math as tm
from .shape import as_lengths, shape_i

if TYPE_CHECKING:
    from ..tensor import TensorVariable


class Alloc(Op):
    """A tensor of given lengths, filled with a value that broadcasts to them.

    ``Alloc()(value, n0, n1, ...)``.
    """

    __props__ = ()

    def make_node(self, value: Any, *lengths: Any) -> Apply:
        """Check what is known of the value's shape against the lengths."""
        value = as_tensor(value)
        sizes = as_lengths("alloc", list(lengths))
        if value.ndim > len(sizes):
            raise ShapeError(
                f"alloc: {describe(value)} has a higher rank than the {len(sizes)} lengths given"
            )
        known = [constant_int(n) for n in sizes]
        if any(n is not None and n < 0 for n in known):
            raise ShapeError(f"alloc: a length cannot be negative: {known}")
        for a in range(-value.ndim, 0):
            n, m = value.type.shape[a], known[a]
            if n is not None and m is not None and n not in (1, m):
                raise ShapeError(f"alloc: axis {a} of {describe(value)} cannot fill the length {m}")
        return Apply(self, [value, *sizes], [TensorType(value.type.dtype, known)()])

    def perform(self, node: Apply, inputs: Sequence[Any], output_storage: Storage) -> None:
        value, *sizes = inputs
        shape = tuple(int(n) for n in sizes)
        static = node.inputs[0].type.shape  # type: ignore[attr-defined]
        for a in range(-value.ndim, 0):
            if static[a] != 1 and value.shape[a] != shape[a]:
                raise ShapeError(
                    f"alloc: a value of shape {value.shape} cannot fill the shape {shape}"
                )
        if any(n < 0 for n in shape):
            raise ShapeError(f"alloc: a length cannot be negative: {shape}")
        out = np.empty(shape, dtype=value.dtype)
        out[...] = value
        output_storage[0][0] = out

    def infer_shape(self, node: Apply, input_shapes: Sequence[Sequence[Any]]) -> list[Any]:
        return [tuple(node.inputs[1:])]


def alloc(value: Any, *shape: Any) -> TensorVariable:
    """A tensor of lengths ``shape`` filled with ``value``."""
    if len(shape) == 1 and isinstance(shape[0], (list, tuple)):
        shape = tuple(shape[0])
    return Alloc()(value, *shape)  # type: ignore[no-any-return]


def full(shape: Any, value: Any, dtype: str | None = None) -> TensorVariable:
    """A tensor of lengths ``shape`` filled with ``value``."""
    value = as_tensor(value) if dtype is None else cast(value, dtype)
    return _filled("full", shape, value)


def _filled(name: str, shape: Any, value: Any) -> TensorVariable:
    lengths = as_lengths(name, shape)
    known = [constant_int(n) for n in lengths]
    if any(n is not None and n < 0 for n in known):
        raise ShapeError(f"{name}: a length cannot be negative: {known}")
    return Alloc()(value, *lengths)  # type: ignore[no-any-return]


def zeros(shape: Any, dtype: str | None = None) -> TensorVariable:
    """Zeros; ``shape`` may mix ints and symbolic scalars, or be an integer vector.

    The dtype defaults to ``floatX``.
    """
    return _filled("zeros", shape, as_tensor(np.zeros((), dtypes.check(dtype or "floatX"))))


def ones(shape: Any, dtype: str | None = None) -> TensorVariable:
    """Ones; see `zeros`."""
    return _filled("ones", shape, as_tensor(np.ones((), dtypes.check(dtype or "floatX"))))


def full_like(x: Any, value: Any, dtype: str | None = None) -> TensorVariable:
    """A tensor of the shape of ``x`` filled with ``value``; only the shape of ``x`` is used."""
    x = as_tensor(x)
    wanted = dtypes.check(dtype) if dtype is not None else x.type.dtype
    value = (
        as_tensor(np.asarray(value, dtype=wanted))
        if is_python_number(value)
        else cast(value, wanted)
    )
    return value if x.ndim == 0 else Alloc()(value, *(shape_i(x, i) for i in range(x.ndim)))  # type: ignore[no-any-return]


def zeros_like(x: Any, dtype: str | None = None) -> TensorVariable:
    """Zeros of the shape (and dtype) of ``x``."""
    return full_like(x, 0, dtype)


def ones_like(x: Any, dtype: str | None = None) -> TensorVariable:
    """Ones of the shape (and dtype) of ``x``."""
    return full_like(x, 1, dtype)


class Arange(Op):
    """``start, start + step, ...`` below (or, for a negative step, above) ``stop``."""

    __props__ = ("dtype",)

    def __init__(self, dtype: str) -> None:
        self.dtype = dtype

    def make_node(self, start: Any, stop: Any, step: Any) -> Apply:
        """Cast the three scalars to the dtype of the result."""
        inputs = [cast(v, self.dtype) for v in (start, stop, step)]
        for v in inputs:
            if v.ndim:
                raise ShapeError(f"arange takes scalars, and got {describe(v)}")
        known = [constant_int(v) for v in inputs]
        length = None if None in known or known[2] == 0 else len(range(*known))  # type: ignore[arg-type]
        return Apply(self, inputs, [TensorType(self.dtype, (length,))()])

    def perform(self, node: Apply, inputs: Sequence[Any], output_storage: Storage) -> None:
        # Python numbers: the length is then found in float64, as infer_shape and C find it.
        start, stop, step = (np.asarray(v).item() for v in inputs)
        if step == 0:
            raise ValueError("arange: the step cannot be zero")
        output_storage[0][0] = np.arange(start, stop, step, dtype=self.dtype)

    def infer_shape(self, node: Apply, input_shapes: Sequence[Sequence[Any]]) -> list[Any] | None:
        start, stop, step = node.inputs
        if not dtypes.is_discrete(self.dtype):
            span = tm.sub(cast(stop, "float64"), cast(start, "float64"))
            length = tm.ceil(tm.true_div(span, cast(step, "float64")))
        elif constant_int(step) == 1:
            length = tm.sub(cast(stop, "int64"), cast(start, "int64"))
        else:
            span = tm.sub(cast(stop, "int64"), cast(start, "int64"))
            length = tm.neg(tm.int_div(tm.neg(span), cast(step, "int64")))
        return [(cast(tm.maximum(length, 0), "int64"),)]


def arange(start: Any, stop: Any = None, step: Any = 1, dtype: str | None = None) -> TensorVariable:
    """Evenly spaced numbers, as `numpy.arange`.

    Integers give int64 (or uint64) unless ``dtype`` says otherwise.
    """
    if stop is None:
        start, stop = 0, start
    if dtype is None:
        strong = [as_tensor(v).type.dtype for v in (start, stop, step) if not is_python_number(v)]
        common = dtypes.upcast(*strong) if strong else None
        dtype = dtypes.upcast(
            *strong, *(dtypes.weak(v, common) for v in (start, stop, step) if is_python_number(v))
        )
        if dtypes.is_discrete(dtype):
            dtype = "uint64" if dtype.startswith("uint") else "int64"
    dtype = dtypes.check(dtype)
    if dtypes.is_complex(dtype):
        raise DtypeError(f"arange: the dtype cannot be {dtype}")
    return Arange(dtype)(start, stop, step)  # type: ignore[no-any-return]


class Eye(Op):
    """Ones on diagonal ``k`` of an n by m matrix, zeros elsewhere."""

    __props__ = ("dtype",)

    def __init__(self, dtype: str) -> None:
        self.dtype = dtype

    def make_node(self, n: Any, m: Any, k: Any) -> Apply:
        """The lengths and the diagonal are 0-d integers."""
        inputs = as_lengths("eye", [n, m, k])
        return Apply(
            self,
            inputs,
            [TensorType(self.dtype, (constant_int(inputs[0]), constant_int(inputs[1])))()],
        )

    def perform(self, node: Apply, inputs: Sequence[Any], output_storage: Storage) -> None:
        n, m, k = (int(v) for v in inputs)
        output_storage[0][0] = np.eye(n, m, k, dtype=self.dtype)

    def infer_shape(self, node: Apply, input_shapes: Sequence[Sequence[Any]]) -> list[Any]:
        return [tuple(node.inputs[:2])]


def eye(n: Any, m: Any = None, k: Any = 0, dtype: str | None = None) -> TensorVariable:
    """Ones on diagonal ``k``, zeros elsewhere; square unless ``m`` is given."""
    return Eye(dtypes.check(dtype or "floatX"))(n, n if m is None else m, k)  # type: ignore[no-any-return]


def identity_like(x: Any) -> TensorVariable:
    """The identity matrix of the shape and dtype of ``x``."""
    x = as_tensor(x)
    return eye(shape_i(x, 0), shape_i(x, 1), dtype=x.type.dtype)
