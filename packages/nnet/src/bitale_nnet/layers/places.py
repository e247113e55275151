"""Places between layers: what a graph of layers is written with before anything is computed."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

# The layers that operators stand for: filled where they are, since layers are written with places.
forms: dict[str, Callable[..., Any]] = {}


class Place:
    """What a layer gives when it is called with places; `Network` makes a layer of a graph of them.

    Parameters
    ----------
    layer : Layer or None
    arguments : mapping
        What the layer is called with: places, tuples of places, and whatever else.

    ``a + b`` and ``a * b`` are places too, by `Sum` and `Merge`; ``a[i]`` is one output of several.
    """

    def __init__(self, layer: Any, arguments: Mapping[str, Any]) -> None:
        self.layer = layer
        self.arguments = dict(arguments)

    def __repr__(self) -> str:
        return f"<output of {self.layer}>"

    def __add__(self, other: Any) -> Any:
        return self._merged("sum", other)

    def __mul__(self, other: Any) -> Any:
        return self._merged("product", other)

    def _merged(self, form: str, other: Any) -> Any:
        if not isinstance(other, Place):
            return NotImplemented
        return forms[form]()((self, other))

    def __getitem__(self, i: int) -> Place:
        place: Place = forms["pick"](i)(self)
        return place

    # It has no end; and a variable would try to take an array of it.
    __iter__ = None
    __array_ufunc__ = None


class Input(Place):
    """A place where a `Network` is fed.

    Parameters
    ----------
    name : str, optional
        For messages.
    dtype : "float" or "int", optional
        What is fed there: numbers, or symbols such as an `Embedding` takes. By default what the
        layers that read it take.

    Raises
    ------
    ValueError
        For another dtype.

    Examples
    --------
    >>> from bitale_nnet import Dense, Input, Network, Sum
    >>> x = Input("x")
    >>> hidden = Dense(8, "relu")(x)
    >>> network = Network(x, Dense(2)(Sum()((hidden, Dense(8)(hidden)))))
    >>> network.build((None, 3))
    (None, 2)
    """

    def __init__(self, name: str | None = None, dtype: str | None = None) -> None:
        super().__init__(None, {})
        if name is not None and not isinstance(name, str):
            raise TypeError(f"the name of an Input is a text, not {name!r}; shapes go to build")
        if dtype not in (None, "float", "int"):
            raise ValueError(f"the dtype of an Input is 'float' or 'int', not {dtype!r}")
        self.name = name
        self.dtype = dtype

    def __repr__(self) -> str:
        return f"<Input {self.name!r}>" if self.name else "<Input>"


def is_place(x: Any) -> bool:
    """Whether it is a place, or a sequence with one in it."""
    if isinstance(x, (tuple, list)):
        return any(isinstance(part, Place) for part in x)
    return isinstance(x, Place)


def places_of(arguments: Mapping[str, Any]) -> Iterator[Place]:
    """The places that a layer is called with, in order."""
    for value in arguments.values():
        parts = value if isinstance(value, (tuple, list)) else (value,)
        yield from (part for part in parts if isinstance(part, Place))


def replaced(value: Any, replace: Callable[[Any], Any]) -> Any:
    """An argument with ``replace(place)`` for every place in it."""
    if is_place(value) and isinstance(value, (tuple, list)):
        return tuple(replace(v) if isinstance(v, Place) else v for v in value)
    return replace(value) if isinstance(value, Place) else value
