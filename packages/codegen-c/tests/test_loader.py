"""Code that is loaded, and given back when nothing can run it any more."""

import gc
import os
import subprocess
import sys
import threading
import time
import weakref
from pathlib import Path

import numpy as np
import pytest
from bitale_codegen_c.toolchain.loader import ABI, LoadError, load_kernel
from bitale_graph import function, scan, shared
from bitale_graph import language as T
from bitale_graph.compile.mode import Mode
from bitale_graph.core.graph import Apply, Op

C = Mode(linker="c")
MAPS = Path("/proc/self/maps")

needs_maps = pytest.mark.skipif(not MAPS.exists(), reason="needs /proc/self/maps")


def mapped():
    """The files of kernels that are mapped into this process."""
    gc.collect()
    return {line.split()[-1] for line in MAPS.read_text().splitlines() if "kernel.so" in line}


class Fails(Op):
    """An op whose work raises."""

    __props__ = ()

    def make_node(self, x):
        return Apply(self, [x], [x.type()])

    def perform(self, node, inputs, output_storage):
        raise ValueError("no work today")


def make(k):
    x, state = T.dvector("x"), shared(np.zeros(3), "state")
    return function([x], [T.exp(x) + k, x.sum()], updates=[(state, state + x)], mode=C)


@needs_maps
@pytest.mark.usefixtures("compile_quickly")
def test_functions_that_die_give_back_their_code():
    before, results, dead = mapped(), [], []
    for k in range(40):
        f = make(k % 5)
        results.append(f([0.0, 1, 2])[0])
        dead += [weakref.ref(f), weakref.ref(f.maker)]
    assert mapped() - before
    del f
    assert not any(ref() for ref in dead)
    assert mapped() <= before
    # Their results stay.
    np.testing.assert_allclose(results, [np.exp([0.0, 1, 2]) + k % 5 for k in range(40)])


@needs_maps
@pytest.mark.usefixtures("compile_quickly")
def test_functions_that_failed_give_back_their_code():
    before = mapped()
    x = T.dvector("x")
    f, g = function([x], Fails()(x), mode=C), function([x], x[5] + T.exp(x).sum(), mode=C)
    for one in (f, g):
        with pytest.raises((ValueError, IndexError)):
            one([1.0])
        with pytest.raises(TypeError):
            one("text")
    del one, f, g
    assert mapped() <= before


@needs_maps
@pytest.mark.usefixtures("compile_quickly")
def test_code_stays_for_the_function_that_is_left():
    f, g = make(70), make(70)
    del f
    gc.collect()
    np.testing.assert_allclose(g([0.0, 0, 0])[0], [71.0] * 3)
    assert mapped()


@pytest.mark.usefixtures("compile_quickly")
def test_code_stays_while_it_runs():
    x, n = T.dscalar("x"), T.lscalar("n")
    rows, _ = scan(lambda a: T.sin(a) + 1, outputs_info=x, n_steps=n)
    held = [function([x, n], rows[-1], mode=C)]
    expected, found = held[0](0.5, 3_000_000), []
    started = threading.Event()

    def call():
        f = held.pop()
        started.set()
        found.append(f(0.5, 3_000_000))

    thread = threading.Thread(target=call)
    thread.start()
    started.wait()
    while thread.is_alive():
        gc.collect()
        time.sleep(0.001)
    thread.join()
    assert found == [expected]


@pytest.mark.usefixtures("compile_quickly")
def test_a_function_may_let_go_of_itself_while_it_runs():
    held = []

    class LetsGo(Op):
        __props__ = ()

        def make_node(self, x):
            return Apply(self, [x], [x.type()])

        def perform(self, node, inputs, output_storage):
            held.clear()
            gc.collect()
            output_storage[0][0] = inputs[0] + 1

    x = T.dvector("x")
    held.append(function([x], T.exp(LetsGo()(x)).sum(), mode=C))
    assert held[0](np.full(3, -1.0)) == 3


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
@pytest.mark.usefixtures("compile_quickly")
def test_a_child_gives_back_code_of_its_own():
    f = make(80)
    code = os.fork()
    if code == 0:
        status = 1
        try:
            right = f([0.0, 0, 0])[0][0] == 81.0
            del f
            gc.collect()
            status = 0 if right and make(80)([0.0, 0, 0])[0][0] == 81.0 else 2
        finally:
            os._exit(status)
    assert os.waitpid(code, 0)[1] == 0
    np.testing.assert_allclose(f([0.0, 0, 0])[0], [81.0] * 3)


@needs_maps
def test_what_is_no_kernel_is_given_back(compiler, tmp_path):
    path = tmp_path / "kernel.so"
    for text in ("int x;", "long long bitale_abi = 1;", "long long bitale_abi = %d;"):
        compiler.compile(text.replace("%d", str(ABI)), path)
        with pytest.raises(LoadError, match=r"cannot be loaded|was made for|no function"):
            load_kernel(path)
        assert str(path) not in mapped()
        path.unlink()


PROGRAM = """
import gc, sys, bitale_codegen_c, numpy as np
from pathlib import Path
from bitale_graph import config, function, shared, language as T
from bitale_graph.compile.mode import Mode
config.base_compiledir = sys.argv[1]
state = shared(np.zeros(3), "state")
def size():
    gc.collect()
    lines = Path("/proc/self/maps").read_text().splitlines()
    return sum("kernel.so" in line for line in lines), len(lines), \\
        int(Path("/proc/self/statm").read_text().split()[1]) * 4096
for k in range(2100):
    if k == 100:
        first = size()
    x = T.dvector("x")
    f = function([x], T.exp(x) + k % 40, updates=[(state, state + x)], mode=Mode("c"))
    f([1.0, 2.0, 3.0])
last = size()
del f
assert size()[0] == 0, size()
assert last[1] <= first[1] + 10, (first, last)
assert last[2] < first[2] + 4e6, (first, last)
"""


@needs_maps
@pytest.mark.slow
def test_two_thousand_functions_take_no_more_than_a_hundred(tmp_path):
    command = [sys.executable, "-c", PROGRAM, str(tmp_path)]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
