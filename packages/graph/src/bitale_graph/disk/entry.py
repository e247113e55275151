"""One entry of the cache: a folder of files, with a digest of each, that is whole or is nothing."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import re
import shutil
import stat
from pathlib import Path
from typing import TYPE_CHECKING

from .trust import is_own

if TYPE_CHECKING:
    from collections.abc import Mapping

DIGESTS = "digests"
_KEY = re.compile(r"[0-9a-f]{64}")


def is_key(name: object) -> bool:
    """Whether ``name`` can be the name of an entry, and so leads to no other folder."""
    return isinstance(name, str) and _KEY.fullmatch(name) is not None


def write_entry(folder: Path, key: str, files: Mapping[str, bytes | Path]) -> None:
    """Write the files of an entry into a folder of its own, down to the disk.

    The first line of the digests binds the others to the key, so that neither a part of them nor
    another entry is taken for this one.
    """
    lines = []
    for name, content in sorted(files.items()):
        if name == DIGESTS or not _is_file_name(name):
            raise ValueError(f"not a name for a file in a cache entry: {name!r}")
        target = folder / name
        if isinstance(content, bytes):
            target.write_bytes(content)
            data = content
        else:
            shutil.move(content, target)
            data = target.read_bytes()
        target.chmod(0o600)  # whatever the compiler and the umask have made of it
        lines.append(f"{hashlib.sha256(data).hexdigest()} {name}\n")
    listed = "".join(lines)
    (folder / DIGESTS).write_text(f"{_seal(key, listed)}\n{listed}", encoding="utf-8")
    (folder / DIGESTS).chmod(0o600)
    for name in (*files, DIGESTS, ""):
        _sync(folder / name)


def is_whole(folder: Path, key: str) -> bool:
    """Whether a folder is the entry of ``key`` as it was written, by this user."""
    try:
        if not is_own(folder, stat.S_ISDIR):
            return False
        text = _read(folder / DIGESTS).decode(errors="replace")
        seal, _, listed = text.partition("\n")
        if seal != _seal(key, listed):
            return False
        for line in listed.splitlines():
            digest, _, name = line.partition(" ")
            if not _is_file_name(name):
                return False
            if hashlib.sha256(_read(folder / name)).hexdigest() != digest:
                return False
    except (OSError, ValueError):
        return False
    return True


def rename(work: Path, folder: Path) -> bool:
    """Give an entry its place in one step; return False if there is something already."""
    try:
        work.rename(folder)
    except OSError as error:
        if error.errno in {errno.ENOTEMPTY, errno.EEXIST} or os.path.lexists(folder):
            return False
        raise
    return True


def delete(path: Path) -> None:
    """Delete whatever it is, as far as that is allowed; no link is followed."""
    with contextlib.suppress(OSError):
        if not stat.S_ISDIR(path.lstat().st_mode):
            path.unlink()
            return
        path.chmod(0o700)
        for at, folders, _ in os.walk(path):
            for name in folders:
                inner = Path(at, name)
                if not inner.is_symlink():
                    inner.chmod(0o700)
    shutil.rmtree(path, ignore_errors=True)


def _sync(path: Path) -> None:
    """Wait until a file, or the list of files of a folder, is on the disk.

    Raises
    ------
    OSError
        For a file; a file system may not know how to do it for a folder.
    """
    is_folder = path.is_dir()
    if is_folder and os.name != "posix":
        return
    with contextlib.suppress(OSError) if is_folder else contextlib.nullcontext():
        handle = os.open(path, os.O_RDONLY if os.name == "posix" else os.O_RDWR)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def _seal(key: str, listed: str) -> str:
    return hashlib.sha256(f"{key}\n{listed}".encode()).hexdigest()


def _is_file_name(name: str) -> bool:
    return name not in {"", ".", ".."} and Path(name).name == name


def _read(file: Path) -> bytes:
    if not is_own(file, stat.S_ISREG):
        raise PermissionError(errno.EACCES, "not a file of this user alone", str(file))
    return file.read_bytes()
