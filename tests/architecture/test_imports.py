"""Who imports whom, held against what each package declares; there is no second list."""

import ast
import graphlib
import sys
from collections.abc import Callable, Iterator

import pytest

# Distributions that are not imported by their own names.
MODULES = {"ipython": "IPython", "scikit-learn": "sklearn"}


def imports(module: str, tree: ast.Module, known, with_types: bool = False):
    """The dotted names that a module imports, and whether on its own import."""
    if (tree, with_types) not in FOUND:
        FOUND[tree, with_types] = list(found_imports(module, tree, known, with_types))
    return FOUND[tree, with_types]


FOUND: dict[tuple[ast.Module, bool], list[tuple[str, bool]]] = {}  # several tests ask for a tree


def found_imports(
    module: str, tree: ast.Module, known, with_types: bool
) -> Iterator[tuple[str, bool]]:
    """Yield the dotted names that a module imports, and whether on its own import."""
    types_only = set() if with_types else inside(tree, is_types_only)
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


def test_tests_import_only_layers_that_are_installed_with_theirs(package, packages):
    modules = {other.project["name"]: other for other in packages}
    installed, new = set(), {package.project["name"]}
    while new:
        installed |= new
        needed = [{**modules[name].dependencies, **modules[name].optional} for name in new]
        new = {name for names in needed for name in names if name in modules} - installed
    others = {modules[name].module for name in modules.keys() - installed}
    wrong = [
        (path.name, name)
        for path in sorted(package.folder.glob("tests/**/*.py"))
        for name, _ in imports(path.stem, ast.parse(path.read_bytes()), ())
        if name.partition(".")[0] in others
    ]
    assert not wrong


def test_nothing_imports_the_front_door(packages):
    below = [package for package in packages if package.module != "bitale"]
    assert [package.name for package in below if "bitale" in imported_tops(package)] == []


# What lower rooms call of higher ones, bound late in one module of bitale_graph. The methods of a
# variable, sparse ones too, are written where it is defined, and build ops; `eval` is a word for
# `function`, and `Function.debug` for a search; what notebooks show is written above all of it;
# some modes that have names stand above all modes; and what those give has types that stand above
# that module.
BOUND_LATE = {
    ("bitale_graph.base.late", "bitale_graph.ops"),
    ("bitale_graph.base.late", "bitale_graph.sparse"),
    ("bitale_graph.base.late", "bitale_graph.linalg.numpy_functions"),
    ("bitale_graph.base.late", "bitale_graph.fft.numpy_functions"),
    ("bitale_graph.base.late", "bitale_graph.compile.function"),
    ("bitale_graph.base.late", "bitale_graph.debug.rich"),
    ("bitale_graph.base.late", "bitale_graph.drawing.writing"),
    ("bitale_graph.base.late", "bitale_graph.core.test_values"),
    ("bitale_graph.base.late", "bitale_graph.modes.first_bad"),
    ("bitale_graph.base.late", "bitale_graph.modes.predefined"),
    ("bitale_graph.base.late", "bitale_graph.tensor.variable"),
}


def edges(package) -> dict[str, set[str]]:
    """Every import inside a package: at once, in a function, and for types alone."""
    return {
        module: {
            name
            for name, _ in imports(module, tree, package.trees, with_types=True)
            if name in package.trees and name != module and (module, name) not in BOUND_LATE
        }
        for module, tree in package.trees.items()
    }


def test_there_is_no_circle_among_modules(package):
    try:
        graphlib.TopologicalSorter(edges(package)).prepare()
    except graphlib.CycleError as error:
        pytest.fail(f"a circle of imports in {package.name}: {' <- '.join(error.args[1])}")


def test_what_is_bound_late_is_declared_once(packages):
    (graph,) = [package for package in packages if package.module == "bitale_graph"]
    late = "bitale_graph.base.late"
    found = {
        (late, name)
        for name, _ in imports(late, graph.trees[late], graph.trees, with_types=True)
        if name in graph.trees and name != "bitale_graph"
    }
    assert found == BOUND_LATE


def test_there_is_no_circle_among_rooms(package):
    def room(module: str) -> str:
        return ".".join(module.split(".")[:2])

    graph: dict[str, set[str]] = {}
    for module, names in edges(package).items():
        if module != package.module:
            graph.setdefault(room(module), set()).update(map(room, names) if names else ())
    for name, above in graph.items():
        above -= {name, package.module}
    try:
        graphlib.TopologicalSorter(graph).prepare()
    except graphlib.CycleError as error:
        pytest.fail(f"a circle of rooms in {package.name}: {' <- '.join(error.args[1])}")


def test_a_readme_shows_the_rooms(package):
    folders = {m.split(".")[1] for m in package.trees if m.count(".") > 1}
    text = (package.folder / "README.md").read_text(encoding="utf-8")
    missing = {name for name in folders if f"`{name}`" not in text}
    assert not missing


def test_layers_come_to_graph_by_its_surface(packages):
    surfaces = (
        "disk",
        "extend",
        "fft",
        "graphs",
        "health",
        "language",
        "linalg",
        "op_classes",
        "random",
    )
    surfaces += (
        "convolution",
        "distributed",
        "drawing",
        "health.command",
        "pooling",
        "profiling",
        "scalars",
        "texts",
        "typed_list",
        "random.sparse_matrices",
    )  # beside the others, since they need SciPy
    allowed = {"bitale_graph", *(f"bitale_graph.{m}" for m in surfaces)}
    inside = {
        (module, name)
        for package in packages
        if package.module != "bitale_graph"
        for module, tree in package.trees.items()
        for name, _ in imports(module, tree, package.trees, with_types=True)
        if name.startswith("bitale_graph")
        and name not in allowed
        and not name.startswith(tuple(f"bitale_graph.{r}" for r in ("testing", "plan", "sparse")))
    }
    assert not inside
