"""`function`: from expressions to something that is called with arrays."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Sequence
from typing import Any

from ..base import trace as tracing
from ..base.collection import collection_paused
from ..base.config import config
from ..base.errors import UnusedInputError, where_made
from ..core.function_graph import FunctionGraph
from ..core.graph import Variable
from ..core.traversal import graph_replace, leaves, resolved
from ..tensor.shared import SharedVariable
from ..tensor.state import Container
from .arguments import MISSING, read_givens, read_inputs, read_outputs, read_pairs
from .linkers import Executable, find_linker
from .maker import Argument, FunctionMaker
from .mode import Mode, get_mode
from .updates import hidden_state, read_updates, with_default_updates


class Function:
    """A compiled function. Call it with values of the inputs, by position or keyword.

    Attributes
    ----------
    maker : FunctionMaker
        ``maker.fgraph`` is the rewritten graph.
    name : str

    Notes
    -----
    A function can be pickled, with the values of its shared variables. Unpickling trusts its
    source: a pickle can run any code when it is read, so read none from strangers.
    """

    def __init__(self, maker: FunctionMaker, form: Any) -> None:
        self.maker = maker
        self.form = form
        self.name = maker.name
        with collection_paused():
            self.executable: Executable = find_linker(maker.mode, maker.device).link(maker)
        self._n = len(maker.arguments)
        self._single = form is None

    def __call__(self, *args: Any, **keywords: Any) -> Any:
        """Compute; updates are made together at the end, and not at all if anything fails.

        Raises
        ------
        TypeError
            For missing, unknown, doubled or too many arguments, or values that do not fit.
        ValueError
            For shapes that do not go together, with the node and the user's line.
        """
        if keywords or len(args) != self._n:
            args = self._bind(args, keywords)
        results = self.executable(args)
        if self._single:
            return results[0]
        return results if self.form == "list" else dict(zip(self.form, results, strict=True))

    def _bind(self, args: tuple[Any, ...], keywords: dict[str, Any]) -> tuple[Any, ...]:
        arguments = self.maker.arguments
        names = [a.name for a in arguments]
        if len(args) > len(arguments):
            raise TypeError(
                f"function {self.name!r} takes {len(arguments)} arguments ({_listed(names)}), and "
                f"got {len(args)}"
            )
        values: list[Any] = [*args, *[MISSING] * (len(arguments) - len(args))]
        for name, value in keywords.items():
            if name not in names:
                raise TypeError(
                    f"function {self.name!r} has no argument {name!r}; its arguments are "
                    f"{_listed(names)}"
                )
            i = names.index(name)
            if values[i] is not MISSING:
                raise TypeError(f"function {self.name!r} got two values for the argument {name!r}")
            values[i] = value
        for i, a in enumerate(arguments):
            if values[i] is MISSING and a.default:
                values[i] = a.default[0]
        missing = [
            f"{a.name or a.variable} (position {i})"
            for i, a in enumerate(arguments)
            if values[i] is MISSING
        ]
        if missing:
            raise TypeError(f"function {self.name!r} misses values for: {', '.join(missing)}")
        return tuple(values)

    def source(self, headers: bool = False) -> str:
        """The generated source text; raises `TypeError` where the linker generates none.

        Parameters
        ----------
        headers : bool
            Whether to give the whole file that is compiled: with the library that it calls, and
            with what shares kernels among threads.
        """
        if self.maker.source is None:
            raise TypeError(
                f"function {self.name!r} runs on {type(self.executable).__name__}, which "
                "generates no source"
            )
        return self.maker.source(self.maker, headers)

    def get_shared(self) -> list[Container]:
        """The storage of the shared variables that the function reads or writes."""
        return list(self.maker.containers)

    def __reduce__(self) -> tuple[Any, ...]:
        return _rebuild, (self.maker.state(), self.form)

    def __repr__(self) -> str:
        return f"<Function {self.name} ({_listed([a.name for a in self.maker.arguments])})>"


def _rebuild(state: dict[str, Any], form: Any) -> Function:
    return Function(FunctionMaker.from_state(state), form)


def _listed(names: Sequence[str | None]) -> str:
    return ", ".join(n or "<unnamed>" for n in names) or "none"


def function(
    inputs: Sequence[Any],
    outputs: Any = None,
    mode: Mode | str | None = None,
    updates: Any = None,
    givens: Any = None,
    no_default_updates: bool | Iterable[SharedVariable] = False,
    name: str | None = None,
    allow_input_downcast: bool | None = None,
    on_unused_input: str | None = None,
) -> Function:
    """Compile expressions.

    Parameters
    ----------
    inputs : list or tuple of Variable or In
        What calls give values for; intermediate variables are allowed.
    outputs : Variable or Out, list, tuple, dict with string keys, or None
        What calls compute; a single variable gives a bare array, a list a list, a dict a dict, None
        an empty list.
    mode : Mode or str, optional
        See `Mode`; by default ``config.mode``.
    updates : mapping or iterable of pairs (shared variable, new value)
        All new values are computed from the old state, and stored together at the end of a call.
    givens : mapping or iterable of pairs (variable, replacement)
        Substitutions made before compiling, in outputs, updates and default updates; replacements
        must have the type of what they replace. A shared variable that is replaced everywhere is
        not read, and so not default-updated.
    no_default_updates : bool or list of shared variables
        Leave out the ``default_update`` of all or some shared variables.
    name : str, optional
        For messages; by default file and line of this call.
    allow_input_downcast : bool, optional
        Admit values that lose precision (True), none (False), or only Python numbers and lists of
        them (None).
    on_unused_input : "raise", "warn" or "ignore", optional
        By default ``config.on_unused_input``.

    Raises
    ------
    TypeError
        For inputs, outputs, updates or givens of the wrong kind or type.
    UnusedInputError, DuplicateInputError, MissingInputError
        If the inputs are not those that the outputs need.
    """
    ins = read_inputs(inputs)
    outs, form = read_outputs(outputs)
    pairs = read_pairs("updates", updates)
    replacements = read_givens(givens, {i.variable for i in ins})
    for one in [i for i in ins if i.update is not None]:
        ins.remove(one)
        state = hidden_state(one)
        replacements[one.variable] = state
        pairs.append((state, one.update))
    new_values = read_updates(pairs)
    # What an input is computed from is not looked at, so that no replacement makes another of it.
    known = {i.variable: i.variable for i in ins}
    expressions = [*(o.variable for o in outs), *new_values.values()]
    if replacements:
        replacements = {**resolved(replacements, known), **known}
        expressions = graph_replace(expressions, replacements)
    new_values, expressions = with_default_updates(
        new_values, expressions, replacements, known, no_default_updates
    )
    state_variables = dict.fromkeys(
        v
        for v in [*leaves(expressions, stop_at=known), *new_values]
        if isinstance(v, SharedVariable) and v not in known
    )
    shared_list = _one_for_each_container(list(state_variables))
    aliases: dict[Variable, Variable] = {
        v: shared_list[v.container] for v in state_variables if shared_list[v.container] is not v
    }
    if aliases:
        expressions = graph_replace(expressions, {**aliases, **known})
    slots = list(shared_list.values())
    graph, _ = FunctionGraph.cloned([*(i.variable for i in ins), *slots], expressions)
    place = tracing.capture()[:1]
    label = name or (f"{place[0][0]}:{place[0][1]}" if place else "function")
    arguments = [
        Argument(
            v,
            i.name or i.variable.name,
            i.strict,
            allow_input_downcast if i.allow_downcast is None else i.allow_downcast,
            () if i.value is MISSING else (i.value,),
            k,
            label,
        )
        for k, (i, v) in enumerate(zip(ins, graph.inputs, strict=False))
    ]
    _check_unused(arguments, graph, on_unused_input or config.on_unused_input)
    containers = [v.container for v in slots]
    targets = [containers.index(v.container) for v in new_values]
    on_device = tuple(k for k, o in enumerate(outs) if o.on_device)
    made_of = (graph, arguments, containers, len(outs), targets, get_mode(mode), label, on_device)
    maker = FunctionMaker(*made_of)
    compiled = Function(maker, form)
    # Only now are the layers loaded that may have flags of their own.
    config.warn_of_unknown()
    return compiled


def _one_for_each_container(variables: list[SharedVariable]) -> dict[Container, SharedVariable]:
    found: dict[Container, SharedVariable] = {}
    for v in variables:
        found.setdefault(v.container, v)
    return found


def _check_unused(arguments: list[Argument], graph: FunctionGraph, policy: str) -> None:
    config.flag("on_unused_input").read(policy)
    for a in arguments:
        if graph.clients[a.variable] or policy == "ignore":
            continue
        place = where_made(a.variable)
        text = (
            f"function: the input {a.variable} (position "
            f"{a.position}{f', made at {place}' if place else ''}) is not used "
            "by any output or update. Remove it, or pass on_unused_input='warn' or 'ignore'"
        )
        if policy == "raise":
            raise UnusedInputError(text)
        warnings.warn(text, UserWarning, stacklevel=3)
