"""A builder of C text that knows types.

Names, arrays with lengths and strides, buffers, checks and kernels.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from bitale_graph.extend import Apply, Constant, Variable

from ..base.array import Array, product, size_of
from ..base.ctype import C_TYPES, literal
from ..base.text import comment, identifier, plain
from ..library.units import Unit
from .plan import MemoryPlan
from .scope import Scope


class Builder:
    """Writes the text of one function.

    Attributes
    ----------
    kernels : list of str
        Functions in C, before the entry point.
    scopes : list of Scope
        Where statements go: the entry point, and bodies of loops in it, innermost last.
    vector_functions, support : sets of str
        What the text calls from the vector math library, and support files that it includes.
    units : set of Unit
        Support files that are compiled on their own.

    nodes : list of Apply
        Nodes by the number that an error status names.
    callbacks : list of Apply
        Nodes that run in Python, by their numbers.

    Parameters
    ----------
    plan : MemoryPlan
    kept : set of Variable
        Those whose buffers leave the call as outputs.
    is_read : callable
        Whether anything reads a variable.
    """

    def __init__(
        self, plan: MemoryPlan, kept: set[Variable], is_read: Callable[[Variable], bool]
    ) -> None:
        self.scopes = [Scope(plan, kept, is_read)]
        self.uses_blas = False
        self.kernels: list[str] = []
        self.vector_functions: set[str] = set()
        self.support: set[str] = {"frame"}
        self.units: set[Unit] = set()
        self.texts: dict[str, str] = {}
        self.scalars: dict[Variable, str] = {}
        self.arrays: dict[Variable, Array] = {}
        self.nodes: list[Apply] = []
        self.callbacks: list[Apply] = []
        self.n_slots = 0
        self.node_index = 0
        self._taken_before: dict[int, Array] = {}
        self.declared: list[str] = []
        self._names: set[str] = set()
        self._counts: dict[str, int] = {}
        self._kernel_names: dict[str, str] = {}

    # Scopes
    @property
    def scope(self) -> Scope:
        """Where statements go now."""
        return self.scopes[-1]

    @property
    def lines(self) -> list[str]:
        """The statements so far."""
        return self.scope.lines

    @property
    def plan(self) -> MemoryPlan:
        """The memory plan of the graph whose nodes are written now."""
        return self.scope.plan

    def open(self, scope: Scope) -> None:
        """Write into ``scope`` until it is closed."""
        scope.checked = set(self.scope.checked)
        scope.packed = dict(self.scope.packed)
        self.scopes.append(scope)

    def close(self) -> Scope:
        """Go back to the scope around; what was declared since changes with every step there."""
        inner = self.scopes.pop()
        self.scope.moving |= inner.names
        return inner

    # Nodes
    def begin(self, node: Apply, index: int | None = None) -> int:
        """Write for ``node`` from now on; gives its number, by which it can be taken up again."""
        if index is None:
            index = len(self.nodes)
            self.nodes.append(node)
            self.put("")
            self.put(comment(f"{index}: {described(node)}"))
        self.node_index = index
        return index

    # Names and statements
    def name(self, hint: str | None) -> str:
        """A fresh C identifier that resembles ``hint``."""
        made = self._fresh(hint)
        self.scope.names.add(made)
        return made

    def _fresh(self, hint: str | None) -> str:
        base = identifier(hint or "t")
        if hint and base not in self._names:
            self._names.add(base)
            return base
        while True:
            number = self._counts.get(base, 0)
            self._counts[base] = number + 1
            candidate = f"{base}{number}" if base[-1].isalpha() else f"{base}_{number}"
            if candidate not in self._names:
                self._names.add(candidate)
                return candidate

    def put(self, line: str) -> None:
        """Add a statement."""
        self.lines.append(line)

    def declare(self, c_type: str, hint: str, value: str) -> str:
        """A local that keeps its value, which is computed without loads from memory; its name."""
        name = self.name(hint)
        self.declared.append(f"{c_type} {name};")
        scope = self.scope
        if scope.touches_written(value):
            scope.written.add(name)
        if scope.is_fixed(value):
            scope.before.append(f"{name} = {value};")
        else:
            scope.moving.add(name)
            self.put(f"{name} = {value};")
        return name

    def variable(self, c_type: str, hint: str | None, value: str | None = None) -> str:
        """A local that later statements assign to, or whose value is loaded; its name."""
        name = self.name(hint)
        self.declared.append(f"{c_type} {name};")
        self.scope.moving.add(name)
        if value is not None:
            self.put(f"{name} = {value};")
        return name

    def length(self, hint: str, value: str) -> str:
        """A local int64, unless ``value`` is a name or number already."""
        if re.fullmatch(r"\w+", value):
            return value
        return self.declare("int64_t", hint, value)

    # Failing
    def check(self, condition: str) -> None:
        """Leave the function with an error unless ``condition`` holds."""
        # Names are given once, so what held before still holds.
        scope = self.scope
        if condition == "1" or condition in scope.checked:
            return
        scope.checked.add(condition)
        if scope.is_fixed(condition):
            scope.before.append(
                f"if ({scope.steps} > 0 && !({condition})) "
                f"BT_FAIL({self.node_index}, BT_CHECK_FAILED);"
            )
        else:
            self.put(f"if (!({condition})) BT_FAIL({self.node_index}, BT_CHECK_FAILED);")

    def check_equal(self, a: str, b: str) -> None:
        """Leave the function with an error unless two lengths agree."""
        if a != b:
            self.check(f"{a} == {b}")

    def open_steps(self, t: str, steps: str) -> str:
        """Open a loop that asks now and then whether a signal says to leave; gives its end.

        The question stands in a loop around: a call among the steps, even one that is never made,
        would take the numbers that they carry out of registers.
        """
        left, pace, end = self.variable("int64_t", "left"), self.name("pace"), self.name("end")
        self.declared[-1] = f"int64_t {left} = 0; bt_pace {pace} = {{0, 0}};"
        self.put(f"for (int64_t {t} = 0; {t} < {steps};) {{")
        self.put(
            f"if ({left} == 0 && !({left} = rt->pause(&{pace}))) "
            f"BT_FAIL({self.node_index}, BT_CALLBACK_RAISED);"
        )
        self.put(f"const int64_t {end} = {left} < {steps} - {t} ? {t} + {left} : {steps};")
        self.put(f"{left} -= {end} - {t};")
        self.put(f"for (; {t} < {end}; {t}++) {{")
        return "}}"

    # Values of variables
    def scalar(self, v: Variable) -> str:
        """The C expression of a 0-d variable: a name or a literal."""
        if v not in self.scalars and isinstance(v, Constant):
            return literal(v.data[()], v.type.dtype)
        return self.scalars[v]

    def define_scalar(self, v: Variable, value: str) -> str:
        """Give a 0-d variable its value."""
        name = self.variable(C_TYPES[v.type.dtype], v.name or "s", value)
        self.scalars[v] = name
        return name

    def set_scalar_name(self, v: Variable) -> str:
        """A declared local for a 0-d variable that a kernel or a later statement writes."""
        name = self.variable(C_TYPES[v.type.dtype], v.name or "s")
        self.scalars[v] = name
        return name

    def array(self, v: Variable) -> Array:
        """The array of a variable that has one."""
        return self.arrays[v]

    # Memory
    def new_slot(self, temporary: bool = False) -> int:
        """A place for a buffer that is released on failure, and at the end of its life."""
        self.n_slots += 1
        if temporary:
            self.scope.temporary.append(self.n_slots - 1)
        return self.n_slots - 1

    def allocate(
        self,
        hint: str | None,
        dtype: str,
        lengths: Sequence[str],
        keep: bool = False,
        temporary: bool = False,
        lasts: bool = False,
    ) -> Array:
        """A new contiguous array; ``keep`` if it may outlive the call.

        In the body of a loop it is taken before the loop if its lengths are known there. With
        ``lasts`` what is written at one step is read after it, so that no buffer may be had that
        other nodes write at every step.
        """
        scope = self.scope
        c_type = C_TYPES[dtype]
        size = size_of(lengths, f"sizeof({c_type})")
        if not scope.is_fixed(size):
            made = self._take(self.lines, hint, dtype, lengths, size, keep, temporary)
            scope.moving.add(made.name)
            return made
        if not (keep or lasts):
            # Lengths are checked only where steps run.
            size = f"({scope.steps} > 0 ? {size} : 0)"
        known = scope.free.get((dtype, *lengths))
        if known and not keep and not lasts:
            made = known.pop()
        else:
            made = self._take(scope.before, hint, dtype, lengths, size, keep, False)
            scope.written.add(made.name)
            scope.owned |= made.slots
        if temporary:
            scope.temporary += made.slots
        self._taken_before[next(iter(made.slots))] = made
        return made

    def _take(
        self,
        lines: list[str],
        hint: str | None,
        dtype: str,
        lengths: Sequence[str],
        size: str,
        keep: bool,
        temporary: bool,
    ) -> Array:
        slot = self.new_slot(temporary)
        name = self.name(hint)
        self.declared.append(f"{C_TYPES[dtype]} *{name};")
        lines.append(
            f"if (!(owned[{slot}] = {name} = bt_take(&frame, {size}, {int(keep)}))) "
            f"BT_FAIL({self.node_index}, BT_OUT_OF_MEMORY);"
        )
        return Array(name, dtype, list(lengths), None, frozenset([slot]))

    def result(self, v: Variable, lengths: Sequence[str]) -> Array:
        """The array of a new variable: a buffer taken over as the plan says, or a new one."""
        dtype = v.type.dtype
        old = self.plan.reused.get(v)
        place = self.scope.places.get(v)
        made = None
        if old is not None:
            source = self.arrays[old]
            name = source.name
            if v.name and identifier(v.name) != name:
                name = self.declare(f"{source.c_type} *", v.name, name)
            made = Array(name, dtype, list(lengths), None, source.slots)
        elif place is not None:
            made = place(lengths)
        if made is None:
            made = self.allocate(v.name, dtype, lengths, keep=v in self.scope.kept)
        self.arrays[v] = made
        return made

    def release_temporaries(self) -> None:
        """Give back what was packed for one node."""
        for slot in self.scope.temporary:
            self.release(slot)
        self.scope.temporary.clear()

    def adopt_temporaries(self, a: Array) -> None:
        """Let the copy behind ``a`` live as long as the variables that show it."""
        scope = self.scope
        scope.temporary = [slot for slot in scope.temporary if slot not in a.slots]

    def release(self, slot: int) -> None:
        """Give a buffer back; one that was taken before the loop waits for its next reader."""
        if slot in self.scope.owned:
            made = self._taken_before[slot]
            self.scope.free.setdefault((made.dtype, *made.lengths), []).append(made)
        else:
            self.put(f"bt_give(&frame, arena, &owned[{slot}]);")

    # Layout
    def contiguous(self, a: Array) -> Array:
        """``a`` itself if it is C-contiguous when it runs, else a copy for as long as this node."""
        if a.strides is None:
            return a
        tests = []
        for axis in range(a.rank):
            inner = product(a.lengths[axis + 1 :])
            tests.append(f"({a.lengths[axis]} == 1 || {a.strides[axis]} == {inner})")
        return self._packed_unless(a, " && ".join(tests), keep_strides=False)

    def unit_inner(self, a: Array) -> Array:
        """``a`` with a last axis of stride 1: itself, or a copy that lives as long as this node."""
        if a.strides is None or a.rank == 0 or a.strides[-1] == "1":
            return a
        return self._packed_unless(
            a, f"{a.strides[-1]} == 1 || {a.lengths[-1]} == 1", keep_strides=True
        )

    def unit_some(self, a: Array) -> Array:
        """A matrix with stride 1 along one of its axes, as BLAS wants it."""
        if a.strides is None:
            return a
        s0, s1 = a.strides
        n0, n1 = a.lengths
        by_rows = f"(({s1} == 1 || {n1} == 1) && {s0} >= {n1})"
        by_columns = f"(({s0} == 1 || {n0} == 1) && {s1} >= {n0})"
        fits = f"{by_rows} || {by_columns}"
        return self._packed_unless(a, fits, keep_strides=True)

    def _packed_unless(self, a: Array, fits: str, keep_strides: bool) -> Array:
        # What shows an argument is packed once for all its readers; else memory is given back soon.
        scope = self.scope
        is_fixed = scope.is_fixed_memory(a)
        is_given = is_fixed or not (a.slots or any(s.steps for s in self.scopes))
        key = (a.name, fits, *a.lengths, *(a.strides or ()), str(keep_strides))
        if key in scope.packed:
            return scope.packed[key]
        slot = self.new_slot(temporary=not is_given)
        assert a.strides is not None
        lines: list[str] = []

        def local(c_type: str, hint: str, value: str) -> str:
            name = self.name(hint)
            self.declared.append(f"{c_type} {name};")
            lines.append(f"{name} = {value};")
            if not is_fixed:
                scope.moving.add(name)
            return name

        pointer = local(f"const {a.c_type} *", f"{a.name}_packed", a.name)
        strides = (
            [local("int64_t", f"{pointer}_s{k}", s) for k, s in enumerate(a.strides)]
            if keep_strides
            else None
        )
        packed = Array(f"({a.c_type} *)owned[{slot}]", a.dtype, a.lengths)
        lines += [
            f"if ({f'{scope.steps} > 0 && ' if is_fixed else ''}!({fits})) {{",
            f"    owned[{slot}] = bt_take(&frame, {size_of(a.lengths, f'sizeof({a.c_type})')}, 0);",
            f"    if (!owned[{slot}]) BT_FAIL({self.node_index}, BT_OUT_OF_MEMORY);",
            f"    {self.copy_text(packed, a)}",
            f"    {pointer} = owned[{slot}];",
            *(f"    {s} = {packed.stride(k)};" for k, s in enumerate(strides or [])),
            "}",
        ]
        (scope.before if is_fixed else scope.lines).extend(lines)
        if is_fixed:
            scope.owned.add(slot)
        # Without a slot nobody gives it back before the end.
        made = Array(
            pointer, a.dtype, a.lengths, strides, frozenset() if is_given else frozenset([slot])
        )
        if is_given:
            scope.packed[key] = made
        return made

    def copy_text(self, to: Array, source: Array) -> str:
        """A statement that copies ``source``, which broadcasts to ``to`` by strides of 0."""
        self.support.add("copy")
        if to.rank == 0:
            return f"*({to.name}) = *({source.name});"
        size = f"sizeof({to.c_type})"

        def listed(values: Sequence[str]) -> str:
            return "(const int64_t[]){" + ", ".join(values) + "}"

        ts = listed([f"({to.stride(a)}) * (int64_t){size}" for a in range(to.rank)])
        fs = listed([f"({source.stride(a)}) * (int64_t){size}" for a in range(to.rank)])
        return (
            f"bt_copy((char *)({to.name}), {ts}, (const char *)({source.name}), {fs}, "
            f"{listed(to.lengths)}, {to.rank}, {size});"
        )

    # Kernels
    def kernel(self, hint: str, text: str, words: Sequence[str]) -> str:
        """Add a function in C, ``text`` with ``@`` for its name; equal functions are added once.

        The one that is called begins with ``BT_LOOP``. Returns the name. ``words`` are the lines
        of its comment, those of the first use.
        """
        known = self._kernel_names.get(text)
        if known is None:
            known = self.name(hint)
            self._kernel_names[text] = known
            self.kernels.append(f"{comment(*words)}\n{text.replace('@', known)}")
        return known

    def library(self, name: str, text: str) -> str:
        """Add a fixed text under a name, once."""
        self.texts.setdefault(name, text)
        return name


def described(node: Apply) -> str:
    """A node in words, with the user's names: for comments."""
    inputs = ", ".join(map(plain, node.inputs))
    outputs = ", ".join(plain(v.name or "_") for v in node.outputs)
    return f"{outputs} = {plain(node.op)}({inputs})"[:200]
