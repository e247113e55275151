"""The command that runs a program written for Theano."""

from __future__ import annotations

import argparse
import runpy
import sys
from pathlib import Path

from .importing import install


def main(arguments: list[str]) -> int:
    """Run ``program.py arguments`` with ``import theano`` meaning bitale; the exit status."""
    parser = argparse.ArgumentParser(
        prog="python -m bitale.theano", description="Run a program written for Theano."
    )
    parser.add_argument("program", type=Path, help="the program, a file")
    parser.add_argument("arguments", nargs=argparse.REMAINDER, help="its arguments")
    given = parser.parse_args(arguments)
    if not given.program.is_file():
        parser.error(f"there is no file {given.program}")
    install()
    sys.argv = [str(given.program), *given.arguments]
    sys.path.insert(0, str(given.program.resolve().parent))
    runpy.run_path(str(given.program), run_name="__main__")
    return 0
