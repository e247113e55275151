"""Settings: defaults, a configuration file, ``BITALE_FLAGS``, assignment, and a context manager.

Later sources win: default, then the files named by ``BITALERC`` (``~/.bitalerc`` when unset), then
the environment variable ``BITALE_FLAGS`` (``key=value`` pairs separated by commas, the right-most
wins), then assignment at run time, all of the whole process; and then `change_flags` blocks, each
of its own thread or task. Other layers add flags of their own with `Config.register`.
"""

from __future__ import annotations

import contextlib
import functools
import inspect
import warnings
from collections.abc import Callable, Iterator
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any, TypeVar, cast

from .accepted_flags import ACCEPTED
from .errors import ConfigError, nearest
from .given_settings import Given, is_doctor, read_given

F = TypeVar("F", bound=Callable[..., Any])


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
    do; ``check`` may refuse more, with a `ConfigError`. ``same_as`` makes it another name of a
    flag. What is ``accepted`` has no effect, and gives way to a flag of its name that has.
    """

    name: str
    default: Any
    doc: str
    admits: tuple[Any, ...] | None = None
    check: Callable[[Any], object] | None = None
    same_as: str = ""
    accepted: bool = False

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
            raise ConfigError(
                f"config.{self.name} takes one of {allowed}, not {value!r}"
                f"{nearest(value, self.admits)}"
            )
        if self.check is not None:
            self.check(value)
        return value


HISTORY = "warn."


class _OfHistory(Flag):
    """A flag that tells of results that changed in some version of Theano: any value will do."""

    def read(self, value: Any) -> Any:
        return value


class Section:
    """Flags whose names begin alike, with a point after that: ``config.gcc.cxxflags``."""

    def __init__(self, settings: Config, name: str) -> None:
        object.__setattr__(self, "_place", (settings, name))

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        settings, section = self._place
        return getattr(settings, f"{section}.{name}")

    def __setattr__(self, name: str, value: Any) -> None:
        settings, section = self._place
        setattr(settings, f"{section}.{name}", value)

    def __repr__(self) -> str:
        settings, section = self._place
        names = [name for name in settings if name.startswith(f"{section}.")]
        shown = ", ".join(f"{n.partition('.')[2]}={getattr(settings, n)!r}" for n in names)
        return f"Section({section}: {shown})"


@dataclass(eq=False)
class _Block:
    """One `change_flags` that has been entered."""

    of: change_flags
    has_ended: bool = False


Layer = tuple[_Block, dict[str, Any]]


class change_flags(contextlib.ContextDecorator):  # noqa: N801 (reads as a verb where it is used)
    """Set flags inside a ``with`` block or a decorated function, in this thread or task alone.

    At the end of the block its settings are taken back, in whatever order blocks end. What is
    assigned inside to a flag that the block sets ends with the block. Tasks that start inside have
    the settings too; threads have them if they are run in ``contextvars.copy_context()``.

    Raises
    ------
    ConfigError
        For a flag or a value that does not exist; nothing has changed then.
    TypeError
        If it decorates a generator, whose body runs when others ask for values.
    """

    def __init__(self, settings: Config | None = None, /, **values: Any) -> None:
        self._settings = config if settings is None else settings
        self._values = values
        self._entered: list[_Block] = []

    def __enter__(self) -> None:
        known = self._settings.known
        read = {known(name).name: known(name).read(v) for name, v in self._values.items()}
        block = _Block(self)
        self._entered.append(block)
        layers = self._settings._layers
        layers.set((*(one for one in layers.get() if not one[0].has_ended), (block, read)))

    def __exit__(self, *exc: object) -> None:
        layers = self._settings._layers
        here = layers.get()
        block = next((block for block, _ in reversed(here) if block.of is self), None)
        if block is None:
            # A generator or task that ends elsewhere than it began: nobody else will end it there.
            self._entered.pop().has_ended = True
            return
        if block in self._entered:
            self._entered.remove(block)
        layers.set(tuple(layer for layer in here if layer[0] is not block))

    def __call__(self, function: F) -> F:
        """Decorate a function: its body runs with the flags set."""
        if inspect.iscoroutinefunction(function):

            @functools.wraps(function)
            async def inside(*args: Any, **keywords: Any) -> Any:
                with change_flags(self._settings, **self._values):
                    return await function(*args, **keywords)

            return cast("F", inside)
        if inspect.isgeneratorfunction(function) or inspect.isasyncgenfunction(function):
            raise TypeError(
                f"change_flags cannot decorate the generator {function.__qualname__}, whose body "
                "runs later; write `with config.change_flags(...):` inside of it"
            )
        return super().__call__(function)

    def _recreate_cm(self) -> change_flags:
        return change_flags(self._settings, **self._values)


class Config:
    """All flags as attributes; ``print(config)`` lists each with its value and documentation."""

    _layers: ContextVar[tuple[Layer, ...]]

    def __init__(self) -> None:
        object.__setattr__(self, "_flags", {})
        object.__setattr__(self, "_values", {})
        object.__setattr__(self, "_given", None)
        object.__setattr__(self, "_warned", set())
        object.__setattr__(self, "_loaders", [])
        object.__setattr__(self, "_layers", ContextVar("change_flags", default=()))

    def register(self, flag: Flag) -> None:
        """Add a flag; a second one of the same name is an error."""
        if flag.name in self._flags and not self._flags[flag.name].accepted:
            raise ConfigError(f"config.{flag.name} exists already")
        self._flags[flag.name] = flag

    def on_unknown(self, load: Callable[[], object]) -> None:
        """Call ``load``, once, when a flag is asked for that no loaded layer knows."""
        self._loaders.append(load)

    def load_layers(self) -> None:
        """Load the installed layers that may add flags."""
        while self._loaders:
            self._loaders.pop()()

    def flag(self, name: str) -> Flag:
        """The flag called ``name``; raises `ConfigError` with the nearest and all known names."""
        if name.startswith(HISTORY):
            return _OfHistory(name, False, "of Theano's history, without effect", accepted=True)
        if name not in self._flags:
            self.load_layers()
        try:
            found: Flag = self._flags[name]
        except KeyError:
            known = ", ".join(sorted(self._flags))
            raise ConfigError(
                f"there is no flag {name!r}; the flags are: {known}{nearest(name, self._flags)}"
            ) from None
        return found

    def known(self, name: str) -> Flag:
        """The flag called ``name``, or the one that this is another name of."""
        found = self.flag(name)
        return self.flag(found.same_as) if found.same_as else found

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        layers = self._layers.get()
        if layers:
            for block, values in reversed(layers):
                if name in values and not block.has_ended:
                    return values[name]
        if name not in self._values:
            try:
                flag = self.flag(name)
            except ConfigError as error:
                if self._has_section(name):
                    return Section(self, name)
                raise AttributeError(str(error)) from None
            if flag.same_as:
                return getattr(self, flag.same_as)
            self._values[name] = self._first_value(flag)
        return self._values[name]

    def __setattr__(self, name: str, value: Any) -> None:
        flag = self.known(name)
        name, read = flag.name, flag.read(value)
        if flag.accepted and read != flag.default and not name.startswith(HISTORY):
            self._tell_of_no_effect(flag)
        layers = self._layers.get()
        for k, (block, values) in reversed(list(enumerate(layers))):
            if name in values and not block.has_ended:
                changed = (block, {**values, name: read})
                self._layers.set((*layers[:k], changed, *layers[k + 1 :]))
                return
        self._values[name] = read

    def change_flags(self, **values: Any) -> change_flags:
        """Set flags for a ``with`` block, or decorate a function with the setting."""
        return change_flags(self, **values)

    def is_given(self, name: str) -> bool:
        """Whether a file of settings or ``BITALE_FLAGS`` sets a flag, or another name of it."""
        flag = self.known(name).name
        return any(
            self.known(other).name == flag for other in self._sources() if other in self._flags
        )

    def check_given(self) -> None:
        """Raise for given values that cannot be read, and warn of settings nearly named as a flag.

        Without loading a layer: what only layers can tell is told when a function is made. Not
        where the process is `bitale doctor`.
        """
        if is_doctor():
            return
        given = self._sources()
        for name in given:
            if name in self._flags and self._flags[name].check is None:
                getattr(self, name)
        self._warn({name for name in set(given) - set(self._flags) if self._suggestion(name)})

    def warn_of_unknown(self) -> None:
        """Warn, once, of given settings that no installed layer knows."""
        self._warn(set(self._sources()) - set(self._flags))

    def _warn(self, unknown: set[str]) -> None:
        if unknown - self._warned:
            self.load_layers()
        told = {name for name in unknown if not name.startswith(HISTORY)}
        for name in sorted(told - set(self._flags) - self._warned):
            self._warned.add(name)
            one = self._sources()[name]
            # Shown with the line of the file, where the mistake is.
            warnings.warn_explicit(
                f"{one.place} sets {name!r}, which no installed layer of bitale knows"
                f"{self._suggestion(name)}",
                UserWarning,
                one.source,
                one.line,
            )

    def _tell_of_no_effect(self, flag: Flag) -> None:
        if flag.name not in self._warned:
            self._warned.add(flag.name)
            warnings.warn(f"config.{flag.name}: {flag.doc}", UserWarning, stacklevel=3)

    def __str__(self) -> str:
        self.load_layers()
        return "\n".join(
            f"{name} = {getattr(self, name)!r}\n    {self._flags[name].doc}"
            for name in sorted(self._flags)
        )

    def __repr__(self) -> str:
        return f"Config({', '.join(f'{name}={getattr(self, name)!r}' for name in self)})"

    def __iter__(self) -> Iterator[str]:
        return iter(sorted(self._flags))

    def _has_section(self, name: str) -> bool:
        return f"{name}." == HISTORY or any(flag.startswith(f"{name}.") for flag in self._flags)

    def _first_value(self, flag: Flag) -> Any:
        sources = self._sources()
        names = [flag.name, *(one.name for one in self._flags.values() if one.same_as == flag.name)]
        given = next((sources[name] for name in names if name in sources), None)
        if given is None:
            return flag.default
        try:
            return flag.read(given.text)
        except ConfigError as error:
            raise ConfigError(f"{given.place}: {error}") from None

    def _suggestion(self, name: str) -> str:
        section, dot, key = name.rpartition(".")
        sections = {flag.rpartition(".")[0] for flag in self._flags} | {"global"}
        if dot and section not in sections and (near := nearest(section, sections, "[{}]")):
            return near
        return nearest(name, self._flags) or (nearest(key, self._flags) if dot else "")

    def _sources(self) -> dict[str, Given]:
        if self._given is None:
            object.__setattr__(self, "_given", read_given())
        given: dict[str, Given] = self._given
        return given


config = Config()
for _flag in (
    Flag(
        "floatX",
        "float64",
        "dtype of variables made without one",
        ("float16", "float32", "float64"),
    ),
    Flag(
        "cast_policy",
        "weak",
        "dtype of Python numbers in expressions: weak (that of the tensors beside them, as in "
        "NumPy 2), custom (the smallest that holds the number, as in Theano), numpy+floatX",
        ("weak", "custom", "numpy+floatX"),
    ),
    Flag(
        "array_of_symbols",
        "refuse",
        "what np.asarray of symbolic variables is: refuse (an error), object (an array of them)",
        ("refuse", "object"),
    ),
    Flag(
        "lossy_writes",
        "raise",
        "what set_subtensor and inc_subtensor do with values of a wider dtype: raise, or cast them",
        ("raise", "cast"),
    ),
    Flag(
        "float_of_integers",
        "floatX",
        "what functions of real numbers, such as exp, give for integers of 32 and 64 bits",
        ("floatX", "float64"),
    ),
    Flag(
        "known_lengths",
        "all",
        "which lengths of axes types know: all that can be told, or only where they are 1 (ones), "
        "so that lengths that differ are told when a function is called",
        ("all", "ones"),
    ),
    Flag(
        "whole_floats",
        "refuse",
        "whether 2.0, of Python, is taken as the value of an integer tensor: refuse, or take",
        ("refuse", "take"),
    ),
    Flag("optimizer_verbose", False, "print each rewrite that fires"),
    Flag("on_unused_input", "raise", "what an unused input does", ("raise", "warn", "ignore")),
    Flag(
        "compute_test_value",
        "off",
        "whether expressions are computed as they are written, on tag.test_value of their leaves; "
        "and what a leaf without one does: nothing, warn, raise, or open pdb",
        ("off", "ignore", "warn", "raise", "pdb"),
    ),
    Flag("print_test_value", False, "whether variables are shown with their test values"),
    Flag("traceback_limit", 8, "how many of the user's frames each node keeps"),
    Flag("exception_verbosity", "low", "high adds a print of the graph to errors", ("low", "high")),
    Flag("unpickle_function", True, "whether functions are read from pickles; if not: None"),
    Flag(
        "reoptimize_unpickled_function",
        False,
        "whether functions that are read from pickles are rewritten again",
    ),
    Flag(
        "base_compiledir",
        "",
        "folder of the compile cache; empty: bitale in the user's cache folder",
    ),
    Flag("profile", False, "whether functions are measured that are not told otherwise"),
    Flag("profile_memory", False, "whether profiles that are printed tell of memory"),
    Flag("profile_optimizer", False, "whether profiles that are printed tell of the rewriter"),
    Flag("profiling.n_apply", 20, "how many nodes a profile lists"),
    Flag("profiling.n_ops", 20, "how many ops a profile lists"),
    Flag("profiling.output_line_width", 512, "where lines of a profile are cut"),
    Flag("profiling.min_memory_size", 1024, "from how many bytes on a profile lists a node"),
    Flag("profiling.destination", "stderr", "where profiles go at exit: stderr, stdout, a file"),
    Flag("profiling.ignore_first_call", False, "whether a profile leaves out the first call"),
    Flag("profiling.time_thunks", True, "whether nodes are timed, and not functions alone"),
    Flag(
        "warn_float64",
        "ignore",
        "what a new variable of float64 does",
        ("ignore", "warn", "raise", "pdb"),
    ),
    Flag("traceback.limit", 8, "another name of traceback_limit", same_as="traceback_limit"),
    Flag("compiledir", "", "another name of base_compiledir", same_as="base_compiledir"),
):
    config.register(_flag)
for _name, _default, _admits, _why in ACCEPTED:
    _doc = "of Theano's, without effect" + (f": {_why}" if _why else "")
    config.register(Flag(_name, _default, _doc, _admits, accepted=True))
