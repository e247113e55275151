"""What docs/from-theano.md says is what happens."""

import importlib
import re
import subprocess
import sys
import textwrap
from pathlib import Path

import bitale
import bitale.theano
import numpy as np
import pytest
from bitale.theano.modules import GONE
from bitale.theano.rules import RULES

from tests.test_docs import blocks, run

PAGE = (Path(__file__).parents[2] / "docs" / "from-theano.md").read_text(encoding="utf-8")


def shown(mark):
    """The text that stands indented behind a mark."""
    return textwrap.dedent(re.search(rf"<!-- {mark} -->\n((?:    .*\n)+)", PAGE)[1])


def between(mark, end):
    return PAGE.split(f"<!-- {mark} -->\n")[1].split(f"<!-- {end} -->")[0].splitlines()


def test_the_page_runs_from_top_to_bottom():
    before = bitale.config.cast_policy
    try:
        page, _ = run("\n".join(blocks("docs/from-theano.md")), "docs/from-theano.md")
    finally:
        bitale.theano.uninstall()
    assert page["dtypes"] == ["int16", "float32", "float64"]
    assert page["row"].broadcastable == (True, False)
    assert (float(page["value"]), page["slope"].tolist()) == (pytest.approx(0.9), [1, 1])
    assert page["flags"]["cast_policy"] == "custom"
    assert page["by_z"].tolist() == [2 + 4j]
    assert (page["counts"].dtype, page["at_zero"].tolist()) == (np.int64, [0])
    assert page["tenth"] == np.float32(0.1)
    assert type(page["shapes"]).__name__ == "ShapeError"
    assert type(page["refused"]).__name__ == "ComplexError"
    assert [v.tolist() for v in page["cubes"]([1.0, 2.0])] == [[1, 8], [3, 12]]
    assert page["same"]
    assert page["mixed"]([0.0]).tolist() == [0.5]
    assert (page["y32"].dtype, page["vector"].ndim, page["wide"].dtype) == ("float32", 1, "int16")
    assert bitale.config.cast_policy == before


def test_the_page_has_every_rule():
    rows = [
        f"| {r.subject} | {r.theano} | {r.bitale} | "
        + (f"`{r.flag}={r.value}`" if r.flag else f"`{r.value}`")
        + " |"
        for r in RULES
    ]
    table = between("rules", "end of the rules")[2:]
    assert table == rows, "\n".join(["the table has to be:", *rows])


def test_the_page_has_every_name_that_is_gone():
    lines = [f"  - `{name}`: {instead}" for name, instead in GONE.items()]
    found = between("gone", "end of gone")
    assert found == lines, "\n".join(["the list has to be:", *lines])


@pytest.mark.parametrize("name", GONE)
def test_what_is_gone_says_what_to_write_instead(name):
    with bitale.theano.installed():
        parent, _, last = name.rpartition(".")
        module = importlib.import_module(parent)
        with pytest.raises((AttributeError, ImportError), match=re.escape(GONE[name])):
            getattr(module, last)


def test_the_check_that_is_shown_prints_what_is_shown(tmp_path):
    (tmp_path / "old.py").write_text(shown("checked"), encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "bitale.theano", "--check", "old.py"],
        capture_output=True,
        text=True,
        check=False,
        cwd=tmp_path,
    )
    assert (done.stdout, done.returncode) == (shown("printed"), 1)
