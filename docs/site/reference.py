"""The pages of the API reference: every public name, from its docstring, by subject."""

from __future__ import annotations

import importlib
import inspect
import re
import sys
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from types import ModuleType
from typing import Any

from bitale_graph.extend import Elementwise, Op
from bitale_graph.tensor.constructors import CONSTRUCTORS
from pages import ROOT

# The functions of the tensor language by where they are defined: each page, and its modules.
SUBJECTS = {
    "elements": "functions special math elementwise",
    "reductions": "reduction statistics covariance cumulative differences",
    "shapes": (
        "shape axes reshape broadcasting join split pack repeat pad order triangle diagonal "
        "fill_diagonal contiguous"
    ),
    "indexing": "indexing taking along_axis nonzero multi_index sets sorting one_hot",
    "products": "contraction matmul einsum",
    "making": "creation grids sequences interpolation conversion constructors",
    "networks": "softmax",
}
TITLES = {
    "elements": "Functions of elements",
    "reductions": "Reductions and statistics",
    "shapes": "Shapes and the order of elements",
    "indexing": "Indexing, sorting and sets",
    "products": "Products",
    "making": "Making tensors",
    "networks": "Softmax and losses",
    "others": "Types, checks and other names",
}
# Modules with a page of their own; each name is told on the first page that has it.
MODULES = [
    "bitale.tensor.nnet",
    "bitale.tensor.nnet.abstract_conv",
    "bitale.tensor.signal.pool",
    "bitale.tensor.linalg",
    "bitale.tensor.fft",
    "bitale.tensor.shared_randomstreams",
    "bitale.tensor.raw_random",
    "bitale.sparse",
    "bitale.gradient",
    "bitale.printing",
    "bitale.compile",
    "bitale.compile.profiling",
    "bitale_nnet",
    "bitale_nnet.losses",
    "bitale_nnet.functional",
    "bitale_nnet.initializers",
    "bitale_nnet.distributed",
    "bitale_graph",
    "bitale_autodiff",
    "bitale_optimize",
    "bitale_codegen_c",
    "bitale_codegen_cuda",
    "bitale_graph.testing",
    "bitale_graph.extend",
]
LANGUAGE = "bitale.tensor"
PROMISED = ROOT / "tests/architecture/public_names"
# Of elementwise functions that take more than their docstrings name by letters.
ARGUMENTS = {"switch": "condition, a, b", "betainc": "a, b, x"}


@dataclass
class Page:
    """A page of the reference.

    Attributes
    ----------
    place, title : str
    module : str
        By which programs reach the names.
    entries : dict
        Every object with its names, the one that it is told under first.
    elsewhere : dict
        Names that another page tells, each with the full name there.
    """

    place: str
    title: str
    module: str
    entries: list[tuple[Any, list[str]]] = field(default_factory=list)
    elsewhere: dict[str, str] = field(default_factory=dict)


def heading(text: str, line: str) -> list[str]:
    """Return a heading of a page."""
    return [text, line * len(text), ""]


def public(module: ModuleType) -> dict[str, Any]:
    """Return what programs take from a module, by name: functions, classes, ops."""
    names = set(getattr(module, "__all__", dir(module)))
    # Names that are imported when they are asked for are on the list of the package alone.
    package = module.__name__.removeprefix("bitale_").replace("_", "-")
    if (promised := PROMISED / f"{package}.txt").exists():
        names |= set(promised.read_text("utf-8").split())
    found = {name: getattr(module, name) for name in sorted(names) if not name.startswith("_")}
    return {name: value for name, value in found.items() if is_told(name, value)}


def is_told(name: str, value: Any) -> bool:
    """Whether the reference tells of a name: of no module, number, list, or other library."""
    home = getattr(value, "__module__", None) or ""
    return (
        not isinstance(value, ModuleType)
        and (callable(value) or isinstance(value, Op))
        and home.partition(".")[0].startswith("bitale")
        and name not in CONSTRUCTORS
        and not name.endswith("__")
    )


def named(value: Any, names: list[str]) -> list[str]:
    """Return the names of an object, its own first."""
    own = getattr(getattr(value, "scalar_op", None), "name", getattr(value, "__name__", ""))
    return sorted(names, key=lambda name: (name != own, name.endswith("_"), name))


def home(value: Any) -> str:
    """Return the name of the module that an object is defined in, or its class."""
    if isinstance(value, Elementwise):
        return "bitale_graph.tensor.functions"
    return str(getattr(value, "__module__", None) or type(value).__module__)


def signature(value: Any) -> str:
    """Return how an elementwise function is called; empty for what tells that by itself."""
    if not isinstance(value, Elementwise):
        return ""
    if names := ARGUMENTS.get(value.scalar_op.name):
        return f"({names})"
    by_letter = "abcd" if "b" in re.findall(r"\w+", value.__doc__ or "") else "xyzw"
    return f"({', '.join(by_letter[: value.scalar_op.arity])})"


def entry(value: Any, names: list[str]) -> list[str]:
    """Return the directives that tell of an object."""
    kind = "autoclass" if inspect.isclass(value) else "autofunction"
    lines = [f".. {kind}:: {names[0]}{signature(value)}"]
    if inspect.isclass(value) and not issubclass(value, Exception):
        lines.append("   :members:")
    if others := ", ".join(f"``{name}``" for name in names[1:]):
        lines += ["", f"   Also called {others}."]
    return [*lines, ""]


def summary(module: str) -> str:
    """Return the first line of a module's docstring as a heading."""
    text = (sys.modules[module].__doc__ or module).strip().partition("\n")[0]
    return text.rstrip(".").replace("``", "").replace("`", "")


def text(page: Page) -> str:
    """Return a page in reStructuredText: its names by the modules that define them."""
    lines = [*heading(page.title, "="), f".. py:currentmodule:: {page.module}", ""]
    by_home: dict[str, list[tuple[Any, list[str]]]] = defaultdict(list)
    for value, names in page.entries:
        by_home[home(value)].append((value, names))
    for module, entries in by_home.items():
        if len(by_home) > 1:
            lines += heading(summary(module), "-")
        for value, names in sorted(entries, key=lambda one: one[1][0].lower()):
            lines += entry(value, names)
    if page.elsewhere:
        lines += heading("Told elsewhere", "-")
        lines += [f"- ``{name}``: :py:obj:`{full}`" for name, full in page.elsewhere.items()]
    return "\n".join([*lines, ""])


class Told:
    """Which objects have been told of, and under which name."""

    def __init__(self) -> None:
        self.full: dict[int, str] = {}

    def page(self, place: str, title: str, module: str, names: Iterable[str]) -> Page:
        """Return a page of some names of a module."""
        page = Page(place, title, module)
        found = importlib.import_module(module)
        values: dict[int, tuple[Any, list[str]]] = {}
        for name in names:
            value = getattr(found, name)
            if id(value) in self.full:
                page.elsewhere[name] = self.full[id(value)]
            else:
                values.setdefault(id(value), (value, []))[1].append(name)
        for key, (value, given) in values.items():
            ordered = named(value, given)
            page.entries.append((value, ordered))
            self.full[key] = f"{module}.{ordered[0]}"
        return page


def subject(value: Any) -> str:
    """Return the page that tells of a function of the language."""
    stem = home(value).rpartition(".")[2]
    return next((page for page, stems in SUBJECTS.items() if stem in stems.split()), "others")


def language_pages(told: Told) -> list[Page]:
    """Return the pages of the tensor language."""
    names: dict[str, list[str]] = {page: [] for page in TITLES}
    for name, value in public(importlib.import_module(LANGUAGE)).items():
        names[subject(value)].append(name)
    return [told.page(f"api/tensor_{page}", TITLES[page], LANGUAGE, names[page]) for page in TITLES]


def constructors() -> list[str]:
    """Return what is said of the functions that make variables."""
    listed = ", ".join(f"``{name}``" for name in sorted(CONSTRUCTORS))
    return [
        *heading("Variables", "-"),
        "Functions that make a variable, called with its name; in the plural several. The letter",
        "is the dtype, the rest how many axes there are.",
        "",
        listed,
        "",
    ]


def reference() -> dict[str, str]:
    """Return the pages of the reference, by place."""
    told = Told()
    front = told.page("api/bitale", "bitale", "bitale", public(importlib.import_module("bitale")))
    language = language_pages(told)
    others = [
        told.page(f"api/{name}", name, name, public(importlib.import_module(name)))
        for name in MODULES
    ]
    made = {f"{page.place}.rst": text(page) for page in [front, *language, *others]}
    index = [
        *heading("API reference", "="),
        "Every public name, from its docstring. The search finds each of them.",
        "",
        *listing("The front door", [front]),
        *listing("bitale.tensor", language),
        *constructors(),
        *listing("Modules", [page for page in others if page.module.startswith("bitale.")]),
        *listing("Packages", [page for page in others if not page.module.startswith("bitale.")]),
    ]
    return {**made, "api/index.rst": "\n".join(index)}


def listing(title: str, pages: list[Page]) -> list[str]:
    """Return a part of the front page of the reference, with pages under it."""
    entries = [f"   {page.place.removeprefix('api/')}" for page in pages if page.entries]
    return [*heading(title, "-"), ".. toctree::", "   :maxdepth: 1", "", *entries, ""]
