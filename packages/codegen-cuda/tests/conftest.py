"""Stand-ins for NVIDIA's libraries, compiled from fake_cuda/, for tests of what calls them."""

import ctypes
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

SOURCES = Path(__file__).parent / "fake_cuda"


@dataclass(frozen=True)
class Ran:
    """A launch that the stand-in carried out."""

    kernel: str
    grid: tuple
    block: tuple
    arguments: tuple


class FakeCuda:
    """Both libraries, and what tests may ask them."""

    def __init__(self, folder):
        self.cuda, self.cublas = (str(folder / f"libfake_{name}.so") for name in NAMES)
        self._cuda, self._cublas = ctypes.CDLL(self.cuda), ctypes.CDLL(self.cublas)
        for name in ("used", "handles", "waits", "launched"):
            getattr(self._cuda, f"fake_{name}").restype = ctypes.c_long

    def __getattr__(self, name):
        """``fake.used()`` calls the function ``fake_used`` of one of the libraries."""
        owner = self._cublas if name.startswith("cublas_") else self._cuda
        return getattr(owner, f"fake_{name}")

    def fail(self, function, status):
        """Let the next call of a function return a status."""
        self._cuda.fake_fail(function.encode(), status)

    def ran(self):
        """All launches so far, with what lay at the addresses of their arguments."""
        found = []
        for number in range(self.launched()):
            name, kinds = ctypes.create_string_buffer(64), ctypes.create_string_buffer(32)
            shape, words = (ctypes.c_uint * 6)(), (ctypes.c_uint64 * 32)()
            self._cuda.fake_launch(ctypes.c_long(number), name, kinds, shape, words)
            read = [TYPES[kind].from_buffer(words, 8 * i) for i, kind in enumerate(kinds.value)]
            arguments = tuple(one.value for one in read)
            kernel = name.value.decode()
            found.append(Ran(kernel, tuple(shape[:3]), tuple(shape[3:]), arguments))
        return found


NAMES = ("cuda", "cublas")
TYPES = {
    ord("P"): ctypes.c_uint64,
    ord("q"): ctypes.c_int64,
    ord("i"): ctypes.c_int32,
    ord("f"): ctypes.c_float,
    ord("d"): ctypes.c_double,
    ord("b"): ctypes.c_int8,
}


def build_fake(folder, *options):
    """Compile the stand-ins into a folder."""
    compiler = shutil.which("gcc") or shutil.which("cc")
    if compiler is None:
        pytest.skip("needs a C compiler")
    command = [compiler, "-std=gnu11", "-O1", "-shared", "-fPIC", *options]
    linked = []
    for name in NAMES:
        target = folder / f"libfake_{name}.so"
        source = SOURCES / f"fake_{name}.c"
        subprocess.run([*command, str(source), *linked, "-o", str(target)], check=True)
        linked = [str(target), f"-Wl,-rpath,{folder}"]
    return FakeCuda(folder)


@pytest.fixture(scope="session")
def fake_libraries(tmp_path_factory):
    return build_fake(tmp_path_factory.mktemp("fake_cuda"))


@pytest.fixture
def fake_cuda(fake_libraries):
    """The stand-ins in their first state; at the end no context may be left as current."""
    fake_libraries.reset()
    yield fake_libraries
    assert fake_libraries.depth() == 0
    fake_libraries.reset()


@pytest.fixture
def older_fake_cuda(tmp_path):
    """The driver of an earlier CUDA 12."""
    return build_fake(tmp_path, "-DWITHOUT_V3")
