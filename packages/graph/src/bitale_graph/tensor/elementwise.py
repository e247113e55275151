"""Scalar ops over whole tensors, with broadcasting decided from static types."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from ..base import dtype as dtypes
from ..base.errors import ComplexError, DtypeError, ShapeError, describe
from ..core.graph import Apply, Constant, Storage, Variable
from . import scalar
from .array_type import Shape
from .conversion import as_tensor, is_python_number
from .op import TensorOp
from .scalar import ScalarOp
from .variable import TensorType, TensorVariable


class Elementwise(TensorOp):
    """Apply a `ScalarOp` to every element.

    Operands align at their last axes. Only an axis whose length is known to be 1 when the
    expression is built (or that an operand does not have) stretches; other axes must agree, now
    where lengths are known, or else when it runs.

    Every layer takes the value from the scalar op. A subclass therefore has the same value, and may
    have another derivative; one with a `perform` of its own is a TypeError.
    """

    __props__ = ("scalar_op",)

    def __init_subclass__(cls, **keywords: Any) -> None:
        super().__init_subclass__(**keywords)
        if cls.perform is not Elementwise.perform:
            raise TypeError(
                f"{cls.__name__} is an Elementwise with a perform of its own, which compiled code "
                "would not run: it computes the scalar op\n"
                "  hint: derive it from Op"
            )

    def __init__(
        self,
        scalar_op: ScalarOp,
        inplace_pattern: Any = None,
        name: str | None = None,
        nfunc_spec: Any = None,
        openmp: bool | None = None,
    ) -> None:
        """All but the scalar op is taken for old programs, which may ask for the ``name``."""
        if not isinstance(scalar_op, ScalarOp):
            raise TypeError(
                f"an Elementwise computes a scalar op, and got {scalar_op!r:.60}: take one of "
                "bitale.scalar, or an instance of a UnaryScalarOp of your own"
            )
        self.scalar_op = scalar_op
        self.name = name or f"Elemwise{{{scalar_op.name},no_inplace}}"

    def make_node(self, *operands: Any) -> Apply:
        """Cast the operands to one dtype, Python numbers weakly, and find the result's shape."""
        op = self.scalar_op
        if len(operands) != op.arity:
            raise TypeError(f"{op.name} takes {op.arity} operands, and got {len(operands)}")
        inputs = cast_operands(op, operands)
        shape = broadcast_static_shapes(op.name, inputs)
        dtype = op.result_dtype([v.type.dtype for v in inputs])
        return Apply(self, inputs, [TensorType(dtype, shape)()])

    def perform(self, node: Apply, inputs: Sequence[Any], output_storage: Storage) -> None:
        check_run_time_shapes([_type(v).shape for v in node.inputs], inputs)
        output_storage[0][0] = np.asarray(self.scalar_op(*inputs), dtype=_type(node.out).dtype)

    def infer_shape(self, node: Apply, input_shapes: Sequence[Sequence[Any]]) -> list[Any]:
        if len(input_shapes) == 1:
            return [tuple(input_shapes[0])]
        return [broadcast_symbolic_shape([_type(v).shape for v in node.inputs], input_shapes)]

    def compared_lengths(
        self, node: Apply, input_shapes: Sequence[Sequence[Any]]
    ) -> Iterable[tuple[Any, Any]]:
        if len(input_shapes) == 1:
            return ()
        return stretched_together([_type(v).shape for v in node.inputs], input_shapes)

    def __str__(self) -> str:
        return f"Elementwise{{{self.scalar_op.name}}}"


def _type(variable: Variable) -> TensorType:
    found = variable.type
    assert isinstance(found, TensorType)
    return found


def cast_operands(op: ScalarOp, operands: Sequence[Any]) -> list[Any]:
    """Make tensors of the operands, with the dtypes that ``op`` wants."""
    try:
        return _cast_operands(op, operands)
    except (TypeError, OverflowError) as error:
        shown = "".join(
            f"\n  operand {i}  {describe(x) if isinstance(x, Variable) else f'{x!r:.60}'}"
            for i, x in enumerate(operands)
        )
        told = isinstance(error, (OverflowError, ComplexError))
        kind = type(error) if told else DtypeError
        name = "" if str(error).startswith(op.name) else f"{op.name}: "
        raise kind(f"{name}{error}{shown}{_HINTS.get(op.name, '')}") from None


_LOGIC = (
    "\n  hint: &, |, ^ and ~ take bools and integers; put comparisons in brackets, "
    "(x > 0) & (y > 0)"
)
_HINTS = dict.fromkeys(("and", "or", "xor", "invert"), _LOGIC)


def _cast_operands(op: ScalarOp, operands: Sequence[Any]) -> list[Any]:
    tensors = [None if is_python_number(x) else as_tensor(x) for x in operands]
    # The condition of a choice is not computed with: its dtype says nothing of the others.
    if isinstance(op, scalar.Select) and isinstance(operands[0], bool):
        as_tensor(operands[0])
    beside = tensors[1:] if isinstance(op, scalar.Select) else tensors
    strong = [t.type.dtype for t in beside if t is not None]
    common = dtypes.upcast(*strong) if strong else None
    given = [
        t.type.dtype if t is not None else dtypes.weak(x, common)
        for t, x in zip(tensors, operands, strict=True)
    ]
    wanted = op.operand_dtypes(given)
    return [
        cast(t, dtype) if t is not None else as_tensor(np.asarray(x, dtype=dtype))
        for t, x, dtype in zip(tensors, operands, wanted, strict=True)
    ]


def cast(x: Any, dtype: str) -> TensorVariable:
    """``x`` converted to ``dtype`` (``"floatX"`` is resolved); ``x`` itself if it has it already.

    Raises
    ------
    DtypeError
        If a complex tensor would become real.
    """
    x = as_tensor(x)
    try:
        dtype = dtypes.check(dtype)
    except DtypeError as error:
        raise DtypeError(f"cast: {error}\n  x  {describe(x)}") from None
    if x.type.dtype == dtype:
        same: TensorVariable = x
        return same
    if dtypes.is_complex(x.type.dtype) and not dtypes.is_complex(dtype):
        raise DtypeError(
            f"cast: {x.type.dtype} to {dtype} would drop the imaginary part; take real(x), "
            f"imag(x) or abs(x)\n  x  {describe(x)}"
        )
    if isinstance(x, Constant) and x.name is None:
        with np.errstate(all="ignore"):
            return as_tensor(np.asarray(x.data).astype(dtype))
    return Elementwise(scalar.cast_to(dtype))(x)


def broadcast_static_shapes(name: str, inputs: Sequence[Variable]) -> Shape:
    """The static shape of operands stretched together.

    Raises `ShapeError` where known lengths differ.
    """
    shapes: list[Shape] = [v.type.shape for v in inputs]
    result: list[int | None] = []
    for axis in range(-max((len(s) for s in shapes), default=0), 0):
        lengths = [s[axis] for s in shapes if len(s) >= -axis]
        known = sorted({n for n in lengths if n is not None and n != 1})
        if len(known) > 1:
            operands = "".join(f"\n  input[{i}]  {describe(v)}" for i, v in enumerate(inputs))
            raise ShapeError(
                f"{name}: Input dimension mis-match on axis {axis}: lengths {known} "
                f"differ{operands}\n"
                "  hint: only axes of length 1 broadcast; reshape or dimshuffle one operand"
            )
        if known:
            result.append(known[0])
        else:
            result.append(None if None in lengths else 1)
    return tuple(result)


def check_run_time_shapes(static: Sequence[Shape], arrays: Sequence[Any]) -> None:
    """Raise `ShapeError` if arrays would stretch along an axis not known to be of length 1."""
    ndim = max((len(s) for s in static), default=0)
    for axis in range(-ndim, 0):
        first: tuple[int, int] | None = None
        for i, (shape, array) in enumerate(zip(static, arrays, strict=True)):
            if len(shape) < -axis or shape[axis] == 1:
                continue
            n = array.shape[axis]
            if first is None:
                first = (i, n)
            elif n != first[1]:
                raise ShapeError(
                    "Input dimension mis-match. "
                    f"(input[{first[0]}].shape[{axis + len(static[first[0]])}] = {first[1]}, "
                    f"input[{i}].shape[{axis + len(shape)}] = {n}). Only axes that are of length "
                    "1 when the expression is built broadcast: give the variable such a type, "
                    "or use dimshuffle or addbroadcast"
                )


def broadcast_symbolic_shape(
    static: Sequence[Shape], shapes: Sequence[Sequence[Any]]
) -> tuple[Any, ...]:
    """For each axis of the stretched shape its length: a known one, or that of one operand."""
    result = []
    for axis in range(-max((len(s) for s in static), default=0), 0):
        number: int | None = 1
        length = None
        for known, symbolic in zip(static, shapes, strict=True):
            if len(known) < -axis:
                continue
            n = known[axis]
            if length is None or (n != 1 and (number == 1 or (number is None and n is not None))):
                number, length = n, symbolic[axis]
        if number is not None and not isinstance(length, Constant):
            length = as_tensor(np.int64(number))
        result.append(length)
    return tuple(result)


def stretched_together(
    static: Sequence[Sequence[Any]], shapes: Sequence[Sequence[Any]]
) -> list[tuple[Any, Any]]:
    """The pairs of lengths that agree where operands are stretched: those not known to be 1."""
    pairs = []
    for axis in range(-max(map(len, static), default=0), 0):
        first = None
        for known, symbolic in zip(static, shapes, strict=True):
            if len(known) < -axis or known[axis] == 1:
                continue
            if first is None:
                first = symbolic[axis]
            elif symbolic[axis] is not first:
                pairs.append((symbolic[axis], first))
    return pairs
