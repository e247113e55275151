"""The folder of what is compiled: where, how large, whether it can be used, whether it is."""

from __future__ import annotations

import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ..base.config import config
from ..disk.cache import Cache, CacheError, cache_key, default_root, opened_caches
from ..disk.survey import survey
from .finding import BETTER, BROKEN, OK, Finding

_DAY = 86_400.0
_LITTLE_ROOM = 1 << 28
_PROBE = {"probe": b"bitale doctor"}


def cache_place() -> Path:
    """The folder of the cache, as settings are; it need not be there."""
    return Path(config.base_compiledir or default_root()).expanduser().absolute()


def cache_findings() -> Iterator[Finding]:
    """Whether what is compiled can be kept: an entry is written and read again."""
    place, fault, seconds = "", "", 0.0
    facts: dict[str, Any] = {}
    try:
        place = str(cache_place())
        cache = Cache(place)
        seconds = _tried(cache)
        facts = _facts(cache)
    except (CacheError, OSError, RuntimeError) as error:
        fault = str(error)
    facts = {"place": place, "writable": not fault, **facts}
    if fault:
        yield _without(fault, facts)
        return
    words = (
        f"{facts['place']}, {facts['entries']} entries, {facts['bytes'] / 1e6:.1f} MB, "
        f"{facts['used_today']} used within a day; what is written is found again in "
        f"{seconds * 1e3:.1f} ms"
    )
    if facts["hits"] or facts["misses"]:
        words += f"; in this process {facts['hits']} hits, {facts['misses']} misses"
    if facts["free_bytes"] < _LITTLE_ROOM:
        cure = "python -m bitale_graph cache clear --older-than 7, or make room on that disk"
        words += f"; only {facts['free_bytes'] / 1e6:.0f} MB are free on its disk"
        yield Finding("cache", "cache", BETTER, words, cure, facts)
    else:
        yield Finding("cache", "cache", OK, words, "", facts)


def _tried(cache: Cache) -> float:
    """Write an entry and read it again; the seconds that the second takes."""
    key = cache_key("doctor", str(os.getpid()), os.urandom(8))
    try:
        cache.put(key, _PROBE)
        start = time.perf_counter()
        folder = cache.get(key)
        took = time.perf_counter() - start
        if folder is None or (folder / "probe").read_bytes() != _PROBE["probe"]:
            raise CacheError(f"what is written to the cache folder {cache.root} is not found again")
        cache.check_room()
        return took
    finally:
        cache.discard(key)


def _facts(cache: Cache) -> dict[str, Any]:
    entries, now = survey(cache.root), time.time()
    mine = [one for one in opened_caches() if one.root == cache.root]
    return {
        "place": str(cache.root),
        "entries": len(entries),
        "bytes": sum(one.size for one in entries),
        "max_bytes": cache.max_bytes,
        "used_today": sum(now - one.used < _DAY for one in entries),
        "free_bytes": shutil.disk_usage(cache.root).free,
        "hits": sum(one.hits for one in mine),
        "misses": sum(one.misses for one in mine),
    }


def _without(fault: str, facts: dict[str, Any]) -> Finding:
    """What a folder that cannot be used comes to: one for each process, or none at all."""
    name = "BITALE_FLAGS=base_compiledir"
    try:
        with tempfile.TemporaryDirectory(prefix="bitale-") as folder:
            (Path(folder) / "room").write_bytes(bytes(1 << 20))
    except OSError as error:
        words = f"{fault}; nor is there a place for temporary files: {error}"
        cure = f"make room, or export TMPDIR=/a/folder/of/yours and {name}=/a/folder/of/yours"
        return Finding("cache", "cache", BROKEN, words, cure, facts)
    words = f"{fault}; what is compiled is kept for one process alone"
    cure = f"make room there, or export {name}=/a/folder/that/only/you/can/write"
    return Finding("cache", "cache", BETTER, words, cure, facts)
