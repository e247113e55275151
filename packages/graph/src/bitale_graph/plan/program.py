"""The scalar program of a loop as statements in a language of C's family."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from ..ops.loop import Argument, Index, Load, Loop, Step
from .dialect import Dialect, Spelling
from .kernel import Operand


class Table(NamedTuple):
    """What is read or written at places: its pointer, lengths and strides."""

    name: str
    lengths: Sequence[str]
    strides: Sequence[str]


def table_of(o: Operand) -> Table:
    """What an operand that is read or written at places is in the kernel."""
    axes = range(len(o.strides))
    strides = [f"{o.name}_s{a}" if s == "d" else s for a, s in enumerate(o.strides)]
    return Table(o.name, [f"{o.name}_n{a}" for a in axes], strides)


def layout_of(o: Operand) -> list[str]:
    """The numbers that a kernel is given for the layout of an operand, after its pointer."""
    table = table_of(o)
    moves = [o.move(a) for a, m in enumerate(o.moves) if m == "d"]
    return [*moves, *table.lengths, *(s for s in table.strides if s != "1")]


# From a step and its expression to the expression to write: a target notes what is called.
Note = Callable[[Step, str, Spelling], str]


class ProgramText:
    """The scalar program of a loop as statements.

    Attributes
    ----------
    lines : list of str
    values : list of str
        The name of every value of the program, inputs first.

    Parameters
    ----------
    dialect : Dialect
    loop : Loop
    dtypes : sequence of str
        Of the inputs.
    loaded : dict
        The names of the inputs that are read.
    tables : dict
        Those that are read at places.
    note : callable
        Has each step, the dtype of its first operand and its expression.
    """

    def __init__(
        self,
        dialect: Dialect,
        loop: Loop,
        dtypes: Sequence[str],
        loaded: Mapping[int, str],
        tables: Mapping[int, Table],
        note: Note,
    ) -> None:
        self.dialect = dialect
        known = list(dtypes)
        self.values = [loaded.get(j, "") for j in range(len(known))]
        self.lines: list[str] = []
        for k, step in enumerate(loop.steps):
            if isinstance(step, Load):
                spot = self.spot(f"p{k}", step.at, tables[step.table], known)
                text = f"{tables[step.table].name}[{spot}]"
            else:
                args = [self._number(a) for a in step.args]
                operands = [known[a] if isinstance(a, int) else a.dtype for a in step.args]
                made = dialect.expression(step.op, operands, step.dtype, args)
                text = note(step, operands[0], made)
            self.lines.append(f"const {dialect.c_type(step.dtype)} t{k} = {text};")
            self.values.append(f"t{k}")
            known.append(step.dtype)

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
        return self.values[a] if isinstance(a, int) else self.dialect.literal(a.array(), a.dtype)
