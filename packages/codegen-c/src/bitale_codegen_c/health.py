"""What compiled functions need, each really tried: for ``bitale doctor``."""

from __future__ import annotations

import ctypes
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from bitale_graph.extend import Mode, config, function
from bitale_graph.health import (
    BETTER,
    BROKEN,
    OK,
    Finding,
    processor_quota,
    usable_processors,
)
from bitale_graph.language import exp, fvector

from .base import settings as settings
from .base.cpu import AVX512, openblas_core_type, this_cpu
from .library.blas import Blas, BlasError, get_blas_threads, load_blas
from .linker import NO_COMPILER
from .toolchain.compiler import CompileError, Compiler, find_compiler
from .toolchain.threads import default_threads

_GET_COMPILER = "apt install gcc (macOS: xcode-select --install; or config.cxx='/path/to/gcc')"
_PROBE = """#include <stdint.h>
int64_t probe(const float *x, int64_t n) {
    float sum = 0;
#pragma omp simd reduction(+ : sum)
    for (int64_t i = 0; i < n; i++) sum += x[i];
    return (int64_t)sum;
}
"""


def findings() -> Iterator[Finding]:
    """Compiler, a compiled function, processor, BLAS, threads."""
    compiler, found = _compiler()
    yield found
    if compiler is not None:
        yield _function()
    yield _processor()
    yield from _blas()
    yield _threads()
    yield _libraries()


def _compiler() -> tuple[Compiler | None, Finding]:
    """Find the compiler, and have it compile something that is loaded and called."""
    facts: dict[str, Any] = {"choice": config.cxx, "path": None}
    try:
        # Nothing that an earlier process noted: what is here now is asked for.
        compiler = find_compiler(None if config.cxx == "auto" else config.cxx)
    except (CompileError, OSError) as error:
        words = f"cxx={config.cxx}: {error}"
        return None, Finding("compiler", "C compiler", BROKEN, words, _GET_COMPILER, facts)
    if compiler is None:
        asked = config.cxx != "auto"
        words = "none wanted (cxx is empty)" if asked else "none (looked for CC, gcc, cc, clang)"
        words += ": functions run on NumPy, more slowly"
        cure = "set config.cxx to auto" if asked else _GET_COMPILER
        return None, Finding("compiler", "C compiler", BETTER, words, cure, facts)
    version = compiler.version.splitlines()[0] if compiler.version else "of unknown version"
    facts |= {"path": str(compiler.path), "version": version, "flags": list(compiler.flags)}
    start = time.perf_counter()
    try:
        _tried(compiler)
    except CompileError as error:
        words = f"{compiler.path} fails: {error}"
        return None, Finding("compiler", "C compiler", BROKEN, words, _GET_COMPILER, facts)
    except (OSError, ArithmeticError) as error:
        words = f"{compiler.path}: what it compiles cannot be run: {error}"
        cure = "export TMPDIR=/a/folder of a disk that code may run from and that has room"
        return None, Finding("compiler", "C compiler", BROKEN, words, cure, facts)
    facts["seconds"] = seconds = time.perf_counter() - start
    words = f"{compiler.path}, {version}; compiled, loaded and called in {seconds:.2f} s"
    if "-march=native" not in compiler.flags:
        words += "; it knows no -march=native, so code is for any processor of this kind"
        cure = f"a newer compiler: {_GET_COMPILER}"
        return compiler, Finding("compiler", "C compiler", BETTER, words, cure, facts)
    return compiler, Finding("compiler", "C compiler", OK, words, "", facts)


def _tried(compiler: Compiler) -> None:
    x = np.arange(100, dtype=np.float32)
    with tempfile.TemporaryDirectory(prefix="bitale-") as folder:
        path = Path(folder) / "probe.so"
        compiler.compile(_PROBE, path)
        probe = ctypes.CDLL(str(path)).probe
        probe.restype, probe.argtypes = ctypes.c_int64, [ctypes.c_void_p, ctypes.c_int64]
        result = probe(x.ctypes.data, x.size)
    if result != x.sum():
        raise ArithmeticError(f"a sum came out as {result} instead of {x.sum():g}")


def _function() -> Finding:
    """A whole function, through the linker and the cache as every other."""
    x = fvector("x")
    value = np.linspace(-1.0, 1.0, 7, dtype=np.float32)
    start = time.perf_counter()
    compiled = function([x], (x * exp(x)).sum(), mode=Mode("c"))
    seconds = time.perf_counter() - start
    result, wanted = float(compiled(value)), float((value * np.exp(value)).sum())
    facts = {"seconds": seconds, "result": result, "expected": wanted}
    kind = type(compiled.executable).__name__
    if abs(result - wanted) > 1e-5:  # a few units of float32
        words = f"(x * exp(x)).sum() gives {result!r}, and NumPy {wanted!r}"
        cure = f"another compiler: {_GET_COMPILER}"
        return Finding("compiled", "in C", BROKEN, words, cure, facts)
    if kind != "Program":
        words = f"a function that shall be compiled runs on {kind}: {NO_COMPILER}"
        return Finding("compiled", "in C", BROKEN, words, "see the lines on cache and C compiler")
    words = f"(x * exp(x)).sum() is right; made in {seconds:.2f} s"
    return Finding("compiled", "in C", OK, words, "", facts)


def _processor() -> Finding:
    cpu = this_cpu()
    known = ("avx512f", "avx2", "fma", "avx", "sse4_2", "asimd", "neon", "sve")
    best = [name for name in known if name in cpu.features]
    words = f"{cpu.vendor or 'unknown'}, family {cpu.family}, model {cpu.model}"
    words += f": {', '.join(best)}" if best else ""
    facts = {"vendor": cpu.vendor, "family": cpu.family, "model": cpu.model, "features": best}
    return Finding("processor", "processor", OK, words, "", facts)


def _blas() -> Iterator[Finding]:
    """Which library multiplies, and whether its kernels are those of this processor."""
    try:
        blas = load_blas(None if config.blas == "auto" else config.blas)
    except BlasError as error:
        words, cure = f"blas={config.blas}: {error}", "set config.blas to auto"
        yield Finding("blas", "BLAS", BROKEN, words, cure, {"provider": None})
        return
    facts = {
        "provider": blas.provider,
        "library": blas.library,
        "core_type": blas.core_type,
        "config": blas.config,
        "threads": get_blas_threads(),
    }
    if blas.provider == "own":
        words = "plain loops, many times slower than a library"
        cure = "pip install --upgrade scipy, or apt install libopenblas0"
        yield Finding("blas", "BLAS", BETTER, words, cure, facts)
        return
    words = f"{blas.provider}: {blas.library}"
    words += f"; kernels {blas.core_type}, {blas.config}" if blas.core_type else ""
    better = _better_core_type(blas)
    if better is None:
        yield Finding("blas", "BLAS", OK, words, "", facts)
    else:
        words += ", which are not the fastest here"
        cure = f"export OPENBLAS_CORETYPE={better}"
        yield Finding("blas", "BLAS", BETTER, words, cure, {**facts, "better": better})


def _better_core_type(blas: Blas) -> str | None:
    """The kernels that this processor would run faster, where those of the library are older."""
    if blas.core_type is None:
        return None
    if this_cpu().features >= AVX512 and blas.core_type.lower() in {"haswell", "zen", "prescott"}:
        # Zen 4 does as well with either; OpenBLAS itself knows that one.
        return openblas_core_type(this_cpu())
    return None


def _threads() -> Finding:
    threads = (config.threads or default_threads()) if config.openmp else 1
    processors = _processors()
    facts = {
        "threads": threads,
        "processors": processors,
        "openmp": config.openmp,
        "flag": config.threads,
    }
    words = f"{threads} for loops and products"
    if not config.openmp and processors > 1:
        words += f", as openmp is off; {processors} processors are there"
        return Finding("threads", "threads", BETTER, words, "set config.openmp to True", facts)
    if threads > processors:
        words += f", more than the {processors} processors that this process has time of"
        cure = f"set config.threads to {processors}, or export OMP_NUM_THREADS={processors}"
        return Finding("threads", "threads", BETTER, words, cure, facts)
    return Finding("threads", "threads", OK, f"{words}, of {processors} processors", "", facts)


def _processors() -> int:
    """The processors that this process may use, and no more than a container's share of time."""
    quota = processor_quota()
    usable = usable_processors()
    return usable if quota is None else max(1, min(usable, -int(-quota // 1)))


def _libraries() -> Finding:
    """Which libraries with threads of their own are loaded in this process."""
    try:
        import threadpoolctl
    except ImportError:
        words = "pip install threadpoolctl shows which are loaded"
        return Finding(
            "libraries", "libraries", OK, f"not looked at: {words}", "", {"loaded": None}
        )
    loaded = threadpoolctl.threadpool_info()
    shown = [
        f"{Path(one['filepath']).name} ({one['num_threads']} threads"
        f"{', ' + one['architecture'] if one.get('architecture') else ''})"
        for one in loaded
    ]
    words = ", ".join(shown) or "none with threads of its own is loaded"
    return Finding("libraries", "libraries", OK, words, "", {"loaded": loaded})
