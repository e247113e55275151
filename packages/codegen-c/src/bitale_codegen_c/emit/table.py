"""The tables that the rules of this folder fill."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from bitale_graph.rules import RuleTable
from bitale_graph.variable import Apply

from ..builder import Builder

# A rule writes in two phases with a ``yield`` between them: first everything that can fail (checks,
# buffers, packing), then the work, which cannot. Work in shared storage starts only when nothing
# can fail any more.
Emit = Callable[[Builder, Apply], Iterator[None]]
emits: RuleTable[Emit] = RuleTable("C text", "bitale_codegen_c/emit")

# Whether a node of an op with C text can use it; without a rule it can if C computes with all its
# dtypes.
Supports = Callable[[Apply], bool]
supports: RuleTable[Supports] = RuleTable("a rule on what C computes", "bitale_codegen_c/emit")
