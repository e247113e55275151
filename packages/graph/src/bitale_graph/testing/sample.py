"""One sample of an op: how to build it, arrays to run it on, and what must come out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..compile.function import function
from ..compile.mode import Mode
from ..core.graph import Variable
from ..tensor.array_type import Shape
from ..tensor.variable import TensorType
from .compare import difference

Array = np.ndarray[Any, Any]

# Relative errors admitted by default: a few ulp, for vector mathematics and other orders of sums.
TOLERANCES = {
    "float16": 2e-3,
    "float32": 2e-6,
    "float64": 1e-13,
    "complex64": 4e-6,
    "complex128": 1e-13,
}


@dataclass(frozen=True, eq=False)
class OpSample:
    """An op on given arrays.

    Parameters
    ----------
    name : str
        Unique; tells subject, dtype and what is special.
    subject : ScalarOp or class of Op
        What the sample is of.
    build : callable
        From input variables to an output variable, or to a list of them.
    inputs : tuple of arrays
        Not to be written to.
    static : tuple of shapes
        For each input the static lengths of its variable; None where unknown.
    reference : callable or None
        From the arrays to the array (or list of arrays) that NumPy gives. None: what the graph
        gives on the NumPy linker, as it is written.
    differentiable : tuple of bool
        Whether the outputs can be differentiated twice with respect to each input near the arrays,
        which then are float64, and away from kinks and from the edges of the domain.
    rtol : float or None
        The relative error admitted; None means `TOLERANCES` of the result's dtype. Discrete results
        must be equal.
    atol : float
        The absolute error admitted beside it.
    core : bool
        Whether it is one of the few that must be run even where compiling is slow.
    notes : str
        What a reader should know.
    """

    name: str
    subject: Any
    build: Callable[..., Any]
    inputs: tuple[Array, ...]
    static: tuple[Shape, ...]
    reference: Callable[..., Any] | None = None
    differentiable: tuple[bool, ...] = ()
    rtol: float | None = None
    atol: float = 0.0
    core: bool = False
    notes: str = ""

    def __str__(self) -> str:
        return self.name

    def difference(self, got: Any, expected: Any) -> str:
        """Tell how a result differs from what must come out; empty if it is right."""
        rtol = (
            TOLERANCES.get(np.asarray(expected).dtype.name, 0.0) if self.rtol is None else self.rtol
        )
        return difference(got, expected, rtol, self.atol)

    def variables(self) -> list[Any]:
        """New input variables of the sample's types."""
        return [
            TensorType(x.dtype.name, shape)(f"x{i}")
            for i, (x, shape) in enumerate(zip(self.inputs, self.static, strict=True))
        ]

    def graph(self) -> tuple[list[Variable], list[Variable]]:
        """New inputs, and the outputs built on them."""
        inputs = self.variables()
        built = self.build(*inputs)
        return inputs, list(built) if isinstance(built, (list, tuple)) else [built]

    def expected(self) -> list[Array]:
        """What must come out, by the reference or else by the NumPy linker."""
        if self.reference is None:
            inputs, outputs = self.graph()
            run = function(inputs, outputs, mode=_plain(), on_unused_input="ignore")
            found: list[Array] = run(*self.inputs)
            return found
        with np.errstate(all="ignore"):
            result = self.reference(*self.inputs)
        return [np.asarray(x) for x in (result if isinstance(result, (list, tuple)) else [result])]


def _plain() -> Any:
    return Mode(linker="numpy", optimizer="None")


def sample(
    name: str,
    subject: Any,
    build: Callable[..., Any],
    *inputs: Any,
    reference: Callable[..., Any] | None = None,
    static: tuple[Shape, ...] | None = None,
    smooth: bool | tuple[bool, ...] = False,
    rtol: float | None = None,
    atol: float = 0.0,
    core: bool = False,
    notes: str = "",
) -> OpSample:
    """Make an `OpSample`; static lengths are unknown, and tolerances usual, unless given."""
    arrays = tuple(x if isinstance(x, np.ndarray) else np.asarray(x) for x in inputs)
    if isinstance(smooth, bool):
        smooth = tuple(smooth and x.dtype == np.float64 for x in arrays)
    return OpSample(
        name,
        subject,
        build,
        arrays,
        tuple((None,) * x.ndim for x in arrays) if static is None else static,
        reference,
        smooth,
        rtol,
        atol,
        core,
        notes,
    )


def laid_out(x: Array, layout: str) -> Array:
    """The values of ``x`` in memory laid out otherwise.

    ``layout`` is one of ``"plain"``, ``"strided"`` (every second element), ``"reversed"`` (negative
    strides), ``"fortran"`` (first axis fastest) and ``"read-only"``. One number lies in one way.
    """
    if layout == "plain" or (x.ndim == 0 and layout in ("strided", "reversed")):
        return np.array(x, order="C")
    if layout == "strided":
        wide = np.zeros(tuple(2 * n for n in x.shape), x.dtype)
        view = wide[tuple(slice(None, None, 2) for _ in x.shape)]
        view[...] = x
        return view
    if layout == "reversed":
        backwards = tuple(slice(None, None, -1) for _ in x.shape)
        return np.array(x[backwards], order="C")[backwards]
    if layout == "fortran":
        return np.array(x, order="F")
    if layout == "read-only":
        copy = np.array(x)
        copy.flags.writeable = False
        return copy
    raise ValueError(f"there is no layout {layout!r}")


LAYOUTS = ("strided", "reversed", "fortran", "read-only")
