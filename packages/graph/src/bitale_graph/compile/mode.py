"""Modes: which rewriter prepares a graph and which linker runs it.

What other layers add comes by entry points.
"""

from __future__ import annotations

import dataclasses
import warnings
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from typing import Any, Protocol

from ..base import late
from ..base.config import Flag, config
from ..base.device import is_device, known_device
from ..base.errors import ConfigError, nearest
from ..core.function_graph import FunctionGraph
from .installed import entries_of


class Rewriter(Protocol):
    """Improves a graph without changing what it computes."""

    def rewrite(self, graph: FunctionGraph, mode: Mode) -> None: ...

    def signature(self, mode: Mode) -> str | None:
        """A text that changes whenever the rewriter might do something else.

        None if that cannot be told.
        """

    def names(self) -> set[str]:
        """All names that `Mode.including` and `Mode.excluding` have an effect by."""


predefined_linkers: dict[str, Any] = {
    **dict.fromkeys(("None", "c|py", "c|py_nogc", "cvm", "cvm_nogc"), "auto"),
    **dict.fromkeys(("py", "vm", "vm_nogc"), "numpy"),
}
"""Names of linkers beside the installed ones, and what each means: another name, or a linker.

Those of Theano that prefer C are the best installed.
"""

predefined_optimizers: dict[str, Any] = {
    **dict.fromkeys(("fast_run", "default", "o4", "o3", "fast_run_stable"), ("fast_run", ())),
    **dict.fromkeys(("fast_compile", "o1", "merge"), ("fast_compile", ())),
    "o2": ("fast_compile", ("fusion",)),
    "stabilize": ("fast_compile", ("canonical", "stability")),
    "unsafe": ("fast_run", ("remove_assertions",)),
    "None": ("None", ()),
}
"""Names of optimizers, and what each means: one and the passes that it adds, or a rewriter."""


@dataclass(frozen=True)
class Mode:
    """How a function is made.

    Parameters
    ----------
    linker : str or None
        ``"auto"`` or None (the best that is installed), or the name of one: ``"numpy"``, ``"c"``.
        Theano's names are others for these: ``"py"``, ``"vm"``, ``"cvm"``, ``"c|py"``.
    optimizer : str or None
        ``"fast_run"`` (every rewrite), ``"fast_compile"`` (merging only), or ``"None"`` or None.
        Theano's names are others for these: ``"o1"`` to ``"o4"``, ``"merge"``, ``"default"``.
    include, exclude : collections of str, or a text with colons between them
        Names of rewrites, of passes or of kinds of rewrites to add or leave out.
    require : collection of str, or a text with colons between them
        Of names as in ``include``: a rewrite must have all of them, or is left out.
    own : tuple of pairs
        Rules that only this mode has, as given to `register`.
    device : str
        Where it runs; empty for what ``config.device`` says. A linker of the CPU that is asked for
        by its name runs on the CPU.

    Raises
    ------
    ConfigError
        For a name that nothing installed has; it tells the nearest ones.
    """

    linker: str = "auto"
    optimizer: str = "fast_run"
    include: frozenset[str] = frozenset()
    exclude: frozenset[str] = frozenset()
    device: str = ""
    require: frozenset[str] = frozenset()
    own: tuple[tuple[Any, Any], ...] = ()

    def __post_init__(self) -> None:
        known, added = _known_optimizer(self.optimizer)
        include = _names(self.include)
        exclude = _names(self.exclude)
        require = _names(self.require)
        _check_rewrites(include | exclude | require)
        object.__setattr__(self, "linker", known_linker(self.linker))
        object.__setattr__(self, "optimizer", known)
        object.__setattr__(self, "include", include | set(added))
        object.__setattr__(self, "exclude", exclude)
        object.__setattr__(self, "require", require)
        object.__setattr__(self, "device", known_device(self.device) if self.device else "")

    def including(self, *names: str) -> Mode:
        """The same mode with more rewrites."""
        found = _names(names)
        return dataclasses.replace(self, include=self.include | found, exclude=self.exclude - found)

    def excluding(self, *names: str) -> Mode:
        """The same mode with fewer rewrites."""
        found = _names(names)
        return dataclasses.replace(self, exclude=self.exclude | found, include=self.include - found)

    def requiring(self, *names: str) -> Mode:
        """The same mode, without the rewrites that do not have all of these names."""
        return dataclasses.replace(self, require=self.require | _names(names))

    def register(self, *rules: tuple[Any, Any]) -> Mode:
        """The same mode with rules that other modes do not have.

        Parameters
        ----------
        *rules : pairs of a rule and its place
            A rule is one of the rewriter's, or a function of a node and a context that gives what
            replaces the node's outputs, or None. The place is a phase, ``"canonical"``,
            ``"stability"`` or ``"specialize"``, or a number as for Theano: 1, 1.5, or 2 and more.
        """
        for one in rules:
            if not isinstance(one, tuple) or len(one) != 2:
                raise TypeError(
                    f"Mode.register takes pairs of a rule and its place, and got {one!r}; for "
                    "example (rule, 'canonical')"
                )
        return dataclasses.replace(self, own=(*self.own, *rules))

    def clone(self, link_kwargs: Any = None, optimizer: str | None = "", **changes: Any) -> Mode:
        """The same mode once more, with another optimizer if one is given.

        What Theano's linkers took in ``link_kwargs`` says nothing here; ``changes`` are other
        parameters of the mode.
        """
        if optimizer != "":
            changes["optimizer"] = optimizer
        return dataclasses.replace(self, **changes)

    def own_linker(self) -> Any:
        """The linker that the mode brings; None where ``linker`` names it."""
        return None

    def find_rewriter(self) -> Rewriter | None:
        """The installed rewriter, or None where nothing is to be rewritten."""
        own = predefined_optimizers.get(self.optimizer)
        if own is not None and not isinstance(own, tuple):
            found: Rewriter = own
            return found
        return None if self.optimizer == "None" else rewriter()


def register_mode(name: str, mode: Mode) -> None:
    """Give a mode a name that ``mode=`` and ``config.mode`` accept."""
    if not isinstance(mode, Mode):
        raise TypeError(f"register_mode takes a Mode, not {mode!r}")
    if name in predefined_modes or name == "Mode":
        raise ConfigError(f"there is a mode {name!r} already")
    predefined_modes[name] = mode


def register_linker(name: str, linker: Any) -> None:
    """Give a linker a name that ``Mode(linker=...)`` accepts.

    Parameters
    ----------
    name : str
    linker : Linker or str
        What links a `FunctionMaker`, or the name of another linker.
    """
    if not (callable(getattr(linker, "link", None)) or isinstance(linker, str)):
        raise TypeError(f"register_linker: a linker has a method link(maker), and {linker!r} not")
    if name in predefined_linkers or name in {"auto", *_installed_linkers()}:
        raise ConfigError(f"there is a linker {name!r} already")
    predefined_linkers[name] = known_linker(linker) if isinstance(linker, str) else linker


def register_optimizer(name: str, opt: Any) -> None:
    """Give an optimizer a name that ``Mode(optimizer=...)`` accepts.

    Parameters
    ----------
    name : str
    opt : str, tuple or Rewriter
        The name of another one, alone or with a tuple of passes that are added to it; or what
        rewrites graphs, with ``rewrite(graph, mode)`` and ``signature(mode)``.
    """
    if name in predefined_optimizers:
        raise ConfigError(f"there is an optimizer {name!r} already")
    if isinstance(opt, (str, tuple)):
        base, added = (opt, ()) if isinstance(opt, str) else opt
        known, others = _known_optimizer(base)
        predefined_optimizers[name] = known, (*others, *added)
    elif callable(getattr(opt, "rewrite", None)) and callable(getattr(opt, "signature", None)):
        predefined_optimizers[name] = opt
    else:
        raise TypeError(
            f"register_optimizer: what rewrites graphs has rewrite(graph, mode) and "
            f"signature(mode), and {opt!r} not"
        )


def get_mode(mode: Mode | str | None = None) -> Mode:
    """The mode meant by a name or None (``config.mode``).

    Raises `ConfigError` with the known names.
    """
    if isinstance(mode, Mode):
        return mode
    name = config.mode if mode is None else mode
    _check_mode(name)
    if name == "Mode" or is_device(name):
        return Mode(
            config.linker,
            config.optimizer,
            _names(config.optimizer_including),
            _names(config.optimizer_excluding),
            "" if name == "Mode" else name,
            _names(config.optimizer_requiring),
        )
    found = predefined_modes[name].including(*_names(config.optimizer_including))
    found = found.excluding(*_names(config.optimizer_excluding))
    return found.requiring(*_names(config.optimizer_requiring))


def get_default_mode() -> Mode:
    """What ``config.mode`` names."""
    return get_mode(None)


OTHER_NAMES = {
    **dict.fromkeys(
        ("inplace", "inplace_opt", "inplace_elemwise_optimizer", "gpu", "gpuarray"), ""
    ),
    **dict.fromkeys(("local_elemwise_fusion", "elemwise_fusion"), "fusion"),
    "canonicalize": "canonical",
    "stabilize": "stability",
    "BlasOpt": "blas",
    "local_remove_all_assert": "remove_assertions",
}
"""Names of Theano's rewrites, and ours; empty for what is not there to be left out."""


def _names(given: str | Iterable[str]) -> frozenset[str]:
    names = list(given.split(":") if isinstance(given, str) else given)
    for name in names:
        if not isinstance(name, str):
            raise TypeError(
                f"names of rewrites are texts, such as 'fusion', and not {name!r}; give several "
                "one by one"
            )
    found = (OTHER_NAMES.get(name.strip(), name.strip()) for name in names)
    return frozenset(filter(None, found))


def _check_mode(name: Any) -> None:
    if is_device(name):
        return
    if isinstance(name, str) and name not in predefined_modes and name != "Mode":
        config.load_layers()  # that may register modes
    if not isinstance(name, str) or (name not in predefined_modes and name != "Mode"):
        known = ["Mode", *predefined_modes]
        hint = nearest(name, known)
        if str(name) in {*predefined_linkers, *predefined_optimizers, *_installed_linkers()}:
            hint = "; linkers and optimizers are given as Mode(linker=..., optimizer=...)"
        raise ConfigError(f"there is no mode {name!r}; the modes are {', '.join(known)}{hint}")


def known_linker(name: Any) -> str:
    """The linker meant by a name, or by None."""
    known = predefined_linkers.get(str(name), str(name))
    if not isinstance(known, str):
        return str(name)
    if known in ("auto", "numpy"):
        return known
    installed = _installed_linkers()
    if known not in installed:
        missing = "; it comes with bitale-codegen-c" if known == "c" else ""
        others = {"auto", *predefined_linkers, *installed} - {"None"}
        raise ConfigError(
            f"there is no linker {name!r}; installed: {', '.join(sorted(installed))}"
            f"{missing or nearest(name, others)}"
        )
    return known


def _installed_linkers() -> list[str]:
    return ["numpy", *(entry.name for entry in entries_of("bitale.linkers"))]


def _known_optimizer(name: Any) -> tuple[str, tuple[str, ...]]:
    """The optimizer meant by a name, or by None, and the passes that it adds."""
    if str(name) not in predefined_optimizers:
        known = ", ".join(predefined_optimizers)
        raise ConfigError(
            f"there is no optimizer {name!r}; they are {known}"
            f"{nearest(name, predefined_optimizers)}"
        )
    found = predefined_optimizers[str(name)]
    return found if isinstance(found, tuple) else (str(name), ())


def _check_rewrites(names: frozenset[str]) -> None:
    """Raise if nothing is called so; without a rewriter that tells its names all are taken."""
    found = rewriter() if names else None
    if found is None or not hasattr(found, "names"):
        return
    known = found.names()
    policy = config.unknown_rewrites
    for name in sorted(names - known) if policy != "ignore" else ():
        text = (
            f"there is no rewrite, pass or kind of rewrites {name!r} to add or leave out; "
            f"bitale_optimize.rewrites() lists them{nearest(name, known)}"
        )
        if policy == "raise":
            raise ConfigError(text)
        warnings.warn(text, UserWarning, stacklevel=2)


@cache
def rewriter() -> Rewriter | None:
    """The installed rewriter; the first by name if there are several."""
    for entry in entries_of("bitale.rewriters"):
        made: Rewriter = entry.load()()
        return made
    return None


config.on_unknown(rewriter)
config.on_unknown(lambda: late.predefined)
predefined_modes: dict[str, Mode] = {
    "FAST_RUN": Mode(),
    "FAST_COMPILE": Mode(linker="numpy", optimizer="fast_compile"),
}

for _flag in (
    Flag(
        "mode",
        "Mode",
        "name of the default mode: Mode (the best that is installed), FAST_RUN, FAST_COMPILE",
        check=_check_mode,
    ),
    Flag(
        "device",
        "cpu",
        "where functions run: cpu, cuda, cuda0, cuda1, ... (or gpu, gpu0, ...), emulated",
        check=known_device,
    ),
    Flag("force_device", False, "whether a device that is not there is an error, not a warning"),
    Flag("print_active_device", True, "whether a line tells which device is in use"),
    Flag(
        "linker",
        "auto",
        "who runs a function: auto (the best that is installed), numpy, c",
        check=known_linker,
    ),
    Flag(
        "optimizer",
        "fast_run",
        "how much is rewritten: fast_run, fast_compile, None",
        check=_known_optimizer,
    ),
    Flag(
        "unknown_rewrites",
        "raise",
        "what a name of a rewrite that nothing has does, where it is added or left out",
        ("raise", "warn", "ignore"),
    ),
    Flag(
        "optimizer_including",
        "",
        "names of rewrites to add, separated by colons",
        check=lambda text: _check_rewrites(_names(text)),
    ),
    Flag(
        "optimizer_excluding",
        "",
        "names of rewrites or passes to leave out, separated by colons",
        check=lambda text: _check_rewrites(_names(text)),
    ),
    Flag(
        "optimizer_requiring",
        "",
        "names that rewrites must have, separated by colons; others are left out",
        check=lambda text: _check_rewrites(_names(text)),
    ),
):
    config.register(_flag)
