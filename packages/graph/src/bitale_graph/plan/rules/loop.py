"""Loops: a launch of a kernel each, with what must be checked, packed and allocated before."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from ...core.graph import Apply, Variable
from ...core.order import toposort
from ...ops.loop import Argument, Index, Literal, Load, Loop, Result, Step
from ...ops.loop_forms import LoopForm, as_loop, loop_forms
from ...ops.reduction import Argmax, Reduce
from ...ops.shape import INT64_SCALAR
from ...tensor import scalar
from ...tensor.conversion import constant_int
from ...tensor.elementwise import Elementwise
from ..array import Array
from ..builder import Builder
from ..calls import Launch
from ..expressions import Address, Computed, Expression, Number, Parts, converted, number, product
from ..kernel import Kernel, Operand, is_apart
from ..names import plain
from ..target import Target, emits, reuses, supports, waits

_FORMS = [op for op in loop_forms if op is not Elementwise]


def _form_of(node: Apply) -> LoopForm:
    form = as_loop(node)
    assert form is not None
    return form


def _dtypes(inputs: Sequence[Variable]) -> tuple[str, ...]:
    return tuple(v.type.dtype for v in inputs)


@supports.define(*_FORMS)
@supports.define(Elementwise, subclasses=True)
def loop_is_supported(target: Target, node: Apply) -> bool:
    """The target must spell every step, and compute with its dtype."""
    form = as_loop(node)
    if form is None:
        return False
    loop = form.loop
    for r in loop.results:
        if not target.computes(r.dtype):
            return False
        if r.combine is not None and not target.knows(r.combine):
            return False
        if r.reduce is not None and not (target.computes(r.acc_dtype) and target.knows(r.reduce)):
            return False
    dtypes = [*_dtypes(form.inputs), *(s.dtype for s in loop.steps)]
    for step in loop.steps:
        if isinstance(step, Load):
            if not all(isinstance(a, Index) or a < len(form.inputs) for a in step.at):
                return False
            continue
        if not target.knows(step.op):
            return False
        # An exponent that the loop computes is checked by NumPy alone.
        exponent = _exponent(step)
        if isinstance(exponent, Literal) and exponent.array() < 0:
            return False
        if isinstance(exponent, Index) or (
            isinstance(exponent, int) and exponent >= len(form.inputs)
        ):
            return False
    return all(map(target.computes, dtypes))


def _exponent(step: Step | Load) -> Argument | None:
    """What must not be negative where integers are raised to a power."""
    if isinstance(step, Load) or step.op is not scalar.pow or not step.dtype.startswith("int"):
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


@emits.define(*_FORMS)
@emits.define(Elementwise, subclasses=True)
def emit_loop(b: Builder, node: Apply) -> Iterator[None]:
    """Write a loop: as expressions for one of rank 0, else as a launch of a kernel."""
    loop, inputs = _form_of(node)
    for made in toposort(inputs, stop_at=set(node.inputs)):
        for _ in b.target.emits[type(made.op)](b, made):
            pass
    for j in _exponents(loop):
        negative = Step(scalar.lt, (0, Literal.of(np.zeros((), inputs[j].type.dtype))), "bool")
        check_none(b, (negative,), inputs[j])
    if loop.ndim > 0 or any(map(b.is_kept, inputs)):
        yield from Nest(b, node, loop, inputs).emit()
        return
    yield
    values = [b.scalar(v) for v in inputs]
    names = {r.value: out.name for r, out in zip(loop.results, node.outputs, strict=True)}
    for step in loop.steps:
        assert isinstance(step, Step)
        value = Computed(step.op, step.dtype, _arguments(step, values))
        values.append(b.let(names.get(len(values)), value))
    for r, out in zip(loop.results, node.outputs, strict=True):
        b.scalars[out] = b.let(out.name or "s", converted(values[r.value], r.dtype))


def _arguments(step: Step, values: Sequence[Expression]) -> list[Expression]:
    out: list[Expression] = []
    for a in step.args:
        assert not isinstance(a, Index)
        out.append(values[a] if isinstance(a, int) else Number(a.array()[()], a.dtype))
    return out


def check_none(b: Builder, steps: tuple[Step, ...], v: Variable, *numbers: Variable) -> None:
    """Leave with an error if a program holds for any element of ``v``; asked once."""
    key = ("none", steps, v, *(b.scalar(n) for n in numbers))
    if key in b.scope.asked:
        return
    b.scope.asked.add(key)
    ndim, value = v.type.ndim, len(numbers) + len(steps)
    some = Result(value, "bool", scalar.or_, tuple(range(ndim)), "bool")
    loop = Loop(ndim, steps, (some if ndim else Result(value, "bool"),))
    node = loop.make_node(v, *numbers)
    for _ in emit_loop(b, node):
        pass
    b.check(~b.scalar(node.outputs[0]))


class Nest:
    """One loop in host code: its range, its operands, and the launch of its kernel."""

    def __init__(self, b: Builder, node: Apply, loop: Loop, inputs: Sequence[Variable]) -> None:
        self.b, self.node, self.loop, self.ndim = b, node, loop, loop.ndim
        self.inputs = inputs
        every = [a for s in loop.steps for a in (s.at if isinstance(s, Load) else s.args)]
        every += [a for r in loop.results for a in (r.value, *r.at)]
        used = {a for a in every if isinstance(a, int)}
        read = [j for j in range(len(inputs)) if j in used and j not in loop.tables]
        self.by_value = [j for j in read if inputs[j].type.ndim == 0 and not b.is_kept(inputs[j])]
        self.by_pointer = [j for j in read if j not in self.by_value]
        self.operands: list[Operand] = []
        self.arguments: list[list[Expression]] = []
        self.written: list[Expression] = []

    def emit(self) -> Iterator[None]:
        """Checks, packing and buffers; then the launch of the kernel."""
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
                    b.check(lengths[a] > 0)
        copies: list[tuple[Array, Array]] = []
        for k, (r, v) in enumerate(zip(loop.results, node.outputs, strict=True)):
            if r.into is not None:
                old = b.array(self.inputs[r.into])
                out = b.result(v, old.lengths)
                if v not in b.plan.reused:
                    copies.append((out, old))
                self._add_table("into", k, out)
                continue
            kept = [n for a, n in enumerate(lengths) if a not in r.axes]
            if r.reduce is None:
                out = b.result(v, kept)
                self._add_result("out", k, out.pointer, r.dtype, lengths, ())
            else:
                is_array = kept or b.target.keeps_numbers
                total = b.result(v, kept).pointer if is_array else Address(b.receive(v))
                self._add("total", k, total, r.dtype, ["0"] * self.ndim, [])
        parts = self._parts(lengths) if _can_share(loop) else number(1)
        sizes = self._accumulators(lengths, parts)
        yield
        for out, old in copies:
            b.copy(out, old)
        self._launch(parts, lengths, sizes, self._hint())

    def _accumulators(self, lengths: list[Expression], parts: Expression) -> list[Expression]:
        """Memory for what is summed up, apart for every part; how much a part has of each."""
        b = self.b
        sizes: list[Expression] = []
        if not b.target.sums_in_parts:
            return sizes
        for k, r in enumerate(self.loop.results):
            if r.reduce is None:
                continue
            sizes.append(product(n for a, n in enumerate(lengths) if a not in r.axes))
            for kind, dtype in (("sum", r.acc_dtype), ("place", "int64"))[: 1 + r.place]:
                room = [parts, sizes[-1]]
                made = b.allocate(f"{kind}{k}", dtype, room, temporary=True)
                self._add_result(kind, k, made.pointer, dtype, lengths, r.axes)
        return sizes

    def _launch(
        self, parts: Expression, lengths: list[Expression], sizes: list[Expression], hint: str
    ) -> None:
        dtypes, values = _dtypes(self.inputs), tuple(self.by_value)
        kernel = Kernel(self.loop, dtypes, tuple(self.operands), values, self._cost())
        numbers = [self.b.scalar(self.inputs[j]) for j in self.by_value]
        launch = Launch(
            kernel,
            parts,
            lengths,
            self.arguments,
            sizes,
            numbers,
            self.written,
            hint,
            self.node,
            self.b.node_index,
        )
        self.b.put(launch)

    def _parts(self, lengths: Sequence[Expression]) -> Expression:
        count = product(lengths)
        if count == number(1):
            return count  # threads for one number take longer than the number
        return self.b.let("parts", Parts(count * self._cost()))

    def _cost(self) -> int:
        """Of one element, in multiplications; memory counts as one for each operand."""
        steps = sum(1 if isinstance(s, Load) else s.op.cost for s in self.loop.steps)
        return steps + len(self.by_pointer) + len(self.loop.results)

    def _lengths(self) -> list[Expression]:
        """The range: for each axis what is given, or what all operands moving along it have."""
        b, lengths = self.b, []
        for a in range(self.ndim):
            found = self._given(a)
            for j, v in enumerate(self.inputs):
                if j not in self.loop.tables and _varies(v, a, self.ndim):
                    array = b.array(v)
                    n = array.lengths[a - (self.ndim - array.rank)]
                    if found is not None:
                        b.check_equal(found, n)
                    else:
                        found = n
            lengths.append(number(1) if found is None else found)
        return lengths

    def _given(self, axis: int) -> Expression | None:
        """The length that an input gives, if one does."""
        j = self.loop.lengths[axis]
        if j is None:
            return None
        known = constant_int(self.inputs[j])
        n = self.b.let("n", self.b.scalar(self.inputs[j]))
        if known is None or known < 0:
            self.b.check(n >= 0)
        return n

    def _add_input(self, j: int) -> None:
        v = self.inputs[j]
        array = self.b.array(v)
        inner = self.ndim - 1
        if _varies(v, inner, self.ndim):
            array = self.b.unit_inner(array)
        shift = self.ndim - array.rank
        strides = [
            number(0)
            if not _varies(v, a, self.ndim)
            else number(1)
            if a == inner
            else array.stride(a - shift)
            for a in range(self.ndim)
        ]
        self._add("in", j, array.pointer, array.dtype, _moves(strides, self.ndim - 1), strides)

    def _add_table(self, kind: str, k: int, table: Array) -> None:
        strides = [table.stride(a) for a in range(table.rank)]
        one = number(1)
        kept = tuple("1" if s == one else "d" for s in strides)
        self.operands.append(Operand(kind, k, table.dtype, ("0",) * self.ndim, kept))
        self.arguments.append([table.pointer, *table.lengths, *(s for s in strides if s != one)])
        if kind == "into":
            self.written.append(table.pointer)

    def _check_places(self, j: int, at: tuple[int, int]) -> None:
        """Leave with an error unless all places lie in the table."""
        b, places = self.b, self.inputs[j]
        table, axis = at
        length = INT64_SCALAR()
        b.scalars[length] = b.array(self.inputs[table]).lengths[axis]
        # Value 2 is a place as int64, value 3 the least one; unsigned ones count from the front.
        least = Step(scalar.neg, (1,), "int64")
        if places.type.dtype.startswith("uint"):
            least = Step(scalar.identity, (Literal.of(np.zeros((), "int64")),), "int64")
        steps = (
            Step(scalar.cast_to("int64"), (0,), "int64"),
            least,
            Step(scalar.lt, (2, 3), "bool"),
            Step(scalar.ge, (2, 1), "bool"),
            Step(scalar.or_, (4, 5), "bool"),
        )
        check_none(b, steps, places, length)

    def write(self, target: Array) -> Iterator[None]:
        """Compute the only result into a part of an array, of the lengths of the range."""
        b, lengths = self.b, target.lengths
        strides = [target.stride(a) for a in range(self.ndim)]
        fixed = {number(0): "0", number(1): "1"}
        moves = [fixed.get(s, "d") for s in strides]
        for j in self.by_pointer:
            if b.array(self.inputs[j]) is target:
                self._add("in", j, target.pointer, target.dtype, moves, strides)
            else:
                self._add_input(j)
        self._add("out", 0, target.pointer, target.dtype, moves, strides)
        parts = self._parts(lengths)
        yield
        self._launch(parts, lengths, [], "loop_write")

    def write_at_places(self, target: Array) -> Iterator[None]:
        """Write the only result at places in an array that is not the result of the node."""
        lengths = self._lengths()
        for place in dict.fromkeys(_places(self.loop)):
            self._check_places(*place)
        for j in self.by_pointer:
            self._add_input(j)
        self._add_table("into", 0, target)
        parts = self._parts(lengths) if _can_share(self.loop) else number(1)
        yield
        self._launch(parts, lengths, [], "loop_write")

    def _add_result(
        self,
        kind: str,
        k: int,
        pointer: Expression,
        dtype: str,
        lengths: Sequence[Expression],
        axes: Sequence[int],
    ) -> None:
        kept = [a for a in range(self.ndim) if a not in axes]
        strides = [number(0)] * self.ndim
        for at, a in enumerate(kept):
            strides[a] = product(lengths[c] for c in kept[at + 1 :])
        # A result that has the last axis ends in it.
        self._add(kind, k, pointer, dtype, _moves(strides, self.ndim - 1), strides)

    def _add(
        self,
        kind: str,
        index: int,
        pointer: Expression,
        dtype: str,
        moves: Sequence[str],
        strides: Sequence[Expression],
    ) -> None:
        self.operands.append(Operand(kind, index, dtype, tuple(moves)))
        steps = [s for s, m in zip(strides, moves, strict=False) if m == "d"]
        self.arguments.append([pointer, *steps])
        if kind != "in":
            self.written.append(pointer)

    def _hint(self) -> str:
        """A name for the kernel: of what it computes, or of its last steps."""
        named = [plain(v.name) for v in self.node.outputs if v.name]
        ops = [
            "load" if isinstance(s, Load) else plain(s.op.name).split("{")[0]
            for s in self.loop.steps[-2:]
        ]
        ops += [plain(r.reduce.name) for r in self.loop.results if r.reduce is not None][:1]
        return "loop_" + "_".join(named[:2] or ops or ["copy"])


def _can_share(loop: Loop) -> bool:
    """Whether the work can be split along the first axis or the last one."""
    return any(is_apart(loop, a) for a in {0, loop.ndim - 1})


def _moves(strides: Sequence[Expression], inner: int) -> list[str]:
    """How an operand moves: along the last axis by 0 or 1, as inputs are packed for that."""
    zero = number(0)
    return ["0" if s == zero else "1" if a == inner else "d" for a, s in enumerate(strides)]
