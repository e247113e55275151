"""Stand-ins for NVIDIA's libraries, compiled from fake_cuda/, and devices for op samples."""

import ctypes
import shutil
import subprocess
import warnings
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, fields, replace
from pathlib import Path

import bitale_codegen_cuda.making  # noqa: F401 (whose rules the tests ask for)
import pytest
from bitale_codegen_cuda.devices import use_device
from bitale_codegen_cuda.driver.emulated import EmulatedDriver, find_compiler
from bitale_codegen_cuda.driver.recording import RecordingDriver
from bitale_codegen_cuda.executor import plan as plan_module
from bitale_codegen_cuda.executor.arena import Arena, rounded
from bitale_codegen_cuda.target import has_kernel
from bitale_graph import config
from bitale_graph.compile.function import function
from bitale_graph.compile.mode import Mode
from bitale_graph.testing import op_samples

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


@pytest.fixture(autouse=True, scope="session")
def cache_of_this_run(tmp_path_factory):
    """Keep what tests compile away from the user's cache."""
    with config.change_flags(base_compiledir=str(tmp_path_factory.mktemp("compiled"))):
        yield


@contextmanager
def in_use(driver):
    """Let "emulated0" mean a driver."""
    restore = use_device("emulated0", driver)
    try:
        yield driver
    finally:
        restore()


def sample_functions(driver, samples):
    """A function of each sample for a device, as its graph is written."""
    mode = Mode(device="emulated", optimizer="None")
    with in_use(driver), warnings.catch_warnings():
        warnings.filterwarnings("ignore", ".*no kernel is known", UserWarning)
        return [function(*s.graph(), mode=mode, on_unused_input="ignore") for s in samples]


@pytest.fixture(scope="session")
def functions_of():
    """``functions_of(driver, samples)``."""
    return sample_functions


@pytest.fixture(scope="session")
def sample_texts():
    """The text of every kernel that the op samples launch, by its name.

    What is called back would be given the zeros of a device that only takes notes.
    """
    recording, samples = RecordingDriver(multiprocessors=2), op_samples()
    for sample, run in zip(samples, sample_functions(recording, samples), strict=True):
        if all(map(has_kernel, run.maker.fgraph.toposort())):
            run(*sample.inputs)
    return recording.texts


@pytest.fixture(scope="session")
def compiled_samples(needs_emulation, sample_texts):
    """An emulated device that knows the kernels of all samples."""
    device = EmulatedDriver(optimization="-O0")
    items = list(sample_texts.items())
    # So many are one source: the compiler reads the header for each.
    device.compile_apart([dict(items[i : i + 100]) for i in range(0, len(items), 100)])
    return device


@pytest.fixture
def sample_device(compiled_samples):
    """That device, spread as ever."""
    properties = compiled_samples.properties
    yield compiled_samples
    compiled_samples.properties, compiled_samples.is_backward = properties, False


@pytest.fixture(scope="session")
def device_for(needs_emulation):
    """``device_for(samples)``: an emulated device that knows their kernels alone."""

    def made(samples):
        device, recording = EmulatedDriver(optimization="-O0"), RecordingDriver(multiprocessors=2)
        for sample, run in zip(samples, sample_functions(recording, samples), strict=True):
            run(*sample.inputs)
        device.compile(recording.texts)
        return device

    return made


@pytest.fixture
def use_driver():
    """``use_driver(driver)`` lets "emulated0" mean a driver until the test ends."""
    with ExitStack() as stack:
        yield lambda driver: stack.enter_context(in_use(driver))


@pytest.fixture(scope="session")
def needs_emulation():
    """Skip where no C++ compiler is."""
    if find_compiler() is None:
        pytest.skip("needs a C++ compiler")


@pytest.fixture
def gaps(monkeypatch):
    """Let each region of a plan have a place of its own, with nothing so many bytes behind it."""
    gap = 256

    def placed(regions, end):
        offsets, size = {}, 0
        for number, region in regions:
            offsets[number] = size
            size += apart(max(region.size, 1))
        return Arena(offsets, size, size)

    def apart(size):
        return rounded(size) + gap

    monkeypatch.setattr(plan_module, "placed", placed)
    monkeypatch.setattr(plan_module, "rounded", apart)
    return gap


class WatchedDriver(EmulatedDriver):
    """An emulated device that can be short of memory, and of which tests ask what it does.

    Attributes
    ----------
    limit : int or None
        No allocation may have more bytes.
    before : dict
        From the name of a method to what is called once, before it does its work.
    """

    limit = None

    def __init__(self, name="emulated0"):
        super().__init__(name, optimization="-O0")
        self.before = {}

    @property
    def pieces(self):
        """How many pieces of memory are in use."""
        return len(self._memory)

    def asked(self, call):
        """What a call asks of the device: the counts that it changes."""
        before = replace(self.counts)
        call()
        return {
            f.name: getattr(self.counts, f.name) - getattr(before, f.name)
            for f in fields(before)
            if getattr(self.counts, f.name) != getattr(before, f.name)
        }

    def _reach(self, name):
        self.before.pop(name, lambda: None)()

    def allocate(self, size):
        self._reach("allocate")
        if self.limit is not None and size > self.limit:
            raise MemoryError(f"{size} bytes are wanted, and {self.limit} are there")
        return super().allocate(size)

    def upload(self, to, source):
        self._reach("upload")
        super().upload(to, source)

    def download(self, to, source):
        self._reach("download")
        super().download(to, source)


@pytest.fixture(scope="session")
def watched(needs_emulation):
    """The emulated devices "emulated0" and "emulated1" of this run."""
    return [WatchedDriver(f"emulated{k}") for k in range(2)]


@pytest.fixture
def emulated(watched):
    """The device "emulated0", watched."""
    device = watched[0]
    device.limit = None
    device.before.clear()
    with in_use(device):
        yield device
    device.limit = None
    device.before.clear()
