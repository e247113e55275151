"""Which device a function is made for, what is told of it, and what there is without one."""

import importlib.metadata
import os
import re
import subprocess
import sys
import textwrap
import warnings
from contextlib import ExitStack

import numpy as np
import pytest
from bitale_codegen_cuda import CudaError, NoDeviceError, devices, linker
from bitale_codegen_cuda.driver.recording import RecordingDriver
from bitale_codegen_cuda.linker import CudaLinker
from bitale_graph import Mode, config, function, shared
from bitale_graph import language as T
from bitale_graph.compile.linkers import linkers
from bitale_graph.extend import ConfigError, TensorType, Type, get_mode


@pytest.fixture(autouse=True)
def fresh(monkeypatch):
    """A linker that has told nothing yet, and a device of each name that takes notes."""
    monkeypatch.setitem(linkers(), "cuda", CudaLinker())


@pytest.fixture
def noted():
    """Devices by their names, which take notes."""
    names = ("cuda0", "cuda1", "emulated0", "emulated1")
    with ExitStack() as stack:
        for name in names:
            stack.callback(devices.use_device(name, RecordingDriver(name)))
        yield


def doubled(**keywords):
    x = T.dvector("x")
    return function([x], x * 2, **keywords)


def device_of(run):
    return run.executable.driver.name


# Names
NAMES = {
    "cuda": "cuda0", "cuda0": "cuda0", "cuda1": "cuda1", "gpu": "cuda0", "gpu0": "cuda0",
    "gpu1": "cuda1", "emulated": "emulated0", "emulated1": "emulated1",
}  # fmt: skip


@pytest.mark.parametrize(("name", "meant"), NAMES.items())
def test_a_device_is_named_by_flag_by_mode_and_by_text(noted, name, meant):
    with config.change_flags(device=name):
        assert device_of(doubled()) == meant
        assert device_of(doubled(mode=Mode(optimizer="None"))) == meant
    assert device_of(doubled(mode=name)) == meant
    assert device_of(doubled(mode=Mode(device=name))) == meant


@pytest.mark.parametrize("name", ["cuda0", "gpu1", "emulated"])
def test_a_device_may_be_the_name_of_the_mode_of_all_functions(noted, name):
    with config.change_flags(mode=name):
        assert device_of(doubled()) == NAMES[name]


@pytest.mark.parametrize("name", ["cudda", "gpu-1", "cuda 0", "", "GPU", "cuda0x", "tpu"])
def test_other_names_are_refused_with_those_that_there_are(name):
    with pytest.raises(ConfigError, match=r"there is no device .*cpu, cuda, cuda0.*emulated"):
        config.device = name
    if name:
        with pytest.raises(ConfigError, match="there is no device"):
            Mode(device=name)
        with pytest.raises(ConfigError, match="there is no mode"):
            doubled(mode=name)


def test_a_name_that_is_nearly_right_is_followed_by_the_right_one():
    with pytest.raises(ConfigError, match=r"there is no device 'cudda'.*cuda\b.*\?"):
        Mode(device="cudda")


def test_a_mode_goes_before_the_flag(noted):
    with config.change_flags(device="cuda1"):
        assert device_of(doubled(mode="cuda0")) == "cuda0"
        for mode in ("cpu", Mode(device="cpu"), Mode(linker="numpy"), "FAST_COMPILE"):
            assert not hasattr(doubled(mode=mode).executable, "driver")


def test_the_linker_s_name_alone_means_the_first_device(noted):
    mode = Mode(linker="cuda")
    assert device_of(doubled(mode=mode)) == "cuda0"
    with config.change_flags(device="cuda1"):
        assert device_of(doubled(mode=mode)) == "cuda1"
    with config.change_flags(linker="cuda"):
        assert device_of(doubled()) == "cuda0"


def test_without_the_flag_functions_run_on_the_cpu():
    assert config.device == "cpu"
    assert get_mode().device == ""
    assert not hasattr(doubled().executable, "driver")


# What is told
def test_one_line_tells_which_device_is_in_use(noted, capfd):
    for _ in range(3):
        doubled(mode="cuda0")
    doubled(mode="cuda1")
    told = [f"Using {name}: a device that takes notes" for name in ("cuda0", "cuda1")]
    out, err = capfd.readouterr()
    assert out == ""
    assert err.splitlines() == told


def test_the_line_can_be_silenced(noted, capfd):
    with config.change_flags(print_active_device=False):
        doubled(mode="cuda0")
    assert capfd.readouterr() == ("", "")


@pytest.fixture
def no_cuda(monkeypatch):
    """A machine without NVIDIA's driver."""

    def started(name):
        raise NoDeviceError(f"{name}: there is no NVIDIA driver here")

    monkeypatch.setattr(devices, "_started", started)
    monkeypatch.setattr(devices, "_devices", {})


def test_without_a_gpu_functions_run_on_the_cpu_after_one_warning(no_cuda, capfd):
    with pytest.warns(UserWarning, match="there is no NVIDIA driver") as caught:
        run = doubled(mode="cuda0")
    assert len(caught) == 1
    assert caught[0].filename == __file__
    for words in ("device=cuda0", "run on the CPU instead", "force_device=True", "doctor()"):
        assert words in str(caught[0].message)
    assert run([1.0, 2.0]).tolist() == [2.0, 4.0]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert doubled(mode="cuda0")([1.0]).tolist() == [2.0]
    assert capfd.readouterr() == ("", "")


def test_a_device_that_cannot_multiply_is_left_when_the_function_is_made(use_driver):
    class Without(RecordingDriver):
        def prepare_products(self):
            raise NoDeviceError("cuBLAS is missing")

    x = T.dmatrix("x")
    use_driver(Without("emulated0"))
    with pytest.warns(UserWarning, match="cuBLAS is missing"):
        run = function([x], T.dot(x, x), mode="emulated")
    assert run(np.eye(2)).tolist() == [[1, 0], [0, 1]]
    assert device_of(doubled(mode="emulated")) == "emulated0"  # it needs no products
    with config.change_flags(force_device=True), pytest.raises(NoDeviceError, match="cuBLAS"):
        function([x], T.dot(x, x), mode="emulated")


def test_a_device_that_must_be_there_is_an_error(no_cuda):
    with config.change_flags(force_device=True):
        with pytest.raises(NoDeviceError, match="no NVIDIA driver"):
            doubled(mode="gpu")
        with config.change_flags(device="cuda1"), pytest.raises(NoDeviceError, match="cuda1"):
            doubled()
    assert issubclass(NoDeviceError, CudaError)


@pytest.mark.skipif(os.path.exists("/dev/nvidiactl"), reason="needs a machine without a GPU")  # noqa: PTH110 (a device is no file)
def test_on_this_machine_the_real_reason_is_told():
    with config.change_flags(force_device=True), pytest.raises(NoDeviceError) as caught:
        doubled(mode="cuda0")
    assert "cuda0" in str(caught.value) or "libcuda" in str(caught.value)


def test_a_device_that_there_is_not_among_others_is_told_by_its_number(noted):
    with (
        config.change_flags(force_device=True),
        pytest.raises(NoDeviceError),
    ):
        doubled(mode="cuda7")


def test_values_that_are_no_arrays_are_left_to_the_cpu(noted):
    class Text(Type):
        def filter(self, value, strict=False, allow_downcast=None):
            return value

        def __eq__(self, other):
            return type(other) is Text

        def __hash__(self):
            return 1

    text = Text()("text")
    assert not isinstance(text.type, TensorType)
    with pytest.warns(UserWarning, match="has values that are no arrays, and runs on the CPU"):
        run = function([text], text, mode="cuda0")
    assert run("words") == "words"


# Several devices
def test_devices_in_one_process_have_their_own_functions_and_shared_variables(watched, request):
    for driver in watched:
        request.addfinalizer(devices.use_device(driver.name, driver))
    x = T.dvector("x")
    own = [shared(np.ones(3)) for _ in watched]
    both = shared(np.zeros(3))
    runs = [
        function([x], w.sum(), updates=[(w, w + x), (both, both + w)], mode=driver.name)
        for driver, w in zip(watched, own, strict=True)
    ]
    expected = np.zeros(3)
    for k in (0, 1, 1, 0, 0, 1):
        expected = expected + own[k].get_value()
        runs[k](np.full(3, k + 1.0))
    np.testing.assert_array_equal(both.get_value(), expected)
    assert [w.get_value().tolist() for w in own] == [[4.0] * 3, [7.0] * 3]
    assert [w.container.away.driver for w in own] == watched


def test_a_shared_variable_may_name_its_device(noted):
    w, v = shared(np.ones(3), target="gpu1"), shared(np.ones(3))
    assert device_of(function([], w + v)) == "cuda1"
    assert device_of(function([], w + v, mode="cuda0")) == "cuda0"
    other = shared(np.ones(3), target="cuda0")
    with pytest.raises(ConfigError, match=r"several devices \(cuda1, cuda0\)"):
        function([], w + other)
    with pytest.raises(ConfigError, match="there is no device 'moon'"):
        shared(np.ones(3), target="moon")


# The package
def run_python(program, **flags):
    environment = {**os.environ, "BITALE_FLAGS": ",".join(f"{k}={v}" for k, v in flags.items())}
    return subprocess.run(
        [sys.executable, "-W", "error", "-c", textwrap.dedent(program)],
        capture_output=True, text=True, env=environment, check=False,
    )  # fmt: skip


IMPORTED = """
    import sys
    import bitale_codegen_cuda
    {more}
    loaded = {"cupy", "nvidia", "cuda", "pycuda", "numba", "torch"} & set(sys.modules)
    assert not loaded, loaded
    libraries = open("/proc/self/maps").read() if sys.platform == "linux" else ""
    for name in ("libcuda", "libcudart", "libnvrtc", "libcublas"):
        assert name not in libraries, name
"""


@pytest.mark.parametrize(
    "more",
    [
        "",
        "import bitale_graph; bitale_graph.function([], 1, mode=bitale_graph.Mode(linker='numpy'))",
        "from bitale_graph.compile.linkers import linkers; linkers()",
    ],
    ids=["the package", "a function of the CPU", "all linkers"],
)
def test_importing_it_loads_nothing_of_cuda(more):
    done = run_python(IMPORTED.replace("{more}", more))
    assert done.returncode == 0, done.stderr


def test_a_program_is_moved_by_one_flag(needs_emulation):
    program = """
        import numpy as np
        from bitale_graph import function, shared, language as T
        w, x = shared(np.zeros(2)), T.dvector("x")
        run = function([x], updates=[(w, w + x)])
        run([1, 2]), run([1, 2])
        print(type(run.executable).__name__, w.get_value())
    """
    done = run_python(program, device="emulated")
    assert (done.returncode, done.stdout) == (0, "CudaProgram [2. 4.]\n"), done.stderr
    assert done.stderr == "Using emulated0: a device emulated on the CPU\n"
    done = run_python(program, device="emulated", print_active_device="False")
    assert (done.returncode, done.stderr) == (0, "")
    done = run_python(program, device="nonsense")
    assert done.returncode == 1
    assert "there is no device 'nonsense'" in done.stderr


def test_it_needs_nothing_but_numpy_and_the_graph():
    wanted = importlib.metadata.requires("bitale-codegen-cuda")
    always = [one for one in wanted if "extra ==" not in one]
    assert sorted(re.match("[a-z-]+", one)[0] for one in always) == ["bitale-graph", "numpy"]


def test_the_linker_is_found_by_its_entry_point_and_is_not_the_default():
    (entry,) = importlib.metadata.entry_points(group="bitale.linkers", name="cuda")
    assert entry.load() is linker.CudaLinker
    assert CudaLinker.rank == 0
    assert Mode().linker == "auto"
