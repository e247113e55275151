"""What scikit-learn asks of each estimator: all of its own checks, and none is expected to fail."""

import pytest
from bitale_nnet import Classifier, Regressor
from sklearn.utils.estimator_checks import parametrize_with_checks

# As they are by default but for the time: fewer and larger steps. The checks give features of any
# size, which the estimators warn of, as they should.
QUICK = {"epochs": 30, "batch_size": 128, "learning_rate": 0.01}


@pytest.mark.filterwarnings("ignore::bitale_nnet.UnscaledFeaturesWarning")
@parametrize_with_checks([Classifier(**QUICK), Regressor(**QUICK)])
def test_checks_of_scikit_learn(estimator, check):
    check(estimator)
