"""Modules that programs may do without: imported when they are asked for."""

import importlib
from collections.abc import Callable, Container
from typing import Any


def submodules(package: str, names: Container[str]) -> Callable[[str], Any]:
    """A ``__getattr__`` for a package, which imports the modules named of it."""

    def find(name: str) -> Any:
        if name not in names:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        return importlib.import_module(f"{package}.{name}")

    return find
