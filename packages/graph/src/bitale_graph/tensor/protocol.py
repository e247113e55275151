"""What Python and NumPy ask of numbers and arrays, and what a variable without a value answers.

Either an expression, or a `TypeError` that names the way out; never a number that means something
else.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from typing import Any, NoReturn

import numpy as np

from ..base import late
from ..base.config import config
from ..base.errors import describe

WAY_OUT = (
    "it is symbolic and has no value yet. Compile what you need with bitale.function(), or call "
    "eval(); inside an expression use the functions and methods of the tensor module"
)


class Symbolic:
    """The methods that Python and NumPy call of themselves, for a value yet to come."""

    type: late.TensorType
    owner: Any

    # ``==`` is identity, so that variables are keys of dicts and members of lists; see `eq`.
    def __eq__(self, other: object) -> bool:
        return self is other

    # As fast as it can be: variables are keys of dicts all over rewriting.
    __hash__ = object.__hash__

    def _refuse(self, what: str) -> NoReturn:
        raise TypeError(f"{what} {describe(self)}: {WAY_OUT}")

    def __bool__(self) -> bool:
        """True; old programs ask with it whether a variable was given."""
        if self.type.dtype == "bool" and self.owner is not None:
            raise TypeError(
                f"{describe(self)} has no truth value before it is computed; use switch or "
                "ifelse, and &, |, ~ instead of and, or, not"
            )
        warnings.warn(
            f"a symbolic variable ({self}) is always true, whatever its value will be: write "
            "`is not None` to ask whether it was given, or choose by its value with switch or "
            "ifelse",
            UserWarning,
            stacklevel=2,
        )
        return True

    def __float__(self) -> NoReturn:
        self._refuse("there is no number for")

    __int__ = __index__ = __complex__ = __float__

    def __round__(self, ndigits: int | None = None) -> late.TensorVariable:
        if ndigits is not None:
            self._refuse(f"round to {ndigits} digits has no symbolic form for")
        return late.ops.math.round(self)

    def __format__(self, spec: str) -> str:
        if spec:
            self._refuse(f"the format {spec!r} needs the value of")
        return str(self)

    def __len__(self) -> int:
        length = late.ops.vector_length.vector_length(self)
        if length is None:
            raise TypeError(
                f"the length of {describe(self)} is not known before it is computed; "
                "use its symbolic x.shape[0]"
            )
        found: int = length
        return found

    def __iter__(self) -> Iterator[late.TensorVariable]:
        length = late.ops.vector_length.vector_length(self)
        if length is None:
            raise TypeError(
                f"cannot iterate over {describe(self)}: the length of its first axis is not known "
                "when the expression is built. Did you mean sum(x) of the tensor module, or scan?"
            )
        return iter([late.ops.index_expression.index(self, i) for i in range(length)])

    def __contains__(self, item: object) -> bool:
        raise TypeError(
            f"whether {describe(self)} contains a value is not known before it is computed; "
            "use any(eq(x, value)) of the tensor module"
        )

    # NumPy
    def __array__(self, dtype: Any = None, copy: Any = None) -> np.ndarray[Any, Any]:
        if config.array_of_symbols != "object":
            self._refuse("NumPy cannot make an array of")
        array = np.empty((), object)
        array[()] = self
        return array

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **keywords: Any) -> Any:
        return late.ops.numpy_calls.call_ufunc(ufunc, method, inputs, keywords)

    def __array_function__(self, function: Any, types: Any, args: Any, keywords: Any) -> Any:
        return late.ops.numpy_calls.call_function(function, types, args, keywords)
