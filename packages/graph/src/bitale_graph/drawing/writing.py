"""Pictures into files, and as texts."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..core.graph import Apply
from .page import page_text
from .picture import Graph, Keys, counted, graph_of, picture_of
from .png import image
from .scene import Settings, scene_of
from .steps import Step, recorded_steps
from .svg import svg_text
from .words import plain

BY_MATPLOTLIB = ("png", "pdf", "jpg", "ps", "eps")
FORMATS = ("svg", *BY_MATPLOTLIB)
MOST_STEPS = 2_000
"""Up to how many boxes passes are recorded if nobody says; each has a picture of its own."""


def svg(what: Any, *, opened: bool = False, longest: int = 40, legend: bool = True) -> str:
    """The picture of a graph as the text of an SVG file.

    Parameters
    ----------
    what : Function, FunctionGraph, Variable, Apply, or a sequence of variables
        Of a function its rewritten graph is drawn.
    opened : bool
        Draw the steps of loops, branches and fused loops inside of their boxes.
    longest : int
        At how many letters labels are cut.
    legend : bool
        Say over the picture what its colours mean.

    Returns
    -------
    str

    Raises
    ------
    TypeError
        If ``what`` is nothing that has a graph.
    """
    picture = picture_of(graph_of(what), Keys(), times_of(what))
    return svg_text(picture, Settings(longest, opened), legend)


def html(what: Any, *, steps: bool | None = None, title: str = "") -> str:
    """A page in which a person looks around in a graph, as the text of an HTML file.

    It pans, zooms and searches, opens scans and fused loops, tells types, shapes, times and the
    user's line of each node, and steps through what the rewriter did. It needs no network.

    Parameters
    ----------
    what : Function, FunctionGraph, Variable, Apply, or a sequence of variables
    steps : bool, optional
        Whether what each pass of the rewriter did to a function is shown, for which it is rewritten
        once more. By default for functions of up to 2,000 boxes.
    title : str
        By default the name of the function.

    Returns
    -------
    str

    Raises
    ------
    TypeError
        If ``what`` is nothing that has a graph.
    """
    keys, notes = Keys(), []
    picture = picture_of(graph_of(what), keys, times_of(what))
    taken: list[Step] = []
    is_function = hasattr(what, "maker")
    if is_function and (steps or (steps is None and counted([picture]) <= MOST_STEPS)):
        taken = recorded_steps(what, keys)
    elif is_function and steps is None:
        notes.append(
            f"This graph has over {MOST_STEPS} boxes: what the rewriter did is left out. "
            "draw(f, file, steps=True) shows it."
        )
    name = plain(title or str(getattr(what, "name", None) or "graph"))
    return page_text(name, picture, taken, notes)


def draw(
    what: Any,
    file: str | Path,
    *,
    opened: bool = False,
    longest: int = 40,
    steps: bool | None = None,
) -> None:
    """Draw a graph into a file: SVG or a page of HTML, which need nothing, or PNG by Matplotlib.

    Parameters
    ----------
    what : Function, FunctionGraph, Variable, Apply, or a sequence of variables
        Of a function its rewritten graph is drawn.
    file : path
        Its ending tells the format.
    opened, longest
        As for `svg`.
    steps
        As for `html`.

    Raises
    ------
    TypeError
        If ``what`` is nothing that has a graph.
    ValueError
        For a format that is not written.
    ImportError
        If Matplotlib is needed and not installed.
    """
    path = Path(file)
    if path.suffix.lower() in {".html", ".htm"}:
        path.write_text(html(what, steps=steps), encoding="utf-8")
        return
    settings = Settings(longest, opened)
    path.write_bytes(_bytes(graph_of(what), path.suffix[1:].lower(), settings, times_of(what)))


def times_of(what: Any) -> Mapping[Apply, float]:
    """The seconds that each node of a function took, where it is profiled."""
    found: Mapping[Apply, float] = getattr(getattr(what, "profile", None), "apply_time", None) or {}
    return found


def _bytes(graph: Graph, format: str, settings: Settings, times: Mapping[Apply, float]) -> bytes:
    if format not in FORMATS:
        raise ValueError(f"pictures are written in html, {', '.join(FORMATS)}, not {format!r}")
    picture = picture_of(graph, Keys(), times)
    if format == "svg":
        return svg_text(picture, settings).encode()
    return image(scene_of(picture, settings), settings, format)


def pydotprint(
    fct: Any,
    outfile: str | Path | None = None,
    compact: bool = True,
    format: str = "png",
    with_ids: bool = False,
    high_contrast: bool = True,
    cond_highlight: Any = None,
    colorCodes: Mapping[str, str] | None = None,
    max_label_size: int = 70,
    scan_graphs: bool = False,
    var_with_name_simple: bool = False,
    print_output_file: bool = True,
    return_image: bool = False,
) -> bytes | None:
    """Draw the graph of a function or of variables into a file; Theano's name for `draw`.

    Parameters
    ----------
    fct : Function, FunctionGraph, Variable, Apply, or a list of variables
        What to draw.
    outfile : path, optional
        Where to write; ``bitale.png`` in the current folder without it. An ending that names a
        format goes before ``format``.
    compact : bool
        Leave out variables between two ops.
    format : str
        ``"svg"``, which needs nothing; or by Matplotlib ``"png"``, ``"pdf"``, ``"jpg"``, ``"ps"``
        or ``"eps"``.
    with_ids : bool
        Write the place of each node in the order of execution beside it.
    colorCodes : dict of str to str, optional
        Colours of boxes by the name of the op's class.
    max_label_size : int
        The length at which labels are cut.
    scan_graphs : bool
        Draw the steps of loops inside of their boxes.
    var_with_name_simple : bool
        Show of variables that have a name the name alone.
    print_output_file : bool
        Say where the picture is.
    return_image : bool
        Return the picture instead of writing it.
    high_contrast, cond_highlight : object
        Of Theano's pictures; these are drawn in one way.

    Returns
    -------
    bytes or None
        The picture with ``return_image``.

    Raises
    ------
    ImportError
        If Matplotlib is needed and not installed.
    TypeError, ValueError
        For what has no graph, and for formats that are not written.
    """
    path = Path(outfile or f"bitale.{format}")
    if path.suffix[1:].lower() in FORMATS:
        format = path.suffix[1:].lower()
    graph = graph_of(fct)
    graph.spelled, graph.numbered, graph.only_names = not compact, with_ids, var_with_name_simple
    graph.colours = dict(colorCodes or {})
    data = _bytes(graph, format, Settings(max_label_size, scan_graphs), times_of(fct))
    if return_image:
        return data
    path.write_bytes(data)
    if print_output_file:
        sys.stdout.write(f"The output file is available at {path}\n")
    return None


def pydotprint_variables(vars: Any, outfile: Any = None, **others: Any) -> bytes | None:
    """Draw the graph of variables: `pydotprint`."""
    return pydotprint(vars, outfile, **others)


def d3viz(fct: Any, outfile: str | Path, copy_deps: bool = True) -> None:
    """Write the page of a graph into a file; Theano's name for `draw`.

    Parameters
    ----------
    fct : Function, or what else `draw` takes
    outfile : path
    copy_deps : bool
        Of Theano's pages, which read other files; this one reads none.
    """
    Path(outfile).write_text(html(fct), encoding="utf-8")


def d3write(fct: Any, path: str | Path) -> None:
    """Write the picture of a graph in SVG into a file, for other programs to read."""
    Path(path).write_text(svg(fct), encoding="utf-8")
