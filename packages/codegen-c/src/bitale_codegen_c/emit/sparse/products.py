"""The products of sparse matrices, and where each stored number belongs, as functions in C.

Places are held against the lengths as they are used: they come from outside.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from bitale_graph import sparse as S
from bitale_graph.extend import Apply

from ...host.target import C


@C.function_bodies.define(S.MajorOf)
def major_body(node: Apply[S.MajorOf]) -> str:
    """Write the number of each row for all that it stores."""
    return """
const int64_t stored = y0_n[0], rows = x0_n[0] - 1;
if (rows < 0 || x0[0] != 0 || x0[rows * x0_s[0]] != stored) return 1;
int64_t k = 0;
for (int64_t i = 0; i < rows; i++) {
    const int64_t stop = x0[(i + 1) * x0_s[0]];
    if (stop < k || stop > stored) return 1;
    for (; k < stop; k++) y0[k] = i;
}"""


# What both formats begin with; ``major`` counts what indptr is of, ``minor`` what indices are of.
_PARTS = """
const int64_t stored = x1_n[0], columns = {columns}, {major} = *x3, {minor} = *x4;
if (x0_n[0] != stored || x2_n[0] != major + 1 || x5_n[0] != *x4 || *x3 < 0) return 1;
if (x2[0] != 0 || x2[major * x2_s[0]] != stored) return 1;
{checked}
{added}
const int is_plain = x0_s[0] == 1 && x1_s[0] == 1{plain};
"""
# The sign of ``place | (last - place)`` tells whether a place is negative or behind the last.
_CHECKED = """const {unsigned} last = (uint64_t){count} > {most} ? {most} : {count} - 1;
{unsigned} outside = {count} ? 0 : stored;
if ({name}_s[0] == 1) {{
    #pragma omp simd reduction(|:outside)
    for (int64_t k = 0; k < stored; k++)
        outside |= ({unsigned}){name}[k] | (last - ({unsigned}){name}[k]);
}} else
    for (int64_t k = 0; k < stored; k++) {{
        const {unsigned} place = {name}[k * {name}_s[0]];
        outside |= place | (last - place);
    }}
if (outside > {most}) return 1;"""
_ROWS = """
int64_t k = 0;
for (int64_t i = 0; i < major; i++) {
    const int64_t start = k, stop = x2[(i + 1) * x2_s[0]];
    if (stop < k || stop > stored) return 1;
"""
# The place and the number of what is stored next, by the strides of both vectors.
_NEXT = """
        const int64_t j = x1[k * {s1}];
        const y0_t a = x0[k * {s0}];"""
_PLAIN = _NEXT.format(s0="1", s1="1")
_ANY = _NEXT.format(s0="x0_s[0]", s1="x1_s[0]")
_BLOCK = 16  # numbers of a row that are summed in registers, whatever their width
_SHORT = 4  # and as many where fewer are left


def _checked_places(name: str, dtype: str, count: str) -> str:
    """Leave the function unless all places lie from 0 on and before ``count``."""
    unsigned, most = ("uint64_t", "INT64_MAX") if dtype == "int64" else ("uint32_t", "INT32_MAX")
    return _CHECKED.format(name=name, unsigned=unsigned, most=most, count=count)


def _for_both(loop: str) -> str:
    """A loop over what is stored, for vectors that lie side by side and for others."""
    text = "    if (is_plain) {PLAIN}\n    else {ANY}\n"
    return text.replace("PLAIN", loop.replace("NEXT", _PLAIN)).replace(
        "ANY", loop.replace("NEXT", _ANY)
    )


@C.function_bodies.define(S.StoredProduct)
def product_body(node: Apply[S.StoredProduct]) -> str | None:
    """Go over what is stored once; rows of a dense matrix are added as they lie."""
    return None if node.outputs[0].type.dtype == "bool" else _product(node, _Added("0", ""))


@C.function_bodies.define(S.Usmm)
def usmm_body(node: Apply[S.Usmm]) -> str | None:
    """The same, from what is added to on."""
    if node.outputs[0].type.dtype == "bool":
        return None  # which adds by or
    at = "x7[i * x7_s[0] + c * x7_s[1]]" if node.inputs[5].type.ndim == 2 else "x7[i * x7_s[0]]"
    return _product(node, _Added(at, "*x6 * "))


class _Added(NamedTuple):
    """What a product begins with at ``i`` (and ``c``), and what each term is multiplied by."""

    start: str
    factor: str

    @property
    def begins(self) -> str:
        """Fill the result."""
        loop = "for (int64_t c = 0; c < columns; c++) y0[i * columns + c] = "
        return f"for (int64_t i = 0; i < *x3; i++)\n    {loop}{self.start};"


def _product(node: Apply[Any], added: _Added) -> str:
    is_matrix = node.inputs[5].type.ndim == 2
    by_rows = node.op.format == "csr"
    names = ("major", "minor") if by_rows else ("minor", "major")
    checks = "x7_n[0] != *x3" + (" || x7_n[1] != columns" if is_matrix else "")
    head = _PARTS.format(
        columns="x5_n[1]" if is_matrix else "1",
        plain=" && x5_s[1] == 1" if is_matrix else "",
        major=names[0],
        minor=names[1],
        checked=_checked_places("x1", node.inputs[1].type.dtype, "minor"),
        added=f"if ({checks}) return 1;" if added.factor else "",
    )
    if not is_matrix and by_rows:
        loop = "for (; k < stop; k++) {NEXT\n        total += a * x5[j * x5_s[0]];\n    }"
        end = f"    y0[i] = {added.start} + {added.factor}total;\n}}"
        return f"{head}{_ROWS}    y0_t total = 0;\n{_for_both(loop)}{end}"
    if not is_matrix:
        loop = "for (; k < stop; k++) {NEXT\n        y0[j] += a * b;\n    }"
        factor = f"    const y0_t b = {added.factor}x5[i * x5_s[0]];\n"
        return f"{head}{added.begins}{_ROWS}{factor}{_for_both(loop)}}}"
    if by_rows:
        return f"{head}{_ROWS}{_rows_in_blocks(added)}}}"
    return f"{head}{added.begins}{_ROWS}{_added_rows(added.factor)}}}"


def _added_rows(factor: str) -> str:
    """Add a row of the dense matrix for each stored number, a few numbers at once."""
    step = f"""
        const y0_t a = {factor}stored_number;
        y0_t *restrict to = y0 + j * columns;
        const x5_t *restrict of = x5 + i * x5_s[0];
        int64_t c = 0;
        for (; c + {_SHORT} <= columns; c += {_SHORT}) {{
            #pragma omp simd
            for (int b = 0; b < {_SHORT}; b++) to[c + b] += a * of[(c + b) * STRIDE];
        }}
        for (; c < columns; c++) to[c] += a * of[c * STRIDE];
    }}"""
    loops = [
        "for (; k < stop; k++) {"
        + text.replace("y0_t a =", "y0_t stored_number =")
        + step.replace("STRIDE", stride)
        for text, stride in ((_PLAIN, "1"), (_ANY, "x5_s[1]"))
    ]
    return f"    if (is_plain) {loops[0]}\n    else {loops[1]}\n"


def _rows_in_blocks(added: _Added) -> str:
    """Sum a row of the result block by block, in registers; the rest of it as it lies."""
    start = added.start.replace("c *", "(c + b) *")
    blocks = "\n".join(
        f"""        for (; c + {n} <= columns; c += {n}) {{
            y0_t t[{n}] = {{0}};
            for (k = start; k < stop; k++) {{{_PLAIN}
                const x5_t *of = x5 + j * x5_s[0] + c;
                #pragma omp simd
                for (int b = 0; b < {n}; b++) t[b] += a * of[b];
            }}
            for (int b = 0; b < {n}; b++) row[c + b] = {start} + {added.factor}t[b];
        }}"""
        for n in (_BLOCK, _SHORT)
    )
    return f"""
    y0_t *restrict row = y0 + i * columns;
    int64_t c = 0;
    if (is_plain) {{
{blocks}
    }}
    const int64_t rest = c;
    for (; c < columns; c++) row[c] = {added.start};
    if (rest < columns)
        for (k = start; k < stop; k++) {{{_ANY}
            const x5_t *of = x5 + j * x5_s[0];
            for (c = rest; c < columns; c++) row[c] += {added.factor}a * of[c * x5_s[1]];
        }}
    k = stop;
"""


@C.function_bodies.define(S.SampledProduct)
def sampled_body(node: Apply[S.SampledProduct]) -> str | None:
    """A product of two rows for each place, summed in four parts that can go side by side."""
    if node.outputs[0].type.dtype == "bool":
        return None
    is_matrix = node.inputs[0].type.ndim == 2
    columns = "x0_n[1]" if is_matrix else "1"
    strides = ("x0_s[1]", "x1_s[1]") if is_matrix else ("1", "1")
    same = "x1_n[1] != columns || " if is_matrix else ""
    return f"""
const int64_t stored = x2_n[0], major = x0_n[0], minor = x1_n[0], columns = {columns};
const int64_t s = {strides[0]}, t = {strides[1]};
if ({same}x3_n[0] != major + 1 || x3[0] != 0 || x3[major * x3_s[0]] != stored) return 1;
int64_t k = 0;
for (int64_t i = 0; i < major; i++) {{
    const int64_t stop = x3[(i + 1) * x3_s[0]];
    if (stop < k || stop > stored) return 1;
    const x0_t *a = x0 + i * x0_s[0];
    for (; k < stop; k++) {{
        const int64_t j = x2[k * x2_s[0]];
        if (j < 0 || j >= minor) return 1;
        const x1_t *b = x1 + j * x1_s[0];
        y0_t t0 = 0, t1 = 0, t2 = 0, t3 = 0;
        int64_t c = 0;
        if (s == 1 && t == 1)
            for (; c + 3 < columns; c += 4) {{
                t0 += a[c] * b[c], t1 += a[c + 1] * b[c + 1];
                t2 += a[c + 2] * b[c + 2], t3 += a[c + 3] * b[c + 3];
            }}
        for (; c < columns; c++) t0 += a[c * s] * b[c * t];
        y0[k] = (t0 + t1) + (t2 + t3);
    }}
}}"""
