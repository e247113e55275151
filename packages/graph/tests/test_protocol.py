import inspect
import math
import operator
import statistics
import warnings

import numpy as np
import pytest
from bitale_graph import TensorType, config, function, shared
from bitale_graph import language as T

x, v = T.dscalar("x"), T.dvector("v")
n = T.lscalar("n")
W = shared(np.ones(3), "W")


@pytest.mark.parametrize("convert", [float, int, complex, list, tuple, iter, operator.index, len])
@pytest.mark.parametrize("variable", [x, v, n, W, v + 1], ids=["x", "v", "n", "W", "sum"])
def test_a_variable_is_no_number_and_no_list(convert, variable):
    with pytest.raises(TypeError, match=r"symbolic|cannot iterate|length of"):
        convert(variable)


def test_an_array_holds_variables_where_the_setting_says_so():
    with pytest.raises(TypeError, match="NumPy cannot make an array of"):
        np.prod([x, 2])
    with config.change_flags(array_of_symbols="object"):
        assert np.array([x, n]).tolist() == [x, n]
        assert np.asarray(v)[()] is v
        assert np.prod([x, 2, n]).eval({x: 1.5, n: 4}) == 12
        assert (np.ones(3) * v).eval({v: [1, 2, 3]}).tolist() == [1, 2, 3]


CALLS = {
    **{
        f"math.{f.__name__}": (lambda f=f: f(x))
        for f in (math.sqrt, math.exp, math.isnan, math.gamma, math.factorial, math.frexp)
    },
    "math.pow": lambda: math.pow(2.0, x),
    "math.hypot": lambda: math.hypot(x, 1.0),
    "math.fsum": lambda: math.fsum([x, x]),
    "math.gcd": lambda: math.gcd(n, 4),
    "math.isclose": lambda: math.isclose(x, 1.0),
    "range": lambda: range(n),
    "list[n]": lambda: [1, 2, 3][n],
    "list[:n]": lambda: [1, 2, 3][:n],
    "bytes": lambda: bytes(n),
    "chr": lambda: chr(n),
    "hex": lambda: hex(n),
    "format": lambda: f"{x:.2f}",
    "width": lambda: f"{x:10}",
    "str.format": lambda: "{:d}".format(n),  # noqa: UP032
    "percent": lambda: "%.2f" % x,  # noqa: UP031
    "percent d": lambda: "%d" % n,  # noqa: UP031
    "round to digits": lambda: round(x, 2),
    "in": lambda: 1.0 in v,
    "in a known length": lambda: x in TensorType("float64", (2,))("pair"),
    "not in": lambda: x not in W,
    "reversed": lambda: list(reversed(v)),
    "unpacking": lambda: [*v],
    "max": lambda: max(x, 0.0),
    "min": lambda: min([x, n]),
    "sorted": lambda: sorted([x, n]),
    "if x > 0": lambda: 1 if x > 0 else 2,
    "x > 0 and": lambda: x > 0 and x < 1,
    "not isnan": lambda: not T.isnan(x),
    "if any": lambda: bool(T.any(v > 0)),
    "if ~": lambda: bool(~(x > 0)),
    "assert eq": lambda: bool(T.eq(x, 1.0)),
    "mean": lambda: statistics.fmean([x, x]),
    "pow with a modulus": lambda: pow(n, 2, 3),
    "memoryview": lambda: memoryview(v),
    "assignment": lambda: operator.setitem(v, 0, 1.0),
    "deletion": lambda: operator.delitem(v, 0),
}


@pytest.mark.parametrize("name", CALLS)
def test_what_needs_a_value_is_a_type_error(name):
    with pytest.raises(TypeError):
        CALLS[name]()


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("math.sqrt", r"eval\(\)"),
        ("math.gcd", r"bitale\.function\(\)"),
        ("format", r"'\.2f' needs the value of x  TensorType"),
        ("percent", r"eval\(\)"),
        ("range", "n  TensorType"),
        ("in", r"any\(eq\(x, value\)\)"),
        ("unpacking", "v  TensorType.*scan"),
        ("if x > 0", "switch"),
    ],
)
def test_the_error_names_the_way_out(name, hint):
    with pytest.raises(TypeError, match=hint):
        CALLS[name]()


def test_the_length_is_told_by_its_symbol():
    with pytest.raises(TypeError, match=r"x\.shape\[0\]"):
        len(v)


@pytest.mark.parametrize("variable", [x, v, W, T.TensorType("bool", ())("flag"), x + 1])
def test_if_asks_whether_a_variable_was_given_and_warns_where_it_asks(variable):
    def layer(bias=None):
        return "given" if bias else "none"

    with pytest.warns(UserWarning, match="is not None") as caught:
        assert layer(variable) == "given"
    (warning,) = caught
    assert warning.filename == __file__
    assert warning.lineno == inspect.getsourcelines(layer)[1] + 1


def test_the_warning_of_a_line_is_shown_once():
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("default")
        for _ in range(3):
            assert x or None
    assert len(caught) == 1


@pytest.mark.parametrize("call", [round, abs, math.ceil, math.floor, math.trunc])
def test_what_has_a_symbol_gives_it(call):
    for value in (-2.5, -0.4, 0.5, 7.75):
        assert call(x).eval({x: value}) == call(value)


def test_lengths_that_are_known_can_be_asked_and_unpacked():
    pair = TensorType("float64", (2,))("pair")
    a, b = pair
    assert len(pair) == 2
    assert len(T.dmatrix().shape) == 2
    assert function([pair], [b, a])([1.0, 2.0]) == [2.0, 1.0]


def test_equality_is_identity():
    y = T.dscalar("x")
    assert x == x
    assert not x == y  # noqa: SIM201
    assert x != y
    assert x in [y, x]
    assert [y, x].index(x) == 1
    assert {x: 1, y: 2}[x] == 1


def test_the_text_of_a_variable_can_be_put_into_a_string():
    assert f"{x}" == str(x) == "%s" % x == "x"  # noqa: UP031
