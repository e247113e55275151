"""Functions compiled from C that is written by hand."""

from pathlib import Path

import bitale_codegen_c.runtime as runtime_package
import numpy as np
import pytest
from bitale_codegen_c.base import settings as settings
from bitale_codegen_c.toolchain.compiler import find_compiler
from bitale_codegen_c.toolchain.loader import load_kernel
from bitale_graph import config

HEADER = (Path(runtime_package.__file__).parent / "bitale_runtime.h").read_text()


@pytest.fixture(autouse=True, scope="session")
def cache_of_this_run(tmp_path_factory):
    """Keep what tests compile away from the user's cache."""
    with config.change_flags(base_compiledir=str(tmp_path_factory.mktemp("compiled"))):
        yield


@pytest.fixture(scope="session")
def quick(compiler, tmp_path_factory):
    """Compile with little optimisation, where the text is tested and not its speed."""
    return compiler_with(compiler, tmp_path_factory, "-O1")


def compiler_with(compiler, tmp_path_factory, flags):
    """Write a program that is the compiler with flags after all others."""
    script = tmp_path_factory.mktemp("compiler") / "cc"
    script.write_text(f'#!/bin/sh\nexec {compiler.path} "$@" {flags}\n')
    script.chmod(0o755)
    return script


@pytest.fixture
def refuse_what_later_compilers_refuse(compiler, tmp_path_factory):
    """Make errors of what GCC 14 and Clang 16 take for errors, and earlier ones warn of."""
    names = ["implicit-function-declaration", "incompatible-pointer-types", "int-conversion"]
    script = compiler_with(compiler, tmp_path_factory, " ".join(f"-Werror={n}" for n in names))
    with config.change_flags(cxx=str(script)):
        yield


@pytest.fixture
def compile_quickly(quick):
    with config.change_flags(cxx=str(quick)):
        yield


@pytest.fixture(scope="session")
def compiler():
    """Return the C compiler of this machine; without one the test is skipped."""
    found = find_compiler()
    if found is None:
        pytest.skip("needs a C compiler")
    return found


@pytest.fixture(scope="session")
def build(compiler, tmp_path_factory):
    """Compile the body of a function, and return what Program takes first."""
    folder = tmp_path_factory.mktemp("kernels")
    kernels = {}

    def build(body, before=""):
        source = (
            f"{HEADER}{before}\nconst int64_t bitale_abi = BITALE_ABI;\n"
            "int64_t bitale_main(const bt_runtime *rt, void *call, const bt_array *in,"
            " bt_result *out) {\n" + body + "\n}\n"
        )
        if source not in kernels:
            path = folder / f"kernel{len(kernels)}.so"
            compiler.compile(source, path)
            kernels[source] = load_kernel(path)
        return kernels[source].entry, kernels[source]

    return build


@pytest.fixture
def rng():
    return np.random.default_rng(20)
