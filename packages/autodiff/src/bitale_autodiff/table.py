"""The tables: vector-Jacobian products, their transposes, and what an output depends on at all.

A rule for an op class is called with the op, the inputs and outputs of the node, and one cotangent
for each output (None where nothing reaches it). It gives one term for each input: a cotangent,
`ZERO`, or None where there is no path. A term may have the shape that the input was stretched to:
the walker sums what broadcasting repeated, and casts to the dtype of the input. Terms that nobody
wants are dropped; where they are dear to make, `Cotangents.wanted` tells which.

A rule for a scalar op is called with the operands, the result and its cotangent, and gives one term
for each operand; all are tensors, and a term may have the shape of the result.

A forward rule is called with the op, the inputs and outputs of the node, and one tangent for each
input (None where nothing flows). It gives one tangent for each output: a tensor, which may lack
axes that its output was stretched along, `ZERO`, or None where nothing arrives. Elementwise ops and
reductions have theirs from their gradient rules; an op that has none at all is differentiated
backwards twice.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from bitale_graph.extend import Apply, RuleTable, Variable, describe


class Cotangents(tuple[Any, ...]):
    """A cotangent, or None, for each output of a node.

    Attributes
    ----------
    wanted : tuple of bool
        For each input of the node whether its term will be used.
    conditions : tuple
        For each output a bool variable that broadcasts to its cotangent, which is zero where that
        does not hold; or None.
    """

    wanted: tuple[bool, ...]
    conditions: tuple[Any, ...]

    @classmethod
    def of(
        cls, cotangents: Iterable[Any], wanted: Iterable[bool], conditions: Iterable[Any] = ()
    ) -> Cotangents:
        """Put them together."""
        made = cls(cotangents)
        made.wanted = tuple(wanted)
        made.conditions = tuple(conditions) or (None,) * len(made)
        return made


class Kind(ABC):
    """What derivatives are that are no tensors, or by what is none; by class of type in `kinds`."""

    @abstractmethod
    def zeros(self, v: Any) -> Any:
        """A derivative by ``v``, which is zero."""

    @abstractmethod
    def added(self, one: Any, other: Any) -> Any:
        """The sum of two derivatives, at least one of them of this kind."""

    @abstractmethod
    def fitted(self, v: Any, term: Any) -> Any:
        """A derivative by ``v`` in its dtype; None if it cannot be one."""

    @abstractmethod
    def passed(self, v: Any, ct: Any) -> Any:
        """A derivative by ``v`` in the type of ``v``, as the rule of what computes it takes it."""

    @abstractmethod
    def conjugate(self, ct: Any) -> Any:
        """A derivative with the other sign of its imaginary part."""

    def known(self, v: Any, given: Any) -> Any:
        """A derivative that a user gave."""
        found = self.fitted(v, given) if isinstance(given, Variable) else None
        if found is None:
            raise TypeError(f"grad: known_grads gives {given} for {describe(v)}")
        return found


# (op, inputs, outputs, cotangents) -> terms
VjpRule = Callable[[Any, Sequence[Any], Sequence[Any], Cotangents], Sequence[Any]]
# (op, inputs, outputs, tangents) -> tangents
JvpRule = Callable[[Any, Sequence[Any], Sequence[Any], Sequence[Any]], Sequence[Any]]
# (*operands, y, ct) -> terms
ScalarVjpRule = Callable[..., Sequence[Any]]
# (x, y, axes, ct) -> term; y and ct keep the reduced axes with length 1
ReductionVjpRule = Callable[[Any, Any, tuple[int, ...], Any], Any]
# node -> for each input, for each output, whether the output depends on the numbers in the input
ConnectionRule = Callable[[Apply], Sequence[Sequence[bool]]]

vjps: RuleTable[VjpRule] = RuleTable("a gradient rule", "bitale_autodiff/rules")
jvps: RuleTable[JvpRule] = RuleTable("a forward rule", "bitale_autodiff/rules")
scalar_vjps: RuleTable[ScalarVjpRule] = RuleTable(
    "a gradient rule", "bitale_autodiff/rules/scalar.py"
)
reduction_vjps: RuleTable[ReductionVjpRule] = RuleTable(
    "a gradient rule for reductions", "bitale_autodiff/rules/reduction.py"
)
# Ops without a derivative even where nothing passes back, since what they give is discrete.
never_defined: set[type] = set()
kinds: RuleTable[Kind] = RuleTable("a kind of derivatives", "bitale_autodiff/rules")
connections: RuleTable[ConnectionRule] = RuleTable("a connection rule", "bitale_autodiff/rules")


def linear_in_first(
    op: Any, inputs: Sequence[Any], outputs: Sequence[Any], tangents: Sequence[Any]
) -> Sequence[Any]:
    """The forward rule of an op that is linear in its first input: do the same to its tangent."""
    found: Sequence[Any] = op.make_node(tangents[0], *inputs[1:]).outputs
    return found


def first_input_only(node: Apply) -> list[list[bool]]:
    """Depend on the first input; the others are indices, lengths or targets."""
    return [[i == 0] * len(node.outputs) for i in range(len(node.inputs))]


def first_two_inputs_only(node: Apply) -> list[list[bool]]:
    """Depend on the first two inputs; the others are indices."""
    return [[i < 2] * len(node.outputs) for i in range(len(node.inputs))]


def shapes_only(node: Apply) -> list[list[bool]]:
    """Depend on no number in the inputs."""
    return [[False] * len(node.outputs) for _ in node.inputs]
