"""Sums and products so far, as a function in C."""

from __future__ import annotations

from bitale_graph.extend import Apply, Cumulative, scalar

from ..host.target import C


@C.function_bodies.define(Cumulative)
def cumulative_body(node: Apply[Cumulative]) -> str | None:
    """Along the last axis with a running total, along others with the row before."""
    op, rank = node.op, node.out.type.ndim
    word = {scalar.add: "+", scalar.mul: "*"}[op.scalar_op]
    if node.out.type.dtype == "bool":
        return None
    outer = "".join(f"for (int64_t i{a} = 0; i{a} < y0_n[{a}]; i{a}++)\n" for a in range(op.axis))
    inner = "".join(
        f"for (int64_t i{a} = 0; i{a} < y0_n[{a}]; i{a}++)\n" for a in range(op.axis + 1, rank)
    )
    start = " + ".join(f"i{a} * x0_s[{a}]" for a in range(op.axis)) or "0"
    walk = f"for (int64_t k = 0; k < y0_n[{op.axis}]; k++)"
    if not inner:
        return f"""
y0_t *to = y0;
{outer}{{
    const x0_t *row = x0 + {start};
    y0_t total = {int(op.scalar_op is scalar.mul)};
    {walk} *to++ = total = (y0_t)(total {word} row[k * x0_s[{op.axis}]]);
}}"""
    offset = " + ".join(f"i{a} * x0_s[{a}]" for a in range(op.axis + 1, rank))
    step = " * ".join(f"y0_n[{a}]" for a in range(op.axis + 1, rank))
    return f"""
y0_t *to = y0;
const int64_t step = {step};
{outer}{walk} {{
    const x0_t *row = x0 + {start} + k * x0_s[{op.axis}];
    if (k == 0) {{ {inner} *to++ = row[{offset}]; }}
    else {{ {inner} {{ *to = (y0_t)(to[-step] {word} row[{offset}]); to++; }} }}
}}"""
