"""Images as rows of flattened patches, and back."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..base.errors import ShapeError, describe
from ..core.graph import Variable
from ..ops import math as tm
from ..ops.assertion import Assert
from ..ops.axes import shape_padleft
from ..ops.creation import arange
from ..ops.pad import pad
from ..ops.shape import Reshape, as_lengths, shape_i
from ..ops.split import as_known, part_of
from ..tensor.conversion import as_tensor
from ..tensor.variable import TensorVariable

NEIGHBOURS = ("valid", "ignore_borders", "half", "full", "wrap_centered")


def images2neibs(
    ten4: Any, neib_shape: Any, neib_step: Any = None, mode: str = "valid"
) -> TensorVariable:
    """The patches of images, each flattened to a row.

    Parameters
    ----------
    ten4 : tensor
        (batch, channels, rows, columns).
    neib_shape : pair of ints and 0-d integer variables, or integer vector
        The rows and columns of a patch.
    neib_step : as `neib_shape`, optional
        The steps from one patch to the next; by default there is no gap and no overlap.
    mode : {"valid", "ignore_borders", "half", "full", "wrap_centered"}
        ``"valid"``: patches must fit exactly. ``"ignore_borders"``: what does not fill a patch is
        left out. ``"half"`` and ``"full"``: as valid, once ``shape // 2`` or ``shape - 1`` zeros
        are added at both ends. ``"wrap_centered"``: a patch of odd sizes around every element (at
        steps), which goes on at the other end.

    Returns
    -------
    TensorVariable
        A matrix with a row for each patch: image by image, channel by channel, row by row.

    Raises
    ------
    ShapeError
        If patches do not fit.

    Examples
    --------
    >>> from bitale_graph import language as T
    >>> x = T.reshape(T.arange(100.0), (1, 1, 10, 10))
    >>> images2neibs(x, (5, 5)).eval().shape
    (4, 25)
    """
    x = as_tensor(ten4)
    if x.ndim != 4:
        raise ShapeError(f"images2neibs: images have 4 axes, not\n  {describe(x)}")
    if mode not in NEIGHBOURS:
        allowed = ", ".join(map(repr, NEIGHBOURS))
        raise ValueError(f"images2neibs: the mode is one of {allowed}, not {mode!r}")
    shape = _pair("images2neibs", "neib_shape", neib_shape)
    steps = shape if neib_step is None else _pair("images2neibs", "neib_step", neib_step)
    if mode == "wrap_centered":
        return _wrapped(x, shape, steps)
    if mode in ("half", "full"):
        wide = [c // 2 if mode == "half" else c - 1 for c in shape]
        x = _checked(x, [tm.ge(as_tensor(shape_i(x, 2 + k)), shape[k]) for k in (0, 1)])
        x = pad(x, [(0, 0), (0, 0), (wide[0], wide[0]), (wide[1], wide[1])])
    lengths = [as_known(shape_i(x, 2 + k)) for k in (0, 1)]
    each = list(zip(lengths, shape, steps, strict=True))
    x = _checked(x, _fits(each, is_exact=mode != "ignore_borders"))
    counts = [(i - c) // s + 1 for i, c, s in each]
    if neib_step is None or all(_is_same(c, s) for _, c, s in each):
        return _cut(x, counts, shape)
    places = [_places(n, s, c, 0) for n, s, c in zip(counts, steps, shape, strict=True)]
    return _gathered(x, places, counts, shape)


def _fits(each: Sequence[tuple[Any, Any, Any]], *, is_exact: bool) -> list[Any]:
    conditions = []
    for i, c, s in each:
        conditions += [as_tensor(c) >= 1, as_tensor(s) >= 1, as_tensor(i) >= c]
        if is_exact:
            conditions.append(tm.eq((as_tensor(i) - c) % s, 0))
    return conditions


def _checked(x: Any, conditions: Sequence[Any]) -> Any:
    told = Assert("images2neibs: patches of this shape do not fit at these steps", "ShapeError")
    return told(x, *conditions)


def _is_same(a: Any, b: Any) -> bool:
    return a is b or (isinstance(a, int) and isinstance(b, int) and a == b)


def _pair(name: str, word: str, given: Any) -> list[Any]:
    is_vector = isinstance(given, Variable) and given.type.ndim == 1
    found = as_lengths(f"{name}: {word}", given, 2 if is_vector else None)
    if len(found) == 1:
        found = found * 2
    if len(found) != 2:
        raise ValueError(f"{name}: {word} has a number for rows and one for columns")
    return [as_known(n) for n in found]


def _cut(x: Any, counts: Sequence[Any], shape: Sequence[Any]) -> TensorVariable:
    """Patches side by side: axes that are split up and moved."""
    (a, b), (c, d) = counts, shape
    n, s = (as_known(shape_i(x, axis)) for axis in (0, 1))
    x = part_of(part_of(x, 2, None, a * c), 3, None, b * d)
    split = Reshape()(x, n, s, a, c, b, d)
    return Reshape()(split.dimshuffle(0, 1, 2, 4, 3, 5), n * s * a * b, c * d)


def _places(count: Any, step: Any, length: Any, before: Any) -> TensorVariable:
    """For each patch along an axis a row of the places in it."""
    starts = (arange(count) * step - before).dimshuffle(0, "x")
    found: TensorVariable = starts + shape_padleft(arange(length))
    return found


def _gathered(
    x: Any, places: Sequence[Any], counts: Sequence[Any], shape: Sequence[Any]
) -> TensorVariable:
    rows, columns = places
    n, s = (as_known(shape_i(x, axis)) for axis in (0, 1))
    rows, columns = rows.dimshuffle(0, "x", 1, "x"), columns.dimshuffle("x", 0, "x", 1)
    patches = x[:, :, rows, columns]
    return Reshape()(patches, n * s * counts[0] * counts[1], shape[0] * shape[1])


def _wrapped(x: Any, shape: Sequence[Any], steps: Sequence[Any]) -> TensorVariable:
    lengths = [as_known(shape_i(x, 2 + k)) for k in (0, 1)]
    conditions = []
    for i, c, s in zip(lengths, shape, steps, strict=True):
        conditions += [tm.eq(as_tensor(c) % 2, 1), as_tensor(s) >= 1, as_tensor(i) >= c]
    told = Assert(
        "images2neibs: wrap_centered has patches of odd sizes, and images no smaller", "ShapeError"
    )
    x = told(x, *conditions)
    counts = [(i + s - 1) // s for i, s in zip(lengths, steps, strict=True)]
    places = [
        _places(n, s, c, c // 2) % i
        for n, s, c, i in zip(counts, steps, shape, lengths, strict=True)
    ]
    return _gathered(x, places, counts, shape)


def neibs2images(
    neibs: Any, neib_shape: Any, original_shape: Any, mode: str = "valid"
) -> TensorVariable:
    """The images that `images2neibs` made patches of, which lie side by side.

    Parameters
    ----------
    neibs : matrix
        A row for each patch.
    neib_shape : pair of ints and 0-d integer variables, or integer vector
    original_shape : sequence of 4 ints and 0-d integer variables, or integer vector
        The shape of the images.
    mode : {"valid", "ignore_borders"}
        ``"ignore_borders"``: what was left out is filled with zeros.
    """
    x = as_tensor(neibs)
    if x.ndim != 2:
        raise ShapeError(f"neibs2images: patches are the rows of a matrix, not\n  {describe(x)}")
    if mode not in ("valid", "ignore_borders"):
        raise ValueError(
            f"neibs2images: the mode is 'valid' or 'ignore_borders', not {mode!r}: in others an "
            "element is in several patches"
        )
    c, d = _pair("neibs2images", "neib_shape", neib_shape)
    n, s, rows, columns = (
        as_known(m) for m in as_lengths("neibs2images: original_shape", original_shape, 4)
    )
    a, b = rows // c, columns // d
    if mode == "valid":
        fits = [tm.eq(as_tensor(rows) % c, 0), tm.eq(as_tensor(columns) % d, 0)]
        x = Assert("neibs2images: patches do not fill the images", "ShapeError")(x, *fits)
    patches = Reshape()(x, n, s, a, b, c, d).dimshuffle(0, 1, 2, 4, 3, 5)
    images = Reshape()(patches, n, s, a * c, b * d)
    if mode == "valid":
        return images
    return pad(images, [(0, 0), (0, 0), (0, rows - a * c), (0, columns - b * d)])
