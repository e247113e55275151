"""Ops from outside that write into what they read, or give what they did not promise."""

import numpy as np
import pytest
from bitale_graph import Apply, Mode, Op, function, shared
from bitale_graph import language as T
from bitale_graph.ops.ifelse import ifelse
from bitale_graph.recurrence import scan
from bitale_graph.tensor.variable import TensorType

x = T.dvector("x")


WAYS = {
    "element": lambda a: a.__setitem__(0, 99.0),
    "in place": lambda a: np.add(a, 1, out=a),
    "sort": lambda a: a.sort(),
    "fill": lambda a: a.fill(99.0),
    "a view": lambda a: a[::-1].__setitem__(slice(None), 99.0),
    "shuffle": lambda a: np.random.default_rng(0).shuffle(a),
    "augmented": lambda a: a.__imul__(2),
}


class Writing(Op):
    """An op as one writes it in a hurry: it changes its input."""

    __props__ = ("how",)

    def __init__(self, how):
        self.how = how

    def make_node(self, v):
        v = T.as_tensor(v)
        return Apply(self, [v], [v.type()])

    def perform(self, node, inputs, output_storage):
        WAYS[self.how](inputs[0])
        output_storage[0][0] = inputs[0]


class Giving(Op):
    """Gives what it was told to give, whatever it has promised."""

    def __init__(self, *values, promised=None):
        self.values = values
        self.promised = promised or [x.type] * len(values)

    def make_node(self, v):
        return Apply(self, [T.as_tensor(v)], [t() for t in self.promised])

    def perform(self, node, inputs, output_storage):
        for cell, value in zip(output_storage, self.values, strict=True):
            cell[0] = value


VALUES = np.array([3.0, 1.0, 2.0])


@pytest.mark.parametrize("how", list(WAYS))
@pytest.mark.parametrize("mode", ["FAST_RUN", "FAST_COMPILE", Mode(linker="numpy")], ids=str)
def test_an_argument_is_not_written_to(how, mode):
    given = VALUES.copy()
    f = function([x], Writing(how)(x), mode=mode)
    with pytest.raises(ValueError, match=r"(?s)read-only.*hint: an op must not write.*Writing"):
        f(given)
    np.testing.assert_array_equal(given, VALUES)


def test_shared_storage_is_not_written_to():
    s = shared(VALUES.copy())
    f = function([], Writing("sort")(s), updates=[(s, s + 1)])
    with pytest.raises(ValueError, match="read-only"):
        f()
    np.testing.assert_array_equal(s.get_value(), VALUES)


def test_a_constant_is_not_written_to():
    constant = T.as_tensor(VALUES.copy())
    f = function([], Writing("fill")(constant))
    with pytest.raises(ValueError, match="read-only"):
        f()
    np.testing.assert_array_equal(constant.data, VALUES)


def test_what_another_node_reads_is_not_written_to():
    y = T.exp(x)
    with pytest.raises(ValueError, match=r"(?s)read-only.*Writing"):
        function([x], [Writing("element")(y), y])(VALUES)


def test_an_op_in_a_loop_or_branch_does_not_write_either():
    rows = T.dmatrix("rows")
    given = np.array([VALUES, VALUES])
    looped, updates = scan(lambda row: Writing("sort")(row), sequences=rows)
    with pytest.raises(ValueError, match=r"(?s)read-only.*That was in step 0"):
        function([rows], looped, updates=updates)(given)
    chosen = ifelse(T.iscalar("c"), Writing("sort")(x), x)
    with pytest.raises(ValueError, match="read-only"):
        function([chosen.owner.inputs[0], x], chosen)(1, given[0])
    np.testing.assert_array_equal(given, [VALUES, VALUES])


def test_eval_does_not_let_an_op_write():
    given = VALUES.copy()
    with pytest.raises(ValueError, match="read-only"):
        Writing("sort")(x).eval({x: given})
    np.testing.assert_array_equal(given, VALUES)


def test_an_array_of_zero_axes_is_not_written_to():
    class Increments(Op):
        def make_node(self, v):
            return Apply(self, [v], [v.type()])

        def perform(self, node, inputs, output_storage):
            inputs[0][()] += 1
            output_storage[0][0] = inputs[0]

    s = shared(3.0)
    with pytest.raises(ValueError, match="read-only"):
        function([], Increments()(s))()
    assert s.get_value() == 3


def test_results_are_writeable_where_operands_are_passed_on():
    class Same(Op):
        def make_node(self, v):
            return Apply(self, [v], [v.type(), v.type()])

        def perform(self, node, inputs, output_storage):
            output_storage[0][0] = inputs[0]
            output_storage[1][0] = inputs[0][::-1]

    s = shared(VALUES.copy())
    f = function([x], [*Same()(x), *Same()(s), *Same()(T.exp(x))], updates=[(s, Same()(s)[1])])
    given = VALUES.copy()
    results = f(given)
    for result in results:
        result[...] = 99
    np.testing.assert_array_equal(given, VALUES)
    np.testing.assert_array_equal(s.get_value(), VALUES[::-1])
    assert s.get_value(borrow=True).flags.writeable


@pytest.mark.parametrize("part", [slice(None), slice(1, None)], ids=["array", "view"])
@pytest.mark.parametrize("mode", ["FAST_RUN", "FAST_COMPILE"])
def test_what_an_op_keeps_and_gives_again_is_not_shared(mode, part):
    class Keeping(Op):
        """Gives the same array at every call."""

        kept = np.zeros(4)

        def make_node(self, v):
            return Apply(self, [v], [v.type()])

        def perform(self, node, inputs, output_storage):
            self.kept[-len(inputs[0]) :] = inputs[0]
            output_storage[0][0] = self.kept if part == slice(None) else self.kept[part]

    op = Keeping()
    f = function([x], [op(x * 2), op(x)], mode=mode)
    first = f(VALUES)
    np.testing.assert_array_equal([r[-3:] for r in first], [VALUES * 2, VALUES])
    f(VALUES * 5)
    np.testing.assert_array_equal([r[-3:] for r in first], [VALUES * 2, VALUES])


WRONG = {
    "dtype": VALUES.astype("complex128"),
    "rank": VALUES[None],
    "too few axes": np.array(1.0),
    "a scalar": np.float64(1.0),
    "nothing": None,
    "text": "text",
    "objects": np.array([None, None]),
    "strings": np.array(["a"]),
    "a list of another rank": [[1.0], [2.0]],
    "a ragged list": [[1.0], [2.0, 3.0]],
    "a variable": x,
}


@pytest.mark.parametrize("wrong", WRONG.values(), ids=list(WRONG))
@pytest.mark.parametrize("mode", ["FAST_RUN", "FAST_COMPILE", Mode(optimizer="None")], ids=str)
def test_what_was_not_promised_is_refused(wrong, mode):
    f = function([x], Giving(VALUES, wrong)(x), mode=mode)
    with pytest.raises(
        TypeError,
        match=r"(?s)Giving: perform gave no value of its output 1, which make_node says is "
        r"TensorType\(float64, vector\): it gave .*Apply node that caused the error",
    ):
        f(VALUES)


@pytest.mark.parametrize("wrong", WRONG.values(), ids=list(WRONG))
def test_what_was_not_promised_does_not_reach_the_state(wrong):
    s = shared(VALUES.copy())
    f = function([], [], updates=[(s, Giving(wrong)(s))])
    with pytest.raises(TypeError, match="gave no value of its output 0"):
        f()
    np.testing.assert_array_equal(s.get_value(), VALUES)


def test_what_is_not_read_must_be_as_promised_too():
    first, _ = Giving(VALUES, VALUES.astype("complex128"))(x)
    with pytest.raises(TypeError, match="of its output 1"):
        function([x], first)(VALUES)


@pytest.mark.parametrize("promised", ["float32", "int32", "int8", "bool", "uint64"])
def test_wider_results_are_refused_for_every_dtype(promised):
    op = Giving(VALUES + 0.5, promised=[TensorType(promised, (None,))])
    with pytest.raises(TypeError, match=f"TensorType.{promised}, vector.: it gave an array of"):
        function([x], op(x))(VALUES)


def test_a_length_that_was_promised_is_asked_for():
    op = Giving(VALUES, promised=[TensorType("float64", (2,))])
    with pytest.raises(TypeError, match=r"which make_node says is TensorType\(float64, \(2,\)\)"):
        function([x], op(x))(VALUES)
    op = Giving(VALUES[None], promised=[TensorType("float64", (1, None))])
    np.testing.assert_array_equal(function([x], op(x))(VALUES), [VALUES])


def test_results_that_lose_nothing_are_converted():
    for given in (
        VALUES.astype("float32"),
        VALUES.astype(">f8"),
        VALUES.astype("int16"),
        [3, 1, 2],
    ):
        found = function([x], Giving(given)(x))(VALUES)
        assert found.dtype == "float64"
        assert found.dtype.isnative
        np.testing.assert_array_equal(found, VALUES)
    scalar = Giving(np.float64(2.5), promised=[TensorType("float64", ())])
    assert function([x], scalar(x) * 2)(VALUES) == 5
