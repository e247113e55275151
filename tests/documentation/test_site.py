"""The pages of the site lead to each other, and a newcomer finds what is asked for."""

import re
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "docs" / "site"))
import pages  # noqa: E402

SITE = pages.pages()
# What a newcomer asks, the page that answers, and what stands there that does.
QUESTIONS = {
    "train on my CSV": ("guides/classifier.md", 'pd.read_csv("flowers.csv")'),
    "write an op": ("own_op.md", "class RunningMaximum(Op)"),
    "why is my graph slow": ("guides/speed.md", "for firing in explain(f)"),
    "where does the NaN come from": ("debugging.md", "found = f.debug([1.0, -1.0])"),
    "run on two processes": ("guides/processes.md", "mpiexec -n 2 python train.py"),
}
MADE = {"api/index.rst", "rewrites.md"}  # written by Sphinx's side of the build


def links(place):
    """Where the text of a page leads, each a page and a heading; no links of the sidebar."""
    text = re.sub(r"^```.*?^```[^\n]*$", "", SITE[place], flags=re.DOTALL | re.MULTILINE)
    for link, anchor in re.findall(r"\]\(([^)\s#]*)(?:#([^)\s]*))?\)", text):
        if "://" not in link:
            found = Path(place).parent / link if link else Path(place)
            yield Path(*normal(found.parts)).as_posix(), anchor


def normal(parts):
    """A path without steps up."""
    left = []
    for part in parts:
        if part == "..":
            left.pop()
        else:
            left.append(part)
    return left


def anchors(place):
    """The headings of a page, as links name them."""
    headings = re.findall(r"^#+ (.*)$", SITE[place], flags=re.MULTILINE)
    words = [re.sub(r"[^\w\- ]", "", heading.lower()) for heading in headings]
    return {text.strip().replace(" ", "-") for text in words}


def clicks_to(goal):
    """How many links of texts there are from the front page to a page; None without a way."""
    seen, here = {"index.md"}, ["index.md"]
    for clicks in range(10):
        if goal in here:
            return clicks
        here = sorted({to for place in here for to, _ in links(place) if to in SITE} - seen)
        seen |= set(here)
    return None


@pytest.mark.parametrize("question", QUESTIONS)
def test_a_newcomer_finds_the_answer_within_three_clicks(question):
    place, answer = QUESTIONS[question]
    assert answer in SITE[place]
    assert clicks_to(place) in {1, 2, 3}


@pytest.mark.parametrize("place", sorted(SITE))
def test_links_of_a_page_lead_to_pages_and_headings(place):
    wrong = [
        (to, anchor)
        for to, anchor in links(place)
        if (to not in SITE and to not in MADE) or (anchor and anchor not in anchors(to))
    ]
    assert wrong == []


def test_no_two_pages_have_one_place():
    places = [*pages.sources().values(), *pages.programs().values()]
    assert len(set(places)) == len(places)


def test_a_link_to_nowhere_is_an_error():
    places = {"docs/a.md": "a.md", "packages/graph/README.md": "packages/graph.md"}
    text = "[b](../packages/graph) and `[c](nowhere)`\n\n```python\n[d](nowhere)\n```\n"
    made = pages.relinked("docs/a.md", text, places)
    assert made == text.replace("../packages/graph", "packages/graph.md")
    with pytest.raises(pages.BrokenLinkError, match=r"docs/a\.md leads to b\.md"):
        pages.relinked("docs/a.md", "[b](b.md)", places)
