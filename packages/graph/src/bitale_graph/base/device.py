"""The names of devices."""

from __future__ import annotations

import re
from typing import Any

from .errors import ConfigError, nearest

_DEVICE = re.compile(r"(cpu)|(?:cuda|gpu)(\d*)|emulated(\d*)")


def is_device(name: Any) -> bool:
    """Whether it is the name of a device."""
    return isinstance(name, str) and _DEVICE.fullmatch(name) is not None


def known_device(name: Any) -> str:
    """The device meant by a name: "cpu", "cuda0", ..., or "emulated0", which the CPU emulates.

    Raises
    ------
    ConfigError
        If it is the name of none.
    """
    found = _DEVICE.fullmatch(name) if isinstance(name, str) else None
    if found is None:
        hint = nearest(name, ("cpu", "cuda", "cuda0", "gpu", "emulated"))
        raise ConfigError(
            f"there is no device {name!r}; devices are cpu, cuda, cuda0, cuda1, ... (or gpu, gpu0, "
            f"...), and emulated{hint}"
        )
    if found[1]:
        return "cpu"
    kind = "emulated" if found[3] is not None else "cuda"
    return f"{kind}{int(found[2] or found[3] or 0)}"
