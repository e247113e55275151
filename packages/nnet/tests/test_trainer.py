import pickle
import threading

import numpy as np
import pytest
from bitale_graph import language as T
from bitale_graph.base.errors import ShapeError
from bitale_nnet import (
    GRU,
    Callback,
    Dense,
    EarlyStopping,
    Embedding,
    History,
    Input,
    Network,
    Sequential,
    Sum,
    Trainer,
)
from bitale_nnet.losses import categorical_accuracy, softmax_crossentropy, squared_error
from scipy import sparse

rng = np.random.default_rng(0)
X = rng.normal(size=(120, 4)).astype("float32")
Y = (X[:, 0] > 0).astype("int64")


def network(*layers, shape=(None, 4)):
    one = Sequential(layers or [Dense(8, "tanh"), Dense(2)])
    one.build(shape, np.random.default_rng(1), "float32")
    return one


def trainer(**settings):
    settings = {"learning_rate": 0.02, "metrics": {"accuracy": categorical_accuracy}, **settings}
    return Trainer(network(), softmax_crossentropy, seed=3, **settings)


def parameters(one):
    return np.concatenate([v.ravel() for v in one.network.get_values().values()])


def test_a_network_is_trained_in_place():
    one = trainer()
    history = one.fit((X, Y), epochs=15, validation=(X, Y))
    assert isinstance(history, History)
    assert list(history) == ["loss", "accuracy", "validation_loss", "validation_accuracy"]
    assert history.epochs == 15
    assert history["validation_accuracy"][-1] > 0.95
    measured = one.evaluate((X, Y))
    assert measured["loss"] == pytest.approx(history["validation_loss"][-1], rel=1e-5)
    assert history is one.history
    assert "15 epochs" in repr(history)


def test_sources_of_the_same_rows_give_the_same_parameters(tmp_path):
    np.save(tmp_path / "X.npy", X)
    given = [
        (X, Y),
        (X.astype("float64"), Y.astype("int8")),
        (X.tolist(), Y.tolist()),
        (np.load(tmp_path / "X.npy", mmap_mode="r"), Y),
        (sparse.csr_array(X), Y),
        lambda epoch: ((X[i : i + 32], Y[i : i + 32]) for i in range(0, 120, 32)),
    ]
    found = []
    for data in given:
        one = trainer()
        one.fit(data, epochs=3, shuffle=False)
        found.append(parameters(one))
    for other in found[1:]:
        np.testing.assert_array_equal(other, found[0])


def test_prefetching_changes_nothing_and_leaves_no_thread():
    found = []
    for ahead in (0, 1, 7):
        one = trainer()
        one.fit((X, Y), epochs=3, prefetch=ahead)
        found.append(parameters(one))
    np.testing.assert_array_equal(found[0], found[1])
    np.testing.assert_array_equal(found[0], found[2])
    assert not [t for t in threading.enumerate() if t.name == "bitale-prefetch"]


def test_an_error_of_the_data_reaches_the_caller_and_ends_the_thread():
    def failing(epoch):
        yield X, Y
        yield X, Y
        raise OSError("the disk is gone")

    with pytest.raises(OSError, match="the disk is gone"):
        trainer().fit(failing)
    assert not [t for t in threading.enumerate() if t.name == "bitale-prefetch"]


def test_stopping_early_leaves_no_thread_and_closes_the_data():
    closed = []

    def endless(epoch):
        try:
            while True:
                yield X, Y
        finally:
            closed.append(epoch)

    class Enough(Callback):
        def on_step_end(self, run):
            if run.steps == 5:
                run.stop("enough")

    one = trainer(callbacks=[Enough()])
    assert one.fit(endless, epochs=9).epochs == 0
    assert closed == [0]
    assert not [t for t in threading.enumerate() if t.name == "bitale-prefetch"]


def test_weights_of_rows_count():
    weights = np.where(X[:, 1] > 0, 2.0, 0.0)
    one, other = trainer(), trainer()
    one.fit((X, Y, weights), epochs=1, batch_size=120, shuffle=False)
    kept = weights > 0
    share = kept.mean()  # a mean of fewer rows
    other.fit((X[kept], Y[kept], weights[kept] * share), epochs=1, batch_size=120, shuffle=False)
    np.testing.assert_allclose(parameters(one), parameters(other), rtol=1e-4, atol=1e-6)
    with pytest.raises(ShapeError, match="need a loss with a number for each row"):
        Trainer(network(), lambda o, t: T.mean(o)).fit((X, Y, weights))


def test_clipping_and_decay():
    steps = {}
    for name, settings in {
        "free": {},
        "norm": {"clip_norm": 0.01},
        "value": {"clip_value": 0.001},
        "decay": {"weight_decay": 0.1},
    }.items():
        one = trainer(update="sgd", learning_rate=1.0, **settings)
        before = one.network.get_values()
        one.fit((X, Y), batch_size=120, shuffle=False)
        after = one.network.get_values()
        steps[name] = {key: before[key] - after[key] for key in before}
    length = np.sqrt(sum(np.square(s).sum() for s in steps["norm"].values()))
    assert length == pytest.approx(0.01, rel=1e-3)
    assert max(np.abs(s).max() for s in steps["value"].values()) == pytest.approx(0.001, rel=1e-3)
    first = trainer().network.get_values()
    for name, step in steps["free"].items():
        decayed = step + 0.1 * first[name] if name.endswith("W") else step
        np.testing.assert_allclose(steps["decay"][name], decayed, rtol=1e-3, atol=1e-6)


def test_several_inputs_masks_and_one_step():
    words, age = Input("words", "int"), Input("age")
    both = Network((words, age), Sum()((GRU(3)(Embedding(9, 4)(words)), Dense(3)(age))))
    both.build(((None, None), (None, 1)), np.random.default_rng(0), "float32")
    one = Trainer(both, squared_error, seed=0, learning_rate=0.05)
    W = rng.integers(0, 9, size=(40, 5))
    A = rng.normal(size=(40, 1))
    target = np.tile(A, 3)
    history = one.fit(((W, A), target), epochs=30, batch_size=8)
    assert history["loss"][-1] < history["loss"][0] / 4
    first = one.step((W, A), target)
    assert one.step((W, A), target)["loss"] < first["loss"]
    with pytest.raises(ShapeError, match="has 2 inputs, and takes batches of 3 arrays"):
        one.fit((W, target))
    with pytest.raises(TypeError, match="by integers, and its input 0 holds float"):
        one.fit(((W + 0.5, A), target))

    masked = network(Embedding(9, 4), GRU(2), shape=(None, None))
    one = Trainer(masked, softmax_crossentropy, mask=lambda x: T.neq(x, 0), seed=0)
    padded = np.pad(W, ((0, 0), (0, 3)))
    plain = {"loss": one.evaluate((W, np.zeros(40, int)))["loss"]}
    assert one.evaluate((padded, np.zeros(40, int))) == pytest.approx(plain, rel=1e-5)


def test_dropout_draws_anew_each_step_and_by_the_seed():
    class Dropped(Dense):
        def expression(self, x, training=None):
            if training is None:
                return super().expression(x)
            return super().expression(x * training.streams.binomial(x.shape, p=0.5, dtype=x.dtype))

    found = []
    for seed in (3, 3, 4):
        one = Trainer(network(Dropped(2)), softmax_crossentropy, seed=seed)
        history = one.fit((X, Y), epochs=2, batch_size=120, shuffle=False)
        found.append(parameters(one))
        assert history["loss"][0] != history["loss"][1]
    np.testing.assert_array_equal(found[0], found[1])
    assert not np.array_equal(found[0], found[2])


def test_callbacks_see_everything_in_order():
    seen = []

    class Watching(Callback):
        def on_train_begin(self, run):
            seen.append("begin")

        def on_epoch_begin(self, run):
            seen.append(f"epoch {run.epoch}")

        def on_step_end(self, run):
            seen.append(run.steps)
            assert run.rate == 0.02

        def on_epoch_end(self, run):
            seen.append(len(run.history["loss"]))
            if run.epoch == 2:
                run.stop("two are enough")

        def on_train_end(self, run):
            seen.append(run.stopped)

    trainer(callbacks=[Watching()]).fit((X, Y), epochs=5, batch_size=60)
    assert seen == ["begin", "epoch 0", 1, 2, 1, "epoch 1", 1, 2, 2, "two are enough"]


def test_early_stopping_watches_what_it_is_told():
    stopping = EarlyStopping(patience=2, monitor="accuracy", min_delta=0.5)
    trainer(callbacks=[stopping]).fit((X, Y), epochs=50)
    assert stopping.best_epoch == 1
    with pytest.raises(ValueError, match="watches 'validation_loss', and the history has loss"):
        trainer(callbacks=[EarlyStopping()]).fit((X, Y))


def test_what_was_best_is_kept_where_the_loss_becomes_nan():
    best = []

    class Breaking(Callback):
        def on_epoch_end(self, run):
            if run.epoch == 3:
                best.append(run.network.get_values())
                run.network.set_values({n: v * np.nan for n, v in best[0].items()})

    one = trainer(callbacks=[EarlyStopping(monitor="loss"), Breaking()])
    with pytest.raises(FloatingPointError, match="the loss became nan in epoch 4"):
        one.fit((X, Y), epochs=9)
    assert one.history.epochs == 3
    values = one.network.get_values()
    assert all(np.array_equal(values[name], value) for name, value in best[0].items())


def test_a_stored_state_goes_on_bit_for_bit():
    one = trainer(update="adam")
    one.fit((X, Y), epochs=2)
    other = trainer(update="adam")
    other.network.set_values(one.network.get_values())
    other.set_state(pickle.loads(pickle.dumps(one.get_state())))
    one.fit((X, Y), epochs=2)
    other.fit((X, Y), epochs=2)
    np.testing.assert_array_equal(parameters(one), parameters(other))


@pytest.mark.parametrize(
    ("data", "error", "message"),
    [
        ((X, Y[:5]), ShapeError, "different lengths"),
        ((X[:0], Y[:0]), ShapeError, "no rows"),
        (X, TypeError, "data is"),
        (iter([(X, Y)]), TypeError, "used up by one epoch"),
        (lambda epoch: [], ValueError, "no batches"),
        (lambda epoch: [X], TypeError, r"a pair \(x, target\)"),
        ((X, Y, Y, Y), TypeError, "a tuple of 4"),
        (lambda epoch: [(X, Y), (X[:, None], Y)], ShapeError, r"ranks \[3, 1\]"),
        (lambda epoch: [(X, Y), (X, Y + 0.5)], TypeError, "where the first one had integers"),
        ((X * np.inf, Y), FloatingPointError, "a batch of epoch 1 holds NaN or infinity"),
        ((X * 1j, Y), TypeError, "holds complex64, and a network takes real numbers"),
    ],
)
@pytest.mark.filterwarnings("ignore:invalid value:RuntimeWarning")
def test_data_that_cannot_be_trained_on(data, error, message):
    with pytest.raises(error, match=message):
        trainer().fit(data)


@pytest.mark.parametrize(
    ("settings", "error", "message"),
    [
        ({"epochs": 1.5}, TypeError, "epochs must be an integer"),
        ({"batch_size": None}, TypeError, "batch_size must be an integer"),
        ({"prefetch": -1}, ValueError, "prefetch must be at least 0"),
    ],
)
def test_counts_that_cannot_be(settings, error, message):
    with pytest.raises(error, match=message):
        trainer().fit((X, Y), **settings)


@pytest.mark.parametrize(
    ("settings", "error", "message"),
    [
        ({"learning_rate": -1}, ValueError, "positive"),
        ({"update": "adm"}, ValueError, "did you mean 'adam'"),
        ({"l2": "x"}, TypeError, "l2 must be a number"),
        ({"callbacks": [print]}, TypeError, "list of Callback"),
        ({"metrics": [print]}, TypeError, "metrics is a mapping"),
        ({"metrics": {"loss": print}}, ValueError, "the history has its own"),
    ],
)
def test_settings_that_cannot_be(settings, error, message):
    with pytest.raises(error, match=message):
        trainer(**settings)
    with pytest.raises(TypeError, match="batch_size must be an integer"):
        trainer().fit((X, Y), batch_size=1.5)
    with pytest.raises(ValueError, match="no parameters yet"):
        Trainer(Sequential([Dense(2)]), softmax_crossentropy)
    with pytest.raises(TypeError, match="takes a layer"):
        Trainer(print, softmax_crossentropy)
