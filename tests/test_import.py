"""What ``import bitale`` costs and leaves alone, each seen in a process of its own."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

# Modules that cost more than all of bitale, or that only some programs need.
LATE = ["scipy", "matplotlib", "sklearn", "tqdm", "safetensors", "torch", "jax", "asyncio"]


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


SECONDS = """
import time
start = time.perf_counter()
import numpy
middle = time.perf_counter()
import bitale
print(middle - start, time.perf_counter() - middle)
"""


def test_it_costs_less_than_a_tenth_of_a_second_beyond_numpy():
    # The least of several: what a process shares the machine with makes it slower, never faster.
    # NumPy's own import tells how busy the machine is; alone it takes 60 ms on a slow one.
    best = min(
        (tuple(map(float, run(SECONDS).stdout.split())) for _ in range(5)), key=lambda t: t[1]
    )
    assert best[1] < 0.1 * max(1.0, best[0] / 0.06)
