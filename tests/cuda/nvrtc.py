"""NVIDIA's run-time compiler, which needs no GPU: from CUDA C to a binary for an architecture."""

import ctypes
import importlib.util
from pathlib import Path


def library_path() -> Path | None:
    """Where the wheel ``nvidia-cuda-nvrtc`` lies, if it is installed."""
    spec = importlib.util.find_spec("nvidia")
    for folder in (spec.submodule_search_locations or []) if spec is not None else []:
        found = sorted(Path(folder).glob("cu*/lib/libnvrtc.so*"))
        if found:
            return found[-1]
    return None


class Nvrtc:
    """The compiler.

    Parameters
    ----------
    path : Path
    """

    def __init__(self, path: Path) -> None:
        self._library = ctypes.CDLL(str(path))
        self._library.nvrtcGetErrorString.restype = ctypes.c_char_p

    def compile(self, source: str, architecture: str) -> bytes:
        """The binary of a source.

        Raises
        ------
        RuntimeError
            With the compiler's words, if it refuses the source.
        """
        program = ctypes.c_void_p()
        self._check(
            self._library.nvrtcCreateProgram(
                ctypes.byref(program), source.encode(), b"kernels.cu", 0, None, None
            )
        )
        try:
            options = [f"--gpu-architecture={architecture}".encode(), b"--std=c++17"]
            array = (ctypes.c_char_p * len(options))(*options)
            status = self._library.nvrtcCompileProgram(program, len(options), array)
            if status:
                raise RuntimeError(self._text(program, "ProgramLog").decode())
            return self._text(program, "CUBIN")
        finally:
            self._library.nvrtcDestroyProgram(ctypes.byref(program))

    def _text(self, program: ctypes.c_void_p, what: str) -> bytes:
        size = ctypes.c_size_t()
        self._check(getattr(self._library, f"nvrtcGet{what}Size")(program, ctypes.byref(size)))
        text = ctypes.create_string_buffer(size.value)
        self._check(getattr(self._library, f"nvrtcGet{what}")(program, text))
        return text.raw

    def _check(self, status: int) -> None:
        if status:
            raise RuntimeError(self._library.nvrtcGetErrorString(status).decode())
