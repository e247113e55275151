"""A function of random numbers in Theano's form: by name, with the type of what is drawn."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..tensor.elementwise import cast
from ..tensor.variable import TensorType
from . import choices, distributions


class RandomFunction:
    """A function from a state and a size to the next state and what was drawn.

    Parameters
    ----------
    fn : str or callable
        The name of a function of `distributions` or `choices`, or one from a state, a size and
        parameters to the next state and a variable.
    outtype : TensorType
        The dtype and rank of what is drawn.

    Raises
    ------
    ValueError
        If there is no function of such a name.

    Examples
    --------
    >>> from bitale_graph import language as T
    >>> from bitale_graph.random import new_state
    >>> after, x = RandomFunction("uniform", T.fvector)(new_state(1), (3,), -1.0, 1.0)
    >>> x.type
    TensorType(float32, (3,))
    """

    def __init__(self, fn: str | Callable[..., tuple[Any, Any]], outtype: TensorType) -> None:
        found = fn if callable(fn) else _named(fn)
        self.fn, self.outtype = found, outtype

    def __call__(self, state: Any, size: Any = None, *args: Any) -> tuple[Any, Any]:
        """Draw; raises `TypeError` if the rank is another than that of ``outtype``."""
        after, drawn = self.fn(state, size, *args)
        if drawn.ndim != self.outtype.ndim:
            raise TypeError(
                f"{self.fn.__name__} draws {drawn.type}, and {self.outtype} was asked for"
            )
        return after, cast(drawn, self.outtype.dtype)


def _named(name: str) -> Callable[..., tuple[Any, Any]]:
    for module in (distributions, choices):
        found: Callable[..., tuple[Any, Any]] | None = getattr(module, name, None)
        if found is not None and found.__module__ == module.__name__ and name[0] != "_":
            return found
    raise ValueError(f"there is no function of random numbers called {name!r}")
