"""Ops as Theano has them.

They may write into their inputs (``destroy_map``), which are copied for them; get parameters that
their types hold (``params_type``); run by a function of their own (``make_thunk``); or have C code
and nothing else.
"""

from __future__ import annotations

import functools
import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar

import bitale
from bitale import Type

from . import c_code
from .params import ParamsType

Cells = list[list[Any]]


class _Kind(type):
    """Makes every op an instance of `Op`, also those that were not written for Theano."""

    def __instancecheck__(cls, x: Any) -> bool:
        return isinstance(x, bitale.Op) if cls is Op else super().__instancecheck__(x)

    def __subclasscheck__(cls, one: type) -> bool:
        return issubclass(one, bitale.Op) if cls is Op else super().__subclasscheck__(one)


class _State(threading.local):
    node: Any = None  # of which `perform` is to compute, and not to ask for a function


_state = _State()


class Op(bitale.Op, metaclass=_Kind):
    """An op as Theano has it."""

    destroy_map: ClassVar[Mapping[int, Sequence[int]]] = {}
    params_type: ClassVar[Type | None] = None

    def __init_subclass__(cls, **keywords: Any) -> None:
        super().__init_subclass__(**keywords)
        found: Any = cls.perform
        if not getattr(found, "prepares", False):
            cls.perform = _prepared(found)  # type: ignore[method-assign]

    def perform(
        self, node: Any, inputs: Sequence[Any], output_storage: Cells, params: Any = None
    ) -> None:
        """Compute by ``c_code(node, name, inputs, outputs, sub)``, compiled by g++."""
        if type(self).c_code is bitale.Op.c_code:
            super().perform(node, inputs, output_storage)
            return
        for cell, result in zip(output_storage, c_code.results(self, node, inputs), strict=True):
            cell[0] = result

    def get_params(self, node: Any) -> Any:
        """What `perform` gets as its last argument: what ``params_type`` names of the op."""
        if isinstance(self.params_type, ParamsType):
            return self.params_type.get_params(self)
        raise TypeError(f"{self} has a params_type, and no get_params(node) that gives one")

    def prepare_node(self, node: Any, storage_map: Any, compute_map: Any, impl: Any) -> None:
        """Do what is to be done once before a node runs; nothing here."""

    def make_thunk(
        self,
        node: Any,
        storage_map: Mapping[Any, list[Any]],
        compute_map: Mapping[Any, list[bool]],
        no_recycling: Sequence[Any],
        impl: str | None = None,
    ) -> Any:
        """A function that computes a node once it is called, in lists of one element."""
        self.prepare_node(node, storage_map, compute_map, impl)
        return self.make_py_thunk(node, storage_map, compute_map, no_recycling)

    def make_py_thunk(
        self,
        node: Any,
        storage_map: Mapping[Any, list[Any]],
        compute_map: Mapping[Any, list[bool]],
        no_recycling: Sequence[Any],
        debug: bool = False,
    ) -> Any:
        """`make_thunk` by `perform`."""
        inputs = [storage_map[v] for v in node.inputs]
        outputs = [storage_map[v] for v in node.outputs]

        def thunk() -> None:
            outer, _state.node = _state.node, node
            try:
                self.perform(node, [cell[0] for cell in inputs], outputs)
            finally:
                _state.node = outer
            for v in node.outputs:
                compute_map[v][0] = True

        function: Any = thunk
        function.inputs, function.outputs, function.lazy = inputs, outputs, False
        return function

    make_c_thunk = make_py_thunk


_MAKERS = ("make_thunk", "make_py_thunk", "make_c_thunk", "prepare_node")
_OWN = {name: getattr(Op, name) for name in _MAKERS}


def _prepared(perform: Callable[..., None]) -> Callable[..., None]:
    """A `perform` that gets what it may write to, and the parameters of its op."""

    @functools.wraps(perform)
    def performed(
        self: Any, node: Any, inputs: Sequence[Any], output_storage: Cells, *params: Any
    ) -> None:
        if _state.node is not node and any(getattr(type(self), k) is not _OWN[k] for k in _MAKERS):
            _run(self, node, inputs, output_storage)
            return
        written = {i for ins in (self.destroy_map or {}).values() for i in ins}
        given = [node.inputs[i].type.copied(x) if i in written else x for i, x in enumerate(inputs)]
        if self.params_type is not None and not params and perform is not Op.perform:
            params = (self.params_type.filter(self.get_params(node)),)
        perform(self, node, given, output_storage, *params)

    performed.prepares = True  # type: ignore[attr-defined]
    return performed


class _Thunk:
    """The function of a node, and the places that it reads and writes."""

    def __init__(self, op: Any, node: Any) -> None:
        self.lock = threading.RLock()
        cells: dict[Any, list[Any]] = {v: [None] for v in (*node.inputs, *node.outputs)}
        self.computed = {v: [v in node.inputs] for v in cells}
        self.inputs = [cells[v] for v in node.inputs]
        self.outputs = [cells[v] for v in node.outputs]
        self.run = op.make_thunk(node, cells, self.computed, [])


# Such a function has its node, so what keeps it keeps that as well: not more than some.
@functools.lru_cache(maxsize=256)
def _thunk_of(node: Any) -> _Thunk:
    return _Thunk(node.op, node)


def _run(op: Any, node: Any, inputs: Sequence[Any], output_storage: Cells) -> None:
    """Compute a node by the function that its op makes for it."""
    thunk = _thunk_of(node)
    with thunk.lock:
        written = {i for ins in (op.destroy_map or {}).values() for i in ins}
        for i, (cell, x) in enumerate(zip(thunk.inputs, inputs, strict=True)):
            cell[0] = node.inputs[i].type.copied(x) if i in written else x
        thunk.run()
        for cell, found in zip(output_storage, thunk.outputs, strict=True):
            cell[0], found[0] = found[0], None
        for cell in thunk.inputs:
            cell[0] = None


class OpenMPOp(Op):
    """An op whose C code may be compiled for several threads.

    Parameters
    ----------
    openmp : bool, optional
        By default ``config.openmp``.
    """

    def __init__(self, openmp: bool | None = None) -> None:
        self.openmp = bitale.config.openmp if openmp is None else openmp

    def c_compile_args(self) -> list[str]:
        """What the compiler is told."""
        return ["-fopenmp"] if self.openmp else []

    def c_headers(self) -> list[str]:
        """What the C code includes."""
        return ["omp.h"] if self.openmp else []


PureOp = CLinkerOp = Op

__all__ = ["CLinkerOp", "Op", "OpenMPOp", "PureOp"]
