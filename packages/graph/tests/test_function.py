"""What `function` takes, and how what it gives is called."""

import pickle
import threading
import warnings

import numpy as np
import pytest
from bitale_graph import Function, In, Mode, Out, config, function, shared
from bitale_graph import language as T
from bitale_graph.base.errors import (
    ConfigError,
    DuplicateInputError,
    MissingInputError,
    UnusedInputError,
)

x, y = T.dscalar("x"), T.dscalar("y")


def test_inputs_by_position_and_by_keyword():
    f = function([x, y], x - 2 * y)
    assert f(5, 1) == f(5, y=1) == f(y=1, x=5) == 3


def test_a_name_may_be_given_to_an_input():
    f = function([In(x, name="minuend"), y], x - y)
    assert f(minuend=3, y=1) == 2


@pytest.mark.parametrize(
    ("arguments", "keywords", "text"),
    [
        ((1,), {}, r"misses values for: y \(position 1\)"),
        ((), {"y": 1}, r"misses values for: x \(position 0\)"),
        ((1, 2, 3), {}, r"takes 2 arguments \(x, y\), and got 3"),
        ((1,), {"x": 1}, "two values for the argument 'x'"),
        ((1, 2), {"z": 1}, "no argument 'z'; its arguments are x, y"),
    ],
)
def test_calls_that_do_not_fit(arguments, keywords, text):
    f = function([x, y], x + y, name="adder")
    with pytest.raises(TypeError, match=f"function 'adder' .*{text}"):
        f(*arguments, **keywords)


def test_default_values():
    f = function([x, In(y, value=10.0)], x + y)
    assert f(1) == 11
    assert f(1, 2) == f(1, y=2) == 3


def test_an_input_with_an_update_is_state():
    state, inc = T.dscalar("state"), T.dscalar("inc")
    f = function([In(inc, value=1.0), In(state, value=0.0, update=state + inc)], state)
    assert [f(), f(), f(5), f()] == [0, 1, 2, 7]
    with pytest.raises(TypeError, match="needs a first value"):
        function([In(state, update=state + 1)], state)


def test_state_keeps_its_static_shape():
    row, m = T.drow("row"), T.dmatrix("m")
    f = function([m, In(row, value=[[1.0, 2.0]], update=row * 2)], m + row)
    np.testing.assert_array_equal(f(np.zeros((2, 2))), [[1, 2], [1, 2]])
    np.testing.assert_array_equal(f(np.zeros((2, 2))), [[2, 4], [2, 4]])


def test_intermediate_variables_may_be_inputs():
    middle = T.exp(x)
    assert function([middle], middle * 2)(3) == 6


@pytest.mark.parametrize(
    ("inputs", "error", "text"),
    [
        (x, TypeError, "must be a list or tuple"),
        ([3], TypeError, "must be a variable, not 3"),
        ([shared(1.0, name="s")], TypeError, "s .* is a shared variable"),
        ([T.as_tensor(1.0)], TypeError, "is a constant"),
        ([x, x], DuplicateInputError, "listed twice"),
    ],
)
def test_inputs_that_are_refused(inputs, error, text):
    with pytest.raises(error, match=text):
        function(inputs, x * 2)


def test_forms_of_outputs():
    assert function([x], x * 2)(3) == 6
    assert function([x], [x * 2])(3) == [6]
    assert function([x], (x * 2, x))(3) == [6, 3]
    assert function([], None)() == []
    assert function([x], Out(x * 2, borrow=True))(3) == 6
    assert function([x], {"b": x, "a": x * 2})(3) == {"a": 6, "b": 3}
    assert list(function([x], {"b": x, "a": x * 2})(3)) == ["a", "b"]
    assert function([], 5)() == 5
    with pytest.raises(TypeError, match="must be strings"):
        function([x], {1: x})


def test_results_are_arrays():
    found = function([x], [x, x + 1, x > 0])(1)
    assert all(type(a) is np.ndarray for a in found)
    assert [a.dtype.name for a in found] == ["float64", "float64", "bool"]


def test_a_missing_input_is_named():
    with pytest.raises(
        MissingInputError, match=r"depends on y .*made at .*test_function.py:\d+.*givens"
    ):
        function([x], x + y)


def test_an_unused_input_is_an_error_a_warning_or_nothing():
    with pytest.raises(UnusedInputError, match=r"y \(position 1, made at .*not used"):
        function([x, y], x)
    with pytest.warns(UserWarning, match="not used") as caught:
        f = function([x, y], x, on_unused_input="warn")
    assert caught[0].filename == __file__
    assert f(1, 2) == 1
    assert function([x, y], x, on_unused_input="ignore")(1, 2) == 1
    with config.change_flags(on_unused_input="ignore"):
        assert function([x, y], x)(1, 2) == 1
    with pytest.raises(ConfigError, match="'raise', 'warn', 'ignore'"):
        function([x], x, on_unused_input="whatever")


def test_an_input_that_is_an_output_is_used():
    assert function([x], x)(2) == 2


def test_an_error_tells_the_function_the_argument_and_the_line():
    f = function([x, y], x + y, name="adder")
    text = r"to function 'adder' at position 1 \(variable y, made at .*test_function.py:\d+"
    with pytest.raises(TypeError, match=text):
        f(1, "text")
    with pytest.raises(TypeError, match="Wrong number of dimensions"):
        f(1, [1, 2])


def test_downcasts_must_be_allowed():
    v = T.fvector("v")
    values = np.array([0.1, 0.2])
    with pytest.raises(TypeError, match="allow_input_downcast=True"):
        function([v], v)(values)
    assert function([v], v, allow_input_downcast=True)(values).dtype == "float32"
    assert function([In(v, allow_downcast=True)], v)(values).dtype == "float32"
    with pytest.raises(TypeError, match="precision"):
        function([In(v, allow_downcast=False)], v, allow_input_downcast=True)(values)
    with pytest.raises(TypeError, match="strict mode"):
        function([In(v, strict=True)], v)([1.0])


def test_the_name_is_given_or_the_place_of_the_call():
    assert function([x], x, name="mine").name == "mine"
    place = function([x], x).name
    assert place.rpartition(":")[0] == __file__
    assert "mine" in repr(function([x], x, name="mine"))


def test_makers_tell_what_was_made():
    f = function([x, y], [x + y, x])
    assert [a.name for a in f.maker.inputs] == ["x", "y"]
    assert len(f.maker.outputs) == 2
    assert f.maker.fgraph.toposort()[0].op.scalar_op.name == "add"
    with pytest.raises(TypeError, match="generates no source"):
        f.source()


def test_numbers_and_lists_are_converted():
    v = T.dvector("v")
    f = function([v], v * 2)
    np.testing.assert_array_equal(f([1, 2]), [2, 4])
    np.testing.assert_array_equal(f((1, 2.5)), [2, 5])
    np.testing.assert_array_equal(f(np.arange(2, dtype="int8")), [0, 2])


# Substitution.
def test_givens_replace_variables_and_expressions():
    assert function([y], x * 2, givens={x: y + 1})(3) == 8
    middle = x + 1
    assert function([y], middle * 2, givens={middle: y})(3) == 6
    s = shared(2.0)
    assert function([], s * 3, givens=[(s, T.as_tensor(5.0))])() == 15
    assert function([], x * 3, givens={x: 5})() == 15


def test_givens_may_hold_each_other():
    z = T.dscalar("z")
    assert function([z], x, givens={x: y * 2, y: z + 1})(5) == 12
    assert function([z], x, givens=[(y, z + 1), (x, y * 2)])(5) == 12
    s, t = shared(1.0), shared(10.0)
    assert function([], s - t, givens={s: t, t: s})() == 9
    assert function([], s * t, givens={s: s + 1})() == 20


def test_givens_cast_safely_and_check():
    i = T.iscalar("i")
    assert function([i], x / 2, givens={x: i})(3) == 1.5
    with pytest.raises(TypeError, match=r"(?s)givens: the new value of i .*is x .*cast"):
        function([x], i, givens={i: x})
    with pytest.raises(ValueError, match="is an input, and cannot be replaced"):
        function([x], x, givens={x: x + 1})
    with pytest.raises(TypeError, match="replaces variables, not 'x'"):
        function([y], x, givens={"x": y})
    with pytest.raises(TypeError, match="the new value"):
        function([], x, givens={x: T.dvector()})
    with pytest.raises(TypeError, match="set"):
        function([], x, givens={(x, y)})
    with pytest.raises(TypeError, match="takes pairs"):
        function([], x, givens=[(x, y, x)])


def test_a_given_of_a_looser_shape_is_checked_when_it_runs():
    row, m = T.drow("row"), T.dmatrix("m")
    f = function([m], row + np.zeros((3, 2)), givens={row: m})
    assert f(np.ones((1, 2))).shape == (3, 2)
    with pytest.raises(ValueError, match="specify_shape"):
        f(np.ones((3, 2)))


# Kept functions.
def test_eval_compiles_once_for_each_set_of_inputs():
    z = x + y
    assert z.eval({x: 1, y: 2}) == 3
    kept = dict(z._eval_cache)
    assert z.eval({x: 5, y: 2}) == 7
    assert dict(z._eval_cache) == kept
    assert z.eval({y: 1, x: 2}) == 3
    assert len(z._eval_cache) == 2
    assert T.as_tensor(3).eval() == 3
    assert shared(4.0).eval() == 4


def test_the_cache_of_eval_is_not_pickled():
    z = T.exp(x)
    z.eval({x: 1})
    assert not hasattr(pickle.loads(pickle.dumps(z)), "_eval_cache")


def test_functions_pickle_with_their_state():
    s = shared(np.zeros(2), name="s")
    f = function([x], {"a": s + x}, updates=[(s, s + 1)], name="f")
    f(1)
    again = pickle.loads(pickle.dumps(f))
    assert again.name == "f"
    np.testing.assert_array_equal(again(1)["a"], [2, 2])
    np.testing.assert_array_equal(s.get_value(), [1, 1])
    np.testing.assert_array_equal(f(1)["a"], [2, 2])
    with pytest.raises(TypeError, match="no argument 'y'"):
        again(y=1)


def test_functions_pickled_together_go_on_sharing():
    s = shared(0.0)
    step, read = function([x], s, updates=[(s, s + x)]), function([], s)
    step2, read2, s2 = pickle.loads(pickle.dumps((step, read, s)))
    step2(3)
    assert read2() == 3
    assert s2.get_value() == 3
    assert read() == 0


def test_functions_of_deep_graphs_pickle():
    z = x
    for _ in range(3000):
        z = T.sin(z)
    f = function([x], z)
    assert pickle.loads(pickle.dumps(f))(1.0) == f(1.0)


def test_defaults_and_checks_survive_pickling():
    v = T.fvector("v")
    f = pickle.loads(pickle.dumps(function([In(v, value=[1.0], allow_downcast=True)], v)))
    assert f() == [1]
    assert f(np.array([0.1])).dtype == "float32"


def test_a_mode_may_be_named():
    assert function([x], x * 2, mode="FAST_COMPILE")(2) == 4
    assert function([x], x * 2, mode=Mode(linker="numpy"))(2) == 4
    assert isinstance(function([x], x, mode="FAST_RUN"), Function)
    with pytest.raises(ConfigError, match="there is no mode 'FASTEST'"):
        function([x], x, mode="FASTEST")
    with pytest.raises(ConfigError, match=r"there is no linker 'fortran'; installed: .*numpy"):
        function([x], x, mode=Mode(linker="fortran"))


def test_a_function_can_be_called_from_many_threads():
    v = T.dvector("v")
    f = function([v], T.exp(v).sum() + T.sin(v)[0])
    wrong = []

    def work(seed):
        values = np.random.default_rng(seed).uniform(0, 1, 50)
        for _ in range(100):
            wrong.extend([seed] * int(f(values) != np.exp(values).sum() + np.sin(values[0])))

    threads = [threading.Thread(target=work, args=(i,)) for i in range(4)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert not wrong


def test_updates_from_many_threads_all_count():
    s = shared(0)
    f = function([], s, updates=[(s, s + 1)])

    def work():
        for _ in range(200):
            f()

    threads = [threading.Thread(target=work) for _ in range(4)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert s.get_value() == 800


def test_nothing_is_warned_of_by_arithmetic():
    v = T.dvector("v")
    i = T.lvector("i")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        f = function(
            [v, i], [T.log(v), 1 / v, v / 0, i // i, i % i, T.cast(v, "int32"), T.exp(v * 1e9)]
        )
        f([-1.0, 0.0, np.inf], [0, 1, 2])
