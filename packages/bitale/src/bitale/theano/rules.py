"""Theano's rules where they differ from bitale's, and the setting that carries each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from bitale_graph import config


@dataclass(frozen=True)
class Rule:
    """A rule of Theano's, ours beside it, and the flag of `bitale.config` that makes it hold."""

    subject: str
    theano: str
    bitale: str
    flag: str
    value: Any


RULES: tuple[Rule, ...] = (
    Rule(
        "Python numbers",
        "take the smallest dtype that holds them: float32 * 1 is float32, int8 + 1000 is int16",
        "take the dtype of the tensors beside them, as in NumPy 2",
        "cast_policy",
        "custom",
    ),
)

_before: dict[str, Any] = {}


def set_rules() -> None:
    """Set the flags of all rules that no file and no ``BITALE_FLAGS`` sets."""
    for rule in RULES:
        if not config.is_given(rule.flag):
            _before[rule.flag] = getattr(config, rule.flag)
            setattr(config, rule.flag, rule.value)


def unset_rules() -> None:
    """Put back the settings that `set_rules` found."""
    while _before:
        setattr(config, *_before.popitem())
