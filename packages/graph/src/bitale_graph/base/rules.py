"""The only dispatch mechanism of the project: a table from ops to what one layer knows of them."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterator
from types import ModuleType
from typing import Generic, TypeVar

from .errors import MissingRuleError

R = TypeVar("R")


class RuleTable(Generic[R]):
    """One meaning of the ops, such as "vector-Jacobian product": at most one rule for each op.

    Keys are op classes, or the scalar ops of elementwise ones. A class has the rule that was
    defined for it; that of its nearest base class only where the rule was said to serve subclasses,
    since a subclass may mean something else.

    Parameters
    ----------
    meaning : str
        What a rule gives, for error messages: ``"a gradient rule"``.
    where : str
        Where a missing rule belongs, for error messages.
    under : RuleTable
        The rules for what has none here.
    """

    def __init__(self, meaning: str, where: str, under: RuleTable[R] | None = None) -> None:
        self.meaning = meaning
        self.where = where
        self.under = under
        self._rules: dict[object, R] = {}
        self._serving: set[object] = set()
        self._awaited: dict[str, str] = {}

    def define(self, *keys: object, subclasses: bool = False) -> Callable[[R], R]:
        """Decorate the rule of ``keys``; a second rule for one of them is an error.

        With ``subclasses`` it serves the classes under them as well.
        """

        def store(rule: R) -> R:
            for key in keys:
                if key in self._rules:
                    raise ValueError(f"{key!r} has {self.meaning} already")
                self._rules[key] = rule
                if subclasses:
                    self._serving.add(key)
            return rule

        return store

    def when_asked(self, package: str, rules: str) -> None:
        """Import the modules of a package of rules when a class of ``package`` is asked for.

        One that stands on a class of ``package`` asks for it too.
        """
        self._awaited[package] = rules

    def _import_for(self, key: object) -> R | None:
        classes = key.__mro__ if isinstance(key, type) else type(key).__mro__
        of = [f"{c.__module__}." for c in classes]
        for package, rules in list(self._awaited.items()):
            if any(module.startswith(f"{package}.") for module in of):
                load_rules(importlib.import_module(rules))
                # Last: another thread that asks meanwhile waits for the same modules.
                self._awaited.pop(package, None)
        return self._rules.get(key)

    def get(self, key: object) -> R | None:
        """The rule of ``key``, or that of its nearest base class if it serves subclasses."""
        found = self._rules.get(key)
        if found is None and self._awaited:
            found = self._import_for(key)
        if found is None:
            base = self._nearest_base(key)
            found = self._rules[base] if base in self._serving else None
        if found is None and self.under is not None:
            return self.under.get(key)
        return found

    def _nearest_base(self, key: object) -> object:
        bases = key.__mro__[1:] if isinstance(key, type) else ()
        return next((base for base in bases if base in self._rules), None)

    def why_missing(self, key: object) -> str:
        """A hint, for error messages, where a base class has a rule that is not for subclasses."""
        base = self._nearest_base(key)
        if not isinstance(base, type):
            return ""
        return (
            f" (that of {base.__name__} is not for its subclasses, which may mean something else)"
        )

    def __getitem__(self, key: object) -> R:
        found = self.get(key)
        if found is None:
            raise MissingRuleError(
                f"{key!r} has not {self.meaning}{self.why_missing(key)}; write one in {self.where}"
            )
        return found

    def __contains__(self, key: object) -> bool:
        return self.get(key) is not None

    def __iter__(self) -> Iterator[object]:
        return iter(self._rules)


def load_rules(folder: ModuleType) -> None:
    """Import every module of a package whose modules fill tables of rules."""
    import pkgutil

    for module in pkgutil.iter_modules(folder.__path__):
        importlib.import_module(f"{folder.__name__}.{module.name}")
