"""Pictures in SVG."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any
from xml.sax.saxutils import escape, quoteattr

from .look import FONT, LOOKS, MEANINGS, SMALL, text_width
from .picture import Picture
from .scene import Curve, Mark, Rect, Scene, Settings, Text, marks, scene_of

MARGIN = 16.0
LEGEND = 34.0


def svg_text(picture: Picture, settings: Settings | None = None, legend: bool = True) -> str:
    """The text of an SVG file of a picture, whole in itself."""
    chosen = settings or Settings()
    scene = scene_of(picture, chosen)
    return "\n".join([*_lines(scene, chosen, legend), ""])


def size_of_page(scene: Scene, legend: bool) -> tuple[float, float]:
    """The width and height of a picture, with what is around it."""
    width, height = scene.layout.width, scene.layout.height
    if legend:
        width = max(width, *(x for *_, x in legend_of(scene.picture)), 0.0)
        height += LEGEND
    return width + 2 * MARGIN, height + 2 * MARGIN


def legend_of(picture: Picture) -> list[tuple[str, float, float]]:
    """The kinds of boxes that there are, each with where its words begin and end."""
    kinds = {box.kind for box in picture.boxes}
    found, at = [], 0.0
    for kind in (kind for kind in MEANINGS if kind in kinds):
        end = at + 24 + text_width(MEANINGS[kind], SMALL)
        found.append((kind, at, end))
        at = end + 14
    return found or [("op", 0.0, 0.0)]


def all_marks(scene: Scene, settings: Settings, legend: bool) -> Iterator[Mark]:
    """The marks of a page: the legend, then the picture under it."""
    top = MARGIN
    if legend and scene.picture.boxes:
        for kind, at, end in legend_of(scene.picture):
            look = LOOKS[kind]
            yield Rect(MARGIN + at, MARGIN, 18, 12, min(look.round, 6), look.fill, look.line,
                       look.dash)  # fmt: skip
            middle = MARGIN + (at + 24 + end) / 2
            yield Text(middle, MARGIN + 9.5, MEANINGS[kind], SMALL, "#3c4654")
        top += LEGEND
    width, _ = size_of_page(scene, legend)
    yield from marks(scene, settings, (width - scene.layout.width) / 2, top)


def _lines(scene: Scene, settings: Settings, legend: bool) -> Iterator[str]:
    width, height = (math.ceil(n) for n in size_of_page(scene, legend))
    yield (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" '
        f'viewBox="0 0 {width} {height}" font-family={quoteattr(FONT)} text-anchor="middle">'
    )
    colours = {LOOKS["update"].line, "#8a94a3"}
    yield "<defs>"
    for colour in sorted(colours):
        yield (
            f'<marker id="tip{colour[1:]}" viewBox="0 0 8 8" refX="7.5" refY="4" markerWidth="7" '
            f'markerHeight="7" orient="auto"><path d="M0,0.8L8,4L0,7.2z" fill="{colour}"/></marker>'
        )
    yield "</defs>"
    yield f'<rect width="{width}" height="{height}" fill="#ffffff"/>'
    for mark in all_marks(scene, settings, legend):
        yield _element(mark)
    yield "</svg>"


def _element(mark: Mark) -> str:
    if isinstance(mark, Curve):
        dash = f' stroke-dasharray="{mark.dash}"' if mark.dash else ""
        return (
            f'<path d="{path_of(mark)}" fill="none" stroke="{mark.line}"{dash} '
            f'marker-end="url(#tip{mark.line[1:]})"/>'
        )
    if isinstance(mark, Text):
        bold = ' font-weight="600"' if mark.bold else ""
        return (
            f'<text x="{_n(mark.x)}" y="{_n(mark.y)}" font-size="{_n(mark.size)}" '
            f'fill="{mark.ink}"{bold}>{escape(mark.text)}</text>'
        )
    dash = f' stroke-dasharray="{mark.dash}"' if mark.dash else ""
    kind = f' class="{mark.kind}"' if mark.kind else ""
    start = (
        f'<rect{kind} x="{_n(mark.x)}" y="{_n(mark.y)}" width="{_n(mark.width)}" '
        f'height="{_n(mark.height)}" rx="{_n(min(mark.round, mark.height / 2))}" '
        f'fill={quoteattr(mark.fill)} stroke="{mark.line}"{dash}'
    )
    if not mark.title:
        return start + "/>"
    return f"{start}><title>{escape(mark.title)}</title></rect>"


def path_of(curve: Curve) -> str:
    """The path of an arrow in SVG's words."""
    (x, y), *rest = curve.points
    parts = [f"M{_n(x)},{_n(y)}"]
    for u, v in rest:
        if u == x:
            parts.append(f"V{_n(v)}")
        else:
            middle = _n((y + v) / 2)
            parts.append(f"C{_n(x)},{middle} {_n(u)},{middle} {_n(u)},{_n(v)}")
        x, y = u, v
    return "".join(parts)


def _n(number: Any) -> str:
    return f"{number:.1f}".removesuffix(".0")
