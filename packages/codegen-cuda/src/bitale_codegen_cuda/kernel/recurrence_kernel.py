"""Loops of which a step works element by element: one kernel, in which each thread goes its way.

A thread has one element of every state in its registers, for all steps. Numbers of rank 0 are the
same for all threads, and each computes them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from bitale_graph.extend import Constant, Loop, Scan, Variable, as_loop
from bitale_graph.plan.program import ProgramText

from .dialect import DIALECT
from .text import KernelText, kernel_text


@dataclass(frozen=True)
class Recurrence:
    """What the kernel of a loop does.

    Attributes
    ----------
    op : Scan
    ndim : int
        The rank of the range: every index has a thread.
    stacks : tuple of int
        Which stacks something reads.
    """

    op: Scan
    ndim: int
    stacks: tuple[int, ...] = ()

    def is_read(self, v: Variable) -> bool:
        """Whether a step does anything with what it is given."""
        return bool(self.op.body.graph.clients[v])


def varies(v: Variable, axis: int, ndim: int) -> bool:
    """Whether a variable of a step moves along an axis of the range; both end at one axis."""
    shape = v.type.shape
    own = axis - (ndim - len(shape))
    return own >= 0 and shape[own] != 1


def axes_of(v: Variable, ndim: int) -> list[int]:
    """The axes of the range along which a variable moves."""
    return [a for a in range(ndim) if varies(v, a, ndim)]


def recurrence_text(one: Recurrence, *, is_guarded: bool) -> KernelText:
    """The kernel.

    It is passed the number of steps and the lengths of the range; for each sequence and
    non-sequence that is read, for each first state, each last one, and each stack an address, its
    stride from step to step if it is a sequence or a stack, and a stride for each axis of
    `axes_of`; for each stack how many rows it has; and where the number of steps made goes if a
    condition ends the loop.
    """
    op, ndim = one.op, one.ndim
    writer = _Writer(one)
    parameters = [("int64_t steps", "q"), *((f"int64_t n{a}", "q") for a in range(ndim))]
    parameters += writer.parameters()
    if op.is_while:
        parameters.append(("int64_t *taken", "P"))
    count = " * ".join(f"n{a}" for a in range(ndim)) or "1"
    # Numbers of rank 0 want a thread where the range is empty, too.
    lines = [
        f"const int64_t count = {count}, turns = count > 0 ? count : 1;",
        "const int64_t first = (int64_t)blockIdx.x * blockDim.x + threadIdx.x;",
        "for (int64_t e = first; e < turns; e += (int64_t)gridDim.x * blockDim.x) {",
        "const bool is_in = count > 0; (void)is_in;",
        "int64_t rest = e; (void)rest;",
        *(
            f"const int64_t index{a} = n{a} > 0 ? rest % n{a} : 0; rest /= n{a} > 0 ? n{a} : 1;"
            for a in reversed(range(ndim))
        ),
        *writer.before(),
        "int64_t t = 0;",
        "for (; t < steps; t++) {",
        "const int64_t at = " + ("steps - 1 - t;" if op.reverse else "t;"),
        *writer.step(),
        "}",
        *writer.after(),
        *(["if (e == 0) *taken = t;"] if op.is_while else []),
        "}",
    ]
    return kernel_text("recurrence", parameters, lines, is_guarded=is_guarded)


class _Writer:
    def __init__(self, one: Recurrence) -> None:
        self.one, self.op, self.ndim = one, one.op, one.ndim
        self.inner, self.rows = one.op.inner, one.op.inner_outputs
        self.stacks = [(k, self.rows.stacks[k]) for k in one.stacks]
        self.names: dict[Variable, str] = {}
        self.sequences = [v for v in self.inner.sequences if one.is_read(v)]
        self.same = [v for v in self.inner.non_sequences if one.is_read(v)]

    def parameters(self) -> list[tuple[str, str]]:
        """Addresses, and how each moves."""
        out: list[tuple[str, str]] = []
        inner = self.inner
        for k, v in enumerate(self.sequences):
            out += self._pointer(f"row{k}", v, is_read_only=True, steps=True)
        for k, v in enumerate(self.same):
            out += self._pointer(f"same{k}", v, is_read_only=True)
        for k, v in enumerate(inner.states):
            out += self._pointer(f"first{k}", v, is_read_only=True)
        for k, v in enumerate(inner.states):
            out += self._pointer(f"last{k}", v)
        for k, v in self.stacks:
            out += self._pointer(f"stack{k}", v, steps=True)
        return [*out, *((f"int64_t kept{k}", "q") for k, _ in self.stacks)]

    def _pointer(
        self, name: str, v: Variable, *, is_read_only: bool = False, steps: bool = False
    ) -> list[tuple[str, str]]:
        const = "const " if is_read_only else ""
        out = [(f"{const}{_type(v)} *{name}", "P")]
        if steps:
            out.append((f"int64_t {name}_t", "q"))
        return out + [(f"int64_t {name}_d{a}", "q") for a in axes_of(v, self.ndim)]

    def _place(self, name: str, v: Variable, step: str = "") -> str:
        terms = [f"index{a} * {name}_d{a}" for a in axes_of(v, self.ndim)]
        return f"{name}[{' + '.join([*([f'{step} * {name}_t'] if step else []), *terms]) or '0'}]"

    def _read(self, name: str, v: Variable, step: str = "") -> str:
        place = self._place(name, v, step)
        return f"is_in ? {place} : {_type(v)}(0)" if axes_of(v, self.ndim) else place

    def before(self) -> list[str]:
        """What is read once."""
        lines = []
        for k, v in enumerate(self.same):
            self.names[v] = f"x{k}"
            lines.append(f"const {_type(v)} x{k} = {self._read(f'same{k}', v)};")
        for k, v in enumerate(self.inner.states):
            self.names[v] = f"state{k}"
            lines.append(f"{_type(v)} state{k} = {self._read(f'first{k}', v)};")
        return lines

    def step(self) -> list[str]:
        """One step: its rows, its nodes, what is kept of it, and the new states together."""
        lines = []
        for k, v in enumerate(self.sequences):
            self.names[v] = f"r{k}"
            lines.append(f"const {_type(v)} r{k} = {self._read(f'row{k}', v, 'at')};")
        lines += self._nodes()
        for k, v in self.stacks:
            place = self._place(f"stack{k}", v, self._kept_row(k))
            lines.append(f"if ({self._writes(v)}) {place} = {self._value(v)};")
        new = [(k, v) for k, v in enumerate(self.rows.states)]
        lines += [f"const {_type(v)} new{k} = {self._value(v)};" for k, v in new]
        stop = None
        if self.rows.last is not None:
            lines.append(f"const bool stops = {self._value(self.rows.last)};")
            stop = "if (stops) { t++; break; }"
        lines += [f"state{k} = new{k};" for k, _ in new]
        return [*lines, *([stop] if stop else [])]

    def _kept_row(self, k: int) -> str:
        if self.op.keeps[k] is None:
            return "at"
        if self.op.is_while:
            return "0"
        if self.op.reverse:
            return f"(at < kept{k} ? at : kept{k} - 1)"
        return f"(at < steps - kept{k} ? 0 : at - (steps - kept{k}))"

    def after(self) -> list[str]:
        """The states go to where they are read."""
        return [
            f"if ({self._writes(v)}) {self._place(f'last{k}', v)} = state{k};"
            for k, v in enumerate(self.inner.states)
        ]

    def _writes(self, v: Variable) -> str:
        """Whether a thread writes a variable: of those with the same element the first one."""
        moves = axes_of(v, self.ndim)
        if not moves:
            return "e == 0"
        first = [f"index{a} == 0" for a in range(self.ndim) if a not in moves]
        return " && ".join(["is_in", *first])

    def _value(self, v: Variable) -> str:
        if v in self.names:
            return self.names[v]
        assert isinstance(v, Constant)
        return DIALECT.literal(v.data[()], v.type.dtype)

    def _nodes(self) -> list[str]:
        lines: list[str] = []
        for node in self.op.body.graph.toposort():
            form = as_loop(node)
            assert form is not None
            for v in node.outputs:
                self.names[v] = f"v{len(self.names)}"
                lines.append(f"{_type(v)} {self.names[v]};")
            lines += ["{", *self._node(form.loop, form.inputs, node.outputs), "}"]
        return lines

    def _node(
        self, loop: Loop, inputs: Sequence[Variable], outputs: Sequence[Variable]
    ) -> list[str]:
        loaded = {j: self._value(v) for j, v in enumerate(inputs)}
        dtypes = [v.type.dtype for v in inputs]
        program = ProgramText(
            DIALECT, loop, dtypes, loaded, {}, lambda step, dtype, made: made.text
        )
        results = [
            f"{self.names[v]} = {program.values[r.value]};"
            for r, v in zip(loop.results, outputs, strict=True)
        ]
        return [*program.lines, *results]


def _type(v: Variable) -> str:
    return DIALECT.c_type(v.type.dtype)
