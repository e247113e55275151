"""`ProfileStats`: what calls of one or more functions took, and how long they took to make."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import IO, Any

from ..base.config import config
from ..core.graph import Apply
from . import at_exit
from .costs import LOCK, Costs, Nesting, NodeCost, TimedNodes
from .grouping import Group, class_name, groups, line_of, summed
from .loops import ScanProfileStats, loops_of, total_times
from .measured import Measured
from .passes import PassCost, TimedPasses
from .printers import call_printers
from .tables import (
    of_functions,
    of_groups,
    of_memory,
    of_nodes,
    of_passes,
    of_process,
    tips,
    write,
)


class ProfileStats:
    """What functions took that are made with ``profile=``; `summary` tells it in tables.

    Parameters
    ----------
    atexit_print : bool
        Whether it is printed when Python ends, if there were calls.
    flag_time_thunks : bool, optional
        Whether nodes are timed, and not calls alone; by default ``config.profiling.time_thunks``.
    gpu_checks : bool
        Accepted for Theano's sake.
    message : str
        A title, for those who read it.

    Attributes
    ----------
    fct_callcount : int
        How often the functions were called.
    fct_call_time : float
        In seconds, as all of the following times: of the calls, with all that they do.
    compile_time : float
        To make the functions.
    phases : dict of str to float
        The parts of that: rewriting, lowering, compiling, linking.
    passes : dict of str to PassCost
        Of the rewriter.
    nb_nodes : int
        In the rewritten graphs.
    """

    def __init__(
        self,
        atexit_print: bool = True,
        flag_time_thunks: bool | None = None,
        gpu_checks: bool = True,
        *,
        message: str = "",
    ) -> None:
        self.message = message
        self.atexit_print = atexit_print
        self.times_nodes = (
            config.profiling.time_thunks if flag_time_thunks is None else flag_time_thunks
        )
        self.fct_callcount = 0
        self.fct_call_time = 0.0
        self.compile_time = 0.0
        self.phases: dict[str, float] = {}
        self.passes: dict[str, PassCost] = {}
        self.nb_nodes = 0
        self._costs: list[Costs] = []
        self._nesting = Nesting()
        self._ignores_next = bool(config.profiling.ignore_first_call)

    # What those tell who make and call functions
    def phase(self, name: str) -> AbstractContextManager[None]:
        """Add the time of a block to a phase; the phases in it are not counted twice."""

        def add(seconds: float) -> None:
            self.phases[name] = self.phases.get(name, 0.0) + seconds

        return self._nesting.timed(add)

    def add_costs(self, costs: Costs) -> None:
        """Count what the nodes of an executable take."""
        self._costs.append(costs)

    def watch_passes(self) -> TimedPasses:
        """What is attached to a graph that is rewritten."""
        return TimedPasses(self.passes)

    def watch_nodes(self) -> TimedNodes | None:
        """What times the nodes that NumPy runs, if they are timed."""
        if not self.times_nodes:
            return None
        made = TimedNodes()
        self.add_costs(made)
        return made

    def measured(self, executable: Callable[..., list[Any]], nodes: int) -> Measured:
        """An executable whose calls are timed."""
        self.nb_nodes += nodes
        at_exit.remember(self)
        return Measured(executable, self.count)

    def count(self, seconds: float) -> None:
        """Add a call."""
        if self._ignores_next:
            self._ignores_next = False
            self.reset()
            return
        with LOCK:
            self.fct_callcount += 1
            self.fct_call_time += seconds

    def reset(self) -> None:
        """Forget the calls so far, as before what is of interest begins."""
        with LOCK:
            self.fct_callcount, self.fct_call_time = 0, 0.0
            for costs in self._costs:
                costs.clear()

    def __add__(self, other: ProfileStats) -> ProfileStats:
        """What the functions of both took, as they stand; it is not printed at exit by itself."""
        made = ProfileStats(atexit_print=False, message=f"{self.message} + {other.message}")
        for one in (self, other):
            made.fct_callcount += one.fct_callcount
            made.fct_call_time += one.fct_call_time
            made.compile_time += one.compile_time
            made.nb_nodes += one.nb_nodes
            made._costs += one._costs
            for name, seconds in one.phases.items():
                made.phases[name] = made.phases.get(name, 0.0) + seconds
            for name, cost in one.passes.items():
                made.passes.setdefault(name, PassCost(name)).add(cost)
        return made

    # What it tells
    @property
    def rewriter_time(self) -> float:
        """Seconds to rewrite the graphs."""
        return self.phases.get("rewriting", 0.0)

    @property
    def optimizer_time(self) -> float:
        """Theano's name for `rewriter_time`."""
        return self.rewriter_time

    @property
    def linker_time(self) -> float:
        """Seconds for what comes after rewriting: code, its compiler, loading."""
        return sum(s for name, s in self.phases.items() if name != "rewriting")

    @property
    def vm_call_time(self) -> float:
        """Seconds of the calls without checks of arguments and making of results."""
        return sum(one.seconds for one in self._costs)

    @property
    def transfer_time(self) -> float:
        """Seconds to copy arguments to a device, and results from it."""
        return sum(one.transfers for one in self._costs)

    @property
    def peak_memory(self) -> int:
        """The most bytes that what is computed in one call had at a time."""
        return max((one.peak for one in self._costs), default=0)

    def node_costs(self) -> list[NodeCost]:
        """What each node took, those first that took longest."""
        return sorted((c for one in self._costs for c in one), key=lambda c: -c.seconds)

    @property
    def apply_time(self) -> dict[Apply, float]:
        """Seconds by node; of loops and branches without what runs in them."""
        return {c.node: c.seconds for c in self.node_costs()}

    @property
    def apply_callcount(self) -> dict[Apply, int]:
        """How often each node ran."""
        return {c.node: c.calls for c in self.node_costs()}

    @property
    def apply_cimpl(self) -> dict[Apply, bool]:
        """Whether each node ran in machine code."""
        return {c.node: c.kind != "Py" for c in self.node_costs()}

    def by_class(self) -> list[Group]:
        """What the nodes of each class of op took together."""
        return groups(self.node_costs(), lambda c: class_name(type(c.node.op)))

    def by_op(self) -> list[Group]:
        """What the nodes of each op took together."""
        return groups(self.node_costs(), lambda c: str(c.node.op))

    def by_line(self) -> list[Group]:
        """What the nodes took that were written in each line; a fused loop counts for its last."""
        return groups(self.node_costs(), lambda c: line_of(c.node))

    def by_kind(self) -> list[Group]:
        """What machine code, Python and a GPU took."""
        return groups(self.node_costs(), lambda c: c.kind)

    def _calls(self) -> Group:
        name = "(no node: arguments, results, the call itself)"
        return Group(name, "call", self.fct_call_time, self.fct_callcount)

    def class_time(self) -> dict[type, float]:
        """Seconds by class of op."""
        return summed(self.node_costs(), lambda c: type(c.node.op), lambda c: c.seconds)

    def class_callcount(self) -> dict[type, int]:
        """How often nodes of each class ran."""
        return summed(self.node_costs(), lambda c: type(c.node.op), lambda c: c.calls)

    def class_nodes(self) -> dict[type, int]:
        """How many nodes of each class ran."""
        return summed(self.node_costs(), lambda c: type(c.node.op), lambda c: 1)

    def op_time(self) -> dict[Any, float]:
        """Seconds by op."""
        return summed(self.node_costs(), lambda c: c.node.op, lambda c: c.seconds)

    def op_callcount(self) -> dict[Any, int]:
        """How often nodes of each op ran."""
        return summed(self.node_costs(), lambda c: c.node.op, lambda c: c.calls)

    def op_nodes(self) -> dict[Any, int]:
        """How many nodes of each op ran."""
        return summed(self.node_costs(), lambda c: c.node.op, lambda c: 1)

    def compute_total_times(self) -> dict[Apply, float]:
        """Seconds by node, with all nodes that each needs."""
        return total_times(self.apply_time)

    def loops(self) -> list[ScanProfileStats]:
        """A profile for each loop that ran, those first that took longest."""
        return loops_of(self.node_costs())

    # As text
    def summary(
        self,
        file: IO[str] | None = None,
        n_ops_to_print: int | None = None,
        n_apply_to_print: int | None = None,
    ) -> None:
        """Write all tables.

        Parameters
        ----------
        file : text file, optional
            By default ``sys.stderr``.
        n_ops_to_print, n_apply_to_print : int, optional
            How many rows tables have; by default ``config.profiling.n_ops`` and ``n_apply``.
        """
        self.summary_function(file)
        if self.fct_callcount and self.node_costs():
            self.summary_lines(file, n_ops_to_print)
            self.summary_class(file, n_ops_to_print)
            self.summary_ops(file, n_ops_to_print)
            self.summary_nodes(file, n_apply_to_print)
            if config.profile_memory:
                self.summary_memory(file, n_apply_to_print)
            for loop in self.loops():
                loop.summary(file, n_apply_to_print)
        if config.profile_optimizer:
            self.summary_rewriter(file)
        call_printers(self, file)
        self.print_tips(file)

    def summary_function(self, file: IO[str] | None = None) -> None:
        """Write how often the functions were called, what that took, and what making them did."""
        write(file, of_functions(self))

    def summary_globals(self, file: IO[str] | None = None) -> None:
        """Write what all functions that are measured in this process took together."""
        write(file, of_process(at_exit.REMEMBERED))

    def summary_lines(self, file: IO[str] | None = None, N: int | None = None) -> None:
        """Write what the nodes took that were written in each line of the user's."""
        write(file, of_groups("Lines", "Line", self.by_line(), self._calls(), N))

    def summary_class(self, file: IO[str] | None = None, N: int | None = None) -> None:
        """Write what the nodes of each class of op took."""
        write(file, of_groups("Class", "Class name", self.by_class(), self._calls(), N))

    def summary_ops(self, file: IO[str] | None = None, N: int | None = None) -> None:
        """Write what the nodes of each op took."""
        write(file, of_groups("Ops", "Op name", self.by_op(), self._calls(), N))

    def summary_nodes(self, file: IO[str] | None = None, N: int | None = None) -> None:
        """Write what each node took."""
        write(file, of_nodes(self.node_costs(), N))

    def summary_memory(self, file: IO[str] | None = None, N: int | None = None) -> None:
        """Write what memory was taken, and for which nodes."""
        write(file, of_memory(self, N))

    def summary_rewriter(self, file: IO[str] | None = None) -> None:
        """Write what each pass of the rewriter took, and what it did."""
        write(file, of_passes(self.passes))

    def print_tips(self, file: IO[str] | None = None) -> None:
        """Write what might be faster, if anything is to be said."""
        write(file, tips(self))

    def html(self) -> str:
        """All tables as one page of HTML, which needs no network."""
        from .page import page  # only where somebody asks

        return page(self)

    def _repr_html_(self) -> str:
        return self.html()

    def __repr__(self) -> str:
        return (
            f"<ProfileStats {self.message}: {self.fct_callcount} calls, {self.fct_call_time:.3g} s>"
        )
