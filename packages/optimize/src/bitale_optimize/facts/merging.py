"""Telling that two nodes compute the same."""

from __future__ import annotations

from bitale_graph.extend import Apply, Constant, Elementwise, Variable


def merge_key(node: Apply) -> object:
    """Equal for nodes that compute the same; operands of commutative ops may have changed places.

    Compare keys of living nodes only: variables are told apart by address.
    """
    op = node.op
    inputs = [_input_key(v) for v in node.inputs]
    if isinstance(op, Elementwise) and op.scalar_op.commutative:
        inputs.sort(key=hash)
    # The scalar op alone is quicker to hash than the op; subclasses are told apart.
    return (op.scalar_op if type(op) is Elementwise else op, *inputs)


def _input_key(variable: Variable) -> object:
    """Numbers by value, since rules make the same ones again; anything else by identity."""
    if isinstance(variable, Constant) and getattr(variable.data, "size", 2) == 1:
        return variable.signature()
    return id(variable)
