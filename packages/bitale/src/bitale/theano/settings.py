"""The settings of a process that runs Theano's programs.

Later ones win: Theano's rules, the files that ``THEANORC`` names (``~/.theanorc`` when unset),
``THEANO_FLAGS``, and what `bitale.config` was given by its own files and ``BITALE_FLAGS``.
"""

from __future__ import annotations

import warnings
from typing import Any

from bitale_graph import config
from bitale_graph.extend import ConfigError, Given, given_by_files, given_by_variable

from .rules import RULES

_before: dict[str, Any] = {}


def set_all() -> None:
    """Set the flags of all rules, and what Theano's variables and files say.

    Raises
    ------
    ConfigError
        For a value that its flag does not take; nothing is set then.
    """
    given = {**given_by_files("THEANORC", "~/.theanorc"), **given_by_variable("THEANO_FLAGS")}
    values = {rule.flag: rule.value for rule in RULES if rule.flag}
    for name, one in given.items():
        try:
            values[name] = config.known(name).read(one.text)
        except ConfigError as error:
            if _is_flag(name):
                raise ConfigError(f"{one.place}: {error}") from None
            _tell_of_unknown(name, one)
    for name, value in values.items():
        if not config.is_given(name):
            _before.setdefault(name, getattr(config, name))
            setattr(config, name, value)


def put_back() -> None:
    """Put back the settings that `set_all` found."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of a flag without effect nothing is to be said again
        while _before:
            setattr(config, *_before.popitem())


def _is_flag(name: str) -> bool:
    try:
        config.flag(name)
    except ConfigError:
        return False
    return True


def _tell_of_unknown(name: str, one: Given) -> None:
    warnings.warn_explicit(
        f"{one.place} sets {name!r}, which bitale does not know", UserWarning, one.source, one.line
    )
