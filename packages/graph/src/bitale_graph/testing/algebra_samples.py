"""Samples of linear algebra."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from ..linalg import decompositions, eigen, inverse, matrix_equations, matrix_functions
from ..linalg.lstsq import Lstsq
from ..linalg.lu import LUFactor, PivotOrder
from ..linalg.solve import TRANS, Solve, SolveTriangular
from .elementwise_samples import values
from .sample import LAYOUTS, OpSample, laid_out, sample

DTYPES = ("float32", "float64", "complex64", "complex128")
ATOL = {"float32": 1e-4, "complex64": 1e-4}


def _matrix(name: str, dtype: str = "float64", shape: tuple[int, ...] = (3, 3)) -> Any:
    """Numbers with a large diagonal, all of it different: far from singular."""
    x = values(name, dtype, shape, -1, 1)
    n, m = shape[-2:]
    return (x + 2 * np.eye(n, m) * (1 + np.arange(m))).astype(dtype)


def _positive(name: str, dtype: str = "float64", shape: tuple[int, ...] = (3, 3)) -> Any:
    x = _matrix(name, dtype, shape)
    return (x @ np.conj(np.swapaxes(x, -1, -2))).astype(dtype)


def _scipy(name: str) -> Callable[..., Any]:
    """A function of SciPy, which is imported when it is called."""

    def call(*arrays: Any, **options: Any) -> Any:
        import scipy.linalg

        with warnings.catch_warnings():
            warnings.simplefilter("ignore", RuntimeWarning)
            return getattr(scipy.linalg, name)(*arrays, **options)

    return call


def _one(op: Any, tag: str, reference: Any, *arrays: Any, **facts: Any) -> OpSample:
    atol = ATOL.get(arrays[0].dtype.name, 1e-11)
    rtol = 1e-4 if atol == 1e-4 else 1e-11
    name = f"{type(op).__name__}: {tag}"
    return sample(name, type(op), op, *arrays, reference=reference, atol=atol, rtol=rtol, **facts)


def _of_one(
    op: Any, reference: Any, make: Any, tag: str = "", wide: bool = False
) -> Iterator[OpSample]:
    """An op of one matrix: dtypes, layouts, batches, nothing."""
    tag = f" {tag}" if tag else ""
    for dtype in DTYPES:
        x = make("matrix", dtype)
        yield _one(op, f"{dtype}{tag}", reference, x, core=dtype == "float64", smooth=True)
    x = make("matrices", "float64", (2, 3, 3))
    yield _one(op, f"two matrices{tag}", reference, x, smooth=True, core=True)
    yield _one(op, f"known lengths{tag}", reference, x, static=((2, 3, 3),))
    yield _one(op, f"rank 4{tag}", reference, x[:, None])
    yield _one(op, f"integers{tag}", reference, np.round(x[0]).astype("int64"))
    yield _one(op, f"one number{tag}", reference, x[:1, :1, :1])
    yield _one(op, f"no matrices{tag}", reference, x[:0])
    for layout in LAYOUTS:
        yield _one(op, f"{layout}{tag}", reference, laid_out(x[1], layout))
    if wide:
        for shape in ((2, 4), (4, 2), (2, 2, 3)):
            y = make("matrices", "float64", shape)
            yield _one(op, f"{shape}{tag}", reference, y, smooth=True, core=len(shape) == 2)
        return
    yield _one(op, f"nothing{tag}", reference, x[0, :0, :0])


def _inverses() -> Iterator[OpSample]:
    yield from _of_one(inverse.MatrixInverse(), np.linalg.inv, _matrix)
    yield from _of_one(inverse.Det(), np.linalg.det, _matrix)
    yield from _of_one(inverse.SlogDet(), lambda x: list(np.linalg.slogdet(x)), _matrix)
    yield from _of_one(inverse.MatrixPinv(), np.linalg.pinv, _matrix, wide=True)
    x = _positive("pinv")
    hermitian = lambda x: np.linalg.pinv(x, 1e-3, hermitian=True)
    yield _one(inverse.MatrixPinv(1e-3, True), "symmetric", hermitian, x)
    thin = np.outer(x[0], x[1])
    yield _one(inverse.MatrixPinv(1e-9), "rank 1", lambda x: np.linalg.pinv(x, 1e-9), thin)
    yield _one(inverse.Det(), "singular", lambda x: x[0, 0] * 0, np.zeros((3, 3), "complex128"))


def _eigens() -> Iterator[OpSample]:
    h: Any = np.linalg.eigh
    for uplo in ("L", "U"):
        yield from _of_one(eigen.Eigh(uplo), lambda x, u=uplo: list(h(x, u)), _matrix, uplo)
        yield from _of_one(
            eigen.Eigvalsh(uplo), lambda x, u=uplo: np.linalg.eigvalsh(x, u), _matrix, uplo
        )

    def reference(x: Any) -> list[Any]:
        # Of a real matrix, too, NumPy 2.5 gives complex eigenvalues.
        return [y if np.iscomplexobj(x) else np.real(y) for y in np.linalg.eig(x)]

    op = eigen.Eig()
    for dtype in DTYPES:
        yield _one(op, dtype, reference, _matrix("eig", dtype), core=True, smooth=True)
    x = _matrix("eigs", shape=(2, 3, 3))
    yield _one(op, "two matrices", reference, x, smooth=True)
    yield _one(op, "nothing", reference, x[0, :0, :0])
    for layout in LAYOUTS:
        yield _one(op, layout, reference, laid_out(x[0], layout))


def _factors() -> Iterator[OpSample]:
    qr: Any = np.linalg.qr
    for mode in decompositions.MODES:
        op = decompositions.QR(mode)
        reference = (
            (lambda x, m=mode: qr(x, m)) if mode == "r" else (lambda x, m=mode: list(qr(x, m)))
        )
        if mode in ("reduced", "r"):
            yield from _of_one(op, reference, _matrix, mode, wide=True)
            continue
        for shape in ((4, 2), (2, 4), (2, 3, 3)):
            x = _matrix("qr", shape=shape)
            smooth = mode == "complete" and shape != (4, 2)
            yield _one(op, f"{shape} {mode}", reference, x, smooth=smooth, static=(shape,))
    for full in (True, False):
        op2, reference = decompositions.SVD(full), lambda x, f=full: list(np.linalg.svd(x, f))
        if not full:
            yield from _of_one(op2, reference, _matrix, "thin", wide=True)
            continue
        for shape in ((4, 2), (2, 4), (2, 3, 3)):
            x = _matrix("svd", shape=shape)
            yield _one(
                op2, f"{shape}", reference, x, static=(shape,), smooth=shape[-1] == shape[-2]
            )
    yield from _of_one(
        decompositions.SVD(compute_uv=False),
        lambda x: np.linalg.svd(x, compute_uv=False),
        _matrix,
        "values",
        wide=True,
    )
    yield from _choleskys()
    yield from _lus()


def _choleskys() -> Iterator[OpSample]:
    for lower in (True, False):
        op = decompositions.Cholesky(lower)
        reference = lambda x, u=not lower: np.linalg.cholesky(x, upper=u)
        yield from _of_one(op, reference, _positive, "lower" if lower else "upper")
    op = decompositions.Cholesky(on_error="nan")
    x = _positive("nan", shape=(2, 3, 3))
    yield _one(op, "nan, none", np.linalg.cholesky, x)
    x = x.copy()
    x[1, 2, 2] = -1
    found = np.stack([np.linalg.cholesky(x[0]), np.full((3, 3), np.nan)])
    yield _one(op, "nan, one of two", lambda x: found, x, core=True)
    yield _one(op, "nan", lambda x: found[1], x[1])


def _lus() -> Iterator[OpSample]:
    factors = _scipy("lu_factor")
    one_by_one = lambda x: [np.stack(parts) for parts in zip(*map(factors, x), strict=True)]
    op = LUFactor()
    for dtype in DTYPES:
        x = _matrix("lu", dtype)[::-1].copy()
        yield _one(op, dtype, lambda x: list(factors(x)), x, smooth=True, core=True)
    x = _matrix("lus", shape=(2, 3, 3))
    yield _one(op, "two matrices", one_by_one, x, smooth=True)
    yield _one(op, "nothing", lambda x: [x, np.zeros(0, "int32")], x[0, :0, :0])
    for layout in LAYOUTS:
        yield _one(op, layout, lambda x: list(factors(x)), laid_out(x[0], layout))
    for tag, pivots, order in (
        ("three", [2, 2, 2], [2, 0, 1]),
        ("two vectors", [[1, 1], [0, 1]], [[1, 0], [0, 1]]),
        ("none", np.zeros(0, "int32"), np.zeros(0, "int64")),
    ):
        given = np.asarray(pivots, "int32")
        yield _one(PivotOrder(), tag, lambda p, o=order: np.asarray(o, "int64"), given)


def _sides(dtype: str) -> Iterator[tuple[str, Any]]:
    yield "vector", values("side", dtype, (3,))
    yield "matrix", values("sides", dtype, (3, 2))


def _equations(op: Any, reference: Any, make: Any, tag: str) -> Iterator[OpSample]:
    """An op of square matrices and right-hand sides."""
    for dtype in DTYPES:
        for side, b in _sides(dtype):
            a = make("equations", dtype)
            name = f"{dtype} {side} {tag}"
            yield _one(op, name, reference, a, b, smooth=True, core=dtype == "float64")
    a, b = make("equations", "float64", (2, 3, 3)), values("sides", "float64", (2, 3, 2))
    several = lambda a, b: np.stack(
        [reference(m, c) for m, c in zip(*_stretched(a, b), strict=True)]
    )
    yield _one(op, f"two matrices {tag}", several, a, b, smooth=True, core=True)
    one = ((None, None, None), (1, None, None))
    yield _one(op, f"one side {tag}", several, a, b[:1], smooth=True, static=one)
    yield _one(op, f"one matrix {tag}", several, a[0], b, smooth=True)
    yield _one(op, f"no sides {tag}", lambda a, b: b, a[0], b[0, :, :0])
    yield _one(op, f"nothing {tag}", lambda a, b: b, a[0, :0, :0], b[0, :0])
    for layout in LAYOUTS:
        moved = laid_out(a[0], layout), laid_out(b[0], layout)
        yield _one(op, f"{layout} {tag}", reference, *moved)
        yield _one(op, f"{layout} {tag}, vector", reference, moved[0], moved[1][:, 0])


def _stretched(a: Any, b: Any) -> tuple[Any, Any]:
    batch = np.broadcast_shapes(a.shape[:-2], b.shape[:-2])
    return (
        np.broadcast_to(a, (*batch, *a.shape[-2:])),
        np.broadcast_to(b, (*batch, *b.shape[-2:])),
    )


def _one_triangle(a: Any, lower: bool, transposed: Any = np.transpose) -> Any:
    """The symmetric matrix of one triangle."""
    return (
        np.tril(a) + transposed(np.tril(a, -1))
        if lower
        else (np.triu(a) + transposed(np.triu(a, 1)))
    )


def _solutions() -> Iterator[OpSample]:
    yield from _equations(Solve(), np.linalg.solve, _matrix, "general")
    for lower in (True, False):
        for structure in ("symmetric", "positive"):
            op = Solve(structure, lower)
            turned = _adjoint if structure == "positive" else np.transpose
            reference = lambda a, b, low=lower, t=turned: np.linalg.solve(
                _one_triangle(a, low, t), b
            )
            make = _matrix if structure == "symmetric" else _positive
            yield from _equations(op, reference, make, f"{structure} {lower}")
        for trans in TRANS:
            for unit in (False, True):
                op2 = SolveTriangular(lower, trans, unit)
                facts: dict[str, Any] = {"lower": lower, "trans": trans, "unit_diagonal": unit}
                triangular: Any = lambda a, b, f=facts: _scipy("solve_triangular")(a, b, **f)
                yield from _equations(op2, triangular, _matrix, f"{lower} {trans} {unit}")
    op3 = Lstsq()
    for dtype in DTYPES:
        for side in ((4,), (4, 2)):
            a, b = _matrix("lstsq", dtype, (4, 3)), values("lstsq", dtype, side)
            yield _one(op3, f"{dtype} {side}", _least_squares, a, b)
    for shape in ((4, 2), (2, 4)):
        a, b = _matrix("lstsq", shape=shape), values("lstsq", "float64", shape[:1])
        whole = lambda a, b, op=op3: [op(a, b)[0], op(a, b)[3]]
        name = f"Lstsq: {shape} solution"
        expected = lambda a, b: [np.linalg.lstsq(a, b)[i] for i in (0, 3)]
        yield sample(name, Lstsq, whole, a, b, reference=expected, smooth=True, atol=1e-11)


def _adjoint(x: Any) -> Any:
    return np.conj(x.T)


def _least_squares(a: Any, b: Any) -> list[Any]:
    x, residuals, rank, s = np.linalg.lstsq(a, b)
    return [x, residuals, np.asarray(rank, "int64"), s]


def _functions() -> Iterator[OpSample]:
    yield from _of_one(matrix_functions.Expm(), _scipy("expm"), _small)
    for op in (matrix_functions.Logm(), matrix_functions.Sqrtm()):
        function = _scipy(op.name)
        for dtype in DTYPES:
            x = _positive("function", dtype)
            yield _one(op, dtype, lambda x, f=function: f(x).astype(x.dtype), x, smooth=True)
        x = _positive("functions", shape=(2, 3, 3))
        several = lambda x, f=function: np.stack([f(m) for m in x])
        yield _one(op, "two matrices", several, x)
        yield _one(op, "nothing", lambda x: x, x[0, :0, :0])
    sylvester, stein = matrix_equations.SolveSylvester(), matrix_equations.SolveStein()
    for dtype in DTYPES:
        a, b = _matrix("left", dtype), _matrix("right", dtype, (2, 2))
        q = values("both", dtype, (3, 2))
        yield _one(sylvester, dtype, _scipy("solve_sylvester"), a, b, q, smooth=True, core=True)
        yield _one(stein, dtype, _stein, a, b, q, smooth=True)
        scaled = [(m / 20).astype(dtype) for m in (a, b)]
        yield _one(stein, f"{dtype} small", _stein, *scaled, q, smooth=True, core=True)
    a, b = _matrix("lefts", shape=(2, 3, 3)), _matrix("rights", shape=(2, 2, 2))
    q = values("both", "float64", (2, 3, 2))
    for op2, one in ((sylvester, _scipy("solve_sylvester")), (stein, _stein)):
        pairs = lambda a, b, q, f=one: np.stack([f(*m) for m in zip(a, b, q, strict=True)])
        yield _one(op2, "two matrices", pairs, a, b, q, smooth=True)
    a, b, q = a[0], b[0], q[0]
    for op2 in (sylvester, stein):
        yield _one(op2, "nothing", lambda a, b, q: q, a[:0, :0], b, q[:0])


def _riccatis() -> Iterator[OpSample]:
    op = matrix_equations.SolveRiccati()
    for dtype in DTYPES[:2]:
        a, b = _small("plant", dtype), values("inputs", dtype, (3, 2), -1, 1)
        q, r = np.eye(3, dtype=dtype), 2 * np.eye(2, dtype=dtype)
        reference = lambda *m: _scipy("solve_discrete_are")(*m).astype(m[0].dtype)
        # Of q and r as they are used: symmetric.
        smooth = (dtype == "float64", dtype == "float64", False, False)
        yield _one(op, dtype, reference, a, b, q, r, smooth=smooth)


def _small(name: str, dtype: str, shape: tuple[int, ...] = (3, 3)) -> Any:
    return values(name, dtype, shape, -0.5, 0.5)


def _stein(a: Any, b: Any, q: Any) -> Any:
    whole = np.eye(q.size) - np.kron(a, b.T)
    return np.linalg.solve(whole, q.ravel()).reshape(q.shape).astype(q.dtype)


def algebra_samples() -> Iterator[OpSample]:
    """Inverses, eigenvalues, factors, equations and functions of matrices."""
    yield from _inverses()
    yield from _eigens()
    yield from _factors()
    yield from _solutions()
    yield from _functions()
    yield from _riccatis()
