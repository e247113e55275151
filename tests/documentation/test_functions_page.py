"""The page of functions tells of every public function what each layer knows of it.

Run as a program, this writes the page anew.
"""

import sys
from functools import cache
from pathlib import Path

import bitale.tensor as T
import bitale_graph.language as language
import pytest
from bitale_graph.tensor.constructors import CONSTRUCTORS

sys.path.insert(0, str(Path(__file__).parent))
from function_calls import CALLS, OTHERS, PLAIN
from function_states import HEADER, state_of

PAGE = Path(__file__).parents[2] / "docs" / "functions.md"
IN_PYTHON = {"Any", "TYPE_CHECKING", "CONSTRUCTORS", "annotations"}


@cache
def calls():
    """A call of each function of the language."""
    plain = {n: f"{n}({given})" for given, names in PLAIN.items() for n in names.split()}
    return dict(sorted({**plain, **CALLS}.items()))


@cache
def rows():
    """The rows of the table, by function."""
    return {name: state_of(call, vars(T)) for name, call in calls().items()}


def public():
    """The public names of the language that are no constructors."""
    names = {n for n in vars(language) if not n.startswith("_")}
    return names - set(CONSTRUCTORS) - IN_PYTHON - set(OTHERS.split())


def test_every_public_function_is_called():
    assert public() - set(calls()) == set()
    assert set(calls()) - public() == set()


@pytest.mark.slow
def test_the_page_shows_what_the_layers_know():
    text = PAGE.read_text("utf-8")
    shown = [line for line in text.splitlines() if line.startswith("| `")]
    assert shown == [state.row(name) for name, state in rows().items()]


@pytest.mark.slow
def test_no_function_lacks_a_gradient_or_samples():
    assert [n for n, state in rows().items() if state.gradient == "missing"] == []
    assert [n for n, state in rows().items() if state.samples == "0"] == []


if __name__ == "__main__":
    before, _, rest = PAGE.read_text("utf-8").partition(HEADER)
    after = rest.partition("\n\n")[2]
    table = "\n".join(state.row(name) for name, state in rows().items())
    PAGE.write_text(f"{before}{HEADER}\n{table}\n\n{after}", encoding="utf-8")
