"""Whole programs on the emulated device: the numbers of the CPU, and one launch for a step."""

import importlib
import os
import re
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path

import bitale
import numpy as np
import pytest
from bitale_codegen_cuda.driver.emulated import find_compiler

ROOT = Path(__file__).parents[1]
STEPS = 4
# What a step of each gives back beside the bytes of its arguments: its loss, and whether a check
# failed, each in a piece of memory of its own.
RESULTS = 1024
WORKLOADS = ("logreg_train", "mlp_train", "gdp_train", "gru_seed_train")
# No arena may be larger than this many times what lives at the same time at most.
SLACK = 1.2

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(find_compiler() is None, reason="needs a C++ compiler"),
]


@pytest.fixture
def benchmarks(monkeypatch):
    """The workloads, and bitale's programs for them."""
    for folder in ("benchmarks", "benchmarks/implementations"):
        monkeypatch.syspath_prepend(str(ROOT / folder))
    return importlib.import_module("workloads").WORKLOADS, importlib.import_module("with_bitale")


@pytest.fixture
def made(monkeypatch):
    """The functions that are made from now on."""
    functions = []

    def noted(*args, **keywords):
        functions.append(bitale_function(*args, **keywords))
        return functions[-1]

    bitale_function = bitale.function
    monkeypatch.setattr(bitale, "function", noted)
    return functions


@pytest.mark.parametrize("name", WORKLOADS)
def test_a_step_of_training_is_one_launch_and_gives_the_numbers_of_the_cpu(benchmarks, made, name):
    workloads, programs = benchmarks
    row = workloads[name]
    losses = {}
    for device in ("cpu", "emulated"):
        with bitale.config.change_flags(device=device):
            step = getattr(programs, row.family)(row.data())
        losses[device] = [step() for _ in range(STEPS)]
    np.testing.assert_allclose(losses["emulated"], losses["cpu"], rtol=2e-5)
    assert losses["cpu"][0] != losses["cpu"][-1]
    program = made[-1].executable
    before = asdict(program.driver.counts)
    step()
    after = asdict(program.driver.counts)
    asked = {k: n - before[k] for k, n in after.items()}
    assert asked["graphs"] == 1
    assert asked["allocations"] == 0
    assert asked["uploads"] <= len(program.maker.arguments)
    assert asked["downloads"] == 1
    assert asked["downloaded"] <= RESULTS
    ((_, plan),) = program.plans
    assert asked["launches"] + asked["products"] <= len(plan.commands)
    arena = plan.layout.arena
    assert arena.bound <= arena.size <= SLACK * arena.bound


# Examples
def run(name, folder, device, *arguments):
    flags = f"device={device},print_active_device=False"
    done = subprocess.run(
        [sys.executable, "-W", "error", ROOT / "examples" / name, *map(str, arguments)],
        cwd=folder,
        capture_output=True,
        text=True,
        env={**os.environ, "BITALE_FLAGS": flags},
        check=False,
    )
    # 1 tells that too little was learnt; what failed is told on stderr.
    assert done.returncode in (0, 1)
    assert done.stderr == ""
    return f"{done.stdout}ended with {done.returncode}"


def assert_same_but_for_rounding(one, other):
    """Texts with the same words, and numbers that differ in the last place that is shown."""
    number = r"\d+\.?\d*"
    untimed = [re.sub(r"[\d.]+ ?(s|ms|seconds|minutes)\b", "a time", text) for text in (one, other)]
    assert re.sub(number, "#", untimed[0]) == re.sub(number, "#", untimed[1])
    found = [[float(n) for n in re.findall(number, text)] for text in untimed]
    np.testing.assert_allclose(found[1], found[0], rtol=1e-3, atol=2e-3)


def test_the_countries_are_told_apart_as_on_the_cpu(tmp_path):
    ours, theirs = (run("gdp.py", tmp_path, d, "--epochs", 2) for d in ("emulated", "cpu"))
    assert "epoch  2" in theirs
    assert_same_but_for_rounding(ours, theirs)


def test_sentences_are_graded_as_on_the_cpu(tmp_path):
    rows = ["4 a good film", "0 A BAD film", "3 good enough", "1 bad enough", "2 enough"]
    path = tmp_path / "sentences.txt"
    path.write_text("\n".join(rows * 2) + "\n", encoding="utf-8")
    files = ["--train", path, "--dev", path, "--test", path]
    sizes = ["--embedding", 6, "--units", 5, "--epochs", 3, "--rate", 0.3]
    ours, theirs = (run("sentences.py", tmp_path, d, *files, *sizes) for d in ("emulated", "cpu"))
    assert_same_but_for_rounding(ours, theirs)


def test_the_digits_are_learnt_as_on_the_cpu(tmp_path):
    pytest.importorskip("sklearn")
    options = ["--epochs", 2, "--quiet"]
    outputs = []
    for device in ("emulated", "cpu"):
        outputs.append(run("digits.py", tmp_path, device, *options))
        assert "they give the same predictions" in outputs[-1]
    assert_same_but_for_rounding(*outputs)
