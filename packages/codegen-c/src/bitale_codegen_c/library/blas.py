"""Which BLAS answers: the table of function pointers that compiled functions call."""

from __future__ import annotations

import ctypes
import ctypes.util
import importlib
import importlib.machinery
import importlib.util
import sys
import threading
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from bitale_graph.extend import keep_across_fork

from ..base.cpu import set_openblas_core_type
from ..base.symbols import symbol_address
from ..runtime import runtime

if TYPE_CHECKING:
    from types import ModuleType

BLAS_NAMES = (
    "sgemm",
    "dgemm",
    "sgemv",
    "dgemv",
    "sger",
    "dger",
    "sdot",
    "ddot",
    "saxpy",
    "daxpy",
    "sscal",
    "dscal",
)
"""The order of the table: Fortran calling convention, 32-bit integers, column-major."""

_CYTHON_BLAS = "scipy.linalg.cython_blas"


class BlasError(RuntimeError):
    """The BLAS library that was asked for cannot be used."""


@dataclass(frozen=True)
class Blas:
    """The BLAS in use.

    Attributes
    ----------
    provider : str
        "scipy", "system", "own", or the library that was asked for.
    library : str
        Path of the shared object that the functions came from; empty for "own".
    core_type : str or None
        The kernels that OpenBLAS uses; None if it is not OpenBLAS.
    config : str or None
        How OpenBLAS was built.
    """

    provider: str
    library: str
    core_type: str | None = None
    config: str | None = None


_lock = threading.Lock()
keep_across_fork(_lock)
_current: tuple[str, Blas] | None = None


def load_blas(choice: str | None = None) -> Blas:
    """Fill the table, once; a second call with the same choice only tells what is in use.

    Parameters
    ----------
    choice
        "scipy": SciPy's, through its Cython capsules; "system": a library named ``openblas`` or
        ``blas`` that the system's loader finds; "own": plain loops; otherwise the path or file
        name of a shared object with Fortran symbols. None, "" or "auto": the first of scipy,
        system and own that answers.

    Raises
    ------
    BlasError
        If a choice was made and that library cannot be used.
    """
    global _current  # noqa: PLW0603 (one table in a process)
    wanted = choice or "auto"
    with _lock:
        if _current is None or _current[0] != wanted:
            _current = (wanted, _load(wanted))
        return _current[1]


def set_blas_threads(threads: int) -> int:
    """Set how many threads the BLAS in use takes; return the number before, or 1 if not known.

    Raises
    ------
    ValueError
        For a number under 1.
    """
    if threads < 1:
        raise ValueError(f"the number of threads is at least 1: {threads}")
    return runtime.set_blas_threads(threads)


def get_blas_threads() -> int:
    """Return how many threads the BLAS in use takes, or 1 if not known."""
    return runtime.set_blas_threads(0)


def _load(choice: str) -> Blas:
    if choice == "scipy":
        return _load_scipy()
    if choice == "system":
        return _load_system()
    if choice == "own":
        return _load_own()
    if choice != "auto":
        return _load_library("library", choice)
    try:
        return _load_scipy()
    except BlasError as error:
        reasons = [str(error)]
    try:
        return _load_system()
    except BlasError as error:
        reasons.append(str(error))
    warnings.warn(
        "no BLAS library answers, so matrix products run on plain loops, many times slower: "
        + "; ".join(reasons),
        RuntimeWarning,
        stacklevel=4,
    )
    return _load_own()


def _load_own() -> Blas:
    runtime.set_blas_addresses(runtime.own_blas_addresses())
    return Blas("own", "")


def _load_scipy() -> Blas:
    set_openblas_core_type()
    try:
        module = _cython_blas()
        capsules = module.__pyx_capi__
        addresses = [_capsule_address(capsules[name]) for name in BLAS_NAMES]
    except (ImportError, AttributeError, KeyError, ValueError) as error:
        raise BlasError(f"SciPy's BLAS: {error}") from error
    path = str(module.__file__)
    # The module itself stands on the library, so looking a name up in it finds the library's.
    return _use("scipy", path, ctypes.CDLL(path), addresses)


def _load_system() -> Blas:
    reasons = []
    for name in ("openblas", "blas"):
        path = ctypes.util.find_library(name)
        if path is None:
            reasons.append(f"no library named {name}")
            continue
        try:
            return _load_library("system", path)
        except BlasError as error:
            reasons.append(str(error))
    raise BlasError("system BLAS: " + ", ".join(reasons))


def _load_library(provider: str, path: str) -> Blas:
    set_openblas_core_type()
    try:
        library = ctypes.CDLL(path)
    except OSError as error:
        raise BlasError(f"BLAS library {path!r} cannot be loaded: {error}") from error
    for prefix in ("", "scipy_"):
        addresses = [symbol_address(library, f"{prefix}{name}_") for name in BLAS_NAMES]
        if all(addresses):
            return _use(provider, path, library, addresses)
    raise BlasError(f"BLAS library {path!r} has no function named sgemm_, or lacks another one")


def _use(provider: str, path: str, library: ctypes.CDLL, addresses: list[int]) -> Blas:
    runtime.set_blas_addresses(
        addresses,
        _openblas_address(library, "get_num_threads"),
        _openblas_address(library, "set_num_threads"),
    )
    config = _openblas_text(library, "get_config")
    return Blas(provider, path, _openblas_text(library, "get_corename"), config)


def _openblas_address(library: ctypes.CDLL, name: str) -> int:
    """Find a function of OpenBLAS, under the prefix that SciPy's build of it has or under none."""
    for candidate in (f"scipy_openblas_{name}", f"openblas_{name}"):
        if address := symbol_address(library, candidate):
            return address
    return 0


def _openblas_text(library: ctypes.CDLL, name: str) -> str | None:
    address = _openblas_address(library, name)
    if not address:
        return None
    text = ctypes.CFUNCTYPE(ctypes.c_char_p)(address)()
    return text.decode(errors="replace") if isinstance(text, bytes) else None


def _capsule_address(capsule: object) -> int:
    name_of = ctypes.pythonapi.PyCapsule_GetName
    name_of.restype, name_of.argtypes = ctypes.c_char_p, [ctypes.py_object]
    pointer_of = ctypes.pythonapi.PyCapsule_GetPointer
    pointer_of.restype, pointer_of.argtypes = ctypes.c_void_p, [ctypes.py_object, ctypes.c_char_p]
    signature = name_of(capsule)
    if signature is None or b"int *" not in signature:
        raise ValueError(f"not a BLAS function with 32-bit integers: {signature!r}")
    return int(pointer_of(capsule, signature))


def _cython_blas() -> ModuleType:
    """Return SciPy's module of BLAS capsules, without importing ``scipy.linalg`` for it.

    All of ``scipy.linalg`` takes 0.16 to 0.23 s to import, the one extension module 0.03 s.
    """
    if "scipy.linalg" not in sys.modules and sys.platform != "win32":
        module = _cython_blas_alone()
        if module is not None:
            return module
    return importlib.import_module(_CYTHON_BLAS)


def _cython_blas_alone() -> ModuleType | None:
    spec = importlib.util.find_spec("scipy")
    if spec is None or not spec.submodule_search_locations:
        raise ImportError("SciPy is not installed")
    folder = Path(spec.submodule_search_locations[0]) / "linalg"
    for suffix in importlib.machinery.EXTENSION_SUFFIXES:
        path = folder / f"cython_blas{suffix}"
        if path.exists():
            break
    else:
        return None
    loader = importlib.machinery.ExtensionFileLoader(_CYTHON_BLAS, str(path))
    file_spec = importlib.util.spec_from_file_location(_CYTHON_BLAS, path, loader=loader)
    if file_spec is None:
        return None
    try:
        module = importlib.util.module_from_spec(file_spec)
        loader.exec_module(module)
    except ImportError:
        return None  # whatever is in the way, importing the whole package meets it and says so
    finally:
        # Cython enters the module by itself. A later `import scipy.linalg.cython_blas` must find
        # its parent first, and then gets the same module from the extension.
        sys.modules.pop(_CYTHON_BLAS, None)
    return module
