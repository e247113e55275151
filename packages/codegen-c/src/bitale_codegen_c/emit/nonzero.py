"""The places of true elements, as functions in C."""

from __future__ import annotations

from bitale_graph.extend import Apply, Nonzero

from ..host.target import C


@C.function_bodies.define(Nonzero)
def nonzero_body(node: Apply[Nonzero]) -> str:
    """Write every place where the next true one goes, and move on if it is true.

    That has no branch to guess wrong. What is written last is not behind the end, since the walk
    ends with the last true element. Eight false ones in a row are skipped at once.
    """
    rank = node.inputs[0].type.ndim
    inner = rank - 1
    outer = "".join(
        f"for (int64_t i{a} = 0; found < n && i{a} < x0_n[{a}]; i{a}++)\n" for a in range(inner)
    )
    offset = " + ".join(f"i{a} * x0_s[{a}]" for a in range(inner)) or "0"
    outside = "".join(f"y{a}[found] = i{a}; " for a in range(inner))
    write = f"{outside}y{inner}[found] = i;"
    eight = "\n".join(
        f"            {outside}y{inner}[found] = i + {k}; found += row[i + {k}] != 0;"
        for k in range(8)
    )
    return f"""
const int64_t n = *x1, length = x0_n[{inner}], by = x0_s[{inner}];
int64_t found = 0;
{outer}{{
    const x0_t *const row = x0 + {offset};
    int64_t i = 0;
    if (by == 1) {{
        while (i + 8 <= length && found + 8 <= n) {{
            uint64_t word;
            __builtin_memcpy(&word, row + i, 8);
            if (word != 0) {{
{eight}
            }}
            i += 8;
        }}
    }}
    for (; found < n && i < length; i++) {{
        {write}
        found += row[i * by] != 0;
    }}
}}"""
