"""What Theano has at its top and bitale has not."""

import logging
import sys
from typing import Any

import numpy as np

__version__ = "1.0.5"
__api_version__ = 1
enable_sparse = True  # sparse matrices are there where SciPy is

_asarray = np.asarray
PY3 = True
theano_logger = logging.getLogger("theano")


def __getattr__(name: str) -> Any:
    if name == "theano":  # Theano's own modules put it there, and programs import it from there
        return sys.modules["theano"]
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
