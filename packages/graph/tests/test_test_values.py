import numpy as np
import pytest
from bitale_graph import carry_scan, config, function, ifelse, scan, shared
from bitale_graph import language as T
from bitale_graph.extend import (
    debug_assert,
    debug_error_message,
    get_debug_values,
    get_test_value,
    missing_test_message,
)

X = np.array([1.0, 2.0, 3.0])


def example(value=X, name="x"):
    x = T.dvector(name)
    x.tag.test_value = value
    return x


def policy(name):
    return config.change_flags(compute_test_value=name)


def test_expressions_are_computed_as_they_are_written():
    with policy("raise"):
        x, w = example(), shared(np.ones(3), "w")
        y = T.exp(x + w) * 2
    assert np.allclose(y.tag.test_value, 2 * np.exp(X + 1))


def test_nothing_is_computed_by_default():
    y = example() * 2
    assert not hasattr(y.tag, "test_value")


def test_shapes_that_do_not_fit_are_found_at_the_line_that_writes_them():
    x, y = example(), example(np.ones(2), "y")
    with policy("ignore"), pytest.raises(ValueError, match=r"mis-match.*= 3.*= 2"):
        x + y


@pytest.mark.parametrize("name", ["off", "ignore"])
def test_a_missing_value_may_be_no_matter(name):
    with policy(name):
        made = T.dvector("z") * 2
    assert not hasattr(made.tag, "test_value")


def test_a_missing_value_may_be_an_error_or_a_warning():
    z = T.dvector("z")
    with policy("raise"), pytest.raises(ValueError, match=r"depends on z.*has no test value"):
        z * 2
    with policy("warn"), pytest.warns(UserWarning, match="depends on z") as caught:
        z * 2
    assert caught[0].filename == __file__


def test_the_debugger_may_be_opened_for_one(monkeypatch, capsys):
    opened = []
    monkeypatch.setattr("pdb.set_trace", lambda: opened.append(True))
    with policy("pdb"):
        T.dvector("z") * 2
    assert opened
    assert "depends on z" in capsys.readouterr().out


def test_a_value_that_does_not_fit_its_variable_is_an_error():
    with policy("ignore"), pytest.raises(TypeError, match=r"test value of x.* does not fit"):
        example(np.ones((2, 2))) * 2


def test_what_was_written_before_is_computed_when_it_is_read():
    x = example()
    y = T.exp(x)
    with policy("raise"):
        assert np.allclose((y + 1).tag.test_value, np.exp(X) + 1)
    assert np.allclose(get_test_value(T.log(x)), np.log(X))


def test_steps_of_loops_and_branches_have_values():
    x = example()
    seen = []

    def step(u, before):
        seen.append((u.tag.test_value, before.tag.test_value))
        return u + before

    with policy("raise"):
        sums, _ = scan(step, x, T.constant(0.0))
        total, rows = carry_scan(lambda c, u: (c * u, c), T.constant(1.0), x)
        chosen = ifelse(T.gt(x[0], 5), x, x * 2)
    assert seen[0] == (1.0, 0.0)
    assert sums.tag.test_value.tolist() == [1, 3, 6]
    assert total.tag.test_value == 6
    assert rows.tag.test_value.tolist() == [1, 1, 2]
    assert chosen.tag.test_value.tolist() == [2, 4, 6]


def test_values_are_of_constants_shared_variables_and_tags():
    assert get_test_value(T.constant(3.0)) == 3
    assert get_test_value(shared(4.0)) == 4
    assert get_test_value(example()) is X
    assert get_test_value([1, 2]) == [1, 2]
    with pytest.raises(AttributeError, match=r"z.* has no test value"):
        get_test_value(T.dvector("z"))


def test_loops_over_values_run_once_or_not_at_all():
    x, z = example(), T.dvector("z")
    assert get_debug_values(x) == []
    with policy("ignore"):
        assert get_debug_values(x)[0] is X
        assert get_debug_values(x, T.constant(1.0)) == [(X, 1.0)]
        assert get_debug_values(x, z) == []
    with policy("raise"), pytest.raises(AttributeError, match=r"argument 0 .'z'. has no test"):
        get_debug_values(z)
    with policy("warn"), pytest.warns(UserWarning, match="argument 0"):
        assert get_debug_values(z) == []


def test_what_libraries_tell_of_values_follows_the_flag():
    with policy("ignore"):
        missing_test_message("no matter")
        debug_assert(condition=True)
        with pytest.raises(ValueError, match="wrong"):
            debug_error_message("wrong")
        with pytest.raises(AssertionError, match="failed"):
            debug_assert(condition=False)
    with policy("warn"):
        for tell in (debug_error_message, missing_test_message, lambda m: debug_assert(0, m)):
            with pytest.warns(UserWarning, match="wrong"):
                tell("wrong")


def test_variables_may_be_shown_with_their_values():
    x = example()
    assert repr(x) == "x: TensorType(float64, vector)"
    with config.change_flags(print_test_value=True):
        assert repr(x) == f"x: TensorType(float64, vector)\n{X!r}"


def test_functions_do_not_depend_on_it():
    with policy("raise"):
        x = example()
        f = function([x], x * 2)
        assert f([5.0]).tolist() == [10]
