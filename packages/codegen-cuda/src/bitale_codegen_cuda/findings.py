"""What a GPU needs, what of it is there, and the command that brings the rest."""

from __future__ import annotations

import ctypes
import importlib.metadata
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from bitale_graph.extend import config
from bitale_graph.health import BETTER, BROKEN, OK, Finding

from .base.errors import CudaError, NoDeviceError
from .compiler.nvrtc import CompileError, Nvrtc, find_nvrtc
from .driver.cublas import find_cublas
from .driver.cuda_library import CudaLibrary

_CUPY = ("cupy-cuda13x", "cupy-cuda12x", "cupy")
_CXX = ("g++", "clang++")
# What words end on where they say what to do.
_CURE = re.compile(r"(?:pip (?:un)?install|apt install|Install (?:it|one) from) .*$")
_KERNEL = 'extern "C" __global__ void probe(float *x) { x[threadIdx.x] = 1; }'
_KEYS = {
    "NVRTC": "nvrtc",
    "cuBLAS": "cublas",
    "CuPy": "cupy",
    "C++ compiler": "emulation",
}


@dataclass(frozen=True)
class _Finding:
    """A line of the report.

    Attributes
    ----------
    subject : str
    is_there : bool
    words : str
    is_needed : bool
        Whether GPU number ``ordinal``, or every one, is of no use without it.
    ordinal : int, optional
    """

    subject: str
    is_there: bool
    words: str
    is_needed: bool = True
    ordinal: int | None = None

    def __str__(self) -> str:
        return f"{self.subject:<13} {'ok' if self.is_there else 'missing':<8} {self.words}"


def report() -> str:
    """A report on CUDA: a line for each thing that is needed, with the cure if it is missing.

    Returns
    -------
    str
        Lines.
    """
    return "\n".join(map(str, _findings()))


def missing(ordinal: int = 0) -> list[str]:
    """What GPU number ``ordinal`` lacks, each with its cure; nothing if it can be used."""
    findings = _findings()
    wanted = [
        f"{finding.subject}: {finding.words}"
        for finding in findings
        if not finding.is_there and finding.is_needed and finding.ordinal in {None, ordinal}
    ]
    if not wanted and all(finding.ordinal != ordinal for finding in findings):
        wanted = [f"cuda{ordinal}: there is no GPU number {ordinal}"]
    return wanted


def health_findings() -> Iterator[Finding]:
    """The same for `bitale doctor`, with compilers tried.

    What is missing matters where a GPU is there, or asked for.
    """
    found = _findings()
    has_driver = found[0].is_there
    is_wanted = config.device.startswith(("cuda", "gpu"))
    is_emulated = config.device.startswith("emulated")
    for one in found:
        key = _KEYS.get(one.subject, one.subject)
        words, cure = one.words, ""
        state = OK
        if not one.is_there:
            is_of_use = is_emulated if one.subject == "C++ compiler" else is_wanted
            is_of_use &= one.is_needed or one.subject == "C++ compiler"
            state = BROKEN if is_of_use else BETTER if has_driver and one.is_needed else OK
            if state == OK:
                words = f"not here: {words}"
            else:
                found_cure = _CURE.search(words)
                cure = words if found_cure is None else found_cure[0]
                words = words.removesuffix(cure).rstrip(": ") or f"no {one.subject}"
        elif fault := _TRIALS.get(one.subject, lambda: "")():
            is_used = is_emulated if one.subject == "C++ compiler" else has_driver or is_wanted
            state = BROKEN if is_used else BETTER
            words, cure = f"{words}; {fault}", _ANEW[one.subject]
        facts = {"there": one.is_there, "needed": one.is_needed}
        yield Finding(f"gpu.{key}", one.subject, state, words, cure, facts)
    if has_driver and not any(one.ordinal is not None for one in found):
        words = "the driver knows no device"
        yield Finding("gpu.devices", "GPU", BROKEN if is_wanted else BETTER, words, "nvidia-smi")


def _fault_of_nvrtc() -> str:
    """What goes wrong when NVRTC compiles something, which needs no GPU; empty if nothing does."""
    try:
        compiler = find_nvrtc()
        compiler.compile(_KERNEL, compiler.architectures()[-1])
    except (CudaError, CompileError, OSError) as error:
        return f"it compiles nothing: {error}"
    return ""


def _fault_of_cxx() -> str:
    """What goes wrong when the C++ compiler makes a library; empty if nothing does."""
    command = next(filter(None, map(shutil.which, _CXX)), _CXX[0])
    try:
        with tempfile.TemporaryDirectory(prefix="bitale-") as folder:
            path = Path(folder) / "probe.so"
            options = ("-shared", "-fPIC", "-x", "c++", "-o", str(path), "-")
            done = subprocess.run(
                [command, *options],
                input=b'#include <cmath>\nextern "C" int probe() { return 7; }\n',
                capture_output=True,
                check=False,
            )
            if done.returncode:
                return f"it fails: {done.stderr.decode(errors='replace')}"
            result = ctypes.CDLL(str(path)).probe()
    except OSError as error:
        return f"what it compiles cannot be run: {error}"
    return "" if result == 7 else f"what it compiles gives {result} in the place of 7"


_TRIALS = {"NVRTC": _fault_of_nvrtc, "C++ compiler": _fault_of_cxx}
_ANEW = {
    "NVRTC": "pip install --force-reinstall 'bitale-codegen-cuda[cuda13]'",
    "C++ compiler": "apt install --reinstall g++",
}


def _findings() -> list[_Finding]:
    library, driver = _driver()
    newest = None if library is None else library.version()[0]
    compiler, compiling = _compiler(newest)
    return [
        driver,
        *([] if library is None else _devices(library, compiler)),
        compiling,
        _products(newest),
        _cupy(newest),
        _emulated(),
    ]


def _driver() -> tuple[CudaLibrary | None, _Finding]:
    try:
        library = CudaLibrary()
    except NoDeviceError as error:
        return None, _Finding("driver", False, str(error))
    version = _dotted(library.version())
    return library, _Finding("driver", True, f"{library.path}, up to CUDA {version}")


def _devices(library: CudaLibrary, compiler: Nvrtc | None) -> list[_Finding]:
    findings = []
    for ordinal in range(library.count()):
        device = library.device(ordinal)
        architecture = "sm_{}{}".format(*library.capability(device))
        size = library.memory(device) / 2**30
        words = f"{library.title(device)}, {architecture}, {size:.1f} GiB"
        is_there = True
        if compiler is not None and architecture not in compiler.architectures():
            known = compiler.architectures()
            is_there = int(architecture[3:]) > int(known[0][3:])
            words += (
                ": newer than NVRTC; the driver compiles its kernels on. To have it know them: "
                "pip install -U 'bitale-codegen-cuda[cuda13]'"
                if is_there
                else f": NVRTC {_dotted(compiler.version)} has dropped it; "
                "pip uninstall nvidia-cuda-nvrtc && pip install 'bitale-codegen-cuda[cuda12]'"
            )
        findings.append(_Finding(f"cuda{ordinal}", is_there, words, ordinal=ordinal))
    return findings


def _compiler(newest: int | None) -> tuple[Nvrtc | None, _Finding]:
    try:
        compiler = find_nvrtc(newest=newest)
    except NoDeviceError as error:
        return None, _Finding("NVRTC", False, str(error))
    known = compiler.architectures()
    words = f"{compiler.path}, {_dotted(compiler.version)}, {known[0]} to {known[-1]}"
    return compiler, _Finding("NVRTC", True, words)


def _products(newest: int | None) -> _Finding:
    try:
        library = find_cublas(newest=newest)
    except NoDeviceError as error:
        return _Finding("cuBLAS", False, str(error))
    return _Finding("cuBLAS", True, f"{library.path}, {_dotted(library.version())}")


def _cupy(newest: int | None) -> _Finding:
    """Look for CuPy without importing it, which takes long and may fail without a GPU."""
    for name in _CUPY:
        try:
            return _Finding("CuPy", True, f"{name} {importlib.metadata.version(name)}", False)
        except importlib.metadata.PackageNotFoundError:
            continue
    name = _CUPY[1] if newest == 12 else _CUPY[0]
    words = f"only needed for results that stay on the GPU as arrays: pip install {name}"
    return _Finding("CuPy", False, words, is_needed=False)


def _emulated() -> _Finding:
    for name in _CXX:
        if found := shutil.which(name):
            return _Finding("C++ compiler", True, f"{found}, for the emulated device", False)
    words = f"only needed for the emulated device (looked for {', '.join(_CXX)}): apt install g++"
    return _Finding("C++ compiler", False, words, is_needed=False)


def _dotted(version: tuple[int, int]) -> str:
    return ".".join(map(str, version))
