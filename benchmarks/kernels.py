"""Time what has C code, op by op, beside NumPy: a million elements, in turn in one process.

    python benchmarks/kernels.py
    python benchmarks/kernels.py --only sin,cos,dot --rounds 50 --threads 1

A ratio below 1 says that NumPy is faster; only ratios within one run mean something. Both are
called as a user calls them, NumPy into fresh arrays; a figure is the best of the rounds, and a row
in which NumPy is faster is measured again, a few times. Before products there is a pause: threads
of NumPy's BLAS wait on a core for more work for a tenth of a second. ``--only`` takes the
beginnings of names. A result that differs from NumPy's ends the run.
"""

import argparse
import functools
import time

import bitale
import bitale.tensor as T
import numpy as np
from bitale import sparse
from bitale_graph.extend import Elementwise
from bitale_graph.tensor.draws import Draw
from bitale_graph.tensor.scalar import SCALAR_OPS, cast_to, is_cast
from bitale_graph.testing.elementwise_samples import accepted, makes_floats, operands
from kernel_cases import ALGEBRA, MOVED, ORDERED, RANDOM, SPARSE

SIDE = 1000
SIZE = SIDE * SIDE
DTYPES = ("float32", "float64", "int64")
FLOATS = ("float32", "float64")
# Rounds end after so many seconds: a few ops take NumPy as long for one call.
PATIENCE = 0.5
PAUSE = 0.2
AGAIN = 4
USING_BLAS = ("dot", *(case[0] for case in ALGEBRA))


# Arguments, for a dtype.
@functools.cache
def vector(dtype, seed=0, size=SIZE):
    """Numbers around 0."""
    rng = np.random.default_rng(seed)
    return rng.integers(-9, 9, size) if dtype == "int64" else rng.normal(size=size).astype(dtype)


def matrix(dtype):
    """The vector's numbers in rows."""
    return vector(dtype).reshape(SIDE, SIDE)


def places(size, seed=1):
    """Indices of rows, with repetitions."""
    return np.random.default_rng(seed).integers(0, SIDE, size)


def one_vector(dtype):
    """The vector alone."""
    return [vector(dtype)]


def one_matrix(dtype):
    """The matrix alone."""
    return [matrix(dtype)]


def two_matrices(dtype):
    """The matrix, and its rows in reverse."""
    return [matrix(dtype), matrix(dtype)[::-1].copy()]


def matrix_and_rows(dtype):
    """The matrix, and which of its rows."""
    return [matrix(dtype), places(SIDE)]


def matrix_rows_and_values(dtype):
    """Two matrices, and which rows of the first."""
    return [*two_matrices(dtype), places(SIDE)]


def softmax(x):
    """Over the last axis."""
    e = np.exp(x - x.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)


def changed(x, place, y, change):
    """A copy of x, written to."""
    x = x.copy()
    change(x, place, y)
    return x


def assign(x, place, y):
    """Write y into x."""
    x[place] = y


MIDDLE = slice(100, 900)


def ops_over_axes():
    """Reductions and places of extremes."""
    for name in ("sum", "prod", "max", "min", "mean", "var", "nanmax", "any"):
        for axes, axis in (("all", None), ("rows", 0), ("columns", 1)):
            yield (
                f"{name} over {axes}",
                DTYPES,
                one_matrix,
                lambda x, name=name, axis=axis: getattr(T, name)(x, axis=axis),
                lambda x, name=name, axis=axis: getattr(np, name)(x, axis=axis),
            )
    for axes, axis in (("all", None), ("rows", 0), ("columns", 1)):
        yield (
            f"argmax over {axes}",
            DTYPES,
            one_matrix,
            lambda x, axis=axis: T.argmax(x, axis=axis),
            lambda x, axis=axis: np.argmax(x, axis=axis),
        )


def ops_that_move():
    """Elements in other places, called as NumPy's functions are; what is a view there is copied."""
    few, some = lambda d: [matrix(d)[:400, :500]], lambda d: [vector(d, 0, SIZE // 4)]
    calls = (
        ("tile", few, lambda f, x: f(x, (2, 3))),
        ("repeat", some, lambda f, x: f(x, 4)),
        ("roll", one_matrix, lambda f, x: f(x, 3, 1)),
        ("roll", one_matrix, lambda f, x: f(x, (3, 5), (0, 1))),
        ("pad", one_matrix, lambda f, x: f(x, 3)),
        ("pad", one_matrix, lambda f, x: f(x, 3, "reflect")),
        ("tril", one_matrix, lambda f, x: f(x)),
        ("diff", one_matrix, lambda f, x: f(x)),
        ("diag", lambda d: [vector(d, 0, SIDE)], lambda f, x: f(x)),
        ("ptp", one_matrix, lambda f, x: f(x, 0)),
    )
    for name, arguments, call in calls:
        yield (
            name,
            DTYPES,
            arguments,
            functools.partial(call, getattr(T, name)),
            functools.partial(call, getattr(np, name)),
        )
    yield (
        "repeat by counts",
        DTYPES,
        lambda d: [vector(d), places(SIZE) % 3],
        T.repeat,
        np.repeat,
    )


# Name, dtypes, arguments, expression, NumPy's; where that is None, the expression holds for both.
STRUCTURAL = (
    (
        "dot of vectors",
        DTYPES,
        lambda d: [vector(d), vector(d, 1)],
        T.dot,
        np.dot,
    ),
    (
        "dot of strided vectors",
        FLOATS,
        lambda d: [vector(d, 0, 2 * SIZE)[::2], vector(d, 1, 2 * SIZE)[::2]],
        T.dot,
        np.dot,
    ),
    (
        "dot of short vectors",
        DTYPES,
        lambda d: [vector(d, 0, SIDE), vector(d, 1, SIDE)],
        T.dot,
        np.dot,
    ),
    (
        "dot of matrix and vector",
        DTYPES,
        lambda d: [matrix(d), vector(d, 1, SIDE)],
        T.dot,
        np.dot,
    ),
    (
        "dot of vector and matrix",
        DTYPES,
        lambda d: [vector(d, 1, SIDE), matrix(d)],
        T.dot,
        np.dot,
    ),
    ("dot of matrices", FLOATS, two_matrices, T.dot, np.dot),
    (
        "full",
        DTYPES,
        lambda d: [vector(d)[0]],
        lambda v: T.alloc(v, SIDE, SIDE),
        lambda v: np.full((SIDE, SIDE), v),
    ),
    (
        "arange",
        ("int64",),
        lambda _: [np.int64(SIZE)],
        T.arange,
        np.arange,
    ),
    *(
        (
            "eye",
            (dtype,),
            lambda _: [np.int64(SIDE)],
            functools.partial(T.eye, dtype=dtype),
            functools.partial(np.eye, dtype=dtype),
        )
        for dtype in DTYPES
    ),
    ("take rows", DTYPES, matrix_and_rows, lambda x, rows: x[rows], None),
    (
        "take points",
        DTYPES,
        lambda d: [matrix(d), places(SIZE), places(SIZE, 2)],
        lambda x, rows, columns: x[rows, columns],
        None,
    ),
    (
        "set slice",
        DTYPES,
        lambda d: [matrix(d), vector(d, 1, SIDE)],
        lambda x, y: T.set_subtensor(x[MIDDLE], y),
        lambda x, y: changed(x, MIDDLE, y, assign),
    ),
    (
        "add to slice",
        DTYPES,
        lambda d: [matrix(d), vector(d, 1, SIDE)],
        lambda x, y: T.inc_subtensor(x[MIDDLE], y),
        lambda x, y: changed(x, MIDDLE, y, np.add.at),
    ),
    (
        "set rows",
        DTYPES,
        matrix_rows_and_values,
        lambda x, y, rows: T.set_subtensor(x[rows], y),
        lambda x, y, rows: changed(x, rows, y, assign),
    ),
    (
        "add to rows",
        DTYPES,
        matrix_rows_and_values,
        lambda x, y, rows: T.inc_subtensor(x[rows], y),
        lambda x, y, rows: changed(x, rows, y, np.add.at),
    ),
    (
        "join rows",
        DTYPES,
        two_matrices,
        lambda x, y: T.join(0, x, y),
        lambda x, y: np.concatenate([x, y], axis=0),
    ),
    (
        "join columns",
        DTYPES,
        two_matrices,
        lambda x, y: T.join(1, x, y),
        lambda x, y: np.concatenate([x, y], axis=1),
    ),
    ("reversed, plus 1", DTYPES, one_vector, lambda x: x[::-1] + 1, None),
    (
        "reversed copy",
        DTYPES,
        one_vector,
        lambda x: T.tensor_copy(x[::-1]),
        lambda x: x[::-1].copy(),
    ),
    (
        "strided copy",
        DTYPES,
        lambda d: [vector(d, 0, 2 * SIZE)],
        lambda x: T.tensor_copy(x[::2]),
        lambda x: x[::2].copy(),
    ),
    (
        "transposed copy",
        DTYPES,
        one_matrix,
        lambda x: T.flatten(x.T),
        lambda x: x.T.flatten(),
    ),
    (
        "matrix plus row",
        DTYPES,
        lambda d: [matrix(d), vector(d, 1, SIDE)],
        lambda x, y: x + y,
        None,
    ),
    (
        "matrix plus transposed",
        DTYPES,
        one_matrix,
        lambda x: x + x.T,
        None,
    ),
    ("softmax", FLOATS, one_matrix, T.softmax, softmax),
    (
        "searchsorted",
        DTYPES,
        lambda d: [np.sort(vector(d, 2, SIDE)), vector(d)],
        T.searchsorted,
        np.searchsorted,
    ),
)


def elementwise():
    """Every scalar op of the table, on operands of its domain."""
    for op in SCALAR_OPS.values():
        if is_cast(op) or op.name == "second" or isinstance(op, Draw):
            continue
        dtypes = [d for d in accepted(op) if d in (FLOATS if makes_floats(op) else DTYPES)]
        yield (
            op.name,
            dtypes,
            lambda d, op=op: operands(op, "kernels", d, [(SIZE,)] * op.arity),
            Elementwise(op),
            op.compute,
        )


def casts():
    """From a dtype to others."""
    for target in ("float32", "float64", "int64", "int8", "bool"):
        yield (
            f"cast to {target}",
            [d for d in DTYPES if d != target],
            one_vector,
            Elementwise(cast_to(target)),
            lambda x, target=target: x.astype(target),
        )


def made(dtype, arguments, expression, beside, *, is_compared):
    """The two callables of a case, after a comparison of what they give."""
    variables = [
        sparse.matrix(x.format, dtype=str(x.dtype))
        if hasattr(x, "format")
        else T.tensor(str(x.dtype), (None,) * x.ndim)
        for x in arguments
    ]
    compiled = bitale.function(variables, expression(*variables))
    beside = beside or expression
    tolerance = 1e-3 if dtype == "float32" else 1e-9
    found, wanted = (np.asarray(f(*arguments)) for f in (compiled, beside))
    if is_compared:
        np.testing.assert_allclose(found, wanted, rtol=tolerance, atol=tolerance)
    return lambda: compiled(*arguments), lambda: beside(*arguments)


def best(calls, rounds, pause=0.0):
    """The best time of each call, in microseconds: some rounds of one, then of the other."""
    times = [np.inf] * len(calls)
    for _ in range(1 + AGAIN):
        for i, call in enumerate(calls):
            time.sleep(pause)
            end = time.perf_counter() + PATIENCE / 2
            for _ in range(rounds):
                start = time.perf_counter()
                call()
                times[i] = min(times[i], (time.perf_counter() - start) * 1e6)
                if time.perf_counter() > end:
                    break
        if times[0] <= times[1]:
            break
    return times


def measured(only, rounds):
    """Rows of the table: ratio, name, dtype, both times."""
    for name, dtypes, arguments, expression, beside in (
        *elementwise(),
        *casts(),
        *ops_over_axes(),
        *ops_that_move(),
        *STRUCTURAL,
        *MOVED,
        *ORDERED,
        *ALGEBRA,
        *SPARSE,
        *RANDOM,
    ):
        if not name.startswith(only):
            continue
        for dtype in dtypes:
            is_compared = not name.startswith("random ")
            calls = made(dtype, arguments(dtype), expression, beside, is_compared=is_compared)
            pause = PAUSE if name.startswith(USING_BLAS) else 0.0
            ours, numpys = best(calls, rounds, pause)
            time.sleep(pause)
            yield numpys / ours, name, dtype, ours, numpys


def main():
    """Measure, and print the table with the lowest ratios first."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--only", default="", help="beginnings of names, separated by commas")
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--threads", type=int, default=0, help="of bitale; 0: one for each core")
    given = parser.parse_args()
    bitale.config.threads = given.threads
    print(f"{'op':26} {'dtype':8} {'bitale us':>10} {'NumPy us':>10} {'ratio':>7}")
    with np.errstate(all="ignore"):
        rows = sorted(measured(tuple(given.only.split(",")), given.rounds))
    for ratio, name, dtype, ours, numpys in rows:
        print(f"{name:26} {dtype:8} {ours:10.0f} {numpys:10.0f} {ratio:7.2f}")


if __name__ == "__main__":
    main()
