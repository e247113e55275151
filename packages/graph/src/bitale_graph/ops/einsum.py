"""Sums of products by the subscripts of their axes."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from typing import Any

from ..base import dtype as dtypes
from ..base.errors import ShapeError, describe
from ..ops import math as tm
from ..tensor.conversion import as_tensor
from ..tensor.elementwise import cast
from ..tensor.variable import TensorVariable
from .assertion import Assert
from .contraction import added, contract
from .contraction_order import contraction_order
from .diagonal import diagonal
from .shape import dimshuffle, shape_i
from .subscripts import Labels, read_subscripts

# What an order is chosen by where a length is not known yet.
ASSUMED = 64


def einsum(*operands: Any, optimize: Any = True, dtype: str | None = None) -> TensorVariable:
    """The sum of products of operands over the axes that are not in the result.

    Parameters
    ----------
    *operands
        The subscripts and the operands, ``einsum("ij,jk->ik", x, y)``; or each operand with a list
        of its subscripts, ``einsum(x, [0, 1], y, [1, 2], [0, 2])``. As in `numpy.einsum` a
        subscript that occurs twice in one operand takes its diagonal, ``...`` stands for axes that
        broadcast, and without a result the subscripts that occur once are its axes, in order.
    optimize : bool, str or list
        In which order more than two operands are multiplied. True, ``"greedy"`` or ``"optimal"``:
        with few multiplications; False: from the left; a list of pairs of places: in that order, as
        `numpy.einsum_path` gives it.
    dtype : str, optional
        What is computed in; by default the dtype of the operands together. Sums do not widen it.

    Returns
    -------
    TensorVariable
        Matrix products where there are any. An axis is stretched where it is known to have length
        1.

    Raises
    ------
    ValueError
        For subscripts or an order that mean nothing.
    ShapeError
        Where they do not fit the operands, or lengths of one subscript differ: now where they are
        known, else when it runs.

    Examples
    --------
    >>> from bitale_graph import language as T
    >>> x, y = T.dtensor3("x"), T.dtensor3("y")
    >>> T.einsum("bij,bjk->bik", x, y).eval({x: [[[1.0, 2.0]]], y: [[[3.0], [4.0]]]})
    array([[[11.]]])
    """
    read = read_subscripts(operands)
    common = dtypes.upcast(*(v.dtype for v in read.operands))
    kind = common if dtype is None else dtypes.check(dtype)
    diagonals = [
        _diagonals(cast(v, kind), labels, i)
        for i, (v, labels) in enumerate(zip(read.operands, read.inputs, strict=True))
    ]
    lengths = _known_lengths(diagonals)
    terms = [_without_ones(v, labels, lengths) for v, labels in diagonals]
    sizes = {label: ASSUMED if n is None else n for label, n in lengths.items()}
    if len(terms) > 1:
        order = contraction_order([labels for _, labels in terms], read.output, sizes, optimize)
        for places in order:
            taken = [terms[p] for p in places]
            terms = [t for p, t in enumerate(terms) if p not in places]
            terms.append(_multiplied(taken, [labels for _, labels in terms], read.output))
    ((found, labels),) = (_summed(v, labels, read.output) for v, labels in terms)
    return dimshuffle(found, *(labels.index(label) for label in read.output))


def multi_dot(arrays: Sequence[Any]) -> TensorVariable:
    """The product of matrices in the order with the fewest multiplications.

    The first and the last may be vectors, as in `numpy.linalg.multi_dot`.
    """
    operands = [as_tensor(x) for x in arrays]
    if len(operands) < 2:
        raise ValueError("multi_dot takes at least two operands")
    for i, v in enumerate(operands):
        if v.ndim != 2 and not (v.ndim == 1 and i in (0, len(operands) - 1)):
            raise ShapeError(f"multi_dot takes matrices, between vectors, and got {describe(v)}")
    first = 1 - operands[0].ndim % 2
    starts = [max(i - 1 + first, 0) if i else 0 for i in range(len(operands))]
    terms: list[Any] = []
    for v, at in zip(operands, starts, strict=True):
        terms += [v, [at, at + 1][: v.ndim]]
    last = starts[-1] + operands[-1].ndim - 1
    ends = [[0] if operands[0].ndim == 2 else [], [last] if operands[-1].ndim == 2 else []]
    return einsum(*terms, [*ends[0], *ends[1]])


def _diagonals(x: Any, labels: Labels, i: int) -> tuple[Any, Labels]:
    """An operand without subscripts that occur twice."""
    while len(set(labels)) < len(labels):
        twice = next(label for label in labels if labels.count(label) > 1)
        a = labels.index(twice)
        b = labels.index(twice, a + 1)
        x = _diagonal(x, a, b, f"einsum: operand {i} has no diagonal for {_shown(twice)}")
        labels = (*(n for at, n in enumerate(labels) if at not in (a, b)), twice)
    return x, labels


def _diagonal(x: Any, a: int, b: int, problem: str) -> Any:
    """The elements whose indices along two axes are equal, along a last axis."""
    n, m = x.type.shape[a], x.type.shape[b]
    if n is not None and m is not None and n != m:
        raise ShapeError(f"{problem}: the lengths {n} and {m} differ in {describe(x)}")
    if None in (n, m):
        x = Assert(f"{problem}: two lengths differ", "ShapeError")(
            x, tm.eq(shape_i(x, a), shape_i(x, b))
        )
    return diagonal(x, 0, a, b)


def _known_lengths(terms: Sequence[tuple[Any, Labels]]) -> dict[Hashable, int | None]:
    """For each label the length that its axes have or are stretched to, where that is known."""
    found: dict[Hashable, list[int | None]] = {}
    for v, labels in terms:
        for label, n in zip(labels, v.type.shape, strict=True):
            found.setdefault(label, []).append(n)
    lengths: dict[Hashable, int | None] = {}
    for label, each in found.items():
        others = {n for n in each if n != 1}
        known = sorted(n for n in others if n is not None)
        if len(known) > 1:
            operands = "".join(f"\n  {describe(v)}" for v, _ in terms)
            raise ShapeError(
                f"einsum: the lengths {known} of the axes {_shown(label)} differ{operands}"
            )
        lengths[label] = known[0] if known else None if others else 1
    return lengths


def _without_ones(
    x: Any, labels: Labels, lengths: Mapping[Hashable, int | None]
) -> tuple[Any, Labels]:
    """An operand without the axes along which it is stretched."""
    kept = [a for a, label in enumerate(labels) if x.type.shape[a] != 1 or lengths[label] == 1]
    return dimshuffle(x, *kept), tuple(labels[a] for a in kept)


def _summed(x: Any, labels: Labels, needed: Sequence[Hashable]) -> tuple[Any, Labels]:
    """An operand summed over what nothing else has."""
    axes = [a for a, label in enumerate(labels) if label not in needed]
    return added(x, axes), tuple(label for label in labels if label in needed)


def _multiplied(
    taken: Sequence[tuple[Any, Labels]], others: Sequence[Labels], output: Labels
) -> tuple[Any, Labels]:
    """The product of some operands, from the left, with the labels that something still needs."""
    x, labels = taken[0]
    for at, (y, more) in enumerate(taken[1:], 1):
        rest = [label for term in (*others, *(n for _, n in taken[at + 1 :])) for label in term]
        x, labels = _pair(x, labels, y, more, [*output, *rest])
    return x, labels


def _pair(
    x: Any, labels_x: Labels, y: Any, labels_y: Labels, needed: Sequence[Hashable]
) -> tuple[Any, Labels]:
    x, labels_x = _summed(x, labels_x, [*needed, *labels_y])
    y, labels_y = _summed(y, labels_y, [*needed, *labels_x])
    if _comes_first(labels_y, labels_x, needed):
        x, labels_x, y, labels_y = y, labels_y, x, labels_x
    shared = [label for label in labels_x if label in labels_y]
    batch = sorted((n for n in shared if n in needed), key=needed.index)
    summed = [label for label in shared if label not in needed]
    found = contract(
        "einsum",
        x,
        y,
        ([labels_x.index(n) for n in batch], [labels_y.index(n) for n in batch]),
        ([labels_x.index(n) for n in summed], [labels_y.index(n) for n in summed]),
    )
    free = [n for labels in (labels_x, labels_y) for n in labels if n not in shared]
    return found, (*batch, *free)


def _comes_first(one: Labels, other: Labels, needed: Sequence[Hashable]) -> bool:
    """Whether the rows of a product are better those of ``one``: they stand first in the result."""
    places = [
        min((needed.index(n) for n in set(a) - set(b)), default=len(needed))
        for a, b in ((one, other), (other, one))
    ]
    return places[0] < places[1]


def _shown(label: Hashable) -> str:
    if isinstance(label, tuple):
        return "of ..."
    from string import ascii_letters

    return repr(label if isinstance(label, str) else ascii_letters[int(str(label))])
