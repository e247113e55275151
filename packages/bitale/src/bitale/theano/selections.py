"""Functions of ``theano.tensor.subtensor`` that take and write selections by their indices."""

from __future__ import annotations

from typing import Any

import bitale.tensor as T


def advanced_subtensor(x: Any, *index: Any) -> Any:
    """``x[index]``."""
    return T.as_tensor_variable(x)[index]


def advanced_subtensor1(x: Any, ilist: Any) -> Any:
    """The rows of ``x`` at the places of a vector."""
    return T.as_tensor_variable(x)[ilist]


def advanced_inc_subtensor(x: Any, y: Any, *index: Any) -> Any:
    """``x`` with ``y`` added at ``index``."""
    return T.inc_subtensor(T.as_tensor_variable(x)[index], y)


def advanced_set_subtensor(x: Any, y: Any, *index: Any) -> Any:
    """``x`` with ``y`` at ``index``."""
    return T.set_subtensor(T.as_tensor_variable(x)[index], y)


def advanced_inc_subtensor1(x: Any, y: Any, ilist: Any) -> Any:
    """``x`` with ``y`` added to the rows at the places of a vector."""
    return T.inc_subtensor(T.as_tensor_variable(x)[ilist], y)


def advanced_set_subtensor1(x: Any, y: Any, ilist: Any) -> Any:
    """``x`` with ``y`` as the rows at the places of a vector."""
    return T.set_subtensor(T.as_tensor_variable(x)[ilist], y)


advanced_boolean_subtensor = advanced_subtensor
advanced_boolean_inc_subtensor = advanced_inc_subtensor
advanced_boolean_set_subtensor = advanced_set_subtensor

# fmt: off
__all__ = [
    "advanced_boolean_inc_subtensor", "advanced_boolean_set_subtensor",
    "advanced_boolean_subtensor", "advanced_inc_subtensor", "advanced_inc_subtensor1",
    "advanced_set_subtensor", "advanced_set_subtensor1", "advanced_subtensor",
    "advanced_subtensor1",
]
# fmt: on
