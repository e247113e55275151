"""Each package has its own version, and admits its neighbours as they stand in the checkout."""

import ast
import itertools

from packaging.version import Version


def test_ranges_admit_the_neighbours_in_the_checkout(package, packages):
    versions = {other.project["name"]: other.project["version"] for other in packages}
    refused = {
        name: f"{requirement.specifier} does not admit {versions[name]}"
        for name, requirement in {**package.optional, **package.dependencies}.items()
        if name in versions and not requirement.specifier.contains(versions[name], prereleases=True)
    }
    assert not refused


def test_neighbours_have_a_lowest_and_a_highest_version(package, packages):
    neighbours = {other.project["name"] for other in packages}
    for name, requirement in package.dependencies.items():
        if name in neighbours:
            assert {part.operator for part in requirement.specifier} == {">=", "<"}, name


def test_others_have_a_lowest_version(package, packages):
    """The session ``lowest`` tests with it."""
    neighbours = {other.project["name"] for other in packages}
    for name, requirement in {**package.optional, **package.dependencies}.items():
        if name not in neighbours:
            assert ">=" in {part.operator for part in requirement.specifier}, name


def test_packages_agree_on_shared_lowest_versions(packages):
    found = {}
    for package, kind in itertools.product(packages, ("dependencies", "optional")):
        for name, requirement in getattr(package, kind).items():
            if not name.startswith("bitale"):
                found.setdefault(name, set()).add(str(requirement.specifier))
    assert {name: ranges for name, ranges in found.items() if len(ranges) > 1} == {}


def test_the_version_is_static_and_plain(package):
    assert "dynamic" not in package.project
    assert str(Version(package.project["version"])) == package.project["version"]


def test_the_module_tells_the_version_of_its_package(package):
    for node in package.trees.get(package.module, ast.Module([], [])).body:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__version__":
            assert ast.literal_eval(node.value) == package.project["version"]


def test_packages_ask_for_the_same_python(packages):
    assert len({package.project["requires-python"] for package in packages}) == 1
