"""The pages that are written when the site is built tell of every rule and every public name."""

import importlib
import re
import sys
from pathlib import Path

import pytest
from bitale_optimize import pipeline

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "docs" / "site"))
import reference  # noqa: E402
import rewrites  # noqa: E402

LISTS = sorted((ROOT / "tests/architecture/public_names").glob("*.txt"))


def test_every_rule_is_listed_once_and_most_with_an_example():
    page = rewrites.rewrites_page()
    rules = {rule.name: rule for one in pipeline.all_passes() for rule in one.rules}
    rows = re.findall(r"^\| `(\w+)`.*$", page, flags=re.MULTILINE)
    assert sorted(rows) == sorted(rules)
    assert len(re.findall(r"^\| `.*<br>`", page, flags=re.MULTILINE)) > 0.6 * len(rules)
    assert "| `log_of_one_plus_exp`<br>accuracy | `log(1 + exp(x))`" in page


@pytest.fixture(scope="module")
def told():
    return "\n".join(reference.reference().values())


@pytest.mark.parametrize("names", LISTS, ids=lambda path: path.stem)
def test_every_public_name_of_a_package_is_told(told, names):
    module = "bitale" if names.stem == "bitale" else f"bitale_{names.stem.replace('-', '_')}"
    found = importlib.import_module(module)
    public = [n for n in names.read_text().split() if reference.is_told(n, getattr(found, n))]
    words = set(re.findall(r"(?:auto\w+:: |``)(\w+)", told))
    assert [name for name in public if name not in words] == []


def test_a_name_is_told_in_full_on_one_page_alone(told):
    module, entries = "", []
    for kind, name in re.findall(r"^\.\. (\S+):: ([\w.]+)", told, flags=re.MULTILINE):
        module = name if kind == "py:currentmodule" else module
        entries += [f"{module}.{name}"] if kind.startswith("auto") else []
    assert len(entries) > 800
    assert len(set(entries)) == len(entries)
