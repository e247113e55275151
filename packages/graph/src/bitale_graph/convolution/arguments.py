"""What functions of convolution are given, read in one way."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from ..base import dtype as dtypes
from ..base.errors import DtypeError, ShapeError, describe
from ..core.graph import Variable
from ..ops.assertion import specify_shape
from ..ops.order import flip
from ..ops.split import as_known
from ..tensor.conversion import as_tensor
from ..tensor.elementwise import cast
from ..tensor.variable import TensorVariable
from .geometry import Geometry, Padding

WORDS = ("valid", "full", "half")
SAME = "\n  hint: 'half' keeps the size where filters have odd lengths and no stride"
AXES = {
    1: "(images, channels, length)",
    2: "(images, channels, rows, columns)",
    3: "(images, channels, depth, rows, columns)",
}


def numbers(name: str, *given: Any) -> tuple[list[TensorVariable], str]:
    """Tensors in the dtype that is computed in, and that of the result.

    Integers become floats as in a division, and float16 is computed in float32.
    """
    tensors = [as_tensor(v) for v in given]
    dtype = dtypes.at_least_float(dtypes.upcast(*(v.type.dtype for v in tensors)))
    if dtypes.is_complex(dtype):
        told = "".join(f"\n  {describe(v)}" for v in tensors)
        raise DtypeError(f"{name} takes real numbers; give it real and imaginary parts{told}")
    inner = "float32" if dtype == "float16" else dtype
    return [cast(v, inner) for v in tensors], dtype


def check_rank(name: str, word: str, x: Any, rank: int, axes: str = "") -> None:
    """Raise `ShapeError` if a tensor has not that rank."""
    if x.ndim != rank:
        told = f", {axes}" if axes else ""
        raise ShapeError(f"{name} takes {word} of rank {rank}{told}\n  {describe(x)}")


def with_shape(name: str, word: str, x: Any, shape: Any) -> Any:
    """``x`` with the lengths that are given for it, of which some may be None."""
    if shape is None:
        return x
    if isinstance(shape, Variable):
        return specify_shape(x, shape)
    lengths = sequence(name, word, shape)
    if len(lengths) != x.ndim:
        raise ShapeError(
            f"{name}: {word} has {len(lengths)} lengths, for a tensor of rank {x.ndim}\n"
            f"  {describe(x)}"
        )
    return specify_shape(x, [_length(name, word, n) for n in lengths])


def sequence(name: str, word: str, shape: Any) -> list[Any]:
    """The lengths of a shape; raises `TypeError` for what is none."""
    if isinstance(shape, (str, bytes)) or not isinstance(shape, Iterable):
        raise TypeError(f"{name}: {word} is a sequence of lengths, not {shape!r}")
    return list(shape)


def _length(name: str, word: str, n: Any) -> Any:
    if n is None or isinstance(n, (int, np.integer)):
        return n
    v = as_tensor(n)
    if v.ndim or not dtypes.is_discrete(v.type.dtype):
        raise TypeError(f"{name}: {word} holds integers, None or 0-d integer variables, not {n!r}")
    return as_known(v)


def one_name(name: str, old: str, old_value: Any, new: str, value: Any) -> Any:
    """The value of an argument that has an older name too."""
    if old_value is not None and value is not None:
        raise TypeError(f"{name}: {old} is the older name of {new}; give one of them")
    return value if old_value is None else old_value


def ignored(name: str, keywords: Mapping[str, Any]) -> None:
    """Warn of keywords that mean nothing here."""
    if keywords:
        warnings.warn(
            f"{name} ignores {', '.join(sorted(keywords))}, which told older versions of Theano "
            "how to compute",
            stacklevel=3,
        )


def steps(name: str, word: str, given: Any, ndim: int) -> tuple[int, ...]:
    """One integer for each axis, at least 1; one stands for all."""
    each = tuple(given) if isinstance(given, (tuple, list, np.ndarray)) else (given,) * ndim
    if len(each) != ndim or any(_as_int(n) is None or int(n) < 1 for n in each):
        raise ValueError(
            f"{name}: {word} is an integer of at least 1, or {ndim} of them, not {given!r}"
        )
    return tuple(int(n) for n in each)


def _as_int(n: Any) -> int | None:
    if isinstance(n, (int, np.integer)) and not isinstance(n, bool):
        return int(n)
    return None


def paddings(name: str, border_mode: Any, ndim: int) -> tuple[Padding, ...]:
    """The padding of each axis, by Theano's ``border_mode``."""
    each = border_mode
    if isinstance(border_mode, str) or _as_int(border_mode) is not None:
        each = (border_mode,) * ndim
    if isinstance(each, (tuple, list)) and len(each) == ndim:
        found = [padding for one in each if (padding := _padding(one)) is not None]
        if len(found) == ndim:
            return tuple(found)
    words = ", ".join(map(repr, WORDS))
    raise ValueError(
        f"{name}: border_mode is one of {words}, a number of zeros that is not negative, or a "
        f"tuple with one of these, or a pair (before, after), for each of {ndim} axes; not "
        f"{border_mode!r}" + (SAME if border_mode == "same" else "")
    )


def _padding(given: Any) -> Padding | None:
    """The padding of one axis; None where it means nothing."""
    if isinstance(given, str):
        if given in ("half", "full"):
            return given  # type: ignore[return-value]  # one of two words
        return (0, 0) if given == "valid" else None
    both = tuple(given) if isinstance(given, (tuple, list)) else (given, given)
    if len(both) != 2 or any(_as_int(n) is None or int(n) < 0 for n in both):
        return None
    return int(both[0]), int(both[1])


def read_geometry(
    name: str,
    kernel: Sequence[int | None],
    border_mode: Any,
    subsample: Any,
    dilation: Any,
    num_groups: Any,
) -> Geometry:
    """The geometry that the arguments tell; with numbers for words where ``kernel`` is known."""
    ndim = len(kernel)
    if _as_int(num_groups) is None or num_groups < 1:
        raise ValueError(f"{name}: num_groups is an integer of at least 1, not {num_groups!r}")
    given = Geometry(
        steps(name, "subsample", subsample, ndim),
        paddings(name, border_mode, ndim),
        steps(name, "filter_dilation", dilation, ndim),
        int(num_groups),
    )
    padding = tuple(
        p if k is None or isinstance(p, tuple) else given.pads(a, k)
        for a, (p, k) in enumerate(zip(given.padding, kernel, strict=True))
    )
    return Geometry(given.stride, padding, given.dilation, given.groups)


def flipped(w: Any, ndim: int, filter_flip: Any) -> Any:
    """Filters turned around along their spatial axes, the last ``ndim``, if they are to be."""
    if not filter_flip:
        return w
    return flip(w, [a for a in range(w.ndim - ndim, w.ndim) if w.type.shape[a] != 1])
