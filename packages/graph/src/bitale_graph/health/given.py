"""Settings that are given, those that say nothing, and what the environment says of threads."""

from __future__ import annotations

import os
from collections.abc import Iterator

from ..base.config import HISTORY, config
from ..base.errors import ConfigError, nearest
from ..base.given_settings import Given, given_by_files, given_by_variable
from .finding import BETTER, BROKEN, OK, Finding
from .processors import processor_quota, usable_processors

# What libraries that compute read when they are loaded.
_COUNTS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "GOTO_NUM_THREADS")
_OTHERS = (
    "OPENBLAS_CORETYPE",
    "OMP_PROC_BIND",
    "OMP_PLACES",
    "GOMP_CPU_AFFINITY",
    "KMP_AFFINITY",
    "OMP_WAIT_POLICY",
    "CC",
    "CUDA_VISIBLE_DEVICES",
    "PYTHONHASHSEED",
)


def settings_findings() -> Iterator[Finding]:
    """What ``BITALE_FLAGS`` and the files of ``BITALERC`` say, and a line for each fault in it."""
    given: dict[str, Given] = {}
    for key, read in (("settings.files", given_by_files), ("settings.flags", given_by_variable)):
        try:
            given.update(read())
        except ConfigError as error:
            cure = "mend it; until then bitale cannot be imported"
            yield Finding(key, "settings", BROKEN, str(error), cure)
    config.load_layers()
    shown = ", ".join(f"{name}={one.text} ({one.place})" for name, one in given.items())
    facts = {name: {"text": one.text, "place": one.place} for name, one in given.items()}
    yield Finding("settings", "settings", OK, shown or "none given: defaults", "", {"given": facts})
    for name, one in given.items():
        if (fault := _fault(name, one)) is not None:
            yield fault


def _fault(name: str, one: Given) -> Finding | None:
    key, told = f"settings.{name}", {"name": name, "text": one.text, "place": one.place}
    if name.startswith(HISTORY):
        return None
    try:
        flag = config.known(name)
    except ConfigError:
        words = f"{one.place} sets {name!r}, which no installed layer knows"
        cure = f"take it away there{nearest(name, config)}; print(bitale.config) shows all flags"
        return Finding(key, "settings", BETTER, words, cure, told)
    try:
        value = flag.read(one.text)
    except ConfigError as error:
        cure = "give another value; until then bitale cannot be imported"
        return Finding(key, "settings", BROKEN, f"{one.place}: {error}", cure, told)
    if flag.accepted and value != flag.default:
        words = f"{one.place} sets {name}: {flag.doc}"
        return Finding(key, "settings", BETTER, words, "take it away there", told)
    return None


def environment_findings() -> Iterator[Finding]:
    """The environment variables that numbers of threads and libraries come from."""
    found = {name: os.environ[name] for name in (*_COUNTS, *_OTHERS) if name in os.environ}
    processors = usable_processors()
    shown = ", ".join(f"{name}={value}" for name, value in found.items())
    words = f"{shown or 'nothing set'}; this process may use {processors} processors"
    if (quota := processor_quota()) is not None:
        words += f", and the time of {quota:g}"
    facts = {"variables": found, "processors": processors, "quota": quota}
    yield Finding("environment", "environment", OK, words, "", facts)
    for name in _COUNTS:
        if name in found:
            yield from _count(name, found[name], processors)


def _count(name: str, text: str, processors: int) -> Iterator[Finding]:
    first = text.split(",", maxsplit=1)[0].strip()
    told = {"name": name, "text": text}
    cure = f"export {name}={processors}, or unset {name}"
    if not (first.isascii() and first.isdigit() and int(first) > 0):
        words = f"{name}={text!r} is no number of threads, and says nothing"
        yield Finding(f"environment.{name}", "environment", BETTER, words, cure, told)
    elif int(first) > processors:
        words = f"{name}={text}: more threads than the {processors} processors of this process"
        yield Finding(f"environment.{name}", "environment", BETTER, words, cure, told)
