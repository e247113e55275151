import doctest
from importlib import import_module

import pytest


@pytest.mark.parametrize("module", ["grad", "check", "markers"])
def test_the_examples_in_docstrings_run(module):
    found = doctest.testmod(import_module(f"bitale_autodiff.{module}"))
    assert found.attempted > 0
    assert found.failed == 0
