"""A graph with one owner.

Its inputs and outputs, who reads what, and replacement that keeps it whole.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ..base.errors import InconsistentGraphError, MissingInputError, where_made
from . import traversal
from .features import AlreadyThere, Feature, ReplaceValidate
from .graph import Apply, Constant, Variable, copied_variable
from .order import toposort
from .shown import Shown
from .walks import io_toposort


class Output(str):
    """What reads an output of a graph, in the place of a node: the text ``"output"``."""

    __slots__ = ()


OUTPUT = Output("output")
Client = tuple[Apply | Output, int]
"""A node and which of its inputs is meant; or `OUTPUT` and which output of the graph."""


class Clients(dict[Variable, dict[Client, None]]):
    """For each variable its readers; called with a variable it gives them as a list."""

    def __call__(self, variable: Variable) -> list[Client]:
        """Give the nodes that read a variable, and at which place."""
        return list(self.get(variable, ()))


class FunctionGraph(Shown):
    """The nodes between given inputs and outputs, with the clients of every variable.

    The graph is changed only through `replace` and the like, which also change its nodes.

    Parameters
    ----------
    inputs, outputs : sequences of Variable
    features : sequence of Feature, optional
        What is told of changes.
    clone : bool
        Whether the graph is of copies, its inputs among them. If not its nodes are owned: they
        must not be in use elsewhere.
    update_mapping : mapping of int to int, optional
        Kept as an attribute, as Theano does: from places of outputs to those of the inputs that
        they update.

    Raises
    ------
    MissingInputError
        If an output depends on a leaf that is neither an input nor a constant.
    """

    def __init__(
        self,
        inputs: Sequence[Variable],
        outputs: Sequence[Variable],
        features: Iterable[Feature] | None = None,
        clone: bool = True,
        update_mapping: Mapping[int, int] | None = None,
    ) -> None:
        if clone:
            inputs, outputs, _ = _copied(inputs, outputs)
        self.inputs = list(inputs)
        self.outputs = list(outputs)
        self.update_mapping = update_mapping
        self.features: list[Feature] = []
        # Readers are kept as the keys of a dict: in order, and removed in constant time.
        self.clients = Clients((v, {}) for v in self.inputs)
        self.apply_nodes: set[Apply] = set()
        self._order: list[Apply] | None = None
        self._inputs = set(self.inputs)
        for i, output in enumerate(self.outputs):
            self._import(output)
            self.clients.setdefault(output, {})[OUTPUT, i] = None
        for feature in features or ():
            self.attach_feature(feature)

    @classmethod
    def cloned(
        cls, inputs: Sequence[Variable], outputs: Sequence[Variable]
    ) -> tuple[FunctionGraph, dict[Variable, Variable]]:
        """A graph over copies, and the map from the variables given to their copies."""
        new_inputs, new_outputs, memo = _copied(inputs, outputs)
        return cls(new_inputs, new_outputs, clone=False), memo

    def clone(self) -> FunctionGraph:
        """An independent copy, with copies of what is attached."""
        return self.clone_get_equiv()[0]

    def clone_get_equiv(self) -> tuple[FunctionGraph, dict[Variable, Variable]]:
        """What `clone` gives, and the map from the variables here to those of the copy."""
        made, memo = FunctionGraph.cloned(self.inputs, self.outputs)
        made.update_mapping = self.update_mapping
        for feature in self.features:
            made.attach_feature(feature.clone())
        return made, memo

    def toposort(self) -> list[Apply]:
        """The nodes, inputs first, in an order that only the graph decides, and its features."""
        if self._order is None:
            orderings = self.orderings() if self.features else None
            self._order = (
                io_toposort(self._inputs, self.outputs, orderings)
                if orderings
                else toposort(self.outputs, stop_at=self._inputs)
            )
        return list(self._order)

    def orderings(self) -> dict[Apply, list[Apply]]:
        """For nodes those that must be computed before them, as features say."""
        found: dict[Apply, list[Apply]] = {}
        for feature in self.features:
            for node, before in feature.orderings(self).items():
                found.setdefault(node, []).extend(before)
        return found

    # What is attached
    def attach_feature(self, feature: Feature) -> None:
        """Let a feature be told of all changes; nothing happens if it is there already."""
        if feature in self.features:
            return
        try:
            feature.on_attach(self)
        except AlreadyThere:
            return
        self._order = None
        self.features.append(feature)

    def remove_feature(self, feature: Feature) -> None:
        """Let a feature go, if it is there."""
        if feature in self.features:
            self.features.remove(feature)
            self._order = None
            feature.on_detach(self)

    def execute_callbacks(self, name: str, *args: Any, **keywords: Any) -> None:
        """Call a method of all features that have it, with the graph before the arguments."""
        self.collect_callbacks(name, *args, **keywords)

    def collect_callbacks(self, name: str, *args: Any, **keywords: Any) -> dict[Feature, Any]:
        """What a method of all features gives."""
        methods = {feature: getattr(feature, name, None) for feature in list(self.features)}
        return {f: m(self, *args, **keywords) for f, m in methods.items() if m is not None}

    def __getattr__(self, name: str) -> Any:
        if name in ("checkpoint", "revert", "validate", "consistent", *ReplaceValidate.names):
            self.attach_feature(ReplaceValidate())
            return vars(self)[name]
        raise AttributeError(f"FunctionGraph has no attribute {name!r}")

    def __getstate__(self) -> Any:
        return self.inputs, self.outputs, self.features, self.update_mapping

    def __setstate__(self, state: Any) -> None:
        inputs, outputs, features, mapping = state
        self.__init__(inputs, outputs, [f.clone() for f in features], False, mapping)  # type: ignore[misc]  # the same graph

    def add_input(self, variable: Variable) -> None:
        """Let a variable be one more input, which nodes that come later may read."""
        if variable not in self._inputs:
            self.inputs.append(variable)
            self._inputs.add(variable)
            self.clients.setdefault(variable, {})

    def disown(self) -> None:
        """Let go of all nodes and features; the graph is empty from now on."""
        for feature in list(self.features):
            self.remove_feature(feature)
        self.inputs, self.outputs, self._order = [], [], None
        self.clients.clear()
        self.apply_nodes.clear()
        self._inputs.clear()

    @property
    def variables(self) -> list[Variable]:
        """Every variable of the graph."""
        return list(self.clients)

    def replace(self, old: Variable, new: Variable, reason: Any = None) -> None:
        """Let every reader of ``old`` read ``new``, and drop the nodes that nothing needs any more.

        ``new`` may be made from ``old`` by nodes that are not in the graph yet: they go between. It
        must not depend on a reader of ``old``; `toposort` and `check` find such a cycle. The
        ``reason`` is told to features.

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
            self._import(new, reason)
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
        if self.features:
            for reader, i in moved:
                self.execute_callbacks("on_change_input", reader, i, old, new, reason=reason)
        self._prune(old, reason)

    def replace_all(self, pairs: Iterable[tuple[Variable, Variable]], reason: Any = None) -> None:
        """Replace several variables."""
        for old, new in pairs:
            self.replace(old, new, reason)

    def change_input(
        self, node: Apply | str, i: int, new: Variable, reason: Any = None, check: bool = True
    ) -> None:
        """Let one input of a node, or for ``"output"`` one output of the graph, be ``new``.

        Raises what `replace` raises; what type it has is not looked at without ``check``.
        """
        old = self.outputs[i] if isinstance(node, str) else node.inputs[i]
        if new is old:
            return
        if check and not old.type.admits(new.type):
            raise InconsistentGraphError(f"{node} takes {old.type}, and not {new} of {new.type}")
        if isinstance(node, str):
            self.replace_output(i, new, reason)
            return
        self._order = None
        self._import(new, reason)
        del self.clients[old][node, i]
        self.clients.setdefault(new, {})[node, i] = None
        node.inputs[i] = new
        self.execute_callbacks("on_change_input", node, i, old, new, reason=reason)
        self._prune(old, reason)

    def replace_output(self, place: int, new: Variable, reason: Any = None) -> None:
        """Let one output be ``new``, which may be made from what it was; others stay."""
        old = self.outputs[place]
        self._order = None
        self._import(new, reason)
        del self.clients[old][OUTPUT, place]
        self.clients[new][OUTPUT, place] = None
        self.outputs[place] = new
        if self.features:
            self.execute_callbacks("on_change_input", OUTPUT, place, old, new, reason=reason)
        self._prune(old, reason)

    def _import(self, variable: Variable, reason: Any = None) -> None:
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
        if self.features:
            for node in nodes:
                self.execute_callbacks("on_import", node, reason)

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

    def _prune(self, variable: Variable, reason: Any = None) -> None:
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
            if self.features:
                self.execute_callbacks("on_prune", node, reason)

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

    def check_integrity(self) -> None:
        """`check`, by Theano's name."""
        self.check()

    def __str__(self) -> str:
        inputs, outputs = (", ".join(map(str, vs)) for vs in (self.inputs, self.outputs))
        return f"FunctionGraph({inputs} -> {outputs})"


def _copied(
    inputs: Sequence[Variable], outputs: Sequence[Variable]
) -> tuple[list[Variable], list[Variable], dict[Variable, Variable]]:
    copies = {v: copied_variable(v) for v in inputs}
    memo = traversal.clone_nodes(outputs, copies)
    return [copies[v] for v in inputs], [memo[v] for v in outputs], memo
