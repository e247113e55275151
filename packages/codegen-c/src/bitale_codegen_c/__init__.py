"""bitale-codegen-c: a whole function as one C file, and the runtime that loads and calls it."""

from .build.compiler import CompileError as CompileError
from .linker import CLinker as CLinker

__version__ = "0.1.0"
