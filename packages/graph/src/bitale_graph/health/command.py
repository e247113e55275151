"""The command line: ``python -m bitale doctor`` and ``python -m bitale cache``."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence

from .asking import doctor
from .cache_command import add_cache_commands
from .finding import BROKEN
from .writing import write


def main(arguments: Sequence[str] | None = None) -> int:
    """Carry out a command.

    Parameters
    ----------
    arguments : sequence of str, optional
        By default those of this process.

    Returns
    -------
    int
        The exit status: 0, or 1 if something is broken or could not be done.
    """
    given = _parser().parse_args(arguments)
    try:
        status: int = given.run(given)
        sys.stdout.flush()
    except BrokenPipeError:
        # Who reads has seen enough. What is left must not be written when Python ends.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    return status


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="bitale", description="What this machine has for bitale, and what bitale keeps on it."
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="command")
    looking = commands.add_parser(
        "doctor",
        help="look at compiler, BLAS, threads, cache, GPU, versions and settings",
        description="A line for each thing: ok, could be better, or broken; what was found; and "
        "what would be better, with the command for it. Exit status 1 if anything is broken.",
    )
    looking.add_argument("--json", action="store_true", help="write a JSON object")
    looking.set_defaults(run=_doctor)
    add_cache_commands(commands)
    return parser


def _doctor(given: argparse.Namespace) -> int:
    report = doctor()
    write(report.as_json() if given.json else str(report))
    return int(report.state == BROKEN)
