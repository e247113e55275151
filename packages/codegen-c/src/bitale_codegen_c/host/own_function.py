"""The function in C of an op that brings the body of it."""

from __future__ import annotations

import hashlib

from bitale_graph.extend import Apply
from bitale_graph.plan.dialect import C_TYPES
from bitale_graph.plan.names import comment, identifier, plain


def own_function(node: Apply, body: str) -> tuple[str, str]:
    """The name and the text of the function that an op gives the body of."""
    types: list[str] = []
    parameters: list[str] = []
    for i, v in enumerate(node.inputs):
        types.append(f"typedef {C_TYPES[v.type.dtype]} x{i}_t;")
        parameters.append(f"const {C_TYPES[v.type.dtype]} *x{i}")
        if v.type.ndim:
            parameters += [f"const int64_t *x{i}_n", f"const int64_t *x{i}_s"]
    for k, v in enumerate(node.outputs):
        types.append(f"typedef {C_TYPES[v.type.dtype]} y{k}_t;")
        parameters.append(f"{C_TYPES[v.type.dtype]} *restrict y{k}")
        if v.type.ndim:
            parameters.append(f"const int64_t *y{k}_n")
    rest = f"({', '.join(parameters)}) {{\n{' '.join(types)}\n{body}\nreturn 0;\n}}"
    digest = hashlib.sha256(rest.encode()).hexdigest()[:16]
    # No name that a person gives a variable begins so.
    name = f"bt_op_{identifier(type(node.op).__name__)}_{digest}"
    return name, f"{comment(plain(node.op))}\nBT_KERNEL int {name}{rest}"
