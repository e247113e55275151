"""Sums and differences as terms with coefficients, for the rules that look at them whole."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from bitale_graph.extend import Variable, scalar

from ..engine.rewrite import RewriteContext
from ..facts.forms import dtype_of, operands, row_of, uniform_constant

SUM_ROWS = (scalar.add, scalar.sub, scalar.neg)


@dataclass
class Terms:
    """A sum: coefficients of terms in order of appearance, and a constant."""

    dtype: str
    coefficients: dict[Variable, Any] = field(default_factory=dict)
    constant: Any = 0
    nodes: int = 0
    found: int = 0

    def add(self, term: Variable, coefficient: Any) -> None:
        """Count a term."""
        self.found += 1
        self.coefficients[term] = self.coefficients.get(term, 0) + coefficient


def sum_terms(root: Variable, context: RewriteContext) -> Terms:
    """Flatten the sums, differences and signs that lead up to ``root`` alone."""
    terms = Terms(dtype_of(root))
    stack: list[tuple[Variable, Any]] = [(root, _one(terms.dtype))]
    while stack:
        v, coefficient = stack.pop()
        context.attempts += 1
        row = row_of(v.owner)
        if v is root or context.has_one_reader(v):
            if row in SUM_ROWS:
                assert v.owner is not None
                terms.nodes += 1
                last = coefficient if row is scalar.add else -coefficient
                stack.append((v.owner.inputs[-1], last))
                if row is not scalar.neg:
                    stack.append((v.owner.inputs[0], coefficient))
                continue
            scaled = _scaled(v) if row is scalar.mul else None
            if scaled is not None:
                terms.nodes += 1
                terms.add(scaled[0], coefficient * scaled[1])
                continue
        elif row is scalar.neg and v.owner is not None:
            # Others read -x too, but here x serves as well, and may cancel.
            v, coefficient = v.owner.inputs[0], -coefficient
        value = uniform_constant(v)
        if value is not None and np.isfinite(value):
            terms.constant = terms.constant + coefficient * _exact(value)
        else:
            terms.add(v, coefficient)
    return terms


def _one(dtype: str) -> Any:
    """One, as what coefficients are counted in: unbounded integers, or the dtype itself."""
    return 1 if np.dtype(dtype).kind in "iu" else np.dtype(dtype).type(1)


def _exact(value: Any) -> Any:
    return int(value) if value.dtype.kind in "iu" else value


def _scaled(product: Variable) -> tuple[Variable, Any] | None:
    """``(u, c)`` for a product of u with a constant that is c everywhere and leaves its shape."""
    factors = operands(product, scalar.mul)
    if factors is None:
        return None
    for u, c in (factors, factors[::-1]):
        value = uniform_constant(c)
        if value is not None and np.isfinite(value) and u.type.shape == product.type.shape:
            return u, _exact(value)
    return None


def wrapped_integer(value: Any, dtype: str) -> Any:
    """An integer coefficient modulo the width of the dtype."""
    kind = np.dtype(dtype)
    return value if kind.kind not in "iu" else int(value) % 2 ** (8 * kind.itemsize)
