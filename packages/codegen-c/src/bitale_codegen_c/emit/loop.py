"""Loops in C: one kernel each, vectorised along the last axis, shared among threads where that pays."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from bitale_graph.elementwise import Elementwise
from bitale_graph.loop import Literal, Loop, Result, as_loop
from bitale_graph.ops.reduction import Reduce
from bitale_graph.variable import Apply, Variable

from ..builder import Array, Builder, comment_of, product
from ..ctype import C_TYPES, SUFFIXES, highest, is_supported, literal, lowest
from ..memory import reuses
from ..vector_math.table import FUNCTIONS
from .scalar import Expression, expression, is_known, needs_numpy
from .table import emits, supports
from .threads import put_shared

_STARTS = {
    "add": lambda d: "0",
    "mul": lambda d: "1",
    "and": lambda d: "1" if d == "bool" else "-1",
    "or": lambda d: "0",
    "maximum": lowest,
    "minimum": highest,
}
_SIMPLE = {
    "add": ("{a} + {b}", "+"),
    "mul": ("{a} * {b}", "*"),
    "and": ("{a} & {b}", "&"),
    "or": ("{a} | {b}", "|"),
}


# Sums of float32 run in float32 over blocks of this length, and in float64 from block to block. With
# 16 lanes each partial sum has 32 terms, and no conversion stands between it and the vector unit.
BLOCK = 512


# Above this many functions in one loop they are called (as vectors) rather than inlined: the text of
# one takes a compiler some 15 ms wherever it stands, and beside so much work a call costs little.
MAX_INLINED = 8


def _is_blocked(r: Result, dtype: str) -> bool:
    """Whether a sum along the last axis runs block by block."""
    return (
        r.reduce is not None
        and r.reduce.name == "add"
        and (dtype, r.acc_dtype) == ("float32", "float64")
    )


def _loop_of(node: Apply) -> Loop:
    loop = node.op if isinstance(node.op, Loop) else as_loop(node)
    assert loop is not None
    return loop


@supports.define(Loop, Elementwise, Reduce)
def loop_is_supported(node: Apply) -> bool:
    """Every step must have a C expression, and a dtype that C computes with."""
    loop = _loop_of(node)
    if not all(
        is_supported(r.dtype) and (r.reduce is None or is_supported(r.acc_dtype))
        for r in loop.results
    ):
        return False
    dtypes = [v.type.dtype for v in node.inputs] + [s.dtype for s in loop.steps]  # type: ignore[attr-defined]
    for step in loop.steps:
        first = step.args[0]
        operand = first.dtype if isinstance(first, Literal) else dtypes[first]
        if not is_known(step.op) or needs_numpy(step.op, operand):
            return False
    return all(map(is_supported, dtypes))


def _varies(v: Variable, axis: int, ndim: int) -> bool:
    """Whether an input moves along an axis of the range."""
    shape = v.type.shape  # type: ignore[attr-defined]
    own = axis - (ndim - len(shape))
    return own >= 0 and shape[own] != 1


@reuses.define(Loop, Elementwise)
def loop_reuses(node: Apply) -> list[tuple[int, int]]:
    """A stored result may take the place of any input of its dtype that is read index by index."""
    loop = _loop_of(node)
    pairs = []
    for i, r in enumerate(loop.results):
        if r.reduce is not None or loop.ndim == 0:
            continue
        out = node.outputs[i].type
        for j, v in enumerate(node.inputs):
            same = v.type.dtype == r.dtype and v.type.ndim == loop.ndim  # type: ignore[attr-defined]
            if same and all(
                _varies(v, a, loop.ndim) or out.shape[a] == 1 for a in range(loop.ndim)
            ):  # type: ignore[attr-defined]
                pairs.append((i, j))
    return pairs


@emits.define(Loop, Elementwise, Reduce)
def emit_loop(b: Builder, node: Apply) -> Iterator[None]:
    """Print a loop: in place for one of rank 0, else as a kernel and a call."""
    loop = _loop_of(node)
    if loop.ndim == 0:
        yield
        body = _Body(b, node, loop, {j: b.scalar(v) for j, v in enumerate(node.inputs)})
        for line in body.lines:
            b.put(line)
        for r, out in zip(loop.results, node.outputs):
            b.put(f"{b.set_scalar_name(out)} = ({C_TYPES[r.dtype]}){body.values[r.value]};")
        return
    yield from _Nest(b, node, loop).emit()


class _Body:
    """The scalar program of a loop as C statements; ``loaded`` gives the name of each input that is read."""

    def __init__(
        self, b: Builder, node: Apply, loop: Loop, loaded: dict[int, str], prefix: str = ""
    ) -> None:
        n = len(node.inputs)
        dtypes = [v.type.dtype for v in node.inputs]  # type: ignore[attr-defined]
        self.values: list[str] = [loaded.get(j, "") for j in range(n)]
        self.lines: list[str] = []
        self.cost = 0
        in_kernel = bool(prefix)
        is_called = not in_kernel or _count_of_functions(loop) > MAX_INLINED
        for k, step in enumerate(loop.steps):
            args = [
                literal(a.array(), a.dtype) if isinstance(a, Literal) else self.values[a]
                for a in step.args
            ]
            operands = [a.dtype if isinstance(a, Literal) else dtypes[a] for a in step.args]
            made = expression(step.op, operands, step.dtype, args)
            if is_called and made.requires:
                made = _as_call(b, made, step.op.arity, operands[0])
            b.vector_functions.update(made.requires)
            self.cost += made.cost
            if in_kernel:
                name = f"{prefix}{k}"
                self.lines.append(f"const {C_TYPES[step.dtype]} {name} = {made.text};")
            else:
                name = b.name(None)
                b.declared.append(f"{C_TYPES[step.dtype]} {name};")
                self.lines.append(f"{name} = {made.text};")
            self.values.append(name)
            dtypes.append(step.dtype)


def _count_of_functions(loop: Loop) -> int:
    """How many steps are functions of the vector math library, about."""
    return sum(s.op.arity == 1 and s.dtype.startswith("float") for s in loop.steps)


def _as_call(b: Builder, made: Expression, arity: int, dtype: str) -> Expression:
    """The expression with its function called, as a vector where it stands in a loop, not inlined."""
    (name,) = made.requires
    called = f"{name}_call"
    c_type = C_TYPES[dtype]
    operands = ["x", "y"][:arity]
    b.library(
        called,
        f"#pragma omp declare simd notinbranch\nstatic __attribute__((noinline)) {c_type} "
        f"{called}({', '.join(f'{c_type} {x}' for x in operands)}) {{ return {name}({', '.join(operands)}); }}",
    )
    return Expression(made.text.replace(f"{name}(", f"{called}(", 1), made.requires, made.cost)


@dataclass
class _Operand:
    """Something that a kernel reads or writes by pointer, and how far it moves along each axis, in elements.

    ``kind`` is "in", "out" or "sum" (an accumulator); ``index`` counts inputs or results.
    """

    kind: str
    index: int
    pointer: str
    c_type: str
    moves: list[str]


class _Nest:
    """One loop nest: what is read and written, how far each moves along each axis, and the kernel made of that."""

    def __init__(self, b: Builder, node: Apply, loop: Loop) -> None:
        self.b, self.node, self.loop, self.ndim = b, node, loop, loop.ndim
        self.inner = loop.ndim - 1
        used = {a for s in loop.steps for a in s.args if isinstance(a, int)} | {
            r.value for r in loop.results
        }
        read = [j for j in range(len(node.inputs)) if j in used]
        self.by_value = [j for j in read if node.inputs[j].type.ndim == 0]  # type: ignore[attr-defined]
        self.by_pointer = [j for j in read if j not in self.by_value]
        self.operands: list[_Operand] = []
        self.sums: dict[int, tuple[Array, str]] = {}

    def emit(self) -> Iterator[None]:
        """Checks, packing and buffers; then the calls of the kernel."""
        b, node = self.b, self.node
        lengths = self._lengths()
        for j in self.by_pointer:
            self._add_input(j)
        for r in self.loop.results:
            if r.reduce is not None and r.reduce.name in ("maximum", "minimum"):
                for a in r.axes:
                    b.check(f"{lengths[a]} > 0")
        outs: list[Array | None] = []
        for k, (r, v) in enumerate(zip(self.loop.results, node.outputs)):
            kept = [n for a, n in enumerate(lengths) if a not in r.axes]
            outs.append(b.result(v, kept) if kept else None)
            if r.reduce is None:
                self._add_result(k, "out", b.array(v).name, r.dtype, lengths, ())
        body = _Body(b, node, self.loop, dict.fromkeys((*self.by_pointer, *self.by_value), "x"))
        cost = body.cost + len(self.by_pointer) + len(self.loop.results)
        parts = b.declare("int64_t", "parts", f"bt_parts(rt, ({product(lengths)}) * {cost})")
        for k, r in enumerate(self.loop.results):
            if r.reduce is not None:
                size = product([n for a, n in enumerate(lengths) if a not in r.axes])
                made = b.allocate(f"sum{k}", r.acc_dtype, [f"{parts} * ({size})"], temporary=True)
                self.sums[k] = (made, size)
                self._add_result(k, "sum", made.name, r.acc_dtype, lengths, r.axes)
        yield
        self._call([b.declare("int64_t", f"n{a}", n) for a, n in enumerate(lengths)], parts)
        for k in self.sums:
            self._finish(k, parts, outs[k])

    def _lengths(self) -> list[str]:
        """The range: for each axis the length that all operands moving along it have."""
        b, lengths = self.b, []
        for a in range(self.ndim):
            found = ""
            for v in self.node.inputs:
                if _varies(v, a, self.ndim):
                    array = b.array(v)
                    n = array.lengths[a - (self.ndim - array.rank)]
                    if found:
                        b.check_equal(found, n)
                    else:
                        found = n
            lengths.append(found or "1")
        return lengths

    def _add_input(self, j: int) -> None:
        v = self.node.inputs[j]
        array = self.b.array(v)
        if _varies(v, self.inner, self.ndim):
            array = self.b.unit_inner(array)
        shift = self.ndim - array.rank
        moves = []
        for a in range(self.ndim):
            varies = _varies(v, a, self.ndim)
            moves.append("0" if not varies else "1" if a == self.inner else array.stride(a - shift))
        self.operands.append(
            _Operand("in", j, array.name, "const " + array.c_type, self._named(moves))
        )

    def _add_result(
        self,
        k: int,
        kind: str,
        pointer: str,
        dtype: str,
        lengths: Sequence[str],
        axes: Sequence[int],
    ) -> None:
        kept = [a for a in range(self.ndim) if a not in axes]
        moves = ["0"] * self.ndim
        for at, a in enumerate(kept):
            moves[a] = product(lengths[c] for c in kept[at + 1 :])
        self.operands.append(_Operand(kind, k, pointer, C_TYPES[dtype], self._named(moves)))

    def _named(self, moves: Sequence[str]) -> list[str]:
        # A move along the last axis that is not 0 is 1: kept results end in the last axis if they have it.
        return [
            self.b.length("d", m) if a < self.inner and m != "0" else m for a, m in enumerate(moves)
        ]

    def _call(self, n: list[str], parts: str) -> None:
        """Merge axes, start the accumulators, and call the kernel once for each thread."""
        b, inner = self.b, self.inner
        self._merge(n)
        kernel = self._kernel()
        for k, (made, size) in self.sums.items():
            reduce = self.loop.results[k].reduce
            assert reduce is not None
            start = _STARTS[reduce.name](self.loop.results[k].acc_dtype)
            b.put(f"for (int64_t e = 0; e < {parts} * ({size}); e++) {made.name}[e] = {start};")
        axis_zero = f"{kernel}({self._arguments(n, 0)});"
        if inner == 0:
            length, calls = n[0], [axis_zero]
        else:
            length = f"({n[0]} >= {parts} ? {n[0]} : {n[inner]})"
            other = f"{kernel}({self._arguments(n, inner)});"
            calls = [f"if ({n[0]} >= {parts}) {axis_zero}", f"else {other}"]
        bounds = (
            f"int64_t all = {length}, lo = all * part / {parts}, hi = all * (part + 1) / {parts};"
        )
        put_shared(b, parts, f"{kernel}({self._arguments(n, None)});", [bounds, *calls])

    def _arguments(self, n: Sequence[str], axis: int | None) -> str:
        """What one thread passes: the part from ``lo`` to ``hi`` along ``axis`` (None: all)."""
        out = ["hi - lo" if a == axis else length for a, length in enumerate(n)]
        for o in self.operands:
            base, move = o.pointer, "0"
            if axis is not None:
                base = f"{base} + part * ({self.sums[o.index][1]})" if o.kind == "sum" else base
                move = o.moves[axis]
            shift = {"0": "", "1": " + lo"}.get(move, f" + lo * {move}")
            out.append(base + shift)
            out += [m for m in o.moves[: self.inner] if m != "0"]
        return ", ".join(out + [self.b.scalar(self.node.inputs[j]) for j in self.by_value])

    def _merge(self, n: Sequence[str]) -> None:
        """Join outer axes to the last one where everything lies contiguously, so that the inner loop is long."""
        inner = self.inner
        for a in range(inner - 1, -1, -1):
            if any((o.moves[a] == "0") != (o.moves[inner] == "0") for o in self.operands):
                return
            tests = [f"{n[c]} == 1" for c in range(a + 1, inner)]
            tests += [f"{o.moves[a]} == {n[inner]}" for o in self.operands if o.moves[a] != "0"]
            self.b.put(
                f"if ({' && '.join(dict.fromkeys(tests)) or '1'}) {n[inner]} *= {n[a]}, {n[a]} = 1;"
            )

    def _kernel(self) -> str:
        """Write the kernel, and give its name."""
        b, node, loop, inner = self.b, self.node, self.loop, self.inner
        signature = [f"int64_t n{a}" for a in range(self.ndim)]
        before: list[str] = []
        inside: list[str] = []
        rows: dict[int, str] = {}
        loads: dict[int, str] = {}
        for o in self.operands:
            name = f"{o.kind}{o.index}"
            signature.append(f"{o.c_type} *{name}")
            moving = [a for a in range(inner) if o.moves[a] != "0"]
            signature += [f"int64_t {name}_d{a}" for a in moving]
            row = name
            if moving:
                row = f"{name}_row"
                terms = " + ".join(f"i{a} * {name}_d{a}" for a in moving)
                before.append(f"{o.c_type} *{row} = {name} + {terms};")
            if o.kind == "in":
                loads[o.index] = f"x{o.index}"
                if o.moves[inner] == "0":
                    before.append(f"{o.c_type} x{o.index} = *{row};")
                else:
                    inside.append(f"{o.c_type} x{o.index} = {row}[i];")
            else:
                rows[o.index] = row
        for j in self.by_value:
            loads[j] = f"x{j}"
            signature.append(f"const {C_TYPES[node.inputs[j].type.dtype]} x{j}")  # type: ignore[attr-defined]
        body = _Body(b, node, loop, loads, prefix="t")
        inside += body.lines
        clauses: list[str] = []
        after: list[str] = []
        block_start: list[str] = []
        block_end: list[str] = []
        moves = {o.index: o.moves for o in self.operands if o.kind == "sum"}
        dtypes = [v.type.dtype for v in node.inputs] + [s.dtype for s in loop.steps]  # type: ignore[attr-defined]
        for k, r in enumerate(loop.results):
            value = body.values[r.value]
            if r.reduce is None:
                inside.append(f"{rows[k]}[i] = {value};")
            elif moves[k][inner] != "0":
                inside.append(f"{rows[k]}[i] = {self._combined(r, rows[k] + '[i]', value)};")
            else:
                before.append(f"{C_TYPES[r.acc_dtype]} r{k} = *{rows[k]};")
                after.append(f"*{rows[k]} = r{k};")
                if _is_blocked(r, dtypes[r.value]):
                    block_start.append(f"float b{k} = 0;")
                    inside.append(f"b{k} += {value};")
                    block_end.append(f"r{k} += b{k};")
                    clauses.append(f"reduction(+:b{k})")
                else:
                    inside.append(f"r{k} = {self._combined(r, f'r{k}', value)};")
                    clauses.append(self._clause(r, f"r{k}"))
        lines = [
            f"/* {comment_of(node)}",
            f" * {loop.program(len(node.inputs))[:600]} */",
            f"static __attribute__((noinline)) void @({', '.join(signature)}) {{",
        ]
        pad = "    "
        for a in range(inner):
            lines.append(f"{pad}for (int64_t i{a} = 0; i{a} < n{a}; i{a}++) {{")
            pad += "    "
        lines += [pad + line for line in before]
        start, stop = "0", f"n{inner}"
        if block_start:
            lines.append(f"{pad}for (int64_t start = 0; start < n{inner}; start += {BLOCK}) {{")
            pad += "    "
            lines.append(
                f"{pad}const int64_t stop = n{inner} - start < {BLOCK} ? n{inner} : start + {BLOCK};"
            )
            lines += [pad + line for line in block_start]
            start, stop = "start", "stop"
        lines.append(f"#pragma omp simd {' '.join(clauses)}".rstrip())
        lines.append(f"{pad}for (int64_t i = {start}; i < {stop}; i++) {{")
        lines += [f"{pad}    {line}" for line in inside]
        lines.append(pad + "}")
        if block_start:
            lines += [pad + line for line in block_end]
            pad = pad[4:]
            lines.append(pad + "}")
        lines += [pad + line for line in after]
        for _ in range(inner):
            pad = pad[4:]
            lines.append(pad + "}")
        lines.append("}")
        return b.kernel(_kernel_name(node, loop), "\n".join(lines))

    def _combined(self, r: Result, a: str, value: str) -> str:
        assert r.reduce is not None
        acc, c_type = r.acc_dtype, C_TYPES[r.acc_dtype]
        if r.reduce.name in _SIMPLE:
            return f"({c_type})({_SIMPLE[r.reduce.name][0].format(a=a, b=f'({c_type}){value}')})"
        made = expression(r.reduce, [acc, acc], acc, [a, f"({c_type}){value}"])
        self.b.vector_functions.update(made.requires)
        return made.text

    def _clause(self, r: Result, name: str) -> str:
        assert r.reduce is not None
        if r.reduce.name in _SIMPLE:
            return f"reduction({_SIMPLE[r.reduce.name][1]}:{name})"
        if r.acc_dtype not in ("float32", "float64"):
            return f"reduction({'max' if r.reduce.name == 'maximum' else 'min'}:{name})"
        suffix = SUFFIXES[r.acc_dtype]
        function = FUNCTIONS[r.reduce.name, r.acc_dtype].c_name
        c_type = C_TYPES[r.acc_dtype]
        self.b.library(
            f"reduction_{r.reduce.name}_{suffix}",
            f"#pragma omp declare reduction({function}_of : {c_type} : omp_out = {function}(omp_out, omp_in)) "
            "initializer(omp_priv = omp_orig)",
        )
        return f"reduction({function}_of:{name})"

    def _finish(self, k: int, parts: str, out: Array | None) -> None:
        """Combine what the threads found, in their order, so that equal calls give equal bits."""
        b, r = self.b, self.loop.results[k]
        made, size = self.sums[k]
        target = f"{made.name}[e]"
        section = f"{made.name}[part * ({size}) + e]"
        b.put(f"for (int64_t part = 1; part < {parts}; part++)")
        b.put(
            f"    for (int64_t e = 0; e < {size}; e++) {target} = {self._combined(r, target, section)};"
        )
        if out is None:
            b.put(
                f"{b.set_scalar_name(self.node.outputs[k])} = ({C_TYPES[r.dtype]}){made.name}[0];"
            )
        else:
            b.put(
                f"for (int64_t e = 0; e < {size}; e++) {out.name}[e] = ({C_TYPES[r.dtype]}){made.name}[e];"
            )


def _kernel_name(node: Apply, loop: Loop) -> str:
    named = [v.name for v in node.outputs if v.name]
    ops = [s.op.name.split("{")[0] for s in loop.steps[-2:]] + [
        r.reduce.name for r in loop.results if r.reduce is not None
    ][:1]
    return "loop_" + "_".join(named[:2] or ops or ["copy"])
