"""What the programs are gathered by."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import bitale

PROGRAMS: dict[str, Callable[[Any], None]] = {}


def wrong(program):
    """Gather a program, a function of the mode; the line that is to be named ends in ``# here``."""
    PROGRAMS[program.__name__] = program
    return program


def run(mode, inputs, outputs, *values):
    """Make a function, and call it."""
    bitale.function(inputs, outputs, mode=mode)(*values)
