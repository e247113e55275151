"""``optdb``: where programs register their rewrites, in the places of bitale's own."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from bitale_graph import FunctionGraph, Mode
from bitale_optimize import (
    FunctionGraphRewriter,
    RewriteContext,
    register,
    register_pass,
    unregister,
    unregister_pass,
)

from .rewriting import (
    EquilibriumOptimizer,
    LocalOptGroup,
    Optimizer,
    SeqOptimizer,
    name_of,
    rule_of,
)

ACTIVE = ("fast_run", "fast_compile", "merge")
"""The tags by which a rewrite is active without being named; without one it has to be included."""


class Query:
    """Tags that a rewrite has: one of ``include``, all of ``require``, none of ``exclude``."""

    def __init__(
        self,
        include: Any,
        require: Any = None,
        exclude: Any = None,
        subquery: Any = None,
        position_cutoff: float = float("inf"),
        **_: Any,
    ) -> None:
        self.include = frozenset(include)
        self.require = frozenset(require or ())
        self.exclude = frozenset(exclude or ())
        self.position_cutoff = position_cutoff

    def including(self, *tags: str) -> Query:
        """With more tags to have."""
        return Query(self.include | set(tags), self.require, self.exclude)

    def excluding(self, *tags: str) -> Query:
        """With more tags not to have."""
        return Query(self.include, self.require, self.exclude | set(tags))

    def requiring(self, *tags: str) -> Query:
        """With more tags that are needed."""
        return Query(self.include, self.require | set(tags), self.exclude)

    def base(self) -> str:
        """The set of rewrites that is meant, by the name that modes have for it."""
        if "fast_run" in self.include:
            return "fast_run"
        return "fast_compile" if self.include else "None"

    def takes(self, tags: set[str]) -> bool:
        """Whether a rewrite with these tags is meant."""
        return bool(self.include & tags and self.require <= tags and not self.exclude & tags)


def _query(tags: tuple[Any, ...], keywords: dict[str, Any]) -> Query:
    if len(tags) == 1 and isinstance(tags[0], Query):
        return tags[0]
    by = {sign: [t[1:] for t in tags if t[:1] == sign] for sign in "+-&"}
    include = [t for t in tags if t[:1] not in "+-&"] + by["+"]
    return Query(include, by["&"], by["-"], **keywords)


class DB:
    """A database of a program's own: rewrites by name, with tags."""

    def __init__(self, *_: Any, **__: Any) -> None:
        self.name: str | None = None
        self._entries: dict[str, tuple[Any, set[str], float]] = {}

    def register(self, name: str, obj: Any, *tags: Any, **keywords: Any) -> None:
        """Add a rewrite, or a database."""
        if name in self._entries:
            raise ValueError(f"there is a rewrite {name!r} already")
        position = keywords.get("position", 0.0)
        if tags and not isinstance(tags[0], str):
            position, tags = tags[0], tags[1:]
        self._entries[name] = obj, {name, *tags}, float(position)

    def query(self, *tags: Any, **keywords: Any) -> Any:
        """The rewrites that have the tags, as one."""
        asked = _query(tags, keywords)
        return self._as_one(
            [
                obj.query(asked) if isinstance(obj, DB) else obj
                for obj, own, _ in sorted(self._entries.values(), key=lambda entry: entry[2])
                if isinstance(obj, DB) or asked.takes(own)
            ]
        )

    def _as_one(self, found: list[Any]) -> Any:
        return SeqOptimizer(found)

    def __getitem__(self, name: str) -> Any:
        return self._entries[name][0]

    def __contains__(self, name: object) -> bool:
        return name in self._entries


class SequenceDB(DB):
    """Rewrites of a graph, in the order of their positions."""


class EquilibriumDB(DB):
    """Rewrites of nodes that are applied until nothing changes."""

    def _as_one(self, found: list[Any]) -> Any:
        return EquilibriumOptimizer(found)


class LocalGroupDB(DB):
    """Rewrites of nodes, of which the first that applies is taken."""

    def _as_one(self, found: list[Any]) -> Any:
        return LocalOptGroup(*found)


class _Phase(DB):
    """A phase of bitale's: what is registered runs among its rules."""

    def __init__(self, phase: str) -> None:
        super().__init__()
        self._phase = phase

    def register(self, name: str, obj: Any, *tags: Any, **keywords: Any) -> None:
        super().register(name, obj, *tags, **keywords)
        register(self._phase, rule_of(obj, name))

    def remove(self, name: str) -> None:
        """Take out a rewrite."""
        del self._entries[name]
        unregister(name)


PHASES = {
    "canonicalize": "canonical",
    "useless": "canonical",
    "stabilize": "stability",
    "specialize": "specialize",
    "uncanonicalize": "specialize",
    "specialize_device": "specialize",
}
"""Theano's phases, and ours that run at their places."""


class _Passes(DB):
    """The database of all rewrites: a rewrite of a graph becomes a pass, a position its place."""

    def __init__(self) -> None:
        super().__init__()
        self._phases = {name: _Phase(ours) for name, ours in PHASES.items()}

    def register(self, name: str, obj: Any, *tags: Any, **keywords: Any) -> None:
        super().register(name, obj, *tags, **keywords)
        _, own, position = self._entries[name]

        def run(graph: FunctionGraph, context: RewriteContext) -> None:
            found = obj.query(Query(own | set(ACTIVE))) if isinstance(obj, DB) else obj
            found.optimize(graph)

        register_pass(
            name,
            run,
            before=next(ours for below, ours in _PLACES if position < below),
            always="fast_compile" in own,
            default=bool(own & set(ACTIVE)),
        )

    def remove(self, name: str) -> None:
        """Take out a rewrite."""
        del self._entries[name]
        unregister_pass(name)

    def query(self, *tags: Any, **keywords: Any) -> Optimizer:
        """All of bitale's rewrites, with names to include and exclude."""
        return AllRewrites(_query(tags, keywords))

    def __getitem__(self, name: str) -> Any:
        return self._phases[name] if name in self._phases else super().__getitem__(name)

    def __contains__(self, name: object) -> bool:
        return name in self._phases or super().__contains__(name)


_PLACES = ((1, "canonical"), (1.5, "stability"), (2, "specialize"), (float("inf"), "fuse"))
"""Below which position of Theano's a rewrite runs before which pass of ours."""


class AllRewrites(Optimizer):
    """Bitale's own rewrites, as a rewrite of Theano's."""

    def __init__(self, query: Query) -> None:
        ours = FunctionGraphRewriter().names()
        self.mode = Mode(
            optimizer=query.base(),
            include=frozenset(query.include & ours),
            exclude=frozenset(query.exclude & ours),
        )

    def apply(self, fgraph: FunctionGraph, *args: Any, **keywords: Any) -> None:
        FunctionGraphRewriter().rewrite(fgraph, self.mode)


optdb = _Passes()


def _registers(phase: str) -> Callable[..., Any]:
    def register_rewrite(lopt: Any, *tags: str, **keywords: Any) -> Any:
        if isinstance(lopt, str):
            return lambda inner: register_rewrite(inner, lopt, *tags, **keywords)
        optdb[phase].register(keywords.pop("name", None) or name_of(lopt), lopt, *tags)
        return lopt

    register_rewrite.__name__ = f"register_{phase}"
    register_rewrite.__doc__ = f"Add a rewrite of a node to the phase {phase!r}."
    return register_rewrite


register_useless = _registers("useless")
register_canonicalize = _registers("canonicalize")
register_stabilize = _registers("stabilize")
register_specialize = _registers("specialize")
register_uncanonicalize = _registers("uncanonicalize")
register_specialize_device = _registers("specialize_device")

__all__ = [
    "DB",
    "EquilibriumDB",
    "LocalGroupDB",
    "Query",
    "SequenceDB",
    "optdb",
    "register_canonicalize",
    "register_specialize",
    "register_specialize_device",
    "register_stabilize",
    "register_uncanonicalize",
    "register_useless",
]
