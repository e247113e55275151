import re
from pathlib import Path

import numpy as np

README = Path(__file__).parents[1] / "README.md"


def test_the_examples_run_and_give_what_they_say():
    names = {}
    checked = 0
    for block in re.findall(r"```python\n(.*?)```", README.read_text(encoding="utf-8"), re.DOTALL):
        exec(compile(block, str(README), "exec"), names)
        for line in block.splitlines():
            code, _, promised = line.partition("  # array(")
            # Calls that change state would give something else the second time.
            if promised and not code.startswith("add("):
                wanted = np.array(eval(promised.partition(")")[0]))
                np.testing.assert_array_equal(eval(code, names), wanted)
                checked += 1
    assert checked == 4
