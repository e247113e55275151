"""Where a variable is computed, as Theano's programs say it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..base.device import known_device
from ..base.errors import ConfigError
from ..tensor.conversion import as_tensor

Transfer = Callable[[Any, Any], Any]

_transfers: list[Transfer] = []


def register_transfer(fn: Transfer) -> None:
    """Let ``fn(x, target)`` try what `transfer` is asked for: it gives a variable, or None."""
    _transfers.append(fn)


def transfer(x: Any, target: str | None) -> Any:
    """``x`` on a device.

    A function runs on one device, and its results are on the host, so ``x`` itself is given for
    every device that there can be: where a function runs is said by ``config.device`` or its mode,
    and of a shared variable by ``shared(value, target=)``.

    Parameters
    ----------
    x : tensor
    target : str or None
        "cpu", "cuda0", ...; None for what ``config.device`` says.

    Raises
    ------
    ValueError
        If no device is called so, and nothing registered knows it.
    """
    x = as_tensor(x)
    for fn in reversed(_transfers):
        found = fn(x, target)
        if found is not None:
            return found
    if target is not None:
        try:
            known_device(target)
        except ConfigError as error:
            raise ValueError(f"transfer: {error}") from None
    return x
