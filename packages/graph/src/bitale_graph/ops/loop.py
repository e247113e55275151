"""The one form for loops.

An index range, the arrays read, a scalar program, and what becomes of its results.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..core.graph import Apply, Op, Storage
from ..core.results import result_of
from ..tensor.conversion import as_tensor
from ..tensor.elementwise import (
    Elementwise,
    broadcast_static_shapes,
    broadcast_symbolic_shape,
    check_run_time_shapes,
    stretched_together,
)
from ..tensor.reductions import reductions
from ..tensor.scalar import ScalarOp, common_shape
from ..tensor.variable import TensorType
from .reduction import Reduce


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
class Step:
    """One line of a scalar program.

    Arguments below ``len(inputs)`` are elements read, others are earlier steps.
    """

    op: ScalarOp
    args: tuple[int | Literal, ...]
    dtype: str


@dataclass(frozen=True)
class Result:
    """What becomes of a value.

    Stored for every index, or reduced over ``axes`` by ``reduce`` in ``acc_dtype``, as `Reduce`
    does.
    """

    value: int
    dtype: str
    reduce: ScalarOp | None = None
    axes: tuple[int, ...] = ()
    acc_dtype: str = ""
    allows_empty: bool = False

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
    shape. An input that no step reads gives its shape alone.

    Parameters
    ----------
    ndim : int
    steps : tuple of Step
        Value ``i`` is input ``i`` for ``i < number of inputs``, else step ``i - number of inputs``.
    results : tuple of Result
        One for each output.
    """

    __props__ = ("ndim", "steps", "results")

    def __init__(self, ndim: int, steps: tuple[Step, ...], results: tuple[Result, ...]) -> None:
        self.ndim = ndim
        self.steps = steps
        self.results = results
        self._hash = hash((ndim, steps, results))

    def __hash__(self) -> int:
        return self._hash

    def make_node(self, *inputs: Any) -> Apply:
        """Find the range, and from it the shape of every output."""
        tensors = [as_tensor(x) for x in inputs]
        lengths = broadcast_static_shapes("loop", tensors)
        if len(lengths) > self.ndim:
            raise ValueError(f"loop of rank {self.ndim} over inputs of rank {len(lengths)}")
        lengths = (1,) * (self.ndim - len(lengths)) + lengths
        outputs = []
        for r in self.results:
            kept = tuple(n for a, n in enumerate(lengths) if a not in r.axes)
            outputs.append(TensorType(r.dtype, kept)())
        return Apply(self, tensors, outputs)

    def perform(self, node: Apply, inputs: Sequence[Any], output_storage: Storage) -> None:
        static = [v.type.shape for v in node.inputs]
        check_run_time_shapes(static, inputs)
        lengths = common_shape(*(x.shape for x in inputs))
        lengths = (1,) * (self.ndim - len(lengths)) + lengths
        values: list[Any] = list(inputs)
        for step in self.steps:
            args = [a.array() if isinstance(a, Literal) else values[a] for a in step.args]
            values.append(np.asarray(step.op(*args), dtype=step.dtype))
        for cell, r in zip(output_storage, self.results, strict=True):
            full = np.broadcast_to(values[r.value], lengths)
            if r.reduce is None:
                cell[0] = np.array(full, dtype=r.dtype)
            else:
                reduction = Reduce(r.reduce, r.axes, r.acc_dtype, r.dtype, r.allows_empty)
                cell[0] = result_of(
                    reduction.make_node(TensorType(r.dtype, (None,) * self.ndim)()), [full]
                )[0]

    def infer_shape(self, node: Apply, input_shapes: Sequence[Sequence[Any]]) -> list[Any]:
        lengths = broadcast_symbolic_shape([v.type.shape for v in node.inputs], input_shapes)
        if len(lengths) < self.ndim:
            lengths = (as_tensor(np.int64(1)),) * (self.ndim - len(lengths)) + lengths
        return [tuple(n for a, n in enumerate(lengths) if a not in r.axes) for r in self.results]

    def compared_lengths(
        self, node: Apply, input_shapes: Sequence[Sequence[Any]]
    ) -> Iterable[tuple[Any, Any]]:
        return stretched_together([v.type.shape for v in node.inputs], input_shapes)

    def program(self, n_inputs: int) -> str:
        """The steps in words, for comments and printing."""
        names = [f"i{k}" for k in range(n_inputs)] + [f"t{k}" for k in range(len(self.steps))]

        def arg(a: int | Literal) -> str:
            return str(a.array()) if isinstance(a, Literal) else names[a]

        lines = [
            f"{names[n_inputs + k]} = {s.op.name}({', '.join(map(arg, s.args))})"
            for k, s in enumerate(self.steps)
        ]
        for k, r in enumerate(self.results):
            what = (
                names[r.value]
                if r.reduce is None
                else f"{r.reduce.name} of {names[r.value]} over axes {r.axes}"
            )
            lines.append(f"o{k} = {what}")
        return "; ".join(lines)

    def __str__(self) -> str:
        names = [s.op.name for s in self.steps] + [
            f"{r.reduce.name}-reduce" for r in self.results if r.reduce is not None
        ]
        shown = names if len(names) <= 8 else [*names[:4], "...", *names[-3:]]
        return f"Loop{{{', '.join(shown)}}}"


def as_loop(node: Apply) -> Loop | None:
    """The loop of one that an elementwise op or a reduction is, else None.

    What code generators call on lone ones.
    """
    op = node.op
    if not isinstance(op, Elementwise) and type(op) is not Reduce:
        return None
    ranked, result = (node.inputs[0] if isinstance(op, Reduce) else node.out).type, node.out.type
    assert isinstance(ranked, TensorType)
    if isinstance(op, Reduce):
        return Loop(ranked.ndim, (), (Result.of(0, op),))
    n = len(node.inputs)
    step = Step(op.scalar_op, tuple(range(n)), result.dtype)
    return Loop(ranked.ndim, (step,), (Result(n, result.dtype),))
