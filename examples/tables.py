"""Learn from three tables that scikit-learn has: two of classes, one of numbers.

    python examples/tables.py

Each network is judged by samples that it has not seen, in five ways of leaving some out.
"""

import sys

from bitale_nnet import Classifier, Regressor
from sklearn.datasets import load_breast_cancer, load_diabetes, load_wine
from sklearn.linear_model import LinearRegression
from sklearn.model_selection import cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler


def judge(name, estimator, data, least):
    """Tell the mean score over what was left out; whether it is what it must be."""
    X, y = data
    score = cross_val_score(make_pipeline(StandardScaler(), estimator), X, y).mean()
    print(f"{name}: {X.shape[0]} samples of {X.shape[1]} features, score {score:.4f}")
    return score >= least


def main():
    """Judge a network for each table; the exit status is 0 if all are good."""
    shared = {"epochs": 40, "random_state": 0}
    cancer = Classifier([32], weight_decay=0.1, **shared)
    wine = Classifier([32], learning_rate=0.005, **shared)
    # Few samples and much noise: a line does as well, and a penalty keeps the network near one.
    diabetes = Regressor([32], activation="tanh", loss="huber_loss", l2=0.05, **shared)
    good = [
        judge("breast cancer", cancer, load_breast_cancer(return_X_y=True), 0.965),
        judge("wine", wine, load_wine(return_X_y=True), 0.965),
        judge("diabetes", diabetes, load_diabetes(return_X_y=True), 0.45),
        judge("diabetes, a line", LinearRegression(), load_diabetes(return_X_y=True), 0.45),
    ]
    return 0 if all(good) else 1


if __name__ == "__main__":
    sys.exit(main())
