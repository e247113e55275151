"""A function on a device, as it is called."""

from __future__ import annotations

import sys
from typing import Any

import numpy as np
from bitale_graph.extend import (
    Apply,
    Explain,
    FunctionMaker,
    StateAccess,
    give_back,
    raise_with_node,
    result_of,
)
from bitale_graph.plan.expressions import Expression
from bitale_graph.plan.host_function import HostFunction

from ..driver.driver import Driver
from ..driver.memory import Memory
from .device_array import SeenArray, seen_on_device
from .live import Live
from .plan import Addresses, Plan
from .queue import NeedsNumberError
from .recorder import Recorder
from .state import DeviceCopy, note_written, on_device, replace
from .trace import CheckFailedError, Delivered, GivenArray, Trace
from .values import Reducer

# Results up to so many bytes in all leave the device in one piece.
ONE_PIECE = 1 << 20


class CudaProgram:
    """A linked function: called with the arguments, it gives the outputs and makes the updates.

    Parameters
    ----------
    maker : FunctionMaker
    host : HostFunction
    driver : Driver
    most_plans : int
        How many plans are kept, for so many different shapes; the one used last is kept longest.

    Attributes
    ----------
    plans : list of (key, Plan)
        The one that was used last at the end.
    """

    def __init__(
        self, maker: FunctionMaker, host: HostFunction, driver: Driver, most_plans: int
    ) -> None:
        self.maker, self.host, self.driver, self.most_plans = maker, host, driver, most_plans
        self.plans: list[tuple[Any, Plan]] = []
        self.is_live = bool(host.callbacks)
        self._memory: Memory | None = None
        self._n_arguments = len(maker.arguments)
        self._access = StateAccess(maker.containers, maker.update_targets, maker.name)
        self._constants = [np.ascontiguousarray(c.data) for c in host.constants]
        self._constant_memory: list[Memory] = []
        self._explain = Explain(maker, lambda: host.nodes)
        n = maker.n_outputs
        graph = maker.fgraph
        delivered = [k for k in range(len(graph.outputs)) if k not in host.in_place]
        self._places = {k: place for place, k in enumerate(delivered)}
        # For each update the container, and the place of its value or None where it is written.
        self._updates = [
            (target, self._places.get(n + k)) for k, target in enumerate(maker.update_targets)
        ]

    def __call__(self, args: tuple[Any, ...]) -> list[Any]:
        """Check the arguments, run, make the updates together, and give the outputs."""
        given = [self._filtered(a, x) for a, x in zip(self.maker.arguments, args, strict=True)]
        kept: list[Any] = [None]
        try:
            try:
                with self.driver.lock:
                    return self._run(given, kept)
            except CheckFailedError as failed:
                node = failed.args[0]
            finally:
                give_back(kept)
        finally:
            give_back(kept)  # where an interrupt came before the first
        self._explain(tuple(map(_on_host, args)), node)
        raise RuntimeError(
            f"{self.maker.name}: a check failed on {self.driver.name} that does not fail on NumPy: "
            f"{self.host.nodes[node]}"
        )

    # Arguments
    def _filtered(self, a: Any, value: Any) -> Any:
        """An argument as an array of its type, where it lies."""
        seen = seen_on_device(value)
        if seen is None:
            return a.filter(value)
        type = a.variable.type
        if seen.dtype != type.dtype or len(seen.shape) != type.ndim or not seen.shape:
            return a.filter(np.asarray(_on_host(value)))
        for n, m in zip(seen.shape, type.shape, strict=True):
            if m not in (None, n):
                return a.filter(np.asarray(_on_host(value)))  # which tells what does not fit
        if seen.stream:
            self.driver.wait_for(seen.stream)
        return seen

    # A call
    def _run(self, given: list[Any], kept: list[Any]) -> list[Any]:
        copies = self._access.take(
            kept, lambda c: on_device(c, self.driver), keeps_all=self.is_live
        )
        if not self.is_live:
            key = self._key(given, copies)
            evaluate = Reducer(lambda e: given[e.index][()], _refuse)
            plan = self._found(key, evaluate)
            try:
                if plan is None:
                    plan = self._traced(key, given, copies)
                return self._replay(plan, given, copies, evaluate)
            except NeedsNumberError:
                self.is_live = True
            give_back(kept)
            kept.append(None)
            copies = self._access.take(
                kept, lambda c: on_device(c, self.driver), keeps_all=self.is_live
            )
        return self._run_live(given, copies)

    def _key(self, given: list[Any], copies: list[DeviceCopy]) -> Any:
        shapes = [(x.shape, x.strides) if isinstance(x, SeenArray) else x.shape for x in given]
        return (*shapes, *(c.shape for c in copies))

    def _found(self, key: Any, evaluate: Reducer) -> Plan | None:
        for i in range(len(self.plans) - 1, -1, -1):
            found, plan = self.plans[i]
            if found == key and plan.holds(evaluate):
                if i < len(self.plans) - 1:
                    self.plans.append(self.plans.pop(i))
                return plan
        return None

    def _traced(self, key: Any, given: list[Any], copies: list[DeviceCopy]) -> Plan:
        n_given = len(given) + len(copies) + len(self._constants)
        recorder = Recorder(n_given, lambda e: given[e.index][()])
        places = [recorder.given_address(i) for i in range(n_given)]
        trace = Trace(
            self.host, self._described(given, copies, places), recorder, self.driver.properties
        )
        trace.run_all(self.host.statements)
        self._store_updates(trace, copies, places)
        used = recorder.mentioned
        uploaded = {
            i: x.nbytes for i, x in enumerate(given) if not isinstance(x, SeenArray) and i in used
        }
        wanted = [self._places[k] for k in range(self.maker.n_outputs)]
        plan = Plan(self.driver, recorder, trace.results, uploaded, n_given, wanted)
        plan.compile()
        self.plans.append((key, plan))
        while len(self.plans) > self.most_plans:
            self.plans.pop(0)[1].close()
        return plan

    def _described(
        self, given: list[Any], copies: list[DeviceCopy], places: list[int]
    ) -> list[GivenArray]:
        """All that the host code is given; numbers among the arguments stay on the host."""
        found = []
        everything = [*given, *copies, *self._constants]
        for i, (x, place) in enumerate(zip(everything, places, strict=True)):
            is_number = i < len(given) and x.shape == () and not isinstance(x, SeenArray)
            strides = x.strides if isinstance(x, SeenArray) else _packed(x.shape)
            found.append(GivenArray(x.shape, strides, None if is_number else place))
        return found

    def _store_updates(self, trace: Trace, copies: list[DeviceCopy], places: list[int]) -> None:
        """Let new values that were computed aside lie where their shared variables do."""
        for target, place in self._updates:
            if place is None:
                continue
            made, copy = trace.results[place], copies[target]
            to = places[self._n_arguments + target]
            if made.address is None:
                trace.store(to, made.value, made.dtype)
            elif made.shape == copy.shape:
                size = int(np.prod(made.shape, dtype=object)) * copy.dtype.itemsize
                trace.launcher.copy_bytes(to, made.address, size)

    def _replay(
        self, plan: Plan, given: list[Any], copies: list[DeviceCopy], evaluate: Reducer
    ) -> list[Any]:
        driver = self.driver
        base = self._ensure(plan)
        where = {len(given) + i: c.address for i, c in enumerate(copies)}
        start = len(given) + len(copies)
        where.update(zip(range(start, start + len(self._constants)), self._placed(), strict=True))
        for i, x in enumerate(given):
            if isinstance(x, SeenArray):
                where[i] = x.address
        self._upload(plan, base, given)
        numbers = tuple(x[()] for x in given if not isinstance(x, SeenArray) and x.ndim == 0)
        plan.run(Addresses(base, driver.tickets, where), numbers, evaluate)
        results = self._collected(plan, base, evaluate)
        self._note_updates(plan.results, copies, lambda made: plan.real_address(made.address))
        return results

    def _ensure(self, plan: Plan) -> int:
        """Have memory for a plan; all plans of a function use the same, one after the other."""
        if self._memory is None or plan.layout.size > self._memory.size:
            self._memory = None
            try:
                self._memory = Memory(self.driver, plan.layout.size)
            except MemoryError as error:
                raise MemoryError(self._want_of_memory(plan, error)) from None
        return self._memory.address

    def _want_of_memory(self, plan: Plan, error: MemoryError) -> str:
        largest = sorted(plan.regions[plan.n_given :], key=lambda one: -one.size)[:10]
        nodes = self.host.nodes
        told = "".join(f"\n  {one.size} bytes for {nodes[one.node]}" for one in largest if one.size)
        return (
            f"{self.maker.name} needs {plan.layout.size} bytes on {self.driver.name}: {error}\n"
            f"its largest buffers are{told}\n  hint: smaller batches, or fewer plans of other "
            "functions"
        )

    def _placed(self) -> list[int]:
        """The addresses of the constants, which are uploaded once."""
        if not self._constant_memory and self._constants:
            made = [Memory(self.driver, one.nbytes) for one in self._constants]
            for memory, one in zip(made, self._constants, strict=True):
                memory.upload(one)
            self._constant_memory = made
        return [memory.address for memory in self._constant_memory]

    def _upload(self, plan: Plan, base: int, given: list[Any]) -> None:
        """Bring the arguments to the device: small ones in one piece."""
        places = plan.layout.inputs
        if not places:
            return
        small = [i for i in places if given[i].nbytes <= ONE_PIECE]
        end = max((places[i] + given[i].nbytes for i in small), default=0)
        if len(small) > 1 and end <= ONE_PIECE:
            block = np.zeros(end, np.uint8)
            for i in small:
                at = places[i]
                flat = np.ascontiguousarray(given[i]).reshape(-1).view(np.uint8)
                block[at : at + flat.size] = flat
            self.driver.upload(base, block)
            places = {i: at for i, at in places.items() if i not in small}
        for i, at in places.items():
            if given[i].size:
                self.driver.upload(base + at, np.ascontiguousarray(given[i]))

    def _collected(self, plan: Plan, base: int, evaluate: Reducer) -> list[Any]:
        """The results as arrays of the host; raises if a check has failed."""
        outputs = plan.layout.outputs
        wanted = [plan.results[self._places[k]] for k in range(self.maker.n_outputs)]
        lasting = [plan.region_of(one.address) for one in wanted if one.address is not None]
        if plan.status is not None:
            lasting.append(plan.status)
        ends = [outputs[k] + plan.regions[k].size for k in lasting]
        begin = min((outputs[k] for k in lasting), default=0)
        block = None
        if ends and max(ends) - begin <= ONE_PIECE:
            block = np.empty(max(ends) - begin, np.uint8)
            self.driver.download(block, base + begin)

        def fetched(region: int, dtype: str, shape: tuple[int, ...]) -> Any:
            made = np.empty(shape, dtype)
            if block is not None:
                at = outputs[region] - begin
                made.reshape(-1).view(np.uint8)[...] = block[at : at + made.nbytes]
            elif made.size:
                self.driver.download(made, base + outputs[region])
            return made

        if plan.status is not None:
            code = int(fetched(plan.status, "int32", ()))
            if code:
                raise CheckFailedError(code - 1)
        elif not wanted:
            self.driver.synchronize()
        return [
            fetched(plan.region_of(one.address), one.dtype, one.shape)
            if one.address is not None
            else _number(one, evaluate)
            for one in wanted
        ]

    def _note_updates(
        self, results: dict[int, Delivered], copies: list[DeviceCopy], real: Any
    ) -> None:
        containers = self.maker.containers
        for target, place in self._updates:
            made = None if place is None else results[place]
            if made is not None and made.address is not None and made.shape != copies[target].shape:
                replace(containers[target], self.driver, real(made), made.shape)
            else:
                note_written(containers[target], copies[target])

    # A call that comes back to the host on the way
    def _run_live(self, given: list[Any], copies: list[DeviceCopy]) -> list[Any]:
        driver = self.driver
        live = Live(driver, driver.tickets, lambda e: given[e.index][()])
        try:
            places = []
            for x in given:
                if isinstance(x, SeenArray):
                    places.append(x.address)
                    continue
                places.append(live.take(x.nbytes))
                if x.size:
                    driver.upload(places[-1], np.ascontiguousarray(x))
            places += [*(c.address for c in copies), *self._placed()]
            described = self._described(given, copies, places)
            trace = Trace(self.host, described, live, driver.properties, self._run_node)
            trace.run_all(self.host.statements)
            self._store_updates(trace, copies, places)
            live.check()
            results = []
            for k in range(self.maker.n_outputs):
                one = trace.results[self._places[k]]
                if one.address is None:
                    results.append(_number(one, live.evaluate))
                else:
                    results.append(live.read(one.address, one.dtype, one.shape, _packed(one.shape)))
            self._note_updates(trace.results, copies, lambda made: made.address)
            return results
        finally:
            live.close()

    def _run_node(self, node: Apply, arrays: list[Any]) -> list[Any]:
        try:
            return result_of(node, arrays)
        except Exception as error:  # noqa: BLE001 (raised again, with the node)
            raise_with_node(error, node, arrays, self.maker.fgraph)

    def __del__(self) -> None:
        if not sys.is_finalizing():
            for _, plan in getattr(self, "plans", ()):
                plan.close()


def _packed(shape: tuple[int, ...]) -> tuple[int, ...]:
    """The strides of a C-contiguous array, in elements."""
    strides, size = [], 1
    for n in reversed(shape):
        strides.append(size)
        size *= n
    return tuple(reversed(strides))


def _number(one: Delivered, evaluate: Reducer) -> Any:
    value = evaluate(one.value) if isinstance(one.value, Expression) else one.value
    return np.asarray(value, one.dtype)


def _on_host(value: Any) -> Any:
    """What is passed to a call as NumPy has it."""
    if seen_on_device(value) is None:
        return value
    return np.asarray(value.get()) if hasattr(value, "get") else np.asarray(value)


def _refuse(e: Expression) -> Any:
    raise TypeError(f"{e!r} varies within one call")
