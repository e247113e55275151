"""Lists of variables, and lists that differ from another; what is given is never changed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..base.errors import describe
from ..core.graph import Apply, Op, Storage, Type, Variable
from ..tensor.conversion import as_tensor
from ..tensor.variable import TensorType
from .list_type import TypedListType
from .reading import as_element, as_list, as_place, first_equal


class MakeList(Op):
    """A list of variables of one type."""

    __props__ = ()

    def make_node(self, *a: Any) -> Apply:
        """Take variables and values; lengths of axes that differ are not part of the type."""
        if not a:
            raise TypeError("make_list makes lists of one element or more: only they tell a type")
        elements = [x if isinstance(x, Variable) else as_tensor(x) for x in a]
        ttype = _common(elements)
        elements = [ttype.filter_variable(x) for x in elements]
        return Apply(self, elements, [TypedListType(ttype)()])

    def __call__(self, *inputs: Any, **keywords: Any) -> Any:
        """Apply to a list or tuple of variables."""
        (a,) = inputs
        if not isinstance(a, (list, tuple)):
            raise TypeError(f"make_list takes a list of variables, and got {a!r:.80}")
        return super().__call__(*a, **keywords)

    def perform(self, node: Apply, inputs: Sequence[Any], output_storage: Storage) -> None:
        # Copies: who computed an element may use its memory again.
        output_storage[0][0] = node.outputs[0].type.copied(inputs)


def _common(elements: Sequence[Variable[Any]]) -> Type:
    """The type that a list of variables has for all of them."""
    first = elements[0].type
    for x in elements[1:]:
        t = x.type
        if t == first:
            continue
        both = isinstance(t, TensorType) and isinstance(first, TensorType)
        if not both or (t.dtype, t.ndim) != (first.dtype, first.ndim):
            raise TypeError(
                "make_list makes lists of variables of one type, and got\n"
                f"  {describe(elements[0])}\n  {describe(x)}"
            )
        pairs = zip(first.shape, t.shape, strict=True)
        first = first.clone(shape=tuple(n if n == m else None for n, m in pairs))
    found: Type = first
    return found


class _Changed(Op):
    """A list like another but for a change.

    Parameters
    ----------
    inplace : bool
        Accepted for Theano's sake: no op writes into its inputs.
    """

    __props__ = ()
    # The elements are those of the list that is read, which outputs of functions do not share.
    view_map = {0: [0]}  # noqa: RUF012 (as `Op` has it)

    def __init__(self, inplace: bool = False) -> None:
        pass


class Append(_Changed):
    """A list with one element more at its end."""

    def make_node(self, x: Any, toAppend: Any) -> Apply:
        """Take a list and an element."""
        x = as_list(self, x)
        return Apply(self, [x, as_element(self, x, toAppend)], [x.type()])

    def perform(self, node: Apply, inputs: Sequence[Any], output_storage: Storage) -> None:
        values, new = inputs
        output_storage[0][0] = [*values, node.inputs[1].type.copied(new)]


class Extend(_Changed):
    """A list with the elements of another at its end."""

    def make_node(self, x: Any, toAppend: Any) -> Apply:
        """Take two lists of one type."""
        x = as_list(self, x)
        return Apply(self, [x, x.type.filter_variable(toAppend)], [x.type()])

    def perform(self, node: Apply, inputs: Sequence[Any], output_storage: Storage) -> None:
        values, others = inputs
        output_storage[0][0] = [*values, *node.inputs[1].type.copied(others)]


class Insert(_Changed):
    """A list with one element more, before the one at a place."""

    def make_node(self, x: Any, index: Any, toInsert: Any) -> Apply:
        """Take a list, an integer and an element."""
        x = as_list(self, x)
        inputs = [x, as_place(self, index), as_element(self, x, toInsert)]
        return Apply(self, inputs, [x.type()])

    def perform(self, node: Apply, inputs: Sequence[Any], output_storage: Storage) -> None:
        values, index, new = inputs
        found = list(values)
        found.insert(int(index), node.inputs[2].type.copied(new))
        output_storage[0][0] = found


class Remove(_Changed):
    """A list without the first element that equals a value; the same if there is none."""

    def make_node(self, x: Any, toRemove: Any) -> Apply:
        """Take a list and a value that it can have."""
        x = as_list(self, x)
        return Apply(self, [x, as_element(self, x, toRemove)], [x.type()])

    def perform(self, node: Apply, inputs: Sequence[Any], output_storage: Storage) -> None:
        values, wanted = inputs
        k = first_equal(node.inputs[1].type, values, wanted)
        output_storage[0][0] = [x for i, x in enumerate(values) if i != k]


class Reverse(_Changed):
    """A list from its end to its beginning."""

    def make_node(self, x: Any) -> Apply:
        """Take a list."""
        x = as_list(self, x)
        return Apply(self, [x], [x.type()])

    def perform(self, node: Apply, inputs: Sequence[Any], output_storage: Storage) -> None:
        output_storage[0][0] = list(reversed(inputs[0]))
