"""Named arrays in a file: npz always, safetensors where that package is installed.

Only numbers are written and read; nothing that a file holds is ever executed. A file appears whole
or not at all, also where power fails: it is written under another name, flushed to the disk, and
then renamed.
"""

from __future__ import annotations

import contextlib
import os
import re
import secrets
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from .array_file import open_arrays, safetensors, suffix_of

Array = np.ndarray[Any, Any]
# Bytes of what tells names of unfinished files apart.
_TOKEN = 8


def save_arrays(path: str | os.PathLike[str], arrays: Mapping[str, Array]) -> None:
    """Write arrays of numbers by name, replacing what is at ``path``.

    Raises
    ------
    ValueError
        If ``path`` ends in neither .npz nor .safetensors, or a name has a zero character.
    TypeError
        If an array holds anything but numbers or truth values.
    FileNotFoundError
        If there is no such folder.
    ImportError
        If the format needs a package that is not installed.
    """
    path = Path(path)
    suffix = suffix_of(path)
    if not path.parent.is_dir():
        raise FileNotFoundError(f"cannot write {path}: the folder {path.parent} does not exist")
    plain = {name: np.array(array, order="C") for name, array in arrays.items()}
    for name, array in plain.items():
        if array.dtype.kind not in "biuf":
            raise TypeError(f"cannot save {name!r}: it holds {array.dtype}, and not numbers")
        if "\0" in name:  # an archive would cut it off there
            raise ValueError(f"cannot save {name!r}: the name has a zero in it")
    # savez would take an array called "file" for its own argument.
    write = _write_npz if suffix == ".npz" else safetensors().numpy.save_file
    temporary = path.with_name(f".{path.stem}.{secrets.token_hex(_TOKEN)}{suffix}")
    try:
        write(plain, temporary)
        _flush(temporary)
        temporary.replace(path)
        if os.name == "posix":
            _flush(path.parent)
    finally:
        with contextlib.suppress(FileNotFoundError):
            temporary.unlink()


def remove_unfinished(path: str | os.PathLike[str]) -> None:
    """Remove what processes left that were killed while they wrote ``path``."""
    path = Path(path)
    name = re.compile(
        rf"\.{re.escape(path.stem)}\.[0-9a-f]{{{2 * _TOKEN}}}{re.escape(path.suffix)}"
    )
    for other in path.parent.glob(f".*{path.suffix}"):
        if name.fullmatch(other.name):
            with contextlib.suppress(FileNotFoundError):
                other.unlink()


def _flush(path: Path) -> None:
    """Wait until a file, or what a folder says of its files, is on the disk."""
    descriptor = os.open(path, os.O_RDONLY if path.is_dir() else os.O_RDWR)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _write_npz(arrays: Mapping[str, Array], path: Path) -> None:
    with zipfile.ZipFile(path, "w", compression=zipfile.ZIP_STORED, allowZip64=True) as archive:
        for name, array in arrays.items():
            with archive.open(f"{name}.npy", "w", force_zip64=True) as entry:
                np.lib.format.write_array(entry, array, allow_pickle=False)


def load_arrays(path: str | os.PathLike[str]) -> dict[str, Array]:
    """Read the arrays of a file by name.

    Raises
    ------
    ValueError
        If ``path`` ends in neither .npz nor .safetensors, or the file is no such file: if it holds
        anything but numbers, is damaged, or claims more than it can hold. That is told by headers,
        before memory is taken; a compressed file may take 64 MiB, or 20 times its size.
    FileNotFoundError
        If there is none.
    """
    with open_arrays(path) as stored:
        return {name: stored.read(name) for name in stored.headers}
