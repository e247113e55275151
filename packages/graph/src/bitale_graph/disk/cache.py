"""Compiled functions on disk, found by their content.

An entry is a folder, named by a key. It is written under a temporary name and renamed: so there
is nothing to lock, and a crash leaves either a whole entry or an orphan that is swept later. A
digest of every file is checked before an entry is used, and what is not whole is made again. What
another user could have written is not used.
"""

from __future__ import annotations

import atexit
import contextlib
import hashlib
import os
import shutil
import stat
import tempfile
import threading
import time
import warnings
from pathlib import Path
from typing import TYPE_CHECKING

from ..tensor.state import keep_across_fork
from .entry import DIGESTS, delete, is_key, is_whole, rename, write_entry
from .trust import fault_of, make_private

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

DEFAULT_MAX_BYTES = 1 << 30
_TEMPORARY = "temporary-"
_STAMP = "swept"
_DAY = 86_400.0
_HOUR = 3_600.0
FOR_THIS_PROCESS = "Compiled functions are kept for this process only, in a temporary folder"
# How often a place is tried that something else takes again and again.
_TRIES = 20
# Bytes; a large function takes less.
_ROOM = 1 << 20


class CacheError(RuntimeError):
    """A folder that cannot be trusted or written to."""


def cache_key(*parts: str | bytes) -> str:
    """Return the SHA-256 of the parts and where each ends, in hexadecimal."""
    digest = hashlib.sha256()
    for part in parts:
        data = part.encode(errors="surrogatepass") if isinstance(part, str) else part
        digest.update(len(data).to_bytes(8, "little"))
        digest.update(data)
    return digest.hexdigest()


def default_root() -> Path:
    """Return ``bitale`` in ``$XDG_CACHE_HOME``, or else in ``~/.cache``."""
    base = os.environ.get("XDG_CACHE_HOME", "")
    # The XDG Base Directory Specification: a relative path is to be ignored.
    folder = Path(base) if base and Path(base).is_absolute() else Path("~/.cache").expanduser()
    return folder / "bitale"


class Cache:
    """A cache in one folder that is private to the user.

    Parameters
    ----------
    root
        The folder; made, open to the user only, if it is not there. None: `default_root`.
    max_bytes
        Once a day the entries that were not used for longest are removed down to this size.

    Raises
    ------
    CacheError
        If this process cannot write to the folder, or if another user can, or could put another
        folder in its place: if it or one above it belongs to another user (root apart) or can be
        written by its group or by all (folders like ``/tmp`` apart, where nobody can take away what
        is another's).

    Attributes
    ----------
    hits, misses : int
        How often this object had what it was asked for, or not.
    """

    def __init__(self, root: Path | str | None = None, max_bytes: int = DEFAULT_MAX_BYTES) -> None:
        self.max_bytes = max_bytes
        self.hits = self.misses = 0
        self.root = self._prepared(default_root() if root is None else root)

    def __repr__(self) -> str:
        return f"Cache({str(self.root)!r})"

    @staticmethod
    def _prepared(root: Path | str) -> Path:
        """Make the folder if need be; its path without links, if it can be trusted."""
        try:
            folder = make_private(Path(root).expanduser().absolute())
            fault = fault_of(folder)
        except (OSError, ValueError, RuntimeError) as error:
            raise CacheError(f"cannot make the cache folder {root}: {error}") from error
        if fault is not None:
            raise CacheError(fault)
        if not os.access(folder, os.W_OK | os.X_OK):
            raise CacheError(f"the cache folder {root} cannot be written to")
        return folder

    def get(self, key: str) -> Path | None:
        """Return the folder of an entry, or None; a damaged entry is removed."""
        found = self._found(key)
        self.hits += found is not None
        self.misses += found is None
        return found

    def _found(self, key: str) -> Path | None:
        if not is_key(key) or not self._is_trusted():
            return None
        folder = self.root / key
        if not is_whole(folder, key):
            # Entries appear in one step: one that came just now is whole at the second look.
            if not os.path.lexists(folder):
                return None
            if not is_whole(folder, key):
                self._remove(folder, only_if_damaged=True)
                return None
        self._touch(folder / DIGESTS)
        return folder

    def put(self, key: str, files: Mapping[str, bytes | Path]) -> Path:
        """Store an entry and return its folder; an entry that is there already stays.

        Parameters
        ----------
        key
            From `cache_key`.
        files
            The content of each file, or a file to move here.

        Raises
        ------
        CacheError
            If it cannot be written, for instance on a full disk.
        """
        if not is_key(key):
            raise ValueError(f"not a key of a cache entry: {key!r}")
        try:
            with self.temporary_folder() as work:
                write_entry(work, key, files)
                folder = self._publish(work, key)
        except OSError as error:
            raise CacheError(f"cannot write to the cache folder {self.root}: {error}") from error
        with contextlib.suppress(OSError):  # what is put is put; another day will do
            self._sweep_daily()
        return folder

    def discard(self, key: str) -> None:
        """Remove an entry, for instance one that is whole and of no use."""
        if is_key(key):
            self._remove(self.root / key)

    @contextlib.contextmanager
    def temporary_folder(self) -> Iterator[Path]:
        """Give a private folder on the disk of the cache, removed at the end if still there.

        Raises
        ------
        CacheError
            If none can be made, or the folder of the cache is no longer to be trusted.
        """
        if self._prepared(self.root) != self.root:
            raise CacheError(f"in the place of the cache folder {self.root} stands a link now")
        try:
            folder = Path(tempfile.mkdtemp(prefix=_TEMPORARY, dir=self.root))
        except OSError as error:
            raise CacheError(f"cannot write to the cache folder {self.root}: {error}") from error
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def check_room(self) -> None:
        """Raise `CacheError` if a file of some size cannot be written."""
        try:
            with self.temporary_folder() as work:
                (work / "room").write_bytes(bytes(_ROOM))
        except OSError as error:
            raise CacheError(f"cannot write to the cache folder {self.root}: {error}") from error

    def prune(self, max_bytes: int) -> int:
        """Remove what is no entry, and entries not used for longest until ``max_bytes`` stay.

        Returns
        -------
        int
            The bytes that were removed.
        """
        entries, now = [], time.time()
        for folder in self._entries():
            try:
                size = sum(file.lstat().st_size for file in folder.iterdir())
                used = min((folder / DIGESTS).lstat().st_mtime, now)
            except OSError:  # damaged, or another process removed it
                self._remove(folder, only_if_damaged=True)
            else:
                entries.append((used, size, folder))
        total, removed = sum(size for _, size, _ in entries), 0
        for _, size, folder in sorted(entries):
            if total - removed <= max_bytes:
                break
            self._remove(folder)
            removed += size
        return removed

    def clear(self) -> None:
        """Remove every entry."""
        for folder in self._entries():
            self._remove(folder)

    def _is_trusted(self) -> bool:
        try:
            return fault_of(self.root) is None
        except OSError:
            return False

    def _entries(self) -> list[Path]:
        return [path for path in self.root.iterdir() if is_key(path.name)]

    def _publish(self, work: Path, key: str) -> Path:
        folder = self.root / key
        for _ in range(_TRIES):
            if rename(work, folder):
                # Not waited for: if power fails now, the entry is there whole or not at all.
                return folder
            # Another process was first. If what is there is damaged, get() moves it away, and
            # the next rename is ours.
            if self._found(key) is not None:
                return folder
        raise CacheError(f"what stands at {folder} is no entry of the cache and cannot be removed")

    @staticmethod
    def _touch(file: Path) -> None:
        """Note that an entry is in use, for the order of pruning; an hour is exact enough."""
        with contextlib.suppress(OSError):
            if abs(time.time() - file.stat().st_mtime) > _HOUR:
                os.utime(file)

    def _remove(self, path: Path, only_if_damaged: bool = False) -> None:
        """Move an entry, or what stands in its place, out of sight in one step; then delete it."""
        # In the same folder, so that nothing need be allowed but to write to that.
        doomed = self.root / f"{_TEMPORARY}{os.urandom(8).hex()}"
        try:
            path.rename(doomed)
        except OSError:  # another process removed it; or it cannot be, and put() says so
            return
        if only_if_damaged and is_whole(doomed, path.name):  # another process had made it anew
            rename(doomed, path)
        delete(doomed)

    def _sweep_daily(self) -> None:
        """Once a day delete what crashes have left, and prune."""
        stamp, now = self.root / _STAMP, time.time()
        if os.path.lexists(stamp):
            status = stamp.lstat()
            if not stat.S_ISREG(status.st_mode):
                self._remove(stamp)
            elif abs(now - status.st_mtime) < _DAY:  # clocks go wrong: the future is no excuse
                return
        stamp.touch()
        self.sweep_orphans()
        self.prune(self.max_bytes)

    def sweep_orphans(self) -> None:
        """Delete what crashes have left for more than a day; what is younger may be in use."""
        now = time.time()
        for orphan in self.root.glob(f"{_TEMPORARY}*"):
            with contextlib.suppress(OSError):
                if abs(now - orphan.lstat().st_mtime) > _DAY:
                    delete(orphan)


_open_lock = threading.RLock()
keep_across_fork(_open_lock)
_opened: dict[str, Cache] = {}
_for_this_process: list[Cache] = []


def open_cache(root: Path | str | None = None) -> Cache:
    """Open the cache in a folder; if it cannot be used, warn once and open a temporary one.

    Raises
    ------
    CacheError
        If no temporary folder can be used either.
    """
    name = "" if root is None else str(root)
    with _open_lock:
        if name in _opened and _opened[name].root.is_dir():
            return _opened[name]
        try:
            cache = Cache(root)
        except CacheError as error:
            cache = temporary_cache()
            warn_once(FOR_THIS_PROCESS, error, name)
        _opened[name] = cache
        return cache


def opened_caches() -> list[Cache]:
    """The caches that this process has opened."""
    with _open_lock:
        return list({id(one): one for one in _opened.values()}.values())


def temporary_cache() -> Cache:
    """Open the cache of this process alone, private and removed at its end.

    Raises
    ------
    CacheError
        If it cannot be made.
    """
    with _open_lock:
        if not _for_this_process:
            _for_this_process.append(_new_temporary_cache())
        return _for_this_process[0]


_told: set[tuple[str, Path | str]] = set()


def warn_once(consequence: str, reason: Exception, root: Path | str) -> None:
    """Warn of what follows from the state of a folder, once for each."""
    with _open_lock:
        if (consequence, root) in _told:
            return
        _told.add((consequence, root))
    warnings.warn(f"{reason}. {consequence}", RuntimeWarning, stacklevel=3)


def _new_temporary_cache() -> Cache:
    try:
        folder = Path(tempfile.mkdtemp(prefix="bitale-"))
    except OSError as error:
        raise CacheError(f"cannot make a temporary folder: {error}") from error
    owner = os.getpid()

    def remove() -> None:
        if os.getpid() == owner:  # a forked child must not take it away from its parent
            shutil.rmtree(folder, ignore_errors=True)

    atexit.register(remove)
    return Cache(folder)
