"""Why a call of compiled code failed, in words."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NoReturn

import numpy as np

from ..base.errors import ShapeError
from ..base.patience import TooLongError, limited
from ..core.body import Body
from ..core.function_graph import FunctionGraph
from ..core.graph import Apply, Variable
from ..core.run import constants_of, run_all
from ..core.run_time_error import note_step, raise_with_node
from ..ops.lengths import lengths_of_outputs
from ..ops.scan import Scan
from ..tensor.conversion import as_tensor
from .maker import FunctionMaker

KeptStep = tuple[int, int, list[Any]]
"""What compiled code keeps of a loop that failed: its node, the step, what that was given."""

# How long a call is run again on NumPy; loops that take longer are told of by other means.
PATIENCE = 0.3


class Explain:
    """Tells why a call failed.

    The generated code only says where something is wrong, so there is one place where errors get
    their words: the ops on NumPy. First the call is run again as it was written, whose nodes know
    the user's lines best; nothing has changed since, as a failed call changes nothing. Where loops
    make that long, one step is run of the loop that failed, on what the code kept of it; and what
    follows a loop is run on the shapes that one step tells.

    Parameters
    ----------
    maker : FunctionMaker
    nodes : callable
        Gives the nodes by the numbers of the generated code; called where something failed only.
    """

    def __init__(self, maker: FunctionMaker, nodes: Callable[[], Sequence[Apply]]) -> None:
        self.maker = maker
        self.nodes = nodes

    def __call__(
        self,
        args: tuple[Any, ...],
        index: int,
        *,
        steps: Sequence[KeptStep] = (),
        refused: int | None = None,
    ) -> None:
        """Raise; return only if the call does not fail on NumPy.

        Parameters
        ----------
        args : tuple
            What the function was called with.
        index : int
            The number of the node that failed.
        steps : sequence of KeptStep
            What loops have kept, the innermost first.
        refused : int or None
            The number of bytes that could not be had, where that is the failure. From 2 ** 63 on:
            more than can be addressed.
        """
        maker = self.maker
        given = [a.filter(value) for a, value in zip(maker.arguments, args, strict=True)] + [
            c.read() for c in maker.containers
        ]
        if refused is not None:
            self._want_of_memory(index, refused, given, steps)
        try:
            with limited(PATIENCE):
                for graph in (maker.written, maker.fgraph):
                    run_all(graph, given)
        except TooLongError:
            pass
        else:
            return
        if steps:
            self._run_step(steps)
        for graph in (maker.written, maker.fgraph):
            _run_on_shapes(graph, given)
        self._tell(index, steps)

    def raise_at(self, error: Exception, index: int, steps: Sequence[KeptStep] = ()) -> NoReturn:
        """Raise an error as one of a node, in the steps of the loops around it."""
        nodes = self.nodes()
        try:
            raise_with_node(error, nodes[index], None, self.maker.fgraph)
        except Exception as told:  # noqa: BLE001 (raised again, with the loops)
            self._raise_in_loops(told, steps, nodes)

    def _want_of_memory(
        self, index: int, size: int, given: Sequence[Any], steps: Sequence[KeptStep]
    ) -> NoReturn:
        node = self.nodes()[index]
        types: list[Any] = [v.type for v in node.outputs]
        shapes = _shapes(self.maker.fgraph, node, given)
        told = [
            f"{t} of shape {shape}" if shape is not None else str(t)
            for t, shape in zip(types, shapes, strict=True)
        ]
        # More than can be addressed is not counted.
        amount = f"{size} bytes" if size < 2**63 else "more bytes than there are addresses"
        error = MemoryError(
            f"{amount} wanted in function {self.maker.name!r}, where it computes "
            + " and ".join(told)
        )
        self.raise_at(error, index, steps)

    def _run_step(self, steps: Sequence[KeptStep]) -> None:
        """Run the step that failed, on what it was given."""
        loop, step, given = steps[0]
        nodes = self.nodes()
        op: Any = nodes[loop].op
        try:
            new = op.outer_outputs(op.body.run(given))
            a = op.n_sequences
            op.check_states(given[a : a + op.n_states], new.states, step)
        except Exception as error:  # noqa: BLE001 (raised again, with the loop)
            self._raise_in_loops(error, steps, nodes)

    def _raise_in_loops(
        self, error: Exception, steps: Sequence[KeptStep], nodes: Sequence[Apply]
    ) -> NoReturn:
        found = error
        for loop, step, _ in steps:
            try:
                note_step(found, step)
                raise_with_node(found, nodes[loop], None, self.maker.fgraph)
            except Exception as around:  # noqa: BLE001 (raised below)
                found = around
        raise found

    def _tell(self, index: int, steps: Sequence[KeptStep]) -> NoReturn:
        """Say what is known without another run."""
        kind = type(self.nodes()[index].op).__name__
        text = (
            "compiled code found lengths or indices that do not fit; to see on which values, call "
            "the function with fewer steps"
        )
        if kind == "Assert":
            self.raise_at(AssertionError(f"an assertion does not hold: {text}"), index, steps)
        error = IndexError(text) if "Subtensor" in kind else ShapeError(text)
        self.raise_at(error, index, steps)


def raise_as_written(maker: FunctionMaker, given: Sequence[Any]) -> None:
    """Run a call that failed again as it was written; return if that does not fail, or is long."""
    try:
        with limited(PATIENCE):
            run_all(maker.written, given)
    except TooLongError:
        pass
    except Exception as error:
        raise error from None


class _Guess:
    """What stands for an array whose values are not known, in the words of an error."""

    def __init__(self, array: Any) -> None:
        self.shape = array.shape
        self.strides = "not known"

    def __repr__(self) -> str:
        return "'not known'"


def _shapes(
    graph: FunctionGraph, node: Apply, given: Sequence[Any]
) -> list[tuple[int, ...] | None]:
    """Shapes of the results of a node as far as its inputs tell, without computing it."""
    unknown: list[tuple[int, ...] | None] = [None] * len(node.outputs)
    if node not in graph.apply_nodes:
        return unknown
    body = Body(graph.inputs, node.outputs)
    known = {v: list(np.shape(x)) for v, x in zip(body.inputs, given, strict=True)}
    numbers = {v: as_tensor(x) for v, x in zip(body.inputs, given, strict=True) if not np.ndim(x)}
    try:
        found = lengths_of_outputs(body, known, numbers)
        return [
            None if one is None else tuple(int(x) for x in Body([], list(one)).run([]))
            for one in found
        ]
    except Exception:  # noqa: BLE001 (a shape is only more to tell)
        return unknown


def _run_on_shapes(graph: FunctionGraph, given: Sequence[Any]) -> None:
    """Run a graph with one step of each loop, and raise if lengths do not fit.

    What depends on a loop then has the right shape and a wrong value, so that of such nodes only
    errors of lengths count, and none that an integer may decide.
    """
    values: dict[Variable, Any] = dict(zip(graph.inputs, given, strict=True))
    values.update(constants_of(graph))
    guessed: set[Variable] = set()
    for node in graph.toposort():
        if any(v not in values for v in node.inputs):
            continue
        inputs = [values[v] for v in node.inputs]
        is_guess = isinstance(node.op, Scan) or any(v in guessed for v in node.inputs)
        decided = [v for v in node.inputs if v in guessed and np.dtype(v.type.dtype).kind in "biu"]
        storage: list[list[Any]] = [[None] for _ in node.outputs]
        try:
            if isinstance(node.op, Scan):
                _one_step(node, inputs, storage)
            else:
                node.op.perform(node, inputs, storage)
        except Exception as error:  # noqa: BLE001 (raised again, with the node)
            if is_guess and (decided or not isinstance(error, ShapeError | IndexError)):
                continue
            shown = [
                _Guess(x) if v in guessed else x for v, x in zip(node.inputs, inputs, strict=True)
            ]
            raise_with_node(error, node, shown, graph, values)
        values.update((v, cell[0]) for v, cell in zip(node.outputs, storage, strict=True))
        if is_guess:
            guessed.update(node.outputs)


def _one_step(node: Apply, inputs: Sequence[Any], storage: list[list[Any]]) -> None:
    """The results of a loop after one step, repeated to the lengths that they have after all."""
    op: Any = node.op
    n = int(inputs[0])
    op.perform(node, [np.array(min(n, 1)), *inputs[1:]], storage)
    for k, keep in enumerate(op.keeps, op.n_states):
        rows = storage[k][0]
        if n > 1 and not op.is_while:
            count = n if keep is None else min(n, keep)
            storage[k][0] = np.broadcast_to(rows, (count, *rows.shape[1:]))
