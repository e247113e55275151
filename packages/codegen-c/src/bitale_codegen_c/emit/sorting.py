"""What goes by the order of numbers, as functions in C."""

from __future__ import annotations

from bitale_graph.extend import Apply, SearchSorted

from ..host.target import C

# NaN is behind all numbers, as in NumPy; for integers the compiler drops what asks for it.
_IS_BEFORE = {
    "left": "item < key || (key != key && item == item)",
    "right": "!(key < item || (item != item && key == key))",
}


@C.function_bodies.define(SearchSorted)
def searchsorted_body(node: Apply[SearchSorted]) -> str:
    """Halve what may hold the place; a key not below the last begins where that one went."""
    rank = node.inputs[1].type.ndim
    loops = "".join(f"for (int64_t i{a} = 0; i{a} < x1_n[{a}]; i{a}++)\n" for a in range(rank))
    offset = " + ".join(f"i{a} * x1_s[{a}]" for a in range(rank)) or "0"
    return f"""
int64_t found = 0, next = 0;
x1_t last = 0;
{loops}{{
    const x1_t key = x1[{offset}];
    int64_t low = next && key >= last ? found : 0, n = x0_n[0] - low;
    while (n > 0) {{
        const int64_t half = n >> 1;
        const x0_t item = x0[(low + half) * x0_s[0]];
        if ({_IS_BEFORE[node.op.side]}) low += half + 1, n -= half + 1;
        else n = half;
    }}
    y0[next++] = found = low;
    last = key;
}}"""
