"""What is read of a list: elements and parts, places, counts and the length."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..core.graph import Apply, Op, Storage, Type, Variable
from ..tensor.conversion import as_tensor
from ..tensor.generic import NoneConst, SliceType
from ..tensor.variable import TensorType, TensorVariable
from .list_type import TypedListType

_NUMBER = TensorType("int64", ())


def as_list(op: Op, x: Any) -> Variable[Any]:
    """``x``, which must be a variable of lists."""
    if not isinstance(x, Variable) or not isinstance(x.type, TypedListType):
        raise TypeError(
            f"{op} takes a typed list, and got {x!r:.80}\n"
            "  hint: make_list([x, y]) makes one of variables, and TypedListType(type)() is an "
            "input that holds one"
        )
    return x


def as_element(op: Op, x: Variable[Any], element: Any) -> Variable[Any]:
    """``element`` as a variable that ``x`` can have among its elements."""
    ttype: Type = x.type.ttype
    try:
        return ttype.filter_variable(element)
    except TypeError as error:
        raise TypeError(f"{op}: an element of {x} is of {x.type.ttype}: {error}") from None


def as_place(op: Op, index: Any) -> TensorVariable:
    """An index of a list: a whole number."""
    found = as_tensor(index)
    if found.ndim or found.dtype[:3] not in ("int", "uin"):
        raise TypeError(
            f"{op}: an index of a list is a 0-d integer or a slice, and not of {found.type}"
        )
    return found


class GetItem(Op):
    """An element of a list, or with a slice a list of some."""

    __props__ = ()

    def make_node(self, x: Any, index: Any) -> Apply:
        """Take a list, and an integer or a variable of slices."""
        x = as_list(self, x)
        if isinstance(index, Variable) and isinstance(index.type, SliceType):
            return Apply(self, [x, index], [x.type()])
        return Apply(self, [x, as_place(self, index)], [x.type.ttype()])

    def perform(self, node: Apply, inputs: Sequence[Any], output_storage: Storage) -> None:
        values, index = inputs
        found = values[index if isinstance(index, slice) else int(index)]
        # Of its own memory, for who reads it may hand it on.
        output_storage[0][0] = node.outputs[0].type.copied(found)

    def __call__(self, *inputs: Any, **keywords: Any) -> Any:
        """Apply to a list and an index; a slice of integers or symbolic integers is one too."""
        x, index = inputs
        if isinstance(index, slice):
            return GetSlice()(x, index.start, index.stop, index.step, **keywords)
        return super().__call__(x, index, **keywords)


class GetSlice(Op):
    """A list of some elements: those from one place to another, with a step."""

    __props__ = ()

    def make_node(self, x: Any, *bounds: Any) -> Apply:
        """Take a list, and start, stop and step, each an integer or None."""
        x = as_list(self, x)
        parts: list[Any] = [
            NoneConst if b is None or b is NoneConst else as_place(self, b) for b in bounds
        ]
        return Apply(self, [x, *parts], [x.type()])

    def perform(self, node: Apply, inputs: Sequence[Any], output_storage: Storage) -> None:
        values, *bounds = inputs
        part = slice(*(None if b is None else int(b) for b in bounds))
        output_storage[0][0] = node.outputs[0].type.copied(values[part])


class _OfElement(Op):
    """What compares the elements of a list with a value."""

    __props__ = ()

    def make_node(self, x: Any, elem: Any) -> Apply:
        """Take a list and a value that it can have."""
        x = as_list(self, x)
        return Apply(self, [x, as_element(self, x, elem)], [_NUMBER()])


class Index(_OfElement):
    """The place of the first element that equals a value; int64."""

    def perform(self, node: Apply, inputs: Sequence[Any], output_storage: Storage) -> None:
        values, wanted = inputs
        k = first_equal(_elements_of(node), values, wanted)
        if k is None:
            raise ValueError(f"index_: no element of the list equals {wanted!r:.80}")
        output_storage[0][0] = np.asarray(k, "int64")


class Count(_OfElement):
    """How many elements equal a value; int64."""

    def perform(self, node: Apply, inputs: Sequence[Any], output_storage: Storage) -> None:
        values, wanted = inputs
        same = _elements_of(node).values_eq
        output_storage[0][0] = np.asarray(sum(same(x, wanted) for x in values), "int64")


class Length(Op):
    """The number of elements; int64."""

    __props__ = ()

    def make_node(self, x: Any) -> Apply:
        """Take a list."""
        return Apply(self, [as_list(self, x)], [_NUMBER()])

    def perform(self, node: Apply, inputs: Sequence[Any], output_storage: Storage) -> None:
        output_storage[0][0] = np.asarray(len(inputs[0]), "int64")


def _elements_of(node: Apply) -> Type:
    found: Type = node.inputs[0].type.ttype  # type: ignore[attr-defined]
    return found


def first_equal(ttype: Type, values: Sequence[Any], wanted: Any) -> int | None:
    """The place of the first value that equals another; None if there is none."""
    return next((k for k, x in enumerate(values) if ttype.values_eq(x, wanted)), None)
