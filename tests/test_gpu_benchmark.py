"""The benchmark for GPUs comes back from every section, with right results, where there is none."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[1] / "benchmarks" / "gpu.py"
SECTIONS = ("environment", "correctness", "bandwidth", "training", "overhead")


@pytest.mark.slow
def test_a_dry_run_measures_everything(tmp_path):
    if shutil.which("g++") is None:
        pytest.skip("needs a C++ compiler")
    options = ["--device", "emulated", "--every", "100", "--seconds", "0.001", "--out", tmp_path]
    done = subprocess.run(
        [sys.executable, SCRIPT, *options, "--implementations", "bitale"],
        capture_output=True,
        text=True,
        env={**os.environ, "XDG_CACHE_HOME": str(tmp_path / "cache")},
        check=False,
    )
    log = (tmp_path / "gpu.log").read_text(encoding="utf-8")
    assert done.returncode == 0, done.stdout + done.stderr + log
    lines = (tmp_path / "gpu.jsonl").read_text(encoding="utf-8").splitlines()
    rows = {(one["section"], one["row"]): one for one in map(json.loads, lines)}
    assert {section for section, _ in rows} == set(SECTIONS)
    assert not [row for row in rows if row[1] in ("sample", "ended", "left out")]
    assert rows["correctness", "samples"]["ran"] > 25
    assert {one["differs"] for (_, row), one in rows.items() if row.startswith("twice")} == {False}
    timed = [section for (section, _), one in rows.items() if "seconds" in one]
    assert [timed.count(section) for section in SECTIONS] == [0, 0, 9, 5, 4]
    assert "Nothing is wrong." in (tmp_path / "gpu.txt").read_text(encoding="utf-8")
    assert "no figure below means anything" in done.stdout
