"""Mistakes that users make: each is an error of the right class that names their line.

After a failed call every shared variable has the value that it had before.
"""

import inspect
import re

import bitale
import bitale.tensor as T
import numpy as np
import pytest
from bitale.gradient import DisconnectedInputError
from bitale_graph.base.errors import (
    DuplicateInputError,
    MissingInputError,
    ShapeError,
    UnusedInputError,
)

MODES = {"default": None, "FAST_COMPILE": "FAST_COMPILE", "numpy": bitale.Mode(linker="numpy")}


@pytest.fixture(params=MODES.values(), ids=MODES)
def mode(request):
    """One of the modes."""
    return request.param


def here():
    """The caller's line, as errors name it."""
    frame = inspect.currentframe().f_back
    return frame.f_lineno


def names_line(error, line):
    """Whether the text of an error names a line of this file."""
    text = str(error.value)
    return re.search(rf"test_errors\.py(:|\", line ){line}\b", text) is not None


class TestArguments:
    """What a compiled function is called with."""

    @pytest.fixture
    def counting(self, mode):
        """A function with state, the state, and the line of its input."""
        state = bitale.shared(np.array([1.0, 2.0]), "state")
        x, line = T.fmatrix("x"), here()
        n = T.iscalar("n")
        f = bitale.function(
            [x, n], x.sum() * n, updates=[(state, state + x.sum())], mode=mode, name="counting"
        )
        yield f, line
        assert state.get_value().tolist() == [1, 2]

    X = np.ones((2, 2), "float32")

    def test_a_wrong_rank(self, counting):
        f, line = counting
        with pytest.raises(TypeError, match="number of dimensions: expected 2") as error:
            f(np.ones(3, "float32"), 1)
        assert "(variable x" in str(error.value)
        assert names_line(error, line)

    def test_a_dtype_that_loses_precision(self, counting):
        f, line = counting
        with pytest.raises(TypeError, match="allow_input_downcast=True") as error:
            f(np.full((2, 2), 0.1), 1)
        assert "float64" in str(error.value)
        assert "float32" in str(error.value)
        assert names_line(error, line)

    def test_a_fraction_for_an_integer(self, counting):
        with pytest.raises(TypeError, match=r"position 1 \(variable n"):
            counting[0](self.X, 1.5)

    def test_a_number_out_of_range(self, counting):
        with pytest.raises(TypeError, match=r"position 1 \(variable n"):
            counting[0](self.X, 2**40)

    @pytest.mark.parametrize("value", ["text", None, object(), [[1.0], [1.0, 2.0]]])
    def test_what_is_no_array(self, counting, value):
        with pytest.raises(TypeError, match=r"position 0 \(variable x"):
            counting[0](value, 1)

    def test_a_symbolic_value(self, counting):
        with pytest.raises(TypeError, match="symbolic variable y"):
            counting[0](T.fmatrix("y"), 1)

    def test_an_unknown_name(self, counting):
        with pytest.raises(TypeError, match=r"'counting' has no argument 'm'; .* x, n"):
            counting[0](self.X, m=1)

    def test_a_missing_value(self, counting):
        with pytest.raises(TypeError, match=r"'counting' misses values for: n \(position 1\)"):
            counting[0](self.X)

    def test_a_doubled_value(self, counting):
        with pytest.raises(TypeError, match="two values for the argument 'x'"):
            counting[0](self.X, 1, x=self.X)

    def test_too_many_values(self, counting):
        with pytest.raises(TypeError, match="takes 2 arguments"):
            counting[0](self.X, 1, 2)

    def test_a_value_may_be_forced_in_when_asked_for(self, mode):
        x = T.fscalar("x")
        f = bitale.function([x], x * 2, mode=mode, allow_input_downcast=True)
        assert f(np.float64(0.1)).dtype == "float32"


class TestShapes:
    """Shapes that do not go together, when a function runs."""

    def test_of_elementwise_work(self, mode):
        state = bitale.shared(np.zeros(2), "state")
        a, b = T.dmatrix("a"), T.dmatrix("b")
        c, line = a + b, here()
        f = bitale.function([a, b], c, updates=[(state, state + 1)], mode=mode)
        with pytest.raises(ValueError, match="4") as error:
            f(np.ones((4, 128)), np.ones((4, 256)))
        for part in ("128", "256", "Apply node", "Inputs types"):
            assert part in str(error.value)
        assert names_line(error, line)
        assert state.get_value().tolist() == [0, 0]

    def test_of_a_length_one_axis_that_was_not_known(self, mode):
        a, b = T.dvectors("a", "b")
        f = bitale.function([a, b], a * b, mode=mode)
        with pytest.raises(ValueError, match="1"):
            f([1.0], [1.0, 2.0])

    def test_of_a_product(self, mode):
        state = bitale.shared(np.zeros(2), "state")
        a, b = T.dmatrix("a"), T.dmatrix("b")
        c, line = T.dot(a, b), here()
        f = bitale.function([a, b], c, updates=[(state, state + c.sum())], mode=mode)
        with pytest.raises(ValueError, match="3") as error:
            f(np.ones((2, 3)), np.ones((4, 5)))
        for part in ("(2, 3)", "(4, 5)"):
            assert part in str(error.value)
        assert names_line(error, line)
        assert state.get_value().tolist() == [0, 0]

    def test_of_a_reshape(self, mode):
        a = T.dvector("a")
        f = bitale.function([a], a.reshape((2, -1)), mode=mode)
        with pytest.raises(ValueError, match="3"):
            f(np.ones(3))

    def test_of_an_index(self, mode):
        state = bitale.shared(np.zeros(2), "state")
        i = T.lscalar("i")
        element, line = state[i], here()
        f = bitale.function([i], element, updates=[(state, state + 1)], mode=mode)
        with pytest.raises(IndexError) as error:
            f(2)
        assert names_line(error, line)
        assert state.get_value().tolist() == [0, 0]

    def test_of_targets_outside_the_classes(self, mode):
        W = bitale.shared(np.zeros((2, 3)), "W")
        x, t = T.dmatrix("x"), T.ivector("t")
        loss = T.nnet.categorical_crossentropy(T.nnet.softmax(T.dot(x, W)), t).mean()
        step = bitale.function([x, t], loss, updates=[(W, W - T.grad(loss, W))], mode=mode)
        with pytest.raises(IndexError, match="3"):
            step(np.ones((2, 2)), np.array([0, 3], "int32"))
        assert not W.get_value().any()

    def test_that_differ_between_shared_variables(self, mode):
        a, b = bitale.shared(np.zeros(3), "a"), bitale.shared(np.zeros(3), "b")
        step = bitale.function([], [], updates=[(a, a + 1), (b, a + b)], mode=mode)
        b.set_value(np.zeros(4))
        with pytest.raises(ValueError, match="4"):
            step()
        assert a.get_value().tolist() == [0, 0, 0]
        assert b.get_value().tolist() == [0, 0, 0, 0]
        b.set_value(np.zeros(3))
        step()
        assert a.get_value().tolist() == [1, 1, 1]

    def test_known_lengths_are_compared_as_the_expression_is_built(self):
        a = T.TensorType("float64", (2, 3))("a")
        b = T.TensorType("float64", (4, 3))("b")
        with pytest.raises(ShapeError, match=r"test_errors\.py"):
            a + b
        with pytest.raises(ShapeError, match=r"test_errors\.py"):
            T.dot(a, b)


class TestBuilding:
    """What `function` is given."""

    def test_an_unused_input(self):
        x = T.dscalar("x")
        y, line = T.dscalar("y"), here()
        with pytest.raises(UnusedInputError, match="y") as error:
            bitale.function([x, y], x)
        assert names_line(error, line)

    def test_an_unused_input_may_be_ignored(self):
        x, y = T.dscalars("x", "y")
        assert bitale.function([x, y], x, on_unused_input="ignore")(1.0, 2.0) == 1

    def test_a_missing_input(self):
        x = T.dscalar("x")
        y, line = T.dscalar("y"), here()
        with pytest.raises(MissingInputError, match="y") as error:
            bitale.function([x], x + y)
        assert names_line(error, line)

    def test_a_doubled_input(self):
        x, line = T.dscalar("x"), here()
        with pytest.raises(DuplicateInputError, match="twice") as error:
            bitale.function([x, x], x)
        assert names_line(error, line)

    def test_a_shared_variable_among_the_inputs(self):
        a = bitale.shared(1.0, "a")
        with pytest.raises(TypeError, match="a shared variable and cannot be an input"):
            bitale.function([a], a * 2)

    def test_a_shared_variable_updated_twice(self):
        a, line = bitale.shared(1.0, "a"), here()
        with pytest.raises(ValueError, match="updated twice") as error:
            bitale.function([], [], updates=[(a, a + 1), (a, a + 2)])
        assert names_line(error, line)
        assert a.get_value() == 1

    def test_an_update_of_another_type(self):
        a, line = bitale.shared(np.float32(1), "a"), here()
        with pytest.raises(TypeError, match="updates: the new value") as error:
            bitale.function([], [], updates=[(a, a + np.float64(0.1))])
        assert names_line(error, line)

    def test_updates_without_order(self):
        a = bitale.shared(1.0, "a")
        with pytest.raises(TypeError, match="must be ordered"):
            bitale.function([], [], updates={(a, a + 1)})

    def test_an_update_of_what_is_not_shared(self):
        x = T.dscalar("x")
        with pytest.raises(TypeError, match="change shared variables"):
            bitale.function([x], [], updates=[(x, x + 1)])

    def test_an_unknown_mode(self):
        with pytest.raises(ValueError, match="there is no mode 'FAST'; the modes are"):
            bitale.function([], [], mode="FAST")


class TestDerivatives:
    """What `grad` is given."""

    def test_a_cost_that_is_no_scalar(self):
        x = T.dvector("x")
        y, line = T.tanh(x), here()
        with pytest.raises(TypeError, match="scalar") as error:
            T.grad(y, x)
        assert names_line(error, line)

    def test_what_the_cost_does_not_depend_on(self):
        x = T.dscalar("x")
        z, line = T.dscalar("z"), here()
        with pytest.raises(DisconnectedInputError, match="z") as error:
            T.grad(x**2, z)
        assert names_line(error, line)

    def test_what_is_no_variable(self):
        x = T.dscalar("x")
        with pytest.raises(TypeError):
            T.grad(x**2, 3.0)


class TestExpressions:
    """What is found while an expression is written."""

    def test_assignment(self):
        with pytest.raises(TypeError, match="set_subtensor"):
            T.dvector("x")[0] = 1.0

    def test_truth(self):
        x = T.dscalar("x")
        with pytest.raises(TypeError, match="no truth value"):
            bool(x > 1)

    def test_iteration(self):
        with pytest.raises(TypeError, match="cannot iterate"):
            list(T.dvector("x"))

    def test_a_value_before_there_is_one(self):
        with pytest.raises(TypeError, match="symbolic"):
            float(T.dscalar("x"))

    def test_a_rank_that_reshape_cannot_know(self):
        with pytest.raises(TypeError, match="tuple"):
            T.dvector("x").reshape(2, 3)

    def test_too_many_indices(self):
        with pytest.raises(IndexError, match="x"):
            T.dvector("x")[0, 0]
