"""Kernels over rows: softmax, cross-entropy and their derivatives, each in one pass.

A group of threads has a row. What a thread reads of it stays in its registers, as far as they
reach, so that each number is read and written once.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from .dialect import DIALECT, computing
from .text import KernelText, kernel_text

# How many numbers of a row a thread keeps.
KEPT = 8
MOST_THREADS = 1024


@dataclass(frozen=True)
class RowKernel:
    """A kernel over rows.

    Attributes
    ----------
    parameters : str
        Those after the number of rows and their length: "x" for an address of numbers that are
        read, "z" of those that are written, "t" of int64, "n" for a number.
    names : str
        A letter for each.
    body : str
        For the row ``i``, in which thread ``lane`` of a group of ``lanes`` has the places that EACH
        goes through.
    shares : bool
        Whether the threads of a group sum up together.
    """

    parameters: str
    names: str
    body: str
    shares: bool = True


# EACH(...) goes through the places j of this thread; kept[u] is what it keeps, while it reaches,
# and HERE the number of x that is kept or read again.
_EXP = """
T most = LOWEST;
EACH(const T v = x[i * n + j]; if (u < KEPT) kept[u] = v; most = bt_maximum(most, v);)
most = bt_combined(most, shared, lanes, [](T a, T b) { return bt_maximum(a, b); });
T sum = 0;
EACH(const T v = EXP(HERE - most); if (u < KEPT) kept[u] = v; sum += v;)
sum = bt_combined(sum, shared, lanes, [](T a, T b) { return a + b; });
"""


def _cumulative(sign: str, start: int) -> RowKernel:
    """A thread has a stretch of the line; those before it tell what their stretches give."""
    body = f"""
const int64_t stretch = (n + lanes - 1) / lanes, base = i / m * n * m + i % m;
const int64_t from = lane * stretch, to = from + stretch < n ? from + stretch : n;
T total = {start}, before = {start};
for (int64_t j = from; is_row && j < to; j++) total = T(total {sign} x[base + j * m]);
__syncthreads();
shared[at] = total;
__syncthreads();
for (int other = at - lane; other < at; other++) before = T(before {sign} shared[other]);
for (int64_t j = from; is_row && j < to; j++) {{
    before = T(before {sign} x[base + j * m]);
    z[base + j * m] = before;
}}"""
    return RowKernel("nxz", "mxz", body)


ROW_KERNELS = {
    "softmax": RowKernel(
        "xz",
        "xz",
        _EXP
        + "EACH(z[i * n + j] = (u < KEPT ? kept[u] : EXP(x[i * n + j] - most)) * (1 / sum);)",
    ),
    "log_softmax": RowKernel(
        "xz",
        "xz",
        """
T most = LOWEST;
EACH(const T v = x[i * n + j]; if (u < KEPT) kept[u] = v; most = bt_maximum(most, v);)
most = bt_combined(most, shared, lanes, [](T a, T b) { return bt_maximum(a, b); });
T sum = 0;
EACH(sum += EXP(HERE - most);)
sum = LOG(bt_combined(sum, shared, lanes, [](T a, T b) { return a + b; }));
EACH(z[i * n + j] = (HERE - most) - sum;)""",
    ),
    "softmax_grad": RowKernel(
        "xxz",
        "cyz",
        """
T sum = 0;
EACH(const T v = c[i * n + j]; if (u < KEPT) kept[u] = v; sum += v * y[i * n + j];)
sum = bt_combined(sum, shared, lanes, [](T a, T b) { return a + b; });
EACH(z[i * n + j] = ((u < KEPT ? kept[u] : c[i * n + j]) - sum) * y[i * n + j];)""",
    ),
    "crossentropy": RowKernel(
        "xtzznn",
        "xtlzkm",
        """
const T hit = is_row ? x[i * n + t[i]] : T(0);
"""
        + _EXP
        + """
if (is_row && lane == 0) l[i] = LOG(sum) - (hit - most);
if (k) EACH(z[i * n + j] = (u < KEPT ? kept[u] : EXP(x[i * n + j] - most)) * (1 / sum);)""",
    ),
    "crossentropy_grad": RowKernel(
        "xxntz",
        "ycstz",
        """
const T scale = is_row ? c[i * s] : T(0);
const int64_t hit = is_row ? t[i] : 0;
EACH(z[i * n + j] = (j == hit ? y[i * n + j] - 1 : y[i * n + j]) * scale;)""",
        shares=False,
    ),
    "cumulative_add": _cumulative("+", 0),
    "cumulative_mul": _cumulative("*", 1),
}  # fmt: skip
"""By the names of their routines."""


@cache
def row_kernel(name: str, dtype: str, *, is_guarded: bool) -> KernelText:
    """The text of a kernel over rows for a float dtype; it computes in T."""
    row = ROW_KERNELS[name]
    declared = {"x": "const T *{}", "z": "T *{}", "t": "const int64_t *{}", "n": "int64_t {}"}
    parameters = [("int64_t rows", "q"), ("int64_t n", "q")]
    for kind, letter in zip(row.parameters, row.names, strict=True):
        text = declared[kind].format(letter).replace("T *", f"{DIALECT.c_type(dtype)} *")
        parameters.append((text, "q" if kind == "n" else "P"))
    parameters.append(("int lanes", "i"))
    work = computing(dtype)
    body = row.body.replace("EXP(", f"{DIALECT.function('exp', work)}(")
    body = body.replace("LOG(", f"{DIALECT.function('log', work)}(")
    body = body.replace("HERE", "(u < KEPT ? kept[u] : x[i * n + j])")
    body = body.replace("LOWEST", f"-{DIALECT.infinity(work)}").replace("KEPT", str(KEPT))
    lines = [
        f"typedef {DIALECT.c_type(work)} T;",
        *([f"__shared__ T shared[{MOST_THREADS}];"] if row.shares else []),
        "const int at = threadIdx.x, lane = at % lanes, groups = blockDim.x / lanes;",
        "for (int64_t chunk = blockIdx.x; chunk * groups < rows; chunk += gridDim.x) {",
        "const int64_t i = chunk * groups + at / lanes;",
        "const bool is_row = i < rows;",
        f"T kept[{KEPT}];",
        "(void)kept;",
        *_written_out(body),
        "}",
    ]
    return kernel_text(name, parameters, lines, is_guarded=is_guarded)


def _written_out(body: str) -> list[str]:
    """The body with its loops: those over what is kept have a length that compilers know."""
    out: list[str] = []
    for line in body.strip().splitlines():
        before, is_loop, work = line.partition("EACH(")
        if not is_loop:
            out.append(line)
            continue
        work = work.rstrip()[:-1]
        first = work.replace(f"u < {KEPT}", "true")
        rest = work.replace(f"u < {KEPT}", "false").replace("kept[u]", "kept[0]")
        place = f"const int64_t j = lane + (int64_t)u * lanes; if (is_row && j < n) {{ {first} }}"
        start = f"int64_t j = lane + (int64_t){KEPT} * lanes"
        out += [
            f"{before}{{",
            "#pragma unroll",
            f"for (int u = 0; u < {KEPT}; u++) {{ {place} }}",
            f"for ({start}; is_row && j < n; j += lanes) {{ {rest} }}",
            "}",
        ]
    return out
