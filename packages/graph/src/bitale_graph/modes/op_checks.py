"""What ops do on NumPy, held against what they promise."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ..core.graph import Apply
from ..core.results import WrongOutputError, result_of
from ..core.run import Watch
from .agreement import SAME, disagreement, is_identical
from .bad_numbers import is_not_finite
from .debug_errors import BadDestroyMap, BadThunkOutput, BadViewMap, InvalidValueError

HOW = "perform"
WORK = 10_000  # of NumPy to tell whether two arrays share memory; unknown counts as not


class OpChecks(Watch):
    """Raises where an op writes into an input, shows one unsaid, or gives what it must not."""

    def __init__(self, finite: bool, layouts: Sequence[str] = ()) -> None:
        self.finite = finite
        wanted = LAYOUTS if "ALL" in layouts else [one for one in LAYOUTS if one in layouts]
        self.layouts = list(wanted)

    def begin_call(self, graph: Any, values: Sequence[Any]) -> None:
        """Look at the inputs of the function."""
        for v, x in zip(graph.inputs, values, strict=True):
            if self.finite and is_not_finite(x):
                raise InvalidValueError(v, x, None, _FINITE, "it has NaN or infinity")

    def run(self, graph: Any, index: int, node: Apply, inputs: list[Any]) -> list[Any]:
        before = [x.copy() if isinstance(x, np.ndarray) else x for x in inputs]
        try:
            results = result_of(node, inputs)
        except WrongOutputError as error:
            raise InvalidValueError(node.outputs[0], None, None, "", str(error)) from error
        except ValueError as error:
            if "read-only" in str(error):
                raise _destroyed(node, before) or error from error
            raise
        for i, (old, new) in enumerate(zip(before, inputs, strict=True)):
            if isinstance(old, np.ndarray) and not is_identical(old, new) and old.dtype != object:
                raise BadDestroyMap(node, i, old, new, HOW)
        self._check_values(node, results)
        _check_views(node, inputs, results)
        self._check_rooms(node, inputs, results)
        return results

    def _check_values(self, node: Apply, results: Sequence[Any]) -> None:
        for v, x in zip(node.outputs, results, strict=True):
            if self.finite and is_not_finite(x):
                raise InvalidValueError(v, x, None, _FINITE, "it has NaN or infinity")

    def _check_rooms(self, node: Apply, inputs: Sequence[Any], results: Sequence[Any]) -> None:
        """Run the op once more with something in its output storage."""
        for name in self.layouts:
            rooms = [_room(name, x) for x in results]
            storage = [[x] for x in rooms]
            node.op.perform(node, [_shown(x) for x in inputs], storage)
            for v, old, (new,) in zip(node.outputs, results, storage, strict=True):
                if disagreement(v.type, old, np.asarray(new), inputs, SAME):
                    what = f"{HOW} with {name.replace('_', ' ')} output storage"
                    raise BadThunkOutput(v, HOW, old, what, new, inputs)


_FINITE = (
    "config.DebugMode.check_finite=False lets NaN and infinity pass; f.debug(...) finds their node"
)


def _shown(x: Any) -> Any:
    if not isinstance(x, np.ndarray):
        return x
    shown = x.view()
    shown.flags.writeable = False
    return shown


def _destroyed(node: Apply, given: Sequence[Any]) -> BadDestroyMap:
    """Find the input that an op writes into: it may write into copies."""
    copies = [x.copy() if isinstance(x, np.ndarray) else x for x in given]
    with contextlib.suppress(Exception):  # what it wrote before is seen all the same
        node.op.perform(node, copies, [[None] for _ in node.outputs])
    for i, (old, new) in enumerate(zip(given, copies, strict=True)):
        if isinstance(old, np.ndarray) and not is_identical(old, new):
            return BadDestroyMap(node, i, old, new, HOW)
    return BadDestroyMap(node, None, None, None, HOW)


def _check_views(node: Apply, inputs: Sequence[Any], results: Sequence[Any]) -> None:
    said = node.op.view_map
    if node.op.bodies:
        return  # what runs inside is looked at by itself, and may pass on what it is given
    for k, x in enumerate(results):
        shown = [i for i, y in enumerate(inputs) if _share(x, y) and i not in said.get(k, ())]
        if shown and not any(_share(inputs[i], x) for i in said.get(k, ())):
            raise BadViewMap(node, k, x, in_alias_idx=shown)
        others = [j for j, y in enumerate(results) if j != k and _share(x, y)]
        if others and not said.get(k):
            raise BadViewMap(node, k, x, out_alias_idx=others)


def _share(x: Any, y: Any) -> bool:
    if not (isinstance(x, np.ndarray) and isinstance(y, np.ndarray) and x.size and y.size):
        return False
    if not np.may_share_memory(x, y):
        return False
    try:
        return np.shares_memory(x, y, max_work=WORK)  # type: ignore[arg-type]  # its stub has two values
    except Exception:  # noqa: BLE001 (NumPy gives up: TooHardError, by different names)
        return False


def _room(name: str, x: Any) -> Any:
    """What an output holds before: an array of the shape of the result, or one near it."""
    if not isinstance(x, np.ndarray):
        return None
    return _ROOMS[name](x)


def _strided(x: Any) -> Any:
    whole = np.empty(tuple(2 * n for n in x.shape), x.dtype)
    return whole[tuple(slice(None, None, -2) for _ in x.shape)] if x.ndim else whole


_ROOMS: dict[str, Callable[[Any], Any]] = {
    "initial": lambda x: np.full(x.shape, 1, x.dtype),
    "previous": np.copy,
    "c_contiguous": lambda x: np.full(x.shape, 1, x.dtype),
    "f_contiguous": lambda x: np.full(x.shape, 1, x.dtype, order="F"),
    "strided": _strided,
    "wrong_size": lambda x: np.full(tuple(n + 1 for n in x.shape), 1, x.dtype),
}
LAYOUTS = tuple(_ROOMS)
