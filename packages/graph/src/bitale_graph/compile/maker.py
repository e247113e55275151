"""What a function is made of.

Its graph as written, the graph as rewritten, its arguments and its state.
"""

from __future__ import annotations

import threading
import weakref
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from typing import Any

from ..base import errors
from ..base.config import config
from ..base.device import known_device
from ..base.errors import ConfigError
from ..core.features import Feature
from ..core.flat import FlatGraph, flatten, unflatten
from ..core.function_graph import FunctionGraph
from ..core.graph import Variable
from ..core.lazy import make_lazy
from ..tensor.state import Container
from .mode import Mode
from .own_values import own_outputs


@dataclass
class Argument:
    """One argument of a function: its variable, and how values given for it are checked.

    ``default`` is a one-element tuple holding the default value, or empty. An input with an update
    is no argument of the code: ``state`` is the position of what it became among the containers.
    What is ``implicit`` takes no value in a call. ``written`` gives the variable of the user's.
    """

    variable: Variable
    name: str | None
    strict: bool = False
    allow_downcast: bool | None = None
    default: tuple[Any, ...] = ()
    position: int = 0
    function_name: str = ""
    state: int | None = None
    implicit: bool = False
    written: Callable[[], Variable | None] | None = field(default=None, repr=False)

    def filter(self, value: Any) -> Any:
        """Convert a value to the type of the argument.

        Raises `TypeError` with the argument's name and place.
        """
        try:
            return self.variable.type.filter(value, self.strict, self.allow_downcast)
        except TypeError as error:
            place = errors.where_made(self.variable)
            raise TypeError(
                f"Bad input argument to function {self.function_name!r} at position "
                f"{self.position} "
                f"(variable {self.name or self.variable}{f', made at {place}' if place else ''}): "
                f"{error}"
            ) from None


@dataclass
class FunctionMaker:
    """Everything that a linker needs.

    Attributes
    ----------
    written : FunctionGraph
        The graph as the user wrote it. Its inputs are the arguments, then the shared variables; its
        outputs are the outputs, then the new values of updated shared variables.
    arguments : list of Argument
        What the code is called with.
    parameters : list of Argument
        What the function is called with, in order: the arguments, and inputs that became state.
    containers : list of Container
        Storage of the shared variables, in the order of the graph's inputs after the arguments.
    update_targets : list of int
        For each output after the first ``n_outputs`` the position in ``containers`` that it
        updates.
    on_device : tuple of int
        The outputs that a device gives as arrays of its own, without a transfer to the host.
    shared : list of weakref.ref
        The user's shared variables, as far as they are known.
    profile : ProfileStats or None
        What adds up what calls take; linkers give it the costs of nodes.
    """

    written: FunctionGraph
    arguments: list[Argument]
    containers: list[Container]
    n_outputs: int
    update_targets: list[int]
    mode: Mode
    name: str = "function"
    on_device: tuple[int, ...] = ()
    parameters: list[Argument] = field(default_factory=list)
    shared: list[weakref.ref[Any]] = field(default_factory=list, repr=False)
    profile: Any = field(default=None, repr=False)
    source: Callable[[FunctionMaker, bool], str] | None = field(default=None, repr=False)
    _rewritten: FunctionGraph | None = field(default=None, repr=False)
    _lock: Any = field(default_factory=threading.Lock, repr=False)

    def __post_init__(self) -> None:
        self.parameters = self.parameters or self.arguments

    @property
    def fgraph(self) -> FunctionGraph:
        """The rewritten graph; rewriting happens when it is first asked for."""
        with self._lock:
            if self._rewritten is None:
                with self.phase("rewriting"):
                    seen = () if self.profile is None else (self.profile.watch_passes(),)
                    self._rewritten = self.rewritten(*seen)
                for feature in seen:
                    self._rewritten.remove_feature(feature)
            return self._rewritten

    def phase(self, name: str) -> AbstractContextManager[None]:
        """Time what is done in a block, if the function is measured."""
        return nullcontext() if self.profile is None else self.profile.phase(name)

    def forget_rewritten(self) -> None:
        """Let the graph be rewritten here, whatever a pickle says that it was rewritten to."""
        with self._lock:
            self._rewritten = None

    @property
    def rewritten_graph(self) -> FunctionGraph | None:
        """The rewritten graph, if it was asked for already."""
        return self._rewritten

    def rewritten(self, *features: Feature) -> FunctionGraph:
        """Rewrite what was written, once more; ``features`` are told of all that is done."""
        graph = self.written.clone()
        for feature in features:
            graph.attach_feature(feature)
        rewriter = self.mode.find_rewriter()
        # The policy is of what users write: rules write numbers that keep dtypes.
        with config.change_flags(cast_policy="weak", compute_test_value="off"):
            if rewriter is not None:
                rewriter.rewrite(graph, self.mode)
            make_lazy(graph)
            own_outputs(graph)
        return graph

    @property
    def device(self) -> str:
        """Where the function runs, by the name of the device: "cpu", "cuda0", ..."""
        if self.mode.device:
            return self.mode.device
        if self.mode.linker not in ("auto", "cuda"):
            return "cpu"
        pinned = dict.fromkeys(c.device for c in self.containers if c.device)
        if len(pinned) > 1:
            raise ConfigError(
                f"{self.name} uses shared variables of several devices ({', '.join(pinned)}): give "
                "the one to run on by function(..., mode='cuda0')"
            )
        found = next(iter(pinned), None) or known_device(config.device)
        return "cuda0" if found == "cpu" and self.mode.linker == "cuda" else found

    @property
    def inputs(self) -> list[Argument]:
        """What the function is called with."""
        return self.parameters

    @property
    def outputs(self) -> list[Variable]:
        """The output variables of the rewritten graph, updates left out."""
        return self.fgraph.outputs[: self.n_outputs]

    def key(self) -> str | None:
        """A digest of the written graph and of how it is rewritten.

        None where equal functions cannot be told.
        """
        flat = self.flat().key()
        rewriter = self.mode.find_rewriter()
        rewriting = "none" if rewriter is None else rewriter.signature(self.mode)
        if flat is None or rewriting is None:
            return None
        return f"{flat} {rewriting} {self.n_outputs} {self.update_targets} {len(self.arguments)}"

    def flat(self) -> FlatGraph:
        """The written graph as flat lists."""
        return flatten(self.written.inputs, self.written.outputs)

    def state(self) -> dict[str, Any]:
        """What a pickle of the function keeps."""
        parameters = [
            (a.name, a.strict, a.allow_downcast, a.default, a.state, a.implicit)
            for a in self.parameters
        ]
        made = self._rewritten
        return {
            "graph": self.flat(),
            "rewritten": None if made is None else flatten(made.inputs, made.outputs),
            "parameters": parameters,
            "containers": self.containers,
            "n_outputs": self.n_outputs,
            "update_targets": self.update_targets,
            "mode": self.mode,
            "name": self.name,
            "on_device": self.on_device,
        }

    @classmethod
    def from_state(cls, state: dict[str, Any], rewrite_again: bool | None = None) -> FunctionMaker:
        """Build a maker from `state`, rewritten again or not; None: as a setting says."""
        graph = unflatten(state["graph"])
        if rewrite_again is None:
            rewrite_again = config.reoptimize_unpickled_function
        flat = None if rewrite_again else state["rewritten"]
        n = sum(one[4] is None for one in state["parameters"])
        given, slots = iter(graph.inputs[:n]), graph.inputs[n:]
        parameters = []
        for i, (name, strict, allow_downcast, default, place, implicit) in enumerate(
            state["parameters"]
        ):
            v = next(given) if place is None else slots[place]
            one = Argument(v, name, strict, allow_downcast, default, i, state["name"])
            one.state, one.implicit = place, implicit
            parameters.append(one)
        arguments = [a for a in parameters if a.state is None]
        return cls(
            graph,
            arguments,
            state["containers"],
            state["n_outputs"],
            state["update_targets"],
            state["mode"],
            state["name"],
            state.get("on_device", ()),
            parameters,
            _rewritten=None if flat is None else unflatten(flat),
        )
