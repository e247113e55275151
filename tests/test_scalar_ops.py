"""Scalar ops by name, and those of a program: computed, differentiated, fused and compiled."""

import pickle

import bitale
import bitale.tensor as T
import numpy as np
import pytest
import scipy.special
from bitale import scalar
from bitale_graph.extend import DtypeError, MissingRuleError


class Cube(scalar.UnaryScalarOp):
    """A function with all that there is."""

    def impl(self, x):
        return x * x * x

    def grad(self, inputs, output_gradients):
        return [output_gradients[0] * 3 * scalar.sqr(inputs[0])]

    def c_code(self, node, name, inputs, outputs, sub):
        (x,), (z,) = inputs, outputs
        return f"npy_float64 wide = {x}; {z} = pow(wide, 3.0);"


class Stretched(scalar.BinaryScalarOp):
    """A function of two numbers, with a property and no text in C."""

    __props__ = ("by",)

    def __init__(self, by, **keywords):
        super().__init__(**keywords)
        self.by = by

    def impl(self, x, y):
        return x * self.by if x > y else y

    def L_op(self, inputs, outputs, output_gradients):
        x, y = inputs
        (ct,) = output_gradients
        return [T.switch(x > y, ct * self.by, 0), T.switch(x > y, 0, ct)]


class ErfOfSciPy(scalar.UnaryScalarOp):
    nfunc_spec = ("scipy.special.erf", 1, 1)


cube = Cube(scalar.upgrade_to_float, name="cube")
V = np.linspace(-1.5, 2, 7)
MODES = ["FAST_COMPILE", "FAST_RUN"]


@pytest.mark.parametrize("mode", MODES)
def test_an_op_of_ones_own_is_used_like_any_other(mode):
    x = T.dvector("x")
    y = T.Elemwise(cube)(x)
    f = bitale.function([x], [T.exp(y) + 1, T.grad(T.sum(T.sin(y)), x)], mode=mode)
    value, gradient = f(V)
    np.testing.assert_allclose(value, np.exp(V**3) + 1)
    np.testing.assert_allclose(gradient, np.cos(V**3) * 3 * V**2, atol=1e-15)
    second = bitale.function([x], T.grad(T.sum(T.grad(T.sum(y), x)), x), mode=mode)
    np.testing.assert_allclose(second(V), 6 * V, atol=1e-15)


def test_its_text_is_fused_with_what_is_around_it():
    x = T.dvector("x")
    f = bitale.function([x], T.exp(cube(x)) + 1)
    (node,) = f.maker.fgraph.toposort()
    assert [step.op.name for step in node.op.steps] == ["cube", "exp", "add"]
    assert "pow(wide, 3.0)" in f.source()


def test_its_text_runs_on_a_device():
    x = T.fvector("x")
    with bitale.config.change_flags(device="emulated"):
        f = bitale.function([x], cube(x) * 2)
        found = f(V.astype("float32"))
    np.testing.assert_allclose(found, 2 * V**3, rtol=1e-6)


@pytest.mark.parametrize("mode", MODES)
def test_an_op_without_a_text_is_called(mode):
    x, y = T.dmatrix("x"), T.drow("y")
    z = T.Elemwise(Stretched(2.0))(x, y)
    f = bitale.function([x, y], [z, *T.grad(T.sum(T.exp(z)), [x, y])], mode=mode)
    a, b = V.reshape(7, 1) * [1, -1], np.array([[0.3, -0.2]])
    value, by_x, by_y = f(a, b)
    expected = np.where(a > b, 2 * a, b)
    np.testing.assert_allclose(value, expected)
    np.testing.assert_allclose(by_x, np.where(a > b, 2 * np.exp(expected), 0))
    by_b = np.where(a > b, 0, np.exp(expected)).sum(axis=0, keepdims=True)
    np.testing.assert_allclose(by_y, by_b)


def test_a_function_of_arrays_gives_the_values():
    x = T.dvector()
    found = bitale.function([x], T.Elemwise(ErfOfSciPy())(x))(V)
    np.testing.assert_array_equal(found, scipy.special.erf(V))


def test_equal_ops_are_computed_once():
    x = T.dvector()
    assert Cube(scalar.upgrade_to_float, name="cube") == cube
    assert Cube(scalar.same_out, name="cube") != cube
    assert Stretched(2.0) == Stretched(2.0) != Stretched(3.0)
    f = bitale.function([x], [Stretched(2.0)(x, 1), Stretched(2.0)(x, 1), Stretched(3.0)(x, 1)])
    (node,) = f.maker.fgraph.toposort()
    assert len(node.op.steps) == 2


def test_an_op_can_be_pickled_and_a_function_of_it_too():
    again = pickle.loads(pickle.dumps(cube))
    assert again == cube
    x = T.dvector()
    f = pickle.loads(pickle.dumps(bitale.function([x], Stretched(2.0)(x, 0.5))))
    np.testing.assert_allclose(f(V), np.where(V > 0.5, 2 * V, 0.5))


@pytest.mark.parametrize(
    ("preference", "given", "expected"),
    [
        (scalar.upgrade_to_float, "int8", "float32"),
        (scalar.same_out, "int8", "int8"),
        (scalar.float_out, "int8", "float64"),
        (scalar.specific_out(scalar.bool), "float32", "bool"),
        (scalar.transfer_type(0), "float16", "float16"),
    ],
    ids=["upgrade", "same", "float", "specific", "transfer"],
)
def test_a_preference_tells_the_dtype_of_the_result(preference, given, expected):
    x = T.vector(dtype=given)
    y = Cube(preference)(x)
    assert y.dtype == expected
    for mode in MODES:
        found = bitale.function([x], y, mode=mode)(np.array([0, 1, 2], given))
        assert found.tolist() == np.array([0, 1, 8]).astype(expected).tolist()


def test_what_is_missing_is_told():
    x = T.dvector()
    with pytest.raises(MissingRuleError, match="ErfOfSciPy has no gradient"):
        T.grad(T.sum(ErfOfSciPy()(x)), x)
    with pytest.raises(TypeError, match="computes a scalar op"):
        T.Elemwise(T.exp)
    with pytest.raises(TypeError, match="cube takes 1 operands"):
        cube(x, x)
    with pytest.raises(DtypeError, match="one type"):
        Cube(scalar.specific_out(scalar.bool, scalar.bool))(x)


def test_a_composite_is_its_steps():
    a, b = scalar.floats("ab")
    composite = scalar.Composite([a, b], [scalar.exp(a * b) + 2])
    x, y = T.dvector("x"), T.fvector("y")
    z = T.Elemwise(composite)(x, y)
    assert z.dtype == "float64"
    f = bitale.function([x, y], [T.log(z), *T.grad(T.sum(z), [x, y])])
    (node,) = f.maker.fgraph.toposort()
    assert "Composite" not in str(node.op)
    w = np.linspace(0.5, 2, 7).astype("float32")
    inner = np.exp(V * w) + 2
    for found, expected in zip(
        f(V, w), (np.log(inner), (inner - 2) * w, (inner - 2) * V), strict=True
    ):
        np.testing.assert_allclose(found, expected, rtol=1e-6)
    plain = bitale.function([x, y], z, mode="FAST_COMPILE")
    np.testing.assert_allclose(plain(V, w), inner)
    again = pickle.loads(pickle.dumps(composite))
    np.testing.assert_allclose(again(V, w), inner)


def test_a_composite_of_one_operand_twice_and_of_constants():
    a, b = scalar.float64("a"), scalar.float64("b")
    x = T.dvector()
    y = scalar.Composite([a, b], [a * b])(x, x)
    np.testing.assert_allclose(bitale.function([x], T.grad(T.sum(y), x))(V), 2 * V)
    same = scalar.Composite([a, b], [b])(x, 1.5)
    three = scalar.Composite([a], [T.constant(3.0)])(x)
    for mode in MODES:
        one, other = bitale.function([x], [same, three], mode=mode)(V)
        assert (one == 1.5).all()
        assert (other == 3).all()
        assert one.shape == other.shape == V.shape


@pytest.mark.parametrize(
    ("inputs", "outputs", "words"),
    [
        (lambda a: [a], lambda a: [a, a], "one output"),
        (lambda a: [], lambda a: [a + 1], "none of its inputs"),
        (lambda a: [T.dvector()], lambda a: [a], "made of numbers"),
        (lambda a: [a], lambda a: [T.dot(T.dvector(), T.dvector())], "made of"),
    ],
    ids=["two outputs", "unknown", "vector", "product"],
)
def test_what_is_no_program_of_numbers_is_refused(inputs, outputs, words):
    a = scalar.float64("a")
    with pytest.raises((TypeError, ValueError), match=words):
        scalar.Composite(inputs(a), outputs(a))


def test_rows_and_their_classes_are_found_by_theanos_names():
    assert isinstance(scalar.add, scalar.Add)
    assert not isinstance(scalar.mul, scalar.Add)
    assert scalar.TrueDiv() is scalar.true_div
    assert isinstance((T.dvector() * 2).owner.op.scalar_op, scalar.Mul)
    assert isinstance(T.cast(T.dvector(), "int8").owner.op.scalar_op, scalar.Cast)
    assert scalar.identity(3.0) == 3
    assert scalar.add(1, 2) == 3
    assert T.Elemwise(scalar.exp) == T.exp
    assert T.Elemwise(scalar.add, {0: 0})(T.dvector(), 1).owner.op == T.add(T.dvector(), 1).owner.op
    for name in ("Nothing", "nothing"):
        with pytest.raises(AttributeError, match="no scalar op"):
            getattr(scalar, name)


def test_scalars_are_tensors_of_rank_0():
    a = scalar.float32("a")
    assert (a.dtype, a.ndim, a.name) == ("float32", 0, "a")
    assert isinstance(a, scalar.ScalarVariable)
    assert not isinstance(T.dvector(), scalar.ScalarVariable)
    assert isinstance(scalar.as_scalar(3), scalar.ScalarConstant)
    assert scalar.Scalar("int8") == scalar.get_scalar_type("int8") == scalar.int8
    assert isinstance(scalar.int8, scalar.Scalar)
    assert [v.dtype for v in (*scalar.ints("xy"), scalar.complexs("z"))] == [
        "int64",
        "int64",
        "complex128",
    ]
    assert [v.dtype for v in scalar.as_common_dtype(scalar.int8(), a)] == ["float32", "float32"]
    with pytest.raises(TypeError, match="a number is wanted"):
        scalar.as_scalar(T.dvector())
    f = bitale.function([a], [scalar.inopenrange(a, 0, 1), scalar.inclosedrange(a, 0, 1)])
    assert [bool(x) for x in f(1)] == [False, True]
