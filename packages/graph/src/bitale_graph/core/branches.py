"""The lines of a tree of text: one for each variable, under those that are computed from it."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from .graph import Apply, Variable
from .order import toposort

IDS = ("CHAR", "int", "id", "auto", "")
# So many levels have margins of their own: 10,000 levels would be 100 MB of blanks and rules.
_MARGINS = 200
_BREAKS = str.maketrans({"\n": "\\n", "\r": "\\r", "\x0b": "\\x0b", "\x0c": "\\x0c"})


class Known:
    """What is known of the graphs besides their form."""

    def __init__(self) -> None:
        self.position: dict[Apply, int] = {}
        self.clients: dict[Variable, Any] = {}
        self.storage: dict[Variable, list[Any]] = {}
        self.shares: dict[Apply, str] = {}

    def find_clients(self, outputs: Sequence[Variable]) -> None:
        """Find who reads what among expressions that are in no graph of their own."""
        found: dict[Variable, list[tuple[Any, int]]] = {}
        for node in toposort(outputs):
            for i, v in enumerate(node.inputs):
                found.setdefault(v, []).append((node, i))
        for i, v in enumerate(outputs):
            found.setdefault(v, []).append(("output", i))
        for v, readers in found.items():
            self.clients.setdefault(v, readers)


class Branches:
    """Lines of a print, and what was shown so far.

    Parameters
    ----------
    lines : list of str
        Added to.
    known : Known
    done : dict
        The labels of what was shown: nodes, and leaves. Added to.
    labels : dict
        All labels that were given, also of what was only spoken of. Added to.
    depth, ids : int, str
        Those of `debugprint`.
    shown : collection of str
        The names of those switches of `debugprint` that are on.
    """

    def __init__(
        self,
        lines: list[str],
        known: Known,
        done: dict[Any, str],
        labels: dict[Any, str],
        depth: int,
        ids: str,
        shown: Collection[str],
    ) -> None:
        self.lines, self.known, self.done, self.labels = lines, known, done, labels
        self.depth, self.ids, self.shown = depth, ids, shown
        self.with_bodies: dict[Apply, None] = {}
        self.given: dict[Variable, Variable] = {}

    def put(self, roots: Sequence[Variable], margin: str = "") -> None:
        """Draw trees under ``margin``."""
        if self.depth == 0:
            return
        for root in roots:
            # Each with the rules that stand before it, and before what is under it.
            stack: list[tuple[Variable, str, str, int]] = [(root, margin, margin, 1)]
            while stack:
                v, before, under, level = stack.pop()
                is_new = (v if v.owner is None else v.owner) not in self.done
                self.lines.append(before + self._line(v, is_new))
                if v.owner is None or not is_new or level == self.depth:
                    continue
                if "stop_on_name" in self.shown and v.name is not None:
                    continue
                if level % _MARGINS == 0:
                    under = f"{margin} {level}:"
                rules = [under + " |"] * (len(v.owner.inputs) - 1) + [under + "  "]
                found = zip(v.owner.inputs, rules, strict=False)
                stack += reversed([(u, under + " |", rule, level + 1) for u, rule in found])

    def put_bodies(self) -> None:
        """Draw the graphs that ops run, and those that ops in them run."""
        shown = 0
        while shown < len(self.with_bodies):
            if not shown:
                self.lines += ["", "Inner graphs:"]
            node = list(self.with_bodies)[shown]
            shown += 1
            for k, body in enumerate(node.op.bodies):
                number = f" body {k}" if len(node.op.bodies) > 1 else ""
                self.lines += ["", f"{one_line(node.op)}{self._label(node.outputs[0])}{number}"]
                outside = node.inputs[len(node.inputs) - len(body.inputs) :]
                self.given.update(zip(body.inputs, outside, strict=True))
                self.known.clients.update(body.graph.clients)
                self.put(body.outputs, " >")

    def _label(self, v: Variable) -> str:
        key: Any = v if v.owner is None else v.owner
        if key not in self.labels:
            self.labels[key] = self._new_label(v, len(self.labels))
        return f" {self.labels[key]}" if self.labels[key] else ""

    def _new_label(self, v: Variable, n: int) -> str:
        if not self.ids:
            return ""
        if self.ids == "CHAR":
            return f"[id {letters(n)}]"
        return f"[id {n if self.ids == 'int' else id(v) if self.ids == 'id' else v.auto_name}]"

    def _line(self, v: Variable, is_new: bool) -> str:
        node = v.owner
        text = one_line(v if node is None else node.op)
        if node is not None and len(node.outputs) > 1:
            text += f".{v.index}"
        label = self._label(v)
        self.done[v if node is None else node] = label.strip()
        text += label
        if "print_type" in self.shown:
            text += f" <{v.type}>"
        if v in self.given and is_new and self.ids:
            text += f" ->{self._label(self.given[v])}"
        if node is not None:
            text += self._of_node(node, v)
        if v in self.known.storage:
            text += f" {one_line(self.known.storage[v])}"
        text += self._clients(v)
        if node is not None:
            text += self.known.shares.get(node, "")
            if not is_new:
                text += "  (above)"
        return text

    def _of_node(self, node: Apply, v: Variable) -> str:
        if node.op.bodies:
            self.with_bodies.setdefault(node)
        text = f" {v.name!r}" if v.name is not None else " ''"
        for name in ("destroy_map", "view_map"):
            if f"print_{name}" in self.shown:
                found = _as_dict(getattr(node.op, name, None), len(node.outputs))
                text += f" {name[0]}={found}" if found else ""
        if node in self.known.position:
            text += f" {self.known.position[node]}"
        return text

    def _clients(self, v: Variable) -> str:
        readers = list(self.known.clients.get(v, ())) if "print_clients" in self.shown else []
        if len(readers) < 2:
            return ""
        told = []
        for reader, _ in readers:
            if isinstance(reader, Apply):
                label = self._label(reader.outputs[0]).strip()
                told.append(str((label, self.known.position.get(reader, ""))))
            else:
                told.append("('output', '')")
        return f" clients:[{', '.join(told)}]"


def _as_dict(places: Mapping[int, Sequence[int]] | None, n_outputs: int) -> dict[int, list[int]]:
    # Asked for by place, as a mapping of the op's own may answer for every output.
    found = {k: (places or {}).get(k) for k in range(n_outputs)}
    return {k: list(inputs) for k, inputs in found.items() if inputs}


def one_line(x: Any) -> str:
    """The text of an object, with breaks of lines written as Python writes them."""
    return str(x).translate(_BREAKS)


def letters(n: int) -> str:
    """A number as capital letters: A to Z, AA, AB, and so on."""
    text = ""
    n += 1
    while n:
        n, rest = divmod(n - 1, 26)
        text = chr(ord("A") + rest) + text
    return text
