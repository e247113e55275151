"""Running samples through a mode, and comparing with what must come out."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from ..compile.function import function
from ..compile.mode import Mode
from ..core.graph import Variable
from ..core.order import toposort
from ..ops.shape import shape_i
from ..tensor.conversion import as_tensor
from .compare import difference
from .sample import Array, OpSample
from .table import samples_by_subject


def run_samples(
    mode: Mode | str, samples: Iterable[OpSample] | None = None, together: bool = True
) -> None:
    """Compute samples with ``mode``, and compare values, dtypes and shapes with their references.

    Parameters
    ----------
    mode : Mode or str
    samples : iterable of OpSample, optional
        By default all of them.
    together : bool
        Compile all samples of one op (or scalar op) as one function, which is much faster where
        compiling is slow. If that fails, they are run one by one to find which one it was.

    Raises
    ------
    AssertionError
        With all failures, those of one op together.
    """
    failures: list[str] = []
    for subject, group in samples_by_subject(samples).items():
        found = _failures(mode, group, together)
        if found:
            listed = "\n".join(f"  {line}" for line in found)
            failures.append(f"{subject!r}: {len(found)} of {len(group)} samples\n{listed}")
    if failures:
        raise AssertionError("\n".join(failures))


def _failures(mode: Mode | str, group: Sequence[OpSample], together: bool) -> list[str]:
    joint = ""
    if together and len(group) > 1:
        try:
            return compared(mode, group)
        except Exception as error:  # noqa: BLE001 (each is run alone now, and this reported after all)
            joint = f"all in one function: {type(error).__name__}: {error}"
    found = []
    for one in group:
        try:
            found += compared(mode, [one])
        except Exception as error:  # noqa: BLE001 (reported with its sample)
            found.append(f"{one.name}: {type(error).__name__}: {error}")
    return found or ([joint] if joint else [])


def compared(mode: Mode | str, group: Sequence[OpSample]) -> list[str]:
    """Run samples as one function, and tell how what comes out differs from what must."""
    inputs: list[Variable] = []
    outputs: list[Variable] = []
    arrays: list[Array] = []
    bounds = [0]
    for one in group:
        its_inputs, its_outputs = one.graph()
        inputs += its_inputs
        outputs += its_outputs
        arrays += one.inputs
        bounds.append(len(outputs))
    before = [np.array(x) for x in arrays]
    results = function(inputs, outputs, mode=mode, on_unused_input="ignore")(*arrays)
    found = []
    position = 0
    for one, start, stop in zip(group, bounds, bounds[1:], strict=False):
        expected = one.expected()
        if len(expected) != stop - start:
            found.append(f"{one.name}: {stop - start} outputs, {len(expected)} in the reference")
            continue
        for i, wanted in enumerate(expected):
            text = one.difference(results[start + i], wanted)
            if text:
                found.append(f"{one.name}: {f'output {i}: ' if len(expected) > 1 else ''}{text}")
        for x, old in zip(
            arrays[position : position + len(one.inputs)], before[position:], strict=False
        ):
            if difference(x, old):
                found.append(f"{one.name}: an input was written to")
        position += len(one.inputs)
    return found


def check_shapes(samples: Iterable[OpSample] | None = None) -> None:
    """Compare what ``infer_shape`` of the samples' nodes tells with the shapes that come out.

    Raises
    ------
    AssertionError
        With all samples whose shapes are told wrongly, or whose static types are.
    """
    failures = []
    for group in samples_by_subject(samples).values():
        for one in group:
            inputs, outputs = one.graph()
            lengths = _inferred(inputs, outputs)
            told = [n for shape in lengths if shape is not None for n in shape]
            run = function(
                inputs, [*outputs, *told], Mode("numpy", "None"), on_unused_input="ignore"
            )
            results = run(*one.inputs)
            values = iter(int(n) for n in results[len(outputs) :])
            for v, x, shape in zip(outputs, results, lengths, strict=False):
                if shape is not None and (found := tuple(next(values) for _ in shape)) != x.shape:
                    failures.append(
                        f"{one.name}: infer_shape tells {found}, the shape is {x.shape}"
                    )
                static = v.type.shape
                if any(n not in (None, m) for n, m in zip(static, x.shape, strict=True)):
                    failures.append(f"{one.name}: the type tells {static}, the shape is {x.shape}")
    if failures:
        raise AssertionError("\n".join(failures))


def _inferred(inputs: Sequence[Variable], outputs: Sequence[Variable]) -> list[Any]:
    """For each output its lengths as variables, through every node; None where not told."""
    known: dict[Variable, Any] = {}

    def lengths(v: Variable) -> Any:
        if v not in known:
            ndim = v.type.ndim
            known[v] = tuple(shape_i(v, a) for a in range(ndim))
        return known[v]

    for node in toposort(outputs, stop_at=set(inputs)):
        told = node.op.infer_shape(node, [lengths(v) for v in node.inputs])
        for v, shape in zip(node.outputs, told or [None] * len(node.outputs), strict=True):
            if shape is not None:
                known[v] = tuple(as_tensor(n) for n in shape)
    return [known.get(v) for v in outputs]
