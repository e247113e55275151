"""The programs in the readmes run, and give what the comments beside them say."""

import ast
import re
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).parents[2]
READMES = sorted([*ROOT.glob("README.md"), *ROOT.glob("packages/*/README.md")])
BLOCK = re.compile(r"^```python\n(.*?)^```", re.DOTALL | re.MULTILINE)
FILE = re.compile(r"^```csv (\S+)\n(.*?)^```", re.DOTALL | re.MULTILINE)
RESULT = re.compile(r"^(?P<call>[^#=]+?)  # (array\()?(?P<value>-?[\d.]+|\[[-\d., ]+\])\)?$")


@pytest.mark.parametrize("readme", READMES, ids=lambda path: str(path.relative_to(ROOT)))
def test_programs_give_what_is_written_beside_them(readme, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    names = {"__name__": "__main__"}
    text = readme.read_text(encoding="utf-8")
    for name, content in FILE.findall(text):
        (tmp_path / name).write_text(content, encoding="utf-8")
    for block in BLOCK.findall(text):
        exec(compile(block, str(readme), "exec"), names)
        for line in block.splitlines():
            if found := RESULT.match(line):
                given = eval(found["call"], names)
                np.testing.assert_allclose(given, ast.literal_eval(found["value"]), rtol=1e-5)
