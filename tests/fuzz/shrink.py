"""Making a program that fails smaller."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .program import Input, Program


def shrunk(program: Program, fails: Callable[[Program], bool], most: int = 150) -> Program:
    """The smallest program found, by dropping and simplifying what is not needed to fail."""
    tried = 0
    changed = True
    while changed and tried < most:
        changed = False
        for candidate in _smaller(program):
            tried += 1
            if tried > most:
                break
            try:
                failing = fails(candidate)
            except Exception:  # noqa: BLE001 (what cannot be built is no smaller program)
                failing = False
            if failing:
                program, changed = candidate, True
                break
    return program


def _smaller(p: Program) -> Iterator[Program]:
    for i in range(len(p.updates)):
        yield replace(p, updates=p.updates[:i] + p.updates[i + 1 :]).with_only_needed()
    if len(p.outputs) > 1:
        for name in p.outputs:
            yield replace(p, outputs=(name,)).with_only_needed()
    # An earlier line as the output.
    for step in p.steps[:-1]:
        if step.name not in p.outputs:
            yield replace(p, outputs=(step.name,), updates=()).with_only_needed()
    # A line in the place of another, or an input in its place.
    for i, step in enumerate(p.steps):
        for other in dict.fromkeys(step.args):
            steps = tuple(
                replace(s, args=tuple(other if a == step.name else a for a in s.args))
                for s in p.steps[:i] + p.steps[i + 1 :]
            )
            outputs = tuple(dict.fromkeys(other if o == step.name else o for o in p.outputs))
            yield replace(p, steps=steps, outputs=outputs).with_only_needed()
    for i, one in enumerate(p.inputs):
        for simpler in _simpler(one):
            yield replace(p, inputs=(*p.inputs[:i], simpler, *p.inputs[i + 1 :]))


def _simpler(x: Input) -> Iterator[Input]:
    if x.shared:
        yield replace(x, shared=False)
    if x.layout != "plain":
        yield replace(x, layout="plain")
    if any(n is not None and n != 1 for n in x.static):
        yield replace(x, static=tuple(n if n == 1 else None for n in x.static))
    if len(x.values) > 1:
        for v in dict.fromkeys(map(_Key, x.values)):
            yield replace(x, values=(v.value,))
        if len(x.values) > 3:
            yield replace(x, values=x.values[:2])
    for axis, n in enumerate(x.shape):
        if n > 1:
            for m in {1, 2, n // 2} - {n}:
                shape = (*x.shape[:axis], m, *x.shape[axis + 1 :])
                static = tuple(
                    s if s is None or s == k else k for s, k in zip(x.static, shape, strict=False)
                )
                yield replace(x, shape=shape, static=static)
    if len(x.values) == 1 and x.values[0] not in (0, 1, 2, True, False):
        yield replace(x, values=(type(x.values[0])(1),))


class _Key:
    """Values by how they are written, as NaN equals nothing."""

    def __init__(self, value: Any) -> None:
        self.value = value

    def __hash__(self) -> int:
        return hash(repr(self.value))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Key) and repr(self.value) == repr(other.value)
