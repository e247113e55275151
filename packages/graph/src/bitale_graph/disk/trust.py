"""Who else can write where code is kept that will run as this user."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

_BY_OTHERS = stat.S_IWGRP | stat.S_IWOTH
_ROOT = 0


def fault_of(folder: Path) -> str | None:
    """Say how another user could change what lies in ``folder``, and the cure; None: in no way.

    Parameters
    ----------
    folder
        Without symbolic links in its path: whoever owns one of those may point it elsewhere.
    """
    if os.name != "posix":
        return None
    me = os.geteuid()
    status = folder.stat()
    if status.st_uid != me:
        return (
            f"the cache folder {folder} belongs to user {status.st_uid}, not to you: code that "
            "another user wrote there would run as you. Choose another folder"
        )
    if status.st_mode & _BY_OTHERS:
        who = "every user" if status.st_mode & stat.S_IWOTH else f"its group ({status.st_gid})"
        return (
            f"the cache folder {folder} can be written by {who}, and what is in it is run: empty "
            f"it and take that right away (chmod go-w {folder}), or choose another folder"
        )
    for parent in folder.parents:
        status = parent.stat()
        if status.st_uid not in (me, _ROOT):
            return (
                f"the cache folder {folder} lies in {parent}, which belongs to user "
                f"{status.st_uid}, who can put another folder in its place. Choose another folder"
            )
        # In a folder like /tmp everybody may make things, and nobody take away another's.
        if status.st_mode & _BY_OTHERS and not status.st_mode & stat.S_ISVTX:
            return (
                f"the cache folder {folder} lies in {parent}, where others can put another folder "
                f"in its place: take that right away (chmod go-w {parent}), or choose another "
                "folder"
            )
    return None


def is_own(path: Path, is_kind: Callable[[int], bool]) -> bool:
    """Whether ``path`` is a file (or folder) that this user alone can write, and no link to one.

    Parameters
    ----------
    path
    is_kind
        `stat.S_ISREG` or `stat.S_ISDIR`.
    """
    status = path.lstat()
    if not is_kind(status.st_mode):
        return False
    if os.name != "posix":
        return True
    return status.st_uid == os.geteuid() and not status.st_mode & _BY_OTHERS


def make_private(folder: Path) -> Path:
    """Make a folder and those above it, open to this user only; return its path without links.

    Raises
    ------
    OSError
        If that cannot be, for instance as a file stands there.
    """
    missing = []
    at = folder
    while not at.exists():
        missing.append(at)
        at = at.parent
    for one in reversed(missing):
        one.mkdir(mode=0o700, exist_ok=True)
    if not folder.is_dir():
        raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), str(folder))
    return Path(os.path.realpath(folder))
