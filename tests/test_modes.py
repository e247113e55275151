"""Modes, by name, flag and environment, with every layer installed."""

import os
import subprocess
import sys

import bitale
import bitale.tensor as T
import numpy as np
import pytest
from bitale_graph import Loop
from bitale_graph.base.errors import ConfigError

x = T.dvector("x")
PROGRAM = """
import bitale, bitale.tensor as T
x = T.dvector("x")
f = bitale.function([x], T.exp(x) * 2 + 1)
print(type(f.executable).__name__, len(f.maker.fgraph.apply_nodes), f.maker.mode.linker)
"""


def run(**environment):
    """Run the program in a process of its own; what it printed, and what it said in complaint."""
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        env={**os.environ, "BITALERC": os.devnull, **environment},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    return done.stdout.split(), done.stderr


def nodes(mode):
    f = bitale.function([x], (T.exp(x) * 2 + 1).sum(), mode=mode)
    np.testing.assert_allclose(f([0.0, 1.0]), 4 + 2 * np.e)
    return [type(node.op) for node in f.maker.fgraph.toposort()]


@pytest.mark.parametrize("name", ["fusion", "fuse"])
def test_without_fusion_there_is_no_fused_loop(name):
    assert Loop in nodes(bitale.Mode())
    assert Loop not in nodes(bitale.Mode().excluding(name))
    assert Loop not in nodes(bitale.Mode(exclude=[name]))
    with bitale.change_flags(optimizer_excluding=name):
        assert Loop not in nodes(None)
        assert Loop not in nodes("FAST_RUN")


def test_fusion_can_be_added_to_the_least_that_is_rewritten():
    assert Loop not in nodes(bitale.Mode(optimizer="o1"))
    assert Loop in nodes(bitale.Mode(optimizer="o2"))
    assert Loop in nodes(bitale.Mode(optimizer="fast_compile").including("fusion"))
    assert Loop in nodes(bitale.Mode("py", "o2"))


@pytest.mark.parametrize(
    ("given", "nearest"),
    [("fusoin", "fusion"), ("canonicl", "canonical"), ("log_of_sigmod", "log_of_sigmoid")],
)
def test_names_of_rewrites_are_known(given, nearest):
    for use in (bitale.Mode().excluding, bitale.Mode().including):
        with pytest.raises(ConfigError, match=f"did you mean .*'{nearest}'"):
            use(given)
    with pytest.raises(ConfigError, match=nearest), bitale.change_flags(optimizer_including=given):
        pass


def test_every_name_that_is_known_can_be_left_out():
    from bitale_graph.compile.mode import rewriter

    names = rewriter().names()
    assert {"fusion", "fuse", "merge", "canonical", "blas", "neg_of_neg"} <= names
    for name in sorted(names):
        assert bitale.Mode().excluding(name).exclude == {name}
    assert nodes(bitale.Mode().excluding(*names))


@pytest.mark.parametrize("linker", ["py", "vm", "vm_nogc", "numpy"])
def test_linkers_of_python_by_the_environment(linker):
    printed, _ = run(BITALE_FLAGS=f"linker={linker}")
    assert printed[0] == "NumpyProgram"


@pytest.mark.parametrize("linker", ["c", "cvm", "c|py"])
def test_linkers_of_c_by_the_environment(linker):
    printed, _ = run(BITALE_FLAGS=f"linker={linker},optimizer=None")
    assert printed[:2] == ["Program", "3"]


def test_modes_and_optimizers_by_the_environment():
    assert run(BITALE_FLAGS="mode=FAST_COMPILE")[0] == ["NumpyProgram", "3", "numpy"]
    assert run(BITALE_FLAGS="optimizer=o4,linker=py")[0][:2] == ["NumpyProgram", "1"]
    assert run(BITALE_FLAGS="optimizer_excluding=fusion,linker=py")[0][:2] == ["NumpyProgram", "3"]


@pytest.mark.parametrize(
    ("flags", "text"),
    [
        ("mode=FAST_RAN", "BITALE_FLAGS: there is no mode 'FAST_RAN'"),
        ("optimizer=fast", "BITALE_FLAGS: there is no optimizer 'fast'"),
        ("linker=nunpy", "BITALE_FLAGS: there is no linker 'nunpy'"),
        ("optimizer_excluding=fusoin", "did you mean 'fusion'"),
        ("floatX=float34", "BITALE_FLAGS: config.floatX takes one of"),
    ],
)
def test_unknown_names_in_the_environment_are_errors(flags, text):
    printed, complaint = run(BITALE_FLAGS=flags)
    assert printed == []
    assert text in complaint.splitlines()[-1]
