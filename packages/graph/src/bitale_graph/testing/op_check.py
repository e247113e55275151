"""One call that tests an op of one's own, by what every installed layer knows of it."""

from __future__ import annotations

import pickle
from collections.abc import Callable, Sequence
from typing import Any

from ..compile.function import function
from ..compile.installed import entries_of
from ..compile.mode import Mode
from ..core.graph import Op
from .runner import check_shapes, compared
from .sample import OpSample, sample

# From an op and a sample of it; raises where something is wrong.
Check = Callable[[Op, OpSample], None]

AS_WRITTEN = Mode("numpy", "None")


def check_op(
    op: Op,
    samples: Sequence[Sequence[Any]],
    expected: Callable[..., Any] | Sequence[Any] | None = None,
    rtol: float | None = None,
    atol: float = 0.0,
) -> None:
    """Test an op on samples of its inputs.

    Checked are its value in NumPy; its shape rule, and the static shapes of its outputs, by the
    shapes that come out; that it and a function with it can be pickled; its gradient, if it has
    one, by numerical derivatives (where `bitale-autodiff` is installed); and its value in compiled
    functions, whether by its C text or not, on arrays laid out in several ways (where
    `bitale-codegen-c` is).

    Parameters
    ----------
    op : Op
    samples : sequence of sequences of arrays
        The inputs of each sample. Take 0-d, empty and length-1 ones too; derivatives are taken with
        respect to floats, so keep away from kinks.
    expected : callable, or sequence of arrays, optional
        From the inputs to the output (or a list of outputs), in NumPy; or for each sample what must
        come out. By default what `perform` gives.
    rtol, atol : float, optional
        The errors of floats that are admitted; by default a few units in the last place.

    Raises
    ------
    AssertionError
        That names the check that failed and the sample.
    ValueError
        If there is no sample, or not one expected result for each.

    Examples
    --------
    >>> from bitale_graph.extend import Softmax
    >>> check_op(Softmax(), [[np.zeros((1, 3))]], lambda x: np.full((1, 3), 1 / 3))
    """
    if not samples:
        raise ValueError(f"{op}: without samples nothing is checked; give inputs, as [[array]]")
    if not (expected is None or callable(expected)) and len(expected) != len(samples):
        raise ValueError(f"{op}: {len(expected)} expected results for {len(samples)} samples")
    checks = _checks(op)
    for number, inputs in enumerate(samples):
        if expected is None or callable(expected):
            reference = expected
        else:
            reference = _giving(expected[number])
        name = f"sample {number}"
        one = sample(name, type(op), op, *inputs, reference=reference, rtol=rtol, atol=atol)
        for what, check in checks.items():
            try:
                check(op, one)
            except Exception as error:
                kind = "" if isinstance(error, AssertionError) else f"{type(error).__name__}: "
                raise AssertionError(f"{op}: {what} fails on {one}: {kind}{error}") from error


def _giving(result: Any) -> Callable[..., Any]:
    return lambda *inputs: result


def _checks(op: Op) -> dict[str, Check]:
    """Those of this package, then those of installed layers, by name."""
    found: dict[str, Check] = {
        "value": _check_value,
        "shape": _check_shape,
        "pickling": _check_pickling,
        **{entry.name: entry.load() for entry in entries_of("bitale.checks")},
    }
    has_gradient = hasattr(op, "L_op") or hasattr(op, "grad")
    if has_gradient and "gradient" not in found:
        raise AssertionError(f"{op}: nothing installed checks its gradient: bitale-autodiff does")
    if type(op).c_code is not Op.c_code and "C" not in found:
        raise AssertionError(f"{op}: nothing installed runs its C text: bitale-codegen-c does")
    return found


def _check_value(op: Op, one: OpSample) -> None:
    if found := compared(AS_WRITTEN, [one]):
        raise AssertionError("\n".join(found))


def _check_shape(op: Op, one: OpSample) -> None:
    check_shapes([one])


def _check_pickling(op: Op, one: OpSample) -> None:
    twin = pickle.loads(pickle.dumps(op))
    if op.__props__ is not None and (twin != op or hash(twin) != hash(op)):
        raise AssertionError(f"the copy differs: {twin.props()} for {op.props()}")
    f = function(*one.graph(), mode=AS_WRITTEN, on_unused_input="ignore")
    results = pickle.loads(pickle.dumps(f))(*one.inputs)
    for got, wanted in zip(results, f(*one.inputs), strict=True):
        if text := one.difference(got, wanted):
            raise AssertionError(f"a copy of a function gives something else: {text}")
