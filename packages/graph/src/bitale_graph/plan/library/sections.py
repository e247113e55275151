"""Definitions in C as sections of ``*.h`` files, of which a program gets those that it uses.

A section begins with a line ``/* name requires: names */`` and holds one definition; the names are
those of the sections that it needs. A name with widths in braces stands for one section of each
width, which the sign @ is replaced by.

The files beside this module are read by every dialect of C. Functions there begin with
``BT_PORTABLE``, with ``BT_FUNCTION`` where they are too long to be inlined everywhere, or with
``BT_APART`` where they are so long that a compiler that inlines all (NVIDIA's) must be kept from
it, and call by the names of our C library what a dialect has of its own (``bt_log_f64``), and
``BT_SQRT``, ``BT_FABS`` and ``BT_FLOOR``, by ``BT_C(name)`` a function of C's library, and
``BT_INF`` and ``BT_NAN``: each dialect defines these words.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

_MARKER = re.compile(r"^/\* (bt_[\w@]+(?:\{[\d,]+\})?) requires:(.*) \*/\n", re.MULTILINE)

SUFFIXES = {
    "float32": "f32",
    "float64": "f64",
    "int8": "i8",
    "int16": "i16",
    "int32": "i32",
    "int64": "i64",
    "uint8": "u8",
    "uint16": "u16",
    "uint32": "u32",
    "uint64": "u64",
}
"""How names in C end, by dtype."""


@dataclass(frozen=True)
class Section:
    """One definition in C, and the names of the definitions that it uses."""

    requires: tuple[str, ...]
    text: str


def read_sections(package: str) -> dict[str, Section]:
    """Every section of the ``*.h`` files of a package, by C name."""
    found: dict[str, Section] = {}
    headers = [path for path in files(package).iterdir() if path.name.endswith(".h")]
    for path in sorted(headers, key=lambda header: header.name):
        _, *pieces = _MARKER.split(path.read_text(encoding="utf-8"))
        for name, requires, text in zip(pieces[::3], pieces[1::3], pieces[2::3], strict=True):
            stem, _, widths = name.rstrip("}").partition("{")
            for width in widths.split(","):
                found[stem.replace("@", width)] = Section(
                    tuple(requires.replace("@", width).split()),
                    text.replace("@", width).strip() + "\n",
                )
    return found


@cache
def portable_sections() -> Mapping[str, Section]:
    """The sections that every dialect of C reads, by C name."""
    assert __package__ is not None
    return read_sections(__package__)


def portable_name(name: str, dtype: str) -> str | None:
    """The C name of a function of every dialect; None if there is none of this name and dtype."""
    c_name = f"bt_{name}_{SUFFIXES[dtype]}"
    return c_name if c_name in portable_sections() else None


def in_order(wanted: Iterable[str], sections: Mapping[str, Section]) -> list[str]:
    """The texts of sections and of all that they need, each once, after those that it needs.

    Equal for equal sets of names. What ``sections`` does not have is left to the dialect.
    """
    ordered: dict[str, str] = {}
    pending = sorted(set(wanted), reverse=True)
    while pending:
        name = pending[-1]
        needs = [need for need in sections[name].requires if need in sections]
        missing = [need for need in needs if need not in ordered]
        if name in ordered or not missing:
            ordered.setdefault(name, sections[name].text)
            pending.pop()
        else:
            pending.extend(reversed(missing))
    return list(ordered.values())
