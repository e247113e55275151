"""The code that documents show is run as it stands."""

import ast
import contextlib
import importlib
import io
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


def blocks(path):
    """The Python code of a page, joined from top to bottom."""
    text = (ROOT / path).read_text(encoding="utf-8")
    return re.findall(r"^```python\n(.*?)^```", text, flags=re.MULTILINE | re.DOTALL)


def run(code, path, names=None):
    """Run code, of which each error that it catches has to come; its names, and what it printed."""
    names = {"__name__": "page", **(names or {})}
    tree = ast.parse(code)
    for node in ast.walk(tree):
        if isinstance(node, ast.Try) and node.handlers and not node.orelse:
            node.orelse = ast.parse(f"raise AssertionError('no error at line {node.lineno}')").body
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(compile(tree, path, "exec"), names)
    return names, printed.getvalue()


def test_the_page_on_debugging_runs_and_shows_what_comes():
    names, _ = run("\n".join(blocks("docs/debugging.md")), "docs/debugging.md")
    found = names["found"]
    assert (found.what, str(found.node.op)) == ("NaN", "Elementwise{log}")
    assert found.inputs[0].tolist() == [1.0, -1.0]
    assert str(names["shown"][0]) == "('Elementwise{exp}(x)', array([1.]))"


def test_the_page_on_profiling_runs_and_shows_what_comes(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)  # it writes a page
    names, printed = run("\n".join(blocks("docs/profiling.md")), "docs/profiling.md")
    names["train"].profile.atexit_print = False
    text = (ROOT / "docs/profiling.md").read_text(encoding="utf-8")
    shown = re.findall(r"^```text\n(.*?)^```", text, flags=re.MULTILINE | re.DOTALL)
    assert len(shown) == 3
    rest = printed
    for block in shown:
        pattern = re.escape(block).replace(re.escape("..."), ".*?")
        found = re.search(pattern, rest, flags=re.DOTALL)
        assert found, block
        rest = rest[found.end() :]


def test_the_page_on_saving_runs(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)  # it writes files
    run("\n".join(blocks("docs/saving.md")), "docs/saving.md")
    assert {path.name for path in tmp_path.iterdir()} == {"values.npz", "model.zip"}


def test_the_tour_runs_from_top_to_bottom(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)  # it writes a file
    names, printed = run("\n".join(blocks("docs/tour.md")), "docs/tour.md")
    assert "0.0 3.0 7.0" in printed
    assert names["losses"][-1] < names["losses"][0] / 4


def test_the_page_on_pictures_runs_and_shows_what_comes(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    run("\n".join(blocks("docs/pictures.md")), "docs/pictures.md")
    assert (tmp_path / "train.html").exists()
    shown = (ROOT / "docs/pictures.svg").read_text(encoding="utf-8")
    made = (tmp_path / "train.svg").read_text(encoding="utf-8")
    kinds = {'class="input"', 'class="shared"', 'class="output"', 'class="update"'}
    assert all(kind in shown and kind in made for kind in kinds)


@pytest.mark.parametrize("path", ["README.md", "packages/bitale/README.md"])
def test_the_first_program_does_what_it_says(path):
    # Generated code is there only where a compiler is.
    code = blocks(path)[0].replace("print(train.source())", "")
    _, printed = run(code, path)
    assert [float(line.split()[0]) for line in printed.splitlines()[:3]] == pytest.approx(
        [0.9, 8.54, 13.124]
    )


PAGES = [
    path.relative_to(ROOT)
    for pattern in ("*.md", "docs/**/*.md", "packages/*/README.md")
    for path in sorted(ROOT.glob(pattern))
]


@pytest.mark.parametrize("path", PAGES, ids=str)
def test_links_within_the_repository_lead_somewhere(path):
    page = ROOT / path
    links = re.findall(r"\]\(([^)#]+)", page.read_text(encoding="utf-8"))
    inner = [link for link in links if "://" not in link]
    assert [link for link in inner if not (page.parent / link).exists()] == []


def missing():
    """The names that the page of what is missing lists, each with its module."""
    text = (ROOT / "docs/missing.md").read_text(encoding="utf-8")
    for line in re.findall(r"^- (.*(?:\n  .*)*)", text, flags=re.MULTILINE):
        place, names = line.split(":", 1)
        for name in re.findall(r"`(\w+)`", names):
            yield place.split("`")[1], name


def exists(place, name):
    """Whether a name can be had from a module, or from a class or object in one."""
    module, _, rest = place.partition(".")
    found = importlib.import_module(module)
    for part in filter(None, rest.split(".")):
        found = getattr(found, part)
    if hasattr(found, name):
        return True
    with contextlib.suppress(ImportError):
        importlib.import_module(f"{place}.{name}")
        return True
    return False


def test_what_is_said_to_be_missing_is():
    listed = list(missing())
    assert len(listed) > 3
    assert len(set(listed)) == len(listed)
    here = [f"{place}.{name}" for place, name in listed if exists(place, name)]
    assert here == [], "take these off docs/missing.md"
