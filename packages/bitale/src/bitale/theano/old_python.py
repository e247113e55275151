"""Programs in Python 2: told as such, and read as they were meant.

Their syntax and names are translated by lib2to3, or by fissix where Python has it no more. What
the translators leave is done on the tree: ``/`` of integers is floor division, pickles that
Python 2 wrote are read as latin-1, and files of pickles may be opened as text.
"""

from __future__ import annotations
import __future__

import ast
import functools
import importlib
import re
import sys
import warnings
from collections.abc import Sequence
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader
from io import TextIOWrapper
from pathlib import Path
from types import CodeType, ModuleType
from typing import Any

import numpy as np
from bitale_graph import Variable

from .compat import cmp

_SYNTAX = re.compile(
    r"""^\s*print\s+[^\s(=.,]|^\s*print\s*>>|^\s*except\s+[^:()]+,\s*\w+\s*:|^\s*exec\s+[^\s(=]
    |^\s*raise\s+[\w.]+\s*,|<>|`[^`]*`|\b0[0-7]+\b|\bur['"]|\b\d+[lL]\b|lambda\s*\(|^\s*def\s.*\(\(""",
    re.VERBOSE,
)
# fmt: off
_MODULES = {
    "__builtin__", "BaseHTTPServer", "ConfigParser", "Cookie", "HTMLParser", "Queue",
    "SocketServer", "StringIO", "Tkinter", "anydbm", "cPickle", "cStringIO", "commands",
    "copy_reg", "httplib", "thread", "urllib2", "urlparse", "xmlrpclib",
}
# fmt: on
# fmt: off
_NAMES = {
    "apply", "basestring", "cmp", "coerce", "execfile", "file", "intern", "long", "raw_input",
    "reduce", "reload", "unichr", "unicode", "xrange",
}
# fmt: on
_METHODS = re.compile(r"has no attribute '(iteritems|iterkeys|itervalues|has_key|next|izip|imap)'")

HOW = "run it with --py2, or translate it with 2to3"


def told_as_python2(error: BaseException) -> str:
    """What to say of an error that comes of a program being in Python 2; else an empty string."""
    where, line = _place(error)
    if isinstance(error, SyntaxError) and _SYNTAX.search(error.text or ""):
        return f"{where}, line {line}: {(error.text or '').strip()!r} is Python 2; {HOW}"
    name = getattr(error, "name", None)
    if isinstance(error, ImportError) and name in _MODULES:
        return f"{where}, line {line}: the module {name} is of Python 2; {HOW}"
    if isinstance(error, NameError) and name in _NAMES:
        return f"{where}, line {line}: the name {name} is of Python 2; {HOW}"
    if isinstance(error, (AttributeError, ImportError)) and (old := _METHODS.search(str(error))):
        return f"{where}, line {line}: the method {old[1]} is of Python 2; {HOW}"
    return ""


def _place(error: BaseException) -> tuple[str, int | None]:
    if isinstance(error, SyntaxError):
        return str(error.filename), error.lineno
    last = error.__traceback__
    while last is not None and last.tb_next is not None:
        last = last.tb_next
    return (last.tb_frame.f_code.co_filename, last.tb_lineno) if last else ("the program", None)


@functools.cache
def _translator(in_package: bool) -> Any:
    """The tool that refactors; raises ImportError where there is none."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for package in ("lib2to3", "fissix"):
            try:
                refactor = importlib.import_module(f"{package}.refactor")
                break
            except ImportError:
                continue
        else:
            raise ImportError(
                "a program in Python 2 is translated by lib2to3, which this Python has no more, "
                "or by fissix: pip install fissix"
            )
        fixers = set(refactor.get_fixers_from_package(f"{package}.fixes"))
        # Of a script the files beside it are modules on the path, and no relative ones.
        left = {f"{package}.fixes.fix_import"} if not in_package else set()
        return refactor.RefactoringTool(sorted(fixers - left))


def translated(source: str, filename: str, in_package: bool = False) -> str:
    """A program of Python 2 in the syntax and by the names of Python 3.

    Raises
    ------
    SyntaxError
        If it is no Python 2 either.
    ImportError
        If nothing that translates is installed.
    """
    tool = _translator(in_package)
    try:
        return str(tool.refactor_string(source.rstrip() + "\n", filename))
    except Exception as error:  # the parser's own class, of either package
        if type(error).__name__ not in ("ParseError", "TokenError"):
            raise
        line = (getattr(error, "context", None) or ("", (None, None)))[1][0]
        place = (filename, line, None, None)
        raise SyntaxError(f"neither Python 3 nor Python 2: {error}", place) from error


class _Meaning(ast.NodeTransformer):
    """What Python 2 means by the same words."""

    def __init__(self, has_true_division: bool, pickles: set[str]) -> None:
        self._has_true_division = has_true_division
        self._pickles = pickles

    def visit_BinOp(self, node: ast.BinOp) -> ast.AST:
        self.generic_visit(node)
        if self._has_true_division or not isinstance(node.op, ast.Div):
            return node
        call = ast.Call(ast.Name("__div__", ast.Load()), [node.left, node.right], [])
        return ast.copy_location(call, node)

    def visit_AugAssign(self, node: ast.AugAssign) -> ast.AST:
        self.generic_visit(node)
        if not self._has_true_division and isinstance(node.op, ast.Div):
            call = ast.Call(ast.Name("__idiv__", ast.Load()), [node.value], [])
            node.value = ast.copy_location(call, node.value)
            node.op = ast.Mult()
        return node

    def visit_Call(self, node: ast.Call) -> ast.AST:
        self.generic_visit(node)
        if not (
            isinstance(node.func, ast.Attribute)
            and isinstance(node.func.value, ast.Name)
            and node.func.value.id in self._pickles
        ):
            return node
        called = node.func.attr
        if called in ("load", "loads") and not any(k.arg == "encoding" for k in node.keywords):
            node.keywords.append(ast.keyword("encoding", ast.Constant("latin1")))
        place = {"dump": 1, "load": 0}.get(called, len(node.args))
        if place < len(node.args):
            file = node.args[place]
            call = ast.Call(ast.Name("__binary__", ast.Load()), [file], [])
            node.args[place] = ast.copy_location(call, file)
        return node


def division(x: Any, y: Any) -> Any:
    """Python 2's ``x / y``: of integers, floor division."""
    return x // y if _is_integer(x) and _is_integer(y) else x / y


class InPlaceDivision:
    """The right side of ``x /= y``, which the tree spells ``x *= InPlaceDivision(y)``.

    So the left side is evaluated once, and what it is decides how it is divided.
    """

    def __init__(self, by: Any) -> None:
        self._by = by

    __array_ufunc__ = None  # so that arrays ask here
    answers_tensors = True  # and tensors

    def __rmul__(self, x: Any) -> Any:
        if isinstance(x, np.ndarray):
            if _is_integer(x) and _is_integer(self._by):
                x //= self._by
            else:
                x /= self._by
            return x
        return division(x, self._by)


def _is_integer(x: Any) -> bool:
    if isinstance(x, (int, np.integer)):
        return True
    return (
        isinstance(x, (np.ndarray, Variable))
        and np.dtype(getattr(x, "dtype", "float64")).kind in "iub"
    )


class _Bytes:
    """The bytes of a file that is open as text, which it keeps open."""

    def __init__(self, text: TextIOWrapper) -> None:
        self._text = text

    def __getattr__(self, name: str) -> Any:
        return getattr(self._text.buffer, name)


def binary(file: Any) -> Any:
    """A file for pickles, which Python 2 put into files that were open as text too."""
    return _Bytes(file) if isinstance(file, TextIOWrapper) else file


MEANINGS = {
    "__binary__": binary,
    "__div__": division,
    "__idiv__": InPlaceDivision,
    "cmp": cmp,
    "file": open,
}


def compiled(source: str, filename: str, in_package: bool = False) -> CodeType:
    """The code of a program of Python 2; what it is run in holds `MEANINGS`."""
    text = translated(source, filename, in_package)
    tree = ast.parse(text, filename)
    future = {
        name.name
        for node in tree.body
        if isinstance(node, ast.ImportFrom) and node.module == "__future__"
        for name in node.names
    }
    has_true_division = "division" in future or "division" in _futures(source)
    pickles = {
        name.asname or name.name
        for node in ast.walk(tree)
        if isinstance(node, ast.Import)
        for name in node.names
        if name.name in ("pickle", "cPickle")
    }
    meant = _Meaning(has_true_division, pickles)
    tree = ast.fix_missing_locations(meant.visit(tree))
    return compile(tree, filename, "exec", dont_inherit=True)


def _futures(source: str) -> set[str]:
    """The names that a program imports from the future, which translating takes away."""
    found = re.findall(r"^\s*from\s+__future__\s+import\s+\(?([\w\s,]+)", source, re.MULTILINE)
    names = {word for group in found for word in re.split(r"[\s,]+", group)}
    return names & set(__future__.all_feature_names)


class _Loader(SourceFileLoader):
    """Loads a file as Python 2, without a cache of its code."""

    def get_code(self, fullname: str) -> CodeType:
        source = read(Path(self.path))
        return compiled(source, self.path, in_package="." in fullname)

    def exec_module(self, module: ModuleType) -> None:
        vars(module).update(MEANINGS)
        super().exec_module(module)


class Finder:
    """Finds the modules beside a program, and in folders that it puts on the path, as Python 2."""

    def __init__(self, folder: Path) -> None:
        self._others = {*sys.path} - {str(folder)}

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        parent = sys.modules.get(fullname.rpartition(".")[0])
        if parent is None:
            path = [place for place in sys.path if place not in self._others]
        elif not isinstance(getattr(parent.__spec__, "loader", None), _Loader):
            return None
        spec = PathFinder.find_spec(fullname, path, target)
        if spec is None or not (spec.origin or "").endswith(".py"):
            return None
        spec.loader = _Loader(fullname, str(spec.origin))
        return spec


def read(file: Path) -> str:
    """The text of a program, in the encoding that it declares (Python 2 took latin-1)."""
    data = file.read_bytes()
    declared = re.match(rb"(?:.*\n)?.*coding[:=]\s*([-\w.]+)", data)
    for encoding in (declared[1].decode() if declared else "utf-8-sig", "utf-8-sig"):
        try:
            return data.decode(encoding).replace("\r\n", "\n")
        except (UnicodeDecodeError, LookupError):
            continue
    return data.decode("latin-1").replace("\r\n", "\n")
