"""What the cache holds of a function: its shared object, and how that is called."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from bitale_graph.disk import CacheError, cache_key, is_key, warn_once

from ..base.cpu import this_cpu
from .compiler import CompileError
from .loader import ABI

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bitale_graph.disk import Cache

    from ..host.lowered import LoweredFunction
    from .compiler import Compiler

_EMPTY_ARCHIVE = 22  # bytes


def kernel_key(source: str, version: str, flags: Sequence[str]) -> str:
    """Return the key of a compiled file: everything that the machine code depends on."""
    return cache_key("kernel", source, version, *flags, this_cpu().signature, str(ABI))


def compiled(cache: Cache, compiler: Compiler, lowered: LoweredFunction) -> Path:
    """The shared object of a function, from the cache or the compiler.

    Raises
    ------
    CacheError
        If the cache cannot be written to.
    CompileError
    """
    texts = [lowered.source, *lowered.units]
    key = cache_key(*(kernel_key(text, compiler.version, compiler.flags) for text in texts))
    folder = cache.get(key)
    if folder is None:
        with cache.temporary_folder() as work:
            try:
                _compile_with_units(cache, compiler, lowered, work)
            except OSError as error:
                raise CacheError(f"cannot write to {work}: {error}") from error
            except CompileError:
                cache.check_room()  # or is a full disk what the compiler complains of?
                raise
            text = lowered.source.encode("ascii")
            folder = cache.put(key, {"kernel.so": work / "kernel.so", "source.c": text})
    return folder / "kernel.so"


def _compile_with_units(
    cache: Cache, compiler: Compiler, lowered: LoweredFunction, work: Path
) -> None:
    keys = [
        cache_key("object", kernel_key(text, compiler.version, compiler.flags))
        for text in lowered.units
    ]
    try:
        _compile(cache, compiler, lowered, work, keys)
    except CompileError:
        known = [key for key in keys if cache.get(key) is not None]
        if not known:
            raise
        # They are as they were written, and may be no objects all the same.
        for key in known:
            cache.discard(key)
        _compile(cache, compiler, lowered, work, keys)


def _compile(
    cache: Cache, compiler: Compiler, lowered: LoweredFunction, work: Path, keys: Sequence[str]
) -> None:
    """Compile a function, and beside it the support files that are not in the cache yet."""
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


def plan_of(lowered: LoweredFunction) -> dict[str, Any]:
    """What is to be known to call a function, beside what its graph tells."""
    return {
        "in_place": lowered.in_place,
        "constants": lowered.constants,
        "uses_blas": lowered.uses_blas,
    }


def write_plan(cache: Cache, key: str, plan: dict[str, Any], kernel: Path) -> None:
    """Keep a plan, so that a later process need neither rewrite nor lower; or warn."""
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
        warn_once("What is compiled is made again by the next process", error, cache.root)


def read_plan(cache: Cache, key: str, updates: range) -> dict[str, Any] | None:
    """A plan as it was kept, with the path of its kernel; None if there is none, or an odd one.

    ``updates`` are the places of outputs that update something.
    """
    folder = cache.get(key)
    if folder is None:
        return None
    try:
        plan = _parsed(folder, updates)
        kernel = cache.get(plan["kernel"])
    except Exception:  # noqa: BLE001 (whatever it holds instead: it is made again)
        kernel = None
    if kernel is None:
        cache.discard(key)
        return None
    plan["kernel"] = kernel / "kernel.so"
    return plan


def _parsed(folder: Path, updates: range) -> dict[str, Any]:
    plan: dict[str, Any] = json.loads((folder / "plan.json").read_text(encoding="utf-8"))
    count, in_place = plan["constants"], plan["in_place"]
    if not is_key(plan["kernel"]) or type(plan["uses_blas"]) is not bool:
        raise ValueError("no plan")
    if type(count) is not int or any(type(k) is not int or k not in updates for k in in_place):
        raise ValueError("no plan of this function")
    plan["constants"] = []
    constants = folder / "constants.npz"
    if count or constants.stat().st_size > _EMPTY_ARCHIVE:
        with np.load(constants, allow_pickle=False) as stored:
            names = [f"arr_{i}" for i in range(count)]
            if stored.files != names:
                raise ValueError("other constants")
            plan["constants"] = [stored[name] for name in names]
    return plan
