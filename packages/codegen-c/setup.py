"""Build the runtime extension; everything else about the package is in pyproject.toml."""

import sys
from pathlib import Path

import numpy as np
from Cython.Build import cythonize
from setuptools import Extension, setup

RUNTIME = "src/bitale_codegen_c/runtime"

extension = Extension(
    "bitale_codegen_c.runtime.runtime",
    [f"{RUNTIME}/runtime.pyx"],
    depends=[str(path) for path in Path(RUNTIME).glob("*.[hp]*")],
    include_dirs=[RUNTIME, np.get_include()],
    define_macros=[
        ("NPY_NO_DEPRECATED_API", "NPY_1_22_API_VERSION"),
        ("NPY_TARGET_VERSION", "NPY_1_22_API_VERSION"),  # from which on arrays may have our memory
    ],
    extra_compile_args=[] if sys.platform == "win32" else ["-O2", "-fvisibility=hidden"],
)

setup(ext_modules=cythonize([extension], include_path=[RUNTIME]))
