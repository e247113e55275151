"""Statements of a large function as data, which a loop in C walks through.

Compilers take more than proportional time for large functions: gcc 172 s for one of 40,000 nodes.
As data such a function takes a compiler next to nothing. What has loops, branches or calls into
Python stays text, each a function of its own on the same registers; so do numbers that need C.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import singledispatchmethod

import numpy as np
from bitale_graph.plan.array import Array
from bitale_graph.plan.calls import Call, Launch
from bitale_graph.plan.dialect import C_TYPES
from bitale_graph.plan.expressions import (
    TRUE,
    Address,
    Bytes,
    Choice,
    Conversion,
    Element,
    Expression,
    Given,
    Name,
    Number,
    Operation,
    Parts,
    Threads,
)
from bitale_graph.plan.statements import (
    Assign,
    Check,
    CheckStopped,
    Copy,
    Declare,
    Deliver,
    Give,
    Guarded,
    Hold,
    Let,
    Mark,
    Move,
    Pack,
    Statement,
    Steps,
    Store,
    Take,
    expressions_read,
    kept_expressions,
    walk,
)

from ..base.ctype import FIELDS
from ..kernel.c_file import CFile, Needs
from ..kernel.kernel import KernelText
from ..library.units import walk_unit
from .expressions import ExpressionPrinter
from .printer import ROUTINES, StatementPrinter
from .target import ARENA, CALL, FRAME, IN, LEAVE, OUT, OWNED, PROFILE, RUNTIME, STATUS

_BINARY = {
    "+": "add", "-": "sub", "*": "mul", "/": "div", "%": "rem", "==": "eq", "!=": "ne",
    "<": "lt", "<=": "le", ">": "gt", ">=": "ge", "&&": "and", "||": "or",
}  # fmt: skip
_SIGNED = ("int64", "bool")
_FUNCTION = """static int {name}(bt_walk *bt_w, bt_word *bt_r, const int32_t *bt_k) {{
    (void)bt_w, (void)bt_r, (void)bt_k;
{lines}
}}"""
# What text of statements finds under these names.
_FRAME = (
    f"const bt_runtime *const {RUNTIME} = bt_w->rt;",
    f"void *const {CALL} = bt_w->call;",
    f"const bt_array *const {IN} = bt_w->in;",
    f"bt_result *const {OUT} = bt_w->out;",
    f"bt_frame *const {FRAME} = bt_w->frame;",
    f"const char *const {ARENA} = bt_w->arena;",
    f"void **const {OWNED} = bt_w->owned;",
    f"int64_t {STATUS} = 0;",
    f"(void){RUNTIME}, (void){CALL}, (void){IN}, (void){OUT}, (void){FRAME};",
    f"bt_profile *const {PROFILE} = bt_w->profile;",
    f"(void){ARENA}, (void){OWNED}, (void){PROFILE};",
)


class WalkPrinter:
    """Writes statements as instructions.

    Attributes
    ----------
    code : list of int
    functions : dict
        Of those that instructions call, by name, their numbers.
    constants : dict
        Registers that hold constants from the start, by their texts.
    """

    def __init__(self, file: CFile) -> None:
        self.file = file
        self.expression = ExpressionPrinter(file)
        self.code: list[int] = []
        self.functions: dict[str, int] = {}
        self.constants: dict[tuple[str, str], int] = {}
        self.registers: dict[str, int] = {}
        self.n_registers = 0
        self._known: dict[Expression, int] = {}
        self._helpers: dict[str, str] = {}
        self.texts: list[str] = []
        self._node: int | None = None
        self._counted: set[int] = set()
        file.support |= {"profile", "walk"}
        file.require(Needs((walk_unit(),)))

    def write(self, statements: Sequence[Statement]) -> None:
        """Write the statements of a function."""
        for one in statements:
            if isinstance(one, Guarded) and one.guard != TRUE:
                self._section(one)
            else:
                self.print(one)

    def _do(self, name: str, *words: int) -> None:
        number = self.functions.setdefault(name, len(self.functions))
        self.code += (number, 2 + len(words), *words)

    # Registers
    def _new(self) -> int:
        self.n_registers += 1
        return self.n_registers - 1

    def _register(self, name: Name) -> int:
        if name.text not in self.registers:
            self.registers[name.text] = self._new()
        return self.registers[name.text]

    def _value(self, e: Expression) -> int:
        """The register that has a value, which instructions compute if need be."""
        if isinstance(e, Name):
            return self._register(e)
        if isinstance(e, Number):
            key = (FIELDS[e.dtype], self.expression(e))
            if key not in self.constants:
                self.constants[key] = self._new()
            return self.constants[key]
        if isinstance(e, Conversion) and {e.dtype, e.operands[0].dtype} <= {"int64", "uint64"}:
            return self._value(e.operands[0])
        if e in self._known:
            return self._known[e]
        to = self._new()
        self._compute(e, to)
        self._note(e, to)
        return to

    def _note(self, e: Expression, register: int) -> None:
        """What has been computed once, and is not to change, need not be computed again."""
        if not e.loads and not any(n.is_variable for n in e.names()):
            self._known[e] = register

    def _compute(self, e: Expression, to: int) -> None:
        match e:
            case Name() | Number():
                self._do("bt_do_let", to, self._value(e))
            case Given():
                self._given(e, to)
            case Bytes():
                lengths = [self._value(n) for n in e.operands]
                self._do("bt_do_bytes", to, _size(e.item) if e.item else 1, len(lengths), *lengths)
            case Parts():
                self._do("bt_do_parts", to, self._value(e.operands[0]))
            case Threads():
                self._do("bt_do_threads", to)
            case Choice():
                self._do("bt_do_choose", to, *map(self._value, e.operands))
            case Operation() if e.is_pointer:
                pointer, by = map(self._value, e.operands)
                self._do("bt_do_advance", to, pointer, by, _size(e.dtype))
            case Operation() if _is_plain(e):
                names = ("neg" if e.sign == "-" else "not",) if len(e.operands) == 1 else ()
                name = names[0] if names else _BINARY[e.sign]
                self._do(f"bt_do_{name}", to, *map(self._value, e.operands))
            case Element():
                pointer, index = map(self._value, e.operands)
                self._do("bt_do_load", to, pointer, index, _size(e.dtype))
            case _:
                self._do(self._helper(e), to, *map(self._value, e.operands))

    def _given(self, e: Given, to: int) -> None:
        if e.field == "data":
            self._do("bt_do_data", to, e.index)
        elif e.field == "shape":
            self._do("bt_do_shape", to, e.index, e.axis)
        elif e.field == "stride":
            self._do("bt_do_stride", to, e.index, e.axis, _size(e.item))
        else:
            self._do("bt_do_value", to, e.index, _size(e.dtype))

    def _helper(self, e: Expression) -> str:
        """A function for what is computed with operands of these types."""
        operands = [
            Name(f"a{i}", o.dtype, is_pointer=o.is_pointer) for i, o in enumerate(e.operands)
        ]
        text = self.expression(e.of(operands))
        lines = [
            f"const {C_TYPES[o.dtype]} {'*' * o.is_pointer}{o.text} = bt_r[bt_k[{i}]].{_field(o)};"
            for i, o in enumerate(operands, start=1)
        ]
        return self._function("compute", [*lines, f"bt_r[bt_k[0]].{_field(e)} = {text};"])

    def _function(self, hint: str, lines: Sequence[str]) -> str:
        """A function of these lines, which gives 0; equal ones are written once."""
        text = "\n".join(f"    {line}" for line in [*lines, "return 0;"])
        if text not in self._helpers:
            name = self._helpers[text] = self.file.fresh(f"do_{hint}")
            self.texts.append(_FUNCTION.format(name=name, lines=text))
        return self._helpers[text]

    # Statements
    @singledispatchmethod
    def print(self, one: Statement) -> None:
        """Write one statement."""
        self._section(one)

    @print.register
    def _mark(self, one: Mark) -> None:
        """Data has no comments."""
        if self.file.is_profiled:
            self._do("bt_do_turn" if one.node in self._counted else "bt_do_enter", one.node)
            self._counted.add(one.node)
            self._node = one.node

    @print.register
    def _let(self, one: Let) -> None:
        known = None if one.value.loads else self._known.get(one.value)
        if known is not None:
            self.registers[one.name.text] = known
            return
        to = self._register(one.name)
        self._compute(one.value, to)
        self._note(one.value, to)

    @print.register
    def _declare(self, one: Declare) -> None:
        to = self._register(one.name)
        if one.value is not None:
            self._do("bt_do_let", to, self._value(one.value))

    @print.register
    def _assign(self, one: Assign) -> None:
        self._do("bt_do_let", self._register(one.name), self._value(one.value))

    @print.register
    def _store(self, one: Store) -> None:
        value = self._value(one.value)
        pointer, index = self._value(one.pointer), self._value(one.index)
        self._do("bt_do_store", pointer, index, value, _size(one.pointer.dtype))

    @print.register
    def _check(self, one: Check) -> None:
        self._do("bt_do_check", self._value(one.condition), one.node)

    @print.register
    def _check_stopped(self, one: CheckStopped) -> None:
        self._do("bt_do_check_stopped")

    @print.register
    def _hold(self, one: Hold) -> None:
        self._do("bt_do_hold")

    @print.register
    def _take(self, one: Take) -> None:
        size = self._value(one.size)
        to = self._register(one.pointer)
        self._do("bt_do_take", to, one.buffer.slot, size, int(one.keeps), one.node)

    @print.register
    def _give(self, one: Give) -> None:
        self._do("bt_do_give", one.buffer.slot)

    @print.register
    def _move(self, one: Move) -> None:
        to = self._new() if one.pointer is None else self._register(one.pointer)
        self._do("bt_do_move", one.to.slot, one.source.slot, to)

    @print.register
    def _copy(self, one: Copy) -> None:
        to, source = self._value(one.to.pointer), self._value(one.source.pointer)
        lengths = [self._value(n) for n in one.to.lengths]
        strides = [*self._strides(one.to), *self._strides(one.source)]
        self._do("bt_do_copy", to, source, one.to.rank, _size(one.to.dtype), *lengths, *strides)

    def _strides(self, a: Array) -> list[int]:
        return [self._value(a.stride(k)) for k in range(a.rank)]

    @print.register
    def _pack(self, one: Pack) -> None:
        a = one.array
        fits, source = self._value(one.fits), self._value(a.pointer)
        lengths = [self._value(n) for n in a.lengths]
        packed = Array(one.pointer, a.dtype, a.lengths)
        words = [*lengths, *self._strides(a), *self._strides(packed)]
        words += [self._register(name) for name in one.strides]
        to = self._register(one.pointer)
        head = [to, one.buffer.slot, fits, source, one.node, a.rank, _size(a.dtype)]
        self._do("bt_do_pack", *head, int(bool(one.strides)), *words)

    @print.register
    def _deliver(self, one: Deliver) -> None:
        if isinstance(one.value, Expression):
            value = self._value(one.value)
            self._do("bt_do_deliver_number", one.place, value, _size(one.value.dtype))
            return
        assert one.buffer is not None
        pointer = self._value(one.value.pointer)
        lengths = [self._value(n) for n in one.value.lengths]
        self._do("bt_do_deliver", one.place, pointer, one.buffer.slot, len(lengths), *lengths)

    @print.register
    def _launch(self, one: Launch) -> None:
        operands = [e for each in one.arguments for e in each]
        name = KernelText(self.file, one.kernel).write(one)
        self._run(name, [one.parts, *one.lengths, *operands, *one.sizes, *one.numbers])

    @print.register
    def _call(self, one: Call) -> None:
        self.file.require(one.routine.needs)
        name = ROUTINES.get(one.routine, one.routine.name)
        self._run(name, one.arguments, one.result, takes_runtime=one.routine.takes_runtime)

    def _run(
        self,
        name: str,
        arguments: Sequence[Expression | tuple[Expression, ...]],
        result: Name | None = None,
        *,
        takes_runtime: bool = True,
    ) -> None:
        """Call a function of C with values of registers."""
        words: list[int] = []
        first = int(result is not None)

        def passed_as(a: Expression) -> str:
            at = f"bt_r[bt_k[{first + len(words)}]]"
            if isinstance(a, Address):
                (of,) = a.operands
                words.append(self._value(of))
                return f"(void *)&{at}"
            words.append(self._value(a))
            return f"{at}.{_field(a)}"

        passed = ["bt_w->rt"] * takes_runtime
        for one in arguments:
            if isinstance(one, tuple):
                passed.append(f"(const int64_t[]){{{', '.join(map(passed_as, one))}}}")
            else:
                passed.append(passed_as(one))
        given = "" if result is None else f"bt_r[bt_k[0]].{_field(result)} = "
        function = self._function(name, [f"{given}{name}({', '.join(passed)});"])
        results = [] if result is None else [self._register(result)]
        self._do(function, *results, *words)

    # What stays text
    def _section(self, one: Statement) -> None:
        """A function in C for one statement, on registers of what it shares with others."""
        every = list(walk([one]))
        loops = [s for s in every if isinstance(s, Steps)]
        inside = {n for s in every for n in s.gives()} | {n for s in loops for n in (s.t, *s.pace)}
        read = [e for s in every for e in expressions_read(s)]
        for loop in loops:
            read += [e for kept in (loop.first, loop.now) for e in kept_expressions(kept)]
        names = dict.fromkeys(n for e in read for n in e.names())
        outside = [n for n in names if n not in inside]
        written = {n for e in read if isinstance(e, Address) for n in e.names()}
        first = one.before if isinstance(one, Steps) else []
        shown = [*one.gives(), *(n for s in first for n in s.gives())]
        printer = StatementPrinter(self.file)
        printer.node, printer.counted = self._node, self._counted
        printer.write([one])
        loaded = [f"{_typed(n)} = bt_r[{self._register(n)}].{_field(n)};" for n in outside]
        stored = [
            f"bt_r[{self._register(n)}].{_field(n)} = {'(void *)' * n.is_pointer}{n.text};"
            for n in (*(n for n in outside if n.is_variable or n in written), *shown)
        ]
        lines = [f"    {line}" for line in (*_FRAME, *loaded)]
        lines += [*printer.lines, *(f"    {line}" for line in stored)]
        lines += [f"    goto {LEAVE};", f"{LEAVE}:", f"    bt_w->status = {STATUS};"]
        lines.append(f"    return {STATUS} != 0;")
        name = self.file.fresh("part")
        self.texts.append(_FUNCTION.format(name=name, lines="\n".join(lines)))
        self._do(name)

    def entry(self) -> list[str]:
        """The functions and the tables."""
        constants = ", ".join(
            f"{{{at}, {{.{field} = {text}}}}}" for (field, text), at in self.constants.items()
        )
        return [
            *self.texts,
            f"static const bt_step bt_steps[] = {{{', '.join(self.functions)}}};",
            f"static const int32_t bt_code[] = {{{', '.join(map(str, self.code))}}};",
            f"static const bt_constant bt_constants[] = {{{constants or '{0, {0}}'}}};",
        ]


def _is_plain(e: Operation) -> bool:
    """Whether an operation is on int64 and conditions, or on bits that are the same in uint64."""
    if all(o.dtype in _SIGNED and not o.is_pointer for o in e.operands):
        return True
    return e.sign in ("==", "!=") and all(
        o.is_pointer or o.dtype in ("int64", "uint64") for o in e.operands
    )


def _size(dtype: str) -> int:
    return np.dtype(dtype).itemsize


def _field(e: Expression) -> str:
    return "p" if e.is_pointer else FIELDS[e.dtype]


def _typed(n: Name) -> str:
    return f"{C_TYPES[n.dtype]} *{n.text}" if n.is_pointer else f"{C_TYPES[n.dtype]} {n.text}"


def can_walk(statements: Iterable[Statement]) -> bool:
    """Whether every number fits a register."""
    given = (n for one in walk(list(statements)) for n in one.gives())
    return all(n.is_pointer or n.dtype != "complex128" for n in given)
