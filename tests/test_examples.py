"""The examples do what they say, each in a process of its own."""

import os
import shutil
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
def test_convolutions_learn_the_digits_better(tmp_path):
    # All 30 epochs give 0.995, and take three times as long.
    done = run("digits_convolved.py", tmp_path, "--epochs", "10")
    assert done.returncode == 0, done.stdout + done.stderr
    assert float(done.stdout.split("test accuracy ")[1].split(",")[0]) >= 0.985


@pytest.mark.slow
def test_tables_are_learnt(tmp_path):
    done = run("tables.py", tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.count("score 0.9") == 2


@pytest.mark.slow
def test_images_are_told_from_eight_numbers(tmp_path):
    done = run("autoencoder.py", tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    assert (tmp_path / "out" / "autoencoder" / "reconstructions.png").stat().st_size > 1000


@pytest.mark.slow
def test_the_classifier_grades_sentences(tmp_path):
    sizes = ["--sentences", "2000", "--epochs", "6", "--least", "0.9"]
    done = run("sentences_classified.py", tmp_path, *sizes)
    assert done.returncode == 0, done.stdout + done.stderr


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


@pytest.mark.slow
def test_sentences_are_graded(tmp_path):
    done = run("sentences.py", tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "the sentences are invented" in done.stdout
    assert float(done.stdout.split("test cost ")[1].split()[2].strip(";")) >= 0.9


def test_files_of_sentences_are_read(tmp_path):
    rows = ["4 a good film", "0 A BAD film", "3 good enough", "1 bad enough", "2 enough"]
    path = tmp_path / "sentences.txt"
    path.write_text("\n".join(rows * 4) + "\n", encoding="utf-8")
    sizes = ["--embedding", "6", "--units", "5", "--epochs", "40", "--rate", "0.3"]
    done = run("sentences.py", tmp_path, "--train", path, "--dev", path, "--test", path, *sizes)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "20 sentences to learn from, 20 held out, 5 words" in done.stdout
    assert "dev accuracy" in done.stdout


@pytest.mark.parametrize("line", ["5 good", "good", "3", ""])
def test_lines_without_label_or_words_are_refused(tmp_path, line):
    path = tmp_path / "sentences.txt"
    path.write_text(f"4 good\n{line}\n", encoding="utf-8")
    done = run("sentences.py", tmp_path, "--train", path, "--test", path)
    assert done.returncode == 1
    assert "sentences.txt, line 2: no label from 0 to 4 and words" in done.stderr


def test_an_op_of_ones_own_passes_its_checks(tmp_path):
    done = run("own_op.py", tmp_path)
    assert done.returncode == 0, done.stderr
    assert "the op passes its checks" in done.stdout
    assert "deepest loss 4.0, its gradient [0.0, 1.0, -1.0, 1.0, -1.0]" in done.stdout


@pytest.mark.slow
def test_several_processes_learn_as_one_does(tmp_path):
    pytest.importorskip("sklearn")
    pytest.importorskip("mpi4py")
    places = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    starter = shutil.which("mpiexec", path=places)
    if starter is None:
        pytest.skip("needs mpiexec")
    told = []
    for start in ([], [starter, "-n", "2"]):
        done = subprocess.run(
            [*start, sys.executable, EXAMPLES / "distributed.py", "--epochs", "3"],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            env={**os.environ, "OMP_NUM_THREADS": "1"},
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        told.append(done.stdout)
    one, two = ([float(loss) for loss in text.split("\n")[0].split()[1:]] for text in told)
    assert len(one) == 3
    assert two == pytest.approx(one, rel=1e-5)
    assert "by 2 processes" in told[1]
