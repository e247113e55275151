"""Names of Theano's for what a tensor of rank 0 is here: there is no other kind of scalar."""

from __future__ import annotations

from typing import Any

from ..base.errors import ShapeError, describe
from ..tensor.conversion import as_tensor
from ..tensor.variable import TensorVariable
from .shape import MakeVector

make_vector = MakeVector("int64")


def tensor_from_scalar(x: Any) -> TensorVariable:
    """``x`` as a tensor of rank 0.

    Raises
    ------
    ShapeError
        If it has axes.
    """
    made: TensorVariable = as_tensor(x)
    if made.ndim:
        raise ShapeError(f"expected a scalar, and got {describe(made)}")
    return made


scalar_from_tensor = tensor_from_scalar
