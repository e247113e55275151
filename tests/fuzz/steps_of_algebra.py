"""Lines that sort, count and solve."""

from __future__ import annotations

from typing import Any


def order(b: Any) -> None:
    """Sorting, the largest elements, counts."""
    rng = b.rng
    x = b.pick("biuf", least=1)
    value = b.values[x]
    axis = rng.randrange(-value.ndim, value.ndim)
    n = value.shape[axis]
    if rng.random() < 0.25:
        b.add(_of_numbers(rng), _numbers(b))
        return
    text = rng.choice(("sort", "sort", "argsort", "topk", "argtopk", "partition", "argpartition",
                       "median", "cumsum", "cumprod"))  # fmt: skip
    if text in ("sort", "argsort", "cumsum", "cumprod"):
        b.add(f"T.{text}({{0}}, axis={rng.choice((axis, None))})", x)
    elif text == "median" and n:
        b.add(f"T.median({{0}}, axis={axis})", x)
    elif n:
        k = rng.randrange(n) if "partition" in text else rng.choice((1, -1)) * rng.randint(1, n)
        b.add(f"T.{text}({{0}}, {k}, axis={axis})", x)


def _numbers(b: Any) -> str:
    """A vector of a few whole numbers, which no other rounding moves."""
    rng = b.rng
    count = rng.choice((0, 1, 4, 9))
    numbers = tuple(rng.randrange(5) for _ in range(9))
    name: str = b.input(rng.choice(("int64", "uint8", "float64")), (count,), values=numbers)
    return name


def _of_numbers(rng: Any) -> str:
    flag = rng.choice(("return_index", "return_inverse", "return_counts"))
    texts = (
        "T.unique({0})",
        f"T.unique({{0}}, {flag}=True)[1]",
        "T.bincount(T.cast({0}, 'int64'))",
        "T.isin({0}, [1, 3])",
        "T.histogram({0}, 3)[0]",
        "T.unique({0}, axis=0)",
    )
    text: str = rng.choice(texts)
    return text


SQUARE = (
    "T.linalg.inv({0})",
    "T.linalg.det({0})",
    "T.linalg.slogdet({0})[1]",
    "T.linalg.pinv({0})",
    "T.linalg.qr({0})[1]",
    "T.linalg.qr({0}, 'r')",
    "T.linalg.svd({0})[1]",
    "T.linalg.svdvals({0})",
    "T.linalg.lu({0})[2]",
    "T.linalg.expm(0.1 * {0})",
    "T.linalg.eig({0})[0].sum(-1)",
    "T.linalg.matrix_power({0}[(0,) * ({0}.ndim - 2)], -2)",
    "T.linalg.solve_triangular({0}, {0})",
    "T.linalg.solve_triangular({0}, {0}[..., :1], 1, True)",
    "T.linalg.solve_sylvester({0}, {0}, {0})",
    "T.linalg.solve_discrete_lyapunov(0.1 * {0}, {0})",
    "T.linalg.solve_continuous_lyapunov({0}[(0,) * ({0}.ndim - 2)], T.eye({0}.shape[-1]))",
    "T.linalg.lu_solve(T.linalg.lu_factor({0}), {0}[..., :1])",
    "T.linalg.block_diag({0}[(0,) * ({0}.ndim - 2)], [[2.0]])",
    "T.linalg.logdet({0})",
    "T.linalg.eigvals({0}).sum(-1)",
    "T.linalg.norm({0}[(0,) * ({0}.ndim - 2)])",
    "T.grad(T.linalg.inv({0}).sum(), {0})",
    "T.grad(T.sum(T.linalg.solve({0}, {0}[..., :1])), {0})",
)
SYMMETRIC = (
    "T.linalg.cholesky({0})",
    "T.linalg.cholesky({0}, lower=False)",
    "T.linalg.eigh({0})[0]",
    "T.linalg.eigvalsh({0})",
    "T.linalg.solve({0}, {0}[..., :1], 'symmetric')",
    "T.linalg.solve({0}, {0}, 'positive', True)",
    "T.linalg.logm({0})",
    "T.linalg.solve_discrete_are({0}, {0}, {0}, {0}) if {0}.ndim == 2 else {0}",
    "T.linalg.sqrtm({0})",
    "T.linalg.cho_solve((T.linalg.cholesky({0}), True), {0}[..., :1])",
    "T.grad(T.linalg.cholesky({0}).sum(), {0})",
    "T.grad(T.sum(T.linalg.eigvalsh({0})), {0})",
    "T.linalg.norm(T.linalg.inv({0}[(0,) * ({0}.ndim - 2)]), 2)",
)


def matrices(b: Any) -> None:
    """Linear algebra on matrices with a large diagonal, and their derivatives."""
    rng = b.rng
    dtype, n = rng.choice(("float64", "float64", "float32")), rng.choice((0, 1, 2, 3))
    shape = rng.choice(((n, n), (n, n), (2, n, n)))
    small = tuple(rng.uniform(-1, 1) for _ in range(7))
    x = b.input(dtype, shape, values=small)
    diagonal = f"T.eye({n}, dtype={dtype!r}) * T.cast(3 + 2 * T.arange({n}), {dtype!r})"
    whole = b.add(f"{{0}} + {diagonal}", x)
    texts, is_symmetric = SQUARE, rng.random() < 0.4
    if is_symmetric:
        texts = SYMMETRIC
        whole = b.add(f"({{0}} + {{0}}.dimshuffle({_swapped(len(shape))})) / 2", whole)
    if rng.random() < 0.15:
        y = b.input(dtype, (n, 2), values=small)
        first = "[0]" if len(shape) > 2 else ""
        b.add(
            rng.choice((f"T.linalg.lstsq({{0}}{first}, {{1}})[0]", "T.linalg.solve({0}, {1})")),
            whole,
            y,
        )
    else:
        b.add(rng.choice(texts), whole)


def _swapped(ndim: int) -> str:
    return ", ".join(map(str, (*range(ndim - 2), ndim - 1, ndim - 2)))


def transform(b: Any) -> None:
    """A Fourier transform."""
    rng = b.rng
    x = b.pick("f", least=2, most=3)
    value = b.values[x]
    if not value.size or value.dtype == "float16":
        return
    norm = rng.choice((None, "ortho", "no_norm"))
    half = b.add(f"T.fft.rfft({{0}}, norm={norm!r})", x)
    if rng.random() < 0.5:
        b.add(f"T.fft.irfft({{0}}, {norm!r}, {rng.random() < 0.5})", half)
    else:
        axis = rng.randrange(value.ndim)
        whole = ("fft2", "ifft2", "fftn", "ifftn", "rfft2", "rfftn", "fftshift", "ifftshift")
        if rng.random() < 0.4:
            z = b.add(f"T.fft.{rng.choice(whole)}({{0}})", x)
        else:
            z = b.add(f"T.fft.{rng.choice(('fft', 'ifft'))}({{0}}, axis={axis})", x)
        b.add(f"T.{rng.choice(('real', 'abs_', 'imag'))}({{0}})", z)
