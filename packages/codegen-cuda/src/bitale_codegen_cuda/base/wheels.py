"""Where NVIDIA's libraries lie: wheels, toolkits, and what the system's loader knows."""

from __future__ import annotations

import ctypes
import importlib.util
import os
import re
from collections.abc import Iterator
from pathlib import Path

MAJORS = (13, 12)


def candidates(stem: str, variable: str, wheel: str) -> Iterator[str]:
    """What to try to load, in order of preference.

    Parameters
    ----------
    stem : str
        Such as "libnvrtc".
    variable : str
        Of the environment; if it is set, nothing but what it names is tried.
    wheel : str
        The folder in ``nvidia`` that the wheel for CUDA 12 has for itself; those for later
        versions share one, such as ``nvidia/cu13``.

    Yields
    ------
    str
        Paths of files that exist, then names for the system's loader.
    """
    if named := os.environ.get(variable):
        yield named
        return
    folders = [found / "lib" for home in _nvidia_folders() for found in _wheels(home, wheel)]
    homes = [os.environ.get("CUDA_PATH"), os.environ.get("CUDA_HOME"), "/usr/local/cuda"]
    folders += [Path(home) / "lib64" for home in homes if home]
    for folder in folders:
        yield from map(str, sorted(folder.glob(f"{stem}.so*"), key=_major_of, reverse=True))
    yield from (f"{stem}.so.{major}" for major in MAJORS)


def major(path: str) -> int | None:
    """The version that a library's name ends on, if it has one."""
    found = re.search(r"\.so\.(\d+)[\d.]*$", path)
    return int(found[1]) if found else None


def preload(path: str, companion: str) -> None:
    """Load what a library opens by its bare name, from the folder where it lies itself.

    Some builds of a wheel do not look there on their own.
    """
    if os.sep in path:
        for beside in Path(path).parent.glob(f"{companion}.so*"):
            ctypes.CDLL(str(beside), mode=ctypes.RTLD_GLOBAL)


def cure(newest: int | None) -> str:
    """The command that brings what a GPU needs beside its driver.

    Parameters
    ----------
    newest : int, optional
        The newest major version of CUDA that the driver knows.
    """
    version = min(newest or MAJORS[0], MAJORS[0])
    return f"pip install 'bitale-codegen-cuda[cuda{version}]'"


def _major_of(path: Path) -> int:
    return major(path.name) or 0


def _nvidia_folders() -> list[Path]:
    spec = importlib.util.find_spec("nvidia")
    return list(map(Path, spec.submodule_search_locations or ())) if spec is not None else []


def _wheels(home: Path, wheel: str) -> list[Path]:
    shared = [path for path in home.glob("cu[0-9]*") if path.name[2:].isdigit()]
    return [*sorted(shared, key=lambda path: -int(path.name[2:])), home / wheel]
