"""Products and quotients as factors with exponents, for the rules that look at them whole."""

from __future__ import annotations

import functools
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from bitale_graph import language as T
from bitale_graph.extend import (
    Apply,
    Constant,
    Dimshuffle,
    SpecifyShape,
    Variable,
    as_tensor,
    scalar,
)

from ..engine.rewrite import RewriteContext
from ..facts.forms import dtype_of, is_inexact, number, row_of, uniform_constant

QUOTIENT_ROWS = (scalar.mul, scalar.true_div, scalar.inv)
_LARGEST_EXPONENT = 8
_MOST_OPENED = 12


@dataclass
class Factors:
    """A product: the exponent of each factor in order of appearance, and two constants.

    Attributes
    ----------
    exponents : dict
        From variables to integers that are not 0, unless factors have cancelled.
    above, below : NumPy scalars
        The constant of the numerator and that of the denominator, in the product's dtype.
    nodes : int
        How many nodes it took.
    """

    dtype: str
    above: Any
    below: Any
    exponents: dict[Variable, int] = field(default_factory=dict)
    nodes: int = 0

    def times(self, factor: Variable, exponent: int) -> None:
        """Count a factor."""
        self.exponents[factor] = self.exponents.get(factor, 0) + exponent

    def kept(self) -> dict[Variable, int]:
        """The factors that have not cancelled."""
        return {v: e for v, e in self.exponents.items() if e}

    def coefficient(self) -> tuple[Any, Any]:
        """The two constants, in lowest terms where that rounds nothing away that was there."""
        if self.above in (1, -1) or self.below == 1:
            return self.above, self.below
        return self.above / self.below, self.below.dtype.type(1)

    def has_sign(self) -> bool:
        """Whether a minus stands before it: the constant is -1, and not what is divided."""
        return bool(self.coefficient()[0] == -1) and any(e > 0 for e in self.exponents.values())

    def gather(self) -> None:
        """Multiply constants into one, unless that would be larger than each of them."""
        arrays = [v for v, e in self.exponents.items() if e == 1 and isinstance(v, Constant)]
        if not arrays:
            return
        with np.errstate(all="ignore"):
            product = self.above / self.below if self.below != 1 else self.above
            for v in arrays:
                product = product * v.data
        is_small = product.size <= max(v.data.size for v in arrays)
        if not is_small or not _is_normal(product, self.dtype):
            return
        for v in arrays:
            del self.exponents[v]
        self.times(as_tensor(product.astype(self.dtype)), 1)
        self.above = self.below = np.dtype(self.dtype).type(1)

    def cost(self) -> int:
        """How many nodes the product takes when it is built."""
        kept = self.kept()
        above, below = self.coefficient()
        entries = len(kept) + bool(below != 1)
        if above not in (1, -1) or not any(e > 0 for e in kept.values()):
            entries += 1
        return max(entries - 1, 0) + self.has_sign() + sum(_products(abs(e)) for e in kept.values())


def is_product_root(node: Apply, context: RewriteContext) -> bool:
    """Whether no larger product takes ``node`` in; one that does is queued instead."""
    reader = context.reader(node.outputs[0])
    if reader is None:
        return True
    row = row_of(reader)
    is_inner = row in QUOTIENT_ROWS or (row is scalar.neg and row_of(node) is not scalar.neg)
    if is_inner:
        context.requeue(reader)
    return not is_inner


def product_factors(root: Variable, context: RewriteContext) -> Factors | None:
    """Flatten the products, quotients and signs that lead up to ``root`` alone.

    None if the constants together would over- or underflow.
    """
    key = (product_factors, root)
    if key not in context.memo:
        context.memo[key] = _flatten(root, context)
    known = context.memo[key]
    assert known is None or isinstance(known, Factors)
    # Rules take factors out and put others in.
    if known is None:
        return None
    return Factors(known.dtype, known.above, known.below, dict(known.exponents), known.nodes)


def _flatten(root: Variable, context: RewriteContext) -> Factors | None:
    dtype = dtype_of(root)
    one = np.dtype(dtype).type(1)
    factors = Factors(dtype, one, one)
    inexact = is_inexact(root)
    stack: list[tuple[Variable, int]] = [(root, 1)]
    with np.errstate(all="ignore"):
        while stack:
            v, exponent = stack.pop()
            context.attempts += 1
            if v is root or context.has_one_reader(v):
                inner = _inner(v, exponent, factors, inexact)
                if inner is not None:
                    factors.nodes += 1
                    stack.extend(reversed(inner))
                    continue
            elif row_of(v.owner) is scalar.neg and v.owner is not None:
                # Others read -x too, but the sign may cancel here.
                v = v.owner.inputs[0]
                factors.above = -factors.above if exponent % 2 else factors.above
            value = uniform_constant(v)
            if value is not None and value != 0 and np.isfinite(value):
                if exponent > 0:
                    factors.above = factors.above * value**exponent
                else:
                    factors.below = factors.below * value ** (-exponent)
            else:
                factors.times(v, exponent)
        has_constants = factors.above != 1 or factors.below != 1
        if (
            inexact
            and has_constants
            and not all(
                _least_normal(dtype) <= abs(c) < np.inf
                for c in (factors.above, factors.below, *factors.coefficient())
            )
        ):
            return None
    return factors


def _is_normal(numbers: Any, dtype: str) -> bool:
    """Whether numbers are finite, and none has lost digits by being too small."""
    if np.dtype(dtype).kind not in "fc":
        return True
    sizes = np.abs(numbers)
    return bool((np.isfinite(sizes) & ((sizes == 0) | (sizes >= _least_normal(dtype)))).all())


@functools.cache
def _least_normal(dtype: str) -> Any:
    return np.finfo(dtype).tiny


def _inner(
    v: Variable, exponent: int, factors: Factors, inexact: bool
) -> list[tuple[Variable, int]] | None:
    """The factors that ``v`` is made of; None if it is a factor itself."""
    row = row_of(v.owner)
    if v.owner is None or row is None:
        return None
    inputs = v.owner.inputs
    if row is scalar.mul:
        return [(u, exponent) for u in inputs]
    if row is scalar.neg:
        if exponent % 2:
            factors.above = -factors.above
        return [(inputs[0], exponent)]
    if not inexact:
        return None
    if row is scalar.true_div:
        return [(inputs[0], exponent), (inputs[1], -exponent)]
    if row is scalar.inv:
        return [(inputs[0], -exponent)]
    power = 2 if row is scalar.sqr else constant_exponent(inputs) if row is scalar.pow else 0
    if power:
        factors.times(inputs[0], power * exponent)
        return []
    return None


def open_shared(factors: Factors, context: RewriteContext) -> bool:
    """Take apart what others read too, so that what it divides by cancels; whether there is any."""
    opened = False
    for _ in range(_MOST_OPENED):
        found = ((v, _shared_parts(v, context)) for v in factors.kept())
        v, parts = next(((v, p) for v, p in found if p is not None), (None, None))
        if v is None or parts is None:
            return opened
        opened = True
        e = factors.exponents.pop(v)
        for u, n in parts:
            value = uniform_constant(u)
            if value is not None and value != 0 and np.isfinite(value):
                power = abs(n * e)
                if n * e > 0:
                    factors.above = factors.above * value**power
                else:
                    factors.below = factors.below * value**power
            else:
                factors.times(u, n * e)
    return opened


def _shared_parts(v: Variable, context: RewriteContext) -> list[tuple[Any, int]] | None:
    """The factors of a product, or of one that is stretched."""
    node = v.owner
    # A shape that only the fill has is given to the result again.
    while node is not None and (type(node.op) is SpecifyShape or row_of(node) is scalar.second):
        v = node.inputs[-1]
        node = v.owner
    if node is not None and type(node.op) is Dimshuffle:
        parts = _shared_parts(node.inputs[0], context)
        inner: Any = node.inputs[0].type
        if parts is None or any(u.type.ndim not in (0, inner.ndim) for u, _ in parts):
            return None
        return [(_moved_alike(u, node, context) if u.type.ndim else u, n) for u, n in parts]
    row = row_of(node)
    if node is None or row not in QUOTIENT_ROWS:
        return None
    if row is scalar.inv:
        return [(node.inputs[0], -1)]
    return [(node.inputs[0], 1), (node.inputs[1], 1 if row is scalar.mul else -1)]


def _moved_alike(u: Variable, node: Apply, context: RewriteContext) -> Any:
    """U under the op of a node: what is there already, or made anew."""
    for reader, _ in context.graph.clients.get(u, ()):
        if isinstance(reader, Apply) and reader.op == node.op:
            return reader.outputs[0]
    return node.op(u)


def constant_exponent(inputs: list[Variable]) -> int:
    """The exponent of a power, if it is a small integer; else 0."""
    value = uniform_constant(inputs[1])
    is_small = value is not None and value.imag == 0 and value == round(float(value.real))
    if not is_small or abs(value) > _LARGEST_EXPONENT:
        return 0
    return int(value.real)


def _products(exponent: int) -> int:
    """How many products a power takes: squares, and one more for every further bit that is set."""
    return exponent.bit_length() + bin(exponent).count("1") - 2


def build_product(factors: Factors) -> Any:
    """Multiply and divide in order of appearance.

    What over- or underflows then stays much the same.
    """
    kept = factors.kept()
    with np.errstate(all="ignore"):
        above, below = factors.coefficient()
    result: Any = None
    lead = next((v for v, e in kept.items() if e > 0), None)
    if lead is None:
        result = number(above, factors.dtype)
    else:
        result = _power(lead, kept[lead])
        if above not in (1, -1):
            result = T.mul(result, number(above, factors.dtype))
    for v, e in kept.items():
        if v is not lead:
            result = (T.mul if e > 0 else T.true_div)(result, _power(v, abs(e)))
    if below != 1:
        result = T.true_div(result, number(below, factors.dtype))
    # The sign comes last, where a sum or a larger product takes it in.
    return T.neg(result) if above == -1 and lead is not None else result


def _power(v: Variable, exponent: int) -> Any:
    if exponent == 1:
        return v
    if exponent == 2:
        return T.sqr(v)
    return T.pow(v, number(exponent, dtype_of(v)))
