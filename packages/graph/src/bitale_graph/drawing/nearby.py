"""Fewer and shorter arrows.

What is read in many places, such as a number or a weight, is drawn beside each of them; and in
very large graphs what is far away is only named. Arrows across half of a picture hide the rest.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

from .layers import layers_of
from .picture import Box, Picture

REACH = 3
"""Over how many layers the readers of one leaf may spread before it is drawn once more."""
PASSAGES = 4
"""How many places of passage there may be for each box."""


def with_leaves_nearby(picture: Picture) -> Picture:
    """The picture with leaves beside what reads them, numbered so that arrows go upwards."""
    boxes, arrows = picture.boxes, picture.arrows
    layer = layers_of(len(boxes), [(a, b) for a, b, _ in arrows])
    readers: list[list[tuple[int, str]]] = [[] for _ in boxes]
    sources: list[list[tuple[int, str]]] = [[] for _ in boxes]
    for a, b, text in arrows:
        readers[a].append((b, text))
        sources[b].append((a, text))
    # For each leaf and reader which copy it reads; the first is the leaf itself.
    copy: dict[tuple[int, int], int] = {}
    for v, box in enumerate(boxes):
        if not sources[v]:
            copy.update(_copies(v, box, readers[v], layer))
    far = _too_far(picture, layer, sources)
    made = Picture()
    at: dict[tuple[int, int], int] = {}
    places = [-1] * len(boxes)
    waiting: list[tuple[int, int]] = []
    for v, box in enumerate(boxes):
        if not sources[v]:
            for k in dict.fromkeys(copy.get((v, b), 0) for b, _ in readers[v]) or [0]:
                twin = box if k == 0 else dataclasses.replace(box, of=places[v])
                at[v, k] = made.add(twin)
                if k == 0:
                    places[v] = at[v, k]
            continue
        inputs = []
        for u, text in sources[v]:
            if not sources[u]:
                inputs.append((at[u, copy.get((u, v), 0)], text))
            elif layer[v] - layer[u] > far:
                name = Box("reference", boxes[u].label, key=-1, of=places[u])
                inputs.append((made.add(name), text))
            else:
                inputs.append((places[u], text))
        places[v] = made.add(box)
        made.arrows += [(a, places[v], text) for a, text in inputs]
        if box.kind == "update" and box.of >= 0:
            waiting.append((places[v], box.of))
    for place, of in waiting:
        made.boxes[place] = dataclasses.replace(made.boxes[place], of=places[of])
    return made


def _copies(
    v: int, box: Box, readers: Sequence[tuple[int, str]], layer: Sequence[int]
) -> dict[tuple[int, int], int]:
    found: dict[tuple[int, int], int] = {}
    number, start = -1, 0
    for b in sorted((b for b, _ in readers), key=lambda b: (layer[b], b)):
        if number < 0 or box.kind == "constant" or layer[b] - start > REACH:
            number, start = number + 1, layer[b]
        found[v, b] = number
    return found


def _too_far(
    picture: Picture, layer: Sequence[int], sources: Sequence[Sequence[tuple[int, str]]]
) -> int:
    """Over how many layers arrows may go, so that there are few enough places of passage."""
    longest: dict[int, int] = {}
    for a, b, _ in picture.arrows:
        if sources[a]:
            longest[a] = max(longest.get(a, 0), layer[b] - layer[a])
    far, most = max(longest.values(), default=0), PASSAGES * len(picture.boxes) + 200
    while far > REACH and sum(min(n, far) - 1 for n in longest.values()) > most:
        far = far * 3 // 4
    return far
