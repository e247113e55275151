"""Cases of `kernels.py` beyond elements and sums: what moves, orders, multiplies, solves and draws.

A case is a name, dtypes, arguments for a dtype, our expression, and what stands beside it; where
that is None, the expression holds for both. What is drawn is not compared.
"""

import bitale.tensor as T
import numpy as np
from bitale import sparse
from bitale.tensor import raw_random
from bitale.tensor.raw_random import new_state

SIDE = 1000
SIZE = SIDE * SIDE
FLOATS = ("float32", "float64")
DTYPES = (*FLOATS, "int64")


def numbers(dtype, *shape, seed=0):
    """Numbers around 0."""
    rng = np.random.default_rng(seed)
    return rng.integers(-9, 9, shape) if dtype == "int64" else rng.normal(size=shape).astype(dtype)


def vector(dtype):
    """A million numbers."""
    return [numbers(dtype, SIZE)]


def matrix(dtype):
    """A million numbers in rows."""
    return [numbers(dtype, SIDE, SIDE)]


def masked(dtype):
    """A matrix, and a mask of half of it."""
    x = numbers(dtype, SIDE, SIDE)
    return [x, numbers("float64", SIDE, SIDE, seed=1) > 0]


def columns(dtype):
    """A matrix, and which of its columns."""
    return [*matrix(dtype), np.random.default_rng(1).integers(0, SIDE, SIDE)]


def along_rows(dtype):
    """A matrix, and for each row an order."""
    return [*matrix(dtype), np.argsort(numbers("float64", SIDE, SIDE, seed=1), axis=1)]


def counted(dtype):
    """Whole numbers below a thousand."""
    return [np.random.default_rng(2).integers(0, SIDE, SIZE)]


def stacks(count, side):
    """Two stacks of square matrices."""
    return lambda d: [numbers(d, count, side, side), numbers(d, count, side, side, seed=1)]


def definite(side):
    """A symmetric positive definite matrix, and as many right sides."""

    def made(dtype):
        x = numbers(dtype, side, side)
        return [x @ x.T + side * np.eye(side, dtype=dtype), numbers(dtype, side, side, seed=1)]

    return made


def first(case):
    """Arguments without all but the first."""
    return lambda d: case(d)[:1]


def write(x, mask, change):
    """A copy, written to."""
    x = x.copy()
    change(x, mask)
    return x


def add_where(x, mask):
    """One more where the mask is true."""
    x[mask] += 1


MOVED = (
    ("cumsum over all", DTYPES, vector, T.cumsum, np.cumsum),
    *(
        (
            f"{name} over {axes}",
            DTYPES,
            matrix,
            lambda x, f=ours, a=axis: f(x, axis=a),
            lambda x, f=theirs, a=axis: f(x, axis=a),
        )
        for name, ours, theirs in (
            ("cumsum", T.cumsum, np.cumsum),
            ("diff", lambda x, axis: T.diff(x, axis=axis), lambda x, axis: np.diff(x, axis=axis)),
            ("flip", T.flip, lambda x, axis: np.flip(x, axis).copy()),
            ("roll", lambda x, axis: T.roll(x, 7, axis), lambda x, axis: np.roll(x, 7, axis)),
            ("repeat", lambda x, axis: T.repeat(x, 2, axis), lambda x, axis: np.repeat(x, 2, axis)),
        )
        for axes, axis in (("rows", 0), ("columns", 1))
    ),
    ("tile", DTYPES, matrix, lambda x: T.tile(x, (2, 2)), lambda x: np.tile(x, (2, 2))),
    ("pad", DTYPES, matrix, lambda x: T.pad(x, 3), lambda x: np.pad(x, 3)),
    ("pad, reflected", DTYPES, matrix, lambda x: T.pad(x, 3, "reflect"),
     lambda x: np.pad(x, 3, "reflect")),
    ("tril", DTYPES, matrix, T.tril, np.tril),
    ("diagonal of a vector", DTYPES, lambda d: [numbers(d, SIDE)], T.diag, np.diag),
    ("trace", DTYPES, matrix, T.trace, np.trace),
    ("take columns", DTYPES, columns, lambda x, i: x[:, i], None),
    ("take", DTYPES, columns, lambda x, i: T.take(x, i, axis=1),
     lambda x, i: np.take(x, i, axis=1)),
    ("take along rows", DTYPES, along_rows, lambda x, i: T.take_along_axis(x, i, 1),
     lambda x, i: np.take_along_axis(x, i, 1)),
    ("read by a mask", DTYPES, masked, lambda x, m: x[m], None),
    ("add by a mask", DTYPES, masked, lambda x, m: T.inc_subtensor(x[m], 1),
     lambda x, m: write(x, m, add_where)),
    ("nonzero", ("float64",), lambda d: masked(d)[1:], lambda m: T.nonzero(m)[0],
     lambda m: np.nonzero(m)[0]),
    ("where", DTYPES, masked, lambda x, m: T.where(m, x, -x), lambda x, m: np.where(m, x, -x)),
    ("bincount", ("int64",), counted, T.bincount, np.bincount),
)  # fmt: skip

ORDERED = (
    ("sort", DTYPES, vector, T.sort, np.sort),
    ("sort rows", DTYPES, matrix, T.sort, np.sort),
    ("argsort", DTYPES, vector, T.argsort, np.argsort),
    ("partition", FLOATS, vector, lambda x: T.partition(x, SIDE), lambda x: np.partition(x, SIDE)),
    ("unique", ("int64",), counted, T.unique, np.unique),
    ("median", FLOATS, vector, T.median, np.median),
    ("isin", ("int64",), counted, lambda x: T.isin(x, [3, 5, 8]), lambda x: np.isin(x, [3, 5, 8])),
)

ALGEBRA = (
    *(
        (f"matmul {count} of {side}", FLOATS, stacks(count, side), T.matmul, np.matmul)
        for count, side in ((4000, 4), (64, 32), (8, 256))
    ),
    (
        "einsum of attention",
        FLOATS,
        lambda d: [numbers(d, 8, 4, 64, 32), numbers(d, 8, 4, 64, 32, seed=1)],
        lambda x, y: T.einsum("bhid,bhjd->bhij", x, y),
        lambda x, y: np.einsum("bhid,bhjd->bhij", x, y, optimize=True),
    ),
    ("inv", FLOATS, first(definite(600)), T.linalg.inv, np.linalg.inv),
    ("solve", FLOATS, definite(600), T.linalg.solve, np.linalg.solve),
    ("cholesky", FLOATS, first(definite(1000)), T.linalg.cholesky, np.linalg.cholesky),
    ("det", FLOATS, first(definite(100)), T.linalg.det, np.linalg.det),
    ("eigvalsh", FLOATS, first(definite(300)), T.linalg.eigvalsh, np.linalg.eigvalsh),
    ("svdvals", FLOATS, first(definite(300)), T.linalg.svdvals, np.linalg.svdvals),
)


def scipy_matrix(dtype):
    """A sparse matrix of a million numbers, and a vector."""
    from scipy.sparse import random

    made = random(10_000, 10_000, 0.01, format="csr", dtype=dtype, random_state=0)
    return [made, numbers(dtype, 10_000)]


SPARSE = (("sparse dot", FLOATS, scipy_matrix, sparse.dot, lambda x, y: x @ y),)

_GENERATOR = np.random.default_rng(0)
_STATE = [new_state(1)]


def _drawn(name, beside, *parameters, dtypes=("float64",)):
    return (
        f"random {name}",
        dtypes,
        lambda d: _STATE,
        lambda s: getattr(raw_random, name)(s, (SIZE,), *parameters)[1],
        lambda s: beside(),
    )


RANDOM = (
    _drawn("uniform", lambda: _GENERATOR.random(SIZE)),
    _drawn("normal", lambda: _GENERATOR.standard_normal(SIZE)),
    _drawn("exponential", lambda: _GENERATOR.standard_exponential(SIZE)),
    _drawn("integers", lambda: _GENERATOR.integers(0, 99, SIZE), 0, 99),
    _drawn("poisson", lambda: _GENERATOR.poisson(5.0, SIZE), 5.0),
    _drawn("binomial", lambda: _GENERATOR.binomial(30, 0.3, SIZE), 30, 0.3),
    _drawn("gamma", lambda: _GENERATOR.standard_gamma(2.5, SIZE), 2.5),
    (
        "random permutation",
        ("int64",),
        lambda d: _STATE,
        lambda s: raw_random.permutation(s, (), SIZE)[1],
        lambda s: _GENERATOR.permutation(SIZE),
    ),
)
