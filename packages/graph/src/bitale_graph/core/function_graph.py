"""A graph with one owner.

Its inputs and outputs, who reads what, and replacement that keeps it whole.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from ..base.errors import InconsistentGraphError, MissingInputError, where_made
from . import traversal
from .graph import Apply, Constant, Variable, copied_variable
from .order import toposort


class Output:
    """What reads an output of a graph, in the place of a node."""

    def __repr__(self) -> str:
        return "output"


OUTPUT = Output()
Client = tuple[Apply | Output, int]
"""A node and which of its inputs is meant; or `OUTPUT` and which output of the graph."""


class FunctionGraph:
    """The nodes between given inputs and outputs, with the clients of every variable.

    The graph is changed only through `replace`. Nodes are owned: do not build one from nodes in use
    elsewhere (`clone` copies).

    Parameters
    ----------
    inputs, outputs : sequences of Variable

    Raises
    ------
    MissingInputError
        If an output depends on a leaf that is neither an input nor a constant.
    """

    def __init__(self, inputs: Sequence[Variable], outputs: Sequence[Variable]) -> None:
        self.inputs = list(inputs)
        self.outputs = list(outputs)
        # Readers are kept as the keys of a dict: in order, and removed in constant time.
        self.clients: dict[Variable, dict[Client, None]] = {v: {} for v in self.inputs}
        self.apply_nodes: set[Apply] = set()
        self._order: list[Apply] | None = None
        self._inputs = set(self.inputs)
        for i, output in enumerate(self.outputs):
            self._import(output)
            self.clients.setdefault(output, {})[OUTPUT, i] = None

    @classmethod
    def cloned(
        cls, inputs: Sequence[Variable], outputs: Sequence[Variable]
    ) -> tuple[FunctionGraph, dict[Variable, Variable]]:
        """A graph over copies, and the map from the variables given to their copies."""
        copies = {v: copied_variable(v) for v in inputs}
        memo = traversal.clone_nodes(outputs, copies)
        return cls([copies[v] for v in inputs], [memo[v] for v in outputs]), memo

    def clone(self) -> FunctionGraph:
        """An independent copy."""
        return FunctionGraph.cloned(self.inputs, self.outputs)[0]

    def toposort(self) -> list[Apply]:
        """The nodes, inputs first, in an order that only the graph decides."""
        if self._order is None:
            self._order = toposort(self.outputs, stop_at=self._inputs)
        return list(self._order)

    @property
    def variables(self) -> list[Variable]:
        """Every variable of the graph."""
        return list(self.clients)

    def replace(self, old: Variable, new: Variable) -> None:
        """Let every reader of ``old`` read ``new``, and drop the nodes that nothing needs any more.

        ``new`` may be made from ``old`` by nodes that are not in the graph yet: they go between. It
        must not depend on a reader of ``old``; `toposort` and `check` find such a cycle.

        Raises
        ------
        InconsistentGraphError
            If ``new`` is not of a type that ``old``'s readers admit.
        MissingInputError
            If ``new`` depends on a leaf that is not an input; the graph stays as it was.
        """
        if new is old:
            return
        if new.type != old.type and not old.type.admits(new.type):
            raise InconsistentGraphError(
                f"cannot replace {old} of {old.type} by {new} of {new.type}"
            )
        if old not in self.clients:
            return
        moved = self.clients[old]
        if not moved:
            return
        self._order = None
        # Taken before the import: what ``new`` itself reads of ``old`` stays.
        self.clients[old] = {}
        try:
            self._import(new)
        except MissingInputError:
            self.clients[old] = moved
            raise
        if new.name is None and not isinstance(new, Constant) and new.owner is not None:
            new.name = old.name
        readers = self.clients.setdefault(new, {})
        for reader, i in moved:
            if isinstance(reader, Output):
                self.outputs[i] = new
            else:
                reader.inputs[i] = new
            readers[reader, i] = None
        self._prune(old)

    def replace_all(self, pairs: Iterable[tuple[Variable, Variable]]) -> None:
        """Replace several variables."""
        for old, new in pairs:
            self.replace(old, new)

    def replace_output(self, place: int, new: Variable) -> None:
        """Let one output be ``new``, which may be made from what it was; others stay."""
        old = self.outputs[place]
        self._order = None
        self._import(new)
        del self.clients[old][OUTPUT, place]
        self.clients[new][OUTPUT, place] = None
        self.outputs[place] = new
        self._prune(old)

    def _import(self, variable: Variable) -> None:
        if variable in self.clients:
            return
        if variable.owner is None:
            self._check_leaf(variable)
            self.clients[variable] = {}
            return
        nodes = toposort([variable], stop_at=self.clients)
        for node in nodes:
            for v in node.inputs:
                self._check_leaf(v)
        for node in nodes:
            self.apply_nodes.add(node)
            for i, v in enumerate(node.inputs):
                self.clients.setdefault(v, {})[node, i] = None
            for v in node.outputs:
                self.clients.setdefault(v, {})

    def _check_leaf(self, variable: Variable) -> None:
        if (
            variable.owner is None
            and not isinstance(variable, Constant)
            and variable not in self._inputs
        ):
            place = where_made(variable)
            raise MissingInputError(
                f"the graph depends on {variable} of {variable.type}, which is not among its inputs"
                + (f"; it was made at {place}" if place else "")
                + ". Add it to the inputs, or replace it with givens"
            )

    def _prune(self, variable: Variable) -> None:
        stack = [variable]
        while stack:
            v = stack.pop()
            if self.clients.get(v):
                continue
            node = v.owner
            if node is None or v in self._inputs:
                if v not in self._inputs:
                    self.clients.pop(v, None)
                continue
            if node not in self.apply_nodes or any(self.clients.get(o) for o in node.outputs):
                continue
            self.apply_nodes.discard(node)
            for o in node.outputs:
                self.clients.pop(o, None)
            for i, u in enumerate(node.inputs):
                del self.clients[u][node, i]
                stack.append(u)

    def check(self) -> None:
        """Verify that clients, nodes and outputs agree; raises `InconsistentGraphError`."""
        order = self.toposort()
        if set(order) != self.apply_nodes:
            raise InconsistentGraphError("the nodes kept are not those that the outputs need")
        expected: dict[Variable, set[Client]] = {}
        for node in order:
            for i, v in enumerate(node.inputs):
                expected.setdefault(v, set()).add((node, i))
        for i, v in enumerate(self.outputs):
            expected.setdefault(v, set()).add((OUTPUT, i))
        for v, readers in self.clients.items():
            if set(readers) != expected.get(v, set()):
                raise InconsistentGraphError(f"the clients of {v} are not its readers")

    def __str__(self) -> str:
        inputs, outputs = (", ".join(map(str, vs)) for vs in (self.inputs, self.outputs))
        return f"FunctionGraph({inputs} -> {outputs})"
