"""Places in the user's program in words; of a notebook, whose files nobody sees, by the cell."""

from __future__ import annotations

import sys


def cell_of(filename: str) -> str | None:
    """The cell that IPython compiled under this name of a file, as ``Cell In[3]``; else None."""
    ipython = sys.modules.get("IPython")
    shell = None if ipython is None else getattr(ipython, "get_ipython", lambda: None)()
    compiler = getattr(shell, "compile", None)
    told = getattr(compiler, "format_code_name", lambda _: None)(filename)
    # IPython 8.0 and later; what else gives another form is no cell to us.
    return " ".join(told) if isinstance(told, tuple) and told[0] == "Cell" else None


def place(filename: str, line: int) -> str:
    """File and line, as ``program.py:3`` or ``Cell In[3], line 2``."""
    cell = cell_of(filename)
    return f"{filename}:{line}" if cell is None else f"{cell}, line {line}"


def place_in(filename: str, line: int, function: str) -> str:
    """File, line and function; a cell is no function of which to speak."""
    told = place(filename, line)
    return told if function == "<module>" and cell_of(filename) else f"{told} in {function}"
