"""Named arrays in a file: npz always, safetensors where that package is installed.

Only numbers are written and read; nothing that a file holds is ever executed. A file appears whole
or not at all: it is written under another name and then renamed.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import zipfile
from collections.abc import Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]


def _safetensors() -> ModuleType:
    try:
        import safetensors.numpy
    except ImportError as error:
        raise ImportError(
            "files that end in .safetensors need the package safetensors: "
            'pip install "bitale-nnet[safetensors]"; files that end in .npz need nothing'
        ) from error
    return safetensors.numpy


def _suffix(path: Path) -> str:
    if path.suffix not in (".npz", ".safetensors"):
        raise ValueError(f"the name of a file of parameters ends in .npz or .safetensors: {path}")
    return path.suffix


def save_arrays(path: str | os.PathLike[str], arrays: Mapping[str, Array]) -> None:
    """Write arrays of numbers by name, replacing what is at ``path``.

    Raises
    ------
    ValueError
        If ``path`` ends in neither .npz nor .safetensors.
    TypeError
        If an array holds anything but numbers or truth values.
    ImportError
        If the format needs a package that is not installed.
    """
    path = Path(path)
    suffix = _suffix(path)
    plain = {name: np.array(array, order="C") for name, array in arrays.items()}
    for name, array in plain.items():
        if array.dtype.kind not in "biuf":
            raise TypeError(f"cannot save {name!r}: it holds {array.dtype}, and not numbers")
    # savez would take an array called "file" for its own argument.
    write = _write_npz if suffix == ".npz" else _safetensors().save_file
    temporary = path.with_name(f".{path.stem}.{secrets.token_hex(8)}{suffix}")
    try:
        write(plain, temporary)
        temporary.replace(path)
    finally:
        with contextlib.suppress(FileNotFoundError):
            temporary.unlink()


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
        If ``path`` ends in neither .npz nor .safetensors, or the file is no such file.
    FileNotFoundError
        If there is none.
    """
    path = Path(path)
    if _suffix(path) == ".npz":
        return _read_npz(path)
    reader = _safetensors()
    from safetensors import SafetensorError

    try:
        return dict(reader.load_file(path))
    except SafetensorError as error:
        raise ValueError(f"{path} is no file of parameters: {error}") from error


def _read_npz(path: Path) -> dict[str, Array]:
    # Opened here, since a damaged file is otherwise left open.
    with path.open("rb") as file:
        try:
            archive = np.load(file, allow_pickle=False)
            if isinstance(archive, np.lib.npyio.NpzFile):
                return {name: archive[name] for name in archive.files}
        except (ValueError, EOFError, zipfile.BadZipFile) as error:
            raise ValueError(f"{path} is no file of parameters: {error}") from error
    raise ValueError(f"{path} is no file of parameters: it holds a single array")
