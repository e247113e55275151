"""Pictures in PNG, and in what else Matplotlib writes.

It brings its own letters, so that pictures have some where none are installed.
"""

from __future__ import annotations

import io
from collections.abc import Iterable
from typing import Any

from .scene import Curve, Mark, Rect, Scene, Settings, Text
from .svg import all_marks, size_of_page

DOTS = 100
LARGEST = 30_000
"""The longest side in pixels; larger pictures are drawn smaller."""


def image(scene: Scene, settings: Settings, format: str, legend: bool = True) -> bytes:
    """The picture as the bytes of a file of the format.

    Raises
    ------
    ImportError
        If Matplotlib is not installed.
    """
    try:
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure
    except ImportError as error:
        raise ImportError(
            f"a picture in {format} is drawn with Matplotlib, which is not installed: "
            "pip install 'bitale[plot]', or write .svg or .html, which need nothing"
        ) from error
    width, height = size_of_page(scene, legend)
    figure = Figure(figsize=(width / DOTS, height / DOTS), dpi=DOTS)
    FigureCanvasAgg(figure)
    axes = figure.add_axes((0.0, 0.0, 1.0, 1.0))
    axes.set_xlim(0, width)
    axes.set_ylim(height, 0)
    axes.axis("off")
    _put(axes, all_marks(scene, settings, legend))
    data = io.BytesIO()
    sharp = min(2.0, LARGEST / max(width, height))
    figure.savefig(data, format=format, dpi=DOTS * sharp, facecolor="white")
    return data.getvalue()


def _put(axes: Any, marks: Iterable[Mark]) -> None:
    from matplotlib.patches import FancyArrowPatch, FancyBboxPatch
    from matplotlib.path import Path

    for order, mark in enumerate(marks):
        if isinstance(mark, Curve):
            patch: Any = FancyArrowPatch(
                path=_path(mark, Path), arrowstyle="-|>,head_length=3.2,head_width=1.6",
                linewidth=0.7, color=mark.line, shrinkA=0, shrinkB=0, zorder=order, fill=False,
            )  # fmt: skip
            patch.set_mutation_scale(1)
            axes.add_patch(patch)
        elif isinstance(mark, Rect):
            r = min(mark.round, mark.height / 2)
            style = f"round,pad=0,rounding_size={r}"
            patch = FancyBboxPatch(
                (mark.x, mark.y), mark.width, mark.height, boxstyle=style, facecolor=mark.fill,
                edgecolor=mark.line, linewidth=0.8, zorder=order,
                linestyle=(0, tuple(map(float, mark.dash.split()))) if mark.dash else "-",
            )  # fmt: skip
            axes.add_patch(patch)
        elif isinstance(mark, Text):
            axes.text(
                mark.x, mark.y, mark.text, fontsize=mark.size * 0.72, color=mark.ink, ha="center",
                va="baseline", weight="bold" if mark.bold else "normal", zorder=order,
                parse_math=False,
            )  # fmt: skip


def _path(curve: Curve, path: Any) -> Any:
    (x, y), *rest = curve.points
    points, codes = [(x, y)], [path.MOVETO]
    for u, v in rest:
        middle = (y + v) / 2
        points += [(x, middle), (u, middle), (u, v)]
        codes += [path.CURVE4] * 3
        x, y = u, v
    return path(points, codes)
