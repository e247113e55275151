"""Settings: defaults, a configuration file, ``BITALE_FLAGS``, assignment, and a context manager.

Later sources win: default, then the files named by ``BITALERC`` (``~/.bitalerc`` when unset), then
the environment variable ``BITALE_FLAGS`` (``key=value`` pairs separated by commas, the right-most
wins), then assignment at run time. Other layers add flags of their own with `Config.register`.
"""

from __future__ import annotations

import configparser
import contextlib
import os
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .errors import ConfigError


def parse_bool(text: str) -> bool:
    """Read ``True``/``False``, ``1``/``0``, ``yes``/``no`` in any case."""
    value = text.strip().lower()
    if value in ("true", "1", "yes", "on"):
        return True
    if value in ("false", "0", "no", "off"):
        return False
    raise ConfigError(f"{text!r} is not a truth value; give True or False")


@dataclass(frozen=True)
class Flag:
    """One setting: its name, default value, one line of documentation, and what it admits.

    ``admits`` is the tuple of allowed values, or None where every value of the default's type will
    do.
    """

    name: str
    default: Any
    doc: str
    admits: tuple[Any, ...] | None = None

    def read(self, value: Any) -> Any:
        """Convert text to the default's type and check it; raises `ConfigError`."""
        kind = type(self.default)
        try:
            if isinstance(value, str) and kind is bool:
                value = parse_bool(value)
            elif not isinstance(value, kind):
                value = kind(value)
        except (TypeError, ValueError) as error:
            raise ConfigError(
                f"config.{self.name} takes a value of type {kind.__name__}, not {value!r}"
            ) from error
        if self.admits is not None and value not in self.admits:
            allowed = ", ".join(map(repr, self.admits))
            raise ConfigError(f"config.{self.name} takes one of {allowed}, not {value!r}")
        return value


class change_flags(contextlib.ContextDecorator):  # noqa: N801 (reads as a verb where it is used)
    """Set flags inside a ``with`` block or a decorated function, and put the old values back."""

    def __init__(self, settings: Config | None = None, **values: Any) -> None:
        self._settings = config if settings is None else settings
        self._values = values
        self._old: list[dict[str, Any]] = []

    def __enter__(self) -> None:
        read = {name: self._settings.flag(name).read(v) for name, v in self._values.items()}
        self._old.append({name: getattr(self._settings, name) for name in read})
        for name, value in read.items():
            setattr(self._settings, name, value)

    def __exit__(self, *exc: object) -> None:
        for name, value in self._old.pop().items():
            setattr(self._settings, name, value)


class Config:
    """All flags as attributes; ``print(config)`` lists each with its value and documentation."""

    def __init__(self) -> None:
        object.__setattr__(self, "_flags", {})
        object.__setattr__(self, "_values", {})
        object.__setattr__(self, "_given", None)
        object.__setattr__(self, "_warned", set())
        object.__setattr__(self, "_layers", [])

    def register(self, flag: Flag) -> None:
        """Add a flag; a second one of the same name is an error."""
        if flag.name in self._flags:
            raise ConfigError(f"config.{flag.name} exists already")
        self._flags[flag.name] = flag

    def on_unknown(self, load: Callable[[], object]) -> None:
        """Call ``load``, once, when a flag is asked for that no loaded layer knows."""
        self._layers.append(load)

    def load_layers(self) -> None:
        """Load the installed layers that may add flags."""
        while self._layers:
            self._layers.pop()()

    def flag(self, name: str) -> Flag:
        """The flag called ``name``; raises `ConfigError` with the known names."""
        if name not in self._flags:
            self.load_layers()
        try:
            found: Flag = self._flags[name]
        except KeyError:
            known = ", ".join(sorted(self._flags))
            raise ConfigError(f"there is no flag {name!r}; the flags are: {known}") from None
        return found

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        if name not in self._values:
            try:
                flag = self.flag(name)
            except ConfigError as error:
                raise AttributeError(str(error)) from None
            given = self._read_sources()
            self._values[name] = flag.read(given[name]) if name in given else flag.default
        return self._values[name]

    def __setattr__(self, name: str, value: Any) -> None:
        self._values[name] = self.flag(name).read(value)

    def change_flags(self, **values: Any) -> change_flags:
        """Set flags for a ``with`` block, or decorate a function with the setting."""
        return change_flags(self, **values)

    def warn_of_unknown(self) -> None:
        """Warn, once, of given settings that no installed layer knows."""
        if set(self._read_sources()) - set(self._flags):
            self.load_layers()
        unknown = set(self._read_sources()) - set(self._flags) - self._warned
        self._warned.update(unknown)
        for name in sorted(unknown):
            warnings.warn(
                f"BITALE_FLAGS or a configuration file sets {name!r}, which no "
                "installed layer of bitale knows",
                UserWarning,
                stacklevel=3,
            )

    def __str__(self) -> str:
        self.load_layers()
        return "\n".join(
            f"{name} = {getattr(self, name)!r}\n    {self._flags[name].doc}"
            for name in sorted(self._flags)
        )

    def __repr__(self) -> str:
        values = ", ".join(f"{name}={getattr(self, name)!r}" for name in sorted(self._flags))
        return f"<Config: {values}>"

    def __iter__(self) -> Iterator[str]:
        return iter(sorted(self._flags))

    def _read_sources(self) -> dict[str, str]:
        if self._given is None:
            object.__setattr__(self, "_given", {**_from_files(), **_from_environment()})
        given: dict[str, str] = self._given
        return given


def _from_files() -> dict[str, str]:
    """Read ``[global]`` keys plainly and keys of other sections as ``section.key``."""
    names = os.environ.get("BITALERC", "~/.bitalerc").split(os.pathsep)
    parser = configparser.ConfigParser(interpolation=None)
    parser.optionxform = str  # type: ignore[assignment,method-assign]
    parser.read([Path(n).expanduser() for n in names if n], encoding="utf-8")
    found = {}
    for section in parser.sections():
        prefix = "" if section == "global" else f"{section}."
        found.update({prefix + key: value for key, value in parser[section].items()})
    return found


def _from_environment() -> dict[str, str]:
    found = {}
    for item in os.environ.get("BITALE_FLAGS", "").split(","):
        if not item.strip():
            continue
        key, equals, value = item.partition("=")
        if not equals:
            raise ConfigError(f"BITALE_FLAGS holds {item!r}; each item must read key=value")
        found[key.strip()] = value.strip()
    return found


config = Config()
for _flag in (
    Flag(
        "floatX",
        "float64",
        "dtype of variables made without one",
        ("float16", "float32", "float64"),
    ),
    Flag(
        "mode",
        "Mode",
        "name of the default mode: Mode (the best that is installed), FAST_RUN, FAST_COMPILE",
    ),
    Flag("linker", "auto", "who runs a function: auto (the best that is installed), numpy, c"),
    Flag("optimizer", "fast_run", "how much is rewritten", ("fast_run", "fast_compile", "None")),
    Flag("optimizer_including", "", "names of rewrites to add, separated by colons"),
    Flag(
        "optimizer_excluding", "", "names of rewrites or passes to leave out, separated by colons"
    ),
    Flag("optimizer_verbose", False, "print each rewrite that fires"),
    Flag("on_unused_input", "raise", "what an unused input does", ("raise", "warn", "ignore")),
    Flag("traceback_limit", 8, "how many of the user's frames each node keeps"),
    Flag("exception_verbosity", "low", "high adds a print of the graph to errors", ("low", "high")),
):
    config.register(_flag)
