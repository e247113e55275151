"""The code of a node: a function of its own, else what a rule writes.

The body of the function is given by the op (`Op.c_code`) or by a rule of the target. Who calls it
allocates the results, so their lengths must be known before: they are what ``infer_shape`` tells,
written by the rules.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from ..core.graph import Apply, Constant, Variable
from ..core.order import toposort
from ..ops.shape import shape_i
from ..tensor.conversion import as_tensor
from .array import Array
from .builder import Builder
from .calls import Routine, Try
from .expressions import Address, Expression, Number
from .opaque import reads_opaque
from .target import Target


@dataclass(frozen=True)
class OwnFunction:
    """A function for one node.

    Attributes
    ----------
    node : Apply
    body : str
        In the language of the target.
    lengths : tuple of tuples of Variable
        Of each output.
    steps : tuple of Apply
        What computes the lengths, in order.
    """

    node: Apply
    body: str
    lengths: tuple[tuple[Variable, ...], ...]
    steps: tuple[Apply, ...]


def has_code(target: Target, node: Apply) -> bool:
    """Whether a node becomes code, rather than a call back into Python."""
    return own_function(target, node) is not None or target.has_rule(node)


def emit_node(b: Builder, node: Apply) -> Iterator[None]:
    """Write a node that has code, in two phases."""
    own = own_function(b.target, node)
    return b.target.emits[type(node.op)](b, node) if own is None else _emit_own(b, own)


def own_function(target: Target, node: Apply) -> OwnFunction | None:
    """The function for a node, if there is one and the lengths of all outputs are told."""
    rule = target.function_bodies.get(type(node.op))
    if rule is None and not target.gives_body(node.op):
        return None
    if reads_opaque(node) or not all(
        target.computes(v.type.dtype) for v in (*node.inputs, *node.outputs)
    ):
        return None
    given = [tuple(shape_i(v, a) for a in range(v.type.ndim)) for v in node.inputs]
    told = node.op.infer_shape(node, given)
    if told is None or any(shape is None for shape in told):
        return None
    lengths = tuple(tuple(as_tensor(n) for n in shape) for shape in told)
    steps = toposort([n for shape in lengths for n in shape], stop_at=set(node.inputs))
    read = {v for step in steps for v in step.inputs}.union(*lengths)
    if not all(_is_arithmetic(target, step) for step in steps):
        return None
    if not all(_is_had(v, node) for v in read):
        return None
    body = rule(node) if rule is not None else target.body_of(node)
    return None if body is None else OwnFunction(node, body, lengths, tuple(steps))


def _is_arithmetic(target: Target, step: Apply) -> bool:
    is_number = not step.op.bodies and all(v.type.ndim == 0 for v in step.outputs)
    return is_number and target.has_rule(step)


def _is_had(v: Variable, node: Apply) -> bool:
    """Whether a variable that lengths are computed from has a value where the node stands."""
    is_number = v.type.ndim == 0 and (v.owner is not None or isinstance(v, Constant))
    return v in node.inputs or is_number


def _emit_own(b: Builder, own: OwnFunction) -> Iterator[None]:
    """Compute the lengths, allocate, and call; the call may fail, so it stands before the work."""
    node = own.node
    for step in own.steps:
        for _ in b.target.emits[type(step.op)](b, step):
            pass
    passed: list[Expression | tuple[Expression, ...]] = []
    known: set[Expression] = set()
    for v in node.inputs:
        if v.type.ndim == 0:
            passed.append(Address(b.variable(v.type.dtype, None, b.scalar(v))))
            continue
        a = b.array(v)
        known.update(a.lengths)
        passed += [a.pointer, tuple(a.lengths), tuple(a.stride(k) for k in range(a.rank))]
    written: list[Expression] = []
    for v, lengths in zip(node.outputs, own.lengths, strict=True):
        if v.type.ndim == 0:
            passed.append(Address(b.receive(v)))
            continue
        out = _result(b, v, [b.let("n", b.scalar(n)) for n in lengths], known)
        written.append(out.pointer)
        passed += [out.pointer, tuple(out.lengths)]
    b.put(Try(b.node_index, Routine("", own, takes_runtime=False), passed, written))
    yield


def _result(b: Builder, v: Variable, told: list[Expression], known: set[Expression]) -> Array:
    sizes: list[Expression] = []
    for size, static in zip(told, v.type.shape, strict=True):
        if static is not None:
            b.check_equal(size, Number(static, "int64"))
        elif size not in known:
            b.check(size >= 0)
        sizes.append(size if static is None else Number(static, "int64"))
    return b.result(v, sizes)
