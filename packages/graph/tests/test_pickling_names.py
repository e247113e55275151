"""The functions of the language can be stored: they are found again by their names."""

import pickle

import pytest
from bitale_graph import language


@pytest.mark.parametrize(
    "name", [n for n in dir(language) if n[0] != "_" and callable(getattr(language, n))]
)
def test_a_function_of_the_language_can_be_pickled(name):
    given = getattr(language, name)
    found = pickle.loads(pickle.dumps(given))
    assert found == given or type(found) is type(given)
