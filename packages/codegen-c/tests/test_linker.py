"""Linking: without a compiler, from the cache, from several processes and threads, and pickled."""

import concurrent.futures
import json
import os
import pickle
import shutil
import subprocess
import sys
import threading
import time
import warnings

import numpy as np
import pytest
from bitale_codegen_c import CLinker, linker
from bitale_codegen_c.toolchain.compiler import CompileError
from bitale_graph import config, function, shared
from bitale_graph import language as T
from bitale_graph.compile.linkers import linkers
from bitale_graph.compile.mode import Mode
from bitale_graph.tensor.variable import TensorType

C = Mode(linker="c")
NUMPY = Mode(linker="numpy", optimizer="None")


@pytest.fixture
def empty_cache(tmp_path):
    with config.change_flags(base_compiledir=str(tmp_path / "cache")):
        yield tmp_path / "cache"


def test_without_a_compiler_functions_run_on_numpy_after_one_warning(monkeypatch):
    monkeypatch.setitem(linkers(), "c", CLinker())
    x = T.dvector("x")
    with config.change_flags(cxx=""):
        with pytest.warns(UserWarning, match=r"no C compiler.*apt install gcc.*config\.cxx"):
            f = function([x], x * 2, mode=C)
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            g = function([x], x * 3, mode=C)
    np.testing.assert_array_equal(f([1.0]), [2.0])
    np.testing.assert_array_equal(g([1.0]), [3.0])


def test_the_warning_points_at_the_user_s_line(monkeypatch):
    monkeypatch.setitem(linkers(), "c", CLinker())
    x = T.dvector("x")
    with config.change_flags(cxx=""), pytest.warns(UserWarning, match="no C compiler") as caught:
        function([x], x * 2, mode=C)
    assert caught[0].filename == __file__


def test_a_compiler_that_is_named_and_not_there_is_an_error(tmp_path):
    x = T.dvector("x")
    with (
        config.change_flags(cxx=str(tmp_path / "cc")),
        pytest.raises(CompileError, match="no such"),
    ):
        function([x], x * 2, mode=C)


PROGRAM = """
import sys, pickle
import numpy as np
import bitale_codegen_c
from bitale_codegen_c import lowering
from bitale_codegen_c.toolchain import compiler
from bitale_graph import config, function, language as T, shared
from bitale_graph.compile.mode import Mode
config.base_compiledir = sys.argv[1]
made = []
lower, run_compiler = lowering.lower, compiler.run_compiler
lowering.lower = lambda *a, **_: made.append("lowered") or lower(*a)
compiler.run_compiler = lambda *a: made.append("compiled") or run_compiler(*a)
x = T.dmatrix("x")
table = T.as_tensor(np.arange(12.0).reshape(4, 3))
W = shared(np.ones((3, 3)), "W")
update = W - 0.5 * T.dot(x.T, x)
z = T.cast(np.array([1 + 2j, 3]), "complex128")
f = function([x], [T.dot(x, table.T) + 1, z, W.sum()], updates=[(W, update)], mode=Mode("c"))
results = [f(np.arange(6.0).reshape(2, 3)) for _ in range(2)] + [W.get_value()]
sys.stdout.buffer.write(pickle.dumps((made, results)))
"""


def run_program(folder, **environment):
    command = [sys.executable, "-c", PROGRAM, str(folder)]
    environment = {**os.environ, **environment}
    done = subprocess.run(command, check=True, capture_output=True, env=environment)
    assert not done.stderr, done.stderr
    return pickle.loads(done.stdout)


def test_a_second_process_neither_rewrites_nor_compiles(tmp_path):
    made, first = run_program(tmp_path)
    assert "lowered" in made
    assert "compiled" in made
    made, second = run_program(tmp_path, PYTHONHASHSEED="5")
    assert made == []
    for a, b in zip(first[0] + first[1], second[0] + second[1], strict=True):
        np.testing.assert_array_equal(a, b)
    np.testing.assert_array_equal(first[2], second[2])


def test_rewriting_waits_until_it_is_needed(empty_cache):
    def make():
        x = T.dvector("x")
        return function([x], T.exp(x) * 2, mode=C)

    make()
    f = make()
    assert f.maker._rewritten is None
    assert "bitale_main" in f.source(headers=True)


def entries(cache, kind):
    return [p.parent for p in cache.rglob(kind)]


@pytest.mark.parametrize("damage", ["constants", "plan", "kernel", "kernel gone", "plan gone"])
def test_what_is_damaged_is_made_again(empty_cache, damage):
    def value():
        x = T.dvector("x")
        return function([x], x * np.array([1.0, 2, 3]), mode=C)(np.ones(3))

    expected = value()
    (plan,) = entries(empty_cache, "plan.json")
    (kernel,) = entries(empty_cache, "kernel.so")
    if damage == "constants":
        (plan / "constants.npz").write_bytes(b"nonsense")
    elif damage == "plan":
        (plan / "plan.json").write_text(json.dumps({"in_place": [7]}))
    elif damage == "kernel":
        # Not in place: the file may be mapped by this process.
        (kernel / "kernel.so").unlink()
        (kernel / "kernel.so").write_bytes(b"nonsense")
    else:
        shutil.rmtree(kernel if damage == "kernel gone" else plan)
    np.testing.assert_array_equal(value(), expected)
    assert entries(empty_cache, "plan.json")


def test_changed_text_of_the_package_changes_the_key(empty_cache, monkeypatch):
    def make():
        x = T.dvector("x")
        return function([x], x * 5, mode=C)

    make()
    assert len(entries(empty_cache, "plan.json")) == 1
    monkeypatch.setattr(linker, "_texts", lambda: "another")
    make()
    assert len(entries(empty_cache, "plan.json")) == 2


def test_the_value_of_a_constant_is_part_of_the_key(empty_cache):
    x = T.dvector("x")
    for values in ([1.0, 2], [1.0, 3], [-0.0, 0], [0.0, 0], [np.nan, 1]):
        f = function([x], T.true_div(x, np.array(values)), mode=C)
        with np.errstate(all="ignore"):
            expected = np.ones(2) / np.array(values)
        found = f(np.ones(2))
        np.testing.assert_array_equal(found, expected)


def test_ops_in_python_are_called_by_functions_from_the_cache(empty_cache):
    for factor in (2, 3):
        x = T.dvector("x")
        y = T.cast(T.cast(x, "complex64") * factor, "complex128")
        f = function([x], y, mode=C)
        np.testing.assert_array_equal(f([1.0, 2]), [factor, 2 * factor])


@pytest.mark.slow
def test_processes_may_compile_one_function_at_once(tmp_path):
    command = [sys.executable, "-c", PROGRAM, str(tmp_path)]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    running = [subprocess.Popen(command, **pipes) for _ in range(8)]
    outputs = [p.communicate() for p in running]
    assert [error for _, error in outputs] == [b""] * 8
    results = [pickle.loads(out)[1] for out, _ in outputs]
    for other in results[1:]:
        np.testing.assert_array_equal(other[2], results[0][2])


def test_a_program_called_from_threads_gives_equal_bits():
    x, y = T.dmatrix("x"), T.dvector("y")
    f = function([x, y], [T.softmax(T.dot(x, x.T) + T.sum(x)), T.tanh(x * y).T], mode=C)
    rng = np.random.default_rng(3)
    arguments = [(rng.normal(size=(n, 5)), rng.normal(size=5)) for n in range(1, 9)]
    expected = [f(*a) for a in arguments]

    def work(k):
        for i in range(1000):
            n = (i + k) % 8
            for a, b in zip(f(*arguments[n]), expected[n], strict=True):
                assert a.tobytes() == b.tobytes()

    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        list(pool.map(work, range(8)))


def test_other_threads_run_while_a_function_works():
    x = T.dvector("x")
    y = x
    for _ in range(60):
        y = T.sin(y) + T.cos(y)
    with config.change_flags(openmp=False):
        f = function([x], y.sum(), mode=C)
    argument = np.ones(200_000)
    ticks, done = [], threading.Event()

    def tick():
        while not done.is_set():
            ticks.append(time.perf_counter())
            time.sleep(0.0005)

    ticker = threading.Thread(target=tick)
    ticker.start()
    start = time.perf_counter()
    f(argument)
    stop = time.perf_counter()
    done.set()
    ticker.join()
    # With the lock held all that time nothing would tick between the first and the last moment.
    inside = [t for t in ticks if start + 0.1 * (stop - start) < t < stop - 0.1 * (stop - start)]
    assert inside


def test_a_pickled_function_works_and_has_state_of_its_own():
    x = T.dvector("x")
    total = shared(np.zeros(2), "total")
    f = function([x], total * 2, updates=[(total, total + x)], mode=C)
    f([1.0, 2])
    g = pickle.loads(pickle.dumps(f))
    np.testing.assert_array_equal(g([0.0, 0]), [2, 4])
    g([1.0, 1])
    np.testing.assert_array_equal(f([0.0, 0]), [2, 4])


def test_the_choice_of_threads_is_followed():
    from bitale_codegen_c.runtime.runtime import get_threads

    x = T.dvector("x")
    before = get_threads()
    try:
        with config.change_flags(openmp=False):
            function([x], x + 1.5, mode=C)
        assert get_threads() == 1
        with config.change_flags(threads=2):
            function([x], x + 2.5, mode=C)
        assert get_threads() in (1, 2)
    finally:
        from bitale_codegen_c.toolchain.threads import set_threads

        set_threads(before)


@pytest.mark.parametrize("blas", ["own", "scipy"])
def test_products_are_the_same_whoever_multiplies(blas):
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(40, 30)), rng.normal(size=(30, 50))
    a, b = T.dmatrix("a"), T.dmatrix("b")
    with config.change_flags(blas=blas):
        f = function([a, b], [T.dot(a, b), T.dot(a, b[:, 0]), T.dot(a[0], b)], mode=C)
        found = f(x, y)
    for one, other in zip(found, [x @ y, x @ y[:, 0], x[0] @ y], strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-10)


def test_a_function_of_nothing_gives_constants_and_state():
    state = shared(np.arange(3.0), "state")
    f = function([], [T.as_tensor(4), state, T.as_tensor(np.ones(2))], mode=C)
    four, values, ones = f()
    assert four == 4
    values[:] = 9
    ones[:] = 9
    np.testing.assert_array_equal(f()[1], [0, 1, 2])
    np.testing.assert_array_equal(f()[2], [1, 1])


def test_a_function_of_many_inputs_and_outputs():
    inputs = [TensorType("float64", (None,) * (k % 3))(f"x{k}") for k in range(100)]
    arguments = [np.full((2,) * (k % 3), float(k)) for k in range(100)]
    found = function(inputs, [x * 2 for x in inputs], mode=C)(*arguments)
    for x, y in zip(found, arguments, strict=True):
        np.testing.assert_array_equal(x, 2 * y)
