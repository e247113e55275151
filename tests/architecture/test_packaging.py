"""What every package carries."""

from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_each_package_carries_the_licence(package):
    assert (package.folder / "LICENSE").read_bytes() == (ROOT / "LICENSE").read_bytes()


def test_each_package_is_marked_as_typed(package):
    assert (package.folder / "src" / package.module / "py.typed").exists()


def test_each_package_has_a_readme_and_a_changelog(package):
    assert (package.folder / "README.md").read_text(encoding="utf-8").startswith("# ")
    assert (package.folder / "CHANGELOG.md").read_text(encoding="utf-8").startswith("# ")


def test_fragments_are_named_by_issue_and_type(package):
    types = {"removal", "deprecation", "feature", "bugfix", "performance", "doc"}
    for path in (package.folder / "changes").iterdir():
        if path.name == "README.md":
            continue
        issue, kind, *number, suffix = path.name.split(".")
        assert len(number) <= 1, path.name
        assert all(one.isdigit() for one in number), path.name
        assert issue.isdigit(), path.name
        assert kind in types, path.name
        assert suffix == "md", path.name
