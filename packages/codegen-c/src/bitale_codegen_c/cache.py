"""Compiled functions on disk, found by their content.

An entry is a folder, named by a key. It is written under a temporary name and renamed: so there
is nothing to lock, and a crash leaves either a whole entry or an orphan that is swept later. A
digest of every file is checked before an entry is used.
"""

from __future__ import annotations

import atexit
import contextlib
import errno
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

from .cpu import this_cpu
from .loader import ABI

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

DEFAULT_MAX_BYTES = 1 << 30
_DIGESTS = "digests"
_TEMPORARY = "temporary-"
_STAMP = "swept"
_DAY = 86_400.0
_HOUR = 3_600.0


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


def kernel_key(source: str, version: str, flags: Sequence[str]) -> str:
    """Return the key of a compiled file: everything that the machine code depends on."""
    return cache_key("kernel", source, version, *flags, this_cpu().signature, str(ABI))


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
        If the folder belongs to another user, can be written by all, or not by this process.
    """

    def __init__(self, root: Path | str | None = None, max_bytes: int = DEFAULT_MAX_BYTES) -> None:
        self.root = default_root() if root is None else Path(root).expanduser()
        self.max_bytes = max_bytes
        _make_private(self.root)

    def __repr__(self) -> str:
        return f"Cache({str(self.root)!r})"

    def get(self, key: str) -> Path | None:
        """Return the folder of an entry, or None; a damaged entry is removed."""
        folder = self.root / key
        if not _is_whole(folder):
            # Entries appear in one step: one that came just now is whole at the second look.
            if not folder.exists():
                return None
            if not _is_whole(folder):
                self._remove(folder, only_if_damaged=True)
                return None
        with contextlib.suppress(FileNotFoundError):
            self._touch(folder / _DIGESTS)
        return folder

    def put(self, key: str, files: Mapping[str, bytes | Path]) -> Path:
        """Store an entry and return its folder; an entry that is there already stays.

        Parameters
        ----------
        key
            From `cache_key` or `kernel_key`.
        files
            The content of each file, or a file to move here.

        Raises
        ------
        CacheError
            If it cannot be written, for instance on a full disk.
        """
        try:
            with self.temporary_folder() as work:
                _fill(work, files)
                folder = self._publish(work, key)
            self._sweep_daily()
        except OSError as error:
            raise CacheError(f"cannot write to the cache folder {self.root}: {error}") from error
        return folder

    @contextlib.contextmanager
    def temporary_folder(self) -> Iterator[Path]:
        """Give a private folder on the disk of the cache, removed at the end if still there."""
        folder = Path(tempfile.mkdtemp(prefix=_TEMPORARY, dir=self.root))
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def prune(self, max_bytes: int) -> int:
        """Remove the entries not used for longest until at most ``max_bytes`` stay.

        Returns
        -------
        int
            The bytes that were removed.
        """
        entries = []
        for folder in self._entries():
            with contextlib.suppress(FileNotFoundError):  # another process removed it
                size = sum(file.stat().st_size for file in folder.iterdir())
                entries.append(((folder / _DIGESTS).stat().st_mtime, size, folder))
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

    def _entries(self) -> list[Path]:
        return [
            folder
            for folder in self.root.iterdir()
            if folder.is_dir() and not folder.name.startswith(_TEMPORARY)
        ]

    def _publish(self, work: Path, key: str) -> Path:
        folder = self.root / key
        while not _renamed(work, folder):
            # Another process was first. If what is there is damaged, get() moves it away, and
            # the next rename is ours.
            if self.get(key) is not None:
                break
        return folder

    @staticmethod
    def _touch(file: Path) -> None:
        """Note that an entry is in use, for the order of pruning; an hour is exact enough."""
        if time.time() - file.stat().st_mtime > _HOUR:
            with contextlib.suppress(PermissionError):
                os.utime(file)

    def _remove(self, folder: Path, only_if_damaged: bool = False) -> None:
        """Move an entry out of sight in one step, then delete it."""
        doomed = Path(tempfile.mkdtemp(prefix=_TEMPORARY, dir=self.root))
        entry = doomed / "entry"
        with contextlib.suppress(FileNotFoundError):  # another process removed it
            folder.rename(entry)
        if only_if_damaged and _is_whole(entry):  # another process had made it anew: put it back
            _renamed(entry, folder)
        shutil.rmtree(doomed, ignore_errors=True)

    def _sweep_daily(self) -> None:
        """Once a day delete what crashes have left, and prune."""
        stamp, now = self.root / _STAMP, time.time()
        with contextlib.suppress(FileNotFoundError):
            if now - stamp.stat().st_mtime < _DAY:
                return
        stamp.touch()
        for orphan in self.root.glob(f"{_TEMPORARY}*"):
            with contextlib.suppress(FileNotFoundError):
                if now - orphan.stat().st_mtime > _DAY:
                    shutil.rmtree(orphan, ignore_errors=True)
        self.prune(self.max_bytes)


_open_lock = threading.Lock()
_opened: dict[str, Cache] = {}


def open_cache(root: Path | str | None = None) -> Cache:
    """Open the cache in a folder; if it cannot be used, warn once and open a temporary one.

    The temporary folder is private and removed when the process ends.
    """
    name = "" if root is None else str(root)
    with _open_lock:
        if name in _opened and _opened[name].root.is_dir():
            return _opened[name]
        try:
            cache = Cache(root)
        except CacheError as error:
            warnings.warn(
                f"{error}. Compiled functions are kept for this process only, in a temporary "
                "folder",
                RuntimeWarning,
                stacklevel=2,
            )
            cache = Cache(_process_folder())
        _opened[name] = cache
        return cache


def _process_folder() -> Path:
    folder = Path(tempfile.mkdtemp(prefix="bitale-"))
    owner = os.getpid()

    def remove() -> None:
        if os.getpid() == owner:  # a forked child must not take it away from its parent
            shutil.rmtree(folder, ignore_errors=True)

    atexit.register(remove)
    return folder


def _make_private(root: Path) -> None:
    try:
        root.parent.mkdir(parents=True, exist_ok=True)
        with contextlib.suppress(FileExistsError):
            root.mkdir(mode=0o700)
        status = root.stat()
    except OSError as error:
        raise CacheError(f"cannot make the cache folder {root}: {error}") from error
    if not stat.S_ISDIR(status.st_mode):
        raise CacheError(f"the cache folder {root} is not a folder")
    if hasattr(os, "geteuid") and status.st_uid != os.geteuid():
        raise CacheError(
            f"the cache folder {root} belongs to user {status.st_uid}, not to you: code that "
            "another user wrote there would run as you. Choose another folder"
        )
    if os.name == "posix" and status.st_mode & stat.S_IWOTH:
        raise CacheError(
            f"the cache folder {root} can be written by every user, and what is in it is run: "
            f"take that right away (chmod o-w {root}) or choose another folder"
        )
    if not os.access(root, os.W_OK | os.X_OK):
        raise CacheError(f"the cache folder {root} cannot be written to")


def _renamed(work: Path, folder: Path) -> bool:
    """Rename, or return False if there is a folder of that name already."""
    try:
        work.rename(folder)
    except OSError as error:
        if error.errno in {errno.ENOTEMPTY, errno.EEXIST} or folder.exists():
            return False
        raise
    return True


def _is_file_name(name: str) -> bool:
    return name not in {"", ".", ".."} and Path(name).name == name


def _fill(folder: Path, files: Mapping[str, bytes | Path]) -> None:
    lines = []
    for name, content in sorted(files.items()):
        if name == _DIGESTS or not _is_file_name(name):
            raise ValueError(f"not a name for a file in a cache entry: {name!r}")
        target = folder / name
        if isinstance(content, bytes):
            target.write_bytes(content)
            data = content
        else:
            shutil.move(content, target)
            data = target.read_bytes()
        lines.append(f"{hashlib.sha256(data).hexdigest()} {name}\n")
    (folder / _DIGESTS).write_text("".join(lines), encoding="utf-8")


def _is_whole(folder: Path) -> bool:
    try:
        lines = (folder / _DIGESTS).read_text(encoding="utf-8", errors="replace").splitlines()
        for line in lines:
            digest, _, name = line.partition(" ")
            if not _is_file_name(name):
                return False
            if hashlib.sha256((folder / name).read_bytes()).hexdigest() != digest:
                return False
    except (FileNotFoundError, NotADirectoryError):
        return False
    return True
