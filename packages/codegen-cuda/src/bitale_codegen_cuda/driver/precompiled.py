"""What all files of emulated devices begin with, read by the compiler once in a process."""

from __future__ import annotations

import atexit
import functools
import os
import shutil
import subprocess
import tempfile
from pathlib import Path


@functools.cache
def precompiled(command: tuple[str, ...], text: str) -> Path:
    """A header of a text, and beside it what GCC reads in its place for files of these options.

    Kernels are compiled one by one as they are met, most of them of a few lines: the standard
    library's headers are half of that time. Compilers that make nothing of it read the header.
    """
    folder = Path(tempfile.mkdtemp(prefix="bitale-emulated-"))
    atexit.register(_remove, folder, os.getpid())
    header = folder / "before.h"
    header.write_text(text, encoding="ascii")
    made = [*command, "-x", "c++-header", str(header), "-o", f"{header}.gch"]
    subprocess.run(made, check=False, stderr=subprocess.DEVNULL)
    return header


def _remove(folder: Path, process: int) -> None:
    if os.getpid() == process:  # and not one that was forked off
        shutil.rmtree(folder, ignore_errors=True)
