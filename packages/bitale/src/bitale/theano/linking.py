"""Theano's linkers: those that are asked for by class, and those that call one's own functions.

In Theano a linker is made and given to a `Mode`. Here modes know linkers by names, so each of these
is written as the name of the one that does its work.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from typing import Any

from bitale_graph.extend import Apply, NumpyProgram, Thunk, Watch, register_linker

Wrapper = Callable[..., Any]


class _Named:
    """A linker by the name that modes know."""

    _name = "auto"

    def __init__(self, *arguments: Any, **keywords: Any) -> None:
        pass  # how Theano's collects memory or calls C has no meaning here

    def __str__(self) -> str:
        return self._name


class CLinker(_Named):
    """Everything as machine code."""

    _name = "c"


class OpWiseCLinker(_Named):
    """Theano's: node by node, each as C where it has C. Here, the best that is installed."""


class DualLinker(OpWiseCLinker):
    """Theano's: every node in C and in Python, compared. Here, see `DebugMode`."""


class VM_Linker(OpWiseCLinker):  # noqa: N801 (Theano's name)
    """Theano's default: here, the best that is installed; it calls nothing after a node."""

    def __init__(
        self, allow_gc: Any = None, use_cloop: Any = False, callback: Any = None, **keywords: Any
    ) -> None:
        super().__init__()
        if callback is not None:
            raise TypeError(
                "VM_Linker: no callback is called after a node\n  hint: "
                "MonitorMode(post_func=...) calls a function with the place, the node and a thunk"
            )


class PerformLinker(_Named):
    """Node by node, by their `perform`."""

    _name = "numpy"


_serial = itertools.count(1)


class WrapLinkerMany:
    """Runs the nodes one by one on NumPy, each by functions of one's own.

    Parameters
    ----------
    linkers : list of linkers
        As in Theano there may be several; the nodes are run once, and the functions get as many
        thunks of a node as there are linkers.
    wrappers : list of callables
        Called for each node with its place in the order, the node and its thunks, of which
        ``inputs`` and ``outputs`` hold the values. One of them must call the thunk.
    """

    rank = 0

    def __init__(self, linkers: Sequence[Any], wrappers: Sequence[Wrapper]) -> None:
        for wrapper in wrappers:
            if not callable(wrapper):
                raise TypeError(f"WrapLinkerMany calls its wrappers, and {wrapper!r} cannot be")
        self.linkers = list(linkers)
        self.wrappers = list(wrappers)
        self.name = f"wrapped-{next(_serial)}"
        register_linker(self.name, self)

    def __str__(self) -> str:
        return self.name

    def link(self, maker: Any) -> NumpyProgram:
        """Order the nodes of a function."""
        return NumpyProgram(maker, _Wrapped(len(self.linkers), self.wrappers))


def WrapLinker(linkers: Sequence[Any], wrapper: Wrapper) -> WrapLinkerMany:  # noqa: N802
    """A `WrapLinkerMany` with one function."""
    return WrapLinkerMany(linkers, [wrapper])


class _Wrapped(Watch):
    def __init__(self, n_linkers: int, wrappers: Sequence[Wrapper]) -> None:
        self._n_linkers = n_linkers
        self._wrappers = wrappers

    def run(self, graph: Any, index: int, node: Apply, inputs: list[Any]) -> list[Any]:
        thunks = [Thunk(node, inputs) for _ in range(self._n_linkers)]
        for wrapper in self._wrappers:
            wrapper(index, node, *thunks)
        return [cell[0] for cell in thunks[0].outputs]


__all__ = [
    "CLinker",
    "DualLinker",
    "OpWiseCLinker",
    "PerformLinker",
    "VM_Linker",
    "WrapLinker",
    "WrapLinkerMany",
]
