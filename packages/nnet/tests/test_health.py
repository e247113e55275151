"""What `doctor` finds of what training uses beside NumPy."""

from bitale_graph.health import BROKEN, OK
from bitale_nnet import health


def test_what_is_needed_is_there_and_the_rest_says_how_to_have_it(monkeypatch):
    found = {one.key: one for one in health.findings()}
    assert found["networks.scikit-learn"].state == OK
    assert found["networks.tqdm"].facts["version"]
    monkeypatch.setattr(health.importlib.util, "find_spec", lambda name: None)
    found = {one.key: one for one in health.findings()}
    assert found["networks.tqdm"].state == BROKEN
    assert found["networks.tqdm"].cure == "pip install tqdm"
    assert found["networks.matplotlib"].state == OK
    assert "pip install 'bitale-nnet[plot]'" in found["networks.matplotlib"].words
