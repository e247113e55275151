"""The state of a generator, which is a value, and the blocks that are drawn from it.

A state is a vector of two uint64: a key, and how many draws were made with it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..base import dtype as dtypes
from ..base.errors import ShapeError, describe
from ..core.graph import Constant
from ..ops import math as tm
from ..ops.creation import arange
from ..ops.indexing import inc_subtensor
from ..ops.reduction import prod
from ..ops.shape import dimshuffle, get_vector_length, lengths_of
from ..tensor import draws
from ..tensor.conversion import as_tensor, constant_int
from ..tensor.elementwise import (
    broadcast_static_shapes,
    broadcast_symbolic_shape,
    cast,
)
from ..tensor.variable import TensorType

STATE = TensorType("uint64", (2,))


def new_state(seed: Any = None, stream: int = 0) -> np.ndarray[Any, Any]:
    """The state at the beginning of a stream.

    Parameters
    ----------
    seed : int or sequence of int, optional
        None: from the operating system's source of entropy.
    stream : int
        Streams of one seed have keys of their own.
    """
    sequence = np.random.SeedSequence(seed, spawn_key=(stream,))
    return np.array([sequence.generate_state(1, np.uint64)[0], 0], np.uint64)


def parameter(x: Any) -> Any:
    """A parameter as a tensor, marked as one unless it is a constant."""
    x = as_tensor(x)
    return x if isinstance(x, Constant) else draws.Parameter()(x)


class Draws:
    """The draws of one function of random numbers.

    Parameters
    ----------
    state : vector of two uint64
    lengths : sequence of 0-d integers
        The shape of what is drawn.

    Attributes
    ----------
    static : tuple of int or None
        The lengths that are known.
    """

    def __init__(self, state: Any, lengths: Sequence[Any]) -> None:
        self.state = as_tensor(state)
        if self.state.type.dtype != "uint64" or self.state.ndim != 1:
            raise TypeError(
                "a state of random numbers is a vector of two uint64, and not "
                f"{describe(self.state)}"
            )
        self.lengths = list(lengths)
        self.index = cast(_index(self.lengths), "uint64")
        self.made = 0

    def __call__(self, kind: Any, *parameters: Any) -> Any:
        """Apply a scalar op that draws; each call is a draw of its own."""
        found = self.again(kind, self.made, *parameters)
        self.made += 1
        return found

    def again(self, kind: Any, number: int, *parameters: Any) -> Any:
        """Apply a scalar op to the blocks of a draw."""
        draw = self.state[1]
        if number:
            draw = draw + np.uint64(number)
        return kind(self.state[0], draw, self.index, *parameters)

    def next_state(self) -> Any:
        """The state after these draws."""
        return advanced(self.state, max(self.made, 1))

    def bits(self) -> Any:
        """64 random bits for each element."""
        return self(draws.random_bits)

    def unit(self, dtype: str) -> Any:
        """Numbers of a float dtype, at least 0 and below 1, by as many bits as it keeps."""
        return _unit(self.bits(), dtype)

    def normal(self, dtype: str) -> Any:
        """Standard normal numbers: Box and Muller's transformation of the two halves of a block."""
        work = "float32" if dtype == "float16" else dtype
        first, last = self.bits(), self.again(draws.more_random_bits, self.made - 1)
        # Above 0, with all digits near it, so that far tails are reached.
        kept = tm.int_div(first, np.uint64(4))
        above_zero = (cast(kept, "int64") + 1).astype(work) * np.asarray(2.0**-62, work)
        radius = tm.sqrt(tm.log(above_zero) * -2)
        return cast(radius * tm.cos(_unit(last, work) * (2 * np.pi)), dtype)


def advanced(state: Any, made: Any) -> Any:
    """The state after so many draws."""
    return inc_subtensor(as_tensor(state)[1], cast(made, "uint64"))


_KEPT_BITS = {"float16": 11, "float32": 24, "float64": 53}


def _unit(bits: Any, dtype: str) -> Any:
    kept = _KEPT_BITS[dtype]
    whole = cast(tm.int_div(bits, np.uint64(2 ** (64 - kept))), "int64")
    return whole.astype(dtype) * np.asarray(2.0**-kept, dtype)


def _index(lengths: Sequence[Any]) -> Any:
    """The number of each element, in the order of C."""
    if not lengths:
        return as_tensor(np.int64(0))
    rank = len(lengths)
    total = None
    for a, n in enumerate(lengths):
        along = arange(n)
        after = [m for m in lengths[a + 1 :] if constant_int(m) != 1]
        if after:
            along = along * tm.mul(*after)
        along = dimshuffle(along, *("x",) * a, 0, *("x",) * (rank - 1 - a))
        total = along if total is None else total + along
    return total


def shape_of_draw(
    name: str, size: Any, ndim: int | None, parameters: Sequence[Any], inner: int = 0
) -> list[Any]:
    """The lengths of what is drawn.

    Parameters
    ----------
    name : str
        Of the function, for messages.
    size : int, sequence of int and 0-d integers, vector of integers, or None
        None: the shape that the parameters have together.
    ndim : int or None
        The rank, where a vector does not tell it.
    parameters : sequence of tensor
    inner : int
        How many of the last axes of the parameters are not those of what is drawn.

    Raises
    ------
    ShapeError, ValueError, TypeError
    """
    given = [_outer(p, inner) for p in parameters]
    if size is None:
        lengths = _common_lengths(name, given)
    elif isinstance(size, (list, tuple)):
        lengths = [_length(name, n) for n in size]
    else:
        lengths = _lengths_of_size(name, as_tensor(size), ndim)
    if ndim is not None and ndim != len(lengths):
        raise ValueError(f"{name}: ndim is {ndim}, and size={size} tells {len(lengths)} axes")
    for p in given:
        if p.ndim > len(lengths):
            raise ShapeError(
                f"{name}: size={size} has fewer axes than the parameter {describe(p)}\n"
                "  hint: the last axes of what is drawn run along the parameters"
            )
    return lengths


def _outer(p: Any, inner: int) -> Any:
    return p[(..., *(0,) * inner)] if inner else p


def _common_lengths(name: str, given: Sequence[Any]) -> list[Any]:
    if not given:
        return []
    broadcast_static_shapes(name, given)
    return list(
        broadcast_symbolic_shape([p.type.shape for p in given], [lengths_of(p) for p in given])
    )


def _length(name: str, n: Any) -> Any:
    n = as_tensor(n)
    if n.ndim or not dtypes.is_discrete(n.type.dtype) or n.type.dtype == "bool":
        raise TypeError(f"{name}: size holds integers, and not {describe(n)}")
    known = constant_int(n)
    if known is not None and known < 0:
        raise ValueError(f"{name}: a length cannot be negative, and size holds {known}")
    return cast(n, "int64")


def _lengths_of_size(name: str, size: Any, ndim: int | None) -> list[Any]:
    if size.ndim == 0:
        return [_length(name, size)]
    if size.ndim != 1:
        raise TypeError(f"{name}: size is a vector of lengths, and not {describe(size)}")
    try:
        rank = get_vector_length(size)
    except ValueError:
        if ndim is None:
            raise ValueError(
                f"{name}: how many lengths {describe(size)} has is not known; give ndim"
            ) from None
        rank = ndim
    return [_length(name, size[a]) for a in range(rank)]


def count_of(lengths: Sequence[Any]) -> Any:
    """How many elements there are."""
    return prod(as_tensor(list(lengths))) if lengths else as_tensor(np.int64(1))
