"""What ``import bitale`` costs and leaves alone, each seen in a process of its own."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

# Modules that cost more than all of bitale, or that only some programs need.
LATE = [
    "scipy",
    "matplotlib",
    "sklearn",
    "tqdm",
    "safetensors",
    "torch",
    "jax",
    "asyncio",
    "mpi4py",
]
LATE += [f"bitale_graph.{room}" for room in ("convolution", "disk", "distributed", "fft", "linalg")]
LATE += [f"bitale_graph.{room}" for room in ("drawing", "pooling", "profiling", "sparse")]
LATE += ["bitale_autodiff.rules", "bitale_nnet", "bitale_optimize", "bitale_codegen_c"]


def run(program, **environment):
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", program],
        capture_output=True,
        text=True,
        env={**os.environ, **environment},
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done


def test_it_prints_nothing():
    done = run("import bitale")
    assert (done.stdout, done.stderr) == ("", "")


@pytest.mark.parametrize("module", LATE)
def test_it_does_not_import(module):
    run(f"import sys, bitale; sys.exit({module!r} in sys.modules)")


@pytest.mark.parametrize("module", ["scipy", "sklearn", "pandas", "tqdm", "matplotlib", "mpi4py"])
def test_neither_do_networks(module):
    run(f"import sys, bitale_nnet; sys.exit({module!r} in sys.modules)")


def test_estimators_are_imported_when_they_are_asked_for():
    run("import sys, bitale_nnet; bitale_nnet.Classifier; sys.exit('sklearn' not in sys.modules)")
    program = "import bitale_nnet\ntry: bitale_nnet.nothing\nexcept AttributeError: pass"
    run(program)


OPENED = """
import json, numpy, sys
opened = []
def note(event, arguments):
    if event == "open" and isinstance(arguments[0], str):
        opened.append(arguments[0])
sys.addaudithook(note)
import bitale
print(json.dumps(opened))
"""


def test_it_opens_no_file_but_python_s_and_its_settings(tmp_path):
    settings = tmp_path / "settings"
    settings.write_text("[global]\nfloatX = float32\n", encoding="utf-8")
    opened = json.loads(run(OPENED, BITALERC=str(settings)).stdout)
    code = {".py", ".pyc", ".so", ".pyd", ".pth"}
    others = [path for path in opened if Path(path).suffix not in code]
    # Compiled modules are written under a temporary name beside the .pyc.
    others = [path for path in others if ".pyc." not in path]
    assert set(others) <= {str(settings)}


def test_it_starts_no_thread_and_no_process():
    program = """
import sys, threading
started = []
sys.addaudithook(lambda event, _: started.append(event) if event in ("os.fork", "os.exec",
    "subprocess.Popen", "os.posix_spawn") else None)
import bitale
assert threading.active_count() == 1 and not started, started
"""
    run(program)


def test_it_brings_few_modules_beyond_numpy():
    # The time itself is measured by benchmarks/import_time.py.
    program = """
import sys, numpy
before = set(sys.modules)
import bitale
print(*(name for name in sys.modules if name not in before))
"""
    brought = run(program).stdout.split()
    others = [name for name in brought if not name.startswith("bitale")]
    assert len(others) < 30, others
    assert len(brought) - len(others) < 220
