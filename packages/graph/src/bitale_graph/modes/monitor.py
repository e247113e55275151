"""A mode that calls functions of the user's before and after every node."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from ..compile.maker import FunctionMaker
from ..core.graph import Apply
from ..core.results import result_of
from ..core.run import Watch
from ..core.tree import debugprint
from .bad_numbers import contains_nan
from .watching import WatchingMode


class Thunk:
    """One node that is about to run, or has run.

    Attributes
    ----------
    inputs, outputs : list of list
        A list of one value for each input and output, which may be changed; outputs are None before
        the node has run.
    node : Apply
    """

    def __init__(self, node: Apply, inputs: list[Any]) -> None:
        self.node = node
        self.inputs = [[x] for x in inputs]
        self.outputs: list[list[Any]] = [[None] for _ in node.outputs]

    def __call__(self) -> None:
        """Run the node."""
        results = result_of(self.node, [cell[0] for cell in self.inputs])
        for cell, value in zip(self.outputs, results, strict=True):
            cell[0] = value


Hook = Callable[[int, Apply, Thunk], Any]


@dataclass(frozen=True, init=False)
class MonitorMode(WatchingMode):
    """Call functions of one's own before and after every node.

    Nodes run one by one on NumPy, those in the steps of loops and in branches too.

    Parameters
    ----------
    pre_func, post_func : callable, optional
        Called before and after a node with its place in the order, the node, and its `Thunk`, of
        which ``inputs`` and ``outputs`` hold the values.
    optimizer, include, exclude, require
        As of `Mode`.

    Examples
    --------
    >>> from bitale_graph import function, language as T
    >>> x = T.dvector("x")
    >>> def show(i, node, thunk):
    ...     print(i, node, thunk.inputs[0][0], "->", thunk.outputs[0][0])
    >>> f = function([x], x * x, mode=MonitorMode(post_func=show, optimizer=None))
    >>> f([2.0, 3.0])
    0 mul(x, x) [2. 3.] -> [4. 9.]
    array([4., 9.])
    """

    pre_func: Hook | None = None
    post_func: Hook | None = None

    def __init__(
        self,
        pre_func: Hook | None = None,
        post_func: Hook | None = None,
        optimizer: str = "default",
        linker: Any = None,
        include: Iterable[str] = (),
        exclude: Iterable[str] | None = None,
        device: str = "",
        require: Iterable[str] = (),
        own: tuple[tuple[Any, Any], ...] = (),
    ) -> None:
        for name, hook in (("pre_func", pre_func), ("post_func", post_func)):
            if hook is not None and not callable(hook):
                raise TypeError(
                    f"MonitorMode: {name} is called with (index, node, thunk), and {hook!r} cannot "
                    "be called"
                )
        super().__init__(
            linker,
            optimizer,
            include,
            exclude,
            device,
            require,
            own,
            pre_func=pre_func,
            post_func=post_func,
        )

    def watch(self, maker: FunctionMaker) -> Watch:
        """What sees the nodes of a function."""
        return _Monitor(self)


class _Monitor(Watch):
    def __init__(self, mode: MonitorMode) -> None:
        self._pre, self._post = mode.pre_func, mode.post_func

    def run(self, graph: Any, index: int, node: Apply, inputs: list[Any]) -> list[Any]:
        thunk = Thunk(node, inputs)
        if self._pre is not None:
            self._pre(index, node, thunk)
        thunk()
        if self._post is not None:
            self._post(index, node, thunk)
        return [cell[0] for cell in thunk.outputs]


def detect_nan(i: int, node: Apply, fn: Thunk) -> None:
    """Print a node that gives NaN, with its inputs and outputs: a ``post_func``."""
    if any(contains_nan(cell[0]) for cell in fn.outputs):
        print("*** NaN detected ***")  # noqa: T201 (its purpose)
        debugprint(node)
        print(f"Inputs : {[cell[0] for cell in fn.inputs]}")  # noqa: T201 (its purpose)
        print(f"Outputs: {[cell[0] for cell in fn.outputs]}")  # noqa: T201 (its purpose)
