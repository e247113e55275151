import pickle

import numpy as np
import pytest
from bitale_graph import Op, function, ifelse, shared
from bitale_graph import language as T
from bitale_graph.base.errors import DtypeError, ShapeError
from bitale_graph.core.graph import Apply
from bitale_graph.ops.ifelse import IfElse
from bitale_graph.tensor.variable import TensorType

x, y = T.dvector("x"), T.dvector("y")
c = TensorType("bool", ())("c")


class Counted(Op):
    """The input itself; counts how often it runs."""

    def __init__(self):
        self.count = 0

    def make_node(self, v):
        return Apply(self, [v], [v.type()])

    def perform(self, node, inputs, output_storage):
        self.count += 1
        output_storage[0][0] = inputs[0].copy()

    def infer_shape(self, node, input_shapes):
        return input_shapes


def choices(f):
    return [n for n in f.maker.fgraph.toposort() if isinstance(n.op, IfElse)]


@pytest.mark.parametrize(("condition", "counts"), [(True, [1, 0]), (False, [0, 1])])
def test_only_one_branch_runs(condition, counts):
    one, other = Counted(), Counted()
    f = function([c, x], ifelse(c, T.exp(one(x)), one_more(other(x))))
    f(condition, [1.0])
    assert [one.count, other.count] == counts


def one_more(v):
    return v + 1


def test_what_something_else_needs_runs_once():
    count = Counted()
    v = count(x)
    f = function([c, x], [ifelse(c, v * 2, x), v])
    f(True, [1.0])
    assert count.count == 1
    f(False, [1.0])
    assert count.count == 2


def test_what_both_branches_need_runs_once_outside():
    count = Counted()
    v = count(x)
    f = function([c, x], ifelse(c, v * 2, T.exp(v)))
    assert f(True, [1.0]).tolist() == [2]
    assert count.count == 1
    (node,) = choices(f)
    assert [str(v.owner.op) for v in node.inputs[1:]] == ["Counted"]


def test_the_condition_is_computed_outside():
    f = function([x], ifelse(x.sum() > 0, T.exp(x.sum()), x.sum()))
    assert f([-1.0]) == -1
    np.testing.assert_allclose(f([1.0]), np.exp(1))


def test_choices_in_branches_are_lazy_too():
    counts = [Counted() for _ in range(3)]
    d = TensorType("bool", ())("d")
    a, b, e = (k(x) for k in counts)
    f = function([c, d, x], ifelse(c, ifelse(d, a + 1, b + 1), e + 1))
    for given, expected in (((1, 1), [1, 0, 0]), ((1, 0), [1, 1, 0]), ((0, 1), [1, 1, 1])):
        f(*map(bool, given), [1.0])
        assert [k.count for k in counts] == expected


def test_what_two_choices_in_one_branch_need_is_in_that_branch():
    count = Counted()
    d = TensorType("bool", ())("d")
    v = count(x)
    inner = ifelse(d, v, x) + ifelse(d, x, v * 2)
    f = function([c, d, x], ifelse(c, inner, x))
    f(False, True, [1.0])
    assert count.count == 0
    assert f(True, True, [1.0]).tolist() == [2]
    assert count.count == 1


def test_each_of_two_choices_on_one_condition_computes_what_it_needs():
    f = function([c, x], [ifelse(c, T.exp(x), x), ifelse(c, x, T.exp(x))])
    found = f(True, [1.0])
    np.testing.assert_allclose(found, [[np.e], [1]])


def test_results_keep_the_form_of_the_first_branch():
    assert isinstance(ifelse(c, [x], [y]), list)
    assert isinstance(ifelse(c, (x, y), (y, x)), tuple)
    assert isinstance(ifelse(c, [x], y), list)
    one, other = function([c, x, y], ifelse(c, [x, y.sum()], [y, x.sum()]))(False, [1.0], [2.0])
    assert (one.tolist(), other) == ([2], 1)


def test_lengths_that_differ_are_not_known():
    one, other = TensorType("float64", (3, 1, None)), TensorType("float64", (4, 1, 2))
    assert ifelse(c, one(), other()).type.shape == (None, 1, None)
    assert ifelse(c, x, T.constant(np.ones(2))).type.shape == (None,)


def test_a_python_number_takes_the_dtype_beside_it():
    s = T.fscalar()
    assert ifelse(c, s, 0).dtype == ifelse(c, 1.5, s).dtype == "float32"
    assert ifelse(c, 1, 2).dtype == "int64"
    assert function([c], ifelse(c, 1, 2))(False) == 2


@pytest.mark.parametrize(
    ("one", "other", "texts"),
    [
        (x, T.fvector("f"), ["x  TensorType(float64", "f  TensorType(float32"]),
        (x, T.dmatrix("m"), ["x  TensorType(float64, vector", "m  TensorType(float64, matrix"]),
        (x, 0.0, ["vector", "scalar"]),
        (T.iscalar("i"), 0.5, ["int32", "float64"]),
    ],
)
def test_branches_of_other_types_are_named(one, other, texts):
    with pytest.raises(TypeError) as caught:
        ifelse(c, one, other)
    assert all(text in str(caught.value) for text in texts)
    assert __file__ in str(caught.value)


def test_as_many_variables_in_both_branches():
    with pytest.raises(ValueError, match=r"2 variables .* 1"):
        ifelse(c, [x, y], [x])
    with pytest.raises(ValueError, match="empty"):
        ifelse(c, [], [])


def test_the_condition_is_one_number():
    with pytest.raises(ShapeError, match="must be 0-d"):
        ifelse(x > 0, x, y)
    with pytest.raises(DtypeError, match="real"):
        ifelse(T.zscalar(), x, y)
    assert function([x, y], ifelse(1, x, y), on_unused_input="ignore")([1.0], [2.0]).tolist() == [1]


def test_variables_inside_a_branch_can_be_replaced():
    v = T.exp(x)
    f = function([c, y], ifelse(c, v * 2, y), givens={v: y + 1})
    assert f(True, [1.0]).tolist() == [4]
    g = function([c, v, y], ifelse(c, v * 2, y))
    assert g(True, [1.0], [0.0]).tolist() == [2]


def test_shared_variables_of_a_branch_are_found_and_updated():
    s = shared(np.ones(2), "s")
    f = function([c], ifelse(c, s * 2, s), updates=[(s, ifelse(c, s + 1, s))])
    assert f(True).tolist() == [2, 2]
    assert f(False).tolist() == [2, 2]
    assert s.get_value().tolist() == [2, 2]


def test_an_error_in_a_branch_names_the_node():
    f = function([c, x, y], ifelse(c, x + y, x))
    assert f(False, [1.0, 2.0], [1.0, 2.0, 3.0]).tolist() == [1, 2]
    with pytest.raises(ShapeError, match=r"add.*\(x, y\)"):
        f(True, [1.0, 2.0], [1.0, 2.0, 3.0])


def test_a_function_with_choices_can_be_pickled():
    f = function([c, x], ifelse(c, T.exp(x), x + 1, name="which"))
    again = pickle.loads(pickle.dumps(f))
    assert again(False, [1.0]).tolist() == [2]
    assert "IfElse{which}" in str(choices(again)[0].op)
    assert f.maker.key() == again.maker.key() is not None


def test_choices_are_equal_if_they_choose_the_same():
    built = [ifelse(c, T.exp(x), x), ifelse(c, T.exp(x), x), ifelse(c, x, T.exp(x))]
    a, b, other = (choices(function([c, x], v))[0].op for v in built)
    assert a == b != other
    assert hash(a) == hash(b)


def test_a_length_that_might_fail_is_not_told():
    """In a branch that does not run, an index may be out of range."""
    n = T.lvector("n")
    body_reads = ifelse(c, T.zeros((n[5],)), x)
    f = function([c, n, x], body_reads)
    (node,) = choices(f)
    assert node.op.infer_shape(
        node, [[T.shape_i(v, a) for a in range(v.ndim)] for v in node.inputs]
    ) == [None]
    assert f(False, [1], [1.0]).tolist() == [1]


def test_deep_chains_of_choices():
    v = x
    for _ in range(1000):
        v = ifelse(c, v + 1, v - 1)
    assert function([c, x], v)(True, [0.0]).tolist() == [1000]


def test_choices_many_levels_deep():
    count = Counted()
    v = count(x)
    for i in range(450):
        v = ifelse(T.eq(c.sum(), i), x + i, v)
    f = function([c, x], v)
    assert f(True, [0.0]).tolist() == [1]
