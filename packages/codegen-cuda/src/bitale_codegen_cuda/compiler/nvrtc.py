"""NVRTC, NVIDIA's compiler in a library, which needs no GPU: from CUDA C to a binary."""

from __future__ import annotations

import ctypes
import re
from collections.abc import Sequence
from ctypes import POINTER, c_char_p, c_int, c_size_t, c_void_p
from dataclasses import dataclass, replace
from typing import Any

from ..base import wheels
from ..base.errors import NoDeviceError

VARIABLE = "BITALE_NVRTC"
_STANDARD = "--std=c++17"
# Then the log tells what each kernel uses.
_REPORT = "--ptxas-options=-v"
_BINARY, _PTX = "CUBIN", "PTX"
_FUNCTIONS: dict[str, tuple[Any, ...]] = {
    "nvrtcVersion": (POINTER(c_int), POINTER(c_int)),
    "nvrtcGetNumSupportedArchs": (POINTER(c_int),),
    "nvrtcGetSupportedArchs": (c_void_p,),
    "nvrtcCreateProgram": (c_void_p, c_char_p, c_char_p, c_int, c_void_p, c_void_p),
    "nvrtcDestroyProgram": (c_void_p,),
    "nvrtcCompileProgram": (c_void_p, c_int, c_void_p),
    "nvrtcGetProgramLogSize": (c_void_p, POINTER(c_size_t)),
    "nvrtcGetProgramLog": (c_void_p, c_char_p),
    "nvrtcGetCUBINSize": (c_void_p, POINTER(c_size_t)),
    "nvrtcGetCUBIN": (c_void_p, c_char_p),
    "nvrtcGetPTXSize": (c_void_p, POINTER(c_size_t)),
    "nvrtcGetPTX": (c_void_p, c_char_p),
}


class CompileError(RuntimeError):
    """The compiler refused a source.

    Attributes
    ----------
    log : str
        What it wrote.
    """

    def __init__(self, message: str, log: str = "") -> None:
        self.log = log
        super().__init__(f"{message}\n{log.rstrip()}" if log else message)


@dataclass(frozen=True)
class Compiled:
    """What a source became.

    Attributes
    ----------
    cubin : bytes
        For a device that is newer than the compiler it is PTX, which the driver compiles on.
    log : str
        Warnings, and what the kernels use.
    """

    cubin: bytes
    log: str


@dataclass(frozen=True)
class Resources:
    """What a kernel uses.

    Attributes
    ----------
    registers : int
        Of each thread.
    spill_bytes : int
        Written for want of registers, and read again.
    stack_bytes : int
        Of each thread.
    shared_bytes : int
        Of each block.
    """

    registers: int = 0
    spill_bytes: int = 0
    stack_bytes: int = 0
    shared_bytes: int = 0


class Nvrtc:
    """The compiler.

    Parameters
    ----------
    path : str
        The library, or a name that the system's loader finds.

    Raises
    ------
    OSError
        If it cannot be loaded.
    AttributeError
        If it lacks a function.
    """

    def __init__(self, path: str) -> None:
        self.path = path
        wheels.preload(path, "libnvrtc-builtins")
        library = ctypes.CDLL(path)
        self._functions: dict[str, Any] = {}
        for name, types in _FUNCTIONS.items():
            function = getattr(library, name)
            function.argtypes = types
            function.restype = c_int
            self._functions[name] = function
        self._word = library.nvrtcGetErrorString
        self._word.argtypes = (c_int,)
        self._word.restype = c_char_p
        self._known: list[str] | None = None

    @property
    def version(self) -> tuple[int, int]:
        """Its version, which is that of CUDA."""
        major, minor = c_int(), c_int()
        self._call("nvrtcVersion", major, minor)
        return major.value, minor.value

    def architectures(self) -> list[str]:
        """The architectures it makes binaries for, oldest first, such as "sm_90"."""
        if self._known is None:
            count = c_int()
            self._call("nvrtcGetNumSupportedArchs", count)
            numbers = (c_int * count.value)()
            self._call("nvrtcGetSupportedArchs", ctypes.addressof(numbers))
            self._known = [f"sm_{number}" for number in sorted(numbers)]
        return list(self._known)

    def compile(self, source: str, architecture: str, options: Sequence[str] = ()) -> Compiled:
        """Compile a source.

        Parameters
        ----------
        source : str
            CUDA C++, which includes nothing.
        architecture : str
            Such as "sm_90".
        options : sequence of str
            More options of NVRTC.

        Raises
        ------
        CompileError
            If the compiler refuses the source or does not know the architecture.
        """
        target, kind = self._target(architecture)
        program = c_void_p()
        place = ctypes.addressof(program)
        self._call("nvrtcCreateProgram", place, source.encode(), b"kernels.cu", 0, None, None)
        try:
            given = [f"--gpu-architecture={target}", _STANDARD, _REPORT, *options]
            array = (c_char_p * len(given))(*(option.encode() for option in given))
            status = self._functions["nvrtcCompileProgram"](program, len(given), array)
            log = self._text(program, "ProgramLog").rstrip(b"\0").decode(errors="replace")
            if status:
                word = self._word(status).decode()
                raise CompileError(f"NVRTC refused a source for {target}: {word}", log)
            return Compiled(self._text(program, kind), log)
        finally:
            self._functions["nvrtcDestroyProgram"](place)

    def _target(self, architecture: str) -> tuple[str, str]:
        """What to compile for, and what comes out."""
        known = self.architectures()
        # Those with a letter, such as sm_90a, the compiler may know without listing them.
        if architecture in known or not architecture.removeprefix("sm_").isdigit():
            return architecture, _BINARY
        older = [name for name in known if _number(name) <= _number(architecture)]
        if not older:
            raise CompileError(
                f"NVRTC {'.'.join(map(str, self.version))} makes nothing for {architecture}, only "
                f"for {', '.join(known)}: install an older one, such as by {wheels.cure(12)}"
            )
        return older[-1].replace("sm_", "compute_"), _PTX

    def _text(self, program: c_void_p, what: str) -> bytes:
        size = c_size_t()
        self._call(f"nvrtcGet{what}Size", program, size)
        text = ctypes.create_string_buffer(max(size.value, 1))
        self._call(f"nvrtcGet{what}", program, text)
        return text.raw[: size.value]

    def _call(self, name: str, *arguments: Any) -> None:
        status = self._functions[name](*arguments)
        if status:
            raise CompileError(f"{name} returned {self._word(status).decode()}")


def find_nvrtc(path: str | None = None, newest: int | None = None) -> Nvrtc:
    """Load the compiler.

    Parameters
    ----------
    path : str, optional
        The library; else what the variable BITALE_NVRTC names, else that of a wheel, of a
        toolkit or of the system.
    newest : int, optional
        The newest major version of CUDA that the driver knows; what a later compiler makes it
        cannot load.

    Raises
    ------
    NoDeviceError
        If there is none.
    """
    names = [path] if path else list(wheels.candidates("libnvrtc", VARIABLE, "cuda_nvrtc"))
    reasons = []
    for name in names:
        try:
            found = Nvrtc(name)
        except (OSError, AttributeError) as error:
            reasons.append(str(error))
            continue
        if newest is None or found.version[0] <= newest:
            return found
        reasons.append(f"{name} is too new for the driver, which knows CUDA {newest}")
    raise NoDeviceError(
        f"NVRTC, which compiles kernels, is missing ({reasons[0]}): {wheels.cure(newest)}"
    )


_PROPERTIES = re.compile(r"(\d+) bytes stack frame, (\d+) bytes spill stores, (\d+) bytes spill")
_SHARED = re.compile(r"(\d+) bytes smem")


def resources(log: str) -> dict[str, Resources]:
    """What each kernel uses, as the log of a compilation tells.

    Parameters
    ----------
    log : str
        Of `Nvrtc.compile`.
    """
    used: dict[str, Resources] = {}
    kernel = function = ""
    for line in log.splitlines():
        if found := re.search(r"Compiling entry function '(\w+)'", line):
            kernel = found[1]
            used[kernel] = Resources()
        elif found := re.search(r"Function properties for (\w+)", line):
            function = found[1]
        elif kernel and (found := _PROPERTIES.search(line)):
            # Functions that were not inlined follow the kernel that calls them, and spill too.
            stack = int(found[1]) if function == kernel else 0
            so_far = used[kernel]
            used[kernel] = replace(
                so_far,
                stack_bytes=so_far.stack_bytes + stack,
                spill_bytes=so_far.spill_bytes + int(found[2]) + int(found[3]),
            )
        elif kernel and (found := re.search(r"Used (\d+) registers", line)):
            shared = _SHARED.search(line)
            used[kernel] = replace(
                used[kernel],
                registers=int(found[1]),
                shared_bytes=int(shared[1]) if shared else 0,
            )
    return used


def _number(architecture: str) -> int:
    return int(architecture.removeprefix("sm_"))
