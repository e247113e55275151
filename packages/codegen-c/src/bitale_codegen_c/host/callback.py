"""Ops without C text.

The generated code calls back into Python, where the op's own NumPy meaning runs.
"""

from __future__ import annotations

from bitale_graph.extend import Apply, Constant

from ..base.array import Array
from ..base.ctype import C_TYPES, is_supported, literal
from .builder import Builder


def emit_callback(b: Builder, node: Apply) -> None:
    """Describe the operands, call, and take the results over."""
    index = len(b.callbacks)
    b.callbacks.append(node)
    n, m = len(node.inputs), len(node.outputs)
    b.put("{")
    b.put(f"bt_array ins[{max(n, 1)}]; bt_result *outs = bt_results({m});")
    b.put(f"if (!outs) BT_FAIL({b.node_index}, BT_OUT_OF_MEMORY);")
    b.support.add("callback")
    for i, v in enumerate(node.inputs):
        if v.type.ndim == 0:
            c_type = C_TYPES[v.type.dtype]
            if isinstance(v, Constant) and is_supported(v.type.dtype):
                value = literal(v.data[()], v.type.dtype)
            else:
                value = b.scalar(v)
            b.put(f"{c_type} value{i} = {value}; ins[{i}] = (bt_array){{&value{i}, NULL, NULL}};")
            continue
        a = b.array(v)
        lengths = ", ".join(a.lengths)
        strides = ", ".join(f"({a.stride(k)}) * (int64_t)sizeof({a.c_type})" for k in range(a.rank))
        b.put(
            f"int64_t shape{i}[] = {{{lengths}}}, strides{i}[] = {{{strides}}}; "
            f"ins[{i}] = (bt_array){{(void *){a.name}, shape{i}, strides{i}}};"
        )
    b.put(f"if (rt->callback(call, {index}, ins, outs)) {{")
    b.put("    __builtin_free(outs);")
    b.put(f"    BT_FAIL({b.node_index}, BT_CALLBACK_RAISED);")
    b.put("}")
    for k, v in enumerate(node.outputs):
        dtype = v.type.dtype
        if v.type.ndim == 0:
            size = f"sizeof({C_TYPES[dtype]})"
            b.put(f"__builtin_memcpy(&{b.set_scalar_name(v)}, outs[{k}].value, {size});")
            continue
        slot, name = b.new_slot(), b.variable(f"{C_TYPES[dtype]} *", v.name)
        b.put(f"owned[{slot}] = {name} = outs[{k}].data;")
        found = [
            b.variable("int64_t", f"{name}_n{a}", f"outs[{k}].shape[{a}]")
            for a in range(v.type.ndim)
        ]
        b.arrays[v] = Array(name, dtype, found, None, frozenset([slot]))
    b.put("__builtin_free(outs);")
    b.put("}")
