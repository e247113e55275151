"""A device of which the memory is the host's, and the kernels run on one thread of the CPU."""

from __future__ import annotations

import ctypes
import hashlib
import os
import shutil
import subprocess
import tempfile
import threading
import weakref
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from bitale_graph.disk import cache_key

from ..base.errors import CudaError, NoDeviceError
from ..compiler.kept import kept_binary
from ..kernel.dialect import prelude
from .commands import ClearBytes, Command, CopyBytes, Launch, Product
from .driver import Driver, Graph, Properties
from .parameters import Parameters, filled
from .precompiled import precompiled
from .watching import COMPILING, LINKING, Watch
from .watching import HEADER as WATCHING

HEADER = Path(__file__).with_name("cuda_on_cpu.h")
# What memory holds that nobody has written: a number far from all others.
POISON = 0x7F
# Around each piece of memory, so that what is written beside it is found.
FENCE = 64
THREADS = 32


# Emulated devices have the places of threads and blocks in common where kernels are the same.
_one_launch = threading.Lock()
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_one_launch._at_fork_reinit)  # type: ignore[attr-defined]


def find_compiler() -> str | None:
    """The C++ compiler of this machine."""
    return shutil.which("g++") or shutil.which("clang++")


class EmulatedDriver(Driver):
    """A device without a GPU: for tests, and to look into kernels with the tools of a CPU.

    Parameters
    ----------
    name : str
    multiprocessors, threads : int
        How work is spread: few, so that kernels are asked for several turns.
    is_backward : bool
        Whether blocks and threads run in the opposite order.
    optimization : str
        Of the compiler.
    watches : bool
        Whether accesses of kernels are watched: races among threads, and what lies beside memory,
        are errors. For that, g++ is needed.

    Attributes
    ----------
    watch : Watch or None

    Raises
    ------
    NoDeviceError
        If there is no C++ compiler.
    """

    def __init__(
        self,
        name: str = "emulated0",
        *,
        multiprocessors: int = 2,
        threads: int = THREADS,
        is_backward: bool = False,
        optimization: str = "-O1",
        watches: bool = False,
    ) -> None:
        if watches and shutil.which("g++") is None:
            raise NoDeviceError(
                "kernels are watched with g++; install it (Debian: apt install g++)"
            )
        if find_compiler() is None:
            raise NoDeviceError(
                "the emulated device needs a C++ compiler; install g++ (Debian: apt install g++)"
            )
        properties = Properties(
            "a device emulated on the CPU", "cpu", multiprocessors, 2**40, threads
        )
        super().__init__(name, properties)
        self.is_backward, self.optimization = is_backward, optimization
        self.watch = Watch() if watches else None
        self._memory: dict[int, Any] = {}
        self._launches: dict[str, Any] = {}
        self._folder = tempfile.mkdtemp(prefix="bitale-emulated-")
        weakref.finalize(self, shutil.rmtree, self._folder, ignore_errors=True)

    # Memory
    def allocate(self, size: int) -> int:
        with self.lock:
            self.counts.allocations += 1
            room = np.full(size + 256 + 2 * FENCE, POISON, np.uint8)
            address = (int(room.ctypes.data) + FENCE + 255) & ~255
            self._memory[address] = (room, size)
            if self.watch is not None:
                self.watch.changed()
            return address

    def free(self, address: int) -> None:
        with self.lock:
            room, size = self._memory.pop(address)
            if self.watch is not None:
                self.watch.changed(freed=address)
            start = address - int(room.ctypes.data)
            around = (room[start - FENCE : start], room[start + size : start + size + FENCE])
            if any((one != POISON).any() for one in around):
                raise CudaError(f"{self.name}: something wrote beside {size} bytes")

    def has(self, address: int) -> bool:
        with self.lock:
            blocks = self._memory.items()
            return any(start <= address < start + size for start, (_, size) in blocks)

    def upload(self, to: int, source: Any) -> None:
        with self.lock:
            self.counts.uploads += 1
            self.counts.uploaded += source.nbytes
            ctypes.memmove(to, source.ctypes.data, source.nbytes)

    def download(self, to: Any, source: int) -> None:
        with self.lock:
            self.counts.downloads += 1
            self.counts.downloaded += to.nbytes
            ctypes.memmove(to.ctypes.data, source, to.nbytes)

    def synchronize(self) -> None:
        pass

    # Kernels
    def compile(self, texts: Mapping[str, str]) -> None:
        with self.lock:
            wanted = {name: text for name, text in texts.items() if name not in self._launches}
            if wanted:
                self._load(wanted, self._built(wanted))

    def compile_apart(self, groups: Sequence[Mapping[str, str]]) -> None:
        """Compile groups of kernels, each in a process, as many at once as there are CPUs."""
        with self.lock:
            waiting = list(groups)
            running: list[tuple[Mapping[str, str], Path, Any]] = []
            while waiting or running:
                while waiting and len(running) < (os.cpu_count() or 1):
                    texts = waiting.pop()
                    path = self._written(self._source(texts))
                    running.append((texts, path, self._started(path)))
                texts, path, process = running.pop(0)
                self._load(texts, self._ended(path, process))

    def _built(self, texts: Mapping[str, str]) -> Path:
        source = self._source(texts)
        compiler = str(find_compiler())
        about = (compiler, str(Path(compiler).resolve().stat().st_mtime_ns), self.optimization)

        def make() -> bytes:
            path = self._written(source)
            return self._ended(path, self._started(path)).read_bytes()

        headers = [one.read_text(encoding="ascii") for one in (HEADER, WATCHING)]
        headers.append(prelude())
        is_watched = str(self.watch is not None)
        binary, path = kept_binary(("emulated", source, *headers, is_watched, *about), make)
        if path is None:  # the compiler has left it in this folder
            path = Path(self._folder, f"{cache_key(source)[:24]}.so")
            path.write_bytes(binary)
        return path

    def _source(self, texts: Mapping[str, str]) -> str:
        lines = ["namespace device {", *texts.values(), "}"]
        watches = self.watch is not None
        lines += [
            f"EMULATED({name}, {int(watches or _meets(text))})" for name, text in texts.items()
        ]
        return "\n".join(lines)

    def _written(self, source: str) -> Path:
        path = Path(self._folder, hashlib.sha256(source.encode()).hexdigest()[:24] + ".cpp")
        before = f'#include "{HEADER}"\nnamespace device {{\n{prelude()}\n}}\n'
        header = precompiled(self._compiling(), before)
        path.write_text(f'#include "{header}"\n{source}', encoding="ascii")
        return path

    def _compiling(self) -> tuple[str, ...]:
        compiler = find_compiler()
        assert compiler is not None
        options = ("-std=c++17", self.optimization, "-fPIC", "-w", "-ffp-contract=off")
        return (compiler, *options, *(() if self.watch is None else COMPILING))

    def _started(self, path: Path) -> Any:
        linking = () if self.watch is None else LINKING
        target = str(path.with_suffix(".so"))
        return subprocess.Popen(
            [*self._compiling(), "-shared", str(path), "-o", target, *linking],
            stderr=subprocess.PIPE,
            text=True,
        )

    def _ended(self, path: Path, process: Any) -> Path:
        _, errors = process.communicate()
        if process.returncode:
            raise CudaError(f"{self.name}: {errors[:4000]}")
        return path.with_suffix(".so")

    def _load(self, texts: Mapping[str, str], library: Path) -> None:
        loaded = ctypes.CDLL(str(library))
        for name in texts:
            launch = getattr(loaded, f"launch_{name}")
            launch.restype = ctypes.c_char_p
            self._launches[name] = launch
        if self.watch is not None:
            self.watch.load(loaded, texts)

    def knows(self, kernel: str) -> bool:
        return kernel in self._launches

    # Work
    def run(self, commands: Sequence[Command]) -> None:
        with self.lock:
            for one in commands:
                self._run_one(one)

    def _run_one(self, one: Command) -> None:
        if isinstance(one, Launch):
            self.launch(one, filled(one))
        elif isinstance(one, Product):
            self.counts.products += 1
            _multiply(one)
        elif isinstance(one, CopyBytes):
            self.counts.copies += 1
            ctypes.memmove(one.to, one.source, one.size)
        else:
            assert isinstance(one, ClearBytes)
            ctypes.memset(one.to, 0, one.size)

    def launch(self, one: Launch, parameters: Parameters) -> None:
        """Run a kernel to its end.

        Raises
        ------
        CudaError
            If the threads of a block do not meet at a barrier; where accesses are watched, if one
            of them is none that a device lets.
        """
        self.counts.launches += 1
        call = self._launches[one.kernel]
        with _one_launch:
            if self.watch is not None:
                self.watch.tell(one.kernel, self._memory)
            fault = call(
                ctypes.c_void_p(parameters.address), *one.grid, one.block, int(self.is_backward)
            )
        if fault is not None:
            told = fault.decode()
            if self.watch is not None:
                told = self.watch.described(told, one)
            raise CudaError(f"{self.name}: {one.kernel}: {told}")

    def graph(self, commands: Sequence[Command]) -> Graph:
        return _EmulatedGraph(self, commands)


def _meets(text: str) -> bool:
    """Whether threads of a kernel wait for each other."""
    return "__syncthreads" in text or "bt_combined" in text


class _EmulatedGraph(Graph):
    def __init__(self, driver: EmulatedDriver, commands: Sequence[Command]) -> None:
        self.driver = driver
        self.commands: list[Any] = []
        for one in commands:
            self.commands.append(one)
        self.arguments = [self._held(one) for one in self.commands]

    def _held(self, one: Command) -> Parameters | None:
        return filled(one) if isinstance(one, Launch) else None

    def launch(self) -> None:
        driver = self.driver
        with driver.lock:
            driver.counts.graphs += 1
            for one, arguments in zip(self.commands, self.arguments, strict=True):
                if arguments is not None:
                    driver.launch(one, arguments)
                else:
                    driver._run_one(one)

    def update(self, index: int, command: Command) -> None:
        was = self.commands[index]
        assert isinstance(command, Launch)
        assert isinstance(was, Launch)
        assert (was.kernel, was.kinds) == (command.kernel, command.kinds)
        self.commands[index] = command
        self.arguments[index] = self._held(command)

    def close(self) -> None:
        self.commands.clear()
        self.arguments.clear()


def _array(address: int, dtype: str, shape: Sequence[int], strides: Sequence[int]) -> Any:
    """The memory at an address as an array; strides in elements."""
    item = np.dtype(dtype).itemsize
    if 0 in shape:
        return np.empty(tuple(shape), dtype)
    memory = memoryview((ctypes.c_char * item).from_address(address))
    first = np.frombuffer(memory, np.dtype(dtype))
    return np.lib.stride_tricks.as_strided(first, tuple(shape), [s * item for s in strides])


def _multiply(one: Product) -> None:
    places = (one.x, one.y, one.out)
    shapes = ((one.rows, one.inner), (one.inner, one.columns), (one.rows, one.columns))
    strides = (one.x_strides, one.y_strides, (one.out_stride, 1))
    x, y, out = (
        _array(place, one.dtype, (one.batch, *shape), (step, *layout))
        for place, shape, step, layout in zip(places, shapes, one.steps, strides, strict=True)
    )
    alpha, beta = one.alpha, one.beta
    # Numbers of 16 bits are summed in float32, and so are the factors.
    work = "float32" if one.dtype == "float16" else one.dtype
    x, y = x.astype(work, copy=False), y.astype(work, copy=False)
    if one.scales_lie:
        alpha, beta = (_array(a, work, (1,), (1,))[0] for a in (alpha, beta))
    kind = np.dtype(work).type
    with np.errstate(all="ignore"):
        found = kind(alpha) * (x @ y)
        out[...] = found + kind(beta) * out if beta != 0 else found
