"""Which names of Theano a program uses, and which of them are missing."""

from __future__ import annotations

import ast
import importlib
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

from . import old_python
from .importing import installed

Lines = dict[str, list[int]]


def names_used(source: str, filename: str = "<program>") -> Lines:
    """The names of Theano in a program, in full, each with the lines that use it.

    Followed are the names that imports bind, and attributes of them.
    """
    tree = ast.parse(source, filename)
    bound: dict[str, str] = {}
    used: Lines = {}
    for node in ast.walk(tree):
        for name, full, is_bound in _imported(node):
            if is_bound:
                bound[name] = full
            used.setdefault(full, []).append(getattr(node, "lineno", 0))
    inner = {node.value for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and node not in inner:
            chain = _chain(node)
            if chain and chain[0] in bound:
                used.setdefault(".".join([bound[chain[0]], *chain[1:]]), []).append(node.lineno)
    return used


def _imported(node: ast.AST) -> Iterator[tuple[str, str, bool]]:
    """Of an import the name that it binds, what that is, and whether it is bound to just that."""
    if isinstance(node, ast.Import):
        for one in node.names:
            if one.name.split(".")[0] == "theano":
                yield one.asname or "theano", one.name, bool(one.asname)
                if not one.asname:
                    yield "theano", "theano", True
    elif isinstance(node, ast.ImportFrom) and not node.level:
        module = node.module or ""
        if module.split(".")[0] == "theano":
            for one in node.names:
                full = module if one.name == "*" else f"{module}.{one.name}"
                yield one.asname or one.name, full, one.name != "*"


def _chain(node: ast.AST) -> list[str]:
    """The words of ``a.b.c``; nothing if it begins with something else than a name."""
    words: list[str] = []
    while isinstance(node, ast.Attribute):
        words.append(node.attr)
        node = node.value
    return [node.id, *reversed(words)] if isinstance(node, ast.Name) else []


def missing(full: str) -> str:
    """Why a name of Theano is missing; an empty string if it is there.

    What lies in another object than a module is that object's, and not looked for.
    """
    words = full.split(".")
    try:
        place: object = importlib.import_module(words[0])
        for k, word in enumerate(words[1:], start=2):
            if not isinstance(place, ModuleType):
                return ""
            try:
                place = getattr(place, word)
            except AttributeError:
                if not hasattr(place, "__path__"):
                    raise
                place = importlib.import_module(".".join(words[:k]))
    except (AttributeError, ImportError) as error:
        return str(error)
    return ""


def report(program: Path, is_python2: bool = False) -> int:
    """Print what a program, or all programs of a folder, use of Theano.

    It gives 1 if a name is missing or a file cannot be read as Python, else 0.
    """
    files = sorted(program.rglob("*.py")) if program.is_dir() else [program]
    count = gone = unread = 0
    with installed():
        for file in files:
            try:
                used = _used_by(file, is_python2)
            except (SyntaxError, ValueError, ImportError) as error:
                unread += 1
                print(f"{file}\n  CANNOT BE READ: {error}")  # noqa: T201
                continue
            if not used:
                continue
            print(file)  # noqa: T201 (a command speaks)
            for full, lines in sorted(used.items()):
                why = missing(full)
                count, gone = count + 1, gone + bool(why)
                where = ", ".join(map(str, sorted(set(lines))))
                print(f"  {full}  (line {where})" + (f"  MISSING: {why}" if why else ""))  # noqa: T201
    more = f", {unread} files not read" if unread else ""
    print(f"{count} names of Theano, {gone} missing{more}")  # noqa: T201
    return 1 if gone or unread else 0


def _used_by(file: Path, is_python2: bool) -> Lines:
    source = old_python.read(file)
    if not is_python2:
        try:
            return names_used(source, str(file))
        except SyntaxError:
            pass  # read as Python 2, whose names are the same
    return names_used(old_python.translated(source, str(file)), str(file))
