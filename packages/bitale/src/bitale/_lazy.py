"""What programs may do without: imported when it is asked for."""

import importlib
from collections.abc import Callable, Container, Mapping
from typing import Any


def submodules(
    package: str, names: Container[str], others: Mapping[str, str] | None = None
) -> Callable[[str], Any]:
    """A ``__getattr__`` for a package, which imports the modules named of it.

    ``others`` are names of other modules, each with its module.
    """

    def find(name: str) -> Any:
        if others is not None and name in others:
            return getattr(importlib.import_module(others[name]), name)
        if name not in names:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        return importlib.import_module(f"{package}.{name}")

    return find
