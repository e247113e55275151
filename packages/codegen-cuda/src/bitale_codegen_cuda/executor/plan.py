"""A plan: the commands of one call for given shapes, with memory of their own, ready to be run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ..driver.commands import Command, Launch
from ..driver.driver import Driver, Graph
from .arena import Arena, placed, rounded
from .call_values import Delivered
from .recorder import SPAN, Recorder, addresses, region_of, relocated, varying
from .timer import Timer
from .values import Reducer

# Results up to so many bytes in all leave the device in one piece.
ONE_PIECE = 1 << 20
# So many commands are no worse off one by one than in a graph.
FEW = 2


@dataclass(frozen=True)
class Layout:
    """Where the memory of a plan lies, counted from its beginning.

    Attributes
    ----------
    inputs : dict
        For each argument that a call uploads.
    outputs : dict
        For each region that holds a result; the status is the first.
    arena : Arena
    arena_start, size : int
    """

    inputs: dict[int, int]
    outputs: dict[int, int]
    arena: Arena
    arena_start: int
    size: int


@dataclass(frozen=True)
class Addresses:
    """Where things lie in a call.

    Attributes
    ----------
    base : int
        The memory of the plan.
    tickets : int
    given : dict
        From the number of an argument, shared variable or constant to its address, where that is
        not in the memory of the plan.
    """

    base: int
    tickets: int
    given: dict[int, int]


class Plan:
    """What one trace has found.

    Parameters
    ----------
    driver : Driver
    recorder : Recorder
    results : dict
        `Delivered` by place.
    uploaded : dict
        How many bytes each argument has that a call uploads, by its number.
    n_given : int
        How many arrays a call passes.
    wanted : sequence of int
        The places of the results that leave the device.
    """

    def __init__(
        self,
        driver: Driver,
        recorder: Recorder,
        results: dict[int, Delivered],
        uploaded: dict[int, int],
        n_given: int,
        wanted: Sequence[int],
    ) -> None:
        self.driver, self.results = driver, results
        self.guards = list(recorder.guards)
        self.nodes = recorder.nodes
        self.regions = recorder.regions
        self.commands = recorder.commands
        self.texts = {name: text.source for name, text in recorder.texts.items()}
        self.status = region_of(recorder.status)[0] if recorder.has_status else None
        self.tickets = recorder.ticket_region
        self.n_given = n_given
        self.layout = self._laid_out(uploaded, wanted)
        self._varying = [i for i, one in enumerate(self.commands) if varying(one)]
        self._users: dict[int, list[int]] = {}
        for i, one in enumerate(self.commands):
            for region in dict.fromkeys(region_of(a)[0] for a in addresses(one) if a):
                if region < n_given:
                    self._users.setdefault(region, []).append(i)
        self.has_conditions = False
        self._bound: list[Command] = []
        self._found: dict[int, int] = {}
        self._where: Addresses | None = None
        self._numbers: tuple[Any, ...] | None = None
        self._graph: Graph | None = None
        self._runs = 0

    def _laid_out(self, uploaded: dict[int, int], wanted: Sequence[int]) -> Layout:
        at = 0
        inputs, outputs = {}, {}
        for i, size in uploaded.items():
            inputs[i] = at
            at += rounded(max(size, 1))
        own = list(enumerate(self.regions))[self.n_given :]
        leaving = [self.results[place].address for place in wanted]
        regions = [region_of(a)[0] for a in leaving if a is not None]
        regions.sort(key=lambda k: self.regions[k].size > ONE_PIECE)
        for k in dict.fromkeys(regions if self.status is None else [self.status, *regions]):
            outputs[k] = at
            at += rounded(max(self.regions[k].size, 1))
        rest = [(k, one) for k, one in own if k not in outputs and k != self.tickets]
        arena = placed(rest, len(self.commands))
        return Layout(inputs, outputs, arena, at, at + arena.size)

    def holds(self, evaluate: Reducer) -> bool:
        """Whether what was taken for granted is so in another call."""
        return all(evaluate(one.condition) == one.value for one in self.guards)

    def region_of(self, address: Any) -> int:
        """The number of the region of an address of the trace."""
        return region_of(address)[0]

    def real_address(self, address: int) -> int:
        """Where something of the trace lies since the last run."""
        return self._real(address)

    def compile(self) -> None:
        """Make the kernels known to the device."""
        self.driver.compile(self.texts)

    def run(
        self,
        where: Addresses,
        numbers: tuple[Any, ...],
        evaluate: Reducer,
        timer: Timer | None = None,
    ) -> None:
        """Start the commands on memory at given addresses.

        Parameters
        ----------
        where : Addresses
        numbers : tuple
            What the call passes as numbers.
        evaluate : Reducer
            Knows them.
        timer : Timer or None
            Has each command timed, which are then carried out one by one.
        """
        self._bind(where, numbers, evaluate)
        if timer is not None:
            timer.run(self.driver, self._bound, self.nodes)
            return
        self._runs += 1
        if len(self._bound) <= FEW or self._runs == 1:
            self.driver.run(self._bound)
            return
        if self._graph is None:
            self._graph = self.driver.graph(self._bound)
        self._graph.launch()

    def _bind(self, where: Addresses, numbers: tuple[Any, ...], evaluate: Reducer) -> None:
        """Change the commands that refer to what lies elsewhere than in the call before."""
        was = self._where
        changed: list[int] = []
        if was is None or (was.base, was.tickets) != (where.base, where.tickets):
            self._found = self._regions_at(where)
            changed = list(range(len(self.commands)))
            self._bound = self._bound or list(self.commands)
        elif was.given != where.given:
            moved = [k for k, at in where.given.items() if was.given[k] != at]
            self._found.update(where.given)
            changed = list(dict.fromkeys(i for k in moved for i in self._users.get(k, ())))
        if numbers != self._numbers:
            changed = list(dict.fromkeys([*changed, *self._varying]))
        self._where, self._numbers = where, numbers
        for i in changed:
            made = relocated(self.commands[i], self._real, evaluate)
            if made == self._bound[i]:
                continue
            self._bound[i] = made
            if self._graph is not None:
                if isinstance(made, Launch):
                    self._graph.update(i, made)
                else:  # what a library put into the graph cannot be changed
                    self.close()

    def _real(self, address: int) -> int:
        number = address // SPAN - 1
        return self._found[number] + address % SPAN if number >= 0 else address

    def _regions_at(self, where: Addresses) -> dict[int, int]:
        layout = self.layout
        ends = (*layout.inputs.items(), *layout.outputs.items())
        start = where.base + layout.arena_start
        found = {k: where.base + at for k, at in ends}
        found.update((k, start + at) for k, at in layout.arena.offsets.items())
        if self.tickets is not None:
            found[self.tickets] = where.tickets
        found.update(where.given)
        return found

    def close(self) -> None:
        """Give back what the driver keeps for it."""
        if self._graph is not None:
            self._graph.close()
            self._graph = None
