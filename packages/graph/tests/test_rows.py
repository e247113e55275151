"""One row of the scalar table gives the function, the method, the ufunc and the samples."""

import inspect
import pickle

import numpy as np
import pytest
from bitale_graph import Elementwise, TensorVariable
from bitale_graph import language as T
from bitale_graph.extend import draw_ops
from bitale_graph.plan.dialect import is_known
from bitale_graph.tensor import functions, scalar, special
from bitale_graph.tensor.methods import TensorMethods, UnaryMethod
from bitale_graph.testing import op_samples
from bitale_graph.testing.elementwise_samples import accepted

PUBLIC = {
    name: f
    for module in (functions, special)
    for name, f in vars(module).items()
    if not name.startswith("_")
}
OPS = {
    name: op
    for name, op in scalar.SCALAR_OPS.items()
    if not scalar.is_cast(op) and op not in draw_ops
}
METHODS = [name for name, value in vars(TensorMethods).items() if isinstance(value, UnaryMethod)]


def test_every_row_gives_a_function_of_the_language():
    called = {"identity": "tensor_copy"}
    for name in OPS:
        found = [n for n in PUBLIC if n.rstrip("_") == called.get(name, name)]
        assert len(found) == 1, name
        assert getattr(T, found[0]) is PUBLIC[found[0]]
    assert len(PUBLIC) == len(OPS)


@pytest.mark.parametrize("name", PUBLIC)
def test_every_function_says_what_it_computes(name):
    doc = inspect.getdoc(PUBLIC[name])
    assert doc
    assert doc != inspect.getdoc(Elementwise)


@pytest.mark.parametrize("name", METHODS)
def test_a_method_is_the_function_of_its_name(name):
    x = T.dvector()
    made = getattr(x, name)()
    assert type(made) is TensorVariable
    assert made.owner.op == getattr(T, name)(x).owner.op
    assert inspect.getdoc(getattr(x, name)) == inspect.getdoc(getattr(T, name))
    assert getattr(TensorVariable, name)(x).owner.op == made.owner.op
    with pytest.raises(TypeError):
        getattr(x, name)(1, 2)


@pytest.mark.parametrize("op", OPS.values(), ids=str)
def test_a_row_is_found_by_its_name_and_is_one_object_in_a_process(op):
    assert getattr(scalar, op.name) is op
    assert pickle.loads(pickle.dumps(op)) is op


def test_a_name_that_no_row_has_is_an_error():
    with pytest.raises(AttributeError, match="no scalar op 'expp'"):
        scalar.expp  # noqa: B018 (asking is what is tested)


@pytest.mark.parametrize("op", OPS.values(), ids=str)
def test_the_ufunc_of_a_row_makes_its_function_of_variables(op):
    if not isinstance(op.compute, np.ufunc):
        pytest.skip("its meaning is no function of NumPy")
    dtype = "float64" if "float64" in accepted(op) else "int64"
    operands = [T.vector(dtype=dtype) for _ in range(op.arity)]
    assert op.compute(*operands).owner.op == Elementwise(op)


@pytest.mark.parametrize("op", OPS.values(), ids=str)
def test_every_row_has_samples_of_every_dtype_that_it_takes(op):
    sampled = {s.inputs[-1].dtype.name for s in op_samples(op)}
    assert sampled >= set(accepted(op))
    assert len(op_samples(op)) > 10


def test_a_row_says_whether_targets_have_code_for_it():
    said = {op.name: op.is_called for op in scalar.SCALAR_OPS.values()}
    assert said == {op.name: not is_known(op) for op in scalar.SCALAR_OPS.values()}
