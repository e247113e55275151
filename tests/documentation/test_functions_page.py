"""The page of functions tells of every public function what each layer knows of it.

Run as a program, this writes the page anew.
"""

import importlib
import inspect
import sys
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import bitale.tensor as T
import pytest
from bitale.ifelse import ifelse
from bitale_graph.extend import Op
from bitale_graph.tensor.constructors import CONSTRUCTORS

sys.path.insert(0, str(Path(__file__).parent))
from function_calls import CALLS, OTHERS, PLAIN
from function_states import HEADER, state_of
from module_calls import (
    CONVOLUTION_OTHERS,
    CONVOLUTIONS,
    LINALG,
    LOOPS,
    NNET,
    NNET_OTHERS,
    RANDOM,
    SPARSE,
    SPARSE_OTHERS,
    UPSAMPLING,
)

PAGE = Path(__file__).parents[2] / "docs" / "functions.md"
IN_PYTHON = {"Any", "TYPE_CHECKING", "CONSTRUCTORS", "annotations", *CONSTRUCTORS}


@dataclass(frozen=True, eq=False)
class Section:
    """The functions of a module: calls of them, and names that are none."""

    module: str
    calls: dict
    others: str = ""

    def names(self):
        """The public names of the module."""
        found = importlib.import_module(self.module)
        return {n for n in dir(found) if not n.startswith("_")} - IN_PYTHON

    def world(self):
        """What calls are read with."""
        module = importlib.import_module(self.module)
        own = {n: getattr(module, n) for n in dir(module) if not n.startswith("_")}
        return {**vars(T), **own, "ifelse": ifelse}


LANGUAGE = {n: f"{n}({given})" for given, names in PLAIN.items() for n in names.split()} | CALLS
SECTIONS = [
    Section("bitale_graph.language", LANGUAGE, OTHERS),
    Section("bitale.tensor.linalg", LINALG),
    Section("bitale.tensor.raw_random", RANDOM, "RandomFunction new_state"),
    Section("bitale.tensor.nnet", {**NNET, **CONVOLUTIONS}, NNET_OTHERS),
    Section(
        "bitale.tensor.nnet.abstract_conv",
        UPSAMPLING,
        f"{CONVOLUTION_OTHERS} {' '.join(CONVOLUTIONS)}",
    ),
    Section("bitale.sparse", SPARSE, SPARSE_OTHERS),
]
TITLES = {"bitale_graph.language": "bitale.tensor", "bitale.scan_module": "bitale"}
# Under other names, in modules that programs written for Theano know.
FORWARDING = ("nlinalg", "slinalg", "extra_ops", "basic", "xlogx", "subtensor", "blas", "opt")


@cache
def rows(section):
    """The rows of a section, by function."""
    world = section.world()
    return {name: state_of(section.calls[name], world) for name in sorted(section.calls)}


def table(section):
    """A section of the page."""
    title = TITLES.get(section.module, section.module)
    lines = [state.row(name) for name, state in rows(section).items()]
    return "\n".join([f"## {title}\n", HEADER, *lines])


def every_section():
    """The sections, that of loops as well."""
    return [*SECTIONS, Section("bitale.scan_module", LOOPS)]


@pytest.mark.parametrize("section", SECTIONS, ids=lambda s: s.module)
def test_every_public_function_is_called(section):
    others = set(section.others.split())
    told = set(LANGUAGE) if section is not SECTIONS[0] else set()
    world = section.world()
    called = {id(world[n]) for n in section.calls}
    aliases = {n for n in section.names() if id(world[n]) in called}
    assert section.names() - aliases - others - told == set()
    assert set(section.calls) - section.names() == set()


@pytest.mark.parametrize("name", FORWARDING)
def test_what_is_kept_under_theanos_names_is_told_elsewhere(name):
    told = {id(section.world()[n]) for section in SECTIONS for n in section.calls}
    module = importlib.import_module(f"bitale.tensor.{name}")
    missing = [
        n
        for n, found in vars(module).items()
        if not n.startswith("_") and n not in {*IN_PYTHON, *OTHERS.split()}
        and not inspect.isclass(found) and not isinstance(found, Op) and id(found) not in told
    ]  # fmt: skip
    assert missing == []


@pytest.mark.slow
def test_the_page_shows_what_the_layers_know():
    shown = PAGE.read_text("utf-8").partition("\n## ")
    assert f"## {shown[2]}".rstrip("\n") == "\n\n".join(map(table, SECTIONS_SHOWN))


@pytest.mark.slow
def test_no_function_lacks_a_gradient_or_samples():
    states = {n: s for section in SECTIONS_SHOWN for n, s in rows(section).items()}
    assert [n for n, state in states.items() if state.gradient == "missing"] == []
    assert [n for n, state in states.items() if state.samples == "0"] == []


SECTIONS_SHOWN = every_section()

if __name__ == "__main__":
    head = PAGE.read_text("utf-8").partition("\n## ")[0]
    tables = "\n\n".join(map(table, SECTIONS_SHOWN))
    PAGE.write_text(f"{head.rstrip()}\n\n{tables}\n", encoding="utf-8")
