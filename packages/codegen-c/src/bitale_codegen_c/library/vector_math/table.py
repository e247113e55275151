"""Which C functions there are, for which dtypes, and how exact they are; their text on demand.

The text lies beside this module in ``*.h`` files, one for each family, as sections
(`bitale_graph.plan.library`). A generated file holds only the functions that it uses, since what is
written there is compiled each time.

Errors were sampled over all exponents, the ends of each interval and several hundred thousand
uniform arguments, in units in the last place of the exact result, with and without a fused
multiply-add; ``max_ulp`` is about a half or more above what was found, but for erfc in float64
(3.8), and for sine and cosine (1.81) and logarithms of base 2 and 10 (1.33) in float32.
0 stands for the exact result.
``vectorised`` says whether GCC 12 turns a loop over the function into vector instructions with
``-O3 -march=native -fopenmp-simd -fno-math-errno -fno-trapping-math`` on x86-64 with AVX2.
Sine, cosine and tangent read a table in float64: where GCC's tuning avoids gathers (generic x86-64,
Zen 1 to 3, Alder Lake), loops over them stay scalar. Their near forms (``bt_sin_near_f64``), for
numbers below 2^20, have none, and errors of 0.80, 0.80 and 2.1 ulp; see `kernel.near`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType

from bitale_graph.plan.library.sections import (
    SUFFIXES,
    Section,
    in_order,
    portable_sections,
    read_sections,
)


@dataclass(frozen=True)
class VectorFunction:
    """A C function of one dtype, whose arguments and result all have that dtype.

    Attributes
    ----------
    name : str
        The name in NumPy's vocabulary, such as ``"arcsin"``.
    dtype : str
        The dtype of the arguments and of the result.
    c_name : str
        The name in C.
    max_ulp : float
        Bound on the error, in units in the last place; see the module.
    vectorised : bool
        Whether loops over it become vector instructions; see the module.
    """

    name: str
    dtype: str
    c_name: str
    max_ulp: float
    vectorised: bool


# The largest errors in float32 and float64, in ulp.
_FLOAT_ERRORS = {
    "exp": (1.5, 1.5),
    "exp2": (1.5, 1.5),
    "expm1": (2.0, 2.0),
    "log": (1.5, 1.5),
    "log2": (1.5, 1.5),
    "log10": (1.5, 1.5),
    "log1p": (2.0, 2.0),
    "sin": (2.0, 1.5),
    "cos": (2.0, 1.5),
    "tan": (1.0, 3.0),
    "arcsin": (2.5, 2.5),
    "arccos": (1.5, 1.5),
    "arctan": (2.5, 2.5),
    "arctan2": (1.0, 3.0),
    "sinh": (2.0, 2.0),
    "cosh": (2.0, 2.0),
    "tanh": (2.0, 3.0),
    "arcsinh": (1.0, 2.5),
    "arccosh": (1.0, 3.0),
    "arctanh": (1.0, 3.0),
    "sigmoid": (3.0, 3.0),
    "softplus": (2.5, 2.5),
    "erf": (2.0, 2.0),
    "erfc": (2.5, 4.0),
    "pow": (1.0, 1.5),
    "cbrt": (1.5, 1.5),
    "floordiv": (0.0, 0.0),
    "mod": (0.0, 0.0),
    "maximum": (0.0, 0.0),
    "minimum": (0.0, 0.0),
    "sign": (0.0, 0.0),
    "round": (0.0, 0.0),
}
_INTEGERS = tuple(dtype for dtype in SUFFIXES if not dtype.startswith("float"))
_OF_INTEGERS = ("floordiv", "mod", "ipow", "gcd", "lcm")

# Loops that stay scalar: calls of fmod, 64-bit division, and loops of their own.
_SCALAR = {
    *((name, dtype) for name in ("floordiv", "mod") for dtype in ("float32", "float64")),
    *((name, dtype) for name in ("floordiv", "mod") for dtype in ("int64", "uint64")),
    *((name, dtype) for name in ("ipow", "gcd", "lcm") for dtype in _INTEGERS),
}


def _rows() -> Iterator[VectorFunction]:
    errors = {
        (name, dtype): error
        for name, pair in _FLOAT_ERRORS.items()
        for dtype, error in zip(("float32", "float64"), pair, strict=True)
    }
    errors.update({(name, dtype): 0.0 for name in _OF_INTEGERS for dtype in _INTEGERS})
    for (name, dtype), error in errors.items():
        is_vectorised = (name, dtype) not in _SCALAR
        yield VectorFunction(name, dtype, f"bt_{name}_{SUFFIXES[dtype]}", error, is_vectorised)


FUNCTIONS: Mapping[tuple[str, str], VectorFunction] = MappingProxyType(
    {(row.name, row.dtype): row for row in _rows()}
)
"""The functions by name and dtype."""


@cache
def _sections() -> Mapping[str, Section]:
    """Every section of the ``*.h`` files, and those that all dialects read, by C name."""
    assert __package__ is not None
    return {**read_sections(__package__), **portable_sections()}


# What sections for all dialects are written with.
_WORDS = """#define BT_PORTABLE static inline __attribute__((always_inline))
#define BT_FUNCTION static inline __attribute__((unused))
#define BT_APART BT_FUNCTION
#define BT_C(name) __builtin_##name
#define BT_INF __builtin_inf()
#define BT_NAN __builtin_nan("")
#define BT_SQRT __builtin_sqrt
#define BT_FABS __builtin_fabs
#define BT_FLOOR __builtin_floor"""


def source(c_names: Iterable[str]) -> str:
    """The C text of the functions named and of all that they need.

    Parameters
    ----------
    c_names : iterable of str
        Names in C, such as ``"bt_exp_f32"``; order and repetition do not matter.

    Returns
    -------
    str
        Definitions, each once, after those that it needs; equal for equal sets of names.

    Raises
    ------
    LookupError
        If there is no function of such a name.
    """
    sections = _sections()
    wanted = sorted(set(c_names))
    unknown = [name for name in wanted if name not in sections]
    if unknown:
        raise LookupError(
            f"no vector function is called {', '.join(unknown)}; "
            "the names are the c_name entries of bitale_codegen_c.vector_math.FUNCTIONS"
        )
    texts = in_order(wanted, sections)
    words = [_WORDS] if any("BT_" in text for text in texts) else []
    return "\n".join([*words, *texts])
