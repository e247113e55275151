"""Random numbers on every target: the same bits, in any order, and no derivative by parameters."""

import bitale
import bitale.tensor as T
import numpy as np
import pytest
from bitale.gradient import NullTypeGradError
from bitale.sandbox.rng_mrg import MRG_RandomStreams
from bitale.tensor.shared_randomstreams import RandomStreams

MODES = {
    "FAST_COMPILE": "FAST_COMPILE",
    "FAST_RUN": "FAST_RUN",
    "c": bitale.Mode(linker="c", optimizer="None"),
    "emulated": bitale.Mode(device="emulated"),
}
# What is scaled, or goes through logarithms and cosines, is equal but for rounding.
ROUNDED = ("uniform of float32", "normal", "exponential", "gamma", "beta", "truncated_normal")


def variables(streams, n):
    p = T.constant([0.2, 0.5, 0.3])
    return {
        "uniform": streams.uniform((n, 7)),
        "uniform of float32": streams.uniform((n,), low=-2, dtype="float32"),
        "normal": streams.normal((n, 3), avg=1.0),
        "exponential": streams.exponential((n,)),
        "truncated_normal": streams.truncated_normal((n,)),
        "gamma": streams.gamma((n, 2), T.constant([0.3, 7.0])),
        "beta": streams.beta((n,), 2.0, 0.5),
        "poisson": streams.poisson((n, 2), T.constant([0.4, 300.0])),
        "binomial": streams.binomial((n, 3), T.constant([1, 30, 10**6]), p),
        "coin": streams.binomial((n,), p=0.25, dtype="float32"),
        "integers": streams.integers((n,), -5, 10**12),
        "multinomial": streams.multinomial((n,), 9, p),
        "kind": streams.multinomial((n,), pvals=p),
        "choice": streams.choice((n,), 3, p=p),
        "permutation": streams.permutation((2,), n),
    }


def draw(mode, n=70):
    length = T.iscalar("n")
    drawn = variables(RandomStreams(2024), length)
    f = bitale.function([length], list(drawn.values()), mode=mode)
    f(n)
    return dict(zip(drawn, f(n), strict=True))


@pytest.fixture(scope="module")
def reference():
    return draw(bitale.Mode(linker="numpy", optimizer="None"))


@pytest.mark.filterwarnings("ignore:.*no kernel is known")
@pytest.mark.parametrize("mode", MODES)
def test_every_target_draws_the_same_numbers(mode, reference):
    for name, x in draw(MODES[mode]).items():
        wanted = reference[name]
        assert x.dtype == wanted.dtype
        if name in ROUNDED:
            error = 3e-7 if x.dtype == "float32" else 1e-10
            np.testing.assert_allclose(x, wanted, rtol=error, atol=error, err_msg=name)
        else:
            np.testing.assert_array_equal(x, wanted, err_msg=name)


@pytest.mark.parametrize("threads", [1, 2])
def test_the_number_of_threads_changes_nothing(threads):
    n = 300_000
    with bitale.change_flags(openmp=threads > 1):
        x = bitale.function([], RandomStreams(3).uniform((n,)))()
    alone = bitale.function([], RandomStreams(3).uniform((n,)), mode=bitale.Mode(linker="numpy"))()
    np.testing.assert_array_equal(x, alone)


@pytest.mark.parametrize(
    ("name", "parameter"),
    [
        ("uniform", "low"),
        ("uniform", "high"),
        ("normal", "avg"),
        ("normal", "std"),
        ("binomial", "p"),
        ("poisson", "lam"),
        ("gamma", "shape"),
        ("exponential", "scale"),
    ],
)
def test_what_is_drawn_has_no_derivative_by_a_parameter(name, parameter):
    x = T.dscalar("x")
    for streams in (RandomStreams(1), MRG_RandomStreams(1)):
        cost = T.cast(getattr(streams, name)((3,), **{parameter: x}), "float64").sum()
        with pytest.raises(NullTypeGradError, match="random"):
            T.grad(cost, x)
        assert T.grad(cost, x, null_gradients="return").type.why_null


def test_a_cost_is_differentiated_by_what_noise_is_added_to():
    w = bitale.shared(np.zeros(4), "w")
    noise = RandomStreams(4).normal((4,), std=0.1)
    train = bitale.function([], noise, updates=[(w, w - 0.5 * T.grad(T.sqr(w + noise).sum(), w))])
    drawn = train()
    np.testing.assert_allclose(w.get_value(), -drawn)


def test_dropout_draws_a_new_mask_at_each_step_of_a_loop():
    streams = MRG_RandomStreams(9)
    x = T.dvector("x")
    steps, updates = bitale.scan(
        lambda h: h * streams.binomial((6,), p=0.5, dtype="float64") * 2, outputs_info=x, n_steps=3
    )
    f = bitale.function([x], steps, updates=updates)
    first, second = f(np.ones(6)), f(np.ones(6))
    assert set(np.unique(first[0])) <= {0, 2}
    assert (first != second).any()
    g = bitale.function([x], T.grad(steps[-1].sum(), x), updates=updates)
    assert set(np.unique(g(np.ones(6)))) <= {0, 8}
