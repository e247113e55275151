"""The C of a sum: how values are accumulated in a kernel, in vector lanes and in blocks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from bitale_graph.extend import Loop, Result, ScalarOp, reductions, scalar
from bitale_graph.plan.dialect import C_TYPES
from bitale_graph.plan.names import identifier

from .c_file import CFile
from .dialect import C

# The operators that a reduction clause of OpenMP knows.
_CLAUSE_OPERATORS = ("+", "*", "&", "|", "^")

# Where NaN is noted apart, in lanes as wide as the numbers: the largest of lanes that may hold it
# takes a chain of instructions, and twice the time.
NOTED = {"float32": "int32_t", "float64": "int64_t"}
# By the op: the word of OpenMP, the sign of C, whether NaN is passed over.
_EXTREMES = {
    scalar.maximum: ("max", ">", False),
    scalar.minimum: ("min", "<", False),
    scalar.fmax: ("max", ">", True),
    scalar.fmin: ("min", "<", True),
}


class Ends:
    """What becomes of the values: stores, and accumulators around and in the inner loop.

    Parameters
    ----------
    dtypes : sequence of str
        Of the inputs of the loop.
    moves : dict
        For each result, how its place moves along each axis.
    inner : int
        The axis that the inner loop runs along.
    rows : dict
        The pointers to the rows of the operands.
    values : sequence of str
        What the steps of the loop gave, as C expressions.
    body : sequence of str
        The statements that give them.
    spots : dict
        For each result that is written into a table the element there.
    """

    def __init__(
        self,
        b: CFile,
        loop: Loop,
        dtypes: Sequence[str],
        moves: Mapping[int, Sequence[str]],
        inner: int,
        rows: Mapping[tuple[str, int], str],
        values: Sequence[str],
        body: Sequence[str],
        spots: Mapping[int, str],
    ) -> None:
        self.before: list[str] = []
        self.inside: list[str] = []
        self.after: list[str] = []
        self.block_start: list[str] = []
        self.block_end: list[str] = []
        self.clauses: list[str] = []
        at = {k: "i" if m[inner] == "1" else f"i * out{k}_d{inner}" for k, m in moves.items()}
        every = [*dtypes, *(s.dtype for s in loop.steps)]
        for k, r in enumerate(loop.results):
            value = values[r.value]
            if r.into is not None:
                if r.combine is not None:
                    value = _combination(b, r.combine, r.dtype, spots[k], value)
                self.inside.append(f"{spots[k]} = {value};")
                continue
            if r.reduce is None:
                self.inside.append(f"{rows['out', k]}[{at[k]}] = {value};")
                continue
            row, dtype = rows["sum", k], every[r.value]
            if r.place:
                self._place(b, k, r, row, rows["place", k], moves[k][inner], value, body)
                continue
            if moves[k][inner] != "0":
                value = combined(b, r, f"{row}[i]", value, dtype)
                self.inside.append(f"{row}[i] = {value};")
                continue
            self.before.append(f"{C_TYPES[r.acc_dtype]} r{k} = *{row};")
            self.after.append(f"*{row} = r{k};")
            if r.reduce in _EXTREMES and dtype == r.acc_dtype and dtype in NOTED:
                self._extreme(b, k, r, value)
                continue
            if r.reduce is scalar.add and (dtype, r.acc_dtype) == ("float32", "float64"):
                self.block_start.append(f"float b{k} = 0;")
                self.inside.append(f"b{k} += {value};")
                self.block_end.append(f"r{k} += b{k};")
                self.clauses.append(f"reduction(+:b{k})")
            else:
                self.inside.append(f"r{k} = {combined(b, r, f'r{k}', value, dtype)};")
                self.clauses.append(_clause(b, r, f"r{k}"))

    def _extreme(self, b: CFile, k: int, r: Result, value: str) -> None:
        """Find the largest (or smallest) of a block by plain instructions, and note NaN apart."""
        assert r.reduce is not None
        word, sign, skips_nan = _EXTREMES[r.reduce]
        dtype, lane = r.acc_dtype, NOTED[r.acc_dtype]
        start, nan = (
            C.literal(-np.inf if word == "max" else np.inf, dtype),
            C.literal(np.nan, dtype),
        )
        noted, without = (f"{value} == {value}", "!") if skips_nan else (f"{value} != {value}", "")
        self.block_start.append(f"{C_TYPES[dtype]} b{k} = {start}; {lane} noted{k} = 0;")
        self.inside += [
            f"b{k} = {value} {sign} b{k} ? {value} : b{k};",
            f"noted{k} |= {noted};",
        ]
        self.clauses.append(f"reduction({word}:b{k}) reduction(|:noted{k})")
        both = _combination(b, r.reduce, dtype, f"r{k}", f"b{k}")
        self.block_end += [f"if ({without}noted{k}) b{k} = {nan};", f"r{k} = {both};"]

    def _place(
        self,
        b: CFile,
        k: int,
        r: Result,
        row: str,
        places: str,
        move: str,
        value: str,
        body: Sequence[str],
    ) -> None:
        """Keep the largest value and where it was met first.

        Along the axis of the inner loop the largest of a block is found in vectors, and looked for
        in the block only if it is larger than all before.
        """
        c_type, (axis,) = C_TYPES[r.acc_dtype], r.axes
        if move != "0":
            self.inside += [
                f"const {c_type} best{k} = {row}[i];",
                f"const int larger{k} = {is_larger(value, f'best{k}', r.acc_dtype)};",
                f"{row}[i] = larger{k} ? {value} : best{k};",
                f"{places}[i] = larger{k} ? index{axis} : {places}[i];",
            ]
            return
        self.before.append(f"{c_type} r{k} = *{row}; int64_t place{k}_at = *{places};")
        self.after.append(f"*{row} = r{k}; *{places} = place{k}_at;")
        assert r.reduce is not None
        start = C.literal(reductions[r.reduce].identity(r.acc_dtype), r.acc_dtype)
        # NaN is noted apart, so that the largest is found by plain instructions; all in lanes of
        # one width.
        is_float = r.acc_dtype.startswith("float")
        nan = C.literal(np.nan, r.acc_dtype) if is_float else ""
        lane = "int64_t" if r.acc_dtype.endswith("64") else "int32_t"
        self.block_start.append(f"{c_type} b{k} = {start}; {lane} nan{k} = 0;")
        self.inside.append(f"b{k} = {value} > b{k} ? {value} : b{k}; nan{k} |= {value} != {value};")
        self.clauses.append(f"reduction(max:b{k}) reduction(|:nan{k})")
        self.block_end += [
            f"if (r{k} == r{k} && (nan{k} || b{k} > r{k})) {{",
            f"    {lane} first = {2**62 if lane == 'int64_t' else 2**30};",
            f"    if (nan{k}) {{",
            "        for (int64_t i = stop - 1; i >= start; i--) {",
            *(f"            {line}" for line in body),
            f"            if ({value} != {value}) first = ({lane})(i - start);",
            "        }",
            "    } else {",
            "        #pragma omp simd reduction(min:first)",
            "        for (int64_t i = start; i < stop; i++) {",
            *(f"            {line}" for line in body),
            f"            const {lane} at = {value} == b{k} ? ({lane})(i - start) : first;",
            "            first = at < first ? at : first;",
            "        }",
            "    }",
            f"    r{k} = {f'nan{k} ? {nan} : ' if nan else ''}b{k};",
            f"    place{k}_at = from{axis} + start + first;",
            "}",
        ]


def is_larger(value: str, than: str, dtype: str) -> str:
    """Whether a number comes before another as the largest one: NaN before all, the first first."""
    if not dtype.startswith("float"):
        return f"{value} > {than}"
    return f"{value} > {than} || ({value} != {value} && {than} == {than})"


def combined(b: CFile, r: Result, a: str, value: str, dtype: str) -> str:
    """What a result has so far, and a value, as a C expression."""
    assert r.reduce is not None
    return _combination(b, r.reduce, r.acc_dtype, a, C.converted(value, dtype, r.acc_dtype))


def _combination(b: CFile, op: ScalarOp, dtype: str, x: str, y: str) -> str:
    """Two numbers of one dtype, combined, as a C expression."""
    made = C.expression(op, [dtype, dtype], dtype, [x, y])
    b.vector_functions.update(made.requires)
    return made.text


def _clause(b: CFile, r: Result, name: str) -> str:
    """How vector lanes combine. OpenMP's max and min lose NaN, so floats have theirs declared."""
    assert r.reduce is not None
    op, dtype = r.reduce, r.acc_dtype
    if op.symbol in _CLAUSE_OPERATORS:
        # Sums of bools are or, as in NumPy.
        return f"reduction({'|' if op is scalar.add and dtype == 'bool' else op.symbol}:{name})"
    if reductions[op].name in ("max", "min") and dtype not in ("float32", "float64"):
        return f"reduction({reductions[op].name}:{name})"
    return f"reduction({declare_reduction(b, op, dtype)}:{name})"


def declare_reduction(b: CFile, op: ScalarOp, dtype: str) -> str:
    """Declare a reduction that OpenMP has not; its name."""
    declared = f"bt_{identifier(op.name)}_{dtype}_of"
    combined = _combination(b, op, dtype, "omp_out", "omp_in")
    start = C.literal(reductions[op].identity(dtype), dtype)
    b.library(
        declared,
        f"#pragma omp declare reduction({declared} : {C_TYPES[dtype]} : "
        f"omp_out = {combined}) initializer(omp_priv = {start})",
    )
    return declared
