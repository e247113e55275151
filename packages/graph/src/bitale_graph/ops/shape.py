"""Shapes, and ops that move elements without changing them.

Dimshuffle, reshape and what is made of them.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, ClassVar, Literal

import numpy as np

from ..base import dtype as dtypes
from ..base import late
from ..base.errors import DtypeError, ShapeError, describe
from ..core.graph import Apply, Constant, Storage, Variable
from ..tensor.conversion import as_tensor, constant_int
from ..tensor.elementwise import cast
from ..tensor.op import TensorOp
from ..tensor.variable import TensorType, TensorVariable
from .math import int_div, mul
from .vector_length import vector_length

INT64_SCALAR = TensorType("int64", ())


class ShapeI(TensorOp):
    """The length of one axis, as a 0-d int64.

    Only the shape of the input is read, never its numbers.
    """

    __props__ = ("axis",)

    def __init__(self, axis: int) -> None:
        self.axis = axis

    def make_node(self, x: Any) -> Apply:
        """Check that the axis exists."""
        x = as_tensor(x)
        if not 0 <= self.axis < x.ndim:
            raise ShapeError(f"{describe(x)} has no axis {self.axis}")
        return Apply(self, [x], [INT64_SCALAR()])

    def perform(self, node: Apply, inputs: Sequence[Any], output_storage: Storage) -> None:
        output_storage[0][0] = np.asarray(inputs[0].shape[self.axis], dtype="int64")

    def infer_shape(self, node: Apply, input_shapes: Sequence[Sequence[Any]]) -> list[Any]:
        return [()]

    def number_by_types(self, node: Apply) -> int | None:
        known: int | None = node.inputs[0].type.shape[self.axis]
        return known


def shape_i(x: Any, axis: int, fgraph: Any = None) -> TensorVariable:
    """The length of one axis: a constant where it is known, else a 0-d int64 variable.

    ``fgraph`` is Theano's, and changes nothing.
    """
    x = as_tensor(x)
    if not -x.ndim <= axis < x.ndim:
        raise IndexError(f"{describe(x)} has no axis {axis}")
    axis %= x.ndim
    known = x.type.shape[axis]
    return ShapeI(axis)(x) if known is None else as_tensor(np.int64(known))


class MakeVector(TensorOp):
    """A vector of 0-d variables of one dtype."""

    __props__ = ("dtype",)

    def __init__(self, dtype: str) -> None:
        self.dtype = dtype

    def make_node(self, *elements: Any) -> Apply:
        """Cast the elements; each must be of rank 0."""
        inputs = [cast(e, self.dtype) for e in elements]
        for v in inputs:
            if v.ndim:
                raise ShapeError(f"MakeVector takes 0-d elements, and got {describe(v)}")
        return Apply(self, inputs, [TensorType(self.dtype, (len(inputs),))()])

    def perform(self, node: Apply, inputs: Sequence[Any], output_storage: Storage) -> None:
        output_storage[0][0] = np.array([np.asarray(v)[()] for v in inputs], dtype=self.dtype)

    def infer_shape(self, node: Apply, input_shapes: Sequence[Sequence[Any]]) -> list[Any]:
        return [(as_tensor(np.int64(len(node.inputs))),)]


def lengths_of(x: Any) -> list[Any]:
    """The lengths of all axes as 0-d int64, which depend on ``x`` even where they are known."""
    x = as_tensor(x)
    of = shape_i if isinstance(x, Constant) else lambda x, axis: ShapeI(axis)(x)
    return [of(x, i) for i in range(x.type.ndim)]


def get_vector_length(v: Any) -> int:
    """The length of a vector, where it is known when the expression is built; else a ValueError."""
    v = as_tensor(v)
    if v.ndim != 1:
        raise TypeError(f"expected a vector, and got {describe(v)}")
    length = vector_length(v)
    if length is None:
        raise ValueError(f"the length of {describe(v)} is not known when the expression is built")
    return length


def vector_elements(v: Any) -> list[Any]:
    """The elements of a vector of known length.

    Those of `MakeVector` and of constants cost nothing.
    """
    if isinstance(v, (list, tuple)):
        return list(v)
    if not isinstance(v, (Variable, np.ndarray)):
        return [v]
    v = as_tensor(v)
    if v.ndim == 0:
        return [v]
    if v.owner is not None and isinstance(v.owner.op, MakeVector):
        return list(v.owner.inputs)
    if isinstance(v, Constant):
        return [as_tensor(n) for n in v.data]
    return [v[i] for i in range(get_vector_length(v))]


def as_lengths(name: str, lengths: Any, ndim: int | None = None) -> list[Any]:
    """0-d int64 variables from a length, a sequence of lengths, or a symbolic vector.

    Raises `DtypeError`.
    """
    if isinstance(lengths, Variable) and lengths.type.ndim == 1 and vector_length(lengths) is None:
        if ndim is None:
            raise ShapeError(
                f"{name}: the shape {describe(lengths)} has an unknown length; give ndim"
            )
        told = late.ops.assertion.Assert(
            f"{name}: the vector of lengths has not {ndim} elements", "ShapeError"
        )
        vector = told(lengths, late.ops.math.eq(shape_i(lengths, 0), ndim))
        elements: list[Any] = [vector[i] for i in range(ndim)]
    else:
        elements = vector_elements(lengths)
    result = []
    for n in elements:
        try:
            v = as_tensor(n)
        except TypeError as error:
            raise TypeError(f"{name}: a length must be an integer scalar: {error}") from None
        if v.ndim or not dtypes.is_discrete(v.type.dtype):
            raise DtypeError(
                f"{name}: a length must be an integer scalar, and got {describe(v)}; "
                "use // rather than / for lengths"
            )
        result.append(cast(v, "int64"))
    return result


class Dimshuffle(TensorOp):
    """Reorder, drop and insert axes.

    ``pattern`` gives for each axis of the result the axis of the input that it is, or ``"x"`` for a
    new axis of length 1. An axis that is dropped must have length 1: known, or checked when it
    runs.
    """

    __props__ = ("pattern",)
    view_map: ClassVar = {0: [0]}

    def __init__(self, pattern: tuple[int | Literal["x"], ...]) -> None:
        self.pattern = pattern

    def make_node(self, x: Any) -> Apply:
        """Check the pattern against the rank of ``x``."""
        x = as_tensor(x)
        used = [p for p in self.pattern if p != "x"]
        for p in used:
            if not isinstance(p, int) or not 0 <= p < x.ndim:
                raise ShapeError(f"dimshuffle{self.pattern}: {describe(x)} has no axis {p!r}")
        if len(set(used)) != len(used):
            raise ShapeError(f"dimshuffle{self.pattern} names an axis twice")
        for i, n in enumerate(x.type.shape):
            if i not in used and n != 1:
                raise ShapeError(
                    f"dimshuffle{self.pattern} drops axis {i} of {describe(x)}, which is not "
                    "known to have length 1"
                )
        lengths = tuple(1 if p == "x" else x.type.shape[p] for p in self.pattern)
        return Apply(self, [x], [TensorType(x.type.dtype, lengths)()])

    def perform(self, node: Apply, inputs: Sequence[Any], output_storage: Storage) -> None:
        x = inputs[0]
        used = [p for p in self.pattern if isinstance(p, int)]
        dropped = tuple(i for i in range(x.ndim) if i not in used)
        moved = x.transpose((*used, *dropped))
        moved = moved.reshape(moved.shape[: len(used)])
        inserted = tuple(i for i, p in enumerate(self.pattern) if p == "x")
        output_storage[0][0] = np.expand_dims(moved, inserted) if inserted else moved

    def infer_shape(self, node: Apply, input_shapes: Sequence[Sequence[Any]]) -> list[Any]:
        one = as_tensor(np.int64(1)) if "x" in self.pattern else None
        return [tuple(input_shapes[0][p] if isinstance(p, int) else one for p in self.pattern)]

    def __str__(self) -> str:
        return f"Dimshuffle{{{','.join(map(str, self.pattern))}}}"


def dimshuffle(x: Any, *pattern: Any) -> TensorVariable:
    """Reorder axes; ``"x"`` inserts one of length 1.

    ``dimshuffle(x, 1, 0)`` is the transpose of a matrix.

    Raises
    ------
    ShapeError
        If an axis does not exist, is named twice, or is dropped without being of length 1.
    """
    x = as_tensor(x)
    if len(pattern) == 1 and isinstance(pattern[0], (list, tuple)):
        pattern = tuple(pattern[0])
    order: list[int | Literal["x"]] = []
    for p in pattern:
        if isinstance(p, (int, np.integer)) and not isinstance(p, bool):
            if not -x.ndim <= p < x.ndim:
                raise ShapeError(f"dimshuffle{pattern}: {describe(x)} has no axis {p}")
            order.append(int(p) % x.ndim)
        elif p == "x":
            order.append("x")
        else:
            raise TypeError(f"dimshuffle takes axis numbers and 'x', not {p!r}")
    if tuple(order) == tuple(range(x.ndim)):
        return as_tensor(x)
    op = Dimshuffle(tuple(order))
    if isinstance(x, Constant) and x.name is None and x.data.size == 1:
        node = op.make_node(x)
        storage: Storage = [[None]]
        op.perform(node, [x.data], storage)
        return as_tensor(storage[0][0])
    return op(x)


class Reshape(TensorOp):
    """The same elements in row-major order under another shape: ``Reshape()(x, n0, n1, ...)``.

    Lengths are 0-d int64; one of them may be the constant -1, and is deduced.
    """

    __props__ = ()
    view_map: ClassVar = {0: [0]}

    def make_node(self, x: Any, *lengths: Any) -> Apply:
        """Check the lengths that are known; at most one may be -1."""
        x = as_tensor(x)
        sizes = as_lengths("reshape", list(lengths))
        known = [constant_int(n) for n in sizes]
        if known.count(-1) > 1:
            raise ShapeError(f"reshape: at most one length may be -1, and {known} has several")
        if any(n is not None and n < -1 for n in known):
            raise ShapeError(f"reshape: a length cannot be negative: {known}")
        static: list[int | None] = [None if n == -1 else n for n in known]
        old = x.type.shape
        if None not in old:
            total = int(np.prod([n for n in old if n is not None], dtype=np.int64))
            rest = int(np.prod([n for n in static if n is not None], dtype=np.int64))
            if known.count(-1) == 1 and None not in known:
                if rest == 0 or total % rest:
                    raise ShapeError(
                        f"reshape: {describe(x)} has {total} elements, which {known} cannot hold"
                    )
                static[known.index(-1)] = total // rest
            elif None not in known and total != rest:
                raise ShapeError(
                    f"reshape: {describe(x)} has {total} elements, and {known} holds {rest}"
                )
        return Apply(self, [x, *sizes], [TensorType(x.type.dtype, static)()])

    def perform(self, node: Apply, inputs: Sequence[Any], output_storage: Storage) -> None:
        x, *sizes = inputs
        wanted = tuple(int(n) for n in sizes)
        if any(
            n < 0 and constant_int(v) is None for n, v in zip(wanted, node.inputs[1:], strict=True)
        ):
            # What infer_shape tells of the result must hold.
            raise ShapeError(f"reshape: a length that is computed cannot be negative: {wanted}")
        try:
            output_storage[0][0] = x.reshape(wanted)
        except ValueError as error:
            raise ShapeError(
                f"reshape: an array of shape {x.shape} with {x.size} elements cannot take the "
                f"shape {wanted}"
            ) from error

    def infer_shape(self, node: Apply, input_shapes: Sequence[Sequence[Any]]) -> list[Any]:
        sizes = list(node.inputs[1:])
        static = node.outputs[0].type.shape
        for i, (n, known) in enumerate(zip(sizes, static, strict=True)):
            if known is not None:
                sizes[i] = as_tensor(np.int64(known))
            elif constant_int(n) == -1:
                sizes[i] = _deduced(input_shapes[0], [m for j, m in enumerate(sizes) if j != i])
        return [tuple(sizes)]

    def passed_lengths(
        self, node: Apply, input_shapes: Sequence[Sequence[Any]]
    ) -> Sequence[Sequence[Any] | None] | None:
        return [[None if constant_int(n) == -1 else n for n in node.inputs[1:]]]


def _deduced(old: Sequence[Any], others: Sequence[Any]) -> Any:
    """The length that -1 stands for.

    Factors on both sides cancel, so flattening costs no division.
    """
    rest = list(others)
    total = []
    for n in old:
        if n in rest:
            rest.remove(n)
        else:
            total.append(n)
    product = mul(*total) if total else as_tensor(np.int64(1))
    return int_div(product, mul(*rest)) if rest else product


class SpecifyShape(TensorOp):
    """The input itself, with lengths promised when it is built and checked when it runs."""

    __props__ = ("shape",)
    view_map: ClassVar = {0: [0]}

    def __init__(self, shape: tuple[int | None, ...]) -> None:
        # A subclass of int may say anything of itself, also in generated text.
        self.shape = tuple(None if n is None else int(n) for n in shape)

    def make_node(self, x: Any) -> Apply:
        """Combine the promise with what is known; raises `ShapeError` if they contradict."""
        x = as_tensor(x)
        if len(self.shape) != x.ndim:
            raise ShapeError(f"specify_shape{self.shape}: {describe(x)} has rank {x.ndim}")
        for a, (new, old) in enumerate(zip(self.shape, x.type.shape, strict=True)):
            if new is not None and old is not None and new != old:
                raise ShapeError(
                    f"specify_shape{self.shape}: axis {a} of {describe(x)} is known to have "
                    f"length {old}"
                )
        merged = tuple(
            old if new is None else new for new, old in zip(self.shape, x.type.shape, strict=True)
        )
        return Apply(self, [x], [TensorType(x.type.dtype, merged)()])

    def perform(self, node: Apply, inputs: Sequence[Any], output_storage: Storage) -> None:
        x = inputs[0]
        if any(n is not None and n != m for n, m in zip(self.shape, x.shape, strict=True)):
            raise ShapeError(f"specify_shape: expected the shape {self.shape}, and got {x.shape}")
        output_storage[0][0] = x

    def infer_shape(self, node: Apply, input_shapes: Sequence[Sequence[Any]]) -> list[Any]:
        return [
            tuple(
                n if m is None else as_tensor(np.int64(m))
                for n, m in zip(input_shapes[0], self.shape, strict=True)
            )
        ]

    def compared_lengths(
        self, node: Apply, input_shapes: Sequence[Sequence[Any]]
    ) -> Iterable[tuple[Any, Any]]:
        promised = zip(self.shape, input_shapes[0], strict=True)
        return [(m, n) for m, n in promised if m is not None]


def with_lengths(x: Any, shape: Sequence[int | None]) -> TensorVariable:
    """``x``, promised to have lengths ``shape`` (None: any); checked when it runs."""
    x = as_tensor(x)
    wanted = tuple(shape)
    merged = tuple(
        old if new is None else new for new, old in zip(wanted, x.type.shape, strict=False)
    )
    return x if merged == x.type.shape and len(wanted) == x.ndim else SpecifyShape(wanted)(x)


class Unbroadcast(TensorOp):
    """The input itself, with the lengths of some axes taken for unknown.

    Parameters
    ----------
    axes : tuple of int
        Sorted, not negative.
    """

    __props__ = ("axes",)
    view_map: ClassVar = {0: [0]}

    def __init__(self, axes: tuple[int, ...]) -> None:
        self.axes = axes

    def make_node(self, x: Any) -> Apply:
        """Forget the lengths of the axes."""
        x = as_tensor(x)
        lengths = tuple(None if a in self.axes else n for a, n in enumerate(x.type.shape))
        return Apply(self, [x], [TensorType(x.type.dtype, lengths)()])

    def perform(self, node: Apply, inputs: Sequence[Any], output_storage: Storage) -> None:
        output_storage[0][0] = inputs[0]

    def infer_shape(self, node: Apply, input_shapes: Sequence[Sequence[Any]]) -> list[Any]:
        return [tuple(input_shapes[0])]
