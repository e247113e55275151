"""One page of HTML, whole in itself, in which a person looks around in a graph."""

from __future__ import annotations

import json
from collections.abc import Sequence
from importlib.resources import files
from typing import Any

from .look import LOOKS, MEANINGS, SMALL, size_of, texts_of
from .nearby import with_leaves_nearby
from .picture import Picture
from .placing import laid_out
from .steps import Step

LONGEST = 34
_SKELETON = """<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>{title}</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; \
style-src 'unsafe-inline'; script-src 'unsafe-inline'">
<style>{style}</style></head><body>
<script type="application/json" id="data">{data}</script>
<script>{script}</script>
</body></html>
"""


def page_text(title: str, picture: Picture, steps: Sequence[Step], notes: Sequence[str]) -> str:
    """The text of the page.

    Parameters
    ----------
    title : str
    picture : Picture
        What is run.
    steps : sequence of Step
        What the rewriter did; the first is the graph as written.
    notes : sequence of str
        What is said under the title, such as what was left out.
    """
    graphs = _Graphs()
    data = {
        "title": title,
        "main": graphs.add(picture),
        "steps": [
            {
                "name": s.name,
                "purpose": s.purpose,
                "rules": s.rules.most_common(),
                "graph": graphs.add(s.picture),
            }
            for s in steps
        ],
        "notes": list(notes),
        "looks": {kind: [look.fill, look.line, look.ink, look.round, look.dash]
                  for kind, look in LOOKS.items()},
        "meanings": MEANINGS,
        "small": SMALL,
    }  # fmt: skip
    data["graphs"], data["about"] = graphs.made, graphs.about
    folder = files("bitale_graph.drawing")
    # In a script nothing but its end tag is read as HTML, and there is none without a "<".
    text = json.dumps(data, separators=(",", ":")).replace("<", "\\u003c")
    shown = title.replace("&", "&amp;").replace("<", "&lt;")
    return _SKELETON.format(
        title=shown,
        style=folder.joinpath("page.css").read_text(encoding="utf-8"),
        script=folder.joinpath("page.js").read_text(encoding="utf-8"),
        data=text,
    )


class _Graphs:
    """Pictures as lists, each graph inside of a node once."""

    def __init__(self) -> None:
        self.made: list[dict[str, Any]] = []
        self.about: list[dict[str, Any]] = []
        self._inner: dict[int, list[tuple[str, int]]] = {}
        self._told: dict[str, int] = {}

    def add(self, picture: Picture) -> int:
        """Add a picture; its place."""
        ready = with_leaves_nearby(picture)
        sizes = [size_of(box, LONGEST) for box in ready.boxes]
        layout = laid_out(sizes, [(a, b) for a, b, _ in ready.arrows])
        boxes = []
        for box in ready.boxes:
            inner = self._inner.get(box.key) if box.bodies else []
            if inner is None:
                inner = [(title, self.add(one)) for title, one in box.bodies]
                self._inner[box.key] = inner
            about = self._about(box.about)
            boxes.append([box.kind, *texts_of(box, LONGEST), box.key, box.of, about, inner])
        self.made.append(
            {
                "boxes": boxes,
                "rows": layout.rows.rows,
                "x": [round(x, 1) for x in layout.x],
                "w": [round(w, 1) for w, _ in sizes],
                "h": [h for _, h in sizes],
                "ways": layout.rows.ways,
                "texts": [text for *_, text in ready.arrows],
            }
        )
        return len(self.made) - 1

    def _about(self, about: dict[str, Any]) -> int:
        told = json.dumps(about)
        if told not in self._told:
            self._told[told] = len(self.about)
            self.about.append(about)
        return self._told[told]
