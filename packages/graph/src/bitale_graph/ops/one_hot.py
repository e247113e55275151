"""Classes as rows of zeros with a one."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..base import dtype as dtypes
from ..base.errors import DtypeError, ShapeError, describe
from ..ops import math as tm
from ..tensor.conversion import as_tensor
from ..tensor.elementwise import cast
from ..tensor.variable import TensorVariable
from .assertion import Assert
from .axes import shape_padright
from .creation import arange
from .shape import as_lengths


def to_one_hot(y: Any, nb_class: Any, dtype: str | None = None) -> TensorVariable:
    """For each class in the vector ``y`` a row that is one there, and zero elsewhere.

    Parameters
    ----------
    y : integer vector
        Negative ones count from the last class.
    nb_class : int or 0-d integer variable
        How many classes there are.
    dtype : str, optional
        By default ``floatX``.

    Raises
    ------
    IndexError
        For a class that is not there, when it runs.
    """
    y = as_tensor(y)
    if y.ndim != 1:
        raise ShapeError(f"to_one_hot takes a vector of classes, and got {describe(y)}")
    if not dtypes.is_discrete(y.type.dtype):
        raise DtypeError(f"to_one_hot takes integers, and got {describe(y)}")
    (count,) = as_lengths("to_one_hot", [nb_class])
    y = cast(y, "int64")
    at = tm.switch(tm.lt(y, 0), tm.add(y, count), y)
    is_there = tm.and_(tm.ge(at, 0), tm.lt(at, count))
    at = Assert("to_one_hot: a class is not below nb_class", "IndexError")(at, is_there)
    zero, one = (as_tensor(np.asarray(v, dtypes.check(dtype or "floatX"))) for v in (0, 1))
    return tm.switch(tm.eq(shape_padright(at), arange(count)), one, zero)
