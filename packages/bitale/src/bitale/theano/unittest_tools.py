"""What Theano gave to tests of ops: ``theano.tests.unittest_tools``."""

from __future__ import annotations

import sys
import unittest
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from bitale import compile as modes
from bitale import config, function, gradient

# Relative and absolute, by dtype.
_TOLERANCES = {
    "float16": (5e-3, 5e-3),
    "float32": (1e-5, 1e-5),
    "complex64": (1e-5, 1e-5),
}


class WrongValue(AssertionError):  # noqa: N818 (Theano's name)
    """A value is not the one that a test expects."""

    def __init__(self, expected_val: Any, val: Any, rtol: float | None, atol: float | None) -> None:
        super().__init__(str_diagnostic(expected_val, val, rtol, atol))
        self.expected_val, self.val = expected_val, val
        self.rtol, self.atol = rtol, atol


def fetch_seed(pseed: int | None = None) -> int | None:
    """The seed that tests use: the one given, or ``config.unittests.rseed`` (None for random)."""
    seed: Any = pseed or config.unittests.rseed
    return None if seed == "random" else int(seed)


def seed_rng(pseed: int | None = None) -> int | None:
    """Seed NumPy's own generator by `fetch_seed`, and tell the seed."""
    seed = fetch_seed(pseed)
    np.random.seed(seed)  # noqa: NPY002 (tests for Theano draw from it)
    return seed


def verify_grad(
    op: Any, pt: Sequence[Any], n_tests: int = 2, rng: Any = None, **others: Any
) -> None:
    """`bitale.gradient.verify_grad`, with a generator by `fetch_seed` where none is given."""
    if rng is None:
        rng = np.random.RandomState(fetch_seed())
    gradient.verify_grad(op, pt, n_tests=n_tests, rng=rng, **others)


def str_diagnostic(expected: Any, value: Any, rtol: float | None, atol: float | None) -> str:
    """How two values differ, in lines."""
    lines = [
        f"{name}: {a.dtype} of shape {a.shape}, from {a.min()} to {a.max()}"
        if a.size and a.dtype.kind != "O"
        else f"{name}: {a!r}"
        for name, a in (("expected", np.asarray(expected)), ("value   ", np.asarray(value)))
    ]
    try:
        differences = np.abs(np.asarray(expected) - np.asarray(value))
        lines.append(f"largest difference: {differences.max()} (rtol={rtol}, atol={atol})")
    except (ValueError, TypeError):
        lines.append("they cannot be subtracted")
    return "\n".join(lines)


def assert_allclose(
    expected: Any, value: Any, rtol: float | None = None, atol: float | None = None
) -> None:
    """Raise `WrongValue` if values are not close, with the tolerances of their dtypes."""
    dtypes = {str(getattr(x, "dtype", "float64")) for x in (expected, value)}
    loosest = max(_TOLERANCES.get(d, (1e-6, 1e-8)) for d in dtypes)
    rtol, atol = (d if t is None else t for t, d in zip((rtol, atol), loosest, strict=True))
    if not np.allclose(expected, value, rtol, atol, equal_nan=True):
        raise WrongValue(expected, value, rtol, atol)


class TestOptimizationMixin:
    """Looks for ops in compiled functions."""

    __test__ = False

    def assertFunctionContains(  # noqa: N802 (as unittest has it)
        self, f: Any, op: Any, min: int = 1, max: int = sys.maxsize
    ) -> None:
        """The op is between ``min`` and ``max`` times in the function."""
        self._count(f, lambda found: found == op, op, min, max)

    def assertFunctionContains0(self, f: Any, op: Any) -> None:  # noqa: N802
        """The op is nowhere in the function."""
        self.assertFunctionContains(f, op, 0, 0)

    def assertFunctionContains1(self, f: Any, op: Any) -> None:  # noqa: N802
        """The op is once in the function."""
        self.assertFunctionContains(f, op, 1, 1)

    def assertFunctionContainsN(self, f: Any, op: Any, N: int) -> None:  # noqa: N802
        """The op is ``N`` times in the function."""
        self.assertFunctionContains(f, op, N, N)

    def assertFunctionContainsClass(  # noqa: N802
        self, f: Any, op: type, min: int = 1, max: int = sys.maxsize
    ) -> None:
        """Ops of a class are between ``min`` and ``max`` times in the function."""
        self._count(f, lambda found: isinstance(found, op), op, min, max)

    def assertFunctionContainsClassN(self, f: Any, op: type, N: int) -> None:  # noqa: N802
        """Ops of a class are ``N`` times in the function."""
        self.assertFunctionContainsClass(f, op, N, N)

    def _count(self, f: Any, is_one: Callable[[Any], bool], op: Any, least: int, most: int) -> None:
        found = sum(is_one(node.op) for node in f.maker.fgraph.toposort())
        if not least <= found <= most:
            raise AssertionError(f"{op} is {found} times in {f}, not {least} to {most}")


class InferShapeTester(unittest.TestCase):
    """A test of ops that tell the shapes of their outputs."""

    mode: Any = None

    def setUp(self) -> None:
        """Seed NumPy, and make the mode one that computes shapes without values."""
        seed_rng()
        self.mode = (self.mode or modes.get_default_mode()).including("canonicalize")

    def _compile_and_check(
        self,
        inputs: Sequence[Any],
        outputs: Sequence[Any],
        numeric_inputs: Sequence[Any],
        cls: Any,
        excluding: Sequence[str] | None = None,
        warn: bool = True,
        check_topo: bool = True,
    ) -> None:
        """Shapes are those of the values, and computed without an op of the class."""
        mode = self.mode.excluding(*excluding) if excluding else self.mode
        of_values = function(inputs, outputs, mode=mode, on_unused_input="ignore")
        of_shapes = function(
            inputs, [o.shape for o in outputs], mode=mode, on_unused_input="ignore"
        )
        if check_topo:
            left = [n.op for n in of_shapes.maker.fgraph.toposort() if isinstance(n.op, cls)]
            assert not left, f"shapes are computed by running {left[0]}"
        values, shapes = of_values(*numeric_inputs), of_shapes(*numeric_inputs)
        for value, shape in zip(values, shapes, strict=True):
            assert np.shape(value) == tuple(shape), f"told {tuple(shape)}, got {np.shape(value)}"


__all__ = [
    "InferShapeTester",
    "TestOptimizationMixin",
    "WrongValue",
    "assert_allclose",
    "fetch_seed",
    "seed_rng",
    "str_diagnostic",
    "verify_grad",
]
