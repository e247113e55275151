"""Functions compiled from C that is written by hand."""

from pathlib import Path

import bitale_codegen_c.runtime as runtime_package
import numpy as np
import pytest
from bitale_codegen_c.compiler import find_compiler
from bitale_codegen_c.loader import load_kernel

HEADER = (Path(runtime_package.__file__).parent / "bitale_runtime.h").read_text()


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
