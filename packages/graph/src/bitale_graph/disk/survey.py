"""What lies in the folder of a cache, and taking it away, while others use it."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass
from pathlib import Path

from .cache import Cache
from .entry import DIGESTS, is_key

# What an entry is, by a file that only such have.
_KINDS = {
    "plan.json": "plan",
    "kernel.so": "function",
    "unit.o": "support",
    "compiler.json": "compiler",
    "kernels": "kernels",
}
_DAY = 86_400.0


@dataclass(frozen=True)
class Kept:
    """An entry of a cache.

    Attributes
    ----------
    key : str
    kind : str
        "function" (a shared object), "plan" (how it is called), "support" (an object file that many
        are linked with), "compiler" (what one can do), "kernels" (of a device), or "other".
    size : int
        Bytes.
    used : float
        When it was last used, in seconds since 1970; within an hour.
    """

    key: str
    kind: str
    size: int
    used: float


def survey(root: Path) -> list[Kept]:
    """The entries in a folder, the last used first; none where there is no such folder.

    Raises
    ------
    OSError
        If it cannot be read.
    """
    try:
        names = [path for path in root.iterdir() if is_key(path.name)]
    except FileNotFoundError:
        return []
    found = [one for path in names if (one := _seen(path)) is not None]
    return sorted(found, key=lambda one: (-one.used, one.key))


def clear(cache: Cache, older_than: float = 0.0) -> list[Kept]:
    """Remove entries, each in one step: who has loaded one keeps it, who asks next makes it anew.

    Parameters
    ----------
    cache : Cache
    older_than : float
        Days: those used since stay.

    Returns
    -------
    list of Kept
        What was removed.

    Raises
    ------
    ValueError
        For a number of days under 0, or none at all.
    """
    if not older_than >= 0 or math.isinf(older_than):
        raise ValueError(f"days are a number from 0 on, not {older_than!r}")
    limit = time.time() - older_than * _DAY
    # What is used at this moment is stamped to the hour, and clocks go wrong: 0 means all.
    doomed = [one for one in survey(cache.root) if older_than == 0 or one.used <= limit]
    for one in doomed:
        cache.discard(one.key)
    cache.sweep_orphans()
    return doomed


def _seen(folder: Path) -> Kept | None:
    try:
        files = {file.name: file.lstat() for file in folder.iterdir()}
    except FileNotFoundError:  # another process has removed it
        return None
    except OSError:  # damaged; it can be taken away all the same
        files = {}
    kind = next((kind for name, kind in _KINDS.items() if name in files), "other")
    used = files[DIGESTS].st_mtime if DIGESTS in files else 0.0
    return Kept(folder.name, kind, sum(one.st_size for one in files.values()), used)
