"""Slices repeated by a vector of counts, as functions in C."""

from __future__ import annotations

from bitale_graph.extend import Apply, Repeat

from ..host.target import C


@C.function_bodies.define(Repeat)
def repeat_body(node: Apply[Repeat]) -> str:
    """For each slice before the axis, and each count, copy what lies behind the axis so often."""
    rank, axis = node.inputs[0].type.ndim, node.op.axis
    loops = ["".join(f"for (int64_t i{a} = 0; i{a} < x0_n[{a}]; i{a}++)\n" for a in axes)
             for axes in (range(axis), range(axis + 1, rank))]  # fmt: skip
    start = " + ".join(f"i{a} * x0_s[{a}]" for a in range(axis + 1))
    offset = " + ".join(f"i{a} * x0_s[{a}]" for a in range(axis + 1, rank))
    size = " * ".join(f"x0_n[{a}]" for a in range(axis + 1, rank))
    # Whether what lies behind the axis is contiguous.
    is_plain = " && ".join(
        f"x0_s[{a}] == " + (f"x0_s[{a + 1}] * x0_n[{a + 1}]" if a + 1 < rank else "1")
        for a in range(axis + 1, rank)
    )
    several = f"""
    if (n == 0) continue;
    const int64_t size = {size};
    const x0_t *const from = x0 + {start};
    x0_t *const first = y0 + next;
    if ({is_plain}) {{
        __builtin_memcpy(first, from, (size_t)size * sizeof(x0_t));
        next += size;
    }} else {{
        {loops[1]}y0[next++] = from[{offset}];
    }}
    for (int64_t k = 1; k < n; k++, next += size)
        __builtin_memcpy(y0 + next, first, (size_t)size * sizeof(x0_t));"""
    single = f"""
    const x0_t item = x0[{start}];
    for (int64_t k = 0; k < n; k++) y0[next + k] = item;
    next += n;"""
    return f"""
if (x1_n[0] != x0_n[{axis}]) return 1;
int64_t next = 0, total = 0;
for (int64_t i = 0; i < x1_n[0]; i++) {{
    const int64_t n = x1[i * x1_s[0]];
    if (n < 0) return 1;
    total += n;
}}
if (total != *x2) return 1;
{loops[0]}for (int64_t i{axis} = 0; i{axis} < x0_n[{axis}]; i{axis}++) {{
    const int64_t n = x1[i{axis} * x1_s[0]];{several if size else single}
}}"""
