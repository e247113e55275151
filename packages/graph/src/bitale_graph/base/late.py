"""The one place where lower rooms reach up: bound when it is first used, and not before.

A variable is the front of all that can be made of it, so its methods are written where it is
defined, and what they call stands above. No other module imports from a room above.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .. import ops as ops
    from .. import sparse as sparse
    from ..compile.function import function as function
    from ..core.test_values import compute_test_values as compute_test_values
    from ..debug.rich import html_of as html_of
    from ..debug.rich import latex_of as latex_of
    from ..drawing.writing import svg
    from ..fft.numpy_functions import FFT_ROWS as FFT_ROWS
    from ..linalg.numpy_functions import LINALG_ROWS as LINALG_ROWS
    from ..modes import predefined as predefined
    from ..modes.first_bad import find_bad as find_bad
    from ..tensor.variable import TensorType as TensorType
    from ..tensor.variable import TensorVariable as TensorVariable

    picture_of = svg

# Name here: the module above that has it, and its name there (none: the module itself).
_BOUND = {
    "sparse": ("bitale_graph.sparse", ""),  # what sparse variables answer, where there is one
    "ops": ("bitale_graph.ops", ""),  # what the methods and operators of a tensor make
    # What functions of NumPy mean for variables, where they are not among those of `ops`.
    "LINALG_ROWS": ("bitale_graph.linalg.numpy_functions", "LINALG_ROWS"),
    "FFT_ROWS": ("bitale_graph.fft.numpy_functions", "FFT_ROWS"),
    # What is done with a new node where values of an example are asked for.
    "compute_test_values": ("bitale_graph.core.test_values", "compute_test_values"),
    "html_of": ("bitale_graph.debug.rich", "html_of"),  # what notebooks show
    "latex_of": ("bitale_graph.debug.rich", "latex_of"),
    "picture_of": ("bitale_graph.drawing.writing", "svg"),
    "find_bad": ("bitale_graph.modes.first_bad", "find_bad"),  # `Function.debug` is a word for it
    "predefined": (
        "bitale_graph.modes.predefined",
        "",
    ),  # modes that have names
    "function": ("bitale_graph.compile.function", "function"),  # `eval` is a word for it
}


def __getattr__(name: str) -> Any:
    if name not in _BOUND:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module, inside = _BOUND[name]
    found: Any = importlib.import_module(module)
    globals()[name] = found = getattr(found, inside) if inside else found
    return found
