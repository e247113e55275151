"""`function`: from expressions to something that is called with arrays."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..base import trace as tracing
from ..base.config import config
from ..base.errors import DuplicateInputError, UnusedInputError, describe, where_made
from ..core.function_graph import FunctionGraph
from ..core.graph import Constant, Variable
from ..core.traversal import graph_replace, leaves, resolved
from ..ops.shape import specify_shape
from ..tensor.conversion import as_tensor, value_for
from ..tensor.elementwise import cast
from ..tensor.shared import SharedVariable, TensorSharedVariable, not_shared
from ..tensor.state import Container
from ..tensor.variable import TensorType
from .linkers import Executable, find_linker
from .maker import Argument, FunctionMaker
from .mode import Mode, get_mode

_MISSING = object()


@dataclass
class In:
    """An input with more to say than its variable.

    Parameters
    ----------
    variable : Variable
    name : str, optional
        The keyword; by default the variable's name.
    value : optional
        Default value: the input may then be left out of calls.
    update : Variable, optional
        The value for the next call: the input becomes state inside the function, which starts as
        ``value``.
    strict : bool
        Take only arrays of the exact dtype.
    allow_downcast : bool, optional
        Convert values that lose precision (True), never (False), or only Python numbers (None).
    borrow, mutable : bool
        Accepted for Theano's sake. Inputs are never written to.
    """

    variable: Variable
    name: str | None = None
    value: Any = _MISSING
    update: Any = None
    strict: bool = False
    allow_downcast: bool | None = None
    borrow: bool = False
    mutable: bool = False


@dataclass
class Out:
    """An output.

    ``borrow`` is accepted for Theano's sake, outputs never share memory with anything.
    """

    variable: Any
    borrow: bool = False


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
        self.executable: Executable = find_linker(maker.mode).link(maker)
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
        values: list[Any] = [*args, *[_MISSING] * (len(arguments) - len(args))]
        for name, value in keywords.items():
            if name not in names:
                raise TypeError(
                    f"function {self.name!r} has no argument {name!r}; its arguments are "
                    f"{_listed(names)}"
                )
            i = names.index(name)
            if values[i] is not _MISSING:
                raise TypeError(f"function {self.name!r} got two values for the argument {name!r}")
            values[i] = value
        for i, a in enumerate(arguments):
            if values[i] is _MISSING and a.default:
                values[i] = a.default[0]
        missing = [
            f"{a.name or a.variable} (position {i})"
            for i, a in enumerate(arguments)
            if values[i] is _MISSING
        ]
        if missing:
            raise TypeError(f"function {self.name!r} misses values for: {', '.join(missing)}")
        return tuple(values)

    def source(self) -> str:
        """The generated source text; raises `TypeError` where the linker generates none."""
        if self.maker.source is None:
            raise TypeError(
                f"function {self.name!r} runs on {type(self.executable).__name__}, which "
                "generates no source"
            )
        return self.maker.source()

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
    outputs : Variable, list, tuple, dict with string keys, or None
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
    ins = _read_inputs(inputs)
    outs, form = _read_outputs(outputs)
    pairs = _read_pairs("updates", updates)
    replacements = _read_givens(givens, {i.variable for i in ins})
    for one in [i for i in ins if i.update is not None]:
        ins.remove(one)
        state = _hidden_state(one)
        replacements[one.variable] = state
        pairs.append((state, one.update))
    new_values = _read_updates(pairs)
    # What an input is computed from is not looked at, so that no replacement makes another of it.
    known = {i.variable: i.variable for i in ins}
    expressions = [*outs, *new_values.values()]
    if replacements:
        replacements = {**resolved(replacements, known), **known}
        expressions = graph_replace(expressions, replacements)
    new_values, expressions = _with_default_updates(
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
            () if i.value is _MISSING else (i.value,),
            k,
            label,
        )
        for k, (i, v) in enumerate(zip(ins, graph.inputs, strict=False))
    ]
    _check_unused(arguments, graph, on_unused_input or config.on_unused_input)
    containers = [v.container for v in slots]
    targets = [containers.index(v.container) for v in new_values]
    maker = FunctionMaker(graph, arguments, containers, len(outs), targets, get_mode(mode), label)
    compiled = Function(maker, form)
    # Only now are the layers loaded that may have flags of their own.
    config.warn_of_unknown()
    return compiled


def _read_inputs(inputs: Any) -> list[In]:
    if not isinstance(inputs, (list, tuple)):
        raise TypeError(
            f"function: the inputs must be a list or tuple of variables, not {inputs!r}"
        )
    read = [i if isinstance(i, In) else In(i) for i in inputs]
    seen: set[Variable] = set()
    for i in read:
        v = i.variable
        if not isinstance(v, Variable):
            raise TypeError(f"function: an input must be a variable, not {v!r}")
        if isinstance(v, SharedVariable):
            raise TypeError(
                f"function: {describe(v)} is a shared variable and cannot be an input; "
                "its value is used without that. To compute with another value, use givens"
            )
        if isinstance(v, Constant):
            raise TypeError(f"function: {v} is a constant and cannot be an input")
        if v in seen:
            raise DuplicateInputError(f"function: {describe(v)} is listed twice among the inputs")
        seen.add(v)
    return read


def _read_outputs(outputs: Any) -> tuple[list[Any], Any]:
    """The output variables, and the form that calls give them back in.

    None for one, "list", or a tuple of keys.
    """
    if outputs is None:
        return [], "list"
    if isinstance(outputs, (list, tuple)):
        return [_as_output(o) for o in outputs], "list"
    if isinstance(outputs, Mapping):
        if not all(isinstance(k, str) for k in outputs):
            raise TypeError(
                f"function: the keys of an output dict must be strings, not {list(outputs)}"
            )
        keys = sorted(outputs)
        return [_as_output(outputs[k]) for k in keys], tuple(keys)
    return [_as_output(outputs)], None


def _as_output(output: Any) -> Any:
    if isinstance(output, Out):
        output = output.variable
    return output if isinstance(output, Variable) else as_tensor(output)


def _read_pairs(name: str, pairs: Any) -> list[tuple[Any, Any]]:
    if pairs is None:
        return []
    if isinstance(pairs, Variable):
        raise TypeError(f"function: {name} takes a dict or a list of pairs, not {describe(pairs)}")
    if isinstance(pairs, (set, frozenset)):
        raise TypeError(
            f"function: {name} must be ordered, and a set is not; give a dict or a list of pairs"
        )
    items = (
        list(pairs.items())
        if isinstance(pairs, Mapping)
        else [tuple(p) if isinstance(p, (list, tuple)) else p for p in pairs]
    )
    for item in items:
        if not isinstance(item, tuple) or len(item) != 2:
            raise TypeError(
                f"function: {name} takes pairs (variable, expression), and got {item!r}"
            )
    return items


def _read_givens(givens: Any, inputs: set[Variable]) -> dict[Variable, Variable]:
    replacements: dict[Variable, Variable] = {}
    for old, new in _read_pairs("givens", givens):
        if not isinstance(old, Variable):
            raise TypeError(f"function: givens replaces variables, not {old!r}")
        if old in inputs:
            raise ValueError(
                f"function: {describe(old)} is an input, and cannot be replaced by givens as well"
            )
        new = _fitted("givens", old, new)
        replacements[old] = new
    return replacements


def _fitted(name: str, old: Variable, new: Any) -> Variable:
    """``new`` as a variable that can stand for ``old``.

    Safely cast, with static lengths that are admitted.
    """
    if not isinstance(new, Variable) and isinstance(old.type, TensorType):
        new = value_for(f"function: {name}", old, new)
    if isinstance(old.type, TensorType) and isinstance(new.type, TensorType):
        if new.type.dtype != old.type.dtype and np.can_cast(new.type.dtype, old.type.dtype, "safe"):
            new = cast(new, old.type.dtype)
        if (
            new.type.dtype == old.type.dtype
            and new.type.ndim == old.type.ndim
            and not old.type.admits(new.type)
        ):
            new = specify_shape(new, old.type.shape)
    if not old.type.admits(new.type):
        raise TypeError(
            f"function: {name}: the new value of {describe(old)}\n  is {describe(new)}\n"
            "  hint: it must have dtype and rank of what it replaces; use cast(value, "
            f"{getattr(old.type, 'dtype', '')!r}), "
            "or write constants with that dtype"
        )
    found: Variable = new
    return found


def _read_updates(pairs: list[tuple[Any, Any]]) -> dict[SharedVariable, Variable]:
    new_values: dict[SharedVariable, Variable] = {}
    targets: set[Container] = set()
    for target, value in pairs:
        if not isinstance(target, SharedVariable):
            raise TypeError(f"function: {not_shared(target)}")
        if target.container in targets:
            raise ValueError(
                f"function: the shared variable {describe(target)} is updated twice; give one "
                "update for each"
            )
        targets.add(target.container)
        new_values[target] = _fitted("updates", target, value)
    return new_values


def _with_default_updates(
    new_values: dict[SharedVariable, Variable],
    expressions: list[Variable],
    replacements: Mapping[Variable, Variable],
    known: Mapping[Variable, Variable],
    excluded: bool | Iterable[SharedVariable],
) -> tuple[dict[SharedVariable, Variable], list[Variable]]:
    """The updates and the expressions, with the default updates of what the expressions read.

    A shared variable that was replaced is not read, unless a replacement reads it. Replacements are
    made in default updates as in all else.
    """
    if excluded is True:
        return new_values, expressions
    # Clones share their storage, which is updated once, and by an explicit update if there is one.
    taken = {v.container for v in new_values} | _containers_left_out(excluded)
    made: dict[SharedVariable, Variable] = {}
    found, news = expressions, []
    while found:
        targets: dict[Container, SharedVariable] = {}
        for v in leaves(found, stop_at=known):
            if isinstance(v, SharedVariable) and v.default_update is not None and v not in known:
                targets.setdefault(v.container, v)
        targets = {c: v for c, v in targets.items() if c not in taken}
        written = {v: _fitted("default update", v, v.default_update) for v in targets.values()}
        made.update(written)
        taken.update(targets)
        found = list(written.values())
        if replacements:
            found = graph_replace(found, replacements)
        news += found
    return {**new_values, **made}, [*expressions, *news]


def _containers_left_out(excluded: Any) -> set[Container]:
    left_out = [] if excluded is False or excluded is None else excluded
    if isinstance(left_out, SharedVariable):
        left_out = [left_out]
    for v in left_out:
        if not isinstance(v, SharedVariable):
            raise TypeError(
                "function: no_default_updates takes True, False or a list of shared variables, "
                f"and got {v!r}"
            )
    return {v.container for v in left_out}


def _hidden_state(one: In) -> SharedVariable:
    if one.value is _MISSING:
        raise TypeError(
            f"function: the input {one.variable} has an update, so it needs a first value"
        )
    value = one.variable.type.filter(one.value, one.strict, one.allow_downcast)
    container = Container(np.array(value, order="C"))
    return TensorSharedVariable(one.variable.type, container, one.name or one.variable.name)


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
