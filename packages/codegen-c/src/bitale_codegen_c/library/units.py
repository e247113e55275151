"""Support functions in C that many functions call: compiled once per machine, and linked in.

Half the time to compile a training step went into products and softmax, whose text is the same in
every function. As files of their own they are compiled beside the function that first needs them,
and found in the cache by the next.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass
from importlib.resources import files

from bitale_graph.extend import scalar

from ..base.ctype import SUFFIXES
from .blas import BLAS_NAMES
from .vector_math.table import source as vector_source

# From how many multiplications on a second thread is asked for: a choice on the safe side, not an
# optimum that was searched for.
WORK_OF_A_THREAD = 24_000
MAX_PARTS = 64
# Below this many multiplications a plain loop is used: calling BLAS and packing for its tiles would
# cost more than the work. Chosen by order of magnitude, not searched for.
SMALL_PRODUCT = 6000
# Up to so many numbers on its right side, which fit the fastest cache, a product is computed by
# tiles of ours, so many rows at a time; where it has few rows, only up to fewer numbers.
SMALL_SIDE = 4096
FEW_ROWS = 128
SMALL_SIDE_OF_FEW = 512
ROWS_AT_ONCE = 64
# Up to this many columns, products with a transposed left side have a kernel of their own.
THIN = 16
# From this many rows on, of a product of a matrix and its own transpose one half is computed.
GRAM = 96
# Sums of float32 run in float32 over blocks of this length, and in float64 from block to block.
# With 16 lanes a partial sum has 32 terms, and no conversion stands between it and the vectors.
BLOCK = 512
# So many numbers of rows that windows were combined across are combined along the rows at once.
POOL_BLOCK = 4096
# Up to so many filters in a group, and so many taps, a convolution is computed from rows as they
# lie: what is packed is used once for each filter.
FEW_FILTERS = 2
SHALLOW = 64
# After this many multiplications (some 30 ms) a kernel asks whether it shall stop.
SLICE = 1 << 25
# After that many a product by BLAS does, which is split for it into blocks: some 0.1 s.
PRODUCT_SLICE = 1 << 31
# Effort of the compiler goes where the time goes: to inner loops, and hardly to what calls them.
# With BT_PART a file is compiled in parts, and what is called from one to the other is not static.
_EFFORT = """#define BT_KERNEL static __attribute__((noinline, unused))
#define BT_DRIVER static __attribute__((noinline, unused, optimize(1)))
#define BT_HIDDEN __attribute__((visibility("hidden")))
#define BT_SHARED(effort) __attribute__((visibility("hidden"), optimize(effort)))
#ifdef BT_PART
#define BT_LOOP BT_SHARED(1)
#else
#define BT_LOOP BT_DRIVER
#endif"""


# What files call that is in others.
_CALLED = {
    "product": ("small_product",),
    "batched_product": ("small_product", "product"),
    "conv": ("conv_direct", "conv_channels", "conv_winograd"),
    "conv_grad_inputs": ("conv_direct", "conv_channels", "conv_winograd", "conv"),
    "conv_grad_weights": ("conv_direct", "conv_channels", "conv_winograd_weights"),
}
# What stands at the beginning of several.
_BEGINNINGS = {
    "dot": ("vectors",),
    "product": ("vectors",),
    "panel_product": ("vectors",),
    "small_product": ("vectors", "fours"),
    "conv": ("vectors", "patches", "turns", "filters"),
    "conv_grad_inputs": ("vectors", "patches", "turns", "filters"),
    "conv_grad_weights": ("vectors", "patches", "turns", "filters"),
    "conv_direct": (
        "vectors",
        "patches",
    ),
    "conv_channels": ("vectors", "patches", "turns"),
    "conv_winograd": ("vectors", "patches", "turns", "filters"),
    "conv_winograd_weights": ("vectors", "patches", "fours"),
}
# How windows combine what they hold, and what one gives that holds nothing.
_KINDS = {"max": ("bt_maximum_SUFFIX", "-(TYPE)__builtin_inf()"), "sum": ("BT_ADD", "0")}
_OVER_ROWS = ("softmax", "log_softmax", "crossentropy")


@dataclass(frozen=True)
class Unit:
    """A C file of support functions.

    Attributes
    ----------
    name : str
    source : str
        The text of the file.
    prototypes : str
        Declarations of the functions that others may call.
    """

    name: str
    source: str
    prototypes: str


@functools.cache
def prelude() -> str:
    """What every C file begins with."""
    folder = files("bitale_codegen_c")
    return "\n\n".join(
        [
            (folder / "runtime" / "bitale_runtime.h").read_text(encoding="ascii").strip(),
            "#ifndef NULL\n#define NULL ((void *)0)\n#endif",
            f"#define BT_WORK_OF_A_THREAD {WORK_OF_A_THREAD}\n#define BT_MAX_PARTS {MAX_PARTS}",
            f"#define BT_SLICE {SLICE}",
            _EFFORT,
            "typedef struct { double re, im; } bt_complex128;",
        ]
    )


def support(name: str, ending: str = "h") -> str:
    """The text of a file of the folder ``support``."""
    return (files(__package__) / "support" / f"{name}.{ending}").read_text(encoding="ascii").strip()


@functools.cache
def walk_unit() -> Unit:
    """What walks through entry points that are data."""
    parts = [prelude(), support("frame"), support("profile"), support("walk"), support("walk", "c")]
    return Unit("walk", "\n\n".join(parts) + "\n", "")


def units(name: str, dtype: str) -> tuple[Unit, ...]:
    """The unit of the file ``name``, and those of what it calls, in versions for a float dtype."""
    return tuple(unit(one, dtype) for one in (*_CALLED.get(name, ()), name))


def _windows_by(kind: str) -> str:
    """The functions that combine what windows hold, in one kind."""
    text = support("pool_kind", "c")
    for marker, value in zip(("COMBINE", "NOTHING"), _KINDS[kind], strict=True):
        text = text.replace(marker, value)
    return text.replace("KIND", kind)


@functools.cache
def unit(name: str, dtype: str) -> Unit:
    """The unit of the file ``name``, in its version for a float dtype."""
    text, prototypes = support(name, "c"), support(name)
    parts = [prelude(), support("frame")]
    suffix = SUFFIXES[dtype]
    letter = "s" if dtype == "float32" else "d"
    parts += [unit(other, dtype).prototypes for other in _CALLED.get(name, ())]
    if name in _OVER_ROWS:
        text = f"{support('rows')}\n\n{text}"
        parts.append(vector_source([f"bt_exp_{suffix}", f"bt_maximum_{suffix}"]))
    if name == "pool":
        text = text.replace("BT_KINDS", "\n\n".join(map(_windows_by, _KINDS)))
        parts.append(vector_source([f"bt_maximum_{suffix}"]))
    text = "\n\n".join([*map(support, _BEGINNINGS.get(name, ())), text])
    for marker, value in (
        ("BT_POOL_BLOCK", str(POOL_BLOCK)),
        ("BT_GEMM_SUFFIX", str(BLAS_NAMES.index(f"{letter}gemm"))),
        ("BT_GEMV_SUFFIX", str(BLAS_NAMES.index(f"{letter}gemv"))),
        ("BT_PRODUCT_SLICE", f"((int64_t){PRODUCT_SLICE})"),
        ("BT_SMALL_PRODUCT", str(SMALL_PRODUCT)),
        ("BT_SMALL_SIDE_OF_FEW", str(SMALL_SIDE_OF_FEW)),
        ("BT_SMALL_SIDE", str(SMALL_SIDE)),
        ("BT_FEW_ROWS", str(FEW_ROWS)),
        ("BT_ROWS", str(ROWS_AT_ONCE)),
        ("BT_THIN", str(THIN)),
        ("BT_GRAM", str(GRAM)),
        ("BT_BLOCK", str(BLOCK)),
        ("BT_FEW", str(FEW_FILTERS)),
        ("BT_SHALLOW", str(SHALLOW)),
        ("BT_TRANSCENDENTAL", str(scalar.exp.cost)),
        ("TYPE", "float" if letter == "s" else "double"),
        ("SUFFIX", suffix),
    ):
        text, prototypes = text.replace(marker, value), prototypes.replace(marker, value)
    return Unit(f"{name}_{suffix}", "\n\n".join([*parts, text]) + "\n", prototypes)
