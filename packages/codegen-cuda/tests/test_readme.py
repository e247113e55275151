"""What the README shows runs."""

import re
from pathlib import Path

import pytest

README = Path(__file__).parents[1] / "README.md"


@pytest.mark.usefixtures("needs_emulation")
def test_the_programs_of_the_readme_run(capfd):
    names = {}
    for block in re.findall(r"```python\n(.*?)```", README.read_text(encoding="utf-8"), re.DOTALL):
        exec(compile(block, str(README), "exec"), names)
    shown = capfd.readouterr().out
    assert "C++ compiler" in shown
    assert "[0.5 0.5]" in shown
    assert "softmax" in shown
