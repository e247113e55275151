"""Classifier and Regressor among what people use them with: dataframes, pipelines and searches."""

import io
import pickle
import unittest

import numpy as np
import pandas as pd
import pytest
from bitale_nnet import (
    GRU,
    Classifier,
    Dense,
    Embedding,
    History,
    Regressor,
    Sequential,
    UnscaledFeaturesWarning,
)
from sklearn.base import clone
from sklearn.compose import make_column_transformer
from sklearn.datasets import load_breast_cancer, load_diabetes
from sklearn.model_selection import (
    GridSearchCV,
    RandomizedSearchCV,
    cross_val_score,
    train_test_split,
)
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from sklearn.utils.estimator_checks import parametrize_with_checks

CASES = [
    pytest.param(estimator, check, id=f"{i}-{type(estimator).__name__}-{check.func.__name__}")
    for i, (estimator, check) in enumerate(
        parametrize_with_checks([Classifier(), Regressor()]).args[1]
    )
]


@pytest.mark.filterwarnings("ignore::bitale_nnet.UnscaledFeaturesWarning")
@pytest.mark.parametrize(("estimator", "check"), CASES)
def test_checks_of_scikit_learn_hold_by_default(estimator, check):
    try:
        check(estimator)
    except unittest.SkipTest as error:  # for what is not installed here
        pytest.skip(str(error))


def table(n=120):
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(
        {
            "age": rng.integers(18, 80, n),
            "income": rng.normal(40_000, 9_000, n).round(),
            "city": rng.choice(["Ulm", "Kiel", "Bremen"], n),
            "owns": rng.random(n) < 0.5,
        }
    )
    right = frame["owns"] | (frame["city"] == "Kiel")
    return frame, np.where(right, "yes", "no")


def test_a_file_of_mixed_columns_is_learnt():
    frame, answer = table()
    text = frame.assign(answer=answer).to_csv(index=False)
    read = pd.read_csv(io.StringIO(text))
    X, y = read.drop(columns="answer"), read["answer"]
    columns = make_column_transformer((OneHotEncoder(), ["city"]), remainder=StandardScaler())
    model = make_pipeline(columns, Classifier(32, learning_rate=0.02, random_state=0))
    assert cross_val_score(model, X, y, cv=3).mean() > 0.9
    assert set(model.fit(X, y).predict(X)) == {"no", "yes"}
    assert model[-1].classes_.tolist() == ["no", "yes"]


def test_columns_that_are_no_numbers_are_named():
    frame, answer = table()
    with pytest.raises(TypeError, match=r"'city' \(.*OneHotEncoder"):
        Classifier().fit(frame, answer)
    frame["city"] = frame["city"].astype("category")
    with pytest.raises(TypeError, match=r"'city' \(categories\)"):
        Classifier().fit(frame, answer)
    frame["city"] = pd.to_datetime("2024-01-01")
    with pytest.raises(TypeError, match=r"'city' \(dtype datetime64"):
        Classifier().fit(frame, answer)
    frame["city"] = pd.Series([1, None] * 60, dtype="Int64")
    with pytest.raises(ValueError, match=r"missing values \(NaN\) in the columns 'city' \(60\)"):
        Classifier().fit(frame, answer)
    frame["city"] = np.inf
    with pytest.raises(ValueError, match="the first is inf at row 0, column 'city'"):
        Classifier().fit(frame, answer)


@pytest.mark.parametrize("dtype", ["Int8", "Int64", "Float32", "boolean", "uint16", "bool", object])
def test_columns_of_numbers_of_any_kind(dtype):
    frame, answer = table()
    X = pd.DataFrame({"owns": frame["owns"].astype(dtype), "age": frame["age"] / 80})
    one = Classifier(8, epochs=3, random_state=0).fit(X, pd.Series(answer, dtype="category"))
    assert one.feature_names_in_.tolist() == ["owns", "age"]
    assert one.predict(X).shape == (120,)
    with pytest.raises(ValueError, match="feature names should match"):
        one.predict(X.rename(columns={"age": "years"}))


def test_names_of_columns_are_saved(tmp_path):
    frame, answer = table()
    X = frame[["age", "owns"]] / [80, 1]
    one = Classifier(8, epochs=3, random_state=0).fit(X, answer)
    one.save(tmp_path / "c.npz")
    other = Classifier(8).load(tmp_path / "c.npz")
    assert other.feature_names_in_.tolist() == ["age", "owns"]
    assert np.array_equal(other.predict_proba(X), one.predict_proba(X))


def test_the_hint_names_the_column():
    frame, answer = table()
    with pytest.warns(UnscaledFeaturesWarning, match=r"'income'.*StandardScaler"):
        Classifier(8, epochs=1).fit(frame[["age", "income"]], answer)


def test_pipelines_are_cross_validated():
    X, y = load_breast_cancer(return_X_y=True)
    scores = cross_val_score(make_pipeline(StandardScaler(), Classifier(random_state=0)), X, y)
    assert len(scores) == 5
    assert scores.mean() > 0.95


def test_a_search_in_two_processes_gives_what_one_gives():
    X, y = load_breast_cancer(return_X_y=True)
    pipeline = make_pipeline(StandardScaler(), Classifier(epochs=5, random_state=0))
    grid = {"classifier__network": [(4,), (16,)], "classifier__update": ["adam", "sgd"]}
    one, two = (GridSearchCV(pipeline, grid, n_jobs=n, cv=2).fit(X[::3], y[::3]) for n in (1, 2))
    assert one.best_params_ == two.best_params_
    assert np.array_equal(one.cv_results_["mean_test_score"], two.cv_results_["mean_test_score"])
    assert two.score(X, y) > 0.85


def test_copies_and_pickles_of_fitted_ones():
    X, y = load_diabetes(return_X_y=True)
    X_train, X_test, y_train, y_test = train_test_split(X * 20, y, random_state=0)
    network = Sequential([Dense(16, "tanh"), Dense(1)])
    one = Regressor(network, epochs=30, learning_rate=0.003, random_state=0)
    one.fit(X_train, y_train, validation=0.2)
    assert one.score(X_test, y_test) > 0.3
    assert isinstance(one.history_, History)
    again = clone(one)
    assert not hasattr(again, "network_")
    assert np.array_equal(
        again.fit(X_train, y_train, validation=0.2).predict(X_test), one.predict(X_test)
    )
    assert np.array_equal(pickle.loads(pickle.dumps(one)).predict(X_test), one.predict(X_test))


def test_sequences_of_symbols_are_classified_with_their_padding():
    rng = np.random.default_rng(0)
    lengths = rng.integers(2, 9, 300)
    X = np.zeros((300, 8), "int64")
    for row, n in zip(X, lengths, strict=True):
        row[:n] = rng.integers(1, 6, n)
    last = X[np.arange(300), lengths - 1]
    network = Sequential([Embedding(6, 8), GRU(16), Dense(2)])
    one = Classifier(network, mask_value=0, epochs=25, learning_rate=0.02, random_state=0)
    one.fit(X[:200], last[:200] > 3)
    assert one.score(X[200:], last[200:] > 3) > 0.95


def test_the_mistakes_of_a_first_day():
    X, y = load_breast_cancer(return_X_y=True)
    X = StandardScaler().fit_transform(X)
    one = Classifier(16, update="adam", epochs=10, random_state=0)
    assert one.fit(X, y, validation=0.2).score(X, y) > 0.9
    with pytest.raises(ValueError, match=r"learning_rate must be a positive number.*-0\.1"):
        Classifier(learning_rate=-0.1).fit(X, y)
    with pytest.raises(TypeError, match="unexpected keyword argument 'seed'"):
        Classifier(seed=3)
    one.set_params(epochs=3)
    search = RandomizedSearchCV(one, {"network": [[4], [8]]}, n_iter=2, cv=2, random_state=0)
    assert search.fit(X[:100], y[:100]).best_params_["network"] in ([4], [8])
