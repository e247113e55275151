"""Ops that show, stop at or refuse values while a function runs."""

from __future__ import annotations

import contextlib
import importlib
from collections.abc import Callable, Iterator, Sequence
from contextvars import ContextVar
from typing import Any, ClassVar

from ..base.errors import ShapeError, describe
from ..core.graph import Apply, Op, Storage, Variable
from ..tensor.conversion import as_tensor

DEBUGGERS = ("ipdb", "pudb", "pdb")
_silent: ContextVar[bool] = ContextVar("silent", default=False)


@contextlib.contextmanager
def silenced() -> Iterator[None]:
    """Let nothing be shown in this context: what runs is only checked, and has run before."""
    token = _silent.set(True)
    try:
        yield
    finally:
        _silent.reset(token)


class _Watching(Op):
    """An op that gives its first input; it is not run before the function is."""

    view_map: ClassVar = {0: [0]}

    def make_node(self, x: Any) -> Apply:
        """Take a variable of any type."""
        x = x if isinstance(x, Variable) else as_tensor(x)
        return Apply(self, [x], [x.type()])

    def infer_shape(self, node: Apply, input_shapes: Sequence[Sequence[Any]]) -> list[Any]:
        return [tuple(input_shapes[0])]

    def do_constant_folding(self, graph: Any, node: Apply) -> bool:
        """Say no: it is for what it does besides."""
        return False


def print_value(op: Print, value: Any) -> None:
    """Print the attributes of a value that a `Print` names."""
    for name in op.attrs:
        found = getattr(value, name)
        print(op.message, name, "=", found() if callable(found) else found)  # noqa: T201 (its purpose)


class Print(_Watching):
    """The input itself, which is printed whenever it is computed.

    Only what is computed is printed: use the result in place of what went in. No rewrite combines
    what is before it with what comes after.

    Parameters
    ----------
    message : str
        Printed before the value.
    attrs : sequence of str
        The attributes of the value that are shown; methods are called.
    global_fn : callable
        ``global_fn(op, value)`` does the printing, to standard output by default.

    Examples
    --------
    >>> from bitale_graph import function
    >>> from bitale_graph import language as T
    >>> x = T.dvector("x")
    >>> f = function([x], Print("x", attrs=("shape", "min"))(x) * 2)
    >>> f([1.0, 2.0])
    x shape = (2,)
    x min = 1.0
    array([2., 4.])
    """

    __props__ = ("message", "attrs", "global_fn")

    def __init__(
        self,
        message: str = "",
        attrs: Sequence[str] = ("__str__",),
        global_fn: Callable[[Any, Any], None] = print_value,
    ) -> None:
        self.message = message
        self.attrs = (attrs,) if isinstance(attrs, str) else tuple(attrs)
        self.global_fn = global_fn

    def perform(self, node: Apply, inputs: Sequence[Any], output_storage: Storage) -> None:
        if not _silent.get():
            self.global_fn(self, inputs[0])
        output_storage[0][0] = inputs[0]

    def __str__(self) -> str:
        return f"Print{{{self.message}}}"


class Raise(_Watching):
    """The input itself, of which computing raises.

    Parameters
    ----------
    msg : str
    exc : class of exceptions
    """

    __props__ = ("msg", "exc")

    def __init__(self, msg: str = "", exc: type[Exception] = NotImplementedError) -> None:
        if not (isinstance(exc, type) and issubclass(exc, BaseException)):
            raise TypeError(f"Raise: exc must be a class of exceptions, not {exc!r}")
        self.msg, self.exc = msg, exc

    def perform(self, node: Apply, inputs: Sequence[Any], output_storage: Storage) -> None:
        raise self.exc(self.msg)

    def __str__(self) -> str:
        return f"Raise{{{self.exc.__name__}({self.msg!r})}}"


class _AfterTheFirst(dict[int, list[int]]):
    """Of an op that gives all its inputs but the first: each output shows the one after it."""

    def __missing__(self, k: int) -> list[int]:
        return [k + 1]

    def get(self, k: int, default: Any = None) -> Any:
        """The input that output ``k`` shows."""
        return self[k]


class PdbBreakpoint(Op):
    """The inputs themselves, at which a debugger opens while a condition holds.

    It is called with the condition, 0-d, and the variables to look at; the debugger (the first
    installed of ipdb, pudb and pdb) shows their values as ``monitored``.

    Parameters
    ----------
    name : str
        Printed where the function stops.
    """

    __props__ = ("name",)
    view_map: ClassVar = _AfterTheFirst()

    def __init__(self, name: str) -> None:
        self.name = name

    def make_node(self, condition: Any, *monitored: Any) -> Apply:
        """Check the condition, and that there is something to look at."""
        condition = as_tensor(condition)
        if condition.ndim:
            raise ShapeError(f"{self}: the condition must be 0-d, and is {describe(condition)}")
        if not monitored:
            raise TypeError(f"{self}: give at least one variable to look at after the condition")
        given = [v if isinstance(v, Variable) else as_tensor(v) for v in monitored]
        return Apply(self, [condition, *given], [v.type() for v in given])

    def perform(self, node: Apply, inputs: Sequence[Any], output_storage: Storage) -> None:
        condition, *monitored = inputs
        if condition and not _silent.get():
            print(f"breakpoint {self.name!r}: look at `monitored`, and continue with c")  # noqa: T201 (its purpose)
            _debugger().set_trace()
        for cell, value in zip(output_storage, monitored, strict=True):
            cell[0] = value

    def infer_shape(self, node: Apply, input_shapes: Sequence[Sequence[Any]]) -> list[Any]:
        return [tuple(shape) for shape in input_shapes[1:]]

    def do_constant_folding(self, graph: Any, node: Apply) -> bool:
        """Say no: it is for what it does besides."""
        return False

    def __str__(self) -> str:
        return f"PdbBreakpoint{{{self.name}}}"


def _debugger() -> Any:
    for name in DEBUGGERS:
        try:
            return importlib.import_module(name)
        except ImportError:
            continue
    raise ImportError(f"no debugger is installed: {', '.join(DEBUGGERS)}")
