"""A target: what a plan asks of the machine that code is written for."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Container, Iterator, Sequence
from typing import Any

from ..base.errors import MissingRuleError
from ..base.rules import RuleTable
from ..core.graph import Apply, Op
from ..tensor.scalar import ScalarOp
from .calls import Routine
from .opaque import is_opaque, reads_opaque

# A rule has a `Builder` and a node, and writes in two phases with a ``yield`` between them: first
# everything that can fail (checks, buffers, packing), then the work, which cannot. Work in shared
# storage starts only when nothing can fail any more.
Emit = Callable[[Any, Apply[Any]], Iterator[None]]
# Whether a node of an op with a rule can use it; without this one it can if the target computes
# with all its dtypes.
Supports = Callable[["Target", Apply[Any]], bool]
# The pairs (output, input) where the output may be computed into the buffer of the input.
Reuse = Callable[[Apply[Any]], Sequence[tuple[int, int]]]
# The inputs whose numbers only the work reads, not its checks: they may be computed between them.
Wait = Callable[[Apply[Any]], Container[int]]
# The body of a function in the target's language, written as that of `Op.c_code` is; None for what
# it does not serve.
FunctionBody = Callable[[Apply[Any]], "str | None"]

_SHARED = "bitale_graph/plan/rules"
emits: RuleTable[Emit] = RuleTable("host code", _SHARED)
supports: RuleTable[Supports] = RuleTable("a rule on what a target computes", _SHARED)
reuses: RuleTable[Reuse] = RuleTable("a rule on reuse of buffers", _SHARED)
waits: RuleTable[Wait] = RuleTable("a rule on what its checks can do without", _SHARED)


class Target(ABC):
    """What code is written for: its rules beside those for every target, and what it computes.

    Parameters
    ----------
    where : str
        The folder of its rules, for error messages.
    words : frozenset of str
        Names that its printer spells itself, which no value may have.

    Attributes
    ----------
    sums_in_parts : bool
        Whether kernels sum up in memory of which every part of the work has its own.
    keeps_numbers : bool
        Whether numbers that kernels compute, and those of shared variables, stay in memory, where
        kernels read them: a device's, from which it takes long to have them on the host. Else they
        are variables of host code.
    emits, supports, reuses, waits : RuleTable
    function_bodies : RuleTable
        For what is no work on elements side by side: functions in the target's language.
    """

    sums_in_parts = True
    keeps_numbers = False

    def __init__(self, where: str, words: frozenset[str]) -> None:
        self.words = words
        self.emits: RuleTable[Emit] = RuleTable(emits.meaning, where, emits)
        self.supports: RuleTable[Supports] = RuleTable(supports.meaning, where, supports)
        self.reuses: RuleTable[Reuse] = RuleTable(reuses.meaning, where, reuses)
        self.waits: RuleTable[Wait] = RuleTable(waits.meaning, where, waits)
        self.function_bodies: RuleTable[FunctionBody] = RuleTable("a function", where)

    @abstractmethod
    def computes(self, dtype: str) -> bool:
        """Whether kernels and host code compute with a dtype."""

    @abstractmethod
    def knows(self, op: ScalarOp) -> bool:
        """Whether the target spells a scalar op."""

    def routine(self, name: str, dtype: str) -> Routine:
        """What rules for every target call by a name, for numbers of a dtype.

        Raises
        ------
        MissingRuleError
            If the target has no such routine.
        """
        raise MissingRuleError(f"{type(self).__name__} has no routine {name!r} for {dtype}")

    def gives_body(self, op: Op) -> bool:
        """Whether an op has functions of its own for this target."""
        return False

    def body_of(self, node: Apply) -> str | None:
        """The body of the function that an op gives for a node."""
        return None

    def has_rule(self, node: Apply) -> bool:
        """Whether a rule writes a node."""
        if type(node.op) not in self.emits:
            return False
        if reads_opaque(node) and not node.op.bodies:
            return False
        rule = self.supports.get(type(node.op))
        if rule is not None:
            return rule(self, node)
        variables = (*node.inputs, *node.outputs)
        return all(is_opaque(v) or self.computes(v.type.dtype) for v in variables)
