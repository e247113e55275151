"""The only dispatch mechanism of the project: a table from ops to what one layer knows of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Generic, TypeVar

from .errors import MissingRuleError

R = TypeVar("R")


class RuleTable(Generic[R]):
    """One meaning of the ops, such as "vector-Jacobian product": at most one rule for each op.

    Keys are op classes, or the scalar ops of elementwise ones. A rule of a base class serves the
    classes under it.

    Parameters
    ----------
    meaning : str
        What a rule gives, for error messages: ``"a gradient rule"``.
    where : str
        Where a missing rule belongs, for error messages.
    """

    def __init__(self, meaning: str, where: str) -> None:
        self.meaning = meaning
        self.where = where
        self._rules: dict[object, R] = {}

    def define(self, *keys: object) -> Callable[[R], R]:
        """Decorate the rule of ``keys``; a second rule for one of them is an error."""

        def store(rule: R) -> R:
            for key in keys:
                if key in self._rules:
                    raise ValueError(f"{key!r} has {self.meaning} already")
                self._rules[key] = rule
            return rule

        return store

    def get(self, key: object) -> R | None:
        """The rule of ``key`` or of its nearest base class, else None."""
        found = self._rules.get(key)
        if found is None and isinstance(key, type):
            for base in key.__mro__[1:]:
                if base in self._rules:
                    return self._rules[base]
        return found

    def __getitem__(self, key: object) -> R:
        found = self.get(key)
        if found is None:
            raise MissingRuleError(f"{key!r} has not {self.meaning}; write one in {self.where}")
        return found

    def __contains__(self, key: object) -> bool:
        return self.get(key) is not None

    def __iter__(self) -> Iterator[object]:
        return iter(self._rules)
