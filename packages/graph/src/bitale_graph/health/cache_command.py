"""What ``cache`` does at a prompt: ``path``, ``size``, ``list`` and ``clear``."""

from __future__ import annotations

import argparse
import datetime
import json
import math
import sys
from typing import Any

from ..base.errors import ConfigError
from ..disk.cache import Cache, CacheError
from ..disk.survey import Kept, clear, survey
from .cache_state import cache_place
from .finding import FORMAT
from .writing import write


def add_cache_commands(commands: Any) -> None:
    """Add ``cache`` and what it does to a parser's commands."""
    parser = commands.add_parser(
        "cache",
        help="list, measure or clear what was compiled",
        description="What was compiled, and is found again by later processes. All of it is safe "
        "while other processes use the cache.",
    )
    inner = parser.add_subparsers(dest="what", required=True, metavar="what")
    for name, run, words in (
        ("path", _path, "print the folder"),
        ("size", _size, "count entries and bytes, by kind"),
        ("list", _list, "list entries, the last used first"),
        ("clear", _clear, "remove entries"),
    ):
        one = inner.add_parser(name, help=words, description=words.capitalize() + ".")
        one.add_argument("--json", action="store_true", help="write a JSON object")
        one.set_defaults(run=lambda given, run=run: _guarded(run, given))
        if name == "clear":
            one.add_argument(
                "--older-than",
                type=_days,
                default=0.0,
                metavar="DAYS",
                help="only those that were not used for so many days",
            )


def _days(text: str) -> float:
    try:
        days = float(text)
    except ValueError:
        days = math.nan
    if not 0 <= days < math.inf:
        raise argparse.ArgumentTypeError(f"{text!r} is no number of days")
    return days


def _guarded(run: Any, given: argparse.Namespace) -> int:
    try:
        run(given)
    except (CacheError, ConfigError, OSError, RuntimeError) as error:
        if isinstance(error, BrokenPipeError):
            raise
        print(f"bitale cache {given.what}: {error}", file=sys.stderr)  # noqa: T201 (a command)
        return 1
    return 0


def _path(given: argparse.Namespace) -> None:
    _show(given, str(cache_place()), {})


def _size(given: argparse.Namespace) -> None:
    kept = survey(cache_place())
    kinds = {kind: [one for one in kept if one.kind == kind] for kind in sorted(_kinds(kept))}
    lines = [f"{_bytes(kept)} in {len(kept)} entries of {cache_place()}"]
    lines += [f"  {kind:<9} {len(some):>6}  {_bytes(some):>10}" for kind, some in kinds.items()]
    facts = {kind: {"entries": len(some), "bytes": _total(some)} for kind, some in kinds.items()}
    _show(given, "\n".join(lines), {**_counted(kept), "kinds": facts})


def _list(given: argparse.Namespace) -> None:
    kept = survey(cache_place())
    lines = [f"{one.key}  {one.kind:<9} {one.size:>10}  {_date(one.used)}" for one in kept]
    entries = [
        {"key": one.key, "kind": one.kind, "bytes": one.size, "used": one.used} for one in kept
    ]
    shown = "\n".join(lines) or f"nothing in {cache_place()}"
    _show(given, shown, {**_counted(kept), "list": entries})


def _clear(given: argparse.Namespace) -> None:
    place = cache_place()
    removed = clear(Cache(place), given.older_than) if place.is_dir() else []
    text = f"removed {len(removed)} entries, {_bytes(removed)}, from {place}"
    _show(given, text, {"removed": len(removed), "removed_bytes": _total(removed)})


def _show(given: argparse.Namespace, text: str, facts: dict[str, Any]) -> None:
    if given.json:
        text = json.dumps({"format": FORMAT, "path": str(cache_place()), **facts}, indent=2)
    write(text)


def _counted(kept: list[Kept]) -> dict[str, int]:
    return {"entries": len(kept), "bytes": _total(kept)}


def _kinds(kept: list[Kept]) -> set[str]:
    return {one.kind for one in kept}


def _total(kept: list[Kept]) -> int:
    return sum(one.size for one in kept)


def _bytes(kept: list[Kept]) -> str:
    return f"{_total(kept) / 1e6:.1f} MB"


def _date(used: float) -> str:
    try:
        return datetime.datetime.fromtimestamp(used).isoformat(" ", "minutes")
    except (OverflowError, OSError, ValueError):
        return "?"
