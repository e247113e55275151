"""What a package promises is written down: a change of it shows in a diff, and needs a fragment.

After a change that is meant, ``python tests/architecture/test_public_names.py`` writes them anew.
"""

import ast
import itertools
from pathlib import Path

LISTS = Path(__file__).with_name("public_names")


def public_names(tree: ast.Module) -> list[str]:
    """Return the public names of an ``__init__``: ``x as x``, in ``__all__``, or defined there."""
    names = set()
    for node in itertools.chain(tree.body, *map(late_imports, tree.body)):
        if isinstance(node, ast.Import | ast.ImportFrom):
            names |= {alias.asname for alias in node.names if alias.asname}
        elif isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__all__":
            names |= set(ast.literal_eval(node.value))
        elif isinstance(node, ast.FunctionDef | ast.ClassDef):
            names.add(node.name)
    return sorted(name for name in names if not name.startswith("_"))


def late_imports(node: ast.AST) -> list[ast.stmt]:
    """Return what type checkers read of names that are imported when they are asked for."""
    is_late = isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"
    return node.body if is_late else []


def test_public_names_are_those_written_down(package):
    tree = package.trees.get(package.module, ast.Module([], []))
    assert public_names(tree) == (LISTS / f"{package.name}.txt").read_text().split()


if __name__ == "__main__":
    for source in sorted(Path(__file__).parents[2].glob("packages/*/src/*/__init__.py")):
        lines = public_names(ast.parse(source.read_bytes()))
        LISTS.joinpath(f"{source.parents[2].name}.txt").write_text("\n".join([*lines, ""]))
