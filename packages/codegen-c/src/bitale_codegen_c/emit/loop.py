"""Loops in C: a call of a kernel each, with what must be checked, packed and allocated before."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from bitale_graph.extend import (
    INT64_SCALAR,
    AdvancedIncSubtensor1,
    AdvancedSubtensor,
    AdvancedSubtensor1,
    Alloc,
    Apply,
    Arange,
    Argmax,
    Argument,
    Elementwise,
    Eye,
    Index,
    Literal,
    Load,
    Loop,
    LoopForm,
    Reduce,
    Result,
    Step,
    Variable,
    as_loop,
    constant_int,
    scalar,
    toposort,
)

from ..base.array import Array, product
from ..base.ctype import is_supported
from ..base.text import plain
from ..host.builder import Builder, described
from ..host.rules import emits, reuses, supports, waits
from ..kernel.kernel import Kernel, Operand, is_apart
from ..kernel.program import ProgramText
from ..kernel.scalar import converted, is_known, refuses_negative


def _form_of(node: Apply) -> LoopForm:
    form = as_loop(node)
    assert form is not None
    return form


def _dtypes(inputs: Sequence[Variable]) -> tuple[str, ...]:
    return tuple(v.type.dtype for v in inputs)


@supports.define(Loop, Reduce, Argmax, Alloc, Eye, Arange)
@supports.define(AdvancedSubtensor, AdvancedSubtensor1, AdvancedIncSubtensor1)
@supports.define(Elementwise, subclasses=True)
def loop_is_supported(node: Apply) -> bool:
    """Every step must have a C expression, and a dtype that C computes with."""
    form = as_loop(node)
    if form is None:
        return False
    loop = form.loop
    for r in loop.results:
        if not is_supported(r.dtype):
            return False
        if r.combine is not None and not is_known(r.combine):
            return False
        if r.reduce is not None and not (is_supported(r.acc_dtype) and is_known(r.reduce)):
            return False
    dtypes = [*_dtypes(form.inputs), *(s.dtype for s in loop.steps)]
    for step in loop.steps:
        if isinstance(step, Load):
            if not all(isinstance(a, Index) or a < len(form.inputs) for a in step.at):
                return False
            continue
        if not is_known(step.op):
            return False
        # An exponent that the loop computes is checked by NumPy alone.
        exponent = _exponent(step)
        if isinstance(exponent, Literal) and exponent.array() < 0:
            return False
        if isinstance(exponent, Index) or (
            isinstance(exponent, int) and exponent >= len(form.inputs)
        ):
            return False
    return all(map(is_supported, dtypes))


def _exponent(step: Step | Load) -> Argument | None:
    """What must not be negative where integers are raised to a power."""
    if isinstance(step, Load) or not refuses_negative(step.op, step.dtype):
        return None
    return step.args[1]


def _exponents(loop: Loop) -> list[int]:
    """The inputs that are exponents of integers."""
    found = map(_exponent, loop.steps)
    return list(dict.fromkeys(a for a in found if isinstance(a, int)))


def _varies(v: Variable, axis: int, ndim: int) -> bool:
    """Whether an input moves along an axis of the range."""
    shape = v.type.shape
    own = axis - (ndim - len(shape))
    return own >= 0 and shape[own] != 1


@reuses.define(Loop)
@reuses.define(Elementwise, subclasses=True)
def loop_reuses(node: Apply) -> list[tuple[int, int]]:
    """A stored result may take the place of any input of its dtype that is read index by index."""
    loop = _form_of(node).loop
    pairs: list[tuple[int, int]] = []
    tables = {node.inputs[j] for j in loop.tables}
    if any(r.place for r in loop.results):
        return pairs  # what was read is read once more, to find the place
    for i, r in enumerate(loop.results):
        if r.reduce is not None or r.into is not None or loop.ndim == 0:
            continue
        static = node.outputs[i].type.shape
        for j, v in enumerate(node.inputs):
            if v in tables:
                continue
            same = v.type.dtype == r.dtype and v.type.ndim == loop.ndim
            if same and all(_varies(v, a, loop.ndim) or static[a] == 1 for a in range(loop.ndim)):
                pairs.append((i, j))
    return pairs


@waits.define(Loop, Reduce, Argmax)
@waits.define(Elementwise, subclasses=True)
def loop_waits(node: Apply) -> list[int]:
    """Only packing reads numbers before the work, and results of other nodes need none.

    Lengths are read where buffers are taken, places in tables and exponents where they are checked.
    """
    loop = _form_of(node).loop
    read = {*loop.lengths, *(j for j, _ in _places(loop)), *_exponents(loop)}
    return [j for j in range(len(node.inputs)) if j not in read]


def _places(loop: Loop) -> list[tuple[int, tuple[int, int]]]:
    """The inputs that are places, each with the table and its axis."""
    named = [(s.table, s.at) for s in loop.steps if isinstance(s, Load)]
    named += [(r.into, r.at) for r in loop.results if r.into is not None]
    return [(j, (table, a)) for table, at in named for a, j in enumerate(at) if isinstance(j, int)]


@emits.define(Loop, Reduce, Argmax, Alloc, Eye, Arange)
@emits.define(AdvancedSubtensor, AdvancedSubtensor1, AdvancedIncSubtensor1)
@emits.define(Elementwise, subclasses=True)
def emit_loop(b: Builder, node: Apply) -> Iterator[None]:
    """Print a loop: in place for one of rank 0, else as a kernel and a call."""
    loop, inputs = _form_of(node)
    for step in toposort(inputs, stop_at=set(node.inputs)):
        for _ in emits[type(step.op)](b, step):
            pass
    for j in _exponents(loop):
        negative = Step(scalar.lt, (0, Literal.of(np.zeros((), inputs[j].type.dtype))), "bool")
        _check_none(b, (negative,), inputs[j])
    if loop.ndim > 0:
        yield from Nest(b, node, loop, inputs).emit()
        return
    yield
    loaded = {j: b.scalar(v) for j, v in enumerate(inputs)}
    dtypes = [*_dtypes(inputs), *(s.dtype for s in loop.steps)]
    body = ProgramText(b, loop, _dtypes(inputs), loaded, is_kernel=False)
    for line in body.lines:
        b.put(line)
    for r, out in zip(loop.results, node.outputs, strict=True):
        value = converted(body.values[r.value], dtypes[r.value], r.dtype)
        b.put(f"{b.set_scalar_name(out)} = {value};")


def _check_none(b: Builder, steps: tuple[Step, ...], v: Variable, *numbers: Variable) -> None:
    """Leave with an error if a program holds for any element of ``v``."""
    ndim, value = v.type.ndim, len(numbers) + len(steps)
    some = Result(value, "bool", scalar.or_, tuple(range(ndim)), "bool")
    loop = Loop(ndim, steps, (some if ndim else Result(value, "bool"),))
    node = loop.make_node(v, *numbers)
    for _ in emits[Loop](b, node):
        pass
    b.check(f"!{b.scalar(node.outputs[0])}")


class Nest:
    """One loop in the entry point: its range, its operands, and the call of its kernel."""

    def __init__(self, b: Builder, node: Apply, loop: Loop, inputs: Sequence[Variable]) -> None:
        self.b, self.node, self.loop, self.ndim = b, node, loop, loop.ndim
        self.inputs = inputs
        every = [a for s in loop.steps for a in (s.at if isinstance(s, Load) else s.args)]
        every += [a for r in loop.results for a in (r.value, *r.at)]
        used = {a for a in every if isinstance(a, int)}
        read = [j for j in range(len(inputs)) if j in used and j not in loop.tables]
        self.by_value = [j for j in read if inputs[j].type.ndim == 0]
        self.by_pointer = [j for j in read if j not in self.by_value]
        self.operands: list[Operand] = []
        self.arguments: list[str] = []

    def emit(self) -> Iterator[None]:
        """Checks, packing and buffers; then the call of the kernel."""
        b, node, loop = self.b, self.node, self.loop
        lengths = self._lengths()
        for place in dict.fromkeys(_places(loop)):
            self._check_places(*place)
        for j in sorted({s.table for s in loop.steps if isinstance(s, Load)}):
            self._add_table("table", j, b.array(self.inputs[j]))
        for j in self.by_pointer:
            self._add_input(j)
        for r in loop.results:
            if r.refuses_nothing:
                for a in r.axes:
                    b.check(f"{lengths[a]} > 0")
        outs: list[Array | None] = []
        copies: list[str] = []
        for k, (r, v) in enumerate(zip(loop.results, node.outputs, strict=True)):
            if r.into is not None:
                old = b.array(self.inputs[r.into])
                out = b.result(v, old.lengths)
                if v not in b.plan.reused:
                    copies.append(b.copy_text(out, old))
                self._add_table("into", k, out)
                outs.append(out)
                continue
            kept = [n for a, n in enumerate(lengths) if a not in r.axes]
            outs.append(b.result(v, kept) if kept else None)
            if r.reduce is None:
                self._add_result("out", k, b.array(v).name, r.dtype, lengths, ())
        cost = self._cost()
        can_share = any(is_apart(loop, a) for a in {0, self.ndim - 1})
        work = f"bt_parts(rt, ({product(lengths)}) * {cost})" if can_share else "1"
        parts = b.declare("int64_t", "parts", work)
        sums: dict[int, Array] = {}
        sizes: dict[int, str] = {}
        for k, r in enumerate(loop.results):
            if r.reduce is None:
                continue
            sizes[k] = product([n for a, n in enumerate(lengths) if a not in r.axes])
            room = [f"{parts} * ({sizes[k]})"]
            for kind, dtype in (("sum", r.acc_dtype), ("place", "int64"))[: 1 + r.place]:
                sums[k] = b.allocate(f"{kind}{k}", dtype, room, temporary=True)
                self._add_result(kind, k, sums[k].name, dtype, lengths, r.axes)
        name = self._kernel().write(b, self._hint(), described(node))
        yield
        for copy in copies:
            b.put(copy)
        numbers = [b.scalar(self.inputs[j]) for j in self.by_value]
        passed = ["rt", parts, *lengths, *self.arguments, *sizes.values(), *numbers]
        b.put(f"{name}({', '.join(passed)});")
        for k, made in sums.items():
            self._finish(k, made, sizes[k], outs[k])

    def _cost(self) -> int:
        """Of one element, in multiplications; memory counts as one for each operand."""
        steps = sum(1 if isinstance(s, Load) else s.op.cost for s in self.loop.steps)
        return steps + len(self.by_pointer) + len(self.loop.results)

    def _lengths(self) -> list[str]:
        """The range: for each axis what is given, or what all operands moving along it have."""
        b, lengths = self.b, []
        for a in range(self.ndim):
            found = self._given(a)
            for j, v in enumerate(self.inputs):
                if j not in self.loop.tables and _varies(v, a, self.ndim):
                    array = b.array(v)
                    n = array.lengths[a - (self.ndim - array.rank)]
                    if found:
                        b.check_equal(found, n)
                    else:
                        found = n
            lengths.append(found or "1")
        return lengths

    def _given(self, axis: int) -> str:
        """The length that an input gives; empty if none does."""
        j = self.loop.lengths[axis]
        if j is None:
            return ""
        known = constant_int(self.inputs[j])
        n = self.b.length("n", self.b.scalar(self.inputs[j]))
        if known is None or known < 0:
            self.b.check(f"{n} >= 0")
        return n

    def _add_input(self, j: int) -> None:
        v = self.inputs[j]
        array = self.b.array(v)
        inner = self.ndim - 1
        if _varies(v, inner, self.ndim):
            array = self.b.unit_inner(array)
        shift = self.ndim - array.rank
        strides = [
            "0" if not _varies(v, a, self.ndim) else "1" if a == inner else array.stride(a - shift)
            for a in range(self.ndim)
        ]
        self._add("in", j, array.name, array.dtype, strides)

    def _add_table(self, kind: str, k: int, table: Array) -> None:
        strides = [table.stride(a) for a in range(table.rank)]
        kept = tuple("1" if s == "1" else "d" for s in strides)
        self.operands.append(Operand(kind, k, table.dtype, ("0",) * self.ndim, kept))
        self.arguments += [table.name, *table.lengths, *(s for s in strides if s != "1")]

    def _check_places(self, j: int, at: tuple[int, int]) -> None:
        """Leave with an error unless all places lie in the table."""
        b, places = self.b, self.inputs[j]
        table, axis = at
        length = INT64_SCALAR()
        b.scalars[length] = b.array(self.inputs[table]).lengths[axis]
        steps = (
            Step(scalar.cast_to("int64"), (0,), "int64"),
            Step(scalar.neg, (1,), "int64"),
            Step(scalar.lt, (2, 3), "bool"),
            Step(scalar.ge, (2, 1), "bool"),
            Step(scalar.or_, (4, 5), "bool"),
        )
        _check_none(b, steps, places, length)

    def write(self, target: Array) -> Iterator[None]:
        """Compute the only result into a part of an array, of the lengths of the range."""
        b, lengths = self.b, target.lengths
        strides = [target.stride(a) for a in range(self.ndim)]
        moves = tuple(s if s in ("0", "1") else "d" for s in strides)
        passed = [target.name, *(s for s, m in zip(strides, moves, strict=True) if m == "d")]
        for j in self.by_pointer:
            if b.array(self.inputs[j]) is target:
                self.operands.append(Operand("in", j, target.dtype, moves))
                self.arguments += passed
            else:
                self._add_input(j)
        self.operands.append(Operand("out", 0, target.dtype, moves))
        self.arguments += passed
        parts = b.declare(
            "int64_t", "parts", f"bt_parts(rt, ({product(lengths)}) * {self._cost()})"
        )
        name = self._kernel().write(b, "write", described(self.node))
        yield
        numbers = [b.scalar(self.inputs[j]) for j in self.by_value]
        b.put(f"{name}({', '.join(['rt', parts, *lengths, *self.arguments, *numbers])});")

    def _kernel(self) -> Kernel:
        dtypes, values = _dtypes(self.inputs), tuple(self.by_value)
        return Kernel(self.loop, dtypes, tuple(self.operands), values, self._cost())

    def _add_result(
        self,
        kind: str,
        k: int,
        pointer: str,
        dtype: str,
        lengths: Sequence[str],
        axes: Sequence[int],
    ) -> None:
        kept = [a for a in range(self.ndim) if a not in axes]
        strides = ["0"] * self.ndim
        for at, a in enumerate(kept):
            strides[a] = product(lengths[c] for c in kept[at + 1 :])
        self._add(kind, k, pointer, dtype, strides)

    def _add(self, kind: str, index: int, pointer: str, dtype: str, strides: Sequence[str]) -> None:
        # Along the last axis everything moves by 0 or 1: inputs are packed for that, and results
        # that have the last axis end in it.
        inner = self.ndim - 1
        moves = ["d" if a < inner and s != "0" else s for a, s in enumerate(strides)]
        self.operands.append(Operand(kind, index, dtype, tuple(moves)))
        self.arguments += [pointer, *(s for s, m in zip(strides, moves, strict=True) if m == "d")]

    def _finish(self, k: int, made: Array, size: str, out: Array | None) -> None:
        b, at = self.b, "0" if out is None else "e"
        value = converted(f"{made.name}[{at}]", made.dtype, self.loop.results[k].dtype)
        if out is None:
            b.put(f"{b.set_scalar_name(self.node.outputs[k])} = {value};")
        else:
            b.put(f"for (int64_t e = 0; e < {size}; e++) {out.name}[e] = {value};")

    def _hint(self) -> str:
        """A name for the kernel: of what it computes, or of its last steps."""
        named = [plain(v.name) for v in self.node.outputs if v.name]
        ops = [
            "load" if isinstance(s, Load) else plain(s.op.name).split("{")[0]
            for s in self.loop.steps[-2:]
        ]
        ops += [plain(r.reduce.name) for r in self.loop.results if r.reduce is not None][:1]
        return "loop_" + "_".join(named[:2] or ops or ["copy"])
