"""The C linker: lower, compile or take from the cache, load, and hand to the runtime."""

from __future__ import annotations

import functools
import io
import json
import threading
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

import bitale_graph
import numpy as np
from bitale_graph import trace as tracing
from bitale_graph.config import config
from bitale_graph.maker import FunctionMaker
from bitale_graph.mode import Executable
from bitale_graph.numpy_linker import NumpyLinker
from bitale_graph.op import result_of
from bitale_graph.run_time_error import raise_with_node
from bitale_graph.type import TensorType
from bitale_graph.variable import Apply, Variable

from . import settings as settings
from .blas import load_blas
from .cache import Cache, CacheError, cache_key, kernel_key, open_cache
from .compiler import CompileError, Compiler, find_compiler
from .cpu import this_cpu
from .explain import Explain
from .loader import LoadError, load_kernel
from .runtime.runtime import Argument, Callback, Program
from .threads import set_threads

if TYPE_CHECKING:
    from .lowering import LoweredFunction

NO_COMPILER = (
    "bitale found no C compiler, so functions run on NumPy, more slowly. Install gcc (Debian: apt "
    "install gcc; macOS: xcode-select --install), or set config.cxx to the path of a compiler; "
    "config.linker='numpy' silences this warning."
)


class CLinker:
    """Makes functions run as machine code; without a C compiler, on NumPy after one warning."""

    name = "c"
    rank = 10

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._compilers: dict[tuple[str, str], Compiler | None] = {}
        self._caches: dict[str, Cache] = {}
        self._has_warned = False

    def link(self, maker: FunctionMaker) -> Executable:
        """Compile the function; what was compiled before, in any process, is loaded."""
        cache = self._cache()
        compiler = self._compiler(cache)
        if compiler is None:
            if not self._has_warned:
                self._has_warned = True
                file, line, _ = next(iter(tracing.capture()), ("bitale", 1, ""))
                warnings.warn_explicit(NO_COMPILER, UserWarning, file, line)
            return NumpyLinker().link(maker)
        if not all(isinstance(v.type, TensorType) for v in maker.written.variables):
            # Values that are no arrays exist in Python alone.
            return NumpyLinker().link(maker)
        set_threads((config.threads or None) if config.openmp else 1)
        key = self._plan_key(maker, compiler)
        plan = _read_plan(cache, key) if key is not None else None
        if plan is not None:
            try:
                return _program(maker, plan, plan["kernel"])
            except LoadError:
                pass  # made for another machine or runtime: make it again
        # Where the plan is in the cache, to load this would take half as long again as all else.
        from .lowering import lower

        lowered = lower(maker.fgraph, len(maker.arguments), maker.n_outputs, maker.update_targets)
        kernel = _compiled(cache, compiler, lowered)
        plan = _plan_of(lowered)
        if key is not None and not lowered.callbacks:
            _write_plan(cache, key, plan, kernel)
        return _program(maker, plan, kernel, lowered)

    def _cache(self) -> Cache:
        root = config.base_compiledir
        with self._lock:
            if root not in self._caches:
                self._caches[root] = open_cache(root or None)
            return self._caches[root]

    def _compiler(self, cache: Cache) -> Compiler | None:
        choice = config.cxx
        key = (choice, str(cache.root))
        with self._lock:
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
        if graph is None:
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
    found = sorted(p for f in folders for p in f.rglob("*") if p.suffix in (".py", ".h"))
    return cache_key(repr([(p.name, p.stat().st_size, p.stat().st_mtime_ns) for p in found]))


def _compiled(cache: Cache, compiler: Compiler, lowered: LoweredFunction) -> Path:
    """The shared object of a function, from the cache or the compiler."""
    texts = [lowered.source, *lowered.units]
    key = cache_key(*(kernel_key(text, compiler.version, compiler.flags) for text in texts))
    folder = cache.get(key)
    if folder is None:
        with cache.temporary_folder() as work:
            _compile(cache, compiler, lowered, work)
            text = lowered.source.encode()
            folder = cache.put(key, {"kernel.so": work / "kernel.so", "source.c": text})
    return folder / "kernel.so"


def _compile(cache: Cache, compiler: Compiler, lowered: LoweredFunction, work: Path) -> None:
    """Compile a function, and beside it the support files that are not in the cache yet."""
    keys = [
        cache_key("object", kernel_key(text, compiler.version, compiler.flags))
        for text in lowered.units
    ]
    found = [cache.get(key) for key in keys]
    missing = [k for k, folder in enumerate(found) if folder is None]
    kernel = work / "kernel.so"
    if not missing and lowered.parts == 1:
        compiler.compile(lowered.source, kernel, [f / "unit.o" for f in found if f is not None])
        return
    from concurrent.futures import ThreadPoolExecutor

    made = [work / f"unit{k}.o" for k in range(len(keys))]
    parts = [work / f"kernel{p}.o" for p in range(lowered.parts)]
    defined = [[f"BT_PART={p}"] for p in range(lowered.parts)] if lowered.parts > 1 else [[]]
    jobs = [(lowered.source, part, macros) for part, macros in zip(parts, defined, strict=True)]
    jobs += [(lowered.units[k], made[k], []) for k in missing]
    with ThreadPoolExecutor(len(jobs)) as pool:
        for job in [pool.submit(compiler.compile_object, *one) for one in jobs]:
            job.result()
    for k in missing:
        found[k] = cache.put(keys[k], {"unit.o": made[k]})
    compiler.link([*parts, *(f / "unit.o" for f in found if f is not None)], kernel)


def _plan_of(lowered: LoweredFunction) -> dict[str, Any]:
    return {
        "in_place": lowered.in_place,
        "constants": lowered.constants,
        "uses_blas": lowered.uses_blas,
    }


def _write_plan(cache: Cache, key: str, plan: dict[str, Any], kernel: Path) -> None:
    buffer = io.BytesIO()
    np.savez(buffer, *plan["constants"])
    text = json.dumps(
        {
            "in_place": plan["in_place"],
            "uses_blas": plan["uses_blas"],
            "kernel": kernel.parent.name,
            "constants": len(plan["constants"]),
        }
    )
    try:
        cache.put(key, {"plan.json": text.encode(), "constants.npz": buffer.getvalue()})
    except CacheError as error:
        warnings.warn(str(error), UserWarning, stacklevel=6)


def _read_plan(cache: Cache, key: str) -> dict[str, Any] | None:
    folder = cache.get(key)
    if folder is None:
        return None
    plan: dict[str, Any] = json.loads((folder / "plan.json").read_text())
    kernel = cache.get(plan["kernel"])
    if kernel is None:
        return None
    plan["kernel"] = kernel / "kernel.so"
    count = plan["constants"]
    if count:
        with np.load(folder / "constants.npz", allow_pickle=False) as stored:
            plan["constants"] = [stored[f"arr_{i}"] for i in range(count)]
    else:
        plan["constants"] = []
    return plan


def _program(
    maker: FunctionMaker, plan: dict[str, Any], path: Path, lowered: LoweredFunction | None = None
) -> Program:
    if plan["uses_blas"]:
        load_blas(None if config.blas == "auto" else config.blas)
    kernel = load_kernel(path)
    graph = maker.written
    n = len(maker.arguments)
    types: list[Any] = [v.type for v in graph.inputs]
    arguments = [
        Argument(t.dtype, t.shape, a.filter, a.name)
        for t, a in zip(types, maker.arguments, strict=False)
    ]
    shared = [
        (c, Argument(t.dtype, t.shape)) for c, t in zip(maker.containers, types[n:], strict=True)
    ]
    # The code delivers every output but the updates that it makes in place.
    delivered = [k for k in range(len(graph.outputs)) if k not in plan["in_place"]]
    types_out: list[Any] = [graph.outputs[k].type for k in delivered]
    outputs = [(t.dtype, t.shape) for t in types_out]
    places = {k: place for place, k in enumerate(delivered)}
    updates = [
        (target, places.get(maker.n_outputs + k)) for k, target in enumerate(maker.update_targets)
    ]
    callbacks = (
        [_callback(node, maker) for node in lowered.callbacks] if lowered is not None else []
    )
    source_path = path.with_name("source.c")
    maker.source = source_path.read_text
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
        on_error=Explain(maker),
        uses_blas=plan["uses_blas"],
        name=maker.name,
    )


def _callback(node: Apply, maker: FunctionMaker) -> Callback:
    def run(*arrays: np.ndarray[Any, Any]) -> list[Any]:
        try:
            return [
                _kept_promise(v, x)
                for v, x in zip(node.outputs, result_of(node, arrays), strict=True)
            ]
        except Exception as error:  # noqa: BLE001 (raised again, with the node)
            raise_with_node(error, node, arrays, maker.fgraph)

    def described(variables: Any) -> list[tuple[str, Any]]:
        return [(v.type.dtype, v.type.shape) for v in variables]

    return Callback(run, described(node.inputs), described(node.outputs))


def _kept_promise(variable: Variable, value: Any) -> Any:
    """What an op left in its storage, as an array of the type that it promised."""
    try:
        return variable.type.filter(value)
    except TypeError as error:
        raise TypeError(
            f"{variable.owner and variable.owner.op}: perform gave no value of its output "
            f"{variable.index}: {error}"
        ) from error
