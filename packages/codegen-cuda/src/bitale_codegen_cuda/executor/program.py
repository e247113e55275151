"""A function on a device, as it is called."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import numpy as np
from bitale_graph.extend import (
    Apply,
    Explain,
    FunctionMaker,
    StateAccess,
    config,
    give_back,
    raise_with_node,
    result_of,
)
from bitale_graph.plan.host_function import HostFunction

from ..driver.driver import Driver
from ..driver.memory import Memory
from ..kernel.loop_kernel import ACCESS
from .call_values import Delivered, GivenArray
from .live import Live, Spare
from .plan import ONE_PIECE, Addresses, Plan
from .queue import CheckFailedError, NeedsNumberError, RefusedError
from .recorder import SPAN, Recorder, refuse
from .results import collected, collected_live
from .seen_array import SeenArray, seen_by
from .state import DeviceCopy, apart, note_written, on_device
from .strides import packed_strides
from .timer import Timer
from .trace import Trace
from .values import Reducer

# Of so many shapes a function remembers that they come back to the host.
MOST_LIVE_KEYS = 1000


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
    is_live : bool
        Whether the last call was carried out command by command.
    """

    def __init__(
        self, maker: FunctionMaker, host: HostFunction, driver: Driver, most_plans: int
    ) -> None:
        self.maker, self.host, self.driver, self.most_plans = maker, host, driver, most_plans
        self.plans: list[tuple[Any, Plan]] = []
        self.is_live = bool(host.callbacks)
        # The shapes whose calls come back to the host on the way.
        self._live_keys: set[Any] = set()
        self._spare = Spare(driver)
        self._costs: Any = None
        self._timer: Timer | None = None
        if maker.profile is not None and maker.profile.times_nodes:
            from .costs import DeviceCosts  # only where somebody measures

            self._costs = DeviceCosts(host.nodes)
            maker.profile.add_costs(self._costs)
        self._memory: Memory | None = None
        self._n_arguments = len(maker.arguments)
        # Whoever has the lock of a container may ask the device for its value, so this comes last.
        self._access = StateAccess(
            maker.containers, maker.update_targets, maker.name, [driver.lock]
        )
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
                return self._run(given, kept)
            except CheckFailedError as failed:
                (node,), refused = failed.args, None
            except RefusedError as failed:
                node, refused = failed.args
            finally:
                give_back(kept)
        finally:
            give_back(kept)  # where an interrupt came before the first
        self._explain(tuple(map(self._on_host, given)), node, refused=refused)
        raise RuntimeError(
            f"{self.maker.name}: a check failed on {self.driver.name} that does not fail on NumPy: "
            f"{self.host.nodes[node]}"
        )

    def timed(self, args: Sequence[tuple[Any, ...]]) -> Timer:
        """Call the function, and have each of its commands timed."""
        with self.driver.lock:
            self._timer = Timer()
            try:
                for one in args:
                    self(one)
                return self._timer
            finally:
                self._timer = None

    @property
    def _times(self) -> Timer | None:
        """What times the commands of a call, if anything does."""
        return self._costs.timer if self._timer is None and self._costs else self._timer

    def _transfer(self) -> AbstractContextManager[None]:
        return nullcontext() if self._costs is None else self._costs.transfer()

    # Arguments
    def _filtered(self, a: Any, value: Any) -> Any:
        """An argument as an array of its type, where it lies."""
        seen = seen_by(self.driver, value)
        if isinstance(seen, SeenArray) and seen.shape and seen.fits(a.variable.type):
            return seen
        return a.filter(self._on_host(seen))  # which tells what does not fit

    def _on_host(self, value: Any) -> Any:
        return value.read(self.driver) if isinstance(value, SeenArray) else value

    # A call
    def _run(self, given: list[Any], kept: list[Any]) -> list[Any]:
        copies = self._taken(kept, keeps_all=bool(self.host.callbacks))
        results = self._run_on(given, copies, kept)
        if any(isinstance(x, SeenArray) and x.is_foreign for x in given):
            self.driver.synchronize()  # others may write there as soon as the call has ended
        return results

    def _taken(self, kept: list[Any], *, keeps_all: bool) -> list[DeviceCopy]:
        """The state, of which nobody refers to what the call writes to; the device is ours."""
        copies = self._access.take(kept, lambda c: on_device(c, self.driver), keeps_all=keeps_all)
        for target, _ in self._updates:
            copies[target] = apart(self.maker.containers[target], copies[target])
        return copies

    def _run_on(self, given: list[Any], copies: list[DeviceCopy], kept: list[Any]) -> list[Any]:
        key = self._key(given, copies)
        self.is_live = bool(self.host.callbacks) or key in self._live_keys
        if not self.is_live:
            evaluate = Reducer(lambda e: given[e.index][()], refuse)
            plan = self._found(key, evaluate)
            try:
                if plan is None:
                    plan = self._traced(key, given, copies)
                return self._replay(plan, given, copies, evaluate)
            except NeedsNumberError:
                self.is_live = True
            if len(self._live_keys) >= MOST_LIVE_KEYS:
                self._live_keys.clear()
            self._live_keys.add(key)
            give_back(kept)
            kept.append(None)
            copies = self._taken(kept, keeps_all=True)
        return self._run_live(given, copies)

    def _key(self, given: list[Any], copies: list[DeviceCopy]) -> Any:
        shapes = [
            (x.shape, x.strides, _offset(x)) if isinstance(x, SeenArray) else x.shape for x in given
        ]
        return (*shapes, *(c.shape for c in copies), config.cuda_precision)

    def _found(self, key: Any, evaluate: Reducer) -> Plan | None:
        for i in range(len(self.plans) - 1, -1, -1):
            found, plan = self.plans[i]
            if found == key and plan.holds(evaluate):
                if i < len(self.plans) - 1:
                    self.plans.append(self.plans.pop(i))
                return plan
        return None

    def _traced(self, key: Any, given: list[Any], copies: list[DeviceCopy]) -> Plan:
        # Behind what the host code is given: for each update new memory, and where it is told of.
        n_host = len(given) + len(copies) + len(self._constants)
        n_given = n_host + 2 * len(self._updates)
        recorder = Recorder(n_given, lambda e: given[e.index][()])
        places = [recorder.given_address(i) for i in range(n_given)]
        for i, x in enumerate(given):
            places[i] += _offset(x) if isinstance(x, SeenArray) else 0
        trace = Trace(
            self.host, self._described(given, copies, places), recorder, self.driver.properties
        )
        trace.run_all(self.host.statements)
        fresh = self._of_other_lengths(trace.results, copies)
        told = {j: (places[n_host + 2 * j], places[n_host + 2 * j + 1]) for j in fresh}
        self._store_updates(trace, copies, places, told)
        used = recorder.mentioned
        uploaded = {
            i: x.nbytes for i, x in enumerate(given) if not isinstance(x, SeenArray) and i in used
        }
        # Those that are read together lie side by side.
        stays = self.maker.on_device
        outputs = sorted(range(self.maker.n_outputs), key=lambda k: k in stays)
        wanted = [self._places[k] for k in outputs]
        plan = Plan(self.driver, recorder, trace.results, uploaded, n_given, wanted)
        plan.has_conditions = trace.has_conditions
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
        for i, (x, place) in enumerate(zip(everything, places, strict=False)):
            is_number = i < len(given) and x.shape == () and not isinstance(x, SeenArray)
            strides = x.strides if isinstance(x, SeenArray) else packed_strides(x.shape)
            found.append(GivenArray(x.shape, strides, None if is_number else place))
        return found

    def _of_other_lengths(
        self, results: dict[int, Delivered], copies: list[DeviceCopy]
    ) -> dict[int, tuple[int, ...]]:
        """The updates whose values have other lengths than before, and these."""
        found = {}
        for j, (target, place) in enumerate(self._updates):
            if place is not None and results[place].shape != copies[target].shape:
                found[j] = results[place].shape
        return found

    def _store_updates(
        self,
        trace: Trace,
        copies: list[DeviceCopy],
        places: list[int],
        fresh: dict[int, tuple[int, int]],
    ) -> None:
        """Let new values that were computed aside lie where their shared variables do.

        Those of other lengths lie at an address of their own, and another one has then a 1.
        """
        for j, (target, place) in enumerate(self._updates):
            if place is None:
                continue
            made, copy = trace.results[place], copies[target]
            to, told = fresh.get(j, (places[self._n_arguments + target], 0))
            if made.address is None:
                trace.store(to, made.value, made.dtype)
            else:
                size = int(np.prod(made.shape, dtype=object)) * copy.dtype.itemsize
                trace.launcher.copy_bytes(to, made.address, size)
            if told:
                trace.store(told, 1, "int32")

    def _expected(
        self, lengths: dict[int, tuple[int, ...]], copies: list[DeviceCopy]
    ) -> dict[int, DeviceCopy]:
        """Memory for updates of other lengths; raises before anything has changed."""
        made = {}
        for j, shape in lengths.items():
            copy = copies[self._updates[j][0]]
            try:
                made[j] = DeviceCopy(self.driver, shape, copy.dtype)
            except MemoryError as error:
                raise MemoryError(
                    f"{self.maker.name}: the new value of a shared variable has {copy.dtype} of "
                    f"shape {shape}: {error}"
                ) from None
        return made

    def _note_updates(self, copies: list[DeviceCopy], fresh: dict[int, DeviceCopy]) -> None:
        """Tell, before they are made, that the device has the newest values.

        If a check fails, or an interrupt comes first, it has the old ones.
        """
        for j, (target, _) in enumerate(self._updates):
            note_written(self.maker.containers[target], fresh.get(j, copies[target]))

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
                where[i] = x.address - _offset(x)
        with self._transfer():
            self._upload(plan, base, given)
        numbers = tuple(x[()] for x in given if not isinstance(x, SeenArray) and x.ndim == 0)
        fresh = self._expected(self._of_other_lengths(plan.results, copies), copies)
        n_host = start + len(self._constants)
        for j, new in fresh.items():
            where[n_host + 2 * j] = new.address
            where[n_host + 2 * j + 1] = new.expect(copies[self._updates[j][0]])
        self._note_updates(copies, fresh)
        plan.run(Addresses(base, driver.tickets, where), numbers, evaluate, self._times)
        if self._costs is not None:
            self._costs.note_memory(plan)
        wanted = [plan.results[self._places[k]] for k in range(self.maker.n_outputs)]
        with self._transfer():
            results = collected(plan, base, wanted, self.maker.on_device, evaluate)
        for new in fresh.values():
            new.before = None
        return results

    def _ensure(self, plan: Plan) -> int:
        """Have memory for a plan; all plans of a function use the same, one after the other."""
        if self._memory is None or plan.layout.size > self._memory.size:
            self._memory = None
            try:
                self._memory = Memory(self.driver, plan.layout.size)
            except MemoryError as error:
                if plan.has_conditions:  # perhaps what needs it is never done
                    raise NeedsNumberError(str(error)) from None
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

    # A call that comes back to the host on the way
    def _run_live(self, given: list[Any], copies: list[DeviceCopy]) -> list[Any]:
        driver = self.driver
        live = Live(driver, driver.tickets, lambda e: given[e.index][()], self._spare, self._times)
        written = {target for target, _ in self._updates}
        read = [copy for i, copy in enumerate(copies) if i not in written]
        try:
            for copy in read:
                copy.readers += 1  # a callback may update it meanwhile: elsewhere
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
            lengths = self._of_other_lengths(trace.results, copies)
            fresh = self._expected(lengths, copies)
            if not live.is_held:
                live.hold()
            told = {
                j: (new.address, new.expect(copies[self._updates[j][0]]))
                for j, new in fresh.items()
            }
            self._store_updates(trace, copies, places, told)
            self._note_updates(copies, fresh)
            live.finish()
            wanted = [trace.results[self._places[k]] for k in range(self.maker.n_outputs)]
            with self._transfer():
                return collected_live(live, wanted, self.maker.on_device)
        finally:
            live.close()
            for copy in read:
                copy.readers -= 1

    def _run_node(self, node: Apply, arrays: list[Any]) -> list[Any]:
        try:
            with nullcontext() if self._costs is None else self._costs.python(node):
                return result_of(node, arrays)
        except Exception as error:  # noqa: BLE001 (raised again, with the node)
            raise_with_node(error, node, arrays, self.maker.fgraph)

    def __del__(self, _ends: Any = sys.is_finalizing) -> None:
        if not _ends():
            for _, plan in getattr(self, "plans", ()):
                plan.close()


def _offset(x: SeenArray) -> int:
    """How far behind the start of its region an array begins.

    Strides lead to either side of there, and kernels ask whether it is aligned.
    """
    return SPAN // 2 + x.address % ACCESS
