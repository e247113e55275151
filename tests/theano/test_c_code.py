"""Ops written in C for Theano."""

import shutil

import bitale.theano
import numpy as np
import pytest

needs_compiler = pytest.mark.skipif(shutil.which("g++") is None, reason="there is no g++")


@pytest.fixture
def theano():
    with bitale.theano.installed():
        import theano

        yield theano


CODE = """
    if (PyArray_NDIM(%(x)s) != 1) {
        PyErr_SetString(PyExc_ValueError, "it takes vectors");
        %(fail)s
    }
    std::vector<npy_intp> shape(1, PyArray_DIMS(%(x)s)[0]);
    Py_XDECREF(%(z)s);
    %(z)s = (PyArrayObject*)PyArray_EMPTY(1, &shape[0], PyArray_TYPE(%(x)s), 0);
    if (!%(z)s) %(fail)s
    for (npy_intp i = 0; i < shape[0]; ++i)
        ((dtype_%(z)s*)PyArray_DATA(%(z)s))[i] =
            times_%(name)s(*(dtype_%(x)s*)PyArray_GETPTR1(%(x)s, i));
"""


def times(theano, **more):
    def make_node(self, x):
        return theano.Apply(self, [x], [x.type()])

    def c_code(self, node, name, inputs, outputs, sub):
        return CODE % {"name": name, "x": inputs[0], "z": outputs[0], "fail": sub["fail"]}

    def c_support_code_apply(self, node, name):
        return f"static double times_{name}(double x) {{ return {self.k} * x; }}"

    body = {
        "__props__": ("k",),
        "k": 3,
        "make_node": make_node,
        "c_code": c_code,
        "c_support_code_apply": c_support_code_apply,
        "c_headers": lambda self: ["<vector>"],
    }
    return type(theano.Op)("Times", (theano.Op,), body | more)()


@needs_compiler
def test_an_op_in_c_alone_is_compiled_and_run(theano):
    x = theano.tensor.fvector("x")
    f = theano.function([x], theano.tensor.exp(times(theano)(x[::2])))
    assert np.allclose(f(np.arange(5, dtype="float32")), np.exp([0, 6, 12]))


@needs_compiler
def test_an_error_that_c_code_sets_is_raised(theano):
    x = theano.tensor.matrix()
    with pytest.raises(ValueError, match="it takes vectors"):
        theano.function([x], times(theano)(x))(np.ones((2, 2)))


@needs_compiler
def test_what_the_compiler_refuses_is_told(theano):
    x = theano.tensor.vector()
    op = times(theano, c_support_code=lambda self: "no C")
    with pytest.raises(TypeError, match="refused by g"):
        theano.function([x], op(x))(np.ones(2))


@needs_compiler
def test_inputs_that_c_code_writes_to_are_copies(theano):
    def c_code(self, node, name, inputs, outputs, sub):
        x, z = inputs[0], outputs[0]
        return f"*(double*)PyArray_DATA({x}) = 7; Py_INCREF({x}); {z} = {x};"

    x = theano.tensor.vector()
    given = np.zeros(2)
    op = times(theano, c_code=c_code, destroy_map={0: [0]})
    assert theano.function([x], op(x))(given).tolist() == [7, 0]
    assert given.tolist() == [0, 0]


@pytest.mark.parametrize("mode", ["FAST_COMPILE", "FAST_RUN"])
def test_inputs_that_a_perform_writes_to_are_copies(theano, mode):
    class Add(theano.Op):
        def __init__(self):
            self.destroy_map = {0: [0]}

        def make_node(self, x):
            return theano.Apply(self, [x], [x.type()])

        def perform(self, node, inputs, outputs):
            inputs[0][...] += 1
            outputs[0][0] = inputs[0]

    x = theano.tensor.vector()
    given, kept = np.zeros(2), theano.shared(np.zeros(2))
    f = theano.function([x], [Add()(x), x * 2, Add()(kept), kept], mode=mode)
    assert [v.tolist() for v in f(given)] == [[1, 1], [0, 0], [1, 1], [0, 0]]
    assert given.tolist() == kept.get_value().tolist() == [0, 0]


def test_a_perform_goes_before_c_code(theano):
    def perform(self, node, inputs, outputs):
        outputs[0][0] = inputs[0] * 5

    x = theano.tensor.vector()
    assert theano.function([x], times(theano, perform=perform)(x))([1]).tolist() == [5]


def test_c_code_that_needs_more_of_theano_is_refused(theano):
    x = theano.tensor.vector()
    for more in ({"params_type": theano.gof.generic}, {"c_support_code_struct": lambda *_: ""}):
        with pytest.raises(TypeError, match="perform"):
            theano.function([x], times(theano, **more)(x))([1])


def test_all_ops_are_ops(theano):
    op = theano.tensor.exp(theano.tensor.vector()).owner.op
    assert isinstance(op, theano.Op)
    assert issubclass(type(op), theano.gof.Op)
    assert not isinstance(op, type(times(theano)))
