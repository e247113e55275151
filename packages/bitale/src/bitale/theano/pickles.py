"""What ``theano.misc.pkl_utils`` has for pickles of Python 2."""

import pickle
from typing import Any

DEFAULT_PROTOCOL = pickle.DEFAULT_PROTOCOL
HIGHEST_PROTOCOL = pickle.HIGHEST_PROTOCOL


class CompatUnpickler(pickle.Unpickler):
    """Reads pickles that Python 2 wrote too: their arrays and texts are read as latin-1."""

    def __init__(self, file: Any, **keywords: Any) -> None:
        super().__init__(file, **{"encoding": "latin1", **keywords})


__all__ = ["DEFAULT_PROTOCOL", "HIGHEST_PROTOCOL", "CompatUnpickler"]
