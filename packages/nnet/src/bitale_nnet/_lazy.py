"""Names of the package whose modules are imported when they are asked for."""

import importlib
import importlib.util
import sys
from collections.abc import Callable, Mapping
from typing import Any


def attributes(
    package: str, names: Mapping[str, str]
) -> tuple[Callable[[str], Any], Callable[[], list[str]], list[str]]:
    """A ``__getattr__``, a ``__dir__`` and an ``__all__`` for a package.

    Parameters
    ----------
    package : str
    names : mapping of str to str
        From modules of the package to the names that it has from them.
    """
    places = {name: module for module, text in names.items() for name in text.split()}

    def find(name: str) -> Any:
        if name in places:
            found = getattr(importlib.import_module(f"{package}.{places[name]}"), name)
        elif not name.startswith("_") and importlib.util.find_spec(f"{package}.{name}"):
            return importlib.import_module(f"{package}.{name}")
        else:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        # Next time it is there.
        setattr(sys.modules[package], name, found)
        return found

    def listed() -> list[str]:
        return sorted({*vars(sys.modules[package]), *places})

    return find, listed, sorted(places)
