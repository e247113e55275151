"""Parameters of estimators that cannot be, told by `fit`."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from .. import updates
from ..functional import ACTIVATIONS
from ..layers.naming import by_name
from ..training.schedules import as_schedule
from ..training.trainer import check_callbacks, check_count, check_factors


def check_parameters(estimator: Any) -> None:
    """Raise `TypeError` or `ValueError` for parameters that all estimators have."""
    for name in ("batch_size", "epochs"):
        check_count(name, getattr(estimator, name), 1)
    check_count("patience", estimator.patience, 0)
    if estimator.dtype not in ("float32", "float64", None):
        raise ValueError(f"dtype is 'float32' or 'float64', not {estimator.dtype!r}")
    names = ("l1", "l2", "weight_decay", "clip_norm", "clip_value", "min_delta")
    check_factors(**{name: getattr(estimator, name) for name in names})
    for name in ("early_stopping", "warm_start"):
        check_flag(name, getattr(estimator, name))
    if estimator.progress is not None:
        check_flag("progress", estimator.progress)
    as_schedule(estimator.learning_rate)
    by_name("update", estimator.update, updates.RULES)
    by_name("activation", estimator.activation, ACTIVATIONS)
    check_callbacks(estimator.callbacks)
    if not isinstance(estimator.monitor, str):
        raise TypeError(f"monitor is a name in history_, not {estimator.monitor!r}")
    _check_share(estimator.validation_fraction)
    _check_mask_value(estimator.mask_value)


def check_flag(name: str, value: Any) -> None:
    """Raise `TypeError` unless it is True or False: a text such as "no" would be true."""
    if not isinstance(value, (bool, np.bool_)):
        raise TypeError(f"{name} is True or False, not {value!r}")


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float, np.number)) and not isinstance(value, bool)


def _check_share(share: Any) -> None:
    if not _is_number(share):
        raise TypeError(f"validation_fraction is a share of the samples, not {share!r}")
    if not 0 < share < 1:
        raise ValueError(f"validation_fraction is between 0 and 1, not {share!r}")


def _check_mask_value(value: Any) -> None:
    if value is None:
        return
    if not _is_number(value):
        raise TypeError(f"mask_value is a number, or None, not {value!r}")
    if not math.isfinite(value):
        raise ValueError(f"mask_value is {value!r}, and X may hold no such value; fill it with one")


def seed_of(random_state: Any) -> int:
    """The integer of a ``random_state``, or one that it draws."""
    if isinstance(random_state, np.random.RandomState):
        return int(random_state.randint(2**31 - 1))
    if isinstance(random_state, bool) or not isinstance(random_state, (int, np.integer)):
        raise TypeError(f"random_state is an integer, a RandomState or None, not {random_state!r}")
    if random_state < 0:
        raise ValueError(f"random_state must not be negative, and is {random_state}")
    return int(random_state)
