import numpy as np
import pytest
from bitale_graph.base.errors import ShapeError
from bitale_nnet import Classifier, Dense, NotFittedError, Sequential, momentum
from bitale_nnet.functional import tanh


@pytest.fixture(scope="module")
def blobs():
    """Three clouds in a plane that hardly touch: 60 points to learn from, 30 held out."""
    rng = np.random.default_rng(0)
    places = np.array([[0, 2], [2, -1], [-2, -1]])
    y = np.tile([0, 1, 2], 30)
    X = places[y] + 0.4 * rng.normal(size=(90, 2))
    return X[:60], y[:60], X[60:], y[60:]


def quick(network=(8,), **keywords):
    settings = {"learning_rate": 0.02, "epochs": 25, "batch_size": 16, "progress": False}
    return Classifier(network, **{**settings, **keywords})


@pytest.fixture(scope="module")
def fitted(blobs):
    return quick().fit(*blobs[:2], validation=blobs[2:])


class TestLearning:
    """What comes out."""

    def test_it_learns(self, fitted, blobs):
        assert fitted.score(*blobs[2:]) >= 0.95

    def test_history_has_a_number_for_each_epoch(self, fitted):
        assert set(fitted.history) == {
            "loss",
            "accuracy",
            "validation_loss",
            "validation_accuracy",
        }
        assert {len(values) for values in fitted.history.values()} == {25}
        assert fitted.history["loss"][-1] < fitted.history["loss"][0] / 3
        assert fitted.history["validation_accuracy"][-1] == fitted.score(*self.held_out())

    @staticmethod
    def held_out():
        rng = np.random.default_rng(0)
        places = np.array([[0, 2], [2, -1], [-2, -1]])
        y = np.tile([0, 1, 2], 30)
        X = places[y] + 0.4 * rng.normal(size=(90, 2))
        return X[60:], y[60:]

    def test_probabilities_sum_to_one_and_agree_with_the_labels(self, fitted, blobs):
        p = fitted.predict_proba(blobs[2])
        assert p.shape == (30, 3)
        assert np.allclose(p.sum(axis=1), 1)
        assert np.array_equal(fitted.classes[p.argmax(axis=1)], fitted.predict(blobs[2]))

    def test_the_same_seed_gives_the_same_parameters(self, blobs):
        first, second, other = (quick(seed=s, epochs=2).fit(*blobs[:2]) for s in (4, 4, 5))
        a, b, c = (one.layer.get_values()["dense0.W"] for one in (first, second, other))
        assert np.array_equal(a, b)
        assert not np.array_equal(a, c)

    @pytest.mark.parametrize("dtype", ["float32", "float64"])
    def test_it_computes_in_the_dtype_asked_for(self, dtype, blobs):
        one = quick(dtype=dtype, epochs=1).fit(*blobs[:2])
        assert {v.dtype.name for v in one.layer.get_values().values()} == {dtype}

    @pytest.mark.parametrize(
        "names", [["a", "bb", "ccc"], [10, -3, 7], [0.5, 1.5, -1.0], [b"x", b"y", b"z"]]
    )
    def test_labels_are_of_any_kind(self, names, blobs):
        X, y, X_test, y_test = blobs
        names = np.array(names)
        one = quick().fit(X, names[y])
        assert one.predict(X_test).dtype == names.dtype
        assert one.score(X_test, names[y_test]) >= 0.95

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
        free, bound = (quick(l2=factor).fit(*blobs[:2]) for factor in (0.0, 0.1))
        sizes = [np.square(one.layer.get_values()["dense0.W"]).sum() for one in (free, bound)]
        assert sizes[1] < sizes[0] / 2

    def test_no_hidden_layer_is_logistic_regression(self, blobs):
        assert quick((), learning_rate=0.1).fit(*blobs[:2]).score(*blobs[2:]) >= 0.95

    def test_fitting_again_starts_afresh(self, blobs):
        one = quick(epochs=2)
        first = one.fit(*blobs[:2]).layer.get_values()
        second = one.fit(*blobs[:2]).layer.get_values()
        assert all(np.array_equal(first[name], second[name]) for name in first)

    def test_the_bar_is_shown_on_standard_error_only_when_asked_for(self, blobs, capfd):
        quick(epochs=1, progress=False).fit(*blobs[:2])
        assert capfd.readouterr() == ("", "")
        quick(epochs=1, progress=True).fit(*blobs[:2])
        out, err = capfd.readouterr()
        assert out == ""
        assert "training" in err


X = np.array([[0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
Y = np.array([0, 1, 1])
NAN = np.array([[0.0, 1.0], [1.0, np.nan], [1.0, 1.0]])


class TestBadInput:
    """What is refused, and with which words."""

    @pytest.mark.parametrize(
        ("features", "labels", "error", "message"),
        [
            (X[0], Y, ShapeError, r"X must be a matrix .* \(2,\); one sample is X\[None, :\]"),
            (X[:0], Y[:0], ShapeError, "no samples or no features"),
            (X[:, :0], Y, ShapeError, "no samples or no features"),
            (NAN, Y, ValueError, "the first is nan at row 1, column 1"),
            (X * 1e300, Y, ValueError, "too large for float32"),
            ([["a", "b"]] * 3, Y, TypeError, "X must hold numbers"),
            (X, Y[:2], ShapeError, "vector of 3 labels"),
            (X, Y[:, None], ShapeError, r"made flat by y\.ravel\(\)"),
            (X, [0.0, 1.0, np.nan], ValueError, "NaN or infinite"),
            (X, [1, 1, 1], ValueError, "two classes or more"),
            (X, np.array([1, "a", None], dtype=object), TypeError, "cannot be sorted"),
        ],
    )
    def test_data_that_cannot_be_trained_on(self, features, labels, error, message):
        one = quick()
        with pytest.raises(error, match=message):
            one.fit(features, labels)
        with pytest.raises(NotFittedError):
            one.predict(X)

    @pytest.mark.parametrize("method", ["predict", "predict_proba"])
    def test_asking_before_fitting(self, method):
        with pytest.raises(NotFittedError, match="call fit or load first"):
            getattr(quick(), method)(X)

    def test_another_number_of_features(self, fitted):
        with pytest.raises(ShapeError, match=r"X has 3 features, and the classifier .* with 2"):
            fitted.predict(np.zeros((1, 3)))

    @pytest.mark.parametrize("label", [7, "a"])
    def test_labels_that_were_not_there(self, fitted, label):
        with pytest.raises(ValueError, match="not there in fit"):
            fitted.score(X, np.array([label] * 3))

    def test_validation_labels_that_were_not_there(self):
        with pytest.raises(ValueError, match="not there in fit"):
            quick().fit(X, Y, validation=(X, [0, 1, 2]))

    def test_a_network_with_another_number_of_outputs(self):
        with pytest.raises(ShapeError, match=r"must give \(samples, 2\) scores"):
            quick(Sequential([Dense(5)])).fit(X, Y)

    def test_a_rate_that_is_too_large_is_told_and_nothing_changes(self, fitted, blobs):
        one = quick(epochs=3).fit(*blobs[:2])
        before = one.predict_proba(blobs[2])
        one.learning_rate, one.update = 1e30, momentum
        with pytest.raises(FloatingPointError, match="try a smaller learning_rate"):
            one.fit(*blobs[:2])
        assert np.array_equal(one.predict_proba(blobs[2]), before)

    @pytest.mark.parametrize("keywords", [{"batch_size": 0}, {"epochs": 0}, {"dtype": "float16"}])
    def test_settings_out_of_range(self, keywords):
        with pytest.raises(ValueError, match=r"must be at least 1|dtype is"):
            quick(**keywords)


class TestSaving:
    """Parameters as arrays."""

    @pytest.fixture(params=["npz", "safetensors"])
    def path(self, request, tmp_path):
        if request.param == "safetensors":
            pytest.importorskip("safetensors")
        return tmp_path / f"classifier.{request.param}"

    @pytest.mark.parametrize("names", [["a", "bb", "ccc"], [10, -3, 7]])
    def test_a_fresh_classifier_answers_alike(self, names, blobs, path):
        one = quick(epochs=3).fit(blobs[0], np.array(names)[blobs[1]])
        one.save(path)
        other = quick().load(path)
        assert np.array_equal(other.predict(blobs[2]), one.predict(blobs[2]))
        assert np.array_equal(other.predict_proba(blobs[2]), one.predict_proba(blobs[2]))

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
        np.savez(tmp_path / "huge.npz", classes=np.arange(2), n_features=np.array([2**50]))
        with pytest.raises(ShapeError, match=r"missing: dense0\.W"):
            quick().load(tmp_path / "huge.npz")

    def test_saving_before_fitting(self, path):
        with pytest.raises(NotFittedError):
            quick().save(path)
