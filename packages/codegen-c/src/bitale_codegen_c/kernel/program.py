"""The scalar program of a loop as statements."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from bitale_graph.extend import Argument, Index, Literal, Load, Loop, Step

from ..base.ctype import C_TYPES, literal
from ..host.builder import Builder
from .scalar import Expression, expression

# Above this many functions in one loop they are called (as vectors) rather than inlined: the text
# of one takes a compiler some 15 ms wherever it stands, and beside so much work a call is cheap.
MAX_INLINED = 8


class Table(NamedTuple):
    """An input that a `Load` reads, in C: its pointer, lengths and strides."""

    name: str
    lengths: Sequence[str]
    strides: Sequence[str]


class ProgramText:
    """The scalar program of a loop as C statements.

    Attributes
    ----------
    lines : list of str
    values : list of str
        The C name of every value of the program, inputs first.
    """

    def __init__(
        self,
        b: Builder,
        loop: Loop,
        dtypes: Sequence[str],
        loaded: Mapping[int, str],
        is_kernel: bool,
        tables: Mapping[int, Table] | None = None,
    ) -> None:
        known = list(dtypes)
        self.values = [loaded.get(j, "") for j in range(len(known))]
        self.lines: list[str] = []
        functions = sum(_is_function(s) for s in loop.steps)
        is_called = not is_kernel or functions > MAX_INLINED
        for k, step in enumerate(loop.steps):
            if isinstance(step, Load):
                assert tables is not None
                self._load(k, step, tables[step.table], known)
                known.append(step.dtype)
                continue
            args = [self._number(a) for a in step.args]
            operands = [known[a] if isinstance(a, int) else a.dtype for a in step.args]
            made = expression(step.op, operands, step.dtype, args)
            if is_called and made.requires:
                made = _as_call(b, made, step.op.arity, operands[0])
            b.vector_functions.update(made.requires)
            c_type = C_TYPES[step.dtype]
            if is_kernel:
                name = f"t{k}"
                self.lines.append(f"const {c_type} {name} = {made.text};")
            else:
                name = b.variable(c_type, None)
                self.lines.append(f"{name} = {made.text};")
            self.values.append(name)
            known.append(step.dtype)

    def _load(self, k: int, load: Load, table: Table, dtypes: Sequence[str]) -> None:
        spot = self.spot(f"p{k}", load.at, table, dtypes)
        c_type = C_TYPES[load.dtype]
        self.lines.append(f"const {c_type} t{k} = {table.name}[{spot}];")
        self.values.append(f"t{k}")

    def spot(
        self,
        name: str,
        places: Sequence[int | Index],
        table: Table,
        dtypes: Sequence[str],
    ) -> str:
        """Where in a table; places were checked before, and negative ones count from its end."""
        terms = []
        for a, (place, stride) in enumerate(zip(places, table.strides, strict=True)):
            at = self._number(place)
            if isinstance(place, int):
                at = f"{name}_{a}"
                self.lines.append(f"int64_t {at} = (int64_t){self.values[place]};")
                if not dtypes[place].startswith("uint"):
                    self.lines.append(f"{at} += {at} < 0 ? {table.lengths[a]} : 0;")
            terms.append(at if stride == "1" else f"{at} * {stride}")
        return " + ".join(terms)

    def _number(self, a: Argument) -> str:
        if isinstance(a, Index):
            return f"index{a.axis}"
        return literal(a.array(), a.dtype) if isinstance(a, Literal) else self.values[a]


def _is_function(step: Step | Load) -> bool:
    return isinstance(step, Step) and step.op.arity == 1 and step.dtype.startswith("float")


def _as_call(b: Builder, made: Expression, arity: int, dtype: str) -> Expression:
    """The expression with its function called (on vectors, in a loop) instead of inlined."""
    (name,) = made.requires
    called = f"{name}_call"
    c_type = C_TYPES[dtype]
    operands = ["x", "y"][:arity]
    b.library(
        called,
        "#pragma omp declare simd notinbranch\n"
        f"BT_KERNEL {c_type} "
        f"{called}({', '.join(f'{c_type} {x}' for x in operands)}) "
        f"{{ return {name}({', '.join(operands)}); }}",
    )
    return Expression(made.text.replace(f"{name}(", f"{called}(", 1), made.requires)
