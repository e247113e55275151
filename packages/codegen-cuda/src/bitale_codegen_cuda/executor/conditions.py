"""Conditions that the device computes: branches, loops that end early, checks.

The host does not wait to know them. What stands under a condition is launched all the same, with
the address of a number, its guard: unless that is 0, kernels do nothing. So a branch that is not
taken and steps after the last one cost their launches, and no trip to the host.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from bitale_graph.plan import statements as st
from bitale_graph.plan.array import Buffer
from bitale_graph.plan.expressions import Choice, Element, Expression, Number, Operation, number

from ..kernel.number_kernel import NumberKernel, Placed, known_place
from .launching import Launcher
from .queue import CheckFailedError, NeedsNumberError, Queue, RefusedError
from .values import as_expression

# Loops of more steps than this come back to the host, which asks now and then whether they ended.
MOST_STEPS = 64
# How many steps are started before it asks.
ASKED_AFTER = 16
_RUNS = number(0, "int32")
_STOPS = number(1, "int32")


class Conditions:
    """What a trace does under conditions.

    Attributes
    ----------
    values : dict
        Numbers and addresses by name.
    dtypes : dict
        Of the variables among them.
    memory : dict
        Addresses by buffer.
    has_conditions : bool
        Whether anything was put that may do nothing.
    """

    queue: Queue
    launcher: Launcher
    values: dict[str, Any]
    dtypes: dict[str, str]
    memory: dict[Buffer, int]
    has_conditions: bool
    run_all: Callable[[Sequence[st.Statement]], None]

    def store(self, to: Any, value: Any, dtype: str) -> None:
        """Write a number to the device, unless the guard stops it."""
        if self.queue.asks and not isinstance(value, Expression) and not self.launcher.is_guarded:
            self.queue.write(to, np.array(value, dtype))
            return
        value = as_expression(value, number(0, dtype))
        place = known_place(value)
        if place is not None and value.dtype == dtype and not isinstance(to, Expression):
            self.launcher.copy_bytes(to, place, np.dtype(dtype).itemsize)
            return
        kernel = NumberKernel(value)
        text = kernel.storing(dtype, is_guarded=self.launcher.is_guarded)
        self.launcher.launch_text(text, [to, *kernel.arguments], (1, 1), 1)

    def kept(self, value: Any, dtype: str) -> Element:
        """A number in memory of its own."""
        slot = self.queue.take(np.dtype(dtype).itemsize)
        self.store(slot, value, dtype)
        return Element(Placed(slot, dtype))

    # Guards
    def _guard(self, condition: Expression) -> int:
        """A guard that stops what the present one stops, and where a condition holds."""
        outer = self.launcher.guard
        otherwise = Element(Placed(outer, "int32")) if outer else _RUNS
        flag = self.queue.take(4)
        value = Choice("int32", (condition, _STOPS, otherwise))
        value.loads = True
        self.launcher.guard = 0
        self.store(flag, value, "int32")
        self.launcher.guard = outer
        return flag

    def _leave_guard(self, outer: int, checks: int) -> None:
        """Go back to another guard; a check that failed meanwhile stops what follows, too."""
        self.launcher.guard = outer
        if self.launcher.checks == checks:
            return
        if outer in (0, self.queue.status):
            self.launcher.guard = self.queue.status
            return
        failed = Element(Placed(self.queue.status, "int32"))
        stops = Choice("int32", (_differs(failed), _STOPS, Element(Placed(outer, "int32"))))
        stops.loads = True
        self.launcher.guard = 0
        self.store(outer, stops, "int32")
        self.launcher.guard = outer

    def is_over(self, end: _End | None) -> bool:
        """Whether what failed in a step of a loop failed after the last one.

        Raises
        ------
        NeedsNumberError
            If that cannot be told now.
        """
        if end is None or not end.guard:
            return False
        return bool(self.queue.decide(_differs(Element(Placed(end.guard, "int32")))))

    # Branches
    def run_either(self, one: st.If, condition: Expression) -> None:
        """Launch both branches, of which one does something."""
        outer, checks = self.launcher.guard, self.launcher.checks
        self.has_conditions = True
        held = self.kept(condition, "bool")
        guards = [self._guard(~_differs(held)), self._guard(_differs(held))]
        values, memory = dict(self.values), dict(self.memory)
        ends: list[tuple[dict[str, Any], dict[Buffer, int]]] = []
        for guard, block in zip(guards, (one.then, one.otherwise), strict=True):
            self.values, self.memory = dict(values), dict(memory)
            self.launcher.guard = guard
            try:
                self.run_all(block)
            except (CheckFailedError, RefusedError) as error:
                raise NeedsNumberError("a branch that may not be taken fails") from error
            ends.append((self.values, self.memory))
        self._merge(guards, ends)
        self._leave_guard(outer, checks)

    def _merge(
        self, guards: Sequence[int], ends: Sequence[tuple[dict[str, Any], dict[Buffer, int]]]
    ) -> None:
        """Let what the branches gave lie at one place, whichever ran."""
        (first, first_memory), (second, second_memory) = ends
        moved: list[tuple[int, int, int]] = []
        for buffer in first_memory.keys() & second_memory.keys():
            one, other = first_memory[buffer], second_memory[buffer]
            if one != other:
                size = self.queue.size_of(one)
                if self.queue.size_of(other) != size:
                    raise NeedsNumberError("the branches give arrays of different sizes")
                to = self.queue.take(size)
                moved.append((one, other, to))
                for guard, source in zip(guards, (one, other), strict=True):
                    self.launcher.guard = guard
                    self.launcher.copy_bytes(to, source, size)
                    self.queue.give(source)
                first_memory[buffer] = to
        self.memory = {**second_memory, **first_memory}
        self.values = {**second, **first}
        for name in first.keys() & second.keys():
            one, other = first[name], second[name]
            if _is_same(one, other):
                continue
            places = [to for a, b, to in moved if (a, b) == (one, other)]
            if places:
                self.values[name] = places[0]
                continue
            if name not in self.dtypes or self.dtypes[name] == "int64":
                raise NeedsNumberError(name)  # a length, perhaps, or a place
            dtype = self.dtypes[name]
            slot = self.queue.take(np.dtype(dtype).itemsize)
            for guard, value in zip(guards, (one, other), strict=True):
                self.launcher.guard = guard
                self.store(slot, value, dtype)
            self.values[name] = Element(Placed(slot, dtype))

    # Loops
    def leave_on_device(self, one: st.Leave, condition: Expression, end: _End | None) -> _End:
        """Let the steps after this one do nothing if a condition holds.

        Parameters
        ----------
        one : Leave
        condition : Expression
        end : _End or None
            What the step before has left.
        """
        steps = int(self.values[one.loop.t.text]) + 1
        if end is None:
            end = self._first_end(one)
        # The number of steps first: the guard stops it as soon as it is set.
        taken = Choice("int64", (condition, number(steps), end.taken))
        taken.loads = True
        self.store(end.address_of_taken, taken, "int64")
        if not end.guard:
            end.guard = self._guard(condition)
            self.launcher.guard = end.guard
        else:
            stops = Choice("int32", (condition, _STOPS, _RUNS))
            stops.loads = True
            self.store(end.guard, stops, "int32")
        if self.queue.asks and steps % ASKED_AFTER == 0:
            end.has_ended = bool(self.queue.decide(_differs(Element(Placed(end.guard, "int32")))))
        elif not self.queue.asks and steps >= MOST_STEPS:
            raise NeedsNumberError("a loop of many steps, which may end early")
        return end

    def _first_end(self, one: st.Leave) -> _End:
        """Let the variables of a loop lie where all its steps find them."""
        end = _End(self.launcher.guard, self.launcher.checks)
        self.has_conditions = True
        total = self.values[one.taken.text]
        end.taken = self.kept(total, "int64")
        self.values[one.taken.text] = end.taken
        for statement in st.walk(one.loop.body):
            if isinstance(statement, st.Assign) and not statement.name.is_pointer:
                name, dtype = statement.name.text, statement.name.dtype
                end.kept[name] = self.kept(self.values[name], dtype)
                self.values[name] = end.kept[name]
        return end

    def end_steps(self, end: _End) -> None:
        """Go on after a loop."""
        self._leave_guard(end.outer, end.checks)


class _End:
    """How a loop ends on the device.

    Attributes
    ----------
    outer, checks : int
        The guard around the loop, and how many checks were put before it ended.
    guard : int
    taken : Element
        How many steps it took.
    kept : dict
        Where variables lie that the steps assign.
    has_ended : bool
        Whether the host knows that it ended.
    """

    def __init__(self, outer: int, checks: int) -> None:
        self.outer, self.checks = outer, checks
        self.guard = 0
        self.kept: dict[str, Element] = {}
        self.taken: Any = None
        self.has_ended = False

    @property
    def address_of_taken(self) -> int:
        """Where the number of steps lies."""
        return place_of(self.taken)


def place_of(e: Element) -> int:
    """The address of a number in memory of its own."""
    pointer = e.operands[0]
    assert isinstance(pointer, Placed)
    return pointer.address


def _differs(e: Expression) -> Expression:
    made = Operation("!=", "bool", (e, Number(0, e.dtype)))
    made.loads = True
    return made


def _is_same(one: Any, other: Any) -> bool:
    if isinstance(one, Expression) != isinstance(other, Expression):
        return False
    return bool(one == other)
