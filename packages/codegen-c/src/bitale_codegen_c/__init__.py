"""bitale-codegen-c: a whole function as one C file, and the runtime that loads and calls it."""

from .linker import CLinker as CLinker
from .toolchain.compiler import CompileError as CompileError

__version__ = "0.1.0"
