"""Samples of places that are computed: of masks, along an axis, and what is made of them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np

from ..ops import along_axis, fill_diagonal, indexing, multi_index, nonzero, taking
from .elementwise_samples import values
from .sample import LAYOUTS, OpSample, laid_out, sample

DTYPES = ("bool", "int8", "int64", "uint16", "float32", "float64", "complex64")


def _composed(tag: str, build: Any, *inputs: Any, **facts: Any) -> OpSample:
    """A sample of the op that comes last in what is built."""
    made = sample(tag, None, build, *inputs, **facts)
    last = made.graph()[1][0].owner
    assert last is not None
    subject = type(last.op)
    return replace(made, subject=subject, name=f"{subject.__name__}: {tag}")


def place_samples() -> Iterator[OpSample]:
    """Every op of computed places."""
    yield from _places()
    yield from _masks()
    yield from _along_axis()
    yield from _mixed()
    yield from _diagonals()
    yield from _chosen()


def _some_zeros(dtype: str, shape: tuple[int, ...]) -> Any:
    x = np.array(values("places", dtype, shape))
    x[np.random.default_rng(3).random(shape) < 0.5] = 0
    return x


def _places() -> Iterator[OpSample]:
    def one(tag: str, x: Any, **facts: Any) -> OpSample:
        return sample(
            f"Nonzero: {tag}",
            nonzero.Nonzero,
            lambda v: list(nonzero.nonzero(v)),
            x,
            reference=np.nonzero,
            **facts,
        )

    for dtype in (*DTYPES, "float16"):
        yield one(dtype, _some_zeros(dtype, (4, 5)), core=dtype in ("bool", "float32"))
    mask = _some_zeros("bool", (3, 4, 5))
    yield one("vector", mask.ravel(), core=True)
    yield one("rank 3", mask, core=True)
    yield one("rank 5", mask.reshape(3, 2, 2, 1, 5))
    yield one("one element", np.array([True]))
    yield one("no elements", mask[:, :0], core=True)
    yield one("none true", np.zeros((3, 4), bool), core=True)
    yield one("all true", np.ones((3, 20), bool), core=True)
    yield one("the last alone", np.arange(70) == 69, core=True)
    yield one("many", np.arange(5000) % 7 == 3)
    yield one("NaN and infinity", np.array([0.0, -0.0, np.nan, np.inf, 1e-320]))
    for layout in LAYOUTS:
        core = layout in ("reversed", "fortran")
        yield one(layout, laid_out(mask, layout), core=core)
    yield _composed(
        "places as a matrix",
        lambda v: nonzero.nonzero(v, return_matrix=True),
        mask,
        reference=lambda v: np.array(np.nonzero(v)),
    )
    yield _composed(
        "values that are not zero",
        nonzero.nonzero_values,
        _some_zeros("float64", (4, 5)),
        reference=lambda v: v[v != 0],
    )


def _masks() -> Iterator[OpSample]:
    x = values("masks", "float64", (3, 4, 5))
    whole: Any = np.random.default_rng(4).random(x.shape) < 0.5
    keys: dict[str, tuple[Any, Any]] = {
        "whole": (whole, lambda m: m),
        "rows": (whole[:, 0, 0], lambda m: m),
        "first axes": (whole[:, :, 0], lambda m: m),
        "last axes": (whole[0], lambda m: (slice(None), m)),
        "middle axis and an integer": (whole[0, :, 0], lambda m: (1, m)),
        "backwards": (whole[0, 0], lambda m: (..., slice(None, None, -1), m)),
        "apart": (np.array([True, False, True]), lambda m: (m, slice(1, None), [0, 4])),
        "with a new axis": (whole[0, :, 0], lambda m: (slice(None), None, m)),
    }
    for tag, (mask, key) in keys.items():
        region = x[key(mask)].shape
        y = values("masks", "float64", region)
        core = tag in ("whole", "last axes", "apart")
        smooth = (tag in ("whole", "apart"), False)
        yield _composed(
            f"mask, {tag}",
            lambda v, m, key=key: v[key(m)],
            x,
            mask,
            reference=lambda v, m, key=key: v[key(m)],
            smooth=smooth,
            core=core,
        )
        for is_set in (True, False):
            write = indexing.set_subtensor if is_set else indexing.inc_subtensor
            yield _composed(
                f"{'set' if is_set else 'inc'} by a mask, {tag}",
                lambda v, m, w, key=key, write=write: write(v[key(m)], w),
                x,
                mask,
                y,
                reference=lambda v, m, w, key=key, set=is_set: _written(v, w, key(m), set),
                smooth=(smooth[0], False, smooth[0]),
                core=core,
            )
    for value in (np.float64(2.5), values("masks", "float64", (5,))):
        yield _composed(
            f"set by a mask, rank {value.ndim} for all",
            lambda v, m, w: indexing.set_subtensor(v[m], w),
            x,
            whole if value.ndim == 0 else whole[:, :, 0],
            value,
            reference=lambda v, m, w: _written(v, w, m, True),
            smooth=(True, False, True),
            core=True,
        )


def _written(x: Any, y: Any, key: Any, is_set: bool) -> Any:
    out = np.array(x)
    if is_set:
        out[key] = y
    else:
        np.add.at(out, key, np.asarray(y, out.dtype))
    return out


def _put(x: Any, y: Any, at: Any, axis: int, is_set: bool) -> Any:
    index = list(np.ix_(*map(np.arange, x.shape)))
    index[axis] = at
    return _written(x, y, tuple(index), is_set)


def _along_axis() -> Iterator[OpSample]:
    at = np.array([[3, 0, -1, 2, 0], [1, 1, 1, 1, 1], [-4, 2, 3, 0, -2]])

    def one(tag: str, x: Any, at: Any, axis: int, **facts: Any) -> Iterator[OpSample]:
        yield sample(
            f"TakeAlongAxis: {tag}",
            along_axis.TakeAlongAxis,
            along_axis.TakeAlongAxis(axis),
            x,
            at,
            reference=lambda x, at: np.take_along_axis(x, at, axis),
            **facts,
        )
        shape = np.take_along_axis(x, at, axis).shape
        static = facts.pop("static", None)
        for is_set in (True, False):
            y = values("along", x.dtype.name, shape)
            yield sample(
                f"PutAlongAxis: {'set' if is_set else 'inc'} {tag}",
                along_axis.PutAlongAxis,
                along_axis.PutAlongAxis(axis, is_set),
                x,
                y,
                at,
                reference=lambda x, y, at, set=is_set: _put(x, y, at, axis, set),
                static=None if static is None else (static[0], (None,) * y.ndim, static[1]),
                **facts,
            )

    for dtype in DTYPES:
        core = dtype in ("float64", "bool")
        yield from one(dtype, values("along", dtype, (3, 4)), at, 1, core=core)
    x = values("along", "float64", (3, 4))
    yield from one("rows", x, np.array([[0, 2, -1, 1]]), 0, static=((None,) * 2, (1, None)))
    yield from one("smooth", x, at, 1, smooth=True)
    yield from one("a vector", x[0], at[0], 0, core=True)
    cube = values("along", "float64", (3, 2, 4))
    yield from one("middle axis", cube, np.array([[[0, 1, -1, 1]]] * 3), 1, smooth=True)
    unknown: tuple[Any, ...] = (None, None)
    yield from one("indices for all rows", x, at[:1], 1, static=(unknown, (1, None)), core=True)
    yield from one("one row for all", x[:1], at, 1, static=((1, None), unknown), core=True)
    yield from one("one place in each", x, at[:, :1], 1, static=(unknown, (None, 1)))
    yield from one("nothing", x, at[:, :0], 1, core=True)
    yield from one("uint8 indices", x, np.abs(at).astype("uint8") % 4, 1)
    for layout in LAYOUTS:
        yield from one(layout, laid_out(x, layout), laid_out(at, layout), 1)
    for inverse in (0, 1):
        yield _composed(
            f"permuted rows, inverse {inverse}",
            lambda x, y, inverse=inverse: along_axis.permute_row_elements(x, y, inverse),
            x,
            np.array([[2, 0, 3, 1], [0, 1, 2, 3], [3, 2, 1, 0]]),
            reference=lambda x, y, inverse=inverse: np.take_along_axis(
                x, np.argsort(y, 1) if inverse else y, 1
            ),
            smooth=True,
        )


def _mixed() -> Iterator[OpSample]:
    x = values("mixed", "float64", (3, 4, 5))
    at = np.array([[0, 2], [-1, 1]])
    keys: dict[str, Any] = {
        "rank 2 on the second axis": lambda i, n: (slice(None), i),
        "rank 2 on the last axis": lambda i, n: (..., i),
        "between slices": lambda i, n: (slice(n, None), i, slice(None, None, -2)),
        "apart, with a slice": lambda i, n: (i, slice(None, n, -1), i[0]),
        "with integers": lambda i, n: (n, slice(1, -1), i),
        "with new axes": lambda i, n: (None, i, slice(n), None, i),
    }
    for tag, key in keys.items():
        expected = x[key(at, -2)]
        y = values("mixed", "float64", expected.shape)
        yield _composed(
            f"mixed, {tag}",
            lambda v, i, n, key=key: v[key(i, n)],
            x,
            at,
            np.int64(-2),
            reference=lambda v, i, n, key=key: v[key(i, int(n))],
            smooth=tag == "between slices",
            core=tag in ("between slices", "apart, with a slice"),
        )
        for is_set in (True, False):
            write = indexing.set_subtensor if is_set else indexing.inc_subtensor
            yield _composed(
                f"{'set' if is_set else 'inc'} mixed, {tag}",
                lambda v, w, i, n, key=key, write=write: write(v[key(i, n)], w),
                x,
                y,
                at,
                np.int64(-2),
                reference=lambda v, w, i, n, key=key, set=is_set: _written(
                    v, w, key(i, int(n)), set
                ),
                smooth=tag == "between slices",
                core=tag in ("between slices", "apart, with a slice"),
            )
    for layout in LAYOUTS:
        yield sample(
            f"AdvancedIncSubtensor: inc {layout}",
            indexing.AdvancedIncSubtensor,
            lambda v, w, i: indexing.inc_subtensor(v[:, i, ::-1], w),
            laid_out(x, layout),
            laid_out(x[:, :2, :], layout),
            np.array([3, 3]),
            reference=lambda v, w, i: _written(v, w, np.s_[:, i, ::-1], False),
        )


def _diagonals() -> Iterator[OpSample]:
    for shape in ((4, 4), (5, 3), (3, 5), (0, 3), (3, 0), (2, 2, 2)):
        x = values("filled", "float64", shape)
        yield _composed(
            f"filled diagonal of {shape}",
            fill_diagonal.fill_diagonal,
            x,
            np.float64(7.0),
            reference=lambda x, v: _filled(x, v, 0),
            smooth=x.size > 0,
        )
        if len(shape) > 2:
            continue
        for offset in (-2, 0, 1, 9):
            yield _composed(
                f"filled diagonal {offset} of {shape}",
                fill_diagonal.fill_diagonal_offset,
                x,
                np.float64(7.0),
                np.int64(offset),
                reference=lambda x, v, offset: _filled(x, v, int(offset)),
            )


def _filled(x: Any, value: Any, offset: int) -> Any:
    out = np.array(x)
    for place in range(min(x.shape)):
        at = [place] * x.ndim
        at[-1 if offset > 0 else 0] += abs(offset)
        if all(i < n for i, n in zip(at, x.shape, strict=True)):
            out[tuple(at)] = value
    if not offset or x.ndim > 2:
        return out
    for i in range(x.shape[0]):
        if 0 <= i + offset < x.shape[1]:
            out[i, i + offset] = value
    return out


def _chosen() -> Iterator[OpSample]:
    choices, number = values("chosen", "float64", (3, 4)), np.array([2, 0, 1, 2])
    far = np.array([-4, 0, 7, 2])
    for mode in taking.MODES:
        a = number if mode == "raise" else far
        yield _composed(
            f"chosen rows, {mode}",
            lambda a, c, mode=mode: taking.choose(a, c, mode),
            a,
            choices,
            reference=lambda a, c, mode=mode: np.choose(a, c, mode=mode),
            smooth=(False, True),
            core=True,
        )
        yield _composed(
            f"taken along an axis, {mode}",
            lambda i, x, mode=mode: taking.take(x, i, 1, mode),
            a.reshape(2, 2),
            choices,
            reference=lambda i, x, mode=mode: np.take(x, i, 1, mode=mode),
            smooth=(False, True),
        )
    flat = np.array([[5, 0], [11, 7]])
    for order in ("C", "F"):
        yield _composed(
            f"at unravelled places, order {order}",
            lambda i, x, order=order: x[multi_index.unravel_index(i, x.shape, order)],
            flat,
            choices,
            reference=lambda i, x, order=order: x[np.unravel_index(i, x.shape, order)],
        )
        yield _composed(
            f"at joined places, order {order}",
            lambda i, x, order=order: x.flatten()[
                multi_index.ravel_multi_index((i, i), x.shape, ("wrap", "clip"), order)
            ],
            far,
            choices,
            reference=lambda i, x, order=order: x.ravel()[
                np.ravel_multi_index((i, i), x.shape, ("wrap", "clip"), order)
            ],
        )
