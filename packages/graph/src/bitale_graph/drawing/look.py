"""How things look: colours by kind, letters, and the sizes of boxes.

Colours differ in lightness as well, and outlines in form, so that kinds are told apart without
colour too.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass

from .picture import Box
from .words import cut

FONT = "DejaVu Sans, Verdana, Segoe UI, Helvetica, Arial, sans-serif"
LETTER, SMALL = 12.0, 9.5
"""Sizes of letters, in pixels."""
PADDING, LINE = 10.0, 15.0


@dataclass(frozen=True)
class Look:
    """Colours of a kind of box, and its form: how round corners are, and how lines are broken."""

    fill: str
    line: str
    ink: str = "#1c2430"
    round: float = 4.0
    dash: str = ""


LOOKS = {
    "op": Look("#ffffff", "#8a94a3"),
    "loop": Look("#fdf0d5", "#c98a1b"),
    "graph": Look("#efe6fb", "#7d51b8"),
    "input": Look("#d3f0d8", "#2f8f46", round=14.0),
    "shared": Look("#b5e3c0", "#1e6b33", round=14.0, dash="5 2"),
    "constant": Look("#eceef1", "#9aa3af", "#3c4654", round=9.0),
    "output": Look("#cfe3fb", "#1f66b5", round=14.0),
    "update": Look("#b3d1f5", "#174d8c", round=14.0, dash="5 2"),
    "variable": Look("#ffffff", "#8a94a3", "#3c4654", round=14.0),
    "reference": Look("#ffffff", "#b6bdc7", "#5b6675", round=9.0, dash="2 2"),
}
MEANINGS = {
    "input": "input",
    "shared": "shared variable",
    "constant": "constant",
    "op": "op",
    "loop": "fused loop",
    "graph": "scan, or other op that holds graphs",
    "variable": "variable",
    "output": "output",
    "update": "new value of a shared variable",
    "reference": "what is computed further away",
}
NARROW, WIDE = set("iljtfrI.,:;|!'()[]{} ·"), set("mwMW@%—→×…")


def text_width(text: str, size: float = LETTER) -> float:
    """About how wide a text is in the widest of the fonts, in pixels."""
    total = 0.0
    for c in text:
        if c in NARROW:
            total += 0.40
        elif c in WIDE:
            total += 0.92
        elif ord(c) > 0x2E80 and unicodedata.east_asian_width(c) in "WF":
            total += 1.0
        else:
            total += 0.70 if c.isupper() else 0.625
    return total * size


def texts_of(box: Box, longest: int) -> tuple[str, str]:
    """What stands in a box: its label and what is in small letters, cut."""
    return cut(box.label, longest), cut(box.note, longest)


def size_of(box: Box, longest: int) -> tuple[float, float]:
    """The width and height of a box that is not opened."""
    label, note = texts_of(box, longest)
    size = SMALL if box.kind in {"constant", "reference"} else LETTER
    width = max(text_width(label, size), text_width(note, SMALL))
    height = 20.0 if size == SMALL else 24.0 + (13.0 if note else 0.0)
    return max(width + 2 * PADDING, 30.0), height
