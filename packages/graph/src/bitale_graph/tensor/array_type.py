"""What arrays a tensor may be: dtype, rank and known lengths, and how values become such arrays."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from ..base import dtype as dtypes
from ..base.config import config
from ..base.errors import ShapeError
from ..core.graph import Type

Shape = tuple[int | None, ...]

_KINDS: dict[Shape, str] = {
    (): "scalar",
    (None,): "vector",
    (None, None): "matrix",
    (1, None): "row",
    (None, 1): "col",
}
_TOLERANCES = {"float16": 1e-3, "float32": 1e-4, "complex64": 1e-4}


def _as_pattern(broadcastable: Iterable[Any]) -> list[bool]:
    """A broadcast pattern, of which programs write True and False also as 1 and 0."""
    given = list(broadcastable)
    if not all(isinstance(b, (bool, int, np.bool_, np.integer)) and b in (0, 1) for b in given):
        raise TypeError(
            f"a broadcast pattern has True or False for each axis, and got {given}; "
            "give lengths as the shape"
        )
    return [bool(b) for b in given]


class ArrayType(Type):
    """Arrays of one dtype and rank, and of the lengths that are known.

    Parameters are those of `TensorType`, which makes variables of them.

    Attributes
    ----------
    broadcastable : tuple of bool
        For each axis whether it is known to have length 1.
    """

    __slots__ = ("_hash", "_known", "broadcastable", "dtype", "name", "numpy_dtype", "shape")

    def __init__(
        self,
        dtype: Any = None,
        shape: Iterable[int | bool | None] | str | None = None,
        broadcastable: Iterable[bool] | str | None = None,
        name: str | None = None,
    ) -> None:
        if isinstance(broadcastable, str):  # Theano's third argument
            name, broadcastable = broadcastable, None
        if dtype is not None and not isinstance(dtype, (str, np.dtype, type)):
            dtype, shape = shape, dtype
        if broadcastable is not None:
            shape = _as_pattern(broadcastable)
        if not isinstance(shape, Iterable) or isinstance(shape, str):
            raise TypeError("TensorType takes a dtype and a shape (or a broadcastable pattern)")
        lengths: list[int | None] = []
        for n in shape:
            if isinstance(n, (bool, np.bool_)):
                lengths.append(1 if n else None)
            elif n is None:
                lengths.append(None)
            elif int(n) < 0:
                raise ShapeError(f"TensorType: an axis cannot have the length {n}")
            else:
                lengths.append(int(n))
        if any(n not in (1, None) for n in lengths) and config.known_lengths == "ones":
            lengths = [1 if n == 1 else None for n in lengths]
        self.name = name
        self.dtype = dtypes.check("floatX" if dtype is None else dtype)
        self.shape: Shape = tuple(lengths)
        self.broadcastable: tuple[bool, ...] = tuple(n == 1 for n in lengths)
        self.numpy_dtype: np.dtype[Any] = np.dtype(self.dtype)
        self._known = tuple((axis, n) for axis, n in enumerate(lengths) if n is not None)
        self._hash = hash((self.dtype, self.shape))

    @property
    def ndim(self) -> int:
        """The number of axes."""
        return len(self.shape)

    def admits(self, other: Type) -> bool:
        return (
            isinstance(other, ArrayType)
            and other.dtype == self.dtype
            and len(other.shape) == len(self.shape)
            and all(
                mine is None or mine == theirs
                for mine, theirs in zip(self.shape, other.shape, strict=True)
            )
        )

    def __eq__(self, other: object) -> bool:
        return isinstance(other, ArrayType) and (self.dtype, self.shape) == (
            other.dtype,
            other.shape,
        )

    def __hash__(self) -> int:
        return self._hash

    def key(self) -> str:
        return str(self)

    def __str__(self) -> str:
        kind = _KINDS.get(self.shape)
        if kind is None and not self._known:
            kind = f"{self.ndim}D"
        if kind is not None:
            return f"TensorType({self.dtype}, {kind})"
        shape = ", ".join("?" if n is None else str(n) for n in self.shape)
        return f"TensorType({self.dtype}, ({shape}{',' if self.ndim == 1 else ''}))"

    def __repr__(self) -> str:
        return str(self)

    def holds(self, value: Any) -> bool:
        """Whether ``value`` is an array of this type as it is, without a conversion."""
        return (
            type(value) is np.ndarray
            and value.dtype is self.numpy_dtype
            and value.ndim == len(self.shape)
            and (not self._known or all(value.shape[axis] == n for axis, n in self._known))
        )

    def values_eq(self, a: Any, b: Any) -> bool:
        """Whether two arrays have one dtype, shape and numbers; NaN equals NaN."""
        a, b = np.asarray(a), np.asarray(b)
        return a.dtype == b.dtype and np.array_equal(a, b, equal_nan=a.dtype.kind in "fc")

    def values_eq_approx(
        self, a: Any, b: Any, rtol: float | None = None, atol: float | None = None
    ) -> bool:
        """Whether two arrays have one dtype and shape, and numbers equal but for rounding.

        Tolerances are by default 1e-5, for float16 and what has float32 in it 1e-3 and 1e-4.
        """
        a, b = np.asarray(a), np.asarray(b)
        if a.dtype != b.dtype or a.shape != b.shape or a.dtype.kind not in "fc":
            return self.values_eq(a, b)
        usual = _TOLERANCES.get(self.dtype, 1e-5)
        rtol, atol = (usual if t is None else t for t in (rtol, atol))
        return bool(np.allclose(a, b, rtol=rtol, atol=atol, equal_nan=True))

    def may_share_memory(self, a: Any, b: Any) -> bool:
        """Whether a write into one array may be seen in the other."""
        return isinstance(a, np.ndarray) and isinstance(b, np.ndarray) and np.may_share_memory(a, b)

    def value_zeros(self, shape: Sequence[int]) -> np.ndarray[Any, Any]:
        """An array of zeros of this dtype."""
        return np.zeros(shape, self.numpy_dtype)

    def get_shape_info(self, value: Any) -> tuple[int, ...]:
        """What `get_size` needs to know of a value: its shape."""
        return np.shape(value)

    def get_size(self, shape_info: Sequence[int]) -> int:
        """The number of bytes of a value, by what `get_shape_info` tells of it."""
        return math.prod(shape_info) * self.numpy_dtype.itemsize

    def copied(self, value: Any) -> np.ndarray[Any, Any]:
        """The same array in memory of its own."""
        return np.array(value, order="C")

    def filter(
        self, value: Any, strict: bool = False, allow_downcast: bool | None = None
    ) -> np.ndarray[Any, Any]:
        """Convert ``value`` to an aligned array of this dtype, rank and known lengths.

        Parameters
        ----------
        value : array_like
            An array, a number, or nested lists of them.
        strict : bool
            Take only an array that has the exact dtype already.
        allow_downcast : bool or None
            True admits any conversion; False only those that lose nothing; None, the default, also
            rounds Python numbers and nested lists of them, which are weak as in expressions: a
            float is taken by every floating dtype that it does not overflow, an int also by an
            integer dtype that has it, and whole floats if ``config.whole_floats`` says so. NumPy's
            arrays and scalars have the precision of their dtype.

        Raises
        ------
        TypeError
            If ``value`` is symbolic, has another rank or length, or would lose precision.
        """
        if hasattr(value, "owner") and hasattr(value, "type"):
            raise TypeError(
                f"expected a value of {self}, but got the symbolic variable {value}; "
                "did you mean to use it in an expression, or to pass its value?"
            )
        array = value if type(value) in (np.ndarray, np.memmap) else None
        if strict and (array is None or array.dtype != self.numpy_dtype):
            got = (
                f"an array of dtype {array.dtype}"
                if array is not None
                else f"{type(value).__name__}"
            )
            raise TypeError(
                f"strict mode takes only a NumPy array of dtype {self.dtype}, and got {got}"
            )
        if array is None or array.dtype != self.numpy_dtype:
            array = self._convert(value, allow_downcast)
        if array.ndim != self.ndim:
            raise TypeError(
                f"Wrong number of dimensions: expected {self.ndim} for {self}, "
                f"got {array.ndim} with shape {array.shape}"
            )
        for axis, (n, m) in enumerate(zip(self.shape, array.shape, strict=True)):
            if n is not None and n != m:
                what = "broadcastable, that is of length 1" if n == 1 else f"of length {n}"
                raise TypeError(
                    f"axis {axis} is {what} in {self}, but the value has shape {array.shape}"
                )
        if not (array.flags.aligned and array.dtype.isnative):
            array = np.array(array, dtype=self.numpy_dtype)
        return array

    def _convert(self, value: Any, allow_downcast: bool | None) -> np.ndarray[Any, Any]:
        try:
            given = dtypes.as_array(value)
        except TypeError as error:
            raise TypeError(f"{self} cannot hold {value!r:.80}: {error}") from None
        target = self.numpy_dtype
        is_number = given.dtype.kind in "biufc"
        if is_number and (allow_downcast or np.can_cast(given.dtype, target, "safe")):
            return given.astype(target, copy=False)
        kind = None if allow_downcast else _kind_of_numbers(value)
        if kind is not None:
            return self._from_numbers(value, kind, exact=allow_downcast is False)
        if not is_number:
            raise TypeError(f"{self} cannot hold values of dtype {given.dtype} ({value!r:.80})")
        if isinstance(value, (list, tuple, np.generic)) or given.size == 0:
            # NumPy's scalars, alone or in lists: what converts exactly may pass.
            with np.errstate(all="ignore"):
                exact = given.astype(target)
                if exact.dtype.kind != "b" and np.array_equal(
                    exact.astype(given.dtype), given, equal_nan=given.dtype.kind in "fc"
                ):
                    return exact
        raise TypeError(self._loss(f"dtype {given.dtype}", value))

    def _from_numbers(self, value: Any, kind: type, exact: bool) -> np.ndarray[Any, Any]:
        """Python numbers have no precision of their own, only a kind and a magnitude."""
        target = self.numpy_dtype
        if kind not in _ADMITTED[target.kind]:
            if kind is float and config.whole_floats == "take":
                whole = np.array(value, dtype=np.float64)
                with np.errstate(all="ignore"):
                    taken = whole.astype(target)
                if np.array_equal(taken, whole):
                    return taken
            raise TypeError(self._loss(f"Python's {kind.__name__}", value))
        try:
            with np.errstate(all="ignore"):
                found = np.array(value, dtype=target)
        except (ValueError, OverflowError) as error:
            raise TypeError(f"{self} cannot hold {value!r:.80}: {error}") from None
        if exact:
            wide = np.array(value, dtype=object)
            lost = found.astype(object) != wide
        elif np.isfinite(found).all():
            return found
        else:
            wide = np.array(value, dtype=np.result_type(target, np.float64))
            lost = np.isinf(found) & np.isfinite(wide)
        if np.any(lost & (wide == wide)):  # noqa: PLR0124 (NaN is kept)
            raise TypeError(self._loss(f"Python's {kind.__name__}", value))
        return found

    def _loss(self, what: str, value: Any) -> str:
        return (
            f"{self} cannot store a value of {what} without risking loss of precision "
            f"(expected dtype {self.dtype}). Cast the data yourself, for instance with "
            f"numpy.asarray(x, dtype={self.dtype!r}), or set allow_input_downcast=True when "
            f"calling function(). Value: {value!r:.60}"
        )


# For each kind of dtype the kinds of Python numbers that it takes, as in expressions.
_ADMITTED: dict[str, tuple[type, ...]] = {
    "b": (bool,),
    "i": (bool, int),
    "u": (bool, int),
    "f": (bool, int, float),
    "c": (bool, int, float, complex),
}
_WIDEST = (complex, float, int, bool)


def _kind_of_numbers(value: Any) -> type | None:
    """The widest kind among Python numbers in nested lists; None if there is anything else."""
    found: set[type] = set()
    stack, seen = [value], set[int]()
    while stack:
        item = stack.pop()
        if isinstance(item, (list, tuple)):
            kinds = set(map(type, item))
            if kinds.issubset(_WIDEST):
                found |= kinds
            elif id(item) not in seen:
                seen.add(id(item))
                stack.extend(item)
        elif isinstance(item, (bool, int, float, complex)) and not isinstance(item, np.generic):
            found.add(next(kind for kind in reversed(_WIDEST) if isinstance(item, kind)))
        else:
            return None
    return next((kind for kind in _WIDEST if kind in found), None)
