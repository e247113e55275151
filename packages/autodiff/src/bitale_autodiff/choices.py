"""Which elements of a cotangent may be other than zero, where a choice decided that.

What ``switch`` did not choose adds nothing to a derivative. That its cotangent is zero does not do:
behind it ``0 * inf`` is NaN. So the walker carries the conditions along with a cotangent, through
ops that only move elements too, and chooses again behind the last op of an elementwise chain: once,
where the derivative is used. A graph without choices is not touched.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from bitale_graph import config
from bitale_graph import language as T
from bitale_graph.extend import Apply, Constant, Elementwise, Flag, RuleTable, TensorType
from bitale_graph.extend import scalar as s

config.register(
    Flag(
        "gradient_at_ties",
        "shared",
        "of a largest or smallest element that there are several of: they share its gradient "
        "equally, or have it whole (of two operands the first one, in a reduction each)",
        ("shared", "whole"),
    )
)


def ties_are_whole() -> bool:
    """Whether one of several largest elements has the gradient whole, and not a share of it."""
    return bool(config.gradient_at_ties == "whole")


class Literal(NamedTuple):
    """The elements where a condition, which broadcasts to the cotangent, has a given value.

    Where it is due, the cotangent may be other than zero elsewhere, until it is chosen from again.
    """

    condition: Any
    value: bool
    is_due: bool

    def is_like(self, other: Literal) -> bool:
        """Whether both mean the same elements."""
        return self.condition is other.condition and self.value == other.value


@dataclass(frozen=True)
class Choice:
    """The elements where all of some conditions have given values."""

    literals: tuple[Literal, ...]

    def with_due(self, is_due: bool) -> Choice:
        """The same elements, to be chosen again or chosen already."""
        return Choice(tuple(one._replace(is_due=is_due) for one in self.literals))


@dataclass(frozen=True)
class Chosen:
    """A term of a rule: ``ct`` where ``condition`` has the given value, nothing elsewhere.

    Attributes
    ----------
    ct : tensor
        Of the shape of the result, or of the operand.
    condition : bool tensor
    value : bool
    is_due : bool
        Whether ``ct`` may be other than zero elsewhere.
    """

    ct: Any
    condition: Any
    value: bool
    is_due: bool = True


# (op, inputs, outputs, chosen) -> for each input the condition that its term is under, or None,
# and whether the term may be other than zero where that does not hold.
ChoiceRule = Callable[[Any, Sequence[Any], Sequence[Any], Any], Sequence[tuple[Any, bool]]]
# (op, inputs, chosen) -> the inputs, zero where they meet only what was not chosen
GuardRule = Callable[[Any, Sequence[Any], Any], Sequence[Any]]

choice_rules: RuleTable[ChoiceRule] = RuleTable("a choice rule", "bitale_autodiff/rules/choice.py")
guard_rules: RuleTable[GuardRule] = RuleTable("a guard rule", "bitale_autodiff/rules/choice.py")

# Their terms are zero wherever the cotangent is, whatever the operands are.
_LEAVE_ZEROS = frozenset(
    {s.add, s.sub, s.neg, s.identity, s.second, s.switch, s.maximum, s.minimum}
)
_LEAVE_ZEROS_BESIDE_NUMBERS = frozenset({s.mul, s.true_div})


def chosen_from(ct: Any, choice: Choice | None) -> Any:
    """A cotangent with zeros in place of all that was not chosen."""
    for one in () if choice is None else choice.literals:
        if one.is_due:
            c = one.condition
            ct = T.switch(c, ct, 0) if one.value else T.switch(c, 0, ct)
    return ct


def with_condition(choice: Choice | None, term: Chosen) -> Choice:
    """One condition more."""
    new = Literal(term.condition, term.value, term.is_due)
    old = () if choice is None else choice.literals
    return Choice((*(one for one in old if not one.is_like(new)), new))


def both(
    one: tuple[Any, Choice | None], other: tuple[Any, Choice | None], add: Callable[[Any, Any], Any]
) -> tuple[Any, Choice | None]:
    """The sum of two cotangents of one variable, and what was chosen for either."""
    (x, a), (y, b) = one, other
    if a is None or b is None:
        return add(chosen_from(x, a), chosen_from(y, b)), None
    differing = _differing(a, b)
    if differing == []:
        return add(x, y), Choice(_due_in_either(a.literals, b.literals))
    if differing is not None and len(differing) == 1:
        at = differing[0]
        p, q = a.literals[at], b.literals[at]
        if p.condition is q.condition:
            # What is chosen for one is not for the other.
            rest = _due_in_either(
                (*a.literals[:at], *a.literals[at + 1 :]), (*b.literals[:at], *b.literals[at + 1 :])
            )
            total = add(x, y)
            if p.is_due or q.is_due:
                total = T.switch(p.condition, x, y) if p.value else T.switch(p.condition, y, x)
            return total, Choice(rest) if rest else None
    total = add(chosen_from(x, a), chosen_from(y, b))
    for few, many in ((a, b), (b, a)):
        if all(any(p.is_like(q) for q in many.literals) for p in few.literals):
            return total, few.with_due(False)
    return total, Choice((Literal(T.or_(condition_of(a), condition_of(b)), True, False),))


def _differing(a: Choice, b: Choice) -> list[int] | None:
    """Where two choices of as many conditions differ."""
    if len(a.literals) != len(b.literals):
        return None
    pairs = zip(a.literals, b.literals, strict=True)
    return [i for i, (p, q) in enumerate(pairs) if not p.is_like(q)]


def _due_in_either(a: Sequence[Literal], b: Sequence[Literal]) -> tuple[Literal, ...]:
    return tuple(p._replace(is_due=p.is_due or q.is_due) for p, q in zip(a, b, strict=True))


def condition_of(choice: Choice) -> Any:
    """The conditions as one."""
    return _together(choice.literals)


def _together(literals: Sequence[Literal]) -> Any:
    found: Any = None
    for condition, value, _ in literals:
        holds = condition if value else T.invert(condition)
        found = holds if found is None else T.and_(found, holds)
    return found


def fitted_choice(choice: Choice | None, type: TensorType) -> Choice | None:
    """What was chosen of a tensor whose cotangent was summed down to its own shape."""
    if choice is None or all(not _stretched(one.condition, type) for one in choice.literals):
        return choice
    condition = _together(choice.literals)
    axes = _stretched(condition, type)
    extra = condition.ndim - type.ndim
    condition = T.any(condition, axis=axes, keepdims=True)
    if extra > 0:
        condition = T.dimshuffle(condition, *range(extra, condition.ndim))
    return Choice((Literal(condition, True, any(one.is_due for one in choice.literals)),))


def _stretched(condition: Any, type: TensorType) -> list[int]:
    """The axes that a condition has and a tensor of ``type`` has not, or with length 1."""
    extra = condition.ndim - type.ndim
    return [
        a
        for a, n in enumerate(condition.type.shape)
        if a < extra or (n != 1 and type.shape[a - extra] == 1)
    ]


def through(node: Apply, choice: Choice | None) -> list[Choice | None]:
    """What was chosen of each input, by what was of the only output that has a cotangent."""
    if choice is None:
        return [None] * len(node.inputs)
    if isinstance(node.op, Elementwise):
        return [choice if _leaves_zeros(node) else choice.with_due(True)] * len(node.inputs)
    # One number decides for all elements, wherever they go.
    single = tuple(one for one in choice.literals if one.condition.ndim == 0)
    rule = choice_rules.get(type(node.op))
    moved: Sequence[tuple[Any, bool]] = [(None, True)] * len(node.inputs)
    if rule is not None:
        several = tuple(one for one in choice.literals if one.condition.ndim)
        # By the rule a choice by one number tells, too, whether zeros stay.
        chosen = _together(several or single)
        moved = rule(node.op, node.inputs, node.outputs, chosen)
        if not several:
            moved = [(None, is_due) for _, is_due in moved]
    found: list[Choice | None] = []
    for condition, is_due in moved:
        literals = single if condition is None else (*single, Literal(condition, True, is_due))
        found.append(Choice(literals).with_due(is_due) if literals else None)
    return found


def guarded(node: Apply, choice: Choice | None) -> Sequence[Any]:
    """The inputs as a gradient rule may read them: no NaN where nothing was chosen."""
    rule = None if choice is None else guard_rules.get(type(node.op))
    if rule is None or choice is None:
        return node.inputs
    several = tuple(one for one in choice.literals if one.condition.ndim)
    return rule(node.op, node.inputs, _together(several)) if several else node.inputs


def _leaves_zeros(node: Apply) -> bool:
    """Whether the terms of an elementwise node are zero wherever its cotangent is."""
    op: Any = node.op
    row = op.scalar_op
    if row is s.identity:
        # Markers are identities with a rule of their own.
        return type(op) is Elementwise
    if row in _LEAVE_ZEROS or s.is_cast(row):
        return True
    return row in _LEAVE_ZEROS_BESIDE_NUMBERS and any(
        isinstance(v, Constant) and bool(np.isfinite(v.data).all() and v.data.all())
        for v in (node.inputs[1:] if row is s.true_div else node.inputs)
    )
