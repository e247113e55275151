"""Forms of calls and classes that programs written for Theano use."""

import bitale
import bitale.tensor as T
import numpy as np
import pytest
from bitale import function, graph, scalar
from bitale.tensor import elemwise

x = T.dmatrix("x")
X = np.array([[1.0, 5.0, 2.0], [4.0, 0.5, 3.0]])


def value(expression, given=X):
    return function([x], expression, on_unused_input="ignore")(given)


@pytest.mark.parametrize(
    ("made", "expected"),
    [
        (elemwise.Sum(axis=1)(x), X.sum(1)),
        (elemwise.Sum()(x), X.sum()),
        (elemwise.Prod(axis=0, no_zeros_in_input=True)(x), X.prod(0)),
        (elemwise.All(axis=1)(x > 1), (X > 1).all(1)),
        (elemwise.Any(axis=1)(x > 4), (X > 4).any(1)),
        (elemwise.CAReduce(scalar.maximum, axis=0)(x), X.max(0)),
        (T.CAReduce(scalar.add)(x), X.sum()),
        (T.MaxAndArgmax(axis=1)(x)[1], X.argmax(1)),
        (T.Shape()(x), X.shape),
        (T.Shape_i(1)(x), 3),
        (T.DimShuffle((False, False), (1, "x", 0))(x), X.T[:, None]),
        (T.DimShuffle((1, 0))(x), X.T),
    ],
)
def test_an_op_is_made_by_its_old_class(made, expected):
    np.testing.assert_array_equal(value(made), expected)


def test_what_an_op_does_is_asked_by_its_old_class():
    assert isinstance(x.sum().owner.op, elemwise.Sum)
    assert not isinstance(x.prod().owner.op, elemwise.Sum)
    assert isinstance(x.max().owner.op, T.CAReduce)
    assert isinstance(x.shape.owner.op, T.Shape)
    assert not isinstance(T.stack([x[0, 0], x[0, 1]]).owner.op, T.Shape)
    assert isinstance(x.T.owner.op, T.DimShuffle)
    with pytest.raises(TypeError, match="CAReduce takes one of the scalar ops add, mul"):
        T.CAReduce(scalar.exp)


def test_the_place_of_the_largest_is_found_over_several_axes():
    cube = T.dtensor3("cube")
    values = np.arange(24.0).reshape(2, 3, 4) % 7
    flat = values.transpose(1, 0, 2).reshape(3, 8)
    largest, place = T.max_and_argmax(cube, axis=(0, 2))
    for made, expected in [
        (place, flat.argmax(1)),
        (largest, flat.max(1)),
        (T.argmin(cube, axis=[0, -1]), flat.argmin(1)),
        (cube.argmax(axis=(0, 1, 2)), values.argmax()),
    ]:
        np.testing.assert_array_equal(function([cube], made)(values), expected)
    assert T.argmax(cube, axis=(0, 2), keepdims=True).broadcastable == (True, False, True)


@pytest.mark.parametrize("mode", [None, "FAST_COMPILE"])
def test_a_number_is_clipped_and_placed_by_scalar_ops(mode):
    v = T.dvector("v")
    held = T.Elemwise(scalar.clip)(v, 0.0, 1.0)
    is_open, closed = (
        T.Elemwise(op)(v, 0.0, 1.0) for op in (scalar.inopenrange, scalar.inclosedrange)
    )
    slope = bitale.grad(held.sum(), v)
    results = function([v], [held, is_open, closed, slope], mode=mode)([-1.0, 0.0, 0.5, 1.0])
    expected = [[0, 0, 0.5, 1], [0, 0, 1, 0], [0, 1, 1, 1], [0, 1, 1, 1]]
    for got, wanted in zip(results, expected, strict=True):
        np.testing.assert_array_equal(got, wanted)
    assert is_open.dtype == "bool"
    # The text of one is never taken for that of the other.
    np.testing.assert_array_equal(function([v], closed, mode=mode)([0.0]), [True])
    np.testing.assert_array_equal(function([v], is_open, mode=mode)([0.0]), [False])


def test_a_scalar_op_of_ones_own_is_compiled_anew_when_its_text_changes():
    def made(text):
        class Own(scalar.UnaryScalarOp):
            def impl(self, number):
                raise NotImplementedError

            def c_code(self, node, name, inputs, outputs, sub):
                return f"{outputs[0]} = {text.format(inputs[0])};"

        v = T.dvector("v")
        return function([v], T.Elemwise(Own())(v))([3.0])

    assert made("{} + 1") == 4
    assert made("{} - 1") == 2


def test_a_tag_tells_where_a_variable_was_made_and_what_a_constant_is():
    ((place, *_),) = (x * 2).tag.trace
    assert place[0] == __file__
    assert T.constant(np.ones(5)).tag.unique_value == 1
    assert T.constant([1, 2]).tag.unique_value is None
    assert not hasattr(x.tag, "test_value")


def test_arguments_are_taken_as_theano_takes_them():
    assert T.tensor("int8", broadcastable=(0, 1)).broadcastable == (False, True)
    named = T.TensorType("int8", (False, True), "pixels")
    assert named.name == "pixels"
    assert named == T.TensorType("int8", (False, True), name="points") == named.clone()
    with pytest.raises(TypeError, match="a broadcast pattern has True or False for each axis"):
        T.TensorType("int8", broadcastable=(3,))
    np.testing.assert_array_equal(value(T.mean(x, 0, None, False, True)), X.mean(0, keepdims=True))
    assert value(x.norm("inf")) == 5
    assert T.constant(3.0).get_scalar_constant_value() == 3
    assert T._as_tensor_variable(x) is x
    with pytest.raises(scalar.ComplexError, match="int_div does not take"):
        _ = T.zvector() // 2
    assert T.inv(T.bvector()).dtype == T.deg2rad(T.bvector()).dtype == "float32"


def test_an_input_without_use_is_an_error_of_its_own():
    with pytest.raises(bitale.compile.UnusedInputError, match="x"):
        function([x], 1.0)


def test_a_shape_is_one_tuple():
    with pytest.raises(TypeError, match=r"zeros takes the shape as one tuple, zeros\(\(2, 3\)\)"):
        T.zeros(2, 3)
    with pytest.raises(TypeError, match="ones takes the shape as one tuple"):
        T.ones(x.shape[0], x.shape[1])
    with pytest.raises(ValueError, match="ndim is 3, and the new shape has 1 lengths"):
        T.reshape(x, 2, 3)
    assert T.reshape(x, (3, 2), 2).ndim == 2


def test_numbers_and_axes_of_numpys_have_their_names():
    assert (T.pi, T.inf, T.newaxis) == (np.pi, np.inf, None)
    assert np.isnan(T.nan)
    assert value(x[:, T.newaxis]).shape == (2, 1, 3)
    assert value(T.TensorFromScalar()(x[0, 0])) == 1
    with pytest.raises(ValueError, match="expected a scalar"):
        T.ScalarFromTensor()(x)


def test_a_wrong_slice_or_shape_is_told():
    lengths = T.lvector("lengths")
    with pytest.raises(ValueError, match="the step of a slice cannot be zero"):
        x[:, ::0]
    with pytest.raises(TypeError, match="start, stop and step of a slice are integers"):
        x[:lengths]
    reshape = function([x, lengths], x.reshape(lengths, ndim=2))
    assert reshape(X, [3, -1]).shape == (3, 2)
    with pytest.raises(ValueError, match="reshape: the vector of lengths has not 2 elements"):
        reshape(X, [3, 2, 1])


def test_a_mapped_file_is_an_array_of_its_dtype(tmp_path):
    mapped = np.memmap(tmp_path / "a", "float64", "w+", shape=(2, 3))
    assert x.type.filter(mapped, strict=True) is mapped


def test_a_value_stands_in_for_none():
    default = T.basic.Default()
    v = T.dvector("v")
    assert default(v, [1.0]) is v
    assert default(None, v) is v
    with pytest.raises(TypeError, match="cannot make a"):
        default(v, x)


def test_lengths_and_equal_nodes_of_a_graph_are_known_to_features():
    y = T.dmatrix("y")
    made = graph.FunctionGraph(
        [x, y],
        [T.exp(x + y) * 2, (x + y).T],
        clone=False,
        features=[graph.ShapeFeature(), graph.MergeFeature()],
    )
    lengths = made.shape_feature
    first, second = made.outputs
    assert lengths.same_shape(first, second.T)
    assert lengths.same_shape(first, second, 0, 1)
    assert not lengths.same_shape(x, y)
    assert not lengths.same_shape(x, x[0])
    assert lengths.get_shape(second, 0) is lengths.shape_of[second][0]
    ((later, earlier),) = made.merge_feature.scheduled
    assert later.inputs == earlier.inputs == [x, y]
    made.replace(later.outputs[0], earlier.outputs[0])
    assert made.merge_feature.scheduled == []
    assert later.outputs[0] not in lengths.shape_of
    made.remove_feature(lengths)
    assert not hasattr(made, "shape_feature")


def test_an_observer_is_told_of_each_variable():
    seen = []
    bitale.Variable.append_construction_observer(seen.append)
    try:
        made = T.dvector("made")
        twice = made * 2
    finally:
        bitale.Variable.remove_construction_observer(seen.append)
    T.dvector()
    assert seen[0] is made
    assert twice in seen
    assert len(seen) == 3


def test_a_type_names_the_classes_of_its_variables():
    class Named(bitale.Variable):
        pass

    class Known(bitale.Constant):
        pass

    class Words(bitale.Type):
        Variable, Constant = Named, Known

        def filter(self, value, strict=False, allow_downcast=None):
            return value

        def __eq__(self, other):
            return type(self) is type(other)

        def __hash__(self):
            return 1

    assert isinstance(Words()("w"), Named)
    assert isinstance(Words().make_constant("w"), Known)
    assert T.dvector.Variable is T.TensorVariable
    assert T.dvector.Constant is T.TensorConstant


@pytest.mark.parametrize("folds", [True, False])
def test_an_op_is_asked_whether_it_is_computed_beforehand_as_theano_asks(folds):
    class Counted(bitale.Op):
        __props__ = ()
        calls = 0

        def make_node(self, given):
            given = T.as_tensor_variable(given)
            return bitale.Apply(self, [given], [given.type()])

        def perform(self, node, inputs, output_storage):
            Counted.calls += 1
            output_storage[0][0] = inputs[0] + 1

        def do_constant_folding(self, node):
            return folds

    f = function([], Counted()(np.ones(2)))
    Counted.calls = 0
    f()
    assert Counted.calls == (0 if folds else 1)
