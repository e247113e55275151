"""The language of patterns."""

import numpy as np
import pytest
from bitale_graph import Mode, function
from bitale_graph import language as T
from bitale_graph.core.graph import Constant
from bitale_optimize import Changes, PatternRule
from bitale_optimize.engine.pattern import build, match, parse

AS_WRITTEN = Mode(linker="numpy", optimizer="None")
REWRITTEN = Mode(linker="numpy")


def matches(text, variable):
    return list(match(parse(text), variable))


def test_operands_of_commutative_ops_match_in_either_order(x):
    assert matches("1 + exp(x)", 1 + T.exp(x))
    assert matches("1 + exp(x)", T.exp(x) + 1)


def test_operands_of_other_ops_do_not(x):
    assert matches("1 - exp(x)", 1 - T.exp(x))
    assert not matches("1 - exp(x)", T.exp(x) - 1)


def test_a_repeated_letter_is_one_variable(x, y):
    assert matches("x * exp(x)", y * T.exp(y))
    assert not matches("x * exp(x)", x * T.exp(y))


def test_a_repeated_letter_is_found_where_the_first_try_fails(x, y):
    (found,) = matches("x * exp(x)", T.exp(x) * x)
    assert found["x"] is x
    assert matches("(x + y) * exp(y)", (x + y) * T.exp(x))


@pytest.mark.parametrize("shape", [(), (1,), (3, 4)])
def test_a_number_matches_constants_of_any_shape(x, shape):
    assert matches("1 + x", np.ones(shape) + x)
    assert not matches("1 + x", np.full(shape, 1.5) + x)


def test_a_number_matches_a_fill(x, y):
    assert matches("1 / x", T.ones_like(x) / y)
    assert matches("1 / x", T.second(x, 1.0) / y)


def test_a_number_does_not_match_an_empty_constant(x):
    assert not matches("1 + x", np.ones((0, 4)) + x)


def test_constant_letters_match_constants_alone(x, y):
    assert matches("c * x", 2 * x)
    assert not matches("c * x", x * y)


def test_every_way_to_match_is_given(x, y):
    assert {found["x"] for found in matches("x + y", x + y)} == {x, y}


def test_a_built_number_takes_the_dtype_of_what_it_meets():
    x = T.fmatrix("x")
    made = build(parse("1 - sigmoid(x)"), {"x": x})
    assert made.dtype == "float32"
    assert isinstance(made.owner.inputs[0], Constant)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("exp(", "is not an expression"),
        ("expp(x)", "'expp', and there is no such scalar op"),
        ("exp(x)[0]", "holds 'exp\\(x\\)\\[0\\]', which means nothing"),
        ("name + 1", "holds 'name'"),
    ],
)
def test_a_wrong_pattern_is_told(text, message):
    with pytest.raises(ValueError, match=message):
        parse(text)


def test_a_pattern_that_matches_anything_is_refused():
    with pytest.raises(ValueError, match="would match anything"):
        PatternRule("wrong", "x", "x", Changes.NOTHING).rule()


def test_a_replacement_with_an_unknown_letter_is_refused(x):
    rule = PatternRule("wrong", "exp(x)", "x + y", Changes.NOTHING)
    with pytest.raises(ValueError, match="'y'"):
        rule.replacement  # noqa: B018


OF_COMPLEX = {
    "var": lambda z: T.var(z),
    "std": lambda z: T.std(z, axis=0),
    "square": lambda z: abs(z) ** 2,
    "sum of squares": lambda z: T.sqr(abs(z * 2)).sum(),
    "root of a square": lambda z: T.sqrt(T.sqr(abs(z))),
    "abs of abs": lambda z: abs(abs(-z)),
}


@pytest.mark.parametrize("form", OF_COMPLEX)
def test_rules_of_real_numbers_leave_what_is_made_of_complex_ones(form):
    z = T.zmatrix("z")
    value = np.array([[1 + 2j, 3j], [2, 1 - 1j]])
    f, plain = (function([z], OF_COMPLEX[form](z), mode=m) for m in (REWRITTEN, AS_WRITTEN))
    np.testing.assert_allclose(f(value), plain(value), rtol=1e-15)
