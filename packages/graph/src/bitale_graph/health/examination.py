"""Everything that is looked at, in order: this package, then what each layer adds."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable
from typing import Any

from ..base.errors import ConfigError
from ..compile.installed import entries_of
from .cache_state import cache_findings
from .finding import BROKEN, Finding, Report
from .given import environment_findings, settings_findings
from .making import making_findings
from .versions import version_findings

GROUP = "bitale.health"
Hook = Callable[[], Iterable[Finding]]

_OWN: dict[str, Hook] = {
    "versions": version_findings,
    "settings": settings_findings,
    "environment": environment_findings,
    "making": making_findings,
    "cache": cache_findings,
}


def examined() -> Report:
    """Ask everyone; what cannot even be asked is broken, and says why."""
    found: list[Finding] = []
    with warnings.catch_warnings():
        # What is warned of in a program is a line of its own here.
        warnings.simplefilter("ignore")
        for name, hook in _OWN.items():
            found += _asked(name, lambda hook=hook: hook)  # type: ignore[misc]  # bound here
        for entry in entries_of(GROUP):
            found += _asked(entry.name, entry.load, entry.value)
    return Report(found)


def _asked(name: str, load: Callable[[], Hook], where: str = "") -> list[Finding]:
    try:
        return list(load()())
    except Exception as error:  # noqa: BLE001 (what is wrong with a layer is what is asked for)
        layer = where.partition(".")[0].partition(":")[0].replace("_", "-")
        if isinstance(error, ConfigError):
            cure = "mend that setting"
        elif isinstance(error, ImportError) and layer:
            cure = f"pip install --force-reinstall {layer}"
        else:
            cure = "tell the developers, with all of this"
        words = f"cannot be looked at: {type(error).__name__}: {error}"
        facts: dict[str, Any] = {"error": type(error).__name__}
        return [Finding(f"{name}.error", name, BROKEN, words, cure, facts)]
