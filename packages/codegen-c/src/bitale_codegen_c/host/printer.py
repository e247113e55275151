"""Statements of host code as C."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import singledispatchmethod

import numpy as np
from bitale_graph.plan.array import Array, Buffer
from bitale_graph.plan.calls import Call, Callback, Launch, Try
from bitale_graph.plan.dialect import C_TYPES
from bitale_graph.plan.expressions import TRUE, Expression, Name
from bitale_graph.plan.names import comment, described
from bitale_graph.plan.node_code import OwnFunction
from bitale_graph.plan.rules.scan_stacks import COPY_BYTES, MOVE_BYTES
from bitale_graph.plan.statements import (
    Assign,
    Check,
    CheckStopped,
    Copy,
    Declare,
    Deliver,
    Give,
    Hold,
    If,
    Kept,
    Leave,
    Let,
    Mark,
    Move,
    Pack,
    Statement,
    Steps,
    Store,
    Take,
)

from ..kernel.c_file import CFile
from ..kernel.kernel import KernelText
from .expressions import ExpressionPrinter
from .own_function import own_function
from .target import ARENA, CALL, FRAME, LEAVE, OUT, OWNED, PROFILE, RUNTIME

ROUTINES = {COPY_BYTES: "__builtin_memcpy", MOVE_BYTES: "__builtin_memmove"}


@dataclass
class _Label:
    """Where to go if something fails."""

    name: str
    is_used: bool = False


class StatementPrinter:
    """Writes statements, one or more lines each.

    Attributes
    ----------
    lines : list of str

    Parameters
    ----------
    file : CFile
        Gets the kernels and what else the statements call.
    """

    def __init__(self, file: CFile) -> None:
        self.file = file
        self.expression = ExpressionPrinter(file)
        self.lines: list[str] = []
        self.depth = 1
        self.labels = [_Label(LEAVE)]
        # Where the file is profiled: whose time it is, and which nodes are counted already.
        self.node: int | None = None
        self.counted: set[int] = set()
        self._loops = 0

    def write(self, statements: Sequence[Statement]) -> None:
        """Write statements at the depth that is reached."""
        for k, one in enumerate(statements):
            if not isinstance(one, Mark):
                self.print(one)
                continue
            done = _until_mark(statements, k + 1)
            # Nothing is done for a view.
            if done or k + 1 == len(statements):
                self.print(one)
                # To look at the clock at each step of a loop costs more than what numbers take.
                if self.file.is_profiled and (not self._loops or any(map(_takes_time, done))):
                    self._enter(one.node)

    def _put(self, *lines: str) -> None:
        pad = "    " * self.depth
        self.lines += [pad + line if line else "" for line in lines]

    def _inside(self, opening: str, write: Callable[[], None], closing: str = "}") -> None:
        self._put(opening)
        self.depth += 1
        write()
        self.depth -= 1
        self._put(closing)

    def _fail(self, node: int, code: str) -> str:
        label = self.labels[-1]
        label.is_used = True
        if label.name == LEAVE:
            return f"BT_FAIL({node}, {code});"
        return f"BT_FAIL_AT({label.name}, {node}, {code});"

    @singledispatchmethod
    def print(self, one: Statement) -> None:
        """Write one statement."""
        raise TypeError(f"no C for {one!r}")

    @print.register
    def _mark(self, one: Mark) -> None:
        told = described(one.of, one.node, with_line=self.file.with_lines)
        self._put("", comment(told))

    def _enter(self, node: int) -> None:
        """Let the time be a node's from here on, and count that it runs."""
        word = "turn" if node in self.counted else "enter"
        self.counted.add(node)
        self.node = node
        self._put(f"bt_{word}({PROFILE}, {node});")

    def _note(self, text: str) -> None:
        if self.file.is_profiled:
            self._put(text)

    def _with_time(self, node: int | None) -> None:
        """Let the time be a node's again, after what others did inside of it."""
        if node is not None and node != self.node:
            self._put(f"bt_turn({PROFILE}, {node});")
        self.node = node

    @print.register
    def _let(self, one: Let) -> None:
        self._put(f"{_declared(one.name, is_fixed=True)} = {self.expression(one.value)};")

    @print.register
    def _declare(self, one: Declare) -> None:
        value = "" if one.value is None else f" = {self.expression(one.value)}"
        self._put(f"{_declared(one.name)}{value};")

    @print.register
    def _assign(self, one: Assign) -> None:
        self._put(f"{one.name.text} = {self.expression(one.value)};")

    @print.register
    def _store(self, one: Store) -> None:
        place = self.expression.element(one.pointer, one.index)
        self._put(f"{place} = {self.expression(one.value)};")

    @print.register
    def _copy(self, one: Copy) -> None:
        self._put(self._copying(one.to, one.source))

    def _copying(self, to: Array, source: Array) -> str:
        e, size = self.expression, f"sizeof({C_TYPES[to.dtype]})"
        ts, fs = (", ".join(e.strides(a)) for a in (to, source))
        return (
            f"{RUNTIME}->copy({RUNTIME}, (char *){e(to.pointer, 12)}, (const int64_t[]){{{ts}}}, "
            f"(const char *){e(source.pointer, 12)}, (const int64_t[]){{{fs}}}, "
            f"{e.listed(to.lengths)}, {to.rank}, {size});"
        )

    # What can fail
    @print.register
    def _check(self, one: Check) -> None:
        condition = self.expression(one.guard & ~one.condition)
        self._put(f"if ({condition}) {self._fail(one.node, 'BT_CHECK_FAILED')}")

    @print.register
    def _check_stopped(self, one: CheckStopped) -> None:
        if self.file.kernels or self.file.units:
            fail = self._fail(one.node, "BT_CALLBACK_RAISED")
            self._put(f"if (((bt_call *){CALL})->is_stopped) {fail}")

    @print.register
    def _take(self, one: Take) -> None:
        size = self.expression(one.size)
        if one.guard != TRUE:
            size = f"{self.expression(one.guard)} ? {size} : 0"
        taken = f"bt_take({FRAME}, {size}, {int(one.keeps)})"
        self._put(f"{_declared(one.pointer, is_fixed=True)} = {_owned(one.buffer)} = {taken};")
        self._put(f"if (!{one.pointer.text}) {self._fail(one.node, 'BT_OUT_OF_MEMORY')}")
        self._note(f"bt_took({PROFILE}, {one.node}, {one.buffer.slot}, {size});")

    @print.register
    def _pack(self, one: Pack) -> None:
        e, a, owned = self.expression, one.array, _owned(one.buffer)
        c_type = C_TYPES[a.dtype]
        self._put(f"const {c_type} *{one.pointer.text} = {e(a.pointer)};")
        for k, name in enumerate(one.strides):
            self._put(f"int64_t {name.text} = {e(a.stride(k))};")
        packed = Array(one.pointer, a.dtype, a.lengths)
        size = e.size(a.lengths, a.dtype)

        def write() -> None:
            self._put(f"{one.pointer.text} = {owned} = bt_take({FRAME}, {size}, 0);")
            self._put(f"if (!{owned}) {self._fail(one.node, 'BT_OUT_OF_MEMORY')}")
            self._note(f"bt_took({PROFILE}, {one.node}, {one.buffer.slot}, {size});")
            self._put(self._copying(packed, a))
            for k, name in enumerate(one.strides):
                self._put(f"{name.text} = {e(packed.stride(k))};")

        self._inside(f"if ({e(one.guard & ~one.fits)}) {{", write)

    @print.register
    def _try(self, one: Try) -> None:
        own = one.routine.needs
        assert isinstance(own, OwnFunction)
        name = self.file.library(*own_function(own.node, own.body))
        arguments = ", ".join(map(self._argument, one.arguments))
        self._put(f"if ({name}({arguments})) {self._fail(one.node, 'BT_CHECK_FAILED')}")

    @print.register
    def _callback(self, one: Callback) -> None:
        self.file.support.add("callback")
        for r in one.received:
            for name in (r.name, *r.lengths):
                self._put(f"{_declared(name)};")
        self._inside("{", lambda: self._call_back(one))

    def _call_back(self, one: Callback) -> None:
        given = self._described(one.given, [g.dtype for g in one.given])
        ins = ", ".join(given) or "{0}"
        self._put(
            f"const bt_array bt_ins[] = {{{ins}}};",
            f"bt_result *bt_outs = bt_results({len(one.received)});",
            f"if (!bt_outs) {self._fail(one.node, 'BT_OUT_OF_MEMORY')}",
            f"if ({RUNTIME}->callback({CALL}, {one.index}, bt_ins, bt_outs)) {{",
            "    __builtin_free(bt_outs);",
            f"    {self._fail(one.node, 'BT_CALLBACK_RAISED')}",
            "}",
        )
        for k, r in enumerate(one.received):
            name, result = r.name.text, f"bt_outs[{k}]"
            if r.buffer is None:
                self._put(f"__builtin_memcpy(&{name}, {result}.value, sizeof {name});")
                continue
            self._put(f"{name} = {_owned(r.buffer)} = {result}.data;")
            for a, n in enumerate(r.lengths):
                self._put(f"{n.text} = {result}.shape[{a}];")
            size = self.expression.size(r.lengths, r.name.dtype)
            self._note(f"bt_took({PROFILE}, {one.node}, {r.buffer.slot}, {size});")
        self._put("__builtin_free(bt_outs);")

    def _described(self, given: Sequence[Expression | Array], dtypes: Sequence[str]) -> list[str]:
        """Write what `bt_array` of numbers and arrays point to; their initialisers."""
        e, listed = self.expression, []
        for k, (one, dtype) in enumerate(zip(given, dtypes, strict=True)):
            if isinstance(one, Expression):
                self._put(f"{C_TYPES[dtype]} bt_value{k} = {e(one)};")
                listed.append(f"{{&bt_value{k}, NULL, NULL}}")
                continue
            lengths, strides = (
                ", ".join(map(e, one.lengths)) or "0",
                ", ".join(e.strides(one)) or "0",
            )
            self._put(
                f"const int64_t bt_shape{k}[] = {{{lengths}}}, bt_strides{k}[] = {{{strides}}};"
            )
            listed.append(f"{{(void *){e(one.pointer, 12)}, bt_shape{k}, bt_strides{k}}}")
        return listed

    # Memory
    @print.register
    def _give(self, one: Give) -> None:
        self._note(f"bt_gave({PROFILE}, {one.buffer.slot});")
        self._put(f"bt_give({FRAME}, {ARENA}, &{_owned(one.buffer)});")

    @print.register
    def _move(self, one: Move) -> None:
        pointer = "" if one.pointer is None else f"{one.pointer.text} = "
        source = _owned(one.source)
        self._put(f"{pointer}{_owned(one.to)} = {source};", f"{source} = NULL;")
        self._note(f"bt_moved({PROFILE}, {one.to.slot}, {one.source.slot});")

    @print.register
    def _deliver(self, one: Deliver) -> None:
        result = f"{OUT}[{one.place}]"
        if isinstance(one.value, Expression):
            c_type, value = C_TYPES[one.value.dtype], self.expression(one.value)
            self._put(
                f"{{ const {c_type} bt_value = {value}; "
                f"__builtin_memcpy({result}.value, &bt_value, sizeof bt_value); }}"
            )
            return
        assert one.buffer is not None
        self._put(
            f"{result}.data = {self.expression(one.value.pointer)};",
            f"{_owned(one.buffer)} = NULL;",
            *(
                f"{result}.shape[{a}] = {self.expression(n)};"
                for a, n in enumerate(one.value.lengths)
            ),
        )

    # Work
    @print.register
    def _call(self, one: Call) -> None:
        self.file.require(one.routine.needs)
        arguments = [RUNTIME] if one.routine.takes_runtime else []
        arguments += map(self._argument, one.arguments)
        result = "" if one.result is None else f"{one.result.text} = "
        name = ROUTINES.get(one.routine, one.routine.name)
        condition = "" if one.guard == TRUE else f"if ({self.expression(one.guard)}) "
        self._put(f"{condition}{result}{name}({', '.join(arguments)});")

    def _argument(self, one: Expression | tuple[Expression, ...]) -> str:
        return self.expression.listed(one) if isinstance(one, tuple) else self.expression(one)

    @print.register
    def _launch(self, one: Launch) -> None:
        name = KernelText(self.file, one.kernel).write(one)
        operands = [e for each in one.arguments for e in each]
        passed = [one.parts, *one.lengths, *operands, *one.sizes, *one.numbers]
        self._put(f"{name}({', '.join([RUNTIME, *map(self.expression, passed)])});")

    @print.register
    def _hold(self, one: Hold) -> None:
        self._put(
            "",
            f"((bt_call *){CALL})->is_held = 1;",
            "/* Nothing can fail from here on: shared variables are written where they lie. */",
        )

    # Control
    @print.register
    def _if(self, one: If) -> None:
        node = self.node
        self._put(f"if ({self.expression(one.condition)}) {{")
        self.depth += 1
        self.write(one.then)
        self.depth -= 1
        if one.otherwise:
            self._put("} else {")
            self.depth += 1
            self.write(one.otherwise)
            self.depth -= 1
        self._put("}")
        self._with_time(node)

    @print.register
    def _leave(self, one: Leave) -> None:
        t, steps = one.loop.t.text, self.expression(one.loop.steps)
        condition = self.expression(one.condition)
        self._put(f"if ({condition}) {{ {one.taken.text} = {t} + 1; {t} = {steps}; break; }}")

    @print.register
    def _steps(self, one: Steps) -> None:
        """Two loops, of which the outer one asks now and then whether a signal says to leave.

        A call among the steps, even one that is never made, would take the numbers that they carry
        out of registers.
        """
        node = self.node
        early = _Label(self.file.fresh("failed"))
        self.labels.append(early)
        self.write(one.before)
        self.labels.pop()
        t, steps = one.t.text, self.expression(one.steps)
        left, pace, end = (name.text for name in one.pace)
        self._put(f"int64_t {left} = 0;", f"bt_pace {pace} = {{0, 0}};")
        self._put(f"for (int64_t {t} = 0; {t} < {steps};) {{")
        self.depth += 1
        self._put(
            f"if ({left} == 0 && !({left} = {RUNTIME}->pause(&{pace}))) "
            f"{self._fail(one.node, 'BT_CALLBACK_RAISED')}",
            f"const int64_t {end} = {left} < {steps} - {t} ? {t} + {left} : {steps};",
            f"{left} -= {end} - {t};",
        )
        failed = _Label(self.file.fresh("failed"))
        self.labels.append(failed)
        self._inside(f"for (; {t} < {end}; {t}++) {{", lambda: self._step(one, failed))
        self.depth -= 1
        self._put("}")
        self._keep(early, one.node, "0", one.first)
        self._with_time(node)

    def _step(self, one: Steps, failed: _Label) -> None:
        self._loops += 1
        self.write(one.body)
        self._loops -= 1
        self.labels.pop()
        self._keep(failed, one.node, one.t.text, one.now)

    def _keep(self, label: _Label, loop: int, step: str, kept: Kept | None) -> None:
        """What is done where a step fails: what it was given is kept for the words of the error."""
        if not label.is_used:
            return
        assert kept is not None
        around = self.labels[-1]
        around.is_used = True

        def write() -> None:
            self._put(f"{label.name}:;")
            given = self._described(kept.given, kept.dtypes)
            kinds = [
                f"{np.dtype(dtype).char}{one.rank if isinstance(one, Array) else 0}"
                for one, dtype in zip(kept.given, kept.dtypes, strict=True)
            ]
            arrays = f"(const bt_array[]){{{', '.join(given) or '{0}'}}}"
            self._put(f'{RUNTIME}->keep({CALL}, {loop}, {step}, "{" ".join(kinds)}", {arrays});')
            self._put(f"goto {around.name};")

        self._inside("if (0) {", write)


def _until_mark(statements: Sequence[Statement], start: int) -> Sequence[Statement]:
    end = start
    while end < len(statements) and not isinstance(statements[end], Mark):
        end += 1
    return statements[start:end]


def _takes_time(one: Statement) -> bool:
    """Whether a statement may take longer than a look at the clock."""
    return isinstance(one, Call | Callback | Copy | If | Launch | Pack | Steps | Take | Try)


def _declared(name: Name, *, is_fixed: bool = False) -> str:
    c_type = C_TYPES[name.dtype]
    const = "const " if is_fixed else ""
    return f"{c_type} *{const}{name.text}" if name.is_pointer else f"{const}{c_type} {name.text}"


def _owned(buffer: Buffer) -> str:
    return f"{OWNED}[{buffer.slot}]"
