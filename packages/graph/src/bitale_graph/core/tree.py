"""Graphs as trees of text, for people who debug."""

from __future__ import annotations

import sys
from typing import Any, TextIO

import numpy as np

from .branches import IDS, Branches, Known
from .function_graph import FunctionGraph
from .graph import Apply, Variable
from .shares import HEADING, shares_of_time


def debugprint(
    obj: Any,
    depth: int = -1,
    print_type: bool = False,
    file: TextIO | str | None = None,
    ids: str = "CHAR",
    stop_on_name: bool = False,
    done: dict[Any, str] | None = None,
    print_storage: bool = False,
    print_clients: bool = False,
    used_ids: dict[Any, str] | None = None,
    print_destroy_map: bool = False,
    print_view_map: bool = False,
) -> Any:
    """Print graphs as trees; what was shown already is not expanded again.

    Each line is a variable: its name, or the op that computes it and, where that has several
    outputs, which one; then a label, which all outputs of a node share. Under the trees stand the
    graphs that ops run at every step of a loop, in a branch or in the place of the op: there an
    arrow tells which variable outside an input stands for, or is a part of.

    Parameters
    ----------
    obj : Variable, Apply, Function, FunctionGraph, In, Out, or a list of them
        For functions each node shows its position in the order of execution, and where they were
        profiled its time. Numbers and arrays are printed as they are.
    depth : int
        How many levels to show; -1 means all.
    print_type : bool
        Show the type of every variable.
    file : text file, "str" or None
        Where to print; ``"str"`` returns the text instead. None prints to standard output.
    ids : "CHAR", "int", "id", "auto" or ""
        What labels are: letters, numbers, Python's ``id``, `auto_name` of the variable, or none.
    stop_on_name : bool
        Do not go behind variables that have a name.
    done, used_ids : dict, optional
        What was shown, and all labels that were given. The dicts are filled; given to the next call
        they make it go on from there.
    print_storage : bool
        Of functions: show what is stored for inputs, shared variables and outputs.
    print_clients : bool
        Show who reads a variable that several read: label and position of the node, or "output".
    print_destroy_map, print_view_map : bool
        Show which inputs an op may write into, and of which its outputs may be views.

    Returns
    -------
    str or None
        The text for ``file="str"``, otherwise ``file``.

    Raises
    ------
    TypeError
        For what is no graph, and if ``depth`` is no int.
    ValueError
        For another ``ids``.

    Notes
    -----
    Margins begin anew at every 200th level, with its number.

    Examples
    --------
    >>> from bitale_graph import language as T
    >>> x = T.dvector("x")
    >>> debugprint(T.exp(x) * 2)
    Elementwise{mul} [id A] ''
     |Elementwise{exp} [id B] ''
     | |x [id C]
     |TensorConstant{2.0} [id D]
    """
    if isinstance(depth, bool) or not isinstance(depth, (int, np.integer)):
        raise TypeError(f"debugprint: depth is a number of levels, not {depth!r}")
    if ids not in IDS:
        raise ValueError(f"debugprint: ids is one of {', '.join(map(repr, IDS))}, not {ids!r}")
    known, lines = Known(), list[str]()
    outputs: list[Variable] = []
    for item in obj if isinstance(obj, (list, tuple, set)) else [obj]:
        if isinstance(item, (int, float, complex, np.ndarray, np.generic)):
            lines.append(str(item))
        else:
            outputs += _roots(item, known, print_storage)
    if known.shares:
        lines += HEADING
    if print_clients:
        known.find_clients(outputs)
    done = {} if done is None else done
    switches = {
        "print_type": print_type,
        "stop_on_name": stop_on_name,
        "print_clients": print_clients,
        "print_destroy_map": print_destroy_map,
        "print_view_map": print_view_map,
    }
    shown = {name for name, is_on in switches.items() if is_on}
    labels = dict(done) if used_ids is None else used_ids
    tree = Branches(lines, known, done, labels, int(depth), ids, shown)
    tree.put(outputs)
    tree.put_bodies()
    text = "".join(f"{line}\n" for line in lines)
    if file == "str":
        return text
    out: Any = sys.stdout if file is None else file
    out.write(text)
    return file


def _roots(item: Any, known: Known, print_storage: bool) -> list[Variable]:
    """What to print of an object; what is known of its nodes is noted."""
    source = item
    if hasattr(item, "maker"):
        item = item.maker.fgraph
        if print_storage:
            known.storage.update(source.fn.storage_map)
    if isinstance(item, FunctionGraph):
        order = item.toposort()
        known.position.update((node, i) for i, node in enumerate(order))
        known.clients.update(item.clients)
        known.shares.update(shares_of_time(order, getattr(source, "profile", None)))
        return item.outputs
    if isinstance(item, Apply):
        return item.outputs
    if not isinstance(item, Variable):
        item = getattr(item, "variable", None)  # of In and Out
    if not isinstance(item, Variable):
        raise TypeError(f"debugprint takes variables, nodes, graphs and functions, not {source!r}")
    return [item]
