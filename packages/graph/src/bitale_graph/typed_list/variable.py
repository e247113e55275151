"""Variables that hold lists."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NoReturn

from ..base.errors import describe
from ..core.graph import Constant, Type, Variable
from ..tensor.shared import SharedVariable, shared_classes
from . import functions
from .list_type import TypedListType


class TypedListVariable(Variable[TypedListType]):
    """A list that an expression will have. Methods give new lists, and change none."""

    type: TypedListType

    @property
    def ttype(self) -> Type:
        """The type of the elements."""
        return self.type.ttype

    @property
    def dtype(self) -> Any:
        """The dtype of the elements."""
        return self.type.ttype.dtype  # type: ignore[attr-defined]

    @property
    def ndim(self) -> Any:
        """One more than that of the elements."""
        return self.type.ttype.ndim + 1  # type: ignore[attr-defined]

    def __getitem__(self, index: Any) -> Any:
        return functions.getitem(self, index)

    def append(self, toAppend: Any) -> Any:
        """See `append`."""
        return functions.append(self, toAppend)

    def extend(self, toAppend: Any) -> Any:
        """See `extend`."""
        return functions.extend(self, toAppend)

    def insert(self, index: Any, toInsert: Any) -> Any:
        """See `insert`."""
        return functions.insert(self, index, toInsert)

    def remove(self, toRemove: Any) -> Any:
        """See `remove`."""
        return functions.remove(self, toRemove)

    def reverse(self) -> Any:
        """See `reverse`."""
        return functions.reverse(self)

    def count(self, elem: Any) -> Any:
        """See `count`."""
        return functions.count(self, elem)

    def ind(self, elem: Any) -> Any:
        """See `index_`."""
        return functions.index_(self, elem)

    def __iter__(self) -> Iterator[Any]:
        raise TypeError(f"cannot iterate over {describe(self)}: its length is not known")

    def __len__(self) -> NoReturn:
        raise TypeError(
            f"the length of {describe(self)} is not known before it is computed; use the symbolic "
            "length(x)"
        )

    def __bool__(self) -> bool:
        return True


class TypedListConstant(TypedListVariable, Constant[TypedListType]):
    """A list whose value is known."""

    type: TypedListType


class TypedListSharedVariable(TypedListVariable, SharedVariable[TypedListType]):
    """A list that is kept between calls."""

    type: TypedListType


TypedListType.Variable = TypedListVariable  # type: ignore[attr-defined]
TypedListType.Constant = TypedListConstant  # type: ignore[attr-defined]
shared_classes[TypedListType] = TypedListSharedVariable
