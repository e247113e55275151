"""The text of a loop's kernel: a function over rows, and one that shares its work among threads."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import NamedTuple

from bitale_graph.extend import reductions
from bitale_graph.plan.calls import Launch
from bitale_graph.plan.dialect import C_TYPES
from bitale_graph.plan.kernel import Kernel, Operand, is_apart
from bitale_graph.plan.names import described
from bitale_graph.plan.program import ProgramText, Table, layout_of, table_of

from ..library.units import BLOCK
from .c_file import CFile
from .dialect import C
from .near import is_far, near
from .program import calls, program_text
from .reduction import Ends, combined, is_larger

# So many loops stand one inside the other around the inner one; where there are more axes, one loop
# counts through all of them.
MAX_NESTED = 6
# Bodies of up to so many lines are written twice where that makes loads contiguous.
MOST_TWICE = 12


class _Form(NamedTuple):
    """An inner loop: what stands before it, its clauses, its statements, and what follows."""

    head: Sequence[str]
    clauses: Sequence[str]
    statements: Sequence[str]
    tail: Sequence[str]


class KernelText:
    """What a kernel is in C: a function over rows, and one that shares its work among threads.

    Parameters
    ----------
    file : CFile
    kernel : Kernel
    """

    def __init__(self, file: CFile, kernel: Kernel) -> None:
        self.file, self.kernel, self.loop = file, kernel, kernel.loop
        self.dtypes, self.operands, self.by_value = kernel.dtypes, kernel.operands, kernel.by_value
        self.cost, self.inner = kernel.cost, kernel.inner
        self.indexed = kernel.indexed
        # What the sums become is written when all parts are done.
        self.in_rows = [o for o in kernel.operands if o.kind != "total"]

    @cached_property
    def _lengths(self) -> list[str]:
        return [f"n{a}" for a in range(self.loop.ndim)]

    @cached_property
    def _scalars(self) -> list[tuple[str, str]]:
        return [(f"const {C_TYPES[self.dtypes[j]]} ", f"x{j}") for j in self.by_value]

    @cached_property
    def _fields(self) -> list[tuple[str, str]]:
        """The parameters of the function that is called, each with its type before it."""
        return [
            ("const bt_runtime *", "rt"),
            ("int64_t ", "parts"),
            *(("int64_t ", n) for n in self._lengths),
            *(p for o in self.operands for p in parameters(o)),
            *(("int64_t ", f"sum{o.index}_size") for o in self.kernel.of_kind("sum")),
            *self._scalars,
        ]

    def write(self, launch: Launch) -> str:
        """Add the kernel to the file; the name of the function to call.

        It is called with the runtime, the number of parts, the lengths, the arguments of every
        operand, for every accumulator its size, and the numbers passed by value.
        """
        file = self.file
        if self.kernel not in file.kernel_names:
            rows = self._rows().replace("@", "rows_of_@")
            driver = self._shared("rows_of_@")
            prototype = f"BT_LOOP void @({_declared(self._fields)});"
            told = described(launch.of, launch.node, with_line=file.with_lines)
            words = [told, self.kernel.program()]
            name = file.kernel(launch.hint, rows, driver, prototype, words)
            file.kernel_names[self.kernel] = name
        return file.kernel_names[self.kernel]

    def _shared(self, rows: str) -> str:
        """Merge axes, start accumulators, run, and combine in the order of the parts."""
        sums = self.kernel.of_kind("sum")
        places = {o.index: o for o in self.kernel.of_kind("place")}
        fields = self._fields
        lines = [
            f"typedef struct {{ {' '.join(f'{c}{name};' for c, name in fields)} }} task_of_@;",
            "static __attribute__((unused, optimize(0)))",
            "void part_of_@(void *context, int64_t part) {",
            "    const task_of_@ *task = context;",
            *(f"    {c}{name} = task->{name}; (void){name};" for c, name in fields),
            *(f"    {line}" for line in self._part(rows)),
            "}",
            f"BT_LOOP void @({_declared(fields)}) {{",
        ]
        lines += [f"    {line}" for line in self._merge()]
        for o in sums:
            reduce = self.loop.results[o.index].reduce
            assert reduce is not None
            start = C.literal(reductions[reduce].identity(o.dtype), o.dtype)
            first = f"{o.name}[e] = {start}"
            if o.index in places:
                first += f", place{o.index}[e] = 0"
            lines.append(f"    for (int64_t e = 0; e < parts * {o.name}_size; e++) {first};")
        lines += [
            f"    if (parts == 1 && {self._work()} <= BT_SLICE) {{",
            f"        {rows}({self._arguments()});",
            "    } else {",
            f"        task_of_@ task = {{{', '.join(name for _, name in fields)}}};",
            "        rt->share(part_of_@, &task, parts);",
            "    }",
        ]
        for o in sums:
            lines += self._combined(o, has_place=o.index in places)
        lines.append("}")
        return "\n".join(lines)

    def _combined(self, o: Operand, *, has_place: bool) -> list[str]:
        """Combine what the parts have of a sum, and store what it becomes."""
        result = self.loop.results[o.index]
        target, other = f"{o.name}[e]", f"{o.name}[part * {o.name}_size + e]"
        both = f"{target} = {combined(self.file, result, target, other, o.dtype)}"
        total = C.converted(target, o.dtype, result.dtype)
        if has_place:
            # A later part has it only if it is larger.
            where = f"place{o.index}[part * {o.name}_size + e]"
            kept = f"{target} = {other}, place{o.index}[e] = {where}"
            both = f"if ({is_larger(other, target, o.dtype)}) {kept}"
            total = f"place{o.index}[e]"
        each = f"for (int64_t e = 0; e < {o.name}_size; e++)"
        return [
            "    for (int64_t part = 1; part < parts; part++)",
            f"        {each} {both};",
            f"    {each} total{o.index}[e] = {total};",
        ]

    def _merge(self) -> list[str]:
        """Join outer axes to the last one where everything lies contiguously: a long inner loop."""
        inner, n = self.inner, self._lengths
        lines: list[str] = []
        if any(o.moves[inner] == "d" for o in self.in_rows):
            return lines
        for a in range(inner - 1, -1, -1):
            if {a, inner} & {*self.indexed}:
                break
            if any((o.moves[a] == "0") != (o.moves[inner] == "0") for o in self.in_rows):
                break
            # Every axis between must have been joined, or be of length 1.
            tests = ["joined"] if a < inner - 1 else []
            tests += [f"{o.move(a)} == {n[inner]}" for o in self.in_rows if o.moves[a] != "0"]
            if a < inner - 1:
                start = "int joined =" if a == inner - 2 else "joined = joined &&"
                lines.append(f"{start} {n[a + 1]} == 1;")
            lines.append(f"if ({' && '.join(tests) or '1'}) {n[inner]} *= {n[a]}, {n[a]} = 1;")
        return lines

    def _work(self) -> str:
        return " * ".join([f"(double){self.cost}", *self._lengths])

    def _shared_axes(self) -> list[int]:
        """The axes along which work is split: two parts never write at one place."""
        return [a for a in dict.fromkeys((0, self.inner)) if is_apart(self.loop, a)]

    def _part(self, rows: str) -> list[str]:
        """One part, in slices so short that between two of them a signal can be answered."""
        inner = self.inner
        lines = [f"int64_t from{a} = 0, to{a} = {n};" for a, n in enumerate(self._lengths)]
        axes = self._shared_axes()
        for axis in axes:
            n = f"n{axis}"
            test = "" if len(axes) == 1 else "if (n0 >= parts) " if axis == 0 else "else "
            lines.append(
                f"{test}from{axis} = {n} * part / parts, to{axis} = {n} * (part + 1) / parts;"
            )
        lines.append(f"int64_t room = BT_SLICE / {max(self.cost, 1)} + 1;")
        for a in range(inner, -1, -1):
            lines.append(
                f"const int64_t step{a} = to{a} - from{a} < room ? to{a} - from{a} : room;"
            )
            if a:
                lines.append(f"room = room / (step{a} + 1) + 1;")
        pad = ""
        for a in range(inner + 1):
            lines.append(f"{pad}for (int64_t at{a} = from{a}; at{a} < to{a}; at{a} += step{a}) {{")
            pad += "    "
        lines.append(f"{pad}if ({self._work()} > BT_SLICE && rt->is_stopped()) return;")
        lines.append(f"{pad}{rows}({self._arguments(is_part=True)});")
        return [*lines, "}" * (inner + 1)]

    def _arguments(self, is_part: bool = False) -> str:
        """What is passed for all rows, or for a slice of a part, which begins at ``at``."""
        out = list(self._lengths)
        if is_part:
            out = [f"to{a} - at{a} < step{a} ? to{a} - at{a} : step{a}" for a in range(len(out))]
        for o in self.in_rows:
            shift = ""
            if is_part:
                shift = f" + part * sum{o.index}_size" if o.kind in ("sum", "place") else ""
                for a in range(self.loop.ndim):
                    move = o.move(a)
                    shift += {"0": "", "1": f" + at{a}"}.get(move, f" + at{a} * {move}")
            out += arguments(o, shift)
        # A slice of a part begins in the middle of the range.
        out += [f"at{a}" if is_part else "0" for a in self.indexed]
        return ", ".join([*out, *(f"x{j}" for j in self.by_value)])

    def _rows(self) -> str:
        """The loop nest itself."""
        loop, inner = self.loop, self.inner
        signature = [("int64_t ", n) for n in self._lengths]
        before: list[str] = []
        inside: list[str] = []
        rows: dict[tuple[str, int], str] = {}
        loads = {j: f"x{j}" for j in self.by_value}
        outer_loops = _Nested(inner) if inner <= MAX_NESTED else _Counted(inner)
        for o in self.in_rows:
            signature += parameters(o)
            is_moved = any(o.moves[a] != "0" for a in range(inner))
            row = rows[o.kind, o.index] = f"{o.name}_row" if is_moved else o.name
            if is_moved:
                before += outer_loops.row(o, row)
            if o.kind == "in":
                loads[o.index] = f"x{o.index}"
                if o.moves[inner] == "0":
                    before.append(f"{c_type(o)} x{o.index} = *{row};")
                else:
                    at = "i" if o.moves[inner] == "1" else f"i * {o.move(inner)}"
                    inside.append(f"{c_type(o)} x{o.index} = {row}[{at}];")
        for a in self.indexed:
            at, where = (outer_loops.index(a), before) if a < inner else ("i", inside)
            signature.append(("int64_t ", f"from{a}"))
            where.append(f"const int64_t index{a} = from{a} + {at};")
        tables = {o.index: table_of(o) for o in self.kernel.of_kind("table")}
        body = program_text(self.file, loop, self.dtypes, loads, tables)
        moves = {o.index: o.moves for o in self.operands if o.kind in ("out", "sum")}
        spots = {}
        for o in self.operands:
            if o.kind == "into":
                spot = body.spot(o.name, loop.results[o.index].at, table_of(o), self.dtypes)
                spots[o.index] = f"{o.name}[{spot}]"
        inside += body.lines
        ends = Ends(
            self.file, loop, self.dtypes, moves, inner, rows, body.values, tuple(inside), spots
        )
        before += ends.before
        lines = [f"BT_KERNEL void @({_declared([*signature, *self._scalars])}) {{"]
        lines += outer_loops.begin()
        pad = "    " * (1 + outer_loops.depth)
        lines += [pad + line for line in before]
        start, stop, outer = "0", f"n{inner}", pad
        forms = self._forms(loads, tables, inside, body, ends)
        if ends.block_start or len(forms) > 1:
            lines.append(f"{pad}for (int64_t start = 0; start < n{inner}; start += {BLOCK}) {{")
            pad += "    "
            end = f"n{inner} - start < {BLOCK} ? n{inner} : start + {BLOCK}"
            lines.append(f"{pad}const int64_t stop = {end};")
            lines += [pad + line for line in ends.block_start]
            start, stop = "start", "stop"
        for form in forms:
            lines += [pad + line for line in form.head]
            each = [f"#pragma omp simd {' '.join(form.clauses)}".rstrip()] * is_apart(loop, inner)
            each.append(f"{pad}for (int64_t i = {start}; i < {stop}; i++) {{")
            each += [*(f"{pad}    {line}" for line in form.statements), pad + "}"]
            if len(forms) == 1:
                each = self._with_rows_of_tables(each, form.statements, pad)
            lines += [*each, *(pad + line for line in form.tail)]
        if start == "start":
            lines += [pad + line for line in ends.block_end]
            lines.append(outer + "}")
        lines += [outer + line for line in ends.after]
        return "\n".join([*lines, *outer_loops.end(), "}"])

    def _forms(
        self,
        loads: Mapping[int, str],
        tables: Mapping[int, Table],
        inside: Sequence[str],
        body: ProgramText,
        ends: Ends,
    ) -> list[_Form]:
        """The inner loop; where it has a near form, a loop that tests for it, and both."""
        whole = _Form([], ends.clauses, [*inside, *ends.inside], [])
        loop = self.loop
        found = near(loop, self.dtypes)
        is_plain = not any(r.place or r.into is not None for r in loop.results)
        if not found.steps or not is_plain or calls(loop) or not is_apart(loop, self.inner):
            return [whole]
        short = program_text(self.file, loop, self.dtypes, loads, tables, found.steps).lines
        first = len(inside) - len(body.lines)
        every = [*self.dtypes, *(s.dtype for s in loop.steps)]
        tests = [f"far |= {is_far(body.values[v], every[v])};" for v in found.operands]
        needed = [line for k in found.before for line in body.lines if f" t{k} = " in line]
        test = _Form(["int far = 0;"], ["reduction(|:far)"], [*inside[:first], *needed, *tests], [])
        quick = [*inside[:first], *short, *ends.inside]
        return [
            test,
            _Form(["if (far)"], whole.clauses, whole.statements, ["else"]),
            _Form([], whole.clauses, quick, []),
        ]

    def _with_rows_of_tables(self, each: list[str], inside: Sequence[str], pad: str) -> list[str]:
        """The inner loop; also one for contiguous rows, where it goes along rows of tables."""
        text = "\n".join(inside)
        along = [
            stride
            for o in self.kernel.of_kind("table")
            for stride in table_of(o).strides
            if stride != "1" and f"index{self.inner} * {stride}]" in text
        ]
        if not along or len(inside) > MOST_TWICE:
            return each
        return [
            f"{pad}if ({' && '.join(f'{stride} == 1' for stride in along)}) {{",
            f"{pad}const int64_t {', '.join(f'{stride} = 1' for stride in along)};",
            *each,
            f"{pad}}} else {{",
            *each,
            f"{pad}}}",
        ]


def c_type(o: Operand) -> str:
    """The C type of an element; what is only read is const."""
    return ("const " if o.is_read_only else "") + C_TYPES[o.dtype]


def parameters(o: Operand) -> list[tuple[str, str]]:
    """The parameters of an operand: the pointer, and the moves that are not fixed."""
    return [(f"{c_type(o)} *", o.name), *(("int64_t ", n) for n in layout_of(o))]


def arguments(o: Operand, shift: str = "") -> list[str]:
    """What to pass on for `parameters`."""
    return [o.name + shift, *layout_of(o)]


def _declared(fields: Sequence[tuple[str, str]]) -> str:
    return ", ".join(f"{type}{name}" for type, name in fields)


class _Nested:
    """The outer loops, one inside the other."""

    def __init__(self, axes: int) -> None:
        self.axes = self.depth = axes

    def row(self, o: Operand, row: str) -> list[str]:
        """Statements that point ``row`` at where an operand is read or written."""
        moving = [a for a in range(self.axes) if o.moves[a] != "0"]
        terms = " + ".join(f"i{a} * {o.move(a)}" for a in moving)
        return [f"{c_type(o)} *{row} = {o.name} + {terms};"]

    def index(self, axis: int) -> str:
        """The index along an axis."""
        return f"i{axis}"

    def begin(self) -> list[str]:
        """What stands before their body."""
        return [
            f"{'    ' * (a + 1)}for (int64_t i{a} = 0; i{a} < n{a}; i{a}++) {{"
            for a in range(self.axes)
        ]

    def end(self) -> list[str]:
        """What stands after it."""
        return ["    " * (a + 1) + "}" for a in range(self.axes - 1, -1, -1)]


class _Counted:
    """The same as one loop, which counts in the lengths of the axes.

    Compilers take more than twice as long for each further loop inside another: 95 s for 33.
    """

    depth = 1

    def __init__(self, axes: int) -> None:
        self.axes = axes
        self.rows: list[tuple[Operand, str]] = []

    def row(self, o: Operand, row: str) -> list[str]:
        """Nothing: ``row`` is moved along at the end of the body."""
        self.rows.append((o, row))
        return []

    def index(self, axis: int) -> str:
        """The index along an axis."""
        return f"at[{axis}]"

    def begin(self) -> list[str]:
        """What stands before the body."""
        axes = range(self.axes)
        lines = [f"int64_t at[{self.axes}] = {{0}};"]
        lines.append(f"const int64_t lengths[] = {{{', '.join(f'n{a}' for a in axes)}}};")
        lines.append(f"for (int a = 0; a < {self.axes}; a++) if (lengths[a] == 0) return;")
        for o, row in self.rows:
            lines.append(f"{c_type(o)} *{row} = {o.name};")
            lines.append(f"const int64_t {row}_by[] = {{{', '.join(o.move(a) for a in axes)}}};")
        return [f"    {line}" for line in [*lines, "for (;;) {"]]

    def end(self) -> list[str]:
        """What stands after it."""
        lines = [f"int a = {self.axes - 1};", "for (; a >= 0; a--) {"]
        lines += [f"    {row} += {row}_by[a];" for _, row in self.rows]
        lines.append("    if (++at[a] < lengths[a]) break;")
        lines += [f"    {row} -= lengths[a] * {row}_by[a];" for _, row in self.rows]
        lines += ["    at[a] = 0;", "}", "if (a < 0) return;"]
        return [*(f"        {line}" for line in lines), "    }"]
