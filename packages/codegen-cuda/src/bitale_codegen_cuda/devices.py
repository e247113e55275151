"""The devices of this process by their names, each started when it is first asked for."""

from __future__ import annotations

import functools
import os
import re
import threading
from typing import Any

from bitale_graph.extend import keep_across_fork

from .base.errors import NoDeviceError
from .driver.driver import Driver

_lock = threading.RLock()
_devices: dict[str, Driver] = {}
_process = os.getpid()
keep_across_fork(_lock)


def device_of(name: str) -> Driver:
    """The device of a name such as "cuda0" or "emulated0".

    Raises
    ------
    NoDeviceError
        If there is none, with what is missing.
    """
    global _process  # noqa: PLW0603 (one for the process)
    with _lock:
        if os.getpid() != _process:
            # What a process has of a device does not outlive a fork.
            _devices.clear()
            _process = os.getpid()
        if name not in _devices:
            _devices[name] = _started(name)
        return _devices[name]


def _started(name: str) -> Driver:
    found = re.fullmatch(r"(cuda|emulated)(\d+)", name)
    if found is None:
        raise NoDeviceError(f"there is no device {name!r}")
    if found[1] == "emulated":
        from .driver.emulated import EmulatedDriver

        return EmulatedDriver(name)
    from .compiler.kept import KeptNvrtc
    from .compiler.nvrtc import find_nvrtc
    from .driver.cuda_driver import CudaDriver
    from .driver.cuda_library import CudaLibrary
    from .kernel.dialect import prelude

    compiler = KeptNvrtc(find_nvrtc(newest=CudaLibrary().version()[0]))
    return CudaDriver(int(found[2]), prelude(), compiler)


def use_device(name: str, driver: Driver) -> functools.partial[Any]:
    """Let a name mean a driver: for tests. What is returned takes it back."""
    with _lock:
        was = _devices.get(name)
        _devices[name] = driver
    return functools.partial(_restore, name, was)


def _restore(name: str, was: Driver | None) -> None:
    with _lock:
        if was is None:
            _devices.pop(name, None)
        else:
            _devices[name] = was
