"""Modes whose optimizer is an object: a rewrite of graphs, or what is asked of a database."""

from __future__ import annotations

import itertools
from typing import Any

from bitale_optimize import FunctionGraphRewriter

import bitale
from bitale import compile as compiling

from .attributes import rewritten
from .database import Query
from .rewriting import Optimizer

_numbers = itertools.count(1)
_names: dict[Any, str] = {}


class _Kind(type):
    """Makes every mode an instance of `Mode`, also those of other classes."""

    def __instancecheck__(cls, x: Any) -> bool:
        return isinstance(x, bitale.Mode) if cls is Mode else super().__instancecheck__(x)


class Mode(bitale.Mode, metaclass=_Kind):
    """A mode as Theano has it: ``optimizer`` may be an `Optimizer` or a `Query`.

    Of another object it is a name or None, as in `bitale.Mode`.
    """

    def __init__(self, linker: Any = None, optimizer: Any = "default", **keywords: Any) -> None:
        if isinstance(optimizer, Query):
            ours = FunctionGraphRewriter().names()
            for name in ("include", "exclude", "require"):
                asked = getattr(optimizer, name) & ours
                keywords[name] = frozenset(keywords.get(name, ())) | asked
            optimizer = optimizer.base()
        elif optimizer is not None and not isinstance(optimizer, str):
            optimizer = _name_of(optimizer)
        super().__init__(linker=linker, optimizer=optimizer, **keywords)


class _Rewriter:
    """An `Optimizer` as what rewrites graphs for a mode."""

    def __init__(self, optimizer: Optimizer) -> None:
        self._optimizer = optimizer

    def rewrite(self, graph: Any, mode: bitale.Mode) -> None:
        """Rewrite a graph in place."""
        with rewritten(graph):
            self._optimizer.optimize(graph)

    def signature(self, mode: bitale.Mode) -> None:
        """Nothing: what an object does cannot be told, so functions are not kept on disk."""


def _name_of(optimizer: Any) -> str:
    """The name by which modes know an object."""
    if not callable(getattr(optimizer, "optimize", None)):
        raise TypeError(
            f"an optimizer is a name, None, a Query, or an object with optimize(fgraph), and not "
            f"{optimizer!r:.60}"
        )
    for known, name in _names.items():
        if known is optimizer:
            return name
    name = f"own-{next(_numbers)}"
    register_optimizer(name, optimizer)
    _names[optimizer] = name
    return name


def register_optimizer(name: str, opt: Any) -> None:
    """Give an optimizer a name that ``Mode(optimizer=...)`` accepts."""
    own = callable(getattr(opt, "optimize", None))
    compiling.register_optimizer(name, _Rewriter(opt) if own else opt)


__all__ = ["Mode", "register_optimizer"]
