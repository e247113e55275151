"""Small functions and classes of ``theano.gof.utils`` and its neighbours."""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, MutableSet, Set
from pathlib import Path
from typing import Any

import numpy as np


class MethodNotDefined(Exception):  # noqa: N818 (Theano's name)
    """A method that a class may define, and does not."""


class object2:  # noqa: N801 (Theano's name)
    """An object: of a class with ``__props__`` equal to those that agree in them."""

    def __init_subclass__(cls, **keywords: Any) -> None:
        super().__init_subclass__(**keywords)
        props = cls.__dict__.get("__props__")
        if props is not None:
            cls.__eq__ = lambda self, other: (  # type: ignore[method-assign]
                type(self) is type(other)
                and all(getattr(self, p) == getattr(other, p) for p in props)
            )
            cls.__hash__ = lambda self: hash(  # type: ignore[method-assign]
                (type(self), *(getattr(self, p) for p in props))
            )


class scratchpad:  # noqa: N801 (Theano's name)
    """A place for attributes."""

    def clear(self) -> None:
        """Take all out."""
        vars(self).clear()

    def __update__(self, other: Any) -> Any:
        vars(self).update(vars(other))
        return self


class OrderedSet(MutableSet[Any]):
    """A set that keeps the order in which its elements came."""

    def __init__(self, iterable: Iterable[Hashable] = ()) -> None:
        self._elements = dict.fromkeys(iterable)

    def __contains__(self, x: object) -> bool:
        return x in self._elements

    def __iter__(self) -> Iterator[Any]:
        return iter(self._elements)

    def __len__(self) -> int:
        return len(self._elements)

    def __reversed__(self) -> Iterator[Any]:
        return iter(list(self._elements)[::-1])

    def __eq__(self, other: object) -> bool:
        if isinstance(other, OrderedSet):
            return list(self) == list(other)
        return isinstance(other, Set) and set(self) == other

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"OrderedSet({list(self)!r})"

    def add(self, value: Hashable) -> None:
        """Put an element at the end, if it is not there."""
        self._elements.setdefault(value)

    def discard(self, value: Hashable) -> None:
        """Take an element out, if it is there."""
        self._elements.pop(value, None)

    def pop(self, last: bool = True) -> Any:
        """Take the last element out, or the first; raises `KeyError` if there is none."""
        if not self._elements:
            raise KeyError("the set is empty")
        if last:
            return self._elements.popitem()[0]
        self.discard(first := next(iter(self._elements)))
        return first

    def update(self, iterable: Iterable[Hashable]) -> None:
        """Add each element."""
        self._elements |= dict.fromkeys(iterable)

    def union(self, s: Iterable[Hashable]) -> OrderedSet:
        """The elements, and then those of another that are not among them."""
        return OrderedSet([*self, *s])

    def intersection_update(self, s: Any) -> None:
        """Keep those that another has as well."""
        self &= s

    def difference_update(self, s: Any) -> None:
        """Take out those that another has."""
        self -= s

    def copy(self) -> OrderedSet:
        """Another set of the same elements."""
        return OrderedSet(self)


class frozendict(Mapping[Any, Any]):  # noqa: N801 (Theano's name)
    """A dict that does not change, and has a hash."""

    def __init__(self, *args: Any, **keywords: Any) -> None:
        self._items = dict(*args, **keywords)

    def __getitem__(self, key: Any) -> Any:
        return self._items[key]

    def __iter__(self) -> Iterator[Any]:
        return iter(self._items)

    def __len__(self) -> int:
        return len(self._items)

    def __hash__(self) -> int:
        return hash(frozenset(self._items.items()))

    def __repr__(self) -> str:
        return f"frozendict({self._items!r})"

    def copy(self, **add_or_replace: Any) -> frozendict:
        """Another, with items of one's own beside or in place of these."""
        return frozendict(self._items, **add_or_replace)


class undef:  # noqa: N801 (Theano's name)
    """What is not defined."""


def hashtype(self: Any) -> int:
    """A hash of the class of an object."""
    return hash((type(self).__name__, type(self).__module__))


def memoize(f: Callable[..., Any]) -> Callable[..., Any]:
    """Keep what a function gives, by its arguments."""
    return functools.cache(f)


def uniq(seq: Iterable[Hashable]) -> list[Any]:
    """The elements of a sequence, each once, in their order."""
    return list(dict.fromkeys(seq))


def difference(seq1: Iterable[Any], seq2: Iterable[Any]) -> list[Any]:
    """The elements of one sequence that another does not have."""
    others = list(seq2)
    return [x for x in seq1 if x not in others]


def flatten(a: Any) -> list[Any]:
    """The elements of nested sequences, in one list."""
    if not isinstance(a, (tuple, list, set)):
        return [a]
    return [inner for one in a for inner in flatten(one)]


def to_return_values(values: list[Any]) -> Any:
    """The only element of a list, or the list."""
    return values[0] if len(values) == 1 else values


def from_return_values(values: Any) -> list[Any]:
    """A list of values, or of the one."""
    return list(values) if isinstance(values, (list, tuple)) else [values]


def hist(coll: Iterable[Hashable]) -> dict[Any, int]:
    """How often each element occurs."""
    counts: dict[Any, int] = {}
    for one in coll:
        counts[one] = counts.get(one, 0) + 1
    return counts


def remove(predicate: Callable[[Any], bool], coll: Iterable[Any]) -> list[Any]:
    """The elements of which a predicate does not hold."""
    return [one for one in coll if not predicate(one)]


def give_variables_names(variables: Iterable[Any]) -> list[str]:
    """Give each variable a name of its own, and tell them."""
    names: list[str] = []
    for k, variable in enumerate(variables):
        if not variable.name or variable.name in names:
            variable.name = f"{variable.name or 'V'}_{k}"
        names.append(variable.name)
    return names


def hash_from_code(msg: str | bytes) -> str:
    """A digest of a text."""
    return hashlib.sha256(msg.encode() if isinstance(msg, str) else msg).hexdigest()


def hash_from_file(file_path: str) -> str:
    """A digest of a file."""
    return hash_from_code(Path(file_path).read_bytes())


def hash_from_ndarray(data: np.ndarray[Any, Any]) -> str:
    """A digest of an array, its shape, strides and dtype."""
    facts = (data.shape, data.strides, str(data.dtype))
    return hash_from_code(f"{facts}".encode() + np.ascontiguousarray(data).tobytes())


# fmt: off
__all__ = [
    "MethodNotDefined", "difference", "flatten", "from_return_values", "give_variables_names",
    "hash_from_code", "hash_from_file", "hash_from_ndarray", "hashtype", "hist", "memoize",
    "object2", "remove", "scratchpad", "to_return_values", "undef", "uniq",
]
# fmt: on
