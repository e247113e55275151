"""The report on what a GPU needs."""

import importlib.metadata

import pytest
from bitale_codegen_cuda import findings as module
from bitale_codegen_cuda.base.errors import NoDeviceError
from bitale_codegen_cuda.compiler.nvrtc import CompileError
from bitale_codegen_cuda.findings import missing, report
from bitale_graph import config
from bitale_graph.health import BETTER, BROKEN, OK


class FakeNvrtc:
    path = "/fake/libnvrtc.so.13"
    version = (13, 5)

    def __init__(self, names):
        self.names = names

    def architectures(self):
        return self.names

    def compile(self, source, architecture):
        assert "__global__" in source
        assert architecture == self.names[-1]


@pytest.fixture
def machine(fake_cuda, monkeypatch):
    """A machine with two GPUs of sm_90 and all that they need."""
    monkeypatch.setenv("BITALE_LIBCUDA", fake_cuda.cuda)
    monkeypatch.setenv("BITALE_CUBLAS", fake_cuda.cublas)
    have_nvrtc(monkeypatch, "sm_75", "sm_90")
    have_packages(monkeypatch, {"cupy-cuda12x": "13.6.0"})
    monkeypatch.setattr(module.shutil, "which", {"clang++": "/usr/bin/clang++"}.get)
    return fake_cuda


def have_nvrtc(monkeypatch, *names):
    monkeypatch.setattr(module, "find_nvrtc", lambda newest=None: FakeNvrtc(list(names)))


def have_packages(monkeypatch, versions):
    def version(name):
        if name not in versions:
            raise importlib.metadata.PackageNotFoundError(name)
        return versions[name]

    monkeypatch.setattr(importlib.metadata, "version", version)


def lines():
    """Subject, verdict and words of each line."""
    split = [line.split(maxsplit=1) for line in report().replace("C++ compiler", "C++").split("\n")]
    return {subject: tuple(rest.split(maxsplit=1)) for subject, rest in split}


def test_a_machine_with_everything_is_well(machine):
    found = lines()
    assert found == {
        "driver": ("ok", f"{machine.cuda}, up to CUDA 13.0"),
        "cuda0": ("ok", "Fake H0, sm_90, 1.0 GiB"),
        "cuda1": ("ok", "Fake H1, sm_90, 1.0 GiB"),
        "NVRTC": ("ok", "/fake/libnvrtc.so.13, 13.5, sm_75 to sm_90"),
        "cuBLAS": ("ok", f"{machine.cublas}, 13.2"),
        "CuPy": ("ok", "cupy-cuda12x 13.6.0"),
        "C++": ("ok", "/usr/bin/clang++, for the emulated device"),
    }
    assert missing(0) == missing(1) == []


def test_a_machine_with_nothing_is_told_each_cure(monkeypatch):
    for variable in ("LIBCUDA", "NVRTC", "CUBLAS"):
        monkeypatch.setenv(f"BITALE_{variable}", "/nowhere/lib.so")
    have_packages(monkeypatch, {})
    monkeypatch.setattr(module.shutil, "which", lambda name: None)
    found = lines()
    assert {verdict for verdict, _ in found.values()} == {"missing"}
    cures = {
        "driver": "nvidia.com/drivers",
        "NVRTC": "pip install 'bitale-codegen-cuda[cuda13]'",
        "cuBLAS": "pip install 'bitale-codegen-cuda[cuda13]'",
        "CuPy": "pip install cupy-cuda13x",
        "C++": "apt install g++",
    }
    assert set(found) == set(cures)
    for subject, cure in cures.items():
        assert cure in found[subject][1]
    assert [words.split(":")[0] for words in missing(0)] == ["driver", "NVRTC", "cuBLAS"]


def test_a_driver_of_cuda_12_is_told_to_take_what_it_can_load(machine, monkeypatch):
    machine.version(12040)
    monkeypatch.setenv("BITALE_CUBLAS", "/nowhere/libcublas.so")
    have_packages(monkeypatch, {})
    found = lines()
    assert found["driver"] == ("ok", f"{machine.cuda}, up to CUDA 12.4")
    assert "[cuda12]" in found["cuBLAS"][1]
    assert "cupy-cuda12x" in found["CuPy"][1]


def test_a_device_newer_than_the_compiler_works_and_is_said_to_be(machine, monkeypatch):
    have_nvrtc(monkeypatch, "sm_75", "sm_80")
    verdict, words = lines()["cuda0"]
    assert verdict == "ok"
    assert "newer than NVRTC" in words
    assert missing(0) == []


def test_a_device_that_the_compiler_dropped_is_missing(machine, monkeypatch):
    have_nvrtc(monkeypatch, "sm_100")
    verdict, words = lines()["cuda1"]
    assert verdict == "missing"
    assert "NVRTC 13.5 has dropped it" in words
    assert [one.split(":")[0] for one in missing(1)] == ["cuda1"]


def test_a_number_beyond_the_devices_is_missing(machine):
    assert missing(2) == ["cuda2: there is no GPU number 2"]


def test_no_compiler_is_no_obstacle_to_the_report(machine, monkeypatch):
    def absent(newest=None):
        raise NoDeviceError("NVRTC is not there")

    monkeypatch.setattr(module, "find_nvrtc", absent)
    assert lines()["NVRTC"] == ("missing", "NVRTC is not there")
    assert missing(0) == ["NVRTC: NVRTC is not there"]


def health(device="cpu"):
    with config.change_flags(device=device):
        return {one.key: one for one in module.health_findings()}


def test_the_doctor_is_told_of_a_machine_with_everything(machine, monkeypatch):
    monkeypatch.setitem(module._TRIALS, "C++ compiler", lambda: "")
    assert {key: one.state for key, one in health("cuda").items()} == {
        "gpu.driver": OK,
        "gpu.cuda0": OK,
        "gpu.cuda1": OK,
        "gpu.nvrtc": OK,
        "gpu.cublas": OK,
        "gpu.cupy": OK,
        "gpu.emulation": OK,
    }


def test_what_a_gpu_lacks_matters_where_there_is_one_or_one_is_asked_for(machine, monkeypatch):
    monkeypatch.setenv("BITALE_CUBLAS", "/nowhere/libcublas.so")
    have_packages(monkeypatch, {})
    found = health()
    assert found["gpu.cublas"].state == BETTER
    assert found["gpu.cublas"].cure == "pip install 'bitale-codegen-cuda[cuda13]'"
    assert "pip" not in found["gpu.cublas"].words
    assert found["gpu.cupy"].state == OK
    assert health("cuda1")["gpu.cublas"].state == BROKEN


def test_a_machine_without_a_gpu_is_well_unless_one_is_asked_for(monkeypatch):
    for variable in ("LIBCUDA", "NVRTC", "CUBLAS"):
        monkeypatch.setenv(f"BITALE_{variable}", "/nowhere/lib.so")
    monkeypatch.setattr(module.shutil, "which", lambda name: None)
    assert {one.state for one in health().values()} == {OK}
    found = health("gpu0")
    assert found["gpu.driver"].state == found["gpu.nvrtc"].state == BROKEN
    assert found["gpu.driver"].cure.startswith("Install it from https://www.nvidia.com")
    assert found["gpu.emulation"].state == OK
    found = health("emulated")
    assert found["gpu.emulation"].state == BROKEN
    assert found["gpu.emulation"].cure == "apt install g++"
    assert found["gpu.driver"].state == OK


def test_compilers_are_tried(machine, monkeypatch, tmp_path):
    def refuse(self, source, architecture):
        raise CompileError("NVRTC refused a source", "libnvrtc-builtins.so: cannot open")

    monkeypatch.setattr(FakeNvrtc, "compile", refuse)
    found = health()
    assert found["gpu.nvrtc"].state == BROKEN
    assert "libnvrtc-builtins.so" in found["gpu.nvrtc"].words
    # That of the machine is a path where nothing is.
    assert found["gpu.emulation"].state == BETTER
    assert "No such file" in found["gpu.emulation"].words
    script = tmp_path / "g++"
    script.write_text("#!/bin/sh\necho cannot find -lstdc++ >&2\nexit 1\n", encoding="ascii")
    script.chmod(0o755)
    monkeypatch.setattr(module.shutil, "which", lambda name: str(script))
    found = health("emulated")
    assert found["gpu.emulation"].state == BROKEN
    assert "cannot find -lstdc++" in found["gpu.emulation"].words
    assert found["gpu.emulation"].cure == "apt install --reinstall g++"


def test_the_compiler_of_this_machine_makes_what_can_be_loaded():
    if not any(map(module.shutil.which, module._CXX)):
        pytest.skip("needs a C++ compiler")
    assert module._fault_of_cxx() == ""
