"""The one form for loops.

An index range, the arrays read, a scalar program, and what becomes of its results.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, TypeVar

import numpy as np

from ..base.errors import ShapeError
from ..core.graph import Apply, Op, Storage
from ..core.results import result_of
from ..tensor.array_type import Shape
from ..tensor.conversion import as_tensor, constant_int
from ..tensor.elementwise import (
    broadcast_static_shapes,
    broadcast_symbolic_shape,
    check_run_time_shapes,
    stretched_together,
)
from ..tensor.reductions import reductions
from ..tensor.scalar import ScalarOp, common_shape
from ..tensor.variable import TensorType
from .index_pattern import add_at, set_at
from .reduction import Reduce

T = TypeVar("T")


@dataclass(frozen=True)
class Literal:
    """A number in a scalar program.

    ``text`` is what `repr` of the NumPy scalar's Python value gives.
    """

    value: bytes
    dtype: str

    @classmethod
    def of(cls, array: Any) -> Literal:
        """The literal of an array of one element."""
        array = np.asarray(array)
        return cls(array.tobytes(), array.dtype.name)

    def array(self) -> Any:
        """The value as a NumPy scalar."""
        return np.frombuffer(self.value, dtype=self.dtype)[0]


@dataclass(frozen=True)
class Index:
    """The index along an axis of the range, a number of int64 in a scalar program."""

    axis: int
    dtype: ClassVar = "int64"


Argument = int | Literal | Index


@dataclass(frozen=True)
class Step:
    """One line of a scalar program.

    Arguments that are numbers stand for elements read below ``len(inputs)``, for earlier steps from
    there on.
    """

    op: ScalarOp
    args: tuple[Argument, ...]
    dtype: str


@dataclass(frozen=True)
class Load:
    """A line that reads a table: an input that does not run along the range.

    Attributes
    ----------
    table : int
        The input.
    at : tuple
        The place in each axis of the table, from its end if negative: an input of integers, or an
        index. One beyond the table is an IndexError.
    dtype : str
    """

    table: int
    at: tuple[int | Index, ...]
    dtype: str


@dataclass(frozen=True)
class Result:
    """What becomes of a value.

    Stored for every index, or reduced over ``axes`` by ``reduce`` in ``acc_dtype``, as `Reduce`
    does. With ``place`` the result is not the largest value (``reduce`` is `maximum`, over one
    axis) but its index along the axis, as int64: the first of equal ones, the first NaN.

    With ``into``, an input that is a table, the result is that table with every value written at
    the place that ``at`` tells, as in `Load`, in the order of the range: the last one stays, or
    ``combine`` adds them up.
    """

    value: int
    dtype: str
    reduce: ScalarOp | None = None
    axes: tuple[int, ...] = ()
    acc_dtype: str = ""
    allows_empty: bool = False
    place: bool = False
    into: int | None = None
    at: tuple[int | Index, ...] = ()
    combine: ScalarOp | None = None

    @classmethod
    def of(cls, value: int, op: Reduce) -> Result:
        """A value that is reduced by ``op``."""
        return cls(value, op.dtype, op.scalar_op, op.axes, op.acc_dtype, op.allows_empty)

    @property
    def refuses_nothing(self) -> bool:
        """Whether a reduction of no elements is an error."""
        return (
            self.reduce is not None
            and reductions[self.reduce].refuses_nothing
            and not self.allows_empty
        )


class Loop(Op):
    """For every index of a rank-``ndim`` range.

    Read an element of each input, run ``steps``, store or reduce.

    Inputs align at their last axes and broadcast as in `Elementwise`; the range is their common
    shape. An input that no step reads gives its shape alone. Tables, which a `Load` reads, stand
    beside the range.

    Parameters
    ----------
    ndim : int
    steps : tuple of Step and Load
        Value ``i`` is input ``i`` for ``i < number of inputs``, else step ``i - number of inputs``.
    results : tuple of Result
        One for each output.
    lengths : tuple of int or None, optional
        For each axis the input of rank 0 that gives its length, if not those that run along it give
        it alone.
    """

    __props__ = ("ndim", "steps", "results", "lengths")

    def __init__(
        self,
        ndim: int,
        steps: tuple[Step | Load, ...],
        results: tuple[Result, ...],
        lengths: tuple[int | None, ...] = (),
    ) -> None:
        self.ndim = ndim
        self.steps = steps
        self.results = results
        self.lengths = lengths or (None,) * ndim
        self.tables = frozenset(
            (
                *(s.table for s in steps if isinstance(s, Load)),
                *(r.into for r in results if r.into is not None),
            )
        )
        self._hash = hash((ndim, steps, results, self.lengths))

    def __hash__(self) -> int:
        return self._hash

    def make_node(self, *inputs: Any) -> Apply:
        """Find the range, and from it the shape of every output."""
        tensors = [as_tensor(x) for x in inputs]
        lengths = broadcast_static_shapes("loop", self._aligned(tensors))
        if len(lengths) > self.ndim:
            raise ValueError(f"loop of rank {self.ndim} over inputs of rank {len(lengths)}")
        lengths = (1,) * (self.ndim - len(lengths)) + lengths
        lengths = tuple(
            n if j is None or n not in (1, None) else constant_int(tensors[j])
            for n, j in zip(lengths, self.lengths, strict=True)
        )
        outputs = []
        for r in self.results:
            kept = tuple(n for a, n in enumerate(lengths) if a not in r.axes)
            shape = kept if r.into is None else tensors[r.into].type.shape
            outputs.append(TensorType(r.dtype, shape)())
        return Apply(self, tensors, outputs)

    def perform(self, node: Apply, inputs: Sequence[Any], output_storage: Storage) -> None:
        static = [v.type.shape for v in self._aligned(node.inputs)]
        check_run_time_shapes(static, self._aligned(inputs))
        lengths = self._range(static, inputs)
        values: list[Any] = list(inputs)

        def number(a: Argument) -> Any:
            if isinstance(a, Index):
                return np.arange(lengths[a.axis]).reshape((-1,) + (1,) * (self.ndim - 1 - a.axis))
            return a.array() if isinstance(a, Literal) else values[a]

        for step in self.steps:
            if isinstance(step, Load):
                found = values[step.table][tuple(map(number, step.at))]
            else:
                found = step.op(*map(number, step.args))
            values.append(np.asarray(found, dtype=step.dtype))
        for cell, r in zip(output_storage, self.results, strict=True):
            full = np.broadcast_to(values[r.value], lengths)
            if r.into is not None:
                cell[0] = np.array(values[r.into])
                at = tuple(np.broadcast_to(number(a), lengths) for a in r.at)
                if r.combine is None:
                    set_at(cell[0], at, full)
                else:
                    add_at(cell[0], at, full)
            elif r.reduce is None:
                cell[0] = np.array(full, dtype=r.dtype)
            elif r.place:
                cell[0] = np.asarray(np.argmax(full, axis=r.axes[0]), "int64")
            else:
                reduction = Reduce(r.reduce, r.axes, r.acc_dtype, r.dtype, r.allows_empty)
                cell[0] = result_of(
                    reduction.make_node(TensorType(r.dtype, (None,) * self.ndim)()), [full]
                )[0]

    def _range(self, static: Sequence[Shape], inputs: Sequence[Any]) -> tuple[int, ...]:
        """The lengths of the range; raises `ShapeError` where a given one does not fit."""
        common = common_shape(*(x.shape for x in self._aligned(inputs)))
        lengths = [*(1,) * (self.ndim - len(common)), *common]
        for a, j in enumerate(self.lengths):
            if j is None:
                continue
            n = int(inputs[j])
            if n < 0:
                raise ShapeError(f"a length cannot be negative: axis {a} would have {n} elements")
            at = a - self.ndim
            if any(len(s) >= -at and s[at] != 1 for s in static) and lengths[a] != n:
                raise ShapeError(
                    f"axis {a} of the result would have {n} elements, and operands have "
                    f"{lengths[a]}"
                )
            lengths[a] = n
        return tuple(lengths)

    def _aligned(self, inputs: Sequence[T]) -> list[T]:
        """What stands for the inputs that run along the range."""
        return [x for j, x in enumerate(inputs) if j not in self.tables]

    def infer_shape(self, node: Apply, input_shapes: Sequence[Sequence[Any]]) -> list[Any]:
        given = [tuple(shape) for shape in input_shapes]
        static = [v.type.shape for v in self._aligned(node.inputs)]
        found = broadcast_symbolic_shape(static, self._aligned(given))
        lengths = [*(as_tensor(np.int64(1)),) * (self.ndim - len(found)), *found]
        for a, j in enumerate(self.lengths):
            if j is not None:
                lengths[a] = node.inputs[j]
        return [
            tuple(n for a, n in enumerate(lengths) if a not in r.axes)
            if r.into is None
            else given[r.into]
            for r in self.results
        ]

    def compared_lengths(
        self, node: Apply, input_shapes: Sequence[Sequence[Any]]
    ) -> Iterable[tuple[Any, Any]]:
        static = [v.type.shape for v in self._aligned(node.inputs)]
        input_shapes = self._aligned(input_shapes)
        pairs = [*stretched_together(static, input_shapes)]
        for a, j in enumerate(self.lengths):
            at = a - self.ndim
            for known, shape in zip(static, input_shapes, strict=True):
                if j is not None and len(known) >= -at and known[at] != 1:
                    pairs.append((node.inputs[j], shape[at]))
        return pairs

    def program(self, n_inputs: int) -> str:
        """The steps in words, for comments and printing."""
        names = [f"i{k}" for k in range(n_inputs)] + [f"t{k}" for k in range(len(self.steps))]

        def arg(a: Argument) -> str:
            if isinstance(a, Index):
                return f"index{a.axis}"
            return str(a.array()) if isinstance(a, Literal) else names[a]

        lines = []
        for k, s in enumerate(self.steps):
            if isinstance(s, Load):
                made = f"{names[s.table]}[{', '.join(map(arg, s.at))}]"
            else:
                made = f"{s.op.name}({', '.join(map(arg, s.args))})"
            lines.append(f"{names[n_inputs + k]} = {made}")
        for k, r in enumerate(self.results):
            what = names[r.value]
            if r.reduce is not None:
                kept = f"place of {r.reduce.name}" if r.place else r.reduce.name
                what = f"{kept} of {what} over axes {r.axes}"
            elif r.into is not None:
                how = "set" if r.combine is None else r.combine.name
                what = f"{names[r.into]} with {what} at [{', '.join(map(arg, r.at))}] ({how})"
            lines.append(f"o{k} = {what}")
        return "; ".join(lines)

    def __str__(self) -> str:
        names = ["load" if isinstance(s, Load) else s.op.name for s in self.steps] + [
            f"{r.reduce.name}-reduce" for r in self.results if r.reduce is not None
        ]
        shown = names if len(names) <= 8 else [*names[:4], "...", *names[-3:]]
        return f"Loop{{{', '.join(shown)}}}"
