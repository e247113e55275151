"""Host code, carried out statement by statement for the shapes of one call.

What is known when the shapes are known is computed here, once; kernels, copies and products become
commands. Numbers of a call that decide nothing (a rate, where a batch begins) stay expressions in
the commands, so that the same commands serve other calls.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from math import prod
from typing import Any, TypeVar

import numpy as np
from bitale_graph.extend import Apply, result_of
from bitale_graph.plan import statements as st
from bitale_graph.plan.array import Array, Buffer
from bitale_graph.plan.calls import Call, Callback
from bitale_graph.plan.calls import Launch as LaunchKernel
from bitale_graph.plan.expressions import Element, Expression, Given, Name, number
from bitale_graph.plan.host_function import HostFunction
from bitale_graph.plan.kernel import Kernel, Operand
from bitale_graph.plan.rules.scan_stacks import COPY_BYTES, MOVE_BYTES

from ..driver.driver import Properties
from ..kernel.number_kernel import Placed, known_place
from .call_values import Delivered, GivenArray
from .conditions import Conditions, place_of
from .launching import Launcher
from .queue import CheckFailedError, Queue, RefusedError
from .routines import ROUTINES
from .values import Reducer, as_expression, rebuilt

# Expressions of so many parts are computed on the device.
LONG = 100


class _LeftError(Exception):
    """A loop has ended early."""


# Methods by the kind of statement: `functools.singledispatchmethod` keeps every object that it has
# served in Python 3.13.0 and 3.13.1.
_rules: dict[type, Callable[[Any, Any], None]] = {}
Rule = TypeVar("Rule", bound=Callable[[Any, Any], None])


def _carries_out(kind: type) -> Callable[[Rule], Rule]:
    """Decorate the method for a kind of statement."""

    def store(rule: Rule) -> Rule:
        _rules[kind] = rule
        return rule

    return store


class Trace(Conditions):
    """One walk through the host code of a function.

    Parameters
    ----------
    function : HostFunction
    given : sequence of GivenArray
        Arguments, shared variables and constants.
    queue : Queue
    device : Properties
    run_node : callable
        Runs a node in Python on arrays.

    Attributes
    ----------
    results : dict
        `Delivered` by place.
    """

    def __init__(
        self,
        function: HostFunction,
        given: Sequence[GivenArray],
        queue: Queue,
        device: Properties,
        run_node: Callable[[Apply, list[Any]], list[Any]] = result_of,
    ) -> None:
        self.function, self.given, self.queue, self.run_node = function, given, queue, run_node
        self.launcher = Launcher(queue, device)
        self.values: dict[str, Any] = {}
        self.dtypes: dict[str, str] = {}
        self.ends: dict[st.Steps, Any] = {}
        self.has_conditions = False
        self.memory: dict[Buffer, int] = {}
        self.results: dict[int, Delivered] = {}
        self._scratch: list[int] = []
        self.reduce = Reducer(self._leaf, queue.decide)

    def run_all(self, statements: Sequence[st.Statement]) -> None:
        """Carry statements out in their order."""
        for one in statements:
            self.run(one)

    # Values
    def number(self, e: Expression) -> int:
        """A number that is the same whenever these commands serve."""
        return int(self.reduce.number(e))

    def holds(self, e: Expression) -> bool:
        """Whether a condition holds."""
        return bool(self.reduce.number(e))

    def pointer(self, e: Expression) -> Any:
        """An address, or an expression of one."""
        return self._address(self.reduce(e))

    def _address(self, value: Any) -> Any:
        """An address of which no part is read of the device."""
        if not (isinstance(value, Expression) and value.loads):
            return value
        if not value.is_pointer:
            return self.queue.decide(value)
        parts = [self._address(o) for o in value.operands]
        return self.reduce(rebuilt(value, parts))

    def _leaf(self, e: Any) -> Any:
        if isinstance(e, Name):
            return self.values[e.text]
        assert isinstance(e, Given)
        one = self.given[e.index]
        if e.field == "data":
            return one.address
        if e.field == "value":
            return e
        return one.shape[e.axis] if e.field == "shape" else one.strides[e.axis]

    def _settled(self, value: Any, dtype: str) -> Any:
        """A value as it is now: what is read of the device is kept where nothing writes.

        What has become long, step by step, is computed there, and read from then on.
        """
        if not isinstance(value, Expression) or not (value.loads or _is_long(value)):
            return value
        if value.is_pointer:
            return self._address(value)
        return self.kept(value, dtype)

    def scratch(self, shape: Sequence[int], dtype: str) -> int:
        """Memory until `give_scratch`."""
        self._scratch.append(self.queue.take(prod(shape) * np.dtype(dtype).itemsize))
        return self._scratch[-1]

    def give_scratch(self) -> None:
        """Give back what `scratch` took."""
        while self._scratch:
            self.queue.give(self._scratch.pop())

    def shape(self, a: Array) -> list[int]:
        """The lengths of an array."""
        return [self.number(n) for n in a.lengths]

    def strides(self, a: Array) -> list[int]:
        """The strides of an array, in elements."""
        return [self.number(a.stride(k)) for k in range(a.rank)]

    # Statements
    def run(self, one: st.Statement) -> None:
        """Carry a statement out."""
        rule = _rules.get(type(one))
        if rule is None:
            raise TypeError(f"{one!r} is nothing that a device carries out")
        rule(self, one)

    @_carries_out(st.Mark)
    def _mark(self, one: st.Mark) -> None:
        self.queue.node = one.node

    @_carries_out(st.CheckStopped)
    def _stopped(self, one: st.CheckStopped) -> None:
        pass

    @_carries_out(st.Hold)
    def _hold(self, one: st.Hold) -> None:
        self.queue.hold()

    @_carries_out(st.Let)
    def _let(self, one: st.Let) -> None:
        self.values[one.name.text] = self._settled(self.reduce(one.value), one.name.dtype)

    @_carries_out(st.Declare)
    def _declare(self, one: st.Declare) -> None:
        self.values.pop(one.name.text, None)
        if not one.name.is_pointer:
            self.dtypes[one.name.text] = one.name.dtype
        if one.value is not None:
            self.values[one.name.text] = self._settled(self.reduce(one.value), one.name.dtype)

    @_carries_out(st.Assign)
    def _assign(self, one: st.Assign) -> None:
        name, value = one.name.text, self.reduce(one.value)
        for end in self.ends.values():
            if name in end.kept:
                self.store(place_of(end.kept[name]), value, one.name.dtype)
                return
        self.values[name] = self._settled(value, one.name.dtype)

    @_carries_out(st.Store)
    def _store(self, one: st.Store) -> None:
        dtype = one.pointer.dtype
        place = self.pointer(one.pointer + one.index)
        self.store(place, self.reduce(one.value), dtype)

    @_carries_out(st.Copy)
    def _copy(self, one: st.Copy) -> None:
        self.copy(one.to, one.source)

    def copy(self, to: Array, source: Array) -> None:
        """Copy an array, which broadcasts."""
        shape = self.shape(to)
        strides = [
            0 if n == 1 else s
            for n, s in zip(self.shape(source), self.strides(source), strict=True)
        ]
        self.launcher.copy(
            to.dtype, shape, self.pointer(to.pointer), self.strides(to),
            self.pointer(source.pointer), [0] * (len(shape) - len(strides)) + strides,
        )  # fmt: skip

    @_carries_out(st.Check)
    def _check(self, one: st.Check) -> None:
        if not self.holds(one.guard):
            return
        condition = self.reduce(one.condition)
        if isinstance(condition, Expression) and condition.loads:
            self.launcher.check(one.node, condition)
        elif not self.holds(as_expression(condition, one.condition)):
            raise CheckFailedError(one.node)

    @_carries_out(st.Take)
    def _take(self, one: st.Take) -> None:
        size = self.number(one.size) if self.holds(one.guard) else 0
        self._own(one.buffer, size)
        self.values[one.pointer.text] = self.memory[one.buffer]

    def _own(self, buffer: Buffer, size: int) -> int:
        self._release(buffer)
        self.memory[buffer] = self.queue.take(size)
        return self.memory[buffer]

    def _release(self, buffer: Buffer) -> None:
        address = self.memory.pop(buffer, None)
        if address is not None:
            self.queue.give(address)

    @_carries_out(st.Give)
    def _give(self, one: st.Give) -> None:
        self._release(one.buffer)

    @_carries_out(st.Move)
    def _move(self, one: st.Move) -> None:
        self._release(one.to)
        self.memory[one.to] = self.memory.pop(one.source)
        if one.pointer is not None and one.value is not None:
            self.values[one.pointer.text] = self.pointer(one.value)

    @_carries_out(st.Pack)
    def _pack(self, one: st.Pack) -> None:
        a = one.array
        pointer, strides = self.pointer(a.pointer), self.strides(a)
        if self.holds(one.guard) and not self.holds(one.fits):
            shape = self.shape(a)
            place = self._own(one.buffer, prod(shape) * np.dtype(a.dtype).itemsize)
            packed = [prod(shape[k + 1 :]) for k in range(len(shape))]
            self.launcher.copy(a.dtype, shape, place, packed, pointer, strides)
            pointer, strides = place, packed
        self.values[one.pointer.text] = pointer
        self.values.update(zip((n.text for n in one.strides), strides, strict=False))

    @_carries_out(st.If)
    def _if(self, one: st.If) -> None:
        condition = self.reduce(one.condition)
        if isinstance(condition, Expression) and condition.loads and not self.queue.asks:
            self.run_either(one, condition)
        else:
            self.run_all(one.then if self.holds(one.condition) else one.otherwise)

    @_carries_out(st.Steps)
    def _steps(self, one: st.Steps) -> None:
        self.run_all(one.before)
        try:
            for t in range(self.number(one.steps)):
                self.values[one.t.text] = t
                self.run_all(one.body)
        except _LeftError as left:
            if left.args[0] is not one:
                raise
        except (CheckFailedError, RefusedError):
            if not self.is_over(self.ends.get(one)):
                raise
        if one in self.ends:
            self.end_steps(self.ends.pop(one))

    @_carries_out(st.Leave)
    def _leave(self, one: st.Leave) -> None:
        condition = self.reduce(one.condition)
        is_on_device = isinstance(condition, Expression) and condition.loads
        if is_on_device and self.queue.asks and _grows(one.loop):
            is_on_device = False  # memory is taken for a step only if it is made
        if is_on_device or one.loop in self.ends:
            condition = as_expression(condition, one.condition)
            end = self.leave_on_device(one, condition, self.ends.get(one.loop))
            self.ends[one.loop] = end
            if end.has_ended:
                raise _LeftError(one.loop)
        elif self.holds(one.condition):
            self.values[one.taken.text] = self.values[one.loop.t.text] + 1
            raise _LeftError(one.loop)

    @_carries_out(st.Deliver)
    def _deliver(self, one: st.Deliver) -> None:
        value = one.value
        if isinstance(value, Array):
            assert one.buffer is not None
            self.queue.keep(self.memory[one.buffer])
            made = Delivered(value.dtype, tuple(self.shape(value)), self.pointer(value.pointer))
        else:
            found = self.reduce(value)
            if isinstance(found, Expression) and found.loads:
                slot = known_place(found)
                if slot is None or not self.queue.owns(slot):
                    slot = self.queue.take(np.dtype(value.dtype).itemsize)
                    self.store(slot, found, value.dtype)
                self.queue.keep(slot)
                made = Delivered(value.dtype, (), slot)
            else:
                made = Delivered(value.dtype, (), None, found)
        self.results[one.place] = made

    @_carries_out(Callback)
    def _callback(self, one: Callback) -> None:
        node = self.function.callbacks[one.index]
        given = [self._fetched(g) for g in one.given]
        for received, found in zip(one.received, self.run_node(node, given), strict=True):
            if received.buffer is None:
                self.values[received.name.text] = np.asarray(found)[()]
                continue
            made = np.ascontiguousarray(found)
            place = self._own(received.buffer, made.nbytes)
            self.queue.write(place, made)
            self.values[received.name.text] = place
            self.values.update(zip((n.text for n in received.lengths), made.shape, strict=True))

    def _fetched(self, g: Expression | Array) -> Any:
        if isinstance(g, Array):
            return self.queue.read(self.pointer(g.pointer), g.dtype, self.shape(g), self.strides(g))
        return np.asarray(self.reduce.number(g), g.dtype)

    @_carries_out(Call)
    def _call(self, one: Call) -> None:
        if not self.holds(one.guard):
            return
        if one.routine in (COPY_BYTES, MOVE_BYTES):
            to, source, size = one.arguments
            assert isinstance(to, Expression) and isinstance(source, Expression)  # noqa: PT018
            assert isinstance(size, Expression)
            self.launcher.move_bytes(self.pointer(to), self.pointer(source), self.number(size))
            return
        ROUTINES[one.routine.name](self, one)

    @_carries_out(LaunchKernel)
    def _launch(self, one: LaunchKernel) -> None:
        lengths = [self.number(n) for n in one.lengths]
        layouts = [
            [self.pointer(pointer), *map(self.number, layout)] for pointer, *layout in one.arguments
        ]
        kernel, numbers = one.kernel, []
        for j, e in zip(kernel.by_value, one.numbers, strict=True):
            value = self.reduce(e)
            if isinstance(value, Expression) and value.loads:
                kernel = _by_pointer(kernel, j)
                layouts.append([self._place_of(value, e.dtype)])
            else:
                numbers.append(value)
        self.launcher.launch(kernel, one.hint, lengths, layouts, numbers)

    def _place_of(self, value: Expression, dtype: str) -> Any:
        """Where a number of the device lies."""
        settled = value if isinstance(value, Element) else self._settled(value, dtype)
        pointer, index = settled.operands
        if not isinstance(pointer, Placed) or index != number(0):
            settled = self._settled(value, dtype)
            pointer, _ = settled.operands
        assert isinstance(pointer, Placed)
        return pointer.address


def _grows(loop: st.Steps) -> bool:
    """Whether steps of a loop take memory for what it gives."""
    return any(isinstance(one, st.Move) for one in st.walk(loop.body))


def _is_long(e: Expression) -> bool:
    """Whether an expression has so many parts that it takes time to compute it at every call."""
    count, waiting = 0, [e]
    while waiting and count < LONG:
        waiting += waiting.pop().operands
        count += 1
    return count >= LONG


def _by_pointer(kernel: Kernel, j: int) -> Kernel:
    """The kernel that reads a number where it lies."""
    operand = Operand("in", j, kernel.dtypes[j], ("0",) * kernel.loop.ndim)
    by_value = tuple(other for other in kernel.by_value if other != j)
    return replace(kernel, operands=(*kernel.operands, operand), by_value=by_value)
