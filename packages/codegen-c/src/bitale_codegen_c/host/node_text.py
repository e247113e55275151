"""The C text of a node: a function of its own, else what a rule of this layer writes.

The body of the function is given by the op (`Op.c_code`) or by a rule. Who calls it allocates the
results, so their lengths must be known before: they are what ``infer_shape`` tells, written by the
rules.
"""

from __future__ import annotations

import hashlib
import inspect
from collections.abc import Iterator
from dataclasses import dataclass

from bitale_graph.extend import Apply, Constant, Op, Variable, as_tensor, shape_i, toposort

from ..base.ctype import C_TYPES, is_supported
from ..base.text import comment, identifier, plain
from .builder import Builder
from .rules import emits, function_bodies, has_rule


@dataclass(frozen=True)
class OwnText:
    """What an op gives for a node.

    Attributes
    ----------
    body : str
        Of a function in C.
    lengths : list of tuples of Variable
        Of each output.
    steps : list of Apply
        What computes the lengths, in order.
    """

    body: str
    lengths: list[tuple[Variable, ...]]
    steps: list[Apply]


def has_c_text(node: Apply) -> bool:
    """Whether a node becomes C, rather than a call back into Python."""
    return own_text(node) is not None or has_rule(node)


def emit_text(b: Builder, node: Apply) -> Iterator[None]:
    """Write a node that has C text, in two phases."""
    own = own_text(node)
    return emits[type(node.op)](b, node) if own is None else _emit_own(b, node, own)


def gives_text(op: Op) -> bool:
    """Whether an op has a `c_code` of ours; one written for Theano takes more than the node."""
    if type(op).c_code is Op.c_code:
        return False
    return len(inspect.signature(op.c_code).parameters) == 1


def own_text(node: Apply) -> OwnText | None:
    """The function for a node, if there is one and the lengths of all outputs are told."""
    rule = function_bodies.get(type(node.op))
    if rule is None and not gives_text(node.op):
        return None
    if not all(is_supported(v.type.dtype) for v in (*node.inputs, *node.outputs)):
        return None
    given = [tuple(shape_i(v, a) for a in range(v.type.ndim)) for v in node.inputs]
    told = node.op.infer_shape(node, given)
    if told is None or any(shape is None for shape in told):
        return None
    lengths: list[tuple[Variable, ...]] = [tuple(as_tensor(n) for n in shape) for shape in told]
    steps = toposort([n for shape in lengths for n in shape], stop_at=set(node.inputs))
    read = {v for step in steps for v in step.inputs}.union(*lengths)
    if not (all(map(_is_arithmetic, steps)) and all(_is_had(v, node) for v in read)):
        return None
    body = rule(node) if rule is not None else node.op.c_code(node)
    if body is None:
        return None
    if not isinstance(body, str):
        raise TypeError(f"{node.op}: c_code gives a text in C or None, and gave {body!r:.60}")
    if not body.isascii():
        raise ValueError(f"{node.op}: c_code gave text with characters outside ASCII")
    return OwnText(body, lengths, steps)


def _is_arithmetic(step: Apply) -> bool:
    return has_rule(step) and not step.op.bodies and all(v.type.ndim == 0 for v in step.outputs)


def _is_had(v: Variable, node: Apply) -> bool:
    """Whether a variable that lengths are computed from has a value where the node stands."""
    is_number = v.type.ndim == 0 and (v.owner is not None or isinstance(v, Constant))
    return v in node.inputs or is_number


def _emit_own(b: Builder, node: Apply, own: OwnText) -> Iterator[None]:
    """Compute the lengths, allocate, and call; the call may fail, so it stands before the work."""
    for step in own.steps:
        for _ in emits[type(step.op)](b, step):
            pass
    passed: list[str] = []
    known: set[str] = set()
    for v in node.inputs:
        if v.type.ndim == 0:
            passed.append(f"&(const {C_TYPES[v.type.dtype]}){{{b.scalar(v)}}}")
            continue
        a = b.array(v)
        known.update(a.lengths)
        passed += [a.name, _listed(a.lengths), _listed([a.stride(k) for k in range(a.rank)])]
    for v, lengths in zip(node.outputs, own.lengths, strict=True):
        if v.type.ndim == 0:
            passed.append(f"&{b.set_scalar_name(v)}")
            continue
        sizes = []
        for n, static in zip(lengths, v.type.shape, strict=True):
            size = b.length("n", b.scalar(n))
            if static is not None:
                b.check_equal(size, str(static))
            elif size not in known:
                b.check(f"{size} >= 0")
            sizes.append(size if static is None else str(static))
        out = b.result(v, sizes)
        passed += [out.name, _listed(out.lengths)]
    name = b.library(*_function(node, own.body))
    b.put(f"if ({name}({', '.join(passed)})) BT_FAIL({b.node_index}, BT_CHECK_FAILED);")
    yield


def _listed(values: list[str]) -> str:
    return "(const int64_t[]){" + ", ".join(values) + "}"


def _function(node: Apply, body: str) -> tuple[str, str]:
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
