"""Who imports whom, held against what each package declares; there is no second list."""

import ast
import graphlib
import sys
from collections.abc import Callable, Iterator

import pytest

MODULES = {"scikit-learn": "sklearn"}  # distributions that are not imported by their own name


def imports(module: str, tree: ast.Module, known) -> Iterator[tuple[str, bool]]:
    """Yield the dotted names that a module imports, and whether on its own import; types aside."""
    types_only = inside(tree, is_types_only)
    late = inside(tree, lambda node: isinstance(node, ast.FunctionDef))
    is_folder = any(name.startswith(module + ".") for name in known)
    package = module if is_folder else module.rpartition(".")[0]
    for node in ast.walk(tree):
        if node in types_only:
            continue
        if isinstance(node, ast.Import):
            yield from ((alias.name, node not in late) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            parts = package.split(".")
            start = parts[: len(parts) - node.level + 1] if node.level else []
            base = ".".join([*start, *([node.module] if node.module else [])])
            for alias in node.names:
                inner = f"{base}.{alias.name}"
                yield (inner if inner in known else base), node not in late


def inside(tree: ast.Module, is_outer: Callable[[ast.AST], bool]) -> set[ast.AST]:
    outer = [node for node in ast.walk(tree) if is_outer(node)]
    return {inner for node in outer for inner in ast.walk(node)}


def is_types_only(node: ast.AST) -> bool:
    return isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test)


def imported_tops(package) -> dict[str, str]:
    """The foreign top-level names that a package imports, each with a module that does."""
    found = {}
    for module, tree in package.trees.items():
        for name, _ in imports(module, tree, package.trees):
            found.setdefault(name.partition(".")[0], module)
    foreign = set(found) - set(sys.stdlib_module_names) - {package.module}
    return {top: found[top] for top in sorted(foreign)}


def module_of(distribution: str) -> str:
    return MODULES.get(distribution, distribution.replace("-", "_"))


def test_a_package_imports_only_what_it_declares(package):
    declared = {module_of(name) for name in {**package.dependencies, **package.optional}}
    undeclared = {top: by for top, by in imported_tops(package).items() if top not in declared}
    assert not undeclared


def test_what_an_extra_brings_is_imported_inside_functions_only(package):
    optional = {module_of(name) for name in package.optional} - {
        module_of(name) for name in package.dependencies
    }
    early = [
        (module, name)
        for module, tree in package.trees.items()
        for name, at_once in imports(module, tree, package.trees)
        if at_once and name.partition(".")[0] in optional
    ]
    assert not early


def test_a_package_declares_only_neighbours_under_it(package, packages):
    order = [other.project["name"] for other in packages]
    above = set(order[order.index(package.project["name"]) :])
    assert not above & {*package.dependencies, *package.optional} - {package.project["name"]}


def test_nothing_imports_the_front_door(packages):
    below = [package for package in packages if package.module != "bitale"]
    assert [package.name for package in below if "bitale" in imported_tops(package)] == []


def test_there_is_no_circle_among_modules(package):
    graph = {
        module: {
            name
            for name, at_once in imports(module, tree, package.trees)
            if at_once and name in package.trees and name != module
        }
        for module, tree in package.trees.items()
    }
    try:
        graphlib.TopologicalSorter(graph).prepare()
    except graphlib.CycleError as error:
        pytest.fail(f"a circle of imports in {package.name}: {' <- '.join(error.args[1])}")
