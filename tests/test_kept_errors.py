"""Compiled programs fail where they fail as written: lengths, indices, targets."""

import bitale
import bitale.tensor as T
import numpy as np
import pytest
from bitale import Mode
from bitale_nnet.losses import softmax_crossentropy

MODES = ["FAST_RUN", "FAST_COMPILE", Mode(linker="numpy"), Mode(linker="c", optimizer="None")]
x = T.dmatrix("x")
v, w = T.dvectors("v", "w")
k = T.lvector("k")
i = T.lscalar("i")
ROWS = np.array([[1.0, 2, 3], [3, 1, 0]])


@pytest.mark.parametrize("mode", MODES, ids=str)
def test_a_whole_write_takes_only_what_fits(mode):
    state = bitale.shared(np.zeros(3), "state")
    f = bitale.function([v, w], [], updates=[(state, T.set_subtensor(v[:], w))], mode=mode)
    with pytest.raises(ValueError, match="shape"):
        f(np.ones(3), np.ones(7))
    assert state.get_value().shape == (3,)
    g = bitale.function(
        [w], updates=[(state, T.inc_subtensor(T.zeros_like(state)[:], w))], mode=mode
    )
    with pytest.raises(ValueError, match="shape"):
        g(np.ones(7))
    g(np.arange(3.0))
    assert state.get_value().tolist() == [0, 1, 2]


@pytest.mark.parametrize("mode", MODES, ids=str)
@pytest.mark.parametrize(
    ("inputs", "output", "args", "error"),
    [
        ([v, w], (v + w)[0], (np.ones(6), np.ones(2)), ValueError),
        ([v, w], T.grad(T.sum((v - w) * 0), v), (np.ones(6), np.ones(2)), ValueError),
        ([v, w], T.grad(T.sum(T.set_subtensor(v[:], w)), w), (np.ones(6), np.ones(2)), ValueError),
        ([v, w], T.zeros_like(v * w).sum(), (np.ones(6), np.ones(2)), ValueError),
        ([v, i], T.set_subtensor(v[i], 9.0)[i], (np.ones(3), 3), IndexError),
        ([v, i], T.set_subtensor(v[i], 9.0)[i], (np.ones(0), -1), IndexError),
        ([v, i], T.grad(v[i] * 0, v), (np.ones(3), -4), IndexError),
    ],
)
def test_what_is_read_is_checked(inputs, output, args, error, mode):
    f = bitale.function(inputs, output, mode=mode, on_unused_input="ignore")
    with pytest.raises(error):
        f(*args)


def test_a_check_that_is_kept_tells_where_the_program_made_it():
    f = bitale.function([v, w], T.set_subtensor(v[:], w))
    with pytest.raises(ValueError, match=r"test_kept_errors\.py"):
        f(np.ones(3), np.ones(7))


@pytest.mark.parametrize("mode", MODES, ids=str)
@pytest.mark.parametrize("target", [-1, -3, 3, -4])
@pytest.mark.parametrize(
    "loss",
    [
        T.nnet.categorical_crossentropy(T.nnet.softmax(x), k),
        T.nnet.categorical_crossentropy(abs(x) + 0.1, k),
        softmax_crossentropy(x, k),
    ],
    ids=["softmax", "probabilities", "logits"],
)
def test_losses_refuse_targets_that_are_no_class(loss, target, mode):
    for outputs in (loss, T.grad(loss.sum(), x), [loss, T.grad(loss.sum(), x)]):
        f = bitale.function([x, k], outputs, mode=mode)
        with pytest.raises(IndexError):
            f(ROWS, [0, target])


@pytest.mark.parametrize("mode", MODES, ids=str)
def test_indices_of_a_loss_count_from_the_end(mode):
    loss = -T.log(T.nnet.softmax(x)[T.arange(k.shape[0]), k])
    f = bitale.function([x, k], [loss, T.grad(loss.sum(), x)], mode=mode)
    for made, wanted in zip(f(ROWS, [-1, -3]), f(ROWS, [2, 0]), strict=True):
        np.testing.assert_allclose(made, wanted)
    with pytest.raises(IndexError):
        f(ROWS, [-4, 0])


LIKELIHOODS = {
    "picked from logarithms": lambda p: T.log(p)[T.arange(k.shape[0]), k],
    "logarithms of what is picked": lambda p: T.log(p[T.arange(k.shape[0]), k]),
    "mean": lambda p: T.mean(T.log(p)[T.arange(k.shape[0]), k]).dimshuffle("x"),
    "in a loop": lambda p: bitale.scan(
        lambda t: T.log(p)[T.arange(k.shape[0]), t], sequences=[T.stack([k])]
    )[0][0],
}


@pytest.mark.parametrize("mode", MODES, ids=str)
@pytest.mark.parametrize("form", LIKELIHOODS)
@pytest.mark.parametrize(
    "softmax",
    [T.nnet.softmax, lambda a: T.exp(T.nnet.logsoftmax(a))],
    ids=["softmax", "logsoftmax"],
)
def test_fewer_targets_than_rows_are_of_the_first_rows(form, softmax, mode):
    likelihood = LIKELIHOODS[form](softmax(x))
    outputs = [likelihood, T.grad(likelihood.sum(), x), T.nnet.softmax(x)]
    f = bitale.function([x, k], outputs, mode=mode)
    for targets in ([2], [-1], [1, 0], []):
        n = len(targets)
        if n == 0 and form == "mean":
            continue
        first, gradient, whole = f(ROWS, np.array(targets, "int64"))
        logs = np.log(whole[np.arange(n), targets]) if n else np.zeros(0)
        np.testing.assert_allclose(first, logs.mean(keepdims=True) if form == "mean" else logs)
        wanted = np.zeros_like(ROWS)
        if n:
            wanted[np.arange(n), targets] = 1
            wanted[:n] -= whole[:n]
        np.testing.assert_allclose(gradient, wanted / (n if form == "mean" else 1), atol=1e-15)
    for targets in ([0, 1, 2], [0, 3], [-4]):
        with pytest.raises(IndexError):
            f(ROWS, targets)


@pytest.mark.parametrize("mode", [*MODES, Mode().excluding("domain")], ids=str)
@pytest.mark.parametrize(
    "read",
    [
        lambda out: out[-1],
        lambda out: out[0],
        lambda out: T.exp(out)[-1],
        lambda out: out[-1].sum(),
        lambda out: out[-2, 0],
    ],
    ids=["last", "first", "last of a function", "sum of the last", "element of the last but one"],
)
def test_the_rows_of_a_loop_of_no_steps_are_not_there(read, mode):
    first = T.dmatrix("first")
    states = {"initial": first, "taps": [-1, -2]}
    out, _ = bitale.scan(lambda r, a, b: r + a * b, sequences=x, outputs_info=states)
    f = bitale.function([x, first], read(out), mode=mode)
    f(np.ones((2, 1)), np.ones((2, 1)))
    with pytest.raises(IndexError):
        f(np.ones((0, 1)), np.ones((2, 1)))


@pytest.mark.parametrize("mode", MODES, ids=str)
def test_sums_of_scaled_numbers_stay_finite(mode):
    g, s = T.fvector("g"), T.dscalar("s")
    quarter = bitale.function([g], (g / 4).sum(), mode=mode)
    np.testing.assert_allclose(quarter(np.full(4, 3e38, "float32")), 3e38, rtol=1e-6)
    scaled = bitale.function([s, v], (s * v).sum(), mode=mode)
    assert scaled(0.0, [1e308, 1e308]) == 0
    np.testing.assert_allclose(scaled(1e-10, [1e308, 1e308]), 2e298)
