"""Python numbers given to a function are as weak as in an expression, whoever runs it."""

import bitale
import bitale.tensor as T
import numpy as np
import pytest

MODES = {
    "FAST_RUN": "FAST_RUN",
    "FAST_COMPILE": "FAST_COMPILE",
    "numpy": bitale.Mode(linker="numpy"),
    "c": bitale.Mode(linker="c"),
}
every_mode = pytest.mark.parametrize("mode", MODES.values(), ids=MODES)


@every_mode
def test_the_readmes_program_runs_in_float32(mode):
    with bitale.change_flags(floatX="float32"):
        x, target = T.fvector("x"), T.fscalar("target")
        W = bitale.shared(np.float32([0.2, 0.7]), "W")
        y = (x * W).sum()
        cost = T.sqr(target - y)
        train = bitale.function([x, target], y, updates=[(W, W - 0.1 * T.grad(cost, W))], mode=mode)
        assert train([0.1, 1.0], 20.0) == pytest.approx(0.72)
        assert train([0.3, 1], 20.1).dtype == np.float32
        assert train((True, 0.1), 20) > 0


@every_mode
@pytest.mark.parametrize(
    ("dtype", "given"),
    [("float32", 0.1), ("float16", 0.1), ("int8", -128), ("int8", True), ("complex64", 0.1)],
)
def test_a_number_takes_the_dtype_of_its_input(mode, dtype, given):
    x, v = T.scalar("x", dtype), T.vector("v", dtype)
    f = bitale.function([x, v], [T.tensor_copy(x), T.tensor_copy(v)], mode=mode)
    one, several = f(given, [given, 1])
    assert one.dtype == several.dtype == dtype
    assert one == several[0] == np.array(given, dtype)


@every_mode
@pytest.mark.parametrize(
    ("dtype", "given"),
    [
        ("int8", 128),
        ("int64", 1.0),
        ("int64", 2**70),
        ("uint8", -1),
        ("float32", 1e39),
        ("float32", np.float64(0.1)),
        ("float32", np.array(0.5)),
        ("int32", np.array(3)),
        ("bool", 1),
        ("float64", 1j),
    ],
)
def test_what_does_not_fit_is_refused_and_named(mode, dtype, given):
    x = T.scalar("amount", dtype)
    f = bitale.function([x], T.tensor_copy(x), mode=mode)
    with pytest.raises(TypeError, match=r"amount(?s:.*)" + dtype):
        f(given)
    v = T.vector("amounts", dtype)
    f = bitale.function([v], T.tensor_copy(v), mode=mode)
    with pytest.raises(TypeError, match=r"amounts(?s:.*)" + dtype):
        f(np.array([given]) if isinstance(given, np.ndarray) else [given, given])


@every_mode
def test_a_default_a_shared_value_and_an_update_are_weak_too(mode):
    x = T.fscalar("x")
    W = bitale.shared(np.zeros(2, "float32"), "W")
    W.set_value([0.1, 0.2])
    f = bitale.function([bitale.In(x, value=0.1)], W * x, updates={W: [0.3, 1]}, mode=mode)
    np.testing.assert_allclose(f(), [0.01, 0.02], rtol=1e-6)
    np.testing.assert_array_equal(W.get_value(), np.float32([0.3, 1]))
    g = bitale.function([], x * 2, givens={x: 0.1}, mode=mode)
    assert g() == np.float32(0.2)


def test_what_cannot_be_the_new_value_names_the_variable():
    W = bitale.shared(np.zeros(2, "float32"), "weights")
    for value in (5.0, np.zeros(2), [[0.1, 0.2]], "text", [1j, 2]):
        with pytest.raises(TypeError, match=r"weights  TensorType\(float32, vector\)"):
            W.set_value(value)
        with pytest.raises(TypeError, match=r"updates(?s:.*)weights  TensorType\(float32"):
            bitale.function([], updates={W: value})
    v = T.fvector("start")
    with pytest.raises(TypeError, match=r"givens(?s:.*)start  TensorType"):
        bitale.function([], v + 1, givens={v: 5.0})


def test_an_update_may_be_a_list_that_holds_variables():
    W, a = bitale.shared(np.zeros(2), "W"), T.dscalar("a")
    bitale.function([a], updates=[(W, [a, 2.0])])(0.5)
    assert W.get_value().tolist() == [0.5, 2.0]


@every_mode
def test_a_mask_is_not_lost_without_a_word(mode):
    masked = np.ma.masked_array([1.0, 2.0, 3.0], mask=[False, True, False])
    v, x = T.dvector("v"), T.dscalar("x")
    f = bitale.function([v], v + 1, mode=mode)
    for call in (
        lambda: f(masked),
        lambda: f(masked.astype("float32")),
        lambda: bitale.function([x], x + 1, mode=mode)(masked[:1].reshape(())),
        lambda: bitale.shared(masked),
        lambda: bitale.shared(np.zeros(3)).set_value(masked),
        lambda: v + masked,
        lambda: masked + v,
        lambda: np.add(masked, v),
        lambda: T.constant(masked),
    ):
        with pytest.raises(TypeError, match=r"filled|symbolic"):
            call()
    assert f(masked.filled(0.0)).tolist() == [2.0, 1.0, 4.0]


@every_mode
def test_a_strict_input_takes_plain_arrays_of_its_dtype_alone(mode):
    x, v = T.dscalar("x"), T.dvector("v")
    f = bitale.function([bitale.In(x, strict=True)], x + 1, mode=mode)
    assert f(np.array(1.0)) == 2.0
    for given in (1.0, 1, True, np.float64(1.0), np.array(1.0, "float32"), np.array(1)):
        with pytest.raises(TypeError, match="strict"):
            f(given)
    g = bitale.function([bitale.In(v, strict=True)], v + 1, mode=mode)
    assert g(np.zeros(4)[::2]).tolist() == [1.0, 1.0]
    for given in ([1.0, 2.0], (1.0,), np.zeros(2, "float32"), 1.0):
        with pytest.raises(TypeError, match="strict"):
            g(given)
