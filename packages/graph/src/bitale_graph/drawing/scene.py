"""Where everything of a picture is, and the marks that it is drawn with."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from .look import LETTER, LINE, LOOKS, PADDING, SMALL, size_of, texts_of
from .nearby import with_leaves_nearby
from .picture import Box, Picture
from .placing import Layout, laid_out

HEAD = 22.0
"""The height of the title over a graph inside of a box."""


@dataclass
class Settings:
    """What a drawing may be told.

    Attributes
    ----------
    longest : int
        At how many letters labels are cut.
    opened : bool
        Whether the graphs inside of ops are drawn in their boxes.
    """

    longest: int = 40
    opened: bool = False


@dataclass
class Scene:
    """A picture with places; ``inner`` has those of the graphs inside, by box."""

    picture: Picture
    layout: Layout
    inner: dict[int, list[tuple[str, Scene]]] = field(default_factory=dict)


@dataclass(frozen=True)
class Rect:
    """A box: its corner, its size, how round, and its colours."""

    x: float
    y: float
    width: float
    height: float
    round: float
    fill: str
    line: str
    dash: str = ""
    title: str = ""
    kind: str = ""


@dataclass(frozen=True)
class Curve:
    """An arrow through points: vertical in each, and straight between those of one row."""

    points: tuple[tuple[float, float], ...]
    line: str = "#8a94a3"
    dash: str = ""


@dataclass(frozen=True)
class Text:
    """Letters around a point of the middle of their base line."""

    x: float
    y: float
    text: str
    size: float
    ink: str
    bold: bool = False


Mark = Rect | Curve | Text


def scene_of(picture: Picture, settings: Settings, depth: int = 0) -> Scene:
    """Lay a picture out, and what is opened in it."""
    ready = with_leaves_nearby(picture)
    inner: dict[int, list[tuple[str, Scene]]] = {}
    sizes = []
    for k, box in enumerate(ready.boxes):
        width, height = size_of(box, settings.longest)
        if settings.opened and box.bodies and depth < 4:
            inner[k] = [(t, scene_of(p, settings, depth + 1)) for t, p in box.bodies]
            width = max(width, sum(s.layout.width + 2 * PADDING for _, s in inner[k]))
            height += HEAD + PADDING + max(s.layout.height for _, s in inner[k])
        sizes.append((width, height))
    return Scene(ready, laid_out(sizes, [(a, b) for a, b, _ in ready.arrows]), inner)


def marks(scene: Scene, settings: Settings, left: float = 0.0, top: float = 0.0) -> Iterator[Mark]:
    """What is drawn, in order."""
    picture, layout = scene.picture, scene.layout
    for (_, b, text), way in zip(picture.arrows, layout.rows.ways, strict=True):
        points = tuple((left + x, top + y) for x, y in points_of(layout, way))
        is_update = picture.boxes[b].kind == "update"
        yield Curve(points, LOOKS["update"].line if is_update else "#8a94a3")
        if text:
            x, y = points[-1]
            yield Text(x + 24, y - 8, text, SMALL, LOOKS["update"].line)
    for k, box in enumerate(picture.boxes):
        yield from _box(scene, k, box, settings, left, top)


def points_of(layout: Layout, way: tuple[int, ...]) -> list[tuple[float, float]]:
    """The points of an arrow: from the foot of a box, through rows, to the head of another."""
    row_of = _row_of(layout)
    first, last = way[0], way[-1]
    points = [(layout.x[first], layout.y[first] + layout.heights[first] / 2)]
    for v in way[1:-1]:
        half = layout.tall[row_of[v]] / 2
        points += [(layout.x[v], layout.y[v] - half), (layout.x[v], layout.y[v] + half)]
    return [*points, (layout.x[last], layout.y[last] - layout.heights[last] / 2)]


def _row_of(layout: Layout) -> dict[int, int]:
    found: dict[int, int] | None = vars(layout).get("_row_of")
    if found is None:
        found = {v: k for k, row in enumerate(layout.rows.rows) for v in row}
        vars(layout)["_row_of"] = found
    return found


def _box(
    scene: Scene, k: int, box: Box, settings: Settings, left: float, top: float
) -> Iterator[Mark]:
    layout, look = scene.layout, LOOKS[box.kind]
    width, height = layout.widths[k], layout.heights[k]
    x, y = left + layout.x[k], top + layout.y[k] - height / 2
    yield Rect(
        x - width / 2, y, width, height, look.round, box.fill or look.fill, look.line, look.dash,
        _title(box), box.kind,
    )  # fmt: skip
    label, note = texts_of(box, settings.longest)
    size = SMALL if box.kind in {"constant", "reference"} else LETTER
    is_open = k in scene.inner
    middle = y + (size_of(box, settings.longest)[1] / 2 if is_open else height / 2)
    base = middle + size * 0.36 - (LINE * 0.45 if note else 0.0)
    yield Text(x, base, label, size, look.ink, bold=box.kind in {"loop", "graph"})
    if note:
        yield Text(x, base + LINE - 1, note, SMALL, "#5b6675")
    if not is_open:
        return
    at = x - width / 2 + PADDING
    y += size_of(box, settings.longest)[1]
    room = (width - sum(s.layout.width + 2 * PADDING for _, s in scene.inner[k])) / 2
    at += room
    for title, one in scene.inner[k]:
        inside = one.layout
        yield Rect(
            at - 4, y, inside.width + 8, inside.height + HEAD + 4, 4.0, "#ffffff", look.line, "2 2"
        )
        yield Text(at + inside.width / 2, y + 14, title, SMALL, "#5b6675")
        yield from marks(one, settings, at, y + HEAD)
        at += inside.width + 2 * PADDING


def _title(box: Box) -> str:
    """What a browser shows of a box under the mouse."""
    about = box.about
    lines = [about.get("op") or box.label]
    if "type" in about:
        lines.append(about["type"])
    lines += [f"reads {text}" for text in about.get("reads", ())]
    lines += [f"gives {text}" for text in about.get("gives", ())]
    if "time" in about:
        lines.append(f"{about['time'] * 1e6:.3g} µs")
    place = about.get("made at")
    if place:
        lines.append(f"{place['file']}:{place['line']} in {place['function']}: {place['text']}")
    return "\n".join(lines)
