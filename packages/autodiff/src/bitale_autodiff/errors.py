"""What may go wrong with derivatives; each class refines the builtin that callers expect."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np


class DisconnectedInputError(ValueError):
    """A derivative with respect to a variable that the cost does not depend on."""


class NullTypeGradError(TypeError):
    """A derivative that is not defined, or that nobody has written down."""


class GradientError(AssertionError):
    """A symbolic derivative that numerical ones contradict.

    Parameters
    ----------
    arg : int
        The number of the input.
    err_pos : int
        The position in it, counted through the flattened array.
    shape : tuple of int
        The shape of the input.
    val1, val2 : float
        The symbolic and the numerical derivative there.
    abs_err, rel_err, abs_tol, rel_tol : float
        Their distance, and what was accepted.
    inputs : sequence of arrays
        Where the derivative was taken.
    test : int
        The number of the random direction.
    """

    def __init__(
        self,
        arg: int,
        err_pos: int,
        shape: tuple[int, ...],
        val1: float,
        val2: float,
        abs_err: float,
        rel_err: float,
        abs_tol: float,
        rel_tol: float,
        inputs: Sequence[Any] = (),
        test: int = 0,
    ) -> None:
        super().__init__(arg, err_pos, shape, val1, val2, abs_err, rel_err, abs_tol, rel_tol)
        self.arg = arg
        self.err_pos = err_pos
        self.shape = shape
        self.val1 = val1
        self.val2 = val2
        self.abs_err = abs_err
        self.rel_err = rel_err
        self.abs_tol = abs_tol
        self.rel_tol = rel_tol
        self.inputs = list(inputs)
        self.test = test

    def __str__(self) -> str:
        at = tuple(int(i) for i in np.unravel_index(self.err_pos, self.shape))
        shown = "".join(
            f"\n  input {i}, {x.dtype} {x.shape}: {np.array2string(x, threshold=20)}"
            for i, x in enumerate(self.inputs)
        )
        return (
            f"the derivative by input {self.arg} at index {at} of shape {self.shape} is wrong\n"
            f"  symbolic {self.val1:.10g}, numerical {self.val2:.10g} (direction {self.test})\n"
            f"  absolute error {self.abs_err:.3g} (accepted: {self.abs_tol:.3g})\n"
            f"  relative error {self.rel_err:.3g} (accepted: {self.rel_tol:.3g}){shown}"
        )
