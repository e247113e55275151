"""Which C functions there are, for which dtypes, and how exact they are; their text on demand.

The text lies beside this module in ``*.h`` files, one for each family. A function begins with a
line ``/* name requires: names */``. A generated file holds only the functions that it uses, since
what is written there is compiled each time.

Errors were sampled over all exponents, the ends of each interval and several hundred thousand
uniform arguments, in units in the last place of the exact result, with and without a fused
multiply-add; ``max_ulp`` is a half or more above what was found, but for erfc in float64 (3.8).
The float64 functions that are not vectorised call the C library, and the bound is its.
0 stands for the exact result.
``vectorised`` says whether GCC 12 turns a loop over the function into vector instructions with
``-O3 -march=native -fopenmp-simd -fno-math-errno -fno-trapping-math`` on x86-64 with AVX2.
Sine, cosine and tangent read a table: where GCC's tuning avoids gathers (generic x86-64, Zen 1 and
2, Alder Lake), loops over them stay scalar.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from types import MappingProxyType

_MARKER = re.compile(r"^/\* (bt_[\w@]+(?:\{[\d,]+\})?) requires:(.*) \*/\n", re.MULTILINE)

_SUFFIXES = {
    "float32": "f32",
    "float64": "f64",
    "int8": "i8",
    "int16": "i16",
    "int32": "i32",
    "int64": "i64",
    "uint8": "u8",
    "uint16": "u16",
    "uint32": "u32",
    "uint64": "u64",
}


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
    requires : tuple of str
        The C names that its text uses directly.
    max_ulp : float
        Bound on the error, in units in the last place; see the module.
    vectorised : bool
        Whether loops over it become vector instructions; see the module.
    """

    name: str
    dtype: str
    c_name: str
    requires: tuple[str, ...]
    max_ulp: float
    vectorised: bool


def _row(
    name: str, dtype: str, max_ulp: float, *requires: str, vectorised: bool = True
) -> VectorFunction:
    c_name = f"bt_{name}_{_SUFFIXES[dtype]}"
    return VectorFunction(name, dtype, c_name, requires, max_ulp, vectorised)


_ROWS = (
    _row("exp", "float32", 1.5, "bt_exp_shift_f32"),
    _row("exp", "float64", 1.5, "bt_exp_shift_f64"),
    _row("exp2", "float32", 1.5, "bt_bits_f32", "bt_from_bits_f32"),
    _row("exp2", "float64", 1.5, "bt_bits_f64", "bt_from_bits_f64"),
    _row("expm1", "float32", 2.0, "bt_quarter_expm1_f32"),
    _row("expm1", "float64", 2.0, "bt_quarter_expm1_f64"),
    _row(
        "log",
        "float32",
        1.5,
        "bt_bits_f32",
        "bt_from_bits_f32",
        "bt_log_tail_f32",
        "bt_log_exponent_f32",
    ),
    _row(
        "log",
        "float64",
        1.5,
        "bt_bits_f64",
        "bt_from_bits_f64",
        "bt_log_tail_f64",
        "bt_log_exponent_f64",
    ),
    _row(
        "log2",
        "float32",
        1.5,
        "bt_bits_f32",
        "bt_from_bits_f32",
        "bt_log_tail_f32",
        "bt_log_exponent_f32",
    ),
    _row(
        "log2",
        "float64",
        1.5,
        "bt_bits_f64",
        "bt_from_bits_f64",
        "bt_log_tail_f64",
        "bt_log_exponent_f64",
    ),
    _row(
        "log10",
        "float32",
        1.5,
        "bt_bits_f32",
        "bt_from_bits_f32",
        "bt_log_tail_f32",
        "bt_log_exponent_f32",
    ),
    _row(
        "log10",
        "float64",
        1.5,
        "bt_bits_f64",
        "bt_from_bits_f64",
        "bt_log_tail_f64",
        "bt_log_exponent_f64",
    ),
    _row(
        "log1p",
        "float32",
        2.0,
        "bt_bits_f32",
        "bt_from_bits_f32",
        "bt_log_tail_f32",
        "bt_log_exponent_f32",
        "bt_sum_error_f32",
    ),
    _row(
        "log1p",
        "float64",
        2.0,
        "bt_bits_f64",
        "bt_from_bits_f64",
        "bt_log_tail_f64",
        "bt_log_exponent_f64",
        "bt_sum_error_f64",
    ),
    _row("sin", "float32", 2.0, "bt_quadrant_f32"),
    _row("sin", "float64", 1.5, "bt_quadrant_f64"),
    _row("cos", "float32", 2.0, "bt_quadrant_f32"),
    _row("cos", "float64", 1.5, "bt_quadrant_f64"),
    _row("tan", "float32", 1.0, "bt_reduce_f32", "bt_bits_f64"),
    _row("tan", "float64", 3.0, "bt_reduce_f64", "bt_bits_f64"),
    _row("arcsin", "float32", 2.5),
    _row("arcsin", "float64", 2.5),
    _row("arccos", "float32", 1.5),
    _row("arccos", "float64", 1.5),
    _row("arctan", "float32", 2.5),
    _row("arctan", "float64", 2.5),
    _row("arctan2", "float32", 1.0, "bt_arctan_f64", "bt_bits_f32"),
    _row("arctan2", "float64", 4.0, vectorised=False),
    _row("sinh", "float32", 2.0, "bt_exp_shift_f32"),
    _row("sinh", "float64", 2.0, "bt_exp_shift_f64"),
    _row("cosh", "float32", 2.0, "bt_exp_shift_f32"),
    _row("cosh", "float64", 2.0, "bt_exp_shift_f64"),
    _row("tanh", "float32", 2.0, "bt_exp_f32"),
    _row("tanh", "float64", 3.0, "bt_quarter_expm1_f64"),
    _row("arcsinh", "float32", 1.0, "bt_log1p_f64"),
    _row("arcsinh", "float64", 4.0, vectorised=False),
    _row("arccosh", "float32", 1.0, "bt_log1p_f64"),
    _row("arccosh", "float64", 4.0, vectorised=False),
    _row("arctanh", "float32", 1.0, "bt_log1p_f64"),
    _row("arctanh", "float64", 4.0, vectorised=False),
    _row("sigmoid", "float32", 3.0, "bt_exp_f32"),
    _row("sigmoid", "float64", 3.0, "bt_exp_f64"),
    _row("softplus", "float32", 2.5, "bt_exp_f32", "bt_log1p_unit_f32"),
    _row("softplus", "float64", 2.5, "bt_exp_f64", "bt_log1p_unit_f64"),
    _row("erf", "float32", 2.0, "bt_erf_near_f32", "bt_exp_f32"),
    _row("erf", "float64", 2.0, "bt_erf_near_f64", "bt_exp_f64"),
    _row("erfc", "float32", 2.5, "bt_erf_near_f32", "bt_exp_f32"),
    _row("erfc", "float64", 4.0, "bt_erf_near_f64", "bt_erfc_far_f64"),
    _row("pow", "float32", 1.0, "bt_exp_f64", "bt_log_f64", "bt_bits_f32"),
    _row("pow", "float64", 4.0, vectorised=False),
    _row("floordiv", "float32", 0.0, vectorised=False),
    _row("floordiv", "float64", 0.0, vectorised=False),
    _row("floordiv", "int8", 0.0),
    _row("floordiv", "int16", 0.0),
    _row("floordiv", "int32", 0.0),
    _row("floordiv", "int64", 0.0, vectorised=False),
    _row("floordiv", "uint8", 0.0),
    _row("floordiv", "uint16", 0.0),
    _row("floordiv", "uint32", 0.0, "bt_bits_f64"),
    _row("floordiv", "uint64", 0.0, vectorised=False),
    _row("mod", "float32", 0.0, vectorised=False),
    _row("mod", "float64", 0.0, vectorised=False),
    _row("mod", "int8", 0.0, "bt_floordiv_i8"),
    _row("mod", "int16", 0.0, "bt_floordiv_i16"),
    _row("mod", "int32", 0.0, "bt_floordiv_i32"),
    _row("mod", "int64", 0.0, "bt_floordiv_i64", vectorised=False),
    _row("mod", "uint8", 0.0, "bt_floordiv_u8"),
    _row("mod", "uint16", 0.0, "bt_floordiv_u16"),
    _row("mod", "uint32", 0.0, "bt_floordiv_u32"),
    _row("mod", "uint64", 0.0, "bt_floordiv_u64", vectorised=False),
    _row("maximum", "float32", 0.0),
    _row("maximum", "float64", 0.0),
    _row("minimum", "float32", 0.0),
    _row("minimum", "float64", 0.0),
    _row("sign", "float32", 0.0),
    _row("sign", "float64", 0.0),
    _row("round", "float32", 0.0),
    _row("round", "float64", 0.0),
    _row("ipow", "int8", 0.0, vectorised=False),
    _row("ipow", "int16", 0.0, vectorised=False),
    _row("ipow", "int32", 0.0, vectorised=False),
    _row("ipow", "int64", 0.0, vectorised=False),
    _row("ipow", "uint8", 0.0, vectorised=False),
    _row("ipow", "uint16", 0.0, vectorised=False),
    _row("ipow", "uint32", 0.0, vectorised=False),
    _row("ipow", "uint64", 0.0, vectorised=False),
)

FUNCTIONS: Mapping[tuple[str, str], VectorFunction] = MappingProxyType(
    {(row.name, row.dtype): row for row in _ROWS}
)
"""The functions by name and dtype."""


@dataclass(frozen=True)
class _Section:
    """One definition in C, and the names of the definitions that it uses."""

    requires: tuple[str, ...]
    text: str


@cache
def _sections() -> Mapping[str, _Section]:
    """Every section of the ``*.h`` files, by C name."""
    found: dict[str, _Section] = {}
    headers = [path for path in files(__package__).iterdir() if path.name.endswith(".h")]
    for path in sorted(headers, key=lambda header: header.name):
        _, *pieces = _MARKER.split(path.read_text(encoding="utf-8"))
        for name, requires, text in zip(pieces[::3], pieces[1::3], pieces[2::3], strict=True):
            stem, _, widths = name.rstrip("}").partition("{")
            for width in widths.split(","):
                found[stem.replace("@", width)] = _Section(
                    tuple(requires.replace("@", width).split()),
                    text.replace("@", width).strip() + "\n",
                )
    return found


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
    ordered: dict[str, str] = {}
    pending = wanted[::-1]
    while pending:
        name = pending[-1]
        missing = [need for need in sections[name].requires if need not in ordered]
        if name in ordered or not missing:
            ordered.setdefault(name, sections[name].text)
            pending.pop()
        else:
            pending.extend(reversed(missing))
    return "\n".join(ordered.values())
