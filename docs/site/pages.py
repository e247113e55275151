"""Which files of the repository are pages of the site, and the links between them."""

from __future__ import annotations

import os
import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
PACKAGES = ["bitale", "graph", "autodiff", "optimize", "codegen-c", "codegen-cuda", "nnet"]
# What begins with the word between backticks is code, of which no link is read.
PARTS = re.compile(r"(^```.*?^```[^\n]*$|`[^`\n]+`)", re.DOTALL | re.MULTILINE)
LINK = re.compile(r"(\]\()([^)\s#]*)(#[^)\s]*)?(\))")
# The site has no name for this kind of text.
PLAIN = re.compile(r"^```csv.*$", re.MULTILINE)

# Pages in the order in which they are read; those of docs that are not named here are guides.
ORDER = {
    "Begin": ["docs/tour.md"],
    "Guides": [
        "docs/guides/*.md",
        "docs/own_op.md",
        "docs/debugging.md",
        "docs/profiling.md",
        "docs/pictures.md",
        "examples/README.md",
    ],
    "Reference": [
        "docs/functions.md",
        "docs/rewriting.md",
        "docs/generated_c.md",
        "docs/missing.md",
    ],
    "Packages": [f"packages/{name}/README.md" for name in PACKAGES],
    "Project": ["README.md", "CONTRIBUTING.md", "RELEASING.md", "docs/decisions/README.md"],
}
FRONT = "docs/README.md"
MADE = {"Reference": ["api/index", "rewrites"]}  # pages that are written when the site is built
ALSO = """\
On this site alone: [the API reference](api/index.rst), every public name from its docstring, and
[the rewrites](rewrites.md), every rule with what it finds and what it makes of it.
"""
LAST = re.compile(r"^`nox -s docs` makes a site.*\Z", re.DOTALL | re.MULTILINE)


def sources() -> dict[str, str]:
    """Return the place on the site of every page, by its place in the repository."""
    places = {FRONT: "index.md"}
    for path in sorted(ROOT.glob("docs/**/*.md")):
        name = path.relative_to(ROOT).as_posix()
        place = name.removeprefix("docs/").replace("/README.md", "/index.md")
        places.setdefault(name, place)
    for package in PACKAGES:
        places[f"packages/{package}/README.md"] = f"packages/{package}.md"
    places["examples/README.md"] = "programs/examples/index.md"
    for name in ("README.md", "CONTRIBUTING.md", "RELEASING.md"):
        places[name] = f"project/{name.lower()}"
    return places


def programs() -> dict[str, str]:
    """Return the place of every program that pages lead to, and of the licence."""
    found = [*ROOT.glob("examples/*.py"), *ROOT.glob("benchmarks/*.py"), ROOT / "LICENSE"]
    names = [path.relative_to(ROOT).as_posix() for path in found]
    return {name: f"programs/{name}.md" for name in names}


def pictures() -> dict[str, str]:
    """Return the place of every picture that pages show."""
    found = (path.relative_to(ROOT / "docs").as_posix() for path in (ROOT / "docs").rglob("*.svg"))
    return {f"docs/{name}": name for name in found}


class BrokenLinkError(Exception):
    """A page leads to what is not there."""


def target(page: str, link: str, places: dict[str, str]) -> str:
    """Return the place on the site that a link of a page leads to."""
    name = os.path.normpath(os.path.join(os.path.dirname(page), link))  # noqa: PTH118, PTH120
    for candidate in (name, f"{name}/README.md"):
        if candidate in places:
            return places[candidate]
    raise BrokenLinkError(f"{page} leads to {link}, which is no page of the site")


def relinked(page: str, text: str, places: dict[str, str]) -> str:
    """Return a page with its links leading to places on the site."""
    here = os.path.dirname(places[page])  # noqa: PTH120

    def lead(match: re.Match[str]) -> str:
        before, link, anchor, after = match.groups()
        if "://" in link or not link:
            return match[0]
        place = os.path.relpath(target(page, link, places), here or ".")
        return f"{before}{place}{anchor or ''}{after}"

    pieces = PARTS.split(text)
    pieces[::2] = [LINK.sub(lead, piece) for piece in pieces[::2]]
    return PLAIN.sub("```text", "".join(pieces))


def order(places: dict[str, str]) -> dict[str, list[str]]:
    """Return the pages of each part of the site, in order, by place and without suffix."""
    parts: dict[str, list[str]] = {}
    for part, patterns in ORDER.items():
        found = [path for pattern in patterns for path in sorted(ROOT.glob(pattern))]
        parts[part] = [places[path.relative_to(ROOT).as_posix()] for path in found]
    listed = {place for part in parts.values() for place in part}
    parts["Guides"] += [
        place
        for place in places.values()
        if place not in listed and place != "index.md" and not place.startswith("decisions/")
    ]
    return {
        part: [*MADE.get(part, []), *(place.removesuffix(".md") for place in found)]
        for part, found in parts.items()
    }


def tree(entries: list[str], *options: str) -> str:
    """Return the directive by which pages stand under another."""
    head = [f":{option}" for option in options]
    return "\n".join(["", "```{toctree}", *head, "", *entries, "```", ""])


def listing(name: str) -> str:
    """Return the page that shows a program."""
    kind = "python" if name.endswith(".py") else "text"
    text = (ROOT / name).read_text("utf-8")
    return f"---\norphan: true\n---\n\n# {name}\n\n`````{kind}\n{text}`````\n"


def pages() -> dict[str, str]:
    """Return the text of every page that is written by hand, and of the programs, by place."""
    places, shown, seen = sources(), programs(), pictures()
    everything = {**places, **shown, **seen}
    made = {place: listing(name) for name, place in shown.items()}
    made |= {place: (ROOT / name).read_text("utf-8") for name, place in seen.items()}
    for name, place in places.items():
        made[place] = relinked(name, (ROOT / name).read_text("utf-8"), everything)
    made["index.md"] = LAST.sub(ALSO, made["index.md"])
    for part, entries in order(places).items():
        made["index.md"] += tree(entries, "hidden:", f"caption: {part}")
    decisions = [place for place in places.values() if re.match(r"decisions/\d", place)]
    made["decisions/index.md"] += tree([Path(place).stem for place in decisions])
    return made
