import numpy as np
import pytest
from bitale_graph import config


@pytest.fixture(autouse=True)
def graph_alone():
    """Run what is written, on NumPy, whatever other layers are installed."""
    with config.change_flags(mode="Mode", linker="numpy", optimizer="None"):
        yield


@pytest.fixture
def rng():
    return np.random.default_rng(1)
