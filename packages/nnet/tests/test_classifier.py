import pickle
import tracemalloc

import numpy as np
import pytest
from bitale_graph.base.errors import ShapeError
from bitale_nnet import (
    Classifier,
    CosineDecay,
    Dense,
    Embedding,
    NotFittedError,
    Sequential,
    UnscaledFeaturesWarning,
    load_arrays,
    momentum,
)
from bitale_nnet.functional import tanh
from scipy import sparse


@pytest.fixture(scope="module")
def blobs():
    """Three clouds in a plane that hardly touch: 60 points to learn from, 30 held out."""
    rng = np.random.default_rng(0)
    places = np.array([[0, 2], [2, -1], [-2, -1]])
    y = np.tile([0, 1, 2], 30)
    X = places[y] + 0.4 * rng.normal(size=(90, 2))
    return X[:60], y[:60], X[60:], y[60:]


def quick(network=(8,), **keywords):
    settings = {"learning_rate": 0.02, "epochs": 25, "batch_size": 16, "random_state": 0}
    return Classifier(network, **{**settings, **keywords})


@pytest.fixture(scope="module")
def fitted(blobs):
    return quick().fit(*blobs[:2], validation=blobs[2:])


def values(one):
    return one.network_.get_values()


def same(one, other):
    a, b = values(one), values(other)
    return all(np.array_equal(a[name], b[name]) for name in a)


class TestLearning:
    """What comes out."""

    def test_it_learns(self, fitted, blobs):
        assert fitted.score(*blobs[2:]) >= 0.95

    def test_history_has_a_number_for_each_epoch(self, fitted, blobs):
        assert set(fitted.history_) == {
            "loss",
            "accuracy",
            "validation_loss",
            "validation_accuracy",
        }
        assert {len(values) for values in fitted.history_.values()} == {25}
        assert fitted.n_iter_ == 25
        assert fitted.history_["loss"][-1] < fitted.history_["loss"][0] / 3
        assert fitted.history_["validation_accuracy"][-1] == fitted.score(*blobs[2:])

    def test_probabilities_sum_to_one_and_agree_with_the_labels(self, fitted, blobs):
        p = fitted.predict_proba(blobs[2])
        assert p.shape == (30, 3)
        assert np.allclose(p.sum(axis=1), 1)
        assert np.array_equal(fitted.classes_[p.argmax(axis=1)], fitted.predict(blobs[2]))

    def test_the_same_state_gives_the_same_parameters(self, blobs):
        first, second, other = (quick(random_state=s, epochs=2).fit(*blobs[:2]) for s in (4, 4, 5))
        assert same(first, second)
        assert not same(first, other)
        states = (np.random.RandomState(4), np.random.RandomState(4))
        first, second = (quick(random_state=s, epochs=2).fit(*blobs[:2]) for s in states)
        assert same(first, second)
        assert not same(first, quick(random_state=states[0], epochs=2).fit(*blobs[:2]))
        assert not same(*(quick(random_state=None, epochs=1).fit(*blobs[:2]) for _ in range(2)))

    @pytest.mark.parametrize(
        ("dtype", "given", "expected"),
        [
            ("float32", "float64", "float32"),
            ("float64", "float32", "float64"),
            (None, "float32", "float32"),
            (None, "float64", "float64"),
            (None, "int8", "float32"),
            (None, ">f8", "float64"),
            (None, "longdouble", "float64"),
        ],
    )
    def test_it_computes_in_the_dtype_asked_for(self, dtype, given, expected, blobs):
        one = quick(dtype=dtype, epochs=1).fit(blobs[0].astype(given), blobs[1])
        assert {v.dtype.name for v in values(one).values()} == {expected}
        assert one.predict_proba(blobs[0]).dtype == expected

    @pytest.mark.parametrize(
        "names", [["a", "bb", "ccc"], [10, -3, 7], [2.0, 1.0, -1.0], [b"x", b"y", b"z"]]
    )
    def test_labels_are_of_any_kind(self, names, blobs):
        X, y, X_test, y_test = blobs
        names = np.array(names)
        one = quick().fit(X, names[y])
        assert one.predict(X_test).dtype == names.dtype
        assert np.mean(one.predict(X_test) == names[y_test]) >= 0.95

    def test_two_truth_values_are_labels(self, blobs):
        X, y = blobs[:2]
        assert quick().fit(X, y == 0).predict(X[:3]).tolist() == [True, False, False]

    def test_lists_do(self):
        one = quick(epochs=1).fit([[0, 1], [1, 0]], ["u", "v"])
        assert one.predict([[0, 1]]).shape == (1,)

    def test_a_network_of_ones_own_is_left_as_it_was(self, blobs):
        network = Sequential([Dense(6, tanh), Dense(3)])
        one = quick(network, update=momentum, learning_rate=0.1).fit(*blobs[:2])
        assert one.score(*blobs[2:]) >= 0.95
        assert not network.is_built

    def test_a_penalty_makes_the_weights_smaller(self, blobs):
        free = np.square(values(quick().fit(*blobs[:2]))["dense0.W"]).sum()
        for factor in ({"l2": 0.1}, {"l1": 0.1}, {"weight_decay": 3.0}):
            bound = values(quick(**factor).fit(*blobs[:2]))["dense0.W"]
            assert np.square(bound).sum() < free / 2

    def test_no_hidden_layer_is_logistic_regression(self, blobs):
        assert quick((), learning_rate=0.1).fit(*blobs[:2]).score(*blobs[2:]) >= 0.95

    def test_a_number_is_one_hidden_layer(self, blobs):
        assert values(quick(16, epochs=1).fit(*blobs[:2]))["dense0.W"].shape == (2, 16)

    def test_fitting_again_starts_afresh(self, blobs):
        one = quick(epochs=2).fit(*blobs[:2])
        first = values(one)
        assert not np.array_equal(values(one.fit(*blobs[2:]))["dense0.W"], first["dense0.W"])
        again = values(one.fit(*blobs[:2]))
        assert all(np.array_equal(first[name], again[name]) for name in first)

    def test_the_bar_is_shown_on_standard_error_only_when_asked_for(self, blobs, capfd):
        for progress in (False, None):  # this is no terminal
            quick(epochs=1, progress=progress).fit(*blobs[:2])
            assert capfd.readouterr() == ("", "")
        quick(epochs=1, progress=True).fit(*blobs[:2])
        out, err = capfd.readouterr()
        assert out == ""
        assert "training: 100%" in err

    def test_a_schedule_takes_the_place_of_a_rate(self, blobs):
        one = quick(learning_rate=CosineDecay(0.05)).fit(*blobs[:2])
        assert one.score(*blobs[2:]) >= 0.95
        assert not same(one, quick(learning_rate=0.05).fit(*blobs[:2]))

    def test_smoothed_labels_leave_more_doubt(self, blobs):
        sure, less = (
            quick(label_smoothing=share).fit(*blobs[:2]).predict_proba(blobs[2]).max(axis=1)
            for share in (0.0, 0.3)
        )
        assert less.mean() < 0.9 < sure.mean()


class TestWeights:
    """Samples and classes that count more than others."""

    def test_a_class_of_no_weight_is_not_learnt(self, blobs):
        weights = np.where(blobs[1] == 2, 1e-9, 1.0)
        one = quick().fit(*blobs[:2], sample_weight=weights)
        assert not (one.predict(blobs[2]) == 2).any()

    def test_weights_of_classes_are_weights_of_their_samples(self, blobs):
        X, y = blobs[:2]
        by_class = quick(class_weight={0: 3.0, 1: 1.0, 2: 0.5}, epochs=3).fit(X, y)
        by_sample = quick(epochs=3).fit(X, y, sample_weight=np.array([3.0, 1.0, 0.5])[y])
        assert same(by_class, by_sample)

    def test_balance_helps_the_rare_class(self):
        rng = np.random.default_rng(0)
        y = np.r_[np.zeros(190, int), np.ones(10, int)]
        X = rng.normal(size=(200, 2)) + y[:, None]
        plain, balanced = (
            (quick(class_weight=w).fit(X, y).predict(X[190:]) == 1).mean()
            for w in (None, "balanced")
        )
        assert balanced > plain + 0.3

    @pytest.mark.parametrize(
        ("weights", "message"),
        [
            ([1.0, 2.0], "vector of 3 weights"),
            ([1.0, -2.0, 1.0], "not negative"),
            ([1.0, np.nan, 1.0], "finite"),
            ([0, 0, 0], "non-zero"),
            ([0, 1, 1], "two classes"),
            (["a", "b", "c"], "must hold numbers"),
            ((X := [[0.0, 1.0]] * 3, [0, 1, 1]), r"validation=\(X, y\)"),
        ],
    )
    def test_weights_that_cannot_be(self, weights, message):
        with pytest.raises((TypeError, ValueError), match=message):
            quick().fit([[0.0, 1.0], [1.0, 0.0], [1.0, 1.0]], [0, 1, 1], weights)


class TestHeldOut:
    """What is not trained on."""

    def test_a_share_is_held_out_of_each_class(self, blobs):
        one = quick(epochs=2).fit(*blobs[:2], validation=0.2)
        assert set(one.history_) >= {"validation_loss", "validation_accuracy"}
        share = one.history_["validation_accuracy"][0] * 12  # of 20 of each of three classes
        assert share == pytest.approx(round(share))

    def test_training_stops_early_with_the_best_parameters(self, blobs):
        rng = np.random.default_rng(1)
        y = rng.permutation(blobs[1])  # nothing can be learnt
        one = quick(early_stopping=True, patience=3, epochs=200)
        one.fit(blobs[0], y, validation=blobs[2:])
        losses = one.history_["validation_loss"]
        assert len(losses) == np.argmin(losses) + 4 < 200
        p = one.predict_proba(blobs[2])[np.arange(30), blobs[3]]
        assert -np.log(p).mean() == pytest.approx(min(losses), rel=1e-5)

    def test_without_data_to_validate_with_some_are_held_out(self, blobs):
        one = quick(early_stopping=True, monitor="validation_accuracy", patience=2, epochs=100)
        one.fit(*blobs[:2])
        assert one.n_iter_ < 100
        assert one.score(*blobs[2:]) > 0.9

    @pytest.mark.parametrize(
        ("validation", "error", "message"),
        [
            (1.5, ValueError, "between 0 and 1, not 1.5"),
            (2, TypeError, "pair .* or the share"),
            ("0.2", TypeError, "pair .* or the share"),
            (0.01, ValueError, "nothing to validate with"),
            ((np.zeros((2, 2)),), TypeError, "is a pair"),
            ((np.zeros((2, 3)), [0, 1]), ValueError, "3 features"),
            ((np.zeros((2, 2)), [0, 9]), ValueError, r"no classes of this classifier: \[9\]"),
        ],
    )
    def test_what_cannot_be_validated_with(self, validation, error, message, blobs):
        with pytest.raises(error, match=message):
            quick().fit(*blobs[:2], validation=validation)


class TestGoingOn:
    """Training in several calls."""

    def test_warm_start_goes_on_from_the_parameters(self, blobs):
        one = quick(warm_start=True, epochs=10).fit(*blobs[:2])
        first = one.history_["loss"]
        assert one.fit(*blobs[:2]).history_["loss"][0] < first[0] / 2
        with pytest.raises(ValueError, match="warm_start goes on with the classes"):
            one.fit(blobs[0], blobs[1] == 0)
        assert one.score(*blobs[2:]) > 0.9

    def test_parts_of_the_data_are_learnt_one_after_another(self, blobs):
        one = quick()
        for _ in range(15):
            for rows in (slice(0, 30), slice(30, 60)):
                one.partial_fit(blobs[0][rows], blobs[1][rows], classes=[0, 1, 2])
        assert one.score(*blobs[2:]) >= 0.95
        assert one.n_iter_ == len(one.history_["loss"]) == 30

    def test_a_stored_one_goes_on_bit_for_bit(self, blobs):
        one = quick().partial_fit(*blobs[:2], classes=[0, 1, 2])
        other = pickle.loads(pickle.dumps(one))
        for _ in range(3):
            one.partial_fit(*blobs[:2])
            other.partial_fit(*blobs[:2])
        assert same(one, other)

    def test_a_part_that_fails_changes_nothing(self, blobs):
        one = quick(update="sgd").partial_fit(*blobs[:2], classes=[0, 1, 2])
        before = values(one)
        one.learning_rate = 1e308
        one._partial = None
        with pytest.raises(FloatingPointError):
            one.partial_fit(*blobs[:2])
        assert all(np.array_equal(before[name], v) for name, v in values(one).items())

    def test_classes_must_be_told_first_and_stay(self, blobs):
        with pytest.raises(ValueError, match="first call of partial_fit needs classes"):
            quick().partial_fit(*blobs[:2])
        one = quick().partial_fit(*blobs[:2], classes=[0, 1, 2])
        with pytest.raises(ValueError, match="those of the first call"):
            one.partial_fit(*blobs[:2], classes=[0, 1])
        with pytest.raises(ValueError, match="no classes of this"):
            one.partial_fit(blobs[0], blobs[1] + 1)


class TestOtherInputs:
    """Sparse matrices, symbols, images."""

    @pytest.mark.parametrize("form", [sparse.csr_array, sparse.coo_matrix, sparse.csc_matrix])
    def test_sparse_matrices_give_what_dense_ones_give(self, form, blobs):
        dense = quick(epochs=3).fit(*blobs[:2])
        one = quick(epochs=3).fit(form(blobs[0]), blobs[1])
        assert same(one, dense)
        assert np.array_equal(one.predict_proba(form(blobs[2])), dense.predict_proba(blobs[2]))

    def test_files_mapped_into_memory_are_read_by_batches(self, blobs, tmp_path):
        np.save(tmp_path / "X.npy", blobs[0])
        mapped = np.load(tmp_path / "X.npy", mmap_mode="r")
        assert same(quick(epochs=3).fit(mapped, blobs[1]), quick(epochs=3).fit(*blobs[:2]))

    def test_no_copy_is_made_of_large_data(self, tmp_path):
        X = np.zeros((2_000, 500), "float32")
        X[:, 0] = np.arange(2_000) % 2
        weights = np.ones(2_000)
        weights[:5] = 0
        given = {"X": X, "y": X[:, 0].astype(int), "sample_weight": weights, "validation": 0.5}
        quick((), epochs=1).fit(**given)  # what is compiled, and imported, is not counted
        tracemalloc.start()
        try:
            quick((), epochs=1).fit(**given)
            assert tracemalloc.get_traced_memory()[1] < X.nbytes
        finally:
            tracemalloc.stop()

    def test_symbols_are_looked_up(self):
        rng = np.random.default_rng(0)
        X = rng.integers(0, 10, size=(200, 3))
        y = np.where((X == 7).any(axis=1), "seven", "none")
        network = Sequential([Embedding(10, 4), Mean(), Dense(8, "relu"), Dense(2)])
        one = quick(network, epochs=30).fit(X, y)
        assert one.score(X, y) > 0.95
        assert one.fit(X.astype(float), y).score(X, y) > 0.95
        with pytest.raises(TypeError, match=r"looks rows up by integers.*no whole numbers"):
            one.fit(X + 0.5, y)
        with pytest.raises(ValueError, match="by numbers from 0 on, and X holds -1"):
            one.fit(X - 1, y)

    def test_images_have_more_axes(self):
        rng = np.random.default_rng(0)
        X = rng.normal(size=(60, 1, 3, 3))
        y = (X[:, 0, 1, 1] > 0).astype(int)
        one = quick(Sequential([Flat(), Dense(2)])).fit(X, y)
        assert one.score(X, y) > 0.9
        assert one.input_shape_ == (1, 3, 3)
        with pytest.raises(ShapeError, match=r"shape \(1, 3, 4\), and Classifier was fitted"):
            one.predict(np.zeros((1, 1, 3, 4)))
        with pytest.raises(ValueError, match="Found array with dim 4"):
            quick().fit(X, y)


class Mean(Dense):
    """The mean over the steps: no parameters."""

    def __init__(self):
        super().__init__(1)

    def declare(self, input_shape):
        return []

    def output_shape(self, input_shape):
        return (input_shape[0], input_shape[2])

    def expression(self, x):
        return x.mean(axis=1)


class Flat(Mean):
    """All axes but the first made one."""

    def output_shape(self, input_shape):
        return (input_shape[0], int(np.prod(input_shape[1:])))

    def expression(self, x):
        return x.flatten(2)


X = np.array([[0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
Y = np.array([0, 1, 1])
NAN = np.array([[0.0, 1.0], [1.0, np.nan], [1.0, 1.0]])


class TestBadInput:
    """What is refused, and with which words."""

    @pytest.mark.parametrize(
        ("features", "labels", "error", "message"),
        [
            (X[0], Y, ValueError, "Expected 2D array, got 1D array"),
            (X[:0], Y[:0], ValueError, r"0 sample\(s\)"),
            (X[:, :0], Y, ValueError, r"0 feature\(s\)"),
            (NAN, Y, ValueError, "the first is nan at row 1, column 1"),
            (X * 1e300, Y, ValueError, "too large for float32"),
            ([["a", "b"]] * 3, Y, ValueError, "numeric"),
            (np.array([["a", "b"]] * 3), Y, TypeError, "X must hold numbers"),
            (X, Y[:2], ShapeError, "inconsistent numbers of samples"),
            (X, [0.0, 1.0, np.nan], ValueError, "NaN or infinite"),
            (X, [0.5, 1.0, 2.0], ValueError, "Unknown label type: continuous"),
            (X, [1, 1, 1], ValueError, "two classes or more"),
            (X, None, ValueError, "requires y"),
            (X, np.array([1, "a", 2], dtype=object), TypeError, "cannot be sorted"),
            (X, np.array(["a", None, "b"], dtype=object), ValueError, "1 missing label"),
        ],
    )
    def test_data_that_cannot_be_trained_on(self, features, labels, error, message):
        one = quick(dtype="float32")
        with pytest.raises(error, match=message):
            one.fit(features, labels)
        with pytest.raises(NotFittedError):
            one.predict(X)

    @pytest.mark.parametrize("method", ["predict", "predict_proba"])
    def test_asking_before_fitting(self, method):
        with pytest.raises(NotFittedError, match="not fitted yet"):
            getattr(quick(), method)(X)

    def test_another_number_of_features(self, fitted):
        with pytest.raises(ValueError, match=r"X has 3 features, but Classifier is expecting 2"):
            fitted.predict(np.zeros((1, 3)))

    def test_a_network_with_another_number_of_outputs(self):
        with pytest.raises(ShapeError, match=r"must give \(samples, 2\) scores"):
            quick(Sequential([Dense(5)])).fit(X, Y)

    def test_a_rate_that_is_too_large_is_told_and_nothing_changes(self, blobs):
        one = quick(epochs=3).fit(*blobs[:2])
        before = one.predict_proba(blobs[2])
        one.learning_rate, one.update = 1e30, momentum
        with pytest.raises(FloatingPointError, match="try a smaller learning_rate"):
            one.fit(*blobs[:2])
        assert np.array_equal(one.predict_proba(blobs[2]), before)

    @pytest.mark.parametrize(
        ("keywords", "error", "message"),
        [
            ({"batch_size": 0}, ValueError, "batch_size must be at least 1"),
            ({"epochs": 0}, ValueError, "epochs must be at least 1"),
            ({"epochs": 1.5}, TypeError, "epochs must be an integer"),
            ({"dtype": "float16"}, ValueError, "dtype is"),
            ({"learning_rate": -0.1}, ValueError, "learning_rate must be a positive number"),
            ({"learning_rate": "fast"}, TypeError, "learning_rate must be a number"),
            ({"network": [3, 0]}, ValueError, "size of a hidden layer must be at least 1"),
            ({"l2": -1}, ValueError, "l2 must not be negative"),
            ({"clip_norm": 0}, ValueError, "clip_norm must be positive"),
            ({"label_smoothing": 1.0}, ValueError, "label_smoothing"),
            ({"class_weight": "rare"}, ValueError, "class_weight is 'balanced', or weights"),
            ({"class_weight": [1, 2]}, TypeError, "class_weight is a mapping"),
            ({"class_weight": {0: "x"}}, TypeError, r"class_weight\[0\] must be a number"),
            ({"class_weight": {0: -1}}, ValueError, r"class_weight\[0\] must be finite"),
            ({"class_weight": {0: 1, 7: 2}}, ValueError, r"class_weight names 7, and the classes"),
            ({"class_weight": {0: 0, 1: 0}}, ValueError, "must not be 0 for all classes"),
            ({"l2": None}, TypeError, "l2 must be a number"),
            ({"l1": np.inf}, ValueError, "l1 must be finite"),
            ({"early_stopping": "no"}, TypeError, "early_stopping is True or False"),
            ({"warm_start": 1}, TypeError, "warm_start is True or False"),
            ({"progress": "no"}, TypeError, "progress is True or False"),
            ({"monitor": 3}, TypeError, "monitor is a name"),
            ({"validation_fraction": 2.0}, ValueError, "validation_fraction is between 0 and 1"),
            ({"validation_fraction": "a"}, TypeError, "validation_fraction is a share"),
            ({"mask_value": "a"}, TypeError, "mask_value is a number"),
            ({"mask_value": np.nan}, ValueError, "mask_value is nan"),
            ({"random_state": -1}, ValueError, "random_state must not be negative"),
            ({"random_state": "x"}, TypeError, "random_state"),
            ({"callbacks": print}, TypeError, "callbacks is a list"),
            ({"patience": -1}, ValueError, "patience"),
            ({"early_stopping": True, "monitor": "score"}, ValueError, "watches 'score'"),
        ],
    )
    def test_settings_out_of_range(self, keywords, error, message):
        with pytest.raises(error, match=message):
            quick(**keywords).fit(X, Y)

    def test_large_features_are_hinted_at(self, blobs):
        X = blobs[0] * [1, 500]
        with pytest.warns(UnscaledFeaturesWarning, match="column 1 has values of about 7") as seen:
            quick(epochs=1).fit(X, blobs[1])
        assert seen[0].filename == __file__
        with pytest.warns(UnscaledFeaturesWarning, match="they have values of about"):
            quick(Sequential([Flat(), Dense(3)]), epochs=1).fit(X[:, :, None], blobs[1])


class TestSaving:
    """Parameters as arrays, and as pickles."""

    @pytest.fixture(params=["npz", "safetensors"])
    def path(self, request, tmp_path):
        if request.param == "safetensors":
            pytest.importorskip("safetensors")
        return tmp_path / f"classifier.{request.param}"

    @pytest.mark.parametrize("names", [["a", "bb", "ccc"], [10, -3, 7]])
    @pytest.mark.parametrize("dtype", ["float32", "float64"])
    def test_a_fresh_classifier_answers_alike(self, names, dtype, blobs, path):
        one = quick(epochs=3).fit(blobs[0].astype(dtype), np.array(names)[blobs[1]])
        one.save(path)
        other = quick().load(path)
        assert np.array_equal(other.predict(blobs[2]), one.predict(blobs[2]))
        assert np.array_equal(other.predict_proba(blobs[2]), one.predict_proba(blobs[2]))
        assert other.n_features_in_ == 2

    def test_a_pickle_answers_alike(self, fitted, blobs):
        other = pickle.loads(pickle.dumps(fitted))
        assert np.array_equal(other.predict_proba(blobs[2]), fitted.predict_proba(blobs[2]))
        assert other.history_ == fitted.history_

    def test_a_network_of_another_shape_refuses_and_stays_as_it_was(self, fitted, blobs, path):
        fitted.save(path)
        other = quick((5,)).fit(*blobs[:2])
        before = other.predict_proba(blobs[2])
        with pytest.raises(ShapeError, match="nothing was changed"):
            other.load(path)
        assert np.array_equal(other.predict_proba(blobs[2]), before)

    def test_a_file_of_something_else_is_refused(self, tmp_path):
        np.savez(tmp_path / "other.npz", a=np.zeros(3))
        with pytest.raises(ValueError, match="was it saved by a classifier"):
            quick().load(tmp_path / "other.npz")

    def test_a_file_that_claims_a_huge_network_takes_no_memory(self, tmp_path):
        np.savez(tmp_path / "huge.npz", classes=np.arange(2), input_shape=np.array([2**50]))
        with pytest.raises(ShapeError, match=r"missing: dense0\.W"):
            quick().load(tmp_path / "huge.npz")

    def test_saving_before_fitting(self, path):
        with pytest.raises(NotFittedError):
            quick().save(path)

    def test_files_hold_numbers_only(self, fitted, path):
        fitted.save(path)
        assert {a.dtype.kind for a in load_arrays(path).values()} <= set("biuf")
