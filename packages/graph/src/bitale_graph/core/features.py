"""What can be attached to a graph: it is told of changes, may refuse them, and can undo them."""

from __future__ import annotations

import copy
import functools
import warnings
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ..base.errors import InconsistentGraphError
from .graph import Apply, Variable

Pair = tuple[Variable, Variable]
"""A variable and what replaces it."""


class AlreadyThere(Exception):  # noqa: N818 (Theano's name)
    """Raised in `Feature.on_attach` by what need not be attached a second time."""


class ReplacementDidNotRemoveError(InconsistentGraphError):
    """A replacement after which a node is still there that should have gone."""


class Feature:
    """What is told of all changes of a graph that it is attached to.

    A subclass defines what it wants to know; what raises in `on_change_input` or `validate` makes
    a `replace_validate` fail, which then is undone.
    """

    def on_attach(self, fgraph: Any) -> None:
        """Begin; `AlreadyThere` if this is not needed."""

    def on_detach(self, fgraph: Any) -> None:
        """End."""

    def on_import(self, fgraph: Any, node: Apply, reason: Any) -> None:
        """Know of a node that has come into the graph."""

    def on_prune(self, fgraph: Any, node: Apply, reason: Any) -> None:
        """Know of a node that has left the graph."""

    def on_change_input(
        self, fgraph: Any, node: Any, i: int, r: Variable, new_r: Variable, reason: Any = None
    ) -> None:
        """Know that input ``i`` of a node was ``r``, and is ``new_r``.

        ``node`` is ``"output"`` for an output of the graph.
        """

    def on_pass(self, fgraph: Any, name: str, purpose: str) -> None:
        """Know that a pass of the rewriter over the graph is done."""

    def validate(self, fgraph: Any) -> None:
        """Raise `InconsistencyError` if the graph must not be as it is."""

    def orderings(self, fgraph: Any) -> Mapping[Apply, Sequence[Apply]]:
        """For nodes those that must be computed before them, though nothing says so."""
        return {}

    def clone(self) -> Feature:
        """What is attached to a copy of the graph."""
        return copy.copy(self)


class PassObserver(Feature):
    """Knows what each pass of the rewriter does; a subclass says in `on_pass` what of it.

    Attributes
    ----------
    rules : Counter of str
        How often each rule replaced something since the last `forget`.
    is_changed : bool
        Whether the graph has changed since then.
    """

    def __init__(self) -> None:
        self.forget()

    def forget(self) -> None:
        """Begin to count anew."""
        self.rules: Counter[str] = Counter()
        self.is_changed = False
        self._last: tuple[Any, Any] | None = None

    def on_change_input(
        self, fgraph: Any, node: Any, i: int, r: Variable, new_r: Variable, reason: Any = None
    ) -> None:
        self.is_changed = True
        # One replacement is told once for each reader.
        if self._last != (r, new_r):
            self._last = r, new_r
            if reason is not None:
                self.rules[str(reason)] += 1

    def on_import(self, fgraph: Any, node: Apply, reason: Any) -> None:
        self.is_changed = True

    def on_prune(self, fgraph: Any, node: Apply, reason: Any) -> None:
        self.is_changed = True


class Bookkeeper(Feature):
    """A feature that is told of the nodes that are there when it is attached, too."""

    def on_attach(self, fgraph: Any) -> None:
        for node in fgraph.toposort():
            self.on_import(fgraph, node, "on_attach")

    def on_detach(self, fgraph: Any) -> None:
        for node in fgraph.toposort():
            self.on_prune(fgraph, node, "on_detach")


def _give(fgraph: Any, owner: Feature, *names: str) -> None:
    """Let methods of a feature be those of the graph."""
    if any(name in vars(fgraph) for name in names):
        raise AlreadyThere
    for name in names:
        setattr(fgraph, name, functools.partial(getattr(owner, name), fgraph))


def _take(fgraph: Any, *names: str) -> None:
    for name in names:
        vars(fgraph).pop(name, None)


class History(Feature):
    """Gives the graph ``checkpoint()`` and ``revert(checkpoint)``."""

    def __init__(self) -> None:
        self._changes: list[tuple[Any, int, Variable]] = []
        self._is_reverting = False

    def on_attach(self, fgraph: Any) -> None:
        _give(fgraph, self, "checkpoint", "revert")

    def on_detach(self, fgraph: Any) -> None:
        _take(fgraph, "checkpoint", "revert")

    def on_change_input(
        self, fgraph: Any, node: Any, i: int, r: Variable, new_r: Variable, reason: Any = None
    ) -> None:
        if not self._is_reverting:
            self._changes.append((node, i, r))

    def checkpoint(self, fgraph: Any) -> int:
        """A number for the state of the graph."""
        return len(self._changes)

    def revert(self, fgraph: Any, checkpoint: int) -> None:
        """Undo all changes since a checkpoint."""
        self._is_reverting = True
        try:
            while len(self._changes) > checkpoint:
                fgraph.change_input(*self._changes.pop(), reason="revert", check=False)
        finally:
            self._is_reverting = False

    def clone(self) -> Feature:
        return type(self)()


class Validator(Feature):
    """Gives the graph ``validate()`` and ``consistent()``."""

    def on_attach(self, fgraph: Any) -> None:
        _give(fgraph, self, "validate", "consistent")

    def on_detach(self, fgraph: Any) -> None:
        _take(fgraph, "validate", "consistent")

    def validate(self, fgraph: Any) -> None:
        """Raise if a feature refuses the graph, or it has a cycle."""
        for feature in fgraph.features:
            if not isinstance(feature, Validator):
                feature.validate(fgraph)
        fgraph.toposort()

    def consistent(self, fgraph: Any) -> bool:
        """Whether `validate` raises nothing."""
        try:
            fgraph.validate()
        except InconsistentGraphError:
            return False
        return True


class ReplaceValidate(History, Validator):
    """Gives the graph ``replace_validate`` and the like: replacements that hold, or are undone."""

    names = ("replace_validate", "replace_all_validate", "replace_all_validate_remove")

    def on_attach(self, fgraph: Any) -> None:
        for base in (History, Validator):
            try:
                base.on_attach(self, fgraph)
            except AlreadyThere:
                continue
        _give(fgraph, self, *self.names)

    def on_detach(self, fgraph: Any) -> None:
        History.on_detach(self, fgraph)
        Validator.on_detach(self, fgraph)
        _take(fgraph, *self.names)

    def replace_validate(
        self, fgraph: Any, r: Variable, new_r: Variable, reason: Any = None
    ) -> None:
        """Replace ``r``; raise, with all undone, if the graph must not be so."""
        self.replace_all_validate(fgraph, [(r, new_r)], reason)

    def replace_all_validate(
        self, fgraph: Any, replacements: Iterable[Pair], reason: Any = None
    ) -> int:
        """Replace several variables; give the checkpoint before."""
        before: int = fgraph.checkpoint()
        try:
            fgraph.replace_all(replacements, reason)
            fgraph.validate()
        except Exception:
            fgraph.revert(before)
            raise
        return before

    def replace_all_validate_remove(
        self,
        fgraph: Any,
        replacements: Iterable[Pair],
        remove: Iterable[Apply],
        reason: Any = None,
        warn: bool = True,
    ) -> int:
        """Replace several variables, after which the nodes of ``remove`` must be gone.

        Raises
        ------
        ReplacementDidNotRemoveError
            With all undone, if one is not.
        """
        before = self.replace_all_validate(fgraph, replacements, reason)
        left = [node for node in remove if node in fgraph.apply_nodes]
        if left:
            fgraph.revert(before)
            text = f"{reason}: still there after a replacement: {', '.join(map(str, left))}"
            if warn:
                warnings.warn(text, UserWarning, stacklevel=3)
            raise ReplacementDidNotRemoveError(text)
        return before


class NodeFinder(Bookkeeper):
    """Gives the graph ``get_nodes(op)``: the nodes of an op."""

    def __init__(self) -> None:
        self._nodes: dict[Any, dict[Apply, None]] = {}

    def on_attach(self, fgraph: Any) -> None:
        _give(fgraph, self, "get_nodes")
        super().on_attach(fgraph)

    def on_detach(self, fgraph: Any) -> None:
        _take(fgraph, "get_nodes")
        self._nodes.clear()

    def on_import(self, fgraph: Any, node: Apply, reason: Any) -> None:
        self._nodes.setdefault(node.op, {})[node] = None

    def on_prune(self, fgraph: Any, node: Apply, reason: Any) -> None:
        self._nodes.get(node.op, {}).pop(node, None)

    def get_nodes(self, fgraph: Any, op: Any) -> list[Apply]:
        """The nodes of ``op``, in the order in which they came."""
        return list(self._nodes.get(op, ()))

    def clone(self) -> Feature:
        return type(self)()


class PrintListener(Feature):
    """Prints every change."""

    def __init__(self, active: bool = True) -> None:
        self.active = active

    def _print(self, *what: Any) -> None:
        if self.active:
            print("--", *what)  # noqa: T201 (its purpose)

    def on_attach(self, fgraph: Any) -> None:
        self._print("attaching to:", fgraph)

    def on_detach(self, fgraph: Any) -> None:
        self._print("detaching from:", fgraph)

    def on_import(self, fgraph: Any, node: Apply, reason: Any) -> None:
        self._print(f"importing: {node}, reason: {reason}")

    def on_prune(self, fgraph: Any, node: Apply, reason: Any) -> None:
        self._print(f"pruning: {node}, reason: {reason}")

    def on_change_input(
        self, fgraph: Any, node: Any, i: int, r: Variable, new_r: Variable, reason: Any = None
    ) -> None:
        self._print(f"changing ({node}.inputs[{i}]) from {r} to {new_r}, reason: {reason}")


class PreserveNames(Feature):
    """Lets what replaces a variable with a name have that name, unless it has one."""

    def on_change_input(
        self, fgraph: Any, node: Any, i: int, r: Variable, new_r: Variable, reason: Any = None
    ) -> None:
        if r.name is not None and new_r.name is None:
            new_r.name = r.name


class PreserveVariableAttributes(PreserveNames):
    """Lets it have what stands in the tag, too."""

    def on_change_input(
        self, fgraph: Any, node: Any, i: int, r: Variable, new_r: Variable, reason: Any = None
    ) -> None:
        super().on_change_input(fgraph, node, i, r, new_r, reason)
        if r._tag is not None:
            vars(new_r.tag).update({**vars(r._tag), **vars(new_r.tag)})
