"""The examples do what they say, each in a process of its own."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).parents[1] / "examples"


def run(name, folder, *arguments, **environment):
    return subprocess.run(
        [sys.executable, "-W", "error", EXAMPLES / name, *arguments],
        cwd=folder,
        capture_output=True,
        text=True,
        env={**os.environ, **environment},
        check=False,
    )


@pytest.mark.slow
def test_the_digits_are_learnt_drawn_saved_and_loaded(tmp_path):
    pytest.importorskip("sklearn")
    done = run("digits.py", tmp_path)
    assert done.returncode == 0, done.stderr
    accuracy = float(done.stdout.split("test accuracy ")[1].split()[0])
    assert accuracy >= 0.96
    assert "they give the same predictions" in done.stdout
    assert "training: 100%" in done.stderr
    made = {path.name for path in (tmp_path / "out" / "digits").iterdir()}
    assert made == {"learning_curve.png", "parameters.npz"}


@pytest.mark.slow
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_the_countries_are_told_apart(tmp_path, dtype):
    done = run("gdp.py", tmp_path, BITALE_FLAGS=f"floatX={dtype}")
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"in {dtype}" in done.stdout
    assert float(done.stdout.split()[-1]) >= 0.9


def test_files_of_countries_are_read(tmp_path):
    rows = ["1\t" + "\t".join(["0.5"] * 11), "0\t" + "\t".join(["-0.5"] * 11)]
    path = tmp_path / "countries.txt"
    path.write_text("\n".join(rows * 30) + "\n", encoding="utf-8")
    done = run("gdp.py", tmp_path, "--train", path, "--test", path)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "60 countries to learn from, 60 held out" in done.stdout


def test_one_file_without_the_other_is_refused(tmp_path):
    done = run("gdp.py", tmp_path, "--train", "countries.txt")
    assert done.returncode == 2
    assert "both --train and --test" in done.stderr
