"""The rule sets by phase, and how users add rules to them."""

from __future__ import annotations

import hashlib
import inspect
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

from bitale_graph.extend import ConfigError, Mode, Op

from .pattern import PatternRule
from .rewrite import Changes, NodeFunction, Rule, RuleSet, Track

canonical = RuleSet("canonical", "one spelling for what can be written in several ways")
stability = RuleSet("stability", "forms that neither overflow nor cancel")
specialize = RuleSet("specialize", "cheaper forms of the same")
scans = RuleSet("scan", "loops that store, repeat and carry no more than is needed")
PHASES = {s.name: s for s in (canonical, stability, specialize)}


def register(
    phase: str,
    rule: Rule | PatternRule | NodeFunction | None = None,
    *,
    tracks: Iterable[Track] = (Op,),
    name: str | None = None,
    before: str = "",
    after: str = "",
    changes: Changes = Changes.DOMAIN,
    default: bool = True,
    subclasses: bool = False,
) -> Any:
    """Add a rule of one's own to a phase; it takes effect for what is compiled from now on.

    Parameters
    ----------
    phase : str
        ``"canonical"``, ``"stability"`` or ``"specialize"``.
    rule : Rule, PatternRule or callable
        A callable takes a node and a `RewriteContext`; see `Rule`. Left out, this is a decorator.
    tracks : iterable
        Which nodes a callable is shown: op classes, ops or scalar ops; by default all.
    name : str, optional
        By default that of the callable.
    before, after : str
        For the list of rewrites.
    changes : Changes
    default : bool
        Whether it is active without being included by name.
    subclasses : bool
        Whether it is right for the classes under those that ``tracks`` names as well.

    Raises
    ------
    ConfigError
        If there is no such phase.
    ValueError
        If the phase has a rule of this name.
    """
    if phase not in PHASES:
        raise ConfigError(
            f"there is no phase {phase!r} to add rules to; the phases are {', '.join(PHASES)}"
        )

    def add(one: Any) -> Any:
        facts = (tuple(tracks), name, before, after, changes, default, subclasses)
        PHASES[phase].add(_as_rule(one, *facts))
        return one

    return add if rule is None else add(rule)


def _as_rule(
    one: Any,
    tracks: tuple[Track, ...] = (Op,),
    name: str | None = None,
    before: str = "",
    after: str = "",
    changes: Changes = Changes.DOMAIN,
    default: bool = True,
    subclasses: bool = False,
) -> Rule:
    """The rule that a user gave."""
    if isinstance(one, PatternRule):
        made = one.rule()
    elif isinstance(one, Rule):
        made = one
    else:
        called = name or one.__name__
        facts = (before or called, after or "?", changes, default)
        made = Rule(called, one, tracks, *facts, subclasses=subclasses)
    return replace(made, registered=True, origin=one)


def rules_of_mode(mode: Mode, phase: str) -> list[Rule]:
    """The rules that a mode alone has, of one phase."""
    return [_as_rule(one) for one, place in mode.own if _phase(place) == phase]


def _phase(place: Any) -> str:
    """A phase by its name, or by its place among Theano's passes."""
    if isinstance(place, str):
        if place not in PHASES:
            raise ConfigError(f"there is no phase {place!r}; the phases are {', '.join(PHASES)}")
        return place
    return "canonical" if place < 1.5 else "stability" if place < 2 else "specialize"


def register_canonicalize(rule: Any = None, **facts: Any) -> Any:
    """`register` in the phase ``"canonical"``."""
    return register("canonical", rule, **facts)


def register_stabilize(rule: Any = None, **facts: Any) -> Any:
    """`register` in the phase ``"stability"``."""
    return register("stability", rule, **facts)


def register_specialize(rule: Any = None, **facts: Any) -> Any:
    """`register` in the phase ``"specialize"``."""
    return register("specialize", rule, **facts)


def unregister(name: str) -> None:
    """Take out a rule that was added with `register`.

    Raises `ConfigError` if there is none of this name.
    """
    for rules in PHASES.values():
        if name in rules and rules[name].registered:
            rules.remove(name)
            return
    raise ConfigError(f"no rule {name!r} was registered")


def source_digest(rule: Rule) -> str | None:
    """A digest of the text that a registered rule is made of.

    None where what it does cannot be told from a text.
    """
    one = rule.origin
    if isinstance(one, PatternRule):
        return f"{one.name}: {one.find} -> {one.replace} {one.of}"
    function: Callable[..., Any] | Any = one.apply if isinstance(one, Rule) else one
    if not inspect.isfunction(function) or function.__closure__:
        return None
    try:
        # The whole file: a rule may call what stands beside it.
        path = inspect.getsourcefile(function)
        text = Path(path).read_bytes() if path else inspect.getsource(function).encode()
    except (OSError, TypeError, ValueError):
        return None
    digest = hashlib.sha256(text).hexdigest()
    return f"{function.__module__}.{function.__qualname__} {digest}"
