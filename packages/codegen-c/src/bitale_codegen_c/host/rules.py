"""What this layer knows of ops: the tables that the rules in the folder ``emit`` fill."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterator, Sequence
from typing import Any

from bitale_graph.extend import Apply, RuleTable

from ..base.ctype import is_supported
from .builder import Builder

# A rule writes in two phases with a ``yield`` between them: first everything that can fail (checks,
# buffers, packing), then the work, which cannot. Work in shared storage starts only when nothing
# can fail any more.
Emit = Callable[[Builder, Apply[Any]], Iterator[None]]
emits: RuleTable[Emit] = RuleTable("C text", "bitale_codegen_c/emit")

# What is no work on elements side by side is a function in C, which the file calls. From a node to
# its body, written as that of `Op.c_code` is (docs/own_op.md); None for what it does not serve.
FunctionBody = Callable[[Apply[Any]], "str | None"]
function_bodies: RuleTable[FunctionBody] = RuleTable("a C function", "bitale_codegen_c/emit")

# Whether a node of an op with C text can use it; without a rule it can if C computes with all its
# dtypes.
Supports = Callable[[Apply[Any]], bool]
supports: RuleTable[Supports] = RuleTable("a rule on what C computes", "bitale_codegen_c/emit")

# For an op class: the pairs (output, input) where the output may be computed into the buffer of the
# input.
Reuse = Callable[[Apply[Any]], Sequence[tuple[int, int]]]
reuses: RuleTable[Reuse] = RuleTable("a rule on reuse of buffers", "bitale_codegen_c/emit")

# For an op class: the inputs whose numbers only its work reads, not its checks. They may be
# computed between the two.
Wait = Callable[[Apply[Any]], Container[int]]
waits: RuleTable[Wait] = RuleTable(
    "a rule on what its checks can do without", "bitale_codegen_c/emit"
)


def has_rule(node: Apply) -> bool:
    """Whether a rule of this layer writes a node."""
    if type(node.op) not in emits:
        return False
    rule = supports.get(type(node.op))
    if rule is not None:
        return rule(node)
    return all(is_supported(v.type.dtype) for v in (*node.inputs, *node.outputs))
