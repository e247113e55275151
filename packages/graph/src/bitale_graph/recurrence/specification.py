"""What a user says of the sequences, states and the number of steps of a loop."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..base import dtype as dtypes
from ..base.errors import ShapeError, describe
from ..core.test_values import stand_in
from ..ops import math
from ..ops.shape import shape_i
from ..tensor.conversion import as_tensor, constant, constant_int, is_python_number
from ..tensor.variable import TensorType


def listed(given: Any) -> list[Any]:
    """A list of what may be nothing, one, or a list."""
    if given is None:
        return []
    return list(given) if isinstance(given, (list, tuple)) else [given]


@dataclass(frozen=True)
class SequenceSpec:
    """A sequence and the places of it that a step reads, relative to the step.

    Parameters
    ----------
    input : variable of rank 1 at least
    taps : tuple of int
    """

    input: Any
    taps: tuple[int, ...]

    def parts(self, backwards: bool) -> list[Any]:
        """For each tap the rows that steps read, from the first step on."""
        low, high = min(0, *self.taps), max(0, *self.taps)
        found = []
        for tap in self.taps:
            start, end = tap - low or None, tap - high or None
            part = self.input if start is None and end is None else self.input[start:end]
            found.append(part[::-1] if backwards else part)
        return found

    def rows(self, parts: Sequence[Any]) -> list[Any]:
        """For each tap a new variable for its row in a step."""
        return [
            stand_in(
                TensorType(x.type.dtype, x.type.shape[1:])(_at(self.input.name, tap)), x, _first
            )
            for tap, x in zip(self.taps, parts, strict=True)
        ]

    def length(self) -> Any:
        """For how many steps there are rows: an int where it is known, else a variable."""
        span = max(0, *self.taps) - min(0, *self.taps)
        n = shape_i(self.input, 0)
        known = constant_int(n)
        if known is not None:
            return max(known - span, 0)
        return math.maximum(math.sub(n, span), 0) if span else n


def _first(rows: Any) -> Any:
    return rows[0]


def _at(name: str | None, tap: int) -> str | None:
    return None if name is None else f"{name}[t{tap:+d}]" if tap else f"{name}[t]"


def read_sequences(given: Any) -> list[SequenceSpec]:
    """Read ``sequences=`` of `scan`."""
    return [_read_sequence(k, one) for k, one in enumerate(listed(given))]


def _read_sequence(k: int, given: Any) -> SequenceSpec:
    label = f"sequence {k}"
    taps: Any = [0]
    if isinstance(given, Mapping):
        _check_keys(label, given, ("input", "taps"))
        if given.get("input") is None:
            raise ValueError(f"scan: {label} has no 'input': {dict(given)}")
        taps = [0] if given.get("taps") is None else given["taps"]
        given = given["input"]
    x = as_tensor(given)
    if x.ndim == 0:
        raise TypeError(
            f"scan: {label} is 0-d and cannot be read row by row: {describe(x)}; what every step "
            "reads alike belongs to non_sequences"
        )
    return SequenceSpec(x, _read_taps(label, taps))


def _check_keys(label: str, given: Mapping[Any, Any], known: tuple[str, ...]) -> None:
    unknown = [k for k in given if k not in known]
    if unknown:
        raise ValueError(f"scan: {label} has unknown keys {unknown}; it may have {list(known)}")


def _read_taps(label: str, given: Any) -> tuple[int, ...]:
    taps = list(given) if isinstance(given, (list, tuple, range)) else [given]
    found = [constant_int(t) if not isinstance(t, bool) else None for t in taps]
    numbers = tuple(t for t in found if t is not None)
    if len(numbers) < len(taps):
        raise TypeError(f"scan: the taps of {label} must be integers, and are {given!r}")
    if not numbers:
        raise ValueError(f"scan: {label} has an empty list of taps")
    if len(set(numbers)) < len(numbers):
        raise ValueError(f"scan: {label} has a tap twice: {taps}")
    return numbers


@dataclass(frozen=True)
class OutputSpec:
    """An output of the step, and which of its earlier values the step reads.

    Parameters
    ----------
    label : str
        For messages.
    initial : variable or None
    taps : tuple of int
        Negative; empty if the step reads none.
    is_weak : bool
        Whether the initial value is a plain Python number.
    """

    label: str
    initial: Any = None
    taps: tuple[int, ...] = ()
    is_weak: bool = False

    def first(self) -> list[Any]:
        """What stands before the first step, the latest value first."""
        if not self.taps:
            return []
        if self.taps == (-1,):
            return [self.initial]
        depth = -min(self.taps)
        return [self.initial[depth - back] for back in range(1, depth + 1)]


def read_outputs_info(given: Any) -> tuple[list[OutputSpec], tuple[str, ...] | None]:
    """Read ``outputs_info=`` of `scan`; also the names, if it is a dict of outputs."""
    if isinstance(given, Mapping) and given and not set(given) & {"initial", "taps"}:
        if not all(isinstance(k, str) for k in given):
            raise TypeError(
                f"scan: the keys of outputs_info must be names of outputs, not {list(given)}"
            )
        return [_read_output(f"output {k!r}", v) for k, v in given.items()], tuple(given)
    return [_read_output(f"output {k}", v) for k, v in enumerate(listed(given))], None


def _read_output(label: str, given: Any) -> OutputSpec:
    taps: Any = None
    if isinstance(given, Mapping):
        _check_keys(label, given, ("initial", "taps"))
        taps, given = given.get("taps"), given.get("initial")
        if given is None and taps is not None:
            raise ValueError(f"scan: {label} has taps {taps} and no 'initial' value to start from")
    if given is None:
        return OutputSpec(label)
    initial = as_tensor(given)
    numbers = (-1,) if taps is None else _read_taps(label, taps)
    if max(numbers) >= 0:
        raise ValueError(
            f"scan: the taps of {label} must be negative, since a step knows only what earlier "
            f"steps gave: {list(numbers)}"
        )
    depth = -min(numbers)
    if numbers != (-1,):
        rows = initial.type.shape[0] if initial.ndim else 0
        if rows is not None and rows < depth:
            raise ShapeError(
                f"scan: {label} with taps {list(numbers)} starts from {depth} earlier values, the "
                f"rows of its initial value, which is {describe(initial)}"
            )
    if is_python_number(given):
        return OutputSpec(label, initial, numbers, True)
    return OutputSpec(label, initial, numbers)


def read_n_steps(given: Any, sequences: Sequence[SequenceSpec]) -> Any:
    """The number of steps: as given, or what the shortest sequence has rows for.

    Raises
    ------
    TypeError
        If it is not an integer, or nothing tells it.
    ShapeError
        If a sequence is known to be too short.
    """
    lengths = [s.length() for s in sequences]
    if given is None:
        if not lengths:
            raise TypeError("scan: there is no sequence, so n_steps must be given")
        return shortest(lengths)
    n = constant(given) if isinstance(given, bool) else as_tensor(given)
    if n.ndim or n.type.dtype == "bool" or not dtypes.is_discrete(n.type.dtype):
        raise TypeError(
            f"scan: n_steps must be a 0-d integer, and got {describe(n)}"
            + ("; use // rather than / to compute it" if dtypes.is_float(n.type.dtype) else "")
        )
    count = constant_int(n)
    if count is not None and count < 0:
        raise ValueError(f"scan: n_steps must not be negative, and is {count}")
    for k, (s, rows) in enumerate(zip(sequences, lengths, strict=True)):
        if count is not None and isinstance(rows, int) and rows < count:
            raise ShapeError(
                f"scan: n_steps is {count}, but sequence {k} with taps {list(s.taps)} has rows for "
                f"{rows} steps only: {describe(s.input)}"
            )
    return n


def shortest(lengths: Sequence[Any]) -> Any:
    """The least of lengths, which are ints where they are known."""
    known = [n for n in lengths if isinstance(n, int)]
    unknown = list(dict.fromkeys(n for n in lengths if not isinstance(n, int)))
    least = [*unknown, *([min(known)] if known else [])]
    result = least[0]
    for n in least[1:]:
        result = math.minimum(result, n)
    return result


def read_truncate(argument: str, given: Any) -> int:
    """Read over how many steps derivatives go back."""
    if isinstance(given, bool) or not isinstance(given, int) or (given < 1 and given != -1):
        raise ValueError(
            f"scan: {argument} must be a positive int, or -1 for all steps, not {given!r}"
        )
    return given
