"""The command that runs a program written for Theano, or says what it uses of Theano."""

from __future__ import annotations

import argparse
import runpy
import sys
import traceback
from pathlib import Path
from types import ModuleType

from . import old_names, old_python
from .importing import install
from .use import report


def main(arguments: list[str]) -> int:
    """Run ``program.py arguments`` with ``import theano`` meaning bitale; the exit status."""
    parser = argparse.ArgumentParser(
        prog="python -m bitale.theano", description="Run a program written for Theano."
    )
    parser.add_argument(
        "--check",
        action="store_true",
        help="do not run it: list the names of Theano that it uses, and which are missing",
    )
    parser.add_argument("--py2", action="store_true", help="the program is in Python 2")
    parser.add_argument("program", type=Path, help="the program, a file (to check: or a folder)")
    parser.add_argument("arguments", nargs=argparse.REMAINDER, help="its arguments")
    given = parser.parse_args(arguments)
    if given.check and given.program.exists():
        return report(given.program, is_python2=given.py2)
    if not given.program.is_file():
        parser.error(f"there is no file {given.program}")
    install()
    old_names.put_back()
    sys.argv = [str(given.program), *given.arguments]
    sys.path[0] = str(given.program.resolve().parent)  # as Python does for a program
    if given.py2:
        _run_python2(given.program)
    else:
        return _run(given.program)
    return 0


def _run(program: Path) -> int:
    try:
        runpy.run_path(str(program), run_name="__main__")
    except Exception as error:
        if not (told := old_python.told_as_python2(error)):
            raise
        traceback.print_exc()
        print(f"\n{told}", file=sys.stderr)  # noqa: T201 (a command speaks)
        return 1
    return 0


def _run_python2(program: Path) -> None:
    sys.meta_path.insert(1, old_python.Finder(program.resolve().parent))
    module = ModuleType("__main__")
    vars(module).update(__file__=str(program), __builtins__=__builtins__, **old_python.MEANINGS)
    sys.modules["__main__"] = module
    exec(old_python.compiled(old_python.read(program), str(program)), vars(module))
