"""The BLAS table, its providers, and the number of threads."""

import ctypes
import os
import subprocess
import sys
import textwrap
from pathlib import Path

import numpy as np
import pytest
from bitale_codegen_c.base.cpu import openblas_core_type, parse_cpuinfo, this_cpu
from bitale_codegen_c.library.blas import (
    BLAS_NAMES,
    BlasError,
    get_blas_threads,
    load_blas,
    set_blas_threads,
)
from bitale_codegen_c.runtime import runtime
from bitale_codegen_c.toolchain.threads import default_threads, set_threads

PROVIDERS = ["scipy", "own"]


@pytest.fixture(autouse=True)
def default_blas_afterwards():
    yield
    load_blas()


class Table:
    """Calls the functions of the table with arrays in Fortran's conventions."""

    def __getattr__(self, name):
        address = runtime.blas_addresses()[BLAS_NAMES.index(name)]
        result = {"sdot": ctypes.c_float, "ddot": ctypes.c_double}.get(name)
        function = ctypes.CFUNCTYPE(result)(address)
        real = ctypes.c_float if name[0] == "s" else ctypes.c_double

        def call(*args):
            passed = []
            for arg in args:
                if isinstance(arg, str):
                    passed.append(ctypes.c_char_p(arg.encode()))
                elif isinstance(arg, int):
                    passed.append(ctypes.byref(ctypes.c_int32(arg)))
                elif isinstance(arg, float):
                    passed.append(ctypes.byref(real(arg)))
                else:
                    passed.append(ctypes.c_void_p(arg.ctypes.data))
            return function(*passed)

        return call


def real(prefix):
    return {"s": "float32", "d": "float64"}[prefix]


@pytest.mark.parametrize("provider", PROVIDERS)
@pytest.mark.parametrize("prefix", ["s", "d"])
@pytest.mark.parametrize("ta", ["N", "T"])
@pytest.mark.parametrize("tb", ["N", "t"])
def test_matrix_product(provider, prefix, ta, tb, rng):
    load_blas(provider)
    m, n, k = 5, 4, 3
    a = np.asfortranarray(rng.standard_normal((m, k) if ta == "N" else (k, m)), real(prefix))
    b = np.asfortranarray(rng.standard_normal((k, n) if tb == "N" else (n, k)), real(prefix))
    left, right = (a if ta == "N" else a.T), (b if tb == "N" else b.T)
    gemm = getattr(Table(), f"{prefix}gemm")
    for alpha, beta, start in ((1.0, 0.0, np.nan), (2.0, -0.5, 1.0)):
        c = np.full((m, n), start, real(prefix), order="F")
        gemm(ta, tb, m, n, k, alpha, a, a.shape[0], b, b.shape[0], beta, c, m)
        expected = alpha * (left @ right) + (0 if beta == 0 else beta * start)
        np.testing.assert_allclose(c, expected, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("provider", PROVIDERS)
@pytest.mark.parametrize("prefix", ["s", "d"])
@pytest.mark.parametrize("step", [1, 2, -1])
def test_vector_functions(provider, prefix, step, rng):
    load_blas(provider)
    table, dtype = Table(), real(prefix)
    a = np.asfortranarray(rng.standard_normal((4, 3)), dtype)
    x_store, y_store = rng.standard_normal(8).astype(dtype), rng.standard_normal(8).astype(dtype)

    def elements(store, n):
        """What Fortran's (n, store, step) means, as a view."""
        return store[: n * abs(step) : abs(step)][:: 1 if step > 0 else -1]

    def close(got, expected):
        np.testing.assert_allclose(got, expected, rtol=1e-4, atol=1e-5)

    x3, x4 = elements(x_store, 3), elements(x_store, 4)
    close(
        getattr(table, f"{prefix}dot")(4, x_store, step, y_store, step),
        x4 @ elements(y_store, 4),
    )
    for trans, n, expected in (("N", 4, a @ x3), ("T", 3, a.T @ x4)):
        y = y_store.copy()
        before = elements(y, n).copy()
        getattr(table, f"{prefix}gemv")(trans, 4, 3, 2.0, a, 4, x_store, step, 0.5, y, step)
        close(elements(y, n), 2 * expected + 0.5 * before)
    updated = a.copy(order="F")
    getattr(table, f"{prefix}ger")(4, 3, 2.0, x_store, step, y_store, step, updated, 4)
    close(updated, a + 2 * np.outer(x4, elements(y_store, 3)))
    y = y_store.copy()
    expected = elements(y, 4) + 3 * x4
    getattr(table, f"{prefix}axpy")(4, 3.0, x_store, step, y, step)
    close(elements(y, 4), expected)
    if step > 0:
        expected = 3 * elements(y, 4)
        getattr(table, f"{prefix}scal")(4, 3.0, y, step)
        close(elements(y, 4), expected)


def test_providers_are_named():
    assert load_blas("own").provider == "own"
    assert load_blas("own").library == ""
    assert load_blas("scipy").provider == "scipy"
    assert "cython_blas" in load_blas().library
    assert load_blas() is load_blas("auto") is load_blas("")


def test_library_by_path():
    maps = Path("/proc/self/maps").read_text().splitlines()
    libraries = [line.split()[-1] for line in maps if "openblas" in line]
    scipys = [path for path in libraries if "openblas64" not in path]
    if not scipys:
        pytest.skip("SciPy here is not built on OpenBLAS")
    blas = load_blas(scipys[0])
    assert (blas.provider, blas.library) == ("library", scipys[0])
    x = np.arange(4.0)
    assert Table().ddot(4, x, 1, x, 1) == 14


@pytest.mark.parametrize("choice", ["/not/there.so", "libm.so.6"])
def test_unusable_choice_is_an_error(choice):
    with pytest.raises(BlasError, match=choice):
        load_blas(choice)


def run(code, **environment):
    """Run Python code in a process of its own and return what it prints."""
    result = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code)],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    return result.stdout


def test_scipy_can_be_imported_after_its_blas_was_loaded():
    out = run(
        """
        import sys
        import numpy as np
        from bitale_codegen_c.library.blas import load_blas
        from bitale_codegen_c.runtime import runtime

        load_blas("scipy")
        assert "scipy.linalg" not in sys.modules
        before = runtime.blas_addresses()
        import scipy.linalg.cython_blas
        import scipy.linalg.cython_lapack
        assert scipy.linalg.cython_blas.__name__ == "scipy.linalg.cython_blas"
        print(np.abs(scipy.linalg.inv(np.eye(3) * 2) - np.eye(3) / 2).max())
        # Rebuilding the table from the imported module finds the same functions.
        load_blas("own")
        load_blas("scipy")
        assert runtime.blas_addresses() == before
        """
    )
    assert out.strip() == "0.0"


def test_threads_of_blas_can_be_set():
    blas = load_blas("scipy")
    if blas.core_type is None:
        pytest.skip("not an OpenBLAS")
    before = set_blas_threads(1)
    assert set_blas_threads(before) == 1
    assert set_blas_threads(before) == before
    assert get_blas_threads() == before
    load_blas("own")
    assert set_blas_threads(3) == get_blas_threads() == 1
    with pytest.raises(ValueError, match="at least 1"):
        set_blas_threads(0)


def test_number_of_threads_follows_the_environment(monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "3,2")
    assert default_threads() == 3
    monkeypatch.setenv("OMP_NUM_THREADS", "")
    assert default_threads() >= 1
    before = runtime.get_threads()
    set_threads(2)
    assert runtime.get_threads() == 2
    with pytest.raises(ValueError, match="at least 1"):
        set_threads(0)
    set_threads(before)


# --- The processor

ZEN5 = """processor\t: 0
vendor_id\t: AuthenticAMD
cpu family\t: 26
model\t\t: 68
flags\t\t: fpu avx2 avx512f avx512dq avx512cd avx512bw avx512vl

processor\t: 1
vendor_id\t: Other
"""


def test_openblas_is_told_its_kernels_on_zen_5_only():
    cpu = parse_cpuinfo(ZEN5)
    assert (cpu.vendor, cpu.family, cpu.model) == ("AuthenticAMD", 26, 68)
    assert openblas_core_type(cpu) == "SkylakeX"
    assert openblas_core_type(parse_cpuinfo(ZEN5.replace(": 26", ": 25"))) is None
    assert openblas_core_type(parse_cpuinfo(ZEN5.replace("AuthenticAMD", "GenuineIntel"))) is None
    assert openblas_core_type(parse_cpuinfo(ZEN5.replace("avx512bw", ""))) is None
    assert openblas_core_type(parse_cpuinfo("")) is None


def test_signature_of_the_processor_is_stable():
    assert this_cpu().signature == this_cpu().signature
    assert parse_cpuinfo(ZEN5).signature != parse_cpuinfo(ZEN5.replace("avx2 ", "")).signature
