"""The page on what rewriting may change lists the rules that may, and no other."""

import re
from pathlib import Path

from bitale_optimize import Changes, pipeline

PAGE = Path(__file__).parents[2] / "docs" / "rewriting.md"


def test_the_page_lists_what_each_tag_leaves_out():
    _, domain, overflow = re.split(
        r"^## `(?:domain|range)`.*$", PAGE.read_text("utf-8"), flags=re.M
    )
    rules = {rule for one in pipeline.PASSES for rule in one.rules}
    for part, tag in ((domain, "domain"), (overflow, "range")):
        listed = re.findall(r"^\| `(\w+)` \|", part, flags=re.M)
        assert sorted(listed) == sorted({rule.name for rule in rules if tag in rule.tags})
    assert {r for r in rules if r.changes is Changes.DOMAIN} == {
        r for r in rules if "domain" in r.tags
    }
