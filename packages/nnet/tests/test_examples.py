import doctest
from importlib import import_module

import numpy as np
import pytest

MODULES = ["estimators.classifier", "estimators.regressor", "layers.custom_recurrent"]
MODULES += [f"layers.{name}" for name in ("expression", "inverse", "network", "passes", "places")]
MODULES += ["layers.shaping", "layers.summary"]
MODULES += ["training.callbacks", "training.history", "training.trainer"]


@pytest.mark.parametrize("module", MODULES)
def test_the_examples_in_docstrings_run(module):
    found = doctest.testmod(import_module(f"bitale_nnet.{module}"), extraglobs={"np": np})
    assert found.attempted > 0
    assert found.failed == 0
