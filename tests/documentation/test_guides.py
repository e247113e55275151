"""The guides run from top to bottom, and print what they show.

A block of text behind a block of Python is what that prints: numbers but for their last digits, and
``...`` for what differs between machines.
"""

import os
import re
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
GUIDES = [ROOT / "docs/README.md", *sorted(ROOT.glob("docs/guides/*.md"))]
BLOCK = re.compile(
    r"^```python[^\n]*\n(.*?)^```\n(?:\n```text\n(.*?)^```)?", re.DOTALL | re.MULTILINE
)
NUMBER = re.compile(r"-?\d+\.\d+")
PLACES = os.pathsep.join([sysconfig.get_path("scripts"), os.environ["PATH"]])
END = "\x1e"
SETTINGS = {
    "OMP_NUM_THREADS": "1",  # the pages are small; the cores are shared by other tests
    "HYDRA_LAUNCHER": "fork",
    "OMPI_ALLOW_RUN_AS_ROOT": "1",
    "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1",
}


def python(code, folder, *starter):
    """What a program prints, in a process of its own."""
    program = folder / "program.py"
    program.write_text(code, encoding="utf-8")
    done = subprocess.run(
        [*starter, sys.executable, "-W", "error", program],
        cwd=folder,
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONIOENCODING": "utf-8", **SETTINGS},
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def same(printed, shown):
    """Whether what was printed is what is shown."""
    if [float(n) for n in NUMBER.findall(printed)] != pytest.approx(
        [float(n) for n in NUMBER.findall(shown)], rel=0.02, abs=0.02
    ) and "..." not in shown:
        return False
    texts = [NUMBER.sub("#", text).strip() for text in (printed, shown)]
    return re.fullmatch(re.escape(texts[1]).replace(r"\.\.\.", ".*"), texts[0]) is not None


@pytest.mark.slow
@pytest.mark.parametrize("guide", GUIDES, ids=lambda path: path.stem)
def test_a_guide_prints_what_it_shows(guide, tmp_path):
    blocks = BLOCK.findall(guide.read_text(encoding="utf-8"))
    assert any(shown for _, shown in blocks)
    code = "".join(f"{block}\nprint({END!r})\n" for block, _ in blocks)
    printed = python(code, tmp_path).split(END)
    for (block, shown), text in zip(blocks, printed, strict=False):
        assert not shown or same(text, shown), f"{block}\nprints\n{text}"


@pytest.mark.slow
def test_the_program_of_several_processes_does_by_two_what_it_does_by_one(tmp_path):
    pytest.importorskip("mpi4py")
    starter = shutil.which("mpiexec", path=PLACES)
    if starter is None:
        pytest.skip("needs mpiexec")
    page = (ROOT / "docs/guides/processes.md").read_text(encoding="utf-8")
    (program,) = re.findall(r"^```python train.py\n(.*?)^```", page, re.DOTALL | re.MULTILINE)
    (shown,) = re.findall(r"^```text mpiexec\n(.*?)^```", page, re.DOTALL | re.MULTILINE)
    printed = python(program, tmp_path, starter, "-n", "2")
    assert same(printed, shown), printed


def test_every_page_with_programs_is_named_by_a_test_that_runs_them():
    tests = "".join(path.read_text(encoding="utf-8") for path in ROOT.glob("tests/**/test_*.py"))
    pages = {path for path in ROOT.glob("docs/**/*.md") if BLOCK.search(path.read_text("utf-8"))}
    assert [path.name for path in pages - set(GUIDES) if path.name not in tests] == []


def test_what_is_shown_may_differ_in_last_digits_alone():
    assert same("loss 0.4812\n", "loss 0.48\n")
    assert same("after 33 ms, a\nb", "after ... ms, a\nb")
    assert not same("loss 0.9\n", "loss 0.48\n")
    assert not same("33 rows\n", "34 rows\n")
    assert not same("['good']\n", "['bad']\n")
    assert not same("", "True\n")
