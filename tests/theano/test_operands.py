"""Arguments of functions by the names, in the places and in the forms that Theano has."""

import importlib
import inspect
from types import SimpleNamespace

import bitale.theano
import numpy as np
import pytest
from bitale.theano.keywords import KEYWORDS, renaming


@pytest.fixture
def theano():
    with bitale.theano.installed():
        import theano
        import theano.sparse
        import theano.tensor as T

        yield SimpleNamespace(top=theano, T=T, sparse=theano.sparse)


@pytest.mark.parametrize(
    ("made", "text"),
    [
        (lambda T, x: T.isnan(a=x), "vector"),
        (lambda T, x: T.power(x=x, y=2), "vector"),
        (lambda T, x: T.choose(T.ivector(), x, None, "wrap"), "vector"),
        (lambda T, x: T.nlinalg.det(x=T.outer(x, x)), "scalar"),
        (lambda T, x: T.slinalg.solve(A=T.outer(x, x), b=x), "vector"),
        (lambda T, x: T.dot(a=x, b=x), "scalar"),
        (lambda T, x: T.TensorVariable.dot(left=x, right=x), "scalar"),
        (lambda T, x: x.reshape(shape=(1, -1)), "row"),
        (lambda T, x: T.TensorVariable.zeros_like(model=x, dtype="float64"), "vector"),
        (lambda T, x: T.gt(x, 0).compress(x), "vector"),
    ],
    ids=[
        "isnan",
        "power",
        "choose",
        "det",
        "solve",
        "dot",
        "dot_method",
        "reshape",
        "zeros_like",
        "compress",
    ],
)
def test_operands_by_the_names_of_theano(theano, made, text):
    assert text in str(made(theano.T, theano.T.dvector("x")).type)


def test_convolutions_take_lengths_where_theano_had_them(theano):
    from theano.tensor.nnet.abstract_conv import conv2d
    from theano.tensor.nnet.conv import conv2d as old

    x, w = theano.T.ftensor4("x"), theano.T.ftensor4("w")
    y = old(x, w, (1, 1, 5, 5), (1, 1, 3, 3), "full")
    dilated = conv2d(x, w, (1, 1, 5, 5), (1, 1, 3, 3), "valid", (1, 1), True, (2, 2))
    f = theano.top.function([x, w], [y, dilated])
    found = f(np.ones((1, 1, 5, 5), "float32"), np.ones((1, 1, 3, 3), "float32"))
    assert [one.shape for one in found] == [(1, 1, 7, 7), (1, 1, 1, 1)]
    with pytest.raises(TypeError, match="input twice"):
        old(x, w, input=x)


def test_sparse_functions_take_the_names_of_theano(theano):
    m = theano.sparse.csr_matrix("m")
    assert theano.sparse.cast(variable=m, dtype="float32").type.dtype == "float32"
    assert theano.sparse.csm_data(csm=m).ndim == 1


def test_random_functions_take_the_state_by_its_name(theano):
    from theano.tensor import raw_random

    state = theano.top.shared(np.random.RandomState(3))
    _, drawn = raw_random.binomial(random_state=state, size=(4,), n=1, prob=1.0)
    assert drawn.eval().tolist() == [1, 1, 1, 1]


@pytest.mark.parametrize("module", sorted(KEYWORDS))
def test_the_names_that_are_translated_to_are_those_of_the_function(theano, module):
    found = importlib.import_module(module)
    for name, names in KEYWORDS[module].items():
        here = set(inspect.signature(getattr(found, name).__wrapped__).parameters)
        assert {new for old, new in names.items() if old != "()" and new not in ("", "*")} <= here
        assert not {old for old, new in names.items() if new not in ("*", "")} & here - {"()"}
        told = [names.get(word, word) for word in names.get("()", "").split()]
        assert {word for word in told if word} <= here


def test_a_function_is_changed_once():
    def f(x):
        return x

    assert renaming(f, (("a", "x"),)) is renaming(f, (("a", "x"),))
    assert renaming(f, (("a", "x"), ("b", "")))(a=3, b=1) == 3


@pytest.mark.parametrize("kind", ["sort", "argsort"])
@pytest.mark.parametrize("axis", [0, 1, -1, -2])
def test_sorting_along_an_axis_that_a_call_tells(theano, kind, axis):
    T = theano.T
    m, k = T.dmatrix("m"), T.iscalar("k")
    values = np.array([[3.0, 1, 2], [0, 2, 5]])
    f = theano.top.function([m, k], [getattr(T, kind)(m, k), getattr(m, kind)(k)])
    for found in f(values, axis):
        assert np.array_equal(found, getattr(np, kind)(values, axis))
    with pytest.raises(AssertionError):
        f(values, 2)
    with pytest.raises(TypeError, match="0-d integer"):
        getattr(T, kind)(m, T.dscalar())


def test_inputs_in_old_forms(theano):
    T = theano.T
    a, s = T.dscalar("a"), T.dscalar("s")
    f = theano.top.function([a, ((s, s + a), 10.0)], s + a)
    assert (f(1), f(2), f[s]) == (11, 13, 13)
    f[s] = 5
    assert (f(1), f.container[s].data, f.value[s]) == (6, 6, 6)
    named = theano.top.function([a, ("n", s, 10.0)], s + a)
    assert (named(1), named(1, n=3)) == (11, 4)
    assert theano.top.function([(a,), (theano.top.In(s), 1.0)], s + a)(1) == 2


@pytest.mark.parametrize("wrong", [(), ("name",), (3, 4), ("n", 3, 4), [["x"], 1]])
def test_inputs_in_no_form_are_refused(theano, wrong):
    with pytest.raises(TypeError, match="an input of a function is a variable"):
        theano.top.function([wrong], 1)


def test_old_classes_of_arguments(theano):
    from theano.compile import Param, SymbolicInput, SymbolicOutput

    x = theano.T.dscalar("x")
    importlib.import_module("theano.compile.pfunc")  # which a function of its name hides
    assert theano.top.compile.pfunc([x], x * 2)(2.0) == 4
    assert theano.sparse.enable_sparse
    assert theano.T._shared(3.0).get_value() == 3
    one = SymbolicInput(x, "n", x + 1, False, True)
    assert (one.name, one.strict, one.update is not None) == ("n", True, True)
    assert isinstance(theano.top.In(x), SymbolicInput)
    assert isinstance(SymbolicOutput(x), theano.top.Out)
    assert Param(x, 3.0, "n", False, True).strict


def test_expressions_are_copied_with_what_they_read(theano):
    from theano.compile.pfunc import rebuild_collect_shared

    T = theano.T
    x, y = T.dvector("x"), T.dvector("y")
    w = theano.top.shared(2.0, "w")
    w.default_update = w + 1
    inputs, out, (copies, updates, pairs, read) = rebuild_collect_shared(
        x * w, [x], replace={x: y + 1}, copy_inputs_over=False
    )
    assert read == [w]
    assert pairs == list(updates.items())
    assert copies[w] is not w
    assert copies[w].container is w.container
    assert out.eval({copies[y]: [1.0]}).tolist() == [4]
    assert len(inputs) == 1
    (given,), kept, told = rebuild_collect_shared([x * w], [x], no_default_updates=True)
    assert given is x
    assert kept[0].eval({x: [1.0]}).tolist() == [3]  # which `eval` made of 2
    assert told[1] == {}
    with pytest.raises(ValueError, match="reads what is replaced"):
        rebuild_collect_shared(x + y, replace={x: y, y: x})
    with pytest.raises(TypeError, match="no input"):
        rebuild_collect_shared(x, [w])
