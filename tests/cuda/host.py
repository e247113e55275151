"""Host code, carried out statement by statement, with a device that runs its kernels.

What a target's host code means is told here in the plainest way: every statement and expression
once, on Python's numbers and on memory by its address.
"""

from __future__ import annotations

import ctypes
import operator
from collections.abc import Sequence
from functools import singledispatchmethod
from typing import Any

import numpy as np
from bitale_graph.extend import result_of
from bitale_graph.plan.array import Array
from bitale_graph.plan.calls import Call, Callback, Launch
from bitale_graph.plan.expressions import (
    Address,
    Bytes,
    Choice,
    Computed,
    Conversion,
    Element,
    Expression,
    Given,
    Name,
    Number,
    Operation,
    Parts,
    Threads,
)
from bitale_graph.plan.host_function import HostFunction
from bitale_graph.plan.kernel import Kernel
from bitale_graph.plan.rules.scan_stacks import COPY_BYTES, MOVE_BYTES
from bitale_graph.plan.statements import (
    Assign,
    Check,
    CheckStopped,
    Copy,
    Declare,
    Deliver,
    Give,
    Hold,
    If,
    Leave,
    Let,
    Mark,
    Move,
    Pack,
    Statement,
    Steps,
    Store,
    Take,
)

from .kernels import CudaKernel

# Odd, and fewer than a warp: what a kernel takes for granted of its block shows. A sum needs a
# power of 2.
BLOCK, SUMMING_BLOCK, MOST_BLOCKS = 7, 8, 3


class CheckFailedError(Exception):
    """A check of host code did not hold; its argument is the number of the node."""


class _LeftError(Exception):
    """A loop has ended early."""


def array_at(address: int, dtype: str, shape: Sequence[int], strides: Sequence[int]) -> Any:
    """The array of such strides, in elements, at an address."""
    item = np.dtype(dtype).itemsize
    if 0 in shape:
        return np.empty(shape, dtype)
    first = np.frombuffer((ctypes.c_char * item).from_address(address), dtype)
    steps = [s * item for s in strides]
    return np.lib.stride_tricks.as_strided(first, shape, steps)


class Host:
    """One call of a function.

    Parameters
    ----------
    function : HostFunction
    names : dict
        The name of each kernel on the device.
    device : Emulator
    order : int
        In which order blocks and threads run: 0 forward, 1 backward.
    """

    def __init__(
        self, function: HostFunction, names: dict[Kernel, str], device: Any, order: int = 0
    ) -> None:
        self.function, self.names, self.device, self.order = function, names, device, order
        self.values: dict[str, Any] = {}
        # Variables of which something has the address.
        self.cells: dict[str, Any] = {}
        self.memory: dict[Any, Any] = {}
        self.given: list[Any] = []
        self.results: dict[int, Any] = {}
        self.launches = 0
        # How many numbers were read from the device's memory.
        self.fetched = 0

    def __call__(self, arrays: Sequence[Any]) -> list[Any]:
        """Run on the arrays of the inputs; the results."""
        constants = [np.asarray(c.data) for c in self.function.constants]
        self.given = [*map(np.asarray, arrays), *constants]
        with np.errstate(all="ignore"):  # integers wrap
            self.run_all(self.function.statements)
        return [self.results[k] for k in sorted(self.results)]

    def run_all(self, statements: Sequence[Statement]) -> None:
        """Run statements in their order."""
        for one in statements:
            self.run(one)

    # Expressions
    def value(self, e: Expression) -> Any:
        """The number, or the address."""
        match e:
            case Name():
                return self._named(e)
            case Number():
                return np.dtype(e.dtype).type(e.value) if e.dtype != "bool" else bool(e.value)
            case Given():
                return self._of_given(e)
            case Choice():
                condition, a, b = e.operands
                return self.value(a if self.value(condition) else b)
            case Operation():
                return self._operation(e)
            case Conversion():
                return np.asarray(self.value(e.operands[0])).astype(e.dtype)[()]
            case Computed():
                operands = [
                    np.asarray(self.value(o), o.dtype if not o.is_pointer else None)
                    for o in e.operands
                ]
                return np.asarray(e.op(*operands), e.dtype)[()]
            case Element():
                self.fetched += 1
                pointer, index = e.operands
                at = self.value(pointer) + int(self.value(index)) * np.dtype(e.dtype).itemsize
                return array_at(at, e.dtype, (1,), (1,))[0]
            case Address():
                (name,) = e.operands
                assert isinstance(name, Name)
                return self._cell(name).ctypes.data
            case Bytes():
                item = np.dtype(e.item).itemsize if e.item else 1
                return int(np.prod([int(self.value(n)) for n in e.operands], dtype=object)) * item
            case Parts() | Threads():
                return 1
        raise TypeError(f"{e!r} is nothing that this host computes")

    def _named(self, name: Name) -> Any:
        cell = self.cells.get(name.text)
        if cell is None:
            return self.values[name.text]
        self.fetched += 1
        return cell[0]

    def _cell(self, name: Name) -> Any:
        if name.text not in self.cells:
            self.cells[name.text] = np.zeros(1, name.dtype)
            if name.text in self.values:
                self.cells[name.text][0] = self.values[name.text]
        return self.cells[name.text]

    def _of_given(self, e: Given) -> Any:
        x = self.given[e.index]
        if e.field == "data":
            return x.ctypes.data
        if e.field == "value":
            return x[()]
        return x.shape[e.axis] if e.field == "shape" else x.strides[e.axis] // x.itemsize

    def _operation(self, e: Operation) -> Any:
        first = self.value(e.operands[0])
        if len(e.operands) == 1:
            return not first if e.sign == "!" else -first
        if e.sign in ("&&", "||"):
            is_or = e.sign == "||"
            return is_or if bool(first) == is_or else bool(self.value(e.operands[1]))
        second = self.value(e.operands[1])
        if e.is_pointer:
            return _SIGNS[e.sign](first, int(second) * np.dtype(e.dtype).itemsize)
        if e.sign in "/%":
            quotient = abs(int(first)) // abs(int(second))
            quotient = quotient if (first < 0) == (second < 0) else -quotient
            return quotient if e.sign == "/" else int(first) - quotient * int(second)
        if e.dtype == "int64":
            return _SIGNS[e.sign](int(first), int(second))
        return _SIGNS[e.sign](first, second)

    def array(self, a: Array) -> Any:
        """The memory of an array."""
        lengths = [int(self.value(n)) for n in a.lengths]
        strides = [int(self.value(a.stride(k))) for k in range(a.rank)]
        return array_at(int(self.value(a.pointer)), a.dtype, lengths, strides)

    def set(self, name: Name, value: Any) -> None:
        """Give a name a value."""
        self.values[name.text] = value
        if name.text in self.cells:
            self.cells[name.text][0] = value

    def take(self, buffer: Any, size: int) -> int:
        """Memory for a buffer; it holds no number that anybody wrote."""
        self.memory[buffer] = np.full(max(size, 1) + 64, 0x7F, np.uint8)
        return int(self.memory[buffer].ctypes.data + 63) & ~63

    # Statements
    @singledispatchmethod
    def run(self, one: Statement) -> None:
        """Carry a statement out."""
        raise TypeError(f"{one!r} is nothing that this host carries out")

    @run.register
    def _mark(self, one: Mark) -> None:
        pass

    @run.register
    def _stopped(self, one: CheckStopped) -> None:
        pass

    @run.register
    def _hold(self, one: Hold) -> None:
        pass

    @run.register
    def _let(self, one: Let) -> None:
        self.set(one.name, self.value(one.value))

    @run.register
    def _declare(self, one: Declare) -> None:
        self.cells.pop(one.name.text, None)
        self.values.pop(one.name.text, None)
        if one.value is not None:
            self.set(one.name, self.value(one.value))

    @run.register
    def _assign(self, one: Assign) -> None:
        self.set(one.name, self.value(one.value))

    @run.register
    def _store(self, one: Store) -> None:
        pointer = one.pointer
        at = self.value(pointer) + int(self.value(one.index)) * np.dtype(pointer.dtype).itemsize
        array_at(int(at), pointer.dtype, (1,), (1,))[0] = self.value(one.value)

    @run.register
    def _copy(self, one: Copy) -> None:
        self.array(one.to)[...] = self.array(one.source)

    @run.register
    def _check(self, one: Check) -> None:
        if self.value(one.guard) and not self.value(one.condition):
            raise CheckFailedError(one.node)

    @run.register
    def _take(self, one: Take) -> None:
        size = int(self.value(one.size)) if self.value(one.guard) else 0
        self.set(one.pointer, self.take(one.buffer, size))

    @run.register
    def _give(self, one: Give) -> None:
        self.memory.pop(one.buffer, None)

    @run.register
    def _move(self, one: Move) -> None:
        self.memory[one.to] = self.memory.pop(one.source)
        if one.pointer is not None and one.value is not None:
            self.set(one.pointer, self.value(one.value))

    @run.register
    def _pack(self, one: Pack) -> None:
        a = one.array
        pointer, strides = self.value(a.pointer), [self.value(a.stride(k)) for k in range(a.rank)]
        if self.value(one.guard) and not self.value(one.fits):
            packed = Array(one.pointer, a.dtype, a.lengths)
            count = int(self.value(a.count()))
            pointer = self.take(one.buffer, count * np.dtype(a.dtype).itemsize)
            self.set(one.pointer, pointer)
            self.array(packed)[...] = self.array(a)
            strides = [self.value(packed.stride(k)) for k in range(a.rank)]
        self.set(one.pointer, pointer)
        for name, stride in zip(one.strides, strides, strict=False):
            self.set(name, stride)

    @run.register
    def _if(self, one: If) -> None:
        self.run_all(one.then if self.value(one.condition) else one.otherwise)

    @run.register
    def _steps(self, one: Steps) -> None:
        self.run_all(one.before)
        try:
            for t in range(int(self.value(one.steps))):
                self.set(one.t, t)
                self.run_all(one.body)
        except _LeftError as left:
            if left.args[0] is not one:
                raise

    @run.register
    def _leave(self, one: Leave) -> None:
        if self.value(one.condition):
            self.set(one.taken, self.values[one.loop.t.text] + 1)
            raise _LeftError(one.loop)

    @run.register
    def _deliver(self, one: Deliver) -> None:
        if isinstance(one.value, Array):
            self.results[one.place] = np.array(self.array(one.value))
        else:
            self.results[one.place] = np.asarray(self.value(one.value), one.value.dtype)

    @run.register
    def _callback(self, one: Callback) -> None:
        node = self.function.callbacks[one.index]
        given = [
            np.array(self.array(g)) if isinstance(g, Array) else np.asarray(self.value(g), g.dtype)
            for g in one.given
        ]
        for received, found in zip(one.received, result_of(node, given), strict=True):
            if received.buffer is None:
                self.set(received.name, np.asarray(found)[()])
                continue
            made = np.ascontiguousarray(found)
            pointer = self.take(received.buffer, made.nbytes)
            ctypes.memmove(pointer, made.ctypes.data, made.nbytes)
            self.set(received.name, pointer)
            for name, n in zip(received.lengths, made.shape, strict=True):
                self.set(name, n)

    @run.register
    def _call(self, one: Call) -> None:
        if one.routine not in (COPY_BYTES, MOVE_BYTES):
            raise TypeError(f"{one!r} calls what this device does not have")
        if self.value(one.guard):
            to, source, size = (int(self.value(a)) for a in one.arguments)
            ctypes.memmove(to, source, size)

    @run.register
    def _launch(self, one: Launch) -> None:
        kernel = one.kernel
        lengths = [int(self.value(n)) for n in one.lengths]
        parameters: list[Any] = [ctypes.c_longlong(n) for n in lengths]
        for arguments in one.arguments:
            pointer, *layout = (int(self.value(e)) for e in arguments)
            parameters += [ctypes.c_void_p(pointer), *map(ctypes.c_longlong, layout)]
        for e in one.numbers:
            dtype = np.dtype(e.dtype)
            parameters.append(np.ctypeslib.as_ctypes_type(dtype)(self.value(e)))
        shape = CudaKernel(kernel)
        work = int(np.prod([lengths[a] for a in shape.parallel], dtype=object))
        block = SUMMING_BLOCK if shape.sums else BLOCK
        blocks = work if shape.sums else -(-work // block)
        self.launches += 1
        name = self.names[kernel]
        self.device.launch(name, parameters, min(max(blocks, 1), MOST_BLOCKS), block, self.order)


_SIGNS = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
