"""What objects have in Theano and not here.

Classes get these attributes while ``import theano`` means bitale, and lose them afterwards.
"""

from __future__ import annotations

import itertools
import threading
import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
from bitale_autodiff import GradientError, numeric_grad, verify_grad
from bitale_graph import Constant, FunctionGraph, TensorType, Type, Variable
from bitale_graph import language as T
from bitale_graph.extend import Apply, Container, SharedVariable, TensorVariable
from bitale_graph.random import RandomStreams
from bitale_graph.scalars import get_scalar_type

from . import forms
from .keywords import renaming
from .sorting import argsort, sort

_numbers = itertools.count()
_graphs: weakref.WeakValueDictionary[int, FunctionGraph] = weakref.WeakValueDictionary()


class _Current(threading.local):
    graph: Any = None


_current = _Current()


@contextmanager
def rewritten(graph: Any) -> Iterator[None]:
    """A block in which nodes and variables of a graph that is rewritten are asked for it."""
    outer, _current.graph = _current.graph, graph
    try:
        yield
    finally:
        _current.graph = outer


def _graph_of(thing: Any) -> Any:
    """The graph that a node or a variable is in: the one that is rewritten, or else the newest."""
    newest_first = reversed(list(_graphs.values()))
    for graph in itertools.chain([_current.graph], newest_first):
        if graph is not None and thing in (
            graph.apply_nodes if isinstance(thing, Apply) else graph.clients
        ):
            return graph
    raise AttributeError(f"{thing} is in no graph")


def _told_of(original: Callable[..., None]) -> Callable[..., None]:
    def __init__(self: FunctionGraph, *args: Any, **keywords: Any) -> None:  # noqa: N807 (it is one)
        original(self, *args, **keywords)
        _graphs[next(_numbers)] = self

    return __init__


def _reshape(self: Any, shape: Any, ndim: Any = None) -> Any:
    """See `reshape`."""
    if isinstance(shape, (int, np.integer)) and isinstance(ndim, (int, np.integer)):
        raise TypeError("reshape takes the new shape as one tuple: x.reshape((2, 3))")
    return T.reshape(self, shape, ndim)


def _dot(left: Any, right: Any) -> Any:
    """See `dot`."""
    return T.dot(left, right)


def _zeros_like(model: Any, dtype: Any = None) -> Any:
    """See `zeros_like`."""
    return T.zeros_like(model, dtype)


def _ones_like(model: Any, dtype: Any = None) -> Any:
    """See `ones_like`."""
    return T.ones_like(model, dtype)


def _choose(self: Any, choices: Any, out: None = None, mode: Any = "raise") -> Any:
    """See `choose`."""
    return T.choose(self, choices, mode)


def _compress(self: Any, a: Any, axis: Any = None) -> Any:
    """`compress` of ``a`` by this variable, which is the condition in Theano."""
    return T.compress(self, a, axis)


def _dtype_specs(self: TensorType) -> tuple[Any, str, str]:
    """The class of NumPy's numbers, and the names of the dtype in C."""
    return np.dtype(self.dtype).type, f"npy_{self.dtype}", f"NPY_{self.dtype.upper()}"


_REPLACE = (("r", "old"), ("new_r", "new"), ("verbose", ""))
_EPSILONS = {
    name: size
    for text, size in (("float64", 1e-7), ("float32", 3e-4))
    for name in (text, np.dtype(text))
}

# The class (or function), the name, and what it has by it; a function of what it had before where
# the last is True.
ATTRIBUTES: tuple[tuple[Any, str, Any, bool], ...] = (
    (Variable, "clients", property(lambda self: _graph_of(self).clients(self)), False),
    (Variable, "fgraph", property(_graph_of), False),
    (Apply, "fgraph", property(_graph_of), False),
    (Apply, "nin", property(lambda self: len(self.inputs)), False),
    (Apply, "nout", property(lambda self: len(self.outputs)), False),
    (Apply, "get_parents", lambda self: list(self.inputs), False),
    (Apply, "params_type", property(lambda self: getattr(self.op, "params_type", None)), False),
    (Constant, "value", property(lambda self: self.data), False),
    (FunctionGraph, "__init__", _told_of, True),
    (FunctionGraph, "replace", lambda old: renaming(old, _REPLACE), True),
    (FunctionGraph, "replace_all", lambda old: renaming(old, (("verbose", ""),)), True),
    (FunctionGraph, "change_input", lambda old: renaming(old, (("new_r", "new"),)), True),
    (FunctionGraph, "add_input", lambda old: renaming(old, (("input", "variable"),)), True),
    (FunctionGraph, "clone", lambda old: renaming(old, (("check_integrity", ""),)), True),
    (
        FunctionGraph,
        "clone_get_equiv",
        lambda old: renaming(old, (("check_integrity", ""), ("attach_feature", ""))),
        True,
    ),
    (TensorVariable, "reshape", _reshape, False),
    (TensorVariable, "dot", _dot, False),
    (TensorVariable, "zeros_like", _zeros_like, False),
    (TensorVariable, "ones_like", _ones_like, False),
    (TensorVariable, "choose", _choose, False),
    (TensorVariable, "compress", _compress, False),
    (TensorVariable, "sort", sort, False),
    (TensorVariable, "argsort", argsort, False),
    (Type, "is_valid_value", lambda old: renaming(old, (("a", "value"),)), True),
    (Type, "value_validity_msg", lambda old: renaming(old, (("a", "value"),)), True),
    (RandomStreams, "binomial", lambda old: renaming(old, (("prob", "p"),)), True),
    (RandomStreams, "gen", lambda old: renaming(old, (("op", "draw"),)), True),
    (Container, "storage", property(lambda self: [self.read()]), False),
    (SharedVariable, "__init__", forms.shared_init, True),
    (TensorType, "values_eq", lambda old: forms.OnTheClass(old, forms.values_eq), True),
    (
        TensorType,
        "values_eq_approx",
        lambda old: forms.OnTheClass(old, forms.values_eq_approx),
        True,
    ),
    (
        TensorType,
        "may_share_memory",
        lambda old: forms.OnTheClass(old, forms.may_share_memory),
        True,
    ),
    (TensorType, "to_scalar_type", lambda self: get_scalar_type(self.dtype), False),
    (TensorType, "dtype_specs", _dtype_specs, False),
    (verify_grad, "E_grad", GradientError, False),
    (numeric_grad, "type_eps", _EPSILONS, False),
)

_missing = object()
_before: list[tuple[Any, str, Any]] = []


def put_on() -> None:
    """Give classes the attributes that objects have in Theano."""
    for place, name, made, is_changed in ATTRIBUTES:
        _before.append((place, name, vars(place).get(name, _missing)))
        setattr(place, name, made(getattr(place, name)) if is_changed else made)


def take_off() -> None:
    """Take them away."""
    while _before:
        place, name, old = _before.pop()
        if old is _missing:
            delattr(place, name)
        else:
            setattr(place, name, old)
    _graphs.clear()
