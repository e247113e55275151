"""Tensors made from lengths and numbers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..base import dtype as dtypes
from ..base.errors import DtypeError, ShapeError, describe
from ..core.graph import Apply, Constant, Storage, Variable
from ..ops import math as tm
from ..tensor.conversion import as_tensor, constant_int, is_python_number
from ..tensor.elementwise import cast
from ..tensor.op import TensorOp
from ..tensor.variable import TensorType, TensorVariable
from .shape import MakeVector, as_lengths, lengths_of, shape_i


class Alloc(TensorOp):
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
        static = node.inputs[0].type.shape
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
    return Alloc()(value, *shape)


def full(shape: Any, value: Any, dtype: str | None = None) -> TensorVariable:
    """A tensor of lengths ``shape`` filled with ``value``."""
    value = as_tensor(value) if dtype is None else cast(value, dtype)
    return _filled("full", shape, value)


def _filled(name: str, shape: Any, value: Any) -> TensorVariable:
    lengths = as_lengths(name, shape)
    known = [constant_int(n) for n in lengths]
    if any(n is not None and n < 0 for n in known):
        raise ShapeError(f"{name}: a length cannot be negative: {known}")
    return Alloc()(value, *lengths)


def zeros(shape: Any, dtype: str | None = None) -> TensorVariable:
    """Zeros; ``shape`` may mix ints and symbolic scalars, or be an integer vector.

    The dtype defaults to ``floatX``.
    """
    return _filled("zeros", shape, as_tensor(np.zeros((), _wanted("zeros", shape, dtype))))


def ones(shape: Any, dtype: str | None = None) -> TensorVariable:
    """Ones; see `zeros`."""
    return _filled("ones", shape, as_tensor(np.ones((), _wanted("ones", shape, dtype))))


def _wanted(name: str, shape: Any, dtype: Any) -> str:
    if isinstance(dtype, (int, Variable)):
        raise TypeError(
            f"{name} takes the shape as one tuple, {name}(({shape}, {dtype})), and then the dtype"
        )
    return dtypes.check(dtype or "floatX")


def full_like(x: Any, value: Any, dtype: str | None = None) -> TensorVariable:
    """A tensor of the shape of ``x`` filled with ``value``; only the shape of ``x`` is used.

    It depends on ``x`` even where that shape is known.
    """
    x = as_tensor(x)
    wanted = dtypes.check(dtype) if dtype is not None else x.type.dtype
    value = (
        as_tensor(np.asarray(value, dtype=wanted))
        if is_python_number(value)
        else cast(value, wanted)
    )
    lengths = [shape_i(x, i) for i in range(x.ndim)]
    filled: TensorVariable = Alloc()(value, *lengths) if lengths or value.ndim else value
    if None in x.type.shape or isinstance(x, Constant):
        return filled
    return tm.second(x, value)


def zeros_like(x: Any, dtype: str | None = None, opt: bool = False) -> TensorVariable:
    """Zeros of the shape (and dtype) of ``x``; ``opt`` is Theano's, and changes nothing."""
    return full_like(x, 0, dtype)


def ones_like(x: Any, dtype: str | None = None, opt: bool = False) -> TensorVariable:
    """Ones of the shape (and dtype) of ``x``; see `zeros_like`."""
    return full_like(x, 1, dtype)


class AllocEmpty(TensorOp):
    """A tensor of given lengths that nobody has written to: ``AllocEmpty(dtype)(n0, n1, ...)``.

    Its elements may be any numbers, others at each call.
    """

    __props__ = ("dtype",)

    def __init__(self, dtype: str) -> None:
        self.dtype = dtypes.check(dtype)

    def make_node(self, *lengths: Any) -> Apply:
        """Check the lengths that are known."""
        sizes = as_lengths("empty", list(lengths))
        known = [constant_int(n) for n in sizes]
        if any(n is not None and n < 0 for n in known):
            raise ShapeError(f"empty: a length cannot be negative: {known}")
        return Apply(self, sizes, [TensorType(self.dtype, known)()])

    def perform(self, node: Apply, inputs: Sequence[Any], output_storage: Storage) -> None:
        shape = tuple(int(n) for n in inputs)
        if any(n < 0 for n in shape):
            raise ShapeError(f"empty: a length cannot be negative: {shape}")
        output_storage[0][0] = np.empty(shape, self.dtype)

    def infer_shape(self, node: Apply, input_shapes: Sequence[Sequence[Any]]) -> list[Any]:
        return [tuple(node.inputs)]

    def do_constant_folding(self, fgraph: Any, node: Apply) -> bool:
        """Nothing is known of the numbers."""
        return False


def empty(shape: Any, dtype: str | None = None) -> TensorVariable:
    """A tensor that is to be written to; until then its elements may be any numbers.

    ``shape`` and ``dtype`` are as those of `zeros`.
    """
    return AllocEmpty(dtype or "floatX")(*as_lengths("empty", shape))


def empty_like(x: Any, dtype: str | None = None) -> TensorVariable:
    """A tensor of the shape (and dtype) of ``x``; see `empty`."""
    x = as_tensor(x)
    return empty([shape_i(x, a) for a in range(x.ndim)], dtype or x.type.dtype)


class Arange(TensorOp):
    """``start, start + step, ...`` below (or, for a negative step, above) ``stop``.

    The number of elements is found in the dtype of the inputs, as NumPy finds it.
    """

    __props__ = ("dtype",)

    def __init__(self, dtype: str) -> None:
        self.dtype = dtype

    def make_node(self, start: Any, stop: Any, step: Any) -> Apply:
        """Cast the three scalars to one dtype: a float, int64 or uint64."""
        given = [as_tensor(v) for v in (start, stop, step)]
        for v in given:
            if v.ndim:
                raise ShapeError(f"arange takes scalars, and got {describe(v)}")
        common = dtypes.upcast(*(v.type.dtype for v in given))
        if dtypes.is_discrete(common):
            common = "uint64" if self.dtype == "uint64" else "int64"
        inputs = [cast(v, common) for v in given]
        known = [n for v in inputs if (n := constant_int(v)) is not None]
        length = len(range(*known)) if len(known) == 3 and known[2] else None
        return Apply(self, inputs, [TensorType(self.dtype, (length,))()])

    def perform(self, node: Apply, inputs: Sequence[Any], output_storage: Storage) -> None:
        start: Any
        stop: Any
        step: Any
        start, stop, step = (np.asarray(v)[()] for v in inputs)
        if step == 0:
            raise ValueError("arange: the step cannot be zero")
        if start.dtype.kind in "iu":
            # Python numbers: the distance of two int64 may be none.
            start, stop, step = int(start), int(stop), int(step)
            if not range(start, stop, step):
                stop = start
        with np.errstate(all="ignore"):
            output_storage[0][0] = np.arange(start, stop, step, dtype=self.dtype)

    def infer_shape(self, node: Apply, input_shapes: Sequence[Sequence[Any]]) -> list[Any] | None:
        start, stop, step = node.inputs
        if not dtypes.is_discrete(start.type.dtype):
            length = tm.ceil(tm.true_div(tm.sub(stop, start), step))
            return [(cast(tm.maximum(length, 0), "int64"),)]
        if constant_int(step) == 1 and constant_int(start) == 0:
            return [(cast(tm.maximum(cast(stop, "int64"), 0), "int64"),)]
        one, whole = cast(step, "int64"), "uint64"
        up, down = tm.lt(start, stop), tm.lt(stop, start)
        # The distance may be any uint64, and wraps to it.
        distance = tm.sub(cast(stop, whole), cast(start, whole))
        stride = cast(one, whole)
        forward, back = tm.gt(one, 0), tm.lt(one, 0)
        length = tm.int_div(
            tm.sub(tm.switch(forward, distance, tm.neg(distance)), np.uint64(1)),
            tm.maximum(tm.switch(forward, stride, tm.neg(stride)), np.uint64(1)),
        )
        some = tm.or_(tm.and_(forward, up), tm.and_(back, down))
        return [(tm.switch(some, tm.add(cast(length, "int64"), 1), 0),)]


class ArangeLength(TensorOp):
    """How many numbers an `Arange` of three int64 has."""

    __props__ = ()

    def make_node(self, start: Any, stop: Any, step: Any) -> Apply:
        """Take what an `Arange` has as inputs."""
        return Apply(self, [start, stop, step], [TensorType("int64", ())()])

    def perform(self, node: Apply, inputs: Sequence[Any], output_storage: Storage) -> None:
        start, stop, step = (int(v) for v in inputs)
        if step == 0:
            raise ValueError("arange: the step cannot be zero")
        output_storage[0][0] = np.asarray(len(range(start, stop, step)), "int64")

    def infer_shape(self, node: Apply, input_shapes: Sequence[Sequence[Any]]) -> list[Any]:
        return [()]


def arange(start: Any, stop: Any = None, step: Any = 1, dtype: str | None = None) -> TensorVariable:
    """Evenly spaced numbers, as `numpy.arange`.

    Integers give int64 (or, where none is signed or negative, uint64) unless ``dtype`` says
    otherwise. The number of elements is found in the dtype of the numbers given, and in float64 for
    Python's own.
    """
    if stop is None:
        start, stop = 0, start
    given = (start, stop, step)
    strong = [as_tensor(v).type.dtype for v in given if not is_python_number(v)]
    common = dtypes.upcast(*strong) if strong else None
    weak = [v for v in given if is_python_number(v)]
    if dtype is None:
        # Without a tensor beside them, numbers with a float among them are floatX.
        numbers = [v for v in weak if isinstance(v, float)] if not strong else weak
        dtype = dtypes.upcast(*strong, *(_dtype_beside(v, common) for v in numbers or weak))
        if dtypes.is_discrete(dtype):
            dtype = "uint64" if dtype.startswith("uint") else "int64"
    dtype = dtypes.check(dtype)
    if dtypes.is_complex(dtype):
        raise DtypeError(f"arange: the dtype cannot be {dtype}")
    exact = common if common is not None and not dtypes.is_discrete(common) else "float64"
    inputs = [
        np.asarray(v, exact if isinstance(v, float) else _dtype_beside(v, common))
        if is_python_number(v)
        else v
        for v in given
    ]
    return Arange(dtype)(*inputs)


def _dtype_beside(number: Any, common: str | None) -> str:
    """The dtype of a Python number beside others; an integer that theirs lacks keeps its own."""
    if isinstance(number, int) and common is not None and dtypes.is_discrete(common):
        info = np.iinfo("int64" if common == "bool" else common)
        if not info.min <= number <= info.max:
            return str(np.min_scalar_type(number))
    return dtypes.weak(number, common)


class Eye(TensorOp):
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
    return Eye(dtypes.check(dtype or "floatX"))(n, n if m is None else m, k)


def identity(n: Any, dtype: str | None = None) -> TensorVariable:
    """The identity matrix with ``n`` rows."""
    return eye(n, dtype=dtype)


def identity_like(x: Any) -> TensorVariable:
    """The identity matrix of the shape and dtype of ``x``."""
    x = as_tensor(x)
    if x.ndim != 2:
        raise ShapeError(f"identity_like takes a matrix, and got {describe(x)}")
    n, m = lengths_of(x)
    return eye(n, m, dtype=x.type.dtype)


def shape(x: Any) -> TensorVariable:
    """The lengths of all axes, as an int64 vector; ``shape(x)[i]`` does not compute the others."""
    x = as_tensor(x)
    if not x.ndim and not isinstance(x, Constant):
        # A vector of no lengths that depends on x.
        return alloc(zeros_like(x, "int64"), 0)
    return MakeVector("int64")(*lengths_of(x))
