"""Functions of networks that give arrays for arrays, as Theano's do."""

from __future__ import annotations

from typing import Any

import numpy as np

from bitale import Variable
from bitale.tensor import nnet


def relu(x: Any, alpha: Any = 0) -> Any:
    """Rectify ``x``: an array where it is one and ``alpha`` is 0, else an expression."""
    if isinstance(x, Variable) or isinstance(alpha, Variable) or alpha != 0:
        return nnet.relu(x, alpha)
    return 0.5 * (x + np.abs(x))
