"""The C linker: lower, compile or take from the cache, load, and hand to the runtime."""

from __future__ import annotations

import contextlib
import functools
import threading
import warnings
from pathlib import Path
from typing import Any

import bitale_graph
import numpy as np
from bitale_graph.disk import (
    FOR_THIS_PROCESS,
    Cache,
    CacheError,
    cache_key,
    open_cache,
    temporary_cache,
    warn_once,
)
from bitale_graph.extend import (
    Apply,
    Executable,
    FunctionMaker,
    NumpyLinker,
    TensorType,
    Variable,
    config,
    keep_across_fork,
    raise_with_node,
    result_of,
)
from bitale_graph.extend import trace as tracing

from .base import settings as settings
from .base.cpu import this_cpu
from .explain import ExplainStatus
from .host.lowered import LoweredFunction
from .library.blas import load_blas
from .runtime.runtime import Argument, Callback, Program
from .toolchain.compiler import CompileError, Compiler, find_compiler
from .toolchain.loader import Kernel, LoadError, load_kernel
from .toolchain.stored import compiled, plan_of, read_plan, write_plan
from .toolchain.threads import set_threads

NO_COMPILER = (
    "bitale found no C compiler, so functions run on NumPy, more slowly. Install gcc (Debian: apt "
    "install gcc; macOS: xcode-select --install), or set config.cxx to the path of a compiler; "
    "config.linker='numpy' silences this warning."
)
NO_PLACE = "As there is no place for compiled code, functions run on NumPy, more slowly"

_lock = threading.Lock()  # of compilers and caches
keep_across_fork(_lock)


class CLinker:
    """Makes functions run as machine code; without a C compiler, on NumPy after one warning."""

    name = "c"
    rank = 10

    def __init__(self) -> None:
        self._compilers: dict[tuple[str, str], Compiler | None] = {}
        self._caches: dict[str, Cache] = {}
        self._has_warned = False

    def link(self, maker: FunctionMaker) -> Executable:
        """Compile the function; what was compiled before, in any process, is loaded."""
        try:
            cache = self._cache()
            compiler = self._compiler(cache)
        except CacheError as error:
            return self._without_files(maker, error)
        if compiler is None:
            if not self._has_warned:
                self._has_warned = True
                file, line, _ = next(iter(tracing.capture()), ("bitale", 1, ""))
                warnings.warn_explicit(NO_COMPILER, UserWarning, file, line)
            return NumpyLinker().link(maker)
        set_threads((config.threads or None) if config.openmp else 1)
        key = None if maker.profile is not None else self._plan_key(maker, compiler)
        updates = range(maker.n_outputs, len(maker.written.outputs))
        plan = read_plan(cache, key, updates) if key is not None else None
        if plan is not None:
            try:
                return _program(maker, plan, load_kernel(plan["kernel"]))
            except LoadError:
                pass  # made for another machine or runtime: make it again
        # Where the plan is in the cache, to load this would take half as long again as all else.
        from .lowering import lower  # costs a cached function more than all else

        graph = maker.fgraph
        with maker.phase("lowering"):
            given = len(maker.arguments), maker.n_outputs, maker.update_targets
            lowered = lower(graph, *given, is_profiled=_is_timed(maker))
        try:
            with maker.phase("compiling"):
                cache, kernel = self._kernel(cache, compiler, lowered)
        except CacheError as error:
            return self._without_files(maker, error)
        plan = plan_of(lowered)
        if key is not None and not lowered.callbacks:
            write_plan(cache, key, plan, kernel.path)
        return _program(maker, plan, kernel, lowered)

    def _kernel(
        self, cache: Cache, compiler: Compiler, lowered: LoweredFunction
    ) -> tuple[Cache, Kernel]:
        """The code of a function, loaded, and the cache that it is in.

        Where the cache cannot be used (any more), one of this process alone takes its place.
        """
        try:
            return cache, _loaded(cache, compiler, lowered)
        except CacheError as error:
            other, reason = temporary_cache(), error
            made = _loaded(other, compiler, lowered)
        with _lock:
            self._caches.update({root: other for root, c in self._caches.items() if c is cache})
        warn_once(FOR_THIS_PROCESS, reason, cache.root)
        return other, made

    def _without_files(self, maker: FunctionMaker, reason: CacheError) -> Executable:
        warn_once(NO_PLACE, reason, config.base_compiledir)
        return NumpyLinker().link(maker)

    def _cache(self) -> Cache:
        root = config.base_compiledir
        with _lock:
            if root not in self._caches:
                self._caches[root] = open_cache(root or None)
            return self._caches[root]

    def _compiler(self, cache: Cache) -> Compiler | None:
        choice = config.cxx
        key = (choice, str(cache.root))
        with _lock:
            if key not in self._compilers:
                try:
                    self._compilers[key] = find_compiler(
                        None if choice == "auto" else choice, cache=cache
                    )
                except CompileError:
                    if choice != "auto":
                        raise
                    self._compilers[key] = None
            return self._compilers[key]

    def _plan_key(self, maker: FunctionMaker, compiler: Compiler) -> str | None:
        graph = maker.key()
        if graph is None or not all(
            isinstance(v.type, TensorType) for v in maker.written.variables
        ):
            return None
        return cache_key(
            "plan",
            _texts(),
            graph,
            compiler.version,
            *compiler.flags,
            this_cpu().signature,
        )


@functools.cache
def _texts() -> str:
    """A digest of the files of this layer and of graph: when they change, what they made ends."""
    folders = [Path(__file__).parent, Path(bitale_graph.__file__).parent]
    found = sorted(p for f in folders for p in f.rglob("*") if p.suffix in (".py", ".h", ".c"))
    return cache_key(repr([(p.name, p.stat().st_size, p.stat().st_mtime_ns) for p in found]))


def _loaded(cache: Cache, compiler: Compiler, lowered: LoweredFunction) -> Kernel:
    path = compiled(cache, compiler, lowered)
    try:
        return load_kernel(path)
    except LoadError:  # as it was written, and no code all the same
        cache.discard(path.parent.name)
    path = compiled(cache, compiler, lowered)
    try:
        return load_kernel(path)
    except LoadError as error:
        raise CacheError(f"{error}; perhaps no code may run from that disk") from error


def _program(
    maker: FunctionMaker,
    plan: dict[str, Any],
    kernel: Kernel,
    lowered: LoweredFunction | None = None,
) -> Program:
    if plan["uses_blas"]:
        load_blas(None if config.blas == "auto" else config.blas)
    graph = maker.written
    n = len(maker.arguments)
    arguments = [
        Argument(*_described(v), a.filter, a.name, a.strict)
        for v, a in zip(graph.inputs, maker.arguments, strict=False)
    ]
    shared = [
        (c, Argument(*_described(v)))
        for c, v in zip(maker.containers, graph.inputs[n:], strict=True)
    ]
    # The code delivers every output but the updates that it makes in place.
    delivered = [k for k in range(len(graph.outputs)) if k not in plan["in_place"]]
    outputs = [_described(graph.outputs[k]) for k in delivered]
    places = {k: place for place, k in enumerate(delivered)}
    updates = [
        (target, places.get(maker.n_outputs + k)) for k, target in enumerate(maker.update_targets)
    ]
    callbacks = (
        [_callback(node, maker) for node in lowered.callbacks] if lowered is not None else []
    )
    costs = None
    if _is_timed(maker) and lowered is not None:
        from .profiling import ProgramCosts  # only where somebody measures

        costs = ProgramCosts(lowered)
        maker.profile.add_costs(costs)
    maker.source = functools.partial(_source, kernel.path.with_name("source.c"))
    return Program(
        kernel.entry,
        kernel,
        arguments=arguments,
        outputs=outputs,
        shared=shared,
        constants=plan["constants"],
        updates=updates,
        callbacks=callbacks,
        returned=maker.n_outputs,
        on_error=ExplainStatus(maker),
        uses_blas=plan["uses_blas"],
        profile=None if costs is None else costs.numbers,
        name=maker.name,
    )


def _is_timed(maker: FunctionMaker) -> bool:
    """Whether the code adds up what nodes take."""
    return maker.profile is not None and maker.profile.times_nodes


def _source(path: Path, maker: FunctionMaker, headers: bool) -> str:
    """The text that was compiled, or what of it belongs to the graph, with the user's lines."""
    if headers:
        return path.read_text(encoding="ascii")
    from .lowering import lower  # only where somebody reads it

    given = len(maker.arguments), maker.n_outputs, maker.update_targets
    return lower(maker.fgraph, *given, with_lines=True).shown


def _callback(node: Apply, maker: FunctionMaker) -> Callback:
    def run(*arrays: np.ndarray[Any, Any]) -> list[Any]:
        try:
            return result_of(node, arrays)
        except Exception as error:  # noqa: BLE001 (raised again, with the node)
            raise_with_node(error, node, arrays, maker.fgraph)

    def run_on_lent(*arrays: np.ndarray[Any, Any]) -> list[Any]:
        with contextlib.suppress(Exception):
            return result_of(node, arrays)
        # The frames of an error outlive what was lent.
        return run(*map(np.array, arrays))

    inputs, outputs = (list(map(_described, side)) for side in (node.inputs, node.outputs))
    lent = node.op.keeps_nothing
    return Callback(run_on_lent if lent else run, inputs, outputs, borrow=lent)


def _described(v: Variable) -> tuple[str, Any]:
    """The dtype and shape of a variable for the runtime."""
    return ("object", ()) if not isinstance(v.type, TensorType) else (v.type.dtype, v.type.shape)
