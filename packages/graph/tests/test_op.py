"""Ops from outside: with and without properties, in Theano's form."""

import pickle

import numpy as np
import pytest
from bitale_graph import Apply, Elementwise, Op, RuleTable, TensorType, function, shared
from bitale_graph import language as T
from bitale_graph.base.errors import MissingRuleError
from bitale_graph.core.results import result_of
from bitale_graph.testing import check_shapes
from bitale_graph.testing.sample import sample

x = T.dvector("x")


class Double(Op):
    """As a book on Theano would write it."""

    __props__ = ()

    def make_node(self, v):
        v = T.as_tensor_variable(v)
        return Apply(self, [v], [v.type()])

    def perform(self, node, inputs, output_storage):
        (v,) = inputs
        z = output_storage[0]
        z[0] = v * 2

    def infer_shape(self, node, i0_shapes):
        return i0_shapes


class Scale(Double):
    __props__ = ("factor",)

    def __init__(self, factor):
        self.factor = factor

    def perform(self, node, inputs, output_storage):
        output_storage[0][0] = inputs[0] * self.factor


class Nameless(Double):
    __props__ = None


class Split(Op):
    __props__ = ()

    def make_node(self, v):
        v = T.as_tensor(v)
        return Apply(self, [v], [v.type("low"), v.type("high")])

    def perform(self, node, inputs, outputs):
        outputs[0][0], outputs[1][0] = inputs[0][:1], inputs[0][1:]


class First(Split):
    default_output = 0


class Gives(Double):
    """Puts any object into its storage."""

    __props__ = ("result",)

    def __init__(self, result):
        self.result = result

    def perform(self, node, inputs, output_storage):
        output_storage[0][0] = self.result


def test_an_op_of_a_user_runs():
    np.testing.assert_array_equal(function([x], Double()(x) + 1)([1.0, 2.0]), [3, 5])
    assert Double()(x, name="twice").name == "twice"
    assert Double()([1.0, 2.0]).type.shape == (2,)


def test_properties_make_ops_equal():
    assert Scale(2) == Scale(2)
    assert hash(Scale(2)) == hash(Scale(2))
    assert Scale(2) != Scale(3)
    assert Double() == Double()
    assert Double() != Scale(2)
    assert str(Scale(2)) == "Scale{factor=2}"
    assert str(Double()) == "Double"


def test_an_op_without_properties_equals_itself_only():
    op = Nameless()
    assert op == op
    assert op != Nameless()
    assert len({op, Nameless(), op}) == 2


def test_an_op_may_have_several_outputs_and_a_default_one():
    low, high = Split()(x)
    found = function([x], [low, high, First()(x)])([1.0, 2.0, 3.0])
    for one, other in zip(found, ([1], [2, 3], [1]), strict=True):
        np.testing.assert_array_equal(one, other)
    with pytest.raises(ValueError, match="too many values"):
        _ = low.owner.out


def test_an_op_of_a_user_pickles_in_a_function():
    s = shared(1.0)
    f = function([x], Scale(3)(x) + s)
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(f))([1.0]), [4])


def test_a_shape_rule_of_a_user_is_followed():
    check_shapes([sample("double", Double, Double(), np.zeros(3))])
    wrong = type(
        "Wrong", (Double,), {"infer_shape": lambda self, node, shapes: [(T.as_tensor(7),)]}
    )
    with pytest.raises(AssertionError, match=r"infer_shape tells \(7,\), the shape is \(3,\)"):
        check_shapes([sample("wrong", wrong, wrong(), np.zeros(3))])


def test_an_op_without_shape_rule_will_do():
    low, _ = Split()(x)
    assert low.owner.op.infer_shape(low.owner, [(3,)]) is None
    assert function([x], low.shape[0])([1.0, 2.0]) == 1


@pytest.mark.parametrize("result", [[1, 2], (1.0, 2.0), np.float32([1, 2]).tolist(), range(1, 3)])
def test_lists_and_numbers_become_arrays(result):
    found = function([x], Gives(result)(x) * 2)([0.0])
    np.testing.assert_array_equal(found, [2, 4])


@pytest.mark.parametrize("result", [None, "text", 3.0])
def test_a_result_of_no_use_is_an_error(result):
    with pytest.raises(TypeError, match="perform gave no value of its output 0"):
        function([x], Gives(result)(x))([0.0])


def test_an_update_of_the_wrong_dtype_does_not_reach_the_storage():
    s = shared(np.zeros(2))
    f = function([], [], updates=[(s, Gives(np.zeros((2, 2)))(s))])
    with pytest.raises(TypeError, match="perform gave no value"):
        f()
    assert s.get_value().shape == (2,)


def test_an_op_may_give_back_its_operand_or_what_it_keeps():
    class Same(Double):
        def perform(self, node, inputs, output_storage):
            output_storage[0][0] = inputs[0]

    given = np.ones(2)
    first, second = function([x], [Same()(x), Same()(T.exp(x))])(given)
    assert not np.shares_memory(first, given)
    assert not np.shares_memory(first, second)


def test_an_op_that_defines_nothing_says_so():
    class Empty(Op):
        pass

    with pytest.raises(TypeError, match="Empty does not define make_node"):
        Empty()(x)
    with pytest.raises(TypeError, match="Empty does not define perform"):
        Empty().perform(None, [], [])


class Halves(Op):
    """An op as Theano's manual writes it: its types are attributes."""

    __props__ = ()
    itypes = (T.dvector, TensorType("int64", ()))
    otypes = (T.dvector, T.dvector)

    def perform(self, node, inputs, output_storage):
        values, n = inputs
        output_storage[0][0] = values[:n]
        output_storage[1][0] = values[n:]

    def grad(self, inputs, output_gradients):
        return [T.concatenate(output_gradients), T.zeros(())]


def test_the_types_of_an_op_can_be_attributes():
    low, high = Halves()(x, 1)
    assert low.type == high.type == T.dvector().type
    f = function([x], [low * 2, high])
    np.testing.assert_array_equal(f([1, 2, 3])[0], [2])
    np.testing.assert_array_equal(f([1, 2, 3])[1], [2, 3])
    assert Halves()([1, 2], T.lscalar())[0].owner.inputs[0].type == T.dvector().type


@pytest.mark.parametrize(
    ("inputs", "text"),
    [
        ((x,), "Halves takes 2 inputs, and got 1"),
        ((x, 1, 2), "Halves takes 2 inputs, and got 3"),
        (
            (T.fvector("v"), 1),
            r"(?s)takes an input of TensorType\(float64, vector\): .*v .*float32",
        ),
        ((T.dmatrix("m"), 1), r"(?s)takes an input of TensorType\(float64, vector\): .*m .*matrix"),
        ((x, 0.5), r"takes an input of TensorType\(int64, scalar\): "),
        (("text", 1), r"takes an input of TensorType\(float64, vector\): "),
    ],
    ids=["few", "many", "dtype", "rank", "number", "text"],
)
def test_inputs_that_do_not_have_the_types_are_refused(inputs, text):
    with pytest.raises(TypeError, match=text):
        Halves()(*inputs)


def test_a_node_owns_its_outputs():
    with pytest.raises(ValueError, match="computed by another node already"):
        Apply(Double(), [x], [T.exp(x)])


def test_a_node_can_be_run_alone():
    node = Scale(3)(x).owner
    np.testing.assert_array_equal(result_of(node, [np.ones(2)])[0], [3, 3])


def test_a_node_is_made_anew_for_inputs_of_other_types():
    node = T.exp(x).owner
    same = node.clone_with_new_inputs([T.dvector("y")])
    other = node.clone_with_new_inputs([TensorType("float64", (3,))("z")])
    assert same.out.type == node.out.type
    assert other.out.type.shape == (3,)


def test_tags_are_scratch_pads():
    x.tag.note = 3
    assert x.tag.note == 3
    assert not hasattr(T.exp(x).tag, "note")


# Rules, by which layers know ops.
def test_rules_are_found_by_class():
    table = RuleTable("a price", "prices.py")
    table.define(Double)("two")
    assert table[Double] == "two"
    assert table.get(Scale) is None
    table.define(Scale, "another key")("three")
    assert (table[Double], table[Scale], table["another key"]) == ("two", "three", "three")
    assert Double in table
    assert Split not in table
    assert table.get(Split) is None
    assert list(table) == [Double, Scale, "another key"]


def test_a_rule_serves_subclasses_if_it_says_so():
    table = RuleTable("a price", "prices.py")
    table.define(Op, subclasses=True)("any")
    assert table[Double] == table[Split] == "any"
    table.define(Double)("two")
    assert table[Double] == "two"
    assert Scale not in table, "the rule of the nearest class decides"
    with pytest.raises(MissingRuleError, match="that of Double is not for its subclasses"):
        _ = table[Scale]


def test_a_subclass_of_an_elementwise_op_computes_its_scalar_op():
    class Marked(Elementwise):
        """The same number."""

    assert Marked(T.exp.scalar_op)(x).eval({x: [0.0]}) == 1
    with pytest.raises(TypeError, match="Other is an Elementwise with a perform of its own"):

        class Other(Elementwise):
            def perform(self, node, inputs, output_storage):
                output_storage[0][0] = inputs[0] + 1


def test_a_missing_or_second_rule_is_an_error():
    table = RuleTable("a price", "prices.py")
    table.define(Double)("two")
    with pytest.raises(MissingRuleError, match=r"Split.* has not a price; write one in prices.py"):
        _ = table[Split]
    with pytest.raises(ValueError, match="has a price already"):
        table.define(Double)("three")
