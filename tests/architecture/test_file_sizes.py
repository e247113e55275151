"""One idea a file: above 450 lines it is split by subject, unless it is a table."""

import ast
from pathlib import Path

import pytest

LIMIT = 450
ROOT = Path(__file__).parents[2]
SOURCES = [
    path.relative_to(ROOT)
    for kind in ("py", "pyx", "h", "c")
    for path in sorted(ROOT.glob(f"packages/*/src/**/*.{kind}"))
    if path.name != "runtime.c"  # made of runtime.pyx
]
INITS = [path for path in SOURCES if path.name == "__init__.py"]


def is_table(path: Path) -> bool:
    """Whether nine lines in ten are rows: assignments and calls at the top of the module."""
    if path.suffix != ".py":
        return False
    tree = ast.parse(path.read_bytes())
    code = [node for node in tree.body if isinstance(node, (ast.FunctionDef, ast.ClassDef))]
    lines = sum(node.end_lineno - node.lineno + 1 for node in code)
    return lines <= tree.body[-1].end_lineno / 10


@pytest.mark.parametrize("path", SOURCES, ids=str)
def test_a_file_has_one_idea(path):
    lines = len((ROOT / path).read_text(encoding="utf-8").splitlines())
    assert lines <= LIMIT or is_table(ROOT / path)


@pytest.mark.parametrize("path", INITS, ids=str)
def test_an_init_holds_names_and_no_code(path):
    tree = ast.parse((ROOT / path).read_bytes())
    code = [node for node in tree.body if isinstance(node, (ast.ClassDef, ast.For, ast.While))]
    assert not code


@pytest.mark.parametrize("path", SOURCES, ids=str)
def test_a_module_is_named_by_its_subject(path):
    if "packages/bitale/src" not in str(path):  # whose modules have Theano's names
        assert path.stem not in {"utils", "util", "helpers", "misc", "common", "tools"}
    assert not path.stem[-1].isdigit()
