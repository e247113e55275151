"""Random numbers as expressions: shapes, dtypes, states, and what is an error."""

import pickle

import numpy as np
import pytest
from bitale_graph import config, function, scan, shared
from bitale_graph import language as T
from bitale_graph.base.errors import DtypeError, ShapeError
from bitale_graph.random import (
    MRG_RandomStreams,
    RandomFunction,
    RandomStreams,
    new_state,
    normal,
    uniform,
)

N = 40_000


def drawn(variable):
    return function([], variable)()


def near(x, mean, variance):
    """Whether a mean is within four standard errors of where it should be."""
    return abs(x.mean() - mean) < 4 * np.sqrt(variance / x.size)


@pytest.mark.parametrize(
    ("name", "arguments", "mean", "variance", "dtype"),
    [
        ("uniform", {"low": -1.0, "high": 3.0}, 1, 16 / 12, "float64"),
        ("normal", {"avg": 2.0, "std": 3.0}, 2, 9, "float64"),
        ("truncated_normal", {"avg": 1.0, "std": 2.0}, 1, 4 * 0.7737, "float64"),
        ("exponential", {"scale": 2.0}, 2, 4, "float64"),
        ("gamma", {"shape": 0.5, "scale": 2.0}, 1, 2, "float64"),
        ("beta", {"a": 2.0, "b": 3.0}, 0.4, 0.04, "float64"),
        ("poisson", {"lam": 4.0}, 4, 4, "int64"),
        ("binomial", {"p": 0.3}, 0.3, 0.21, "int64"),
        ("binomial", {"n": 50, "p": 0.3}, 15, 10.5, "int64"),
        ("integers", {"low": -2, "high": 3}, 0, 2, "int64"),
        ("random_integers", {"low": 1, "high": 6}, 3.5, 35 / 12, "int64"),
        ("choice", {"a": 4, "p": [0.1, 0.2, 0.3, 0.4]}, 2, 1, "int64"),
    ],
)
def test_numbers_have_mean_and_variance_of_their_distribution(
    name, arguments, mean, variance, dtype
):
    x = drawn(getattr(RandomStreams(31), name)((N,), **arguments))
    assert x.dtype == dtype
    assert near(x, mean, variance)
    assert near((x - mean) ** 2, variance, np.mean((x - mean) ** 4))


@pytest.mark.parametrize(
    ("name", "distribution"),
    [
        ("uniform", lambda s: s.uniform()),
        ("normal", lambda s: s.norm()),
        ("truncated_normal", lambda s: s.truncnorm(-2, 2)),
        ("exponential", lambda s: s.expon()),
        ("gamma", lambda s: s.gamma(2.5)),
        ("beta", lambda s: s.beta(2.0, 0.7)),
    ],
    ids=["uniform", "normal", "truncated_normal", "exponential", "gamma", "beta"],
)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_numbers_pass_the_test_of_kolmogorov_and_smirnov(name, distribution, dtype):
    stats = pytest.importorskip("scipy.stats")
    more = {"gamma": {"shape": 2.5}, "beta": {"a": 2.0, "b": 0.7}}.get(name, {})
    x = drawn(getattr(RandomStreams(8), name)((N,), dtype=dtype, **more))
    assert x.dtype == dtype
    assert stats.kstest(x.astype("float64"), distribution(stats).cdf).pvalue > 1e-3


def test_a_truncated_normal_number_is_within_two_deviations():
    x = drawn(RandomStreams(3).normal((N,), avg=5.0, std=0.5, truncate=True))
    assert np.abs(x - 5).max() <= 1


def test_streams_of_one_seed_do_not_correlate():
    streams = RandomStreams(17)
    x = np.array(function([], [streams.uniform((N,)) for _ in range(4)])())
    x = np.concatenate([x, x[:, 1:].copy()], axis=1)[:, :N]
    apart = np.corrcoef(x) - np.eye(4)
    assert np.abs(apart).max() < 5 / np.sqrt(N)
    later = np.corrcoef(x[0, :-1], x[0, 1:])[0, 1]
    assert abs(later) < 5 / np.sqrt(N)


def test_neighbouring_seeds_and_draws_do_not_correlate():
    rows = []
    for seed in (1, 2):
        f = function([], RandomStreams(seed).normal((N,)))
        rows += [f(), f()]
    apart = np.corrcoef(rows) - np.eye(4)
    assert np.abs(apart).max() < 5 / np.sqrt(N)


def test_a_variable_has_one_value_in_a_call_and_another_in_the_next():
    x = RandomStreams(1).uniform((5,))
    f = function([], [x, x * 2])
    first, twice = f()
    np.testing.assert_array_equal(twice, 2 * first)
    assert (f()[0] != first).all()


def test_no_default_updates_freezes_a_stream():
    x = RandomStreams(1).uniform((5,))
    frozen = function([], x, no_default_updates=True)
    np.testing.assert_array_equal(frozen(), frozen())
    moving = function([], x)
    np.testing.assert_array_equal(frozen(), moving())


def test_seeding_begins_anew():
    streams = RandomStreams(5)
    f = function([], [streams.uniform((3,)), streams.normal((3,))])
    first = f()
    f()
    streams.seed()
    np.testing.assert_array_equal(f(), first)
    streams.seed(6)
    other = f()
    assert (np.array(other) != np.array(first)).all()
    again = RandomStreams(6)
    same = function([], [again.uniform((3,)), again.normal((3,))])()
    np.testing.assert_array_equal(same, other)


def test_states_can_be_copied_from_one_graph_to_another():
    ours, theirs = RandomStreams(5), RandomStreams(99)
    f, g = function([], ours.uniform((3,))), function([], theirs.uniform((3,)))
    f()
    for (a, _), (b, _) in zip(ours.state_updates, theirs.state_updates, strict=True):
        b.set_value(a.get_value())
    np.testing.assert_array_equal(f(), g())
    x = ours.normal()
    theirs[theirs.state_updates[0][0]] = ours[x.rng]
    with pytest.raises(KeyError, match="no state of these streams"):
        ours[theirs.state_updates[0][0]]


def test_a_variable_tells_its_state_and_its_update():
    streams = RandomStreams(5)
    x = streams.uniform()
    assert x.update == (x.rng, x.rng.default_update)
    assert streams.updates() == [x.update]
    assert x.rng.get_value().tolist()[1] == 0
    drawn(x)
    assert x.rng.get_value().tolist()[1] == 1


def test_a_pickled_function_draws_on():
    f = function([], RandomStreams(5).uniform((3,)))
    f()
    g = pickle.loads(pickle.dumps(f))
    np.testing.assert_array_equal(f(), g())


@pytest.mark.parametrize(
    ("size", "ndim", "shape"),
    [
        (None, None, ()),
        ((), None, ()),
        (3, None, (3,)),
        ((2, 3), None, (2, 3)),
        ([2, 0], None, (2, 0)),
        ((2, 1, 3), 3, (2, 1, 3)),
        (np.array([4, 2]), None, (4, 2)),
    ],
)
def test_a_size_is_the_shape_of_what_is_drawn(size, ndim, shape):
    streams = RandomStreams(4)
    variables = [
        streams.uniform(size, ndim=ndim),
        streams.normal(size, ndim=ndim),
        streams.binomial(size, ndim=ndim),
        streams.poisson(size, ndim=ndim),
        streams.choice(size, ndim=ndim),
    ]
    for x in function([], variables)():
        assert x.shape == shape


def test_a_size_may_be_symbolic():
    n, size = T.iscalar("n"), T.lvector("size")
    streams = RandomStreams(4)
    f = function([n, size], [streams.normal((n, 3)), streams.uniform(size, ndim=2)])
    x, y = f(2, [4, 5])
    assert (x.shape, y.shape) == ((2, 3), (4, 5))
    with pytest.raises(ValueError, match="give ndim"):
        streams.uniform(size)
    with pytest.raises(ValueError, match="ndim is 3"):
        streams.uniform((n, 3), ndim=3)


def test_parameters_broadcast_to_the_size():
    streams, p = RandomStreams(4), T.dvector("p")
    rows = streams.uniform((N, 2), low=p, high=p + 1)
    alone = streams.poisson(lam=p)
    x, y = function([p], [rows, alone])([0.0, 10.0])
    assert x.shape == (N, 2)
    assert near(x[:, 0], 0.5, 1 / 12)
    assert near(x[:, 1], 10.5, 1 / 12)
    assert y.shape == (2,)
    with pytest.raises(ShapeError, match="fewer axes"):
        streams.uniform((), low=p)


def test_floatx_is_the_dtype_of_numbers():
    with config.change_flags(floatX="float32"):
        x, y = RandomStreams(1).uniform((2,)), RandomStreams(1).normal((2,), avg=T.dscalar())
    assert (x.dtype, y.dtype) == ("float32", "float64")
    assert RandomStreams(1).normal((2,), dtype="float16").dtype == "float16"
    with pytest.raises(DtypeError, match="must be a float"):
        RandomStreams(1).uniform((2,), dtype="int32")


def test_small_floats_stay_below_one():
    for dtype in ("float16", "float32"):
        x = drawn(RandomStreams(1).uniform((200_000,), dtype=dtype))
        assert 0 <= x.min() < x.max() < 1


@pytest.mark.parametrize(
    "draw",
    [
        lambda s: s.poisson((2,), lam=-1.0),
        lambda s: s.poisson((2,), lam=float("nan")),
        lambda s: s.gamma((2,), shape=0.0),
        lambda s: s.beta((2,), a=-1.0),
        lambda s: s.binomial((2,), n=3, p=1.5),
        lambda s: s.binomial((2,), n=-3, p=0.5),
        lambda s: s.integers((2,), 3, 3),
        lambda s: s.random_integers((2,), 5, 4),
        lambda s: s.uniform((-1,)),
        lambda s: s.binomial((2,), p=1.5),
        lambda s: s.normal((2,), std=-1.0),
        lambda s: s.truncated_normal((2,), std=[1.0, -1.0]),
        lambda s: s.exponential((2,), scale=-1.0),
        lambda s: s.gamma((2,), shape=1.0, scale=-1.0),
        lambda s: s.multinomial(n=1, pvals=[[0.5, 0.6]]),
        lambda s: s.multinomial(n=4, pvals=[0.5, -0.1]),
        lambda s: s.choice((2,), 3, p=[0.5, 0.1, 0.1]),
        lambda s: s.choice((2,), 3, p=[0.5, 0.75, -0.25], replace=False),
    ],
    ids=[
        *("poisson", "NaN", "gamma", "beta", "p", "n", "integers", "random_integers", "size"),
        *("p of one", "std", "one std", "scale", "scale of gamma", "sum", "negative", "whole"),
        "negative of choice",
    ],
)
def test_what_no_distribution_has_is_refused_at_once(draw):
    with pytest.raises(ValueError, match=r"must|no number|negative"):
        draw(RandomStreams(1))


@pytest.mark.parametrize("dtype", ["float32", "float64", "int64"])
def test_probabilities_may_sum_up_to_one_but_for_rounding(dtype):
    p = np.full(1000, 0.001, dtype) if dtype != "int64" else np.eye(1000, dtype=dtype)[0]
    assert RandomStreams(1).choice((5,), 1000, p=p).eval().shape == (5,)
    assert RandomStreams(1).multinomial(n=3, pvals=p).eval().sum() == 3


def test_what_no_distribution_has_is_refused_when_it_runs():
    lam, n = T.dscalar("lam"), T.lscalar("n")
    f = function([lam], RandomStreams(1).poisson((2,), lam=lam))
    with pytest.raises(ValueError, match="lam must lie"):
        f(-1.0)
    g = function([n], RandomStreams(1).choice((3,), n, replace=False))
    assert sorted(g(3)) == [0, 1, 2]
    with pytest.raises(ValueError, match="more are drawn than there are"):
        g(2)


def test_kinds_are_chosen_by_their_probabilities():
    p = np.array([0.1, 0.0, 0.6, 0.3])
    streams = RandomStreams(2)
    one = drawn(streams.multinomial((N,), pvals=p))
    many = drawn(streams.multinomial((N // 10,), n=7, pvals=p))
    rows = drawn(streams.multinomial(n=T.constant([5, 0]), pvals=np.stack([p, p[::-1]])))
    assert (one.sum(axis=1) == 1).all()
    assert (many.sum(axis=1) == 7).all()
    assert rows.sum(axis=1).tolist() == [5, 0]
    for x, n in ((one, 1), (many, 7)):
        assert not x[:, 1].any()
        for kind in (0, 2, 3):
            assert near(x[:, kind], n * p[kind], n * p[kind] * (1 - p[kind]))


def test_a_choice_without_replacement_holds_no_element_twice():
    streams = RandomStreams(2)
    f = function(
        [],
        [
            streams.choice((2, 3), T.constant([4, 8, 15, 16, 23, 42]), replace=False),
            streams.choice((2,), 5, replace=False, p=[0.0, 0.5, 0.0, 0.5, 0.0]),
        ],
    )
    for _ in range(5):
        rows, two = f()
        assert sorted(rows.ravel()) == [4, 8, 15, 16, 23, 42]
        assert sorted(two) == [1, 3]


def test_of_each_row_of_probabilities_some_are_chosen():
    streams, p = MRG_RandomStreams(2), T.dmatrix("p")
    once = streams.choice(size=2, replace=False, p=p)
    f = function(
        [p],
        [
            once,
            streams.multinomial_wo_replacement(n=1, pvals=p),
            streams.choice(3, p=p, dtype="int32"),
            streams.choice((2,), p=[0.0, 0.0, 1.0]),
        ],
    )
    for _ in range(5):
        two, one, again, of_a_vector = f([[0.0, 0.3, 0.0, 0.7], [1.0, 0.0, 0.1, 0.0]])
        assert [sorted(row) for row in two.tolist()] == [[1, 3], [0, 2]]
        assert one.shape == (2, 1)
        assert again.shape == (2, 3)
        assert again.dtype == "int32"
        assert set(again[0]) <= {1, 3}
        assert of_a_vector.tolist() == [2, 2]
    assert function([p], once)(np.zeros((0, 4))).shape == (0, 2)
    with pytest.raises(ValueError, match="more are drawn than there are"):
        f([[1.0, 0.0, 0.0], [0.5, 0.5, 0.0]])
    with pytest.raises(ValueError, match="the size is the number that is drawn of each row of p"):
        streams.choice((2, 3), replace=False, p=p)
    with pytest.raises(ValueError, match="give no size"):
        streams.multinomial_wo_replacement((2,), pvals=p)


@pytest.mark.parametrize("make", [np.random.RandomState, np.random.default_rng])
def test_a_generator_of_numpys_begins_a_state(make):
    generator = make(3)
    state = shared(generator)
    assert state.type == shared(make(3)).type
    assert state.get_value().tolist() == shared(make(3)).get_value().tolist()
    assert state.get_value().tolist() != shared(make(4)).get_value().tolist()
    assert generator.bytes(4) == make(3).bytes(4)
    after, u = uniform(state, (2,))
    f = function([], u, updates=[(state, after)])
    assert f().tolist() != f().tolist()


def test_a_permutation_has_every_number_once():
    streams, n, x = RandomStreams(2), T.lscalar("n"), T.dmatrix("x")
    f = function([n], [streams.permutation((3,), n), streams.permutation(n=n)])
    rows, one = f(6)
    for order in (*rows, one):
        assert sorted(order) == [0, 1, 2, 3, 4, 5]
    assert len({tuple(order) for order in rows}) > 1
    assert f(0)[0].shape == (3, 0)
    shuffled = function([x], streams.shuffle_row_elements(x))(np.arange(12.0).reshape(2, 6))
    assert [sorted(row) for row in shuffled.tolist()] == np.arange(12.0).reshape(2, 6).tolist()


def test_all_orders_are_equally_likely():
    orders = drawn(RandomStreams(2).permutation((6000,), 3))
    counts = np.unique(orders @ [9, 3, 1], return_counts=True)[1]
    assert len(counts) == 6
    assert np.abs(counts - 1000).max() < 5 * np.sqrt(1000 * 5 / 6)


def test_a_state_is_passed_on_by_hand():
    state = T.TensorType("uint64", (2,))("state")
    after, x = uniform(state, (3,))
    last, y = normal(after, (3,))
    f = function([state], [x, y, last])
    first = f(new_state(12))
    np.testing.assert_array_equal(first[0], f(new_state(12))[0])
    assert first[2][1] == 2
    with pytest.raises(TypeError, match="vector of two uint64"):
        uniform(T.dvector(), (3,))


def test_a_loop_carries_the_state_along():
    streams = RandomStreams(6)
    steps, updates = scan(lambda: streams.uniform((2,)), n_steps=4)
    f = function([], steps, updates=updates)
    x, y = f(), f()
    assert len(np.unique(np.concatenate([x, y]))) == 16
    streams.seed()
    np.testing.assert_array_equal(f(), x)


def test_theanos_calling_form_is_taken():
    streams = MRG_RandomStreams(seed=234)
    x = streams.uniform(size=(4, 2), low=0.0, high=1.0, ndim=2, nstreams=30)
    mask = streams.binomial(size=(4, 2), n=1, p=0.5, dtype="float32", nstreams=2)
    z = streams.normal(size=(4,), truncate=True)
    assert [v.dtype for v in (x, mask, z)] == ["float64", "float32", "float64"]
    assert function([], mask)().shape == (4, 2)
    assert streams.rstate.shape == (2,)
    before = streams.rstate
    streams.inc_rstate()
    assert (streams.rstate != before).any()
    awaited = streams.rstate
    last = streams.uniform()
    np.testing.assert_array_equal(last.rng.get_value(), awaited)
    streams.seed(234)
    np.testing.assert_array_equal(last.rng.get_value(), awaited)
    MRG_RandomStreams([1, 2, 3, 4, 5, 6]).uniform()
    for wrong in (0, 2147462579, [0] * 6, -3):
        with pytest.raises(ValueError, match="not 0"):
            MRG_RandomStreams(wrong)
    with pytest.raises(TypeError, match="six"):
        MRG_RandomStreams([1, 2])
    with pytest.raises(TypeError, match="no parameter 'lower'"):
        streams.uniform(lower=2)


def test_a_variable_without_a_seed_differs_from_the_next():
    x, y = (drawn(RandomStreams().uniform((3,))) for _ in range(2))
    assert (x != y).all()


def test_a_stream_of_ones_own_draws_what_its_function_draws():
    def two(state, size):
        after, x = uniform(state, size)
        after, y = uniform(after, size)
        return after, x + y

    state = shared(new_state(3, 0))
    x = RandomStreams(3).gen(two, (2,))
    after, wanted = two(state, (2,))
    np.testing.assert_array_equal(drawn(x), function([], wanted, updates=[(state, after)])())


def test_a_random_function_has_theanos_form():
    after, x = RandomFunction("uniform", T.fvector)(new_state(1), (3,), -1.0, 1.0)
    found, moved = function([], [x, after])()
    assert found.dtype == np.float32
    assert moved.tolist()[1] == 1
    own = RandomFunction(lambda state, size: normal(state, size), T.dmatrix)
    assert own(new_state(1), (2, 3))[1].type.shape == (2, 3)
    with pytest.raises(ValueError, match="no function of random numbers"):
        RandomFunction("exec", T.fvector)
    with pytest.raises(TypeError, match="was asked for"):
        RandomFunction("uniform", T.fmatrix)(new_state(1), (3,))
