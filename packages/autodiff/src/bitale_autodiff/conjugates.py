"""What a gradient by complex numbers is: one convention, kept here for all rules.

The gradient of a real cost C by a complex z is Theano's ``dC / d real(z) + i dC / d imag(z)``, the
direction in which C grows fastest. Through a function with a complex derivative f' that is
``ct conj(f')``. A rule is written as if all numbers were real, ``ct f'``, and is linear in ct: with
conjugates of the cotangents it gives conjugates of the terms. What reads complex numbers and has no
complex derivative (`real`, `abs`) has a rule for the convention itself, `OF_PARTS`, and so has what
is written with conjugate transposes (`of_parts`); methods of ops
from outside (``grad``, ``L_op``) are written for it too.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from bitale_graph import language as T
from bitale_graph.extend import (
    Apply,
    Composite,
    Elementwise,
    Op,
    OwnScalarOp,
    TensorType,
    Variable,
)
from bitale_graph.extend import dtype as dtypes
from bitale_graph.extend import scalar as s

from .choices import Chosen
from .table import kinds

OF_PARTS = frozenset((s.real, s.imag, s.conj, s.complex, s.angle, s.abs_, s.sgn))


_OPS_OF_PARTS: set[type[Op]] = set()


def of_parts(*ops: type[Op]) -> None:
    """Say of ops that their rules are written for the convention itself."""
    _OPS_OF_PARTS.update(ops)


def is_complex(v: Variable) -> bool:
    """Whether the values of a variable are complex numbers."""
    return dtypes.is_complex(getattr(v.type, "dtype", ""))


def takes_conjugates(node: Apply) -> bool:
    """Whether the rule of a node speaks of complex derivatives.

    What has bodies or steps differentiates them by this convention, one by one.
    """
    if not any(map(is_complex, (*node.inputs, *node.outputs))) or node.op.bodies:
        return False
    if not isinstance(node.op, Elementwise):
        return type(node.op) not in _OPS_OF_PARTS
    op = node.op.scalar_op
    return not (op in OF_PARTS or isinstance(op, (OwnScalarOp, Composite)))


def by_conjugates(
    rule: Callable[[Sequence[Any]], Sequence[Any]], passing: Sequence[Any]
) -> list[Any]:
    """The terms of a rule, from its cotangents, where these are complex."""
    return [_conjugate(term) for term in rule([_conjugate(ct) for ct in passing])]


def _conjugate(term: Any) -> Any:
    if isinstance(term, Chosen):
        return replace(term, ct=_conjugate(term.ct))
    if not isinstance(term, Variable) or not is_complex(term):
        return term
    if not isinstance(term.type, TensorType):
        return kinds[type(term.type)].conjugate(term)
    made = term.owner
    if made is not None and isinstance(made.op, Elementwise) and made.op.scalar_op is s.conj:
        return made.inputs[0]
    return T.conj(term)


def as_real(term: Any, v: Variable) -> Any:
    """The part of a term that a variable takes: a real one moves along the real axis alone."""
    return T.real(term) if is_complex(term) and not is_complex(v) else term
