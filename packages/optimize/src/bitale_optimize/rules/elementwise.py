"""Casts, choices, comparisons and inverse pairs."""

from __future__ import annotations

import numpy as np
from bitale_graph import language as T
from bitale_graph.extend import Apply, Elementwise, Variable, cast, is_cast, scalar

from ..engine.pattern import ALL_KINDS, PatternRule
from ..engine.phases import canonical
from ..engine.rewrite import Changes, RewriteContext
from ..facts.forms import dtype_of, is_uniform, kind_of, number, operands, row_of, uniform

for _row in (
    PatternRule("max_of_same", "maximum(x, x)", "x", Changes.NOTHING, of=ALL_KINDS),
    PatternRule("min_of_same", "minimum(x, x)", "x", Changes.NOTHING, of=ALL_KINDS),
    PatternRule("and_of_same", "x & x", "x", Changes.NOTHING, of=ALL_KINDS),
    PatternRule("or_of_same", "x | x", "x", Changes.NOTHING, of=ALL_KINDS),
    PatternRule("xor_of_same", "x ^ x", "0", Changes.DOMAIN, of=ALL_KINDS),
    PatternRule("and_with_zero", "x & 0", "0", Changes.DOMAIN, of=ALL_KINDS),
    PatternRule("or_with_zero", "x | 0", "x", Changes.NOTHING, of=ALL_KINDS),
    PatternRule("xor_with_zero", "x ^ 0", "x", Changes.NOTHING, of=ALL_KINDS),
    PatternRule("invert_of_invert", "invert(invert(x))", "x", Changes.NOTHING, of=ALL_KINDS),
    PatternRule("switch_of_same", "switch(a, x, x)", "x", Changes.DOMAIN, of=ALL_KINDS),
    PatternRule("exp_of_log", "exp(log(x))", "x", Changes.DOMAIN, "negative x was NaN"),
    PatternRule("log_of_exp", "log(exp(x))", "x", Changes.ACCURACY, "exp overflows from 710 on"),
    PatternRule("expm1_of_log1p", "expm1(log1p(x))", "x", Changes.DOMAIN, "x < -1 was NaN"),
    PatternRule("log1p_of_expm1", "log1p(expm1(x))", "x", Changes.ACCURACY),
    PatternRule("sinh_of_arcsinh", "sinh(arcsinh(x))", "x", Changes.ACCURACY),
    PatternRule("arcsinh_of_sinh", "arcsinh(sinh(x))", "x", Changes.ACCURACY, "sinh overflows"),
    PatternRule("cosh_of_arccosh", "cosh(arccosh(x))", "x", Changes.DOMAIN, "x < 1 was NaN"),
    PatternRule("tanh_of_arctanh", "tanh(arctanh(x))", "x", Changes.DOMAIN, "|x| > 1 was NaN"),
    PatternRule("arctanh_of_tanh", "arctanh(tanh(x))", "x", Changes.ACCURACY, "tanh rounds to 1"),
    PatternRule("sqr_of_sqrt", "sqr(sqrt(x))", "x", Changes.DOMAIN, "negative x was NaN"),
    PatternRule("sqr_of_abs", "sqr(abs(x))", "sqr(x)", Changes.NOTHING),
):
    canonical.add(_row.rule())


@canonical.rule(
    tracks=[scalar.and_, scalar.or_],
    before="x & True, x | True",
    after="x, True",
    changes=Changes.DOMAIN,
)
def logic_with_true(node: Apply, context: RewriteContext) -> Variable | None:
    """True is neutral in a conjunction of bools, and decides a disjunction."""
    if dtype_of(node.outputs[0]) != "bool":
        return None
    for v, other in (node.inputs, node.inputs[::-1]):
        if is_uniform(v, 1):
            return other if row_of(node) is scalar.and_ else v
    return None


@canonical.rule(
    tracks=[scalar.eq, scalar.neq, scalar.lt, scalar.gt, scalar.le, scalar.ge],
    before="x <= x, of integers",
    after="True",
    changes=Changes.DOMAIN,
)
def comparison_with_itself(node: Apply, context: RewriteContext) -> Variable | None:
    """An integer equals itself; a float may be NaN, and does not."""
    x, y = node.inputs
    if x is not y or kind_of(x) not in "iub":
        return None
    truth: Variable = number(row_of(node) in (scalar.eq, scalar.le, scalar.ge), "bool")
    return truth


@canonical.rule(
    tracks=[Elementwise],
    subclasses=True,
    before="cast(cast(x, wide), dtype)",
    after="cast(x, dtype)",
)
def cast_of_cast(node: Apply[Elementwise], context: RewriteContext) -> Variable | None:
    """The first cast may go if it loses nothing."""
    if not is_cast(node.op.scalar_op):
        return None
    inner = node.inputs[0].owner
    if inner is None or not isinstance(inner.op, Elementwise) or not is_cast(inner.op.scalar_op):
        return None
    x = inner.inputs[0]
    if not _loses_nothing(dtype_of(x), dtype_of(node.inputs[0])):
        return None
    made: Variable = cast(x, dtype_of(node.outputs[0]))
    return made


def _loses_nothing(old: str, new: str) -> bool:
    """Whether every number of dtype ``old`` is one of ``new``.

    NumPy's "safe" lets 64-bit integers be float64.
    """
    if old in ("int64", "uint64") and np.dtype(new).kind in "fc":
        return False
    return bool(np.can_cast(old, new, "safe"))


@canonical.rule(tracks=[Elementwise], subclasses=True, before="cast(x, dtype of x)", after="x")
def cast_to_own_dtype(node: Apply[Elementwise], context: RewriteContext) -> Variable | None:
    """A cast that changes nothing goes."""
    x = node.inputs[0]
    if is_cast(node.op.scalar_op) and dtype_of(x) == dtype_of(node.outputs[0]):
        return x
    return None


@canonical.rule(
    tracks=[scalar.switch], before="switch(True, x, y)", after="x", changes=Changes.DOMAIN
)
def switch_of_constant(node: Apply, context: RewriteContext) -> Variable | None:
    """A condition that is known chooses now; the branch takes the shape of the whole."""
    condition, x, y = node.inputs
    value = uniform(condition)
    return None if value is None else x if value else y


@canonical.rule(
    tracks=[scalar.mul, scalar.true_div],
    before="switch(c, 0, x) * y",
    after="switch(c, 0, x * y)",
    changes=Changes.DOMAIN,
)
def product_with_switch(node: Apply, context: RewriteContext) -> Variable | None:
    """A zero that is chosen stays zero, whatever NaN the other factor holds there."""
    for i, v in enumerate(node.inputs):
        parts = operands(v, scalar.switch)
        if parts is None or not context.has_one_reader(v):
            continue
        if i == 1 and row_of(node) is scalar.true_div:
            continue
        condition, x, y = parts
        zeros = [is_uniform(branch, 0) for branch in (x, y)]
        if zeros[0] == zeros[1]:
            continue
        rest = y if zeros[0] else x
        inner = node.op(rest, node.inputs[1 - i]) if i == 0 else node.op(node.inputs[0], rest)
        made: Variable = (
            T.switch(condition, x, inner) if zeros[0] else T.switch(condition, inner, y)
        )
        return made
    return None


_CHEAP = (scalar.add, scalar.sub, scalar.mul, scalar.maximum, scalar.minimum)


@canonical.rule(
    tracks=_CHEAP,
    before="switch(c, a, b) + switch(c, d, e)",
    after="switch(c, a + d, b + e)",
)
def switches_of_one_condition(node: Apply, context: RewriteContext) -> Variable | None:
    """Choose once; the operation, done twice now, costs no more than the choice."""
    x, y = node.inputs
    left, right = operands(x, scalar.switch), operands(y, scalar.switch)
    if left is None or right is None or left[0] is not right[0] or x is y:
        return None
    if not (context.has_one_reader(x) and context.has_one_reader(y)):
        return None
    made: Variable = T.switch(left[0], node.op(left[1], right[1]), node.op(left[2], right[2]))
    return made
