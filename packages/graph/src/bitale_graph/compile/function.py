"""`function`: from expressions to something that is called with arrays."""

from __future__ import annotations

import contextlib
import functools
import time
import weakref
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from ..base import cells, late
from ..base import trace as tracing
from ..base.collection import collection_paused
from ..base.config import config
from ..core.function_graph import FunctionGraph
from ..core.graph import Variable
from ..core.shown import Shown
from ..core.traversal import graph_replace, leaves, resolved
from ..tensor.shared import SharedVariable, shared_of
from ..tensor.state import Container
from .arguments import MISSING, fitted, read_givens, read_inputs, read_outputs, read_pairs
from .binding import bind, listed
from .linkers import Executable, find_linker
from .maker import Argument, FunctionMaker
from .mode import Mode, get_mode
from .remaking import copied, copied_deeply, of_outputs
from .storage import Cell, Cells, StoredCalls, input_cells
from .unused import check_used
from .updates import hidden_state, read_updates, with_default_updates


class Function(Shown):
    """A compiled function. Call it with values of the inputs, by position or keyword.

    Attributes
    ----------
    maker : FunctionMaker
        ``maker.fgraph`` is the rewritten graph.
    name : str
    trust_input : bool
        Accepted for Theano's sake: arguments are checked in any case, which costs little.
    profile : ProfileStats or None
        What its calls took, if it is measured.

    Notes
    -----
    A function can be pickled, with the values of its shared variables. Unpickling trusts its
    source: a pickle can run any code when it is read, so read none from strangers.
    """

    trust_input: bool = False

    def __init__(self, maker: FunctionMaker, form: Any) -> None:
        self.maker = maker
        self.form = form
        self.name = maker.name
        self.profile = maker.profile
        self.executable: Executable = _linked(maker)
        self._n = len(maker.arguments)
        # State that calls need not give stands behind the arguments, or each call is bound.
        self._is_plain = maker.parameters[: self._n] == maker.arguments
        self._single = form is None
        self._subsets: dict[tuple[int, ...], Executable] = {}

    def __call__(self, *args: Any, **keywords: Any) -> Any:
        """Compute; updates are made together at the end, and not at all if anything fails.

        Parameters
        ----------
        *args, **keywords
            Values of the inputs.
        output_subset : list of int or str, optional
            The outputs to compute and give, in a list (a dict for a dict of outputs), by position
            or key. Code for a choice of outputs is made when it is first asked for.

        Raises
        ------
        TypeError
            For missing, unknown, doubled or too many arguments, or values that do not fit.
        ValueError
            For shapes that do not go together, with the node and the user's line.
        """
        if keywords or len(args) != self._n or not self._is_plain:
            return self._call_bound(args, keywords)
        results = self.executable(args)
        if self._single:
            return results[0]
        return results if self.form == "list" else dict(zip(self.form, results, strict=True))

    def _call_bound(self, args: tuple[Any, ...], keywords: dict[str, Any]) -> Any:
        parameters = self.maker.parameters
        subset = None
        if "output_subset" in keywords and all(p.name != "output_subset" for p in parameters):
            subset = keywords.pop("output_subset")
        values = bind(self.name, parameters, args, keywords)
        given = tuple(v for p, v in zip(parameters, values, strict=True) if p.state is None)
        with self._state_given(values):
            if subset is None:
                return self._formed(self.executable(given))
            places = self._places(subset)
            results = self._executable_of(places)(given)
        if isinstance(self.form, tuple):
            return dict(zip((self.form[k] for k in places), results, strict=True))
        return results

    def debug(self, *args: Any, nan: bool = True, inf: bool = True, **keywords: Any) -> Any:
        """Run a call node by node, without its updates, and find what first goes wrong in it.

        Parameters
        ----------
        *args, **keywords
            Values of the inputs, as in a call.
        nan, inf : bool
            Whether outputs and new values of state must have no NaN, and no infinity.

        Returns
        -------
        BadNode or None
            The first node that failed, or by which what is computed came to be NaN or infinite,
            with its values and the user's line; printing it tells all. None if all is well.
        """
        return late.find_bad(self.maker, args, keywords, nan, inf)

    def _formed(self, results: list[Any]) -> Any:
        if self._single:
            return results[0]
        return results if self.form == "list" else dict(zip(self.form, results, strict=True))

    @contextlib.contextmanager
    def _state_given(self, values: list[Any]) -> Iterator[None]:
        """Let state begin with what a call gives; if that fails it is as before."""
        old = []
        for p, value in zip(self.maker.parameters, values, strict=True):
            if p.state is not None and value is not MISSING:
                container = self.maker.containers[p.state]
                old.append((container, container.read()))
                container.store(p.variable.type.copied(p.filter(value)), str(p.name))
        try:
            yield
        except BaseException:
            for container, data in old:
                container.store(data, self.name)
            raise

    def _places(self, subset: Any) -> tuple[int, ...]:
        if not isinstance(subset, (list, tuple)):
            raise TypeError(f"function {self.name!r}: output_subset must be a list, not {subset!r}")
        n = self.maker.n_outputs
        found = []
        for one in subset:
            if isinstance(one, str) and isinstance(self.form, tuple) and one in self.form:
                found.append(self.form.index(one))
            elif isinstance(one, int) and -n <= one < n:
                found.append(one % n)
            else:
                known = self.form if isinstance(self.form, tuple) else range(n)
                raise KeyError(
                    f"function {self.name!r} has no output {one!r}; they are "
                    f"{', '.join(map(str, known))}"
                )
        return tuple(found)

    def _executable_of(self, places: tuple[int, ...]) -> Executable:
        if places not in self._subsets:
            self._subsets[places] = _linked(of_outputs(self.maker, places))
        return self._subsets[places]

    @functools.cached_property
    def input_storage(self) -> list[Cell]:
        """A place for each input, and then for each shared variable."""
        return input_cells(self.maker)

    @functools.cached_property
    def output_storage(self) -> list[Cell]:
        """A place for each output, where calls of ``fn`` leave it."""
        return [Cell(v.name) for v in self.maker.written.outputs[: self.maker.n_outputs]]

    @property
    def container(self) -> Cells:
        """The places of inputs and of state, by variable, name or position."""
        return Cells(self.maker, self.input_storage, is_value=False)

    @property
    def value(self) -> Cells:
        """The values of inputs and of state, by variable, name or position."""
        return Cells(self.maker, self.input_storage, is_value=True)

    def __getitem__(self, key: Any) -> Any:
        """The value of an input or of state, by variable, name or position."""
        return self.value[key]

    def __setitem__(self, key: Any, value: Any) -> None:
        self.value[key] = value

    def __contains__(self, key: Any) -> bool:
        return key in self.value

    @functools.cached_property
    def fn(self) -> StoredCalls:
        """Calls without arguments: values come from `input_storage` and go to `output_storage`."""
        return StoredCalls(self.executable, self.maker, self.input_storage, self.output_storage)

    def free(self) -> None:
        """Forget what was left in `output_storage`, and code that was made for `output_subset`."""
        for cell in self.output_storage:
            cell.storage[0] = None
        self._subsets.clear()

    def sync_shared(self) -> None:
        """Do nothing: what Theano copied back from devices is fetched where it is asked for."""

    def copy(
        self,
        share_memory: bool = False,
        swap: Mapping[SharedVariable, SharedVariable] | None = None,
        delete_updates: bool = False,
        name: str | None = None,
        profile: Any = None,
    ) -> Function:
        """Another function of the same graph; it is not rewritten again.

        State that inputs became is copied; shared variables are the same, unless swapped.

        Parameters
        ----------
        share_memory : bool
            Accepted for Theano's sake: functions keep no intermediate results.
        swap : mapping of SharedVariable to SharedVariable, optional
            Shared variables of this function, and those of the same types in their places.
        delete_updates : bool
            Leave out all updates.
        name : str, optional
            By default this one's with " copy".
        profile : bool, str or ProfileStats, optional
            As of `function`; the copy is measured apart.

        Raises
        ------
        TypeError
            If the type of a variable that is swapped in differs.
        ValueError
            If one that is swapped out is not used.
        """
        made = copied(self.maker, swap, delete_updates, name or f"{self.name} copy")
        made.profile = _profile_of(profile, made.name)
        return Function(made, self.form)

    def __copy__(self) -> Function:
        return self.copy(name=self.name)

    def __deepcopy__(self, memo: dict[int, Any]) -> Function:
        return Function(copied_deeply(self.maker, memo), self.form)

    def source(self, headers: bool = False) -> str:
        """The generated source text; raises `TypeError` where the linker generates none.

        Parameters
        ----------
        headers : bool
            Whether to give the whole file that is compiled: with the library that it calls, and
            with what shares kernels among threads.
        """
        if self.maker.source is None:
            runs = getattr(self.executable, "executable", self.executable)  # if it is measured
            raise TypeError(
                f"function {self.name!r} runs on {type(runs).__name__}, which generates no source"
            )
        return self.maker.source(self.maker, headers)

    def get_shared(self) -> list[SharedVariable]:
        """The shared variables that the function reads or writes.

        One that is not at hand, as after unpickling, is made anew on the same storage.
        """
        maker = self.maker
        known = {v.container: v for v in (ref() for ref in maker.shared) if v is not None}
        slots = zip(maker.written.inputs[len(maker.arguments) :], maker.containers, strict=True)
        return [known[c] if c in known else shared_of(v.type, c, v.name) for v, c in slots]

    def __reduce__(self) -> tuple[Any, ...]:
        return _rebuild, (self.maker.state(), self.form)

    def __repr__(self) -> str:
        return f"<Function {self.name} ({listed([a.name for a in self.maker.parameters])})>"


def _rebuild(state: dict[str, Any], form: Any) -> Function | None:
    maker = FunctionMaker.from_state(state) if config.unpickle_function else None
    return None if maker is None else Function(maker, form)


def _linked(maker: FunctionMaker) -> Executable:
    with collection_paused(), maker.phase("linking"):
        linked = find_linker(maker.mode, maker.device).link(maker)
    return (
        linked
        if maker.profile is None
        else maker.profile.measured(linked, len(maker.fgraph.apply_nodes))
    )


def _profile_of(profile: Any, label: str) -> Any:
    """What measures a function, or None."""
    if profile is False or (profile is None and not config.profile):
        return None
    from ..profiling.reading import read_profile  # only where somebody measures

    return read_profile(profile, label)


def function(
    inputs: Sequence[Any],
    outputs: Any = None,
    mode: Mode | str | None = None,
    updates: Any = None,
    givens: Any = None,
    no_default_updates: bool | Iterable[SharedVariable] = False,
    accept_inplace: bool = False,
    name: str | None = None,
    rebuild_strict: bool = True,
    allow_input_downcast: bool | None = None,
    profile: Any = None,
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
    accept_inplace : bool
        Accepted for Theano's sake: no op writes into its inputs.
    name : str, optional
        For messages; by default file and line of this call.
    rebuild_strict : bool
        Whether replacements of ``givens`` must have the type of what they replace. If not, what
        reads them is made anew, and may come out with another dtype or rank.
    allow_input_downcast : bool, optional
        Admit values that lose precision (True), none (False), or only Python numbers and lists of
        them (None).
    profile : bool, str or ProfileStats, optional
        Whether calls are measured, and printed when Python ends: True, the title of what is
        printed, or what several functions are added up in. By default ``config.profile``.
    on_unused_input : "raise", "warn" or "ignore", optional
        By default ``config.on_unused_input``.

    Raises
    ------
    TypeError
        For inputs, outputs, updates or givens of the wrong kind or type.
    UnusedInputError, DuplicateInputError, MissingInputError
        If the inputs are not those that the outputs need.
    """
    began = time.perf_counter()
    ins = given = read_inputs(inputs)
    outs, form = read_outputs(outputs)
    pairs = read_pairs("updates", updates)
    replacements = read_givens(givens, {i.variable for i in ins}, rebuild_strict)
    states = {i.variable: hidden_state(i) for i in ins if i.update is not None}
    ins = [i for i in ins if i.update is None]
    replacements.update(states)
    pairs += [(states[i.variable], i.update) for i in given if i.update is not None]
    new_values = read_updates(pairs)
    # What an input is computed from is not looked at, so that no replacement makes another of it.
    known = {i.variable: i.variable for i in ins}
    expressions = [*(o.variable for o in outs), *new_values.values()]
    if replacements:
        replacements = {**resolved(replacements, known), **known}
        expressions = graph_replace(expressions, replacements)
        if not rebuild_strict:
            n = len(outs)
            news = zip(new_values, expressions[n:], strict=True)
            expressions[n:] = [fitted("updates", v, new) for v, new in news]
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
    label = name or (cells.place(*place[0][:2]) if place else "function")
    containers = [v.container for v in slots]
    parameters = []
    free = iter(graph.inputs)
    for k, i in enumerate(given):
        state = states.get(i.variable)
        slot = None if state is None else containers.index(state.container)
        allow_downcast = allow_input_downcast if i.allow_downcast is None else i.allow_downcast
        parameters.append(
            Argument(
                next(free) if slot is None else graph.inputs[len(ins) + slot],
                i.keyword,
                i.strict,
                allow_downcast,
                () if i.value is None or slot is not None else (i.value,),
                k,
                label,
                slot,
                bool(i.implicit),
                weakref.ref(i.variable),
            )
        )
    arguments = [a for a in parameters if a.state is None]
    check_used(arguments, graph, on_unused_input or config.on_unused_input)
    targets = [containers.index(v.container) for v in new_values]
    on_device = tuple(k for k, o in enumerate(outs) if o.on_device)
    made_of = (graph, arguments, containers, len(outs), targets, get_mode(mode), label, on_device)
    maker = FunctionMaker(*made_of, parameters, [*map(weakref.ref, slots)])
    maker.profile = _profile_of(profile, label)
    compiled = Function(maker, form)
    if maker.profile is not None:
        maker.profile.compile_time += time.perf_counter() - began
    # Only now are the layers loaded that may have flags of their own.
    config.warn_of_unknown()
    return compiled


def _one_for_each_container(variables: list[SharedVariable]) -> dict[Container, SharedVariable]:
    found: dict[Container, SharedVariable] = {}
    for v in variables:
        found.setdefault(v.container, v)
    return found
