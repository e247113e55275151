"""What scikit-learn asks of each estimator: all of its own checks, and none is expected to fail."""

import unittest

import pytest
from bitale_nnet import Classifier, Regressor
from sklearn.utils.estimator_checks import parametrize_with_checks

# As they are by default but for the time: fewer and larger steps. The checks give features of any
# size, which the estimators warn of, as they should.
QUICK = {"epochs": 30, "batch_size": 128, "learning_rate": 0.01}
# With names that differ: scikit-learn 1.6 has a check twice.
CASES = [
    pytest.param(estimator, check, id=f"{i}-{type(estimator).__name__}-{check.func.__name__}")
    for i, (estimator, check) in enumerate(
        parametrize_with_checks([Classifier(**QUICK), Regressor(**QUICK)]).args[1]
    )
]


@pytest.mark.filterwarnings("ignore::bitale_nnet.UnscaledFeaturesWarning")
@pytest.mark.parametrize(("estimator", "check"), CASES)
def test_checks_of_scikit_learn(estimator, check):
    try:
        check(estimator)
    except unittest.SkipTest as error:  # for what is not installed here
        pytest.skip(str(error))
