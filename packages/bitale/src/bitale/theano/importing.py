"""The modules of Theano, made from the table when they are imported."""

from __future__ import annotations

import contextlib
import importlib
import sys
from collections.abc import Iterator, Sequence
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any

from bitale_graph.extend import nearest

from .keywords import renamed
from .modules import FUNCTIONS, GONE, IMPORTED, MODULES
from .settings import put_back, set_all


class TheanoModule(ModuleType):
    """A module of Theano: its names are found in the places of its row when they are asked for."""

    def __getattr__(self, name: str) -> Any:
        if name == "__all__":
            return sorted(_public(self.__name__))
        full = f"{self.__name__}.{name}"
        if full in MODULES and full not in FUNCTIONS:
            return importlib.import_module(full)
        for place in MODULES[self.__name__]:
            found, value = _look(place, name)
            if found:
                value = renamed(self.__name__, name, value)
                setattr(self, name, value)
                return value
        if name in IMPORTED:
            return importlib.import_module(IMPORTED[name])
        raise AttributeError(
            f"module {self.__name__!r} has no attribute {name!r}" + _instead(full, name),
            name=name,
            obj=self,
        )

    def __setattr__(self, name: str, value: Any) -> None:
        # An import of a module puts it on its parent: not where Theano puts a function there.
        if not (isinstance(value, TheanoModule) and f"{self.__name__}.{name}" in FUNCTIONS):
            super().__setattr__(name, value)

    def __dir__(self) -> list[str]:
        return sorted({*super().__dir__(), *_public(self.__name__)})


def _look(place: str, name: str) -> tuple[bool, Any]:
    """Whether a place of a row has a name, and what it is there."""
    renamed, _, where = place.rpartition("=")
    module, _, attribute = where.partition(":")
    if renamed or attribute:
        if name != (renamed or attribute):
            return False, None
        found = importlib.import_module(module)
        return True, getattr(found, attribute) if attribute else found
    if name.startswith("__"):
        return False, None
    source = importlib.import_module(module)
    if name not in getattr(source, "__all__", (name,)):
        return False, None
    try:
        return True, getattr(source, name)
    except AttributeError:
        return False, None


def _public(module: str) -> set[str]:
    """The public names of a module of Theano, its submodules among them."""
    names = {m.rpartition(".")[2] for m in MODULES if m.rpartition(".")[0] == module}
    for place in MODULES[module]:
        renamed, _, where = place.rpartition("=")
        source, _, attribute = where.partition(":")
        if renamed or attribute:
            names.add(renamed or attribute)
        else:
            of = importlib.import_module(source)
            names.update(getattr(of, "__all__", None) or dir(of))
    return {name for name in names if not name.startswith("_")}


def _instead(full: str, name: str) -> str:
    if full in GONE:
        return f": {GONE[full]}"
    return nearest(name, _public(full.rpartition(".")[0]))


class _Finder(MetaPathFinder, Loader):
    """Finds Theano's modules by the table."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if fullname in MODULES:
            is_package = any(m.startswith(f"{fullname}.") for m in MODULES)
            return ModuleSpec(fullname, self, origin=__name__, is_package=is_package)
        parent, _, name = fullname.rpartition(".")
        if parent in MODULES:
            # Not named: an import of a name from a module would then hide these words.
            raise ModuleNotFoundError(
                f"{parent} has no module and no name {name!r}" + _instead(fullname, name)
            )
        return None

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        return TheanoModule(spec.name, f"Theano's module {spec.name}, over bitale.")

    def exec_module(self, module: ModuleType) -> None:
        pass


_finder = _Finder()


def install() -> None:
    """Make ``import theano`` mean bitale in this process, with Theano's rules.

    Raises
    ------
    ImportError
        If Theano itself has been imported already.
    ConfigError
        For a setting in ``THEANO_FLAGS`` that cannot be read.
    """
    if "theano" in sys.modules and not isinstance(sys.modules["theano"], TheanoModule):
        raise ImportError(
            "another module theano has been imported already; call bitale.theano.install() first"
        )
    if _finder not in sys.meta_path:
        set_all()
        importlib.import_module(".attributes", __package__).put_on()
        sys.meta_path.insert(0, _finder)


def uninstall() -> None:
    """Take back what `install` did: the modules, the finder, and the settings."""
    if _finder in sys.meta_path:
        sys.meta_path.remove(_finder)
        importlib.import_module(".attributes", __package__).take_off()
        put_back()
    for name in [n for n, m in sys.modules.items() if isinstance(m, TheanoModule)]:
        del sys.modules[name]


@contextlib.contextmanager
def installed() -> Iterator[None]:
    """A block in which ``import theano`` means bitale."""
    install()
    try:
        yield
    finally:
        uninstall()
