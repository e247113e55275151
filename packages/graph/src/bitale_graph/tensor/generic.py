"""Values that are no arrays: any object, None, and slices."""

from __future__ import annotations

import copy
from typing import Any

from ..core.graph import Constant, Type


class Generic(Type):
    """Any Python object. Ops of one's own can read and give such values."""

    def filter(self, value: Any, strict: bool = False, allow_downcast: bool | None = None) -> Any:
        """``value`` itself."""
        return value

    def copied(self, value: Any) -> Any:
        """A deep copy."""
        return copy.deepcopy(value)

    def __eq__(self, other: object) -> bool:
        return type(self) is type(other)

    def __hash__(self) -> int:
        return hash(type(self))

    def __str__(self) -> str:
        return type(self).__name__

    def __repr__(self) -> str:
        return str(self)


class NoneTypeT(Generic):
    """None alone."""

    def filter(self, value: Any, strict: bool = False, allow_downcast: bool | None = None) -> Any:
        """None; a `TypeError` for anything else."""
        if value is not None:
            raise TypeError(f"expected None, and got {value!r:.80}")
        return value


class SliceType(Generic):
    """Slices."""

    def filter(self, value: Any, strict: bool = False, allow_downcast: bool | None = None) -> Any:
        """A slice; a `TypeError` for anything else."""
        if not isinstance(value, slice):
            raise TypeError(f"expected a slice, and got {value!r:.80}")
        return value


generic = Generic()
none_type_t = NoneTypeT()
slicetype = SliceType()
NoneConst: Constant[NoneTypeT] = Constant(none_type_t, None, name="NoneConst")
