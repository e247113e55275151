"""The text that is written: its names, that it is always the same, and that it compiles."""

import os
import re
import subprocess
import sys

import numpy as np
import pytest
from bitale_codegen_c.host.target import C
from bitale_codegen_c.lowering import lower
from bitale_graph import function, shared
from bitale_graph import language as T
from bitale_graph.compile.mode import Mode
from bitale_graph.extend import FunctionGraph
from bitale_graph.plan.host_function import plan_function
from bitale_graph.plan.statements import Steps, walk
from bitale_graph.tensor.variable import TensorType
from bitale_graph.testing import op_samples

AS_WRITTEN = Mode(linker="c", optimizer="None")


def training_step():
    """A program with most kinds of nodes, and names in it."""
    x, targets = T.fmatrix("x"), T.ivector("targets")
    weights = shared(np.zeros((4, 3), "float32"), "weights")
    bias = shared(np.zeros(3, "float32"), "bias")
    hidden = T.tanh(T.dot(x, weights) + bias)
    hidden.name = "hidden"
    loss = T.categorical_crossentropy(T.softmax(hidden), targets).mean()
    loss.name = "loss"
    best = T.argmax(hidden, axis=1)
    rows = T.inc_subtensor(weights[np.array([0, 1, 1])], np.float32(1))
    joined = T.join(0, hidden[::2], hidden[1:].reshape((-1, 3)), x.T[:3].T)
    wide = T.cast(T.cast(x, "complex64") * 2, "complex64")
    outputs = [loss, best, joined, wide, T.eye(3), T.arange(x.shape[0]), x[0, 1], x.sum(axis=0)]
    outputs += [T.alloc(bias, 2, 3), T.isnan(x), T.mod(targets, 3), T.max(x, axis=1), x // 2]
    updates = [(weights, rows - T.dot(x.T, hidden)), (bias, bias - hidden.sum(axis=0))]
    return [x, targets], outputs, updates


def text_of(mode=AS_WRITTEN):
    inputs, outputs, updates = training_step()
    return function(inputs, outputs, updates=updates, mode=mode).source(headers=True)


@pytest.mark.parametrize("optimizer", ["None", "fast_run"])
def test_a_strict_compiler_accepts_the_text(compiler, tmp_path, optimizer):
    path = tmp_path / "kernel.c"
    path.write_text(text_of(Mode(linker="c", optimizer=optimizer)))
    flags = ["-Wall", "-Wextra", "-Werror", "-Wno-unused", "-fopenmp", "-march=native", "-O2"]
    command = [*compiler.command, *flags, "-fsyntax-only", str(path)]
    result = subprocess.run(command, check=False, capture_output=True, text=True)
    assert result.returncode == 0, result.stderr


def test_names_and_nodes_of_the_user_stand_in_the_text():
    text = text_of()
    for name in ("x", "targets", "weights", "bias", "hidden"):
        assert re.search(rf"\b(float|int32_t) \*const {name} =", text), name
    assert re.search(r"/\* \d+: hidden = Elementwise\{tanh\}\(", text)
    assert re.search(r"\bfloat loss =", text)
    assert max(map(len, text.splitlines())) < 1000


SCRIPT = """
import importlib.util, sys
import bitale_codegen_c
from bitale_graph import config
config.base_compiledir = sys.argv[2]
spec = importlib.util.spec_from_file_location("program", sys.argv[1])
program = importlib.util.module_from_spec(spec)
spec.loader.exec_module(program)
sys.stdout.write(program.text_of())
"""


def test_equal_graphs_give_equal_text_in_every_process(tmp_path):
    texts = {text_of(), text_of()}
    for seed in ("1", "2"):
        command = [sys.executable, "-c", SCRIPT, __file__, str(tmp_path)]
        environment = {**os.environ, "PYTHONHASHSEED": seed}
        done = subprocess.run(command, check=True, capture_output=True, text=True, env=environment)
        texts.add(done.stdout)
    assert len(texts) == 1


def names_in(text):
    """What the entry point names, and macros; locals of other functions meet nothing."""
    entry = re.sub(r"/\*.*?\*/", "", text[text.rindex("bitale_main") :], flags=re.DOTALL)
    macros = re.findall(r"#define (\w+)", text)
    # Numbers count what is alike.
    return sorted(
        {w for w in re.findall(r"\b[A-Za-z]\w*", entry) if not w[-1].isdigit()} | {*macros}
    )


@pytest.mark.slow
@pytest.mark.usefixtures("compile_quickly")
def test_whatever_name_a_variable_has_it_does_not_meet_another():
    def run(v, w, u, integers):
        x, y, s, rows = T.dmatrix(v), T.dvector(w), T.dscalar(u), T.lvector(integers)
        python = T.cast(T.cast(s, "complex64") * T.cast(y, "complex64"), "complex128")
        outputs = [T.alloc(s, 3, 2), T.dot(y, y), T.dot(x, y), T.argmax(x, axis=0), python]
        outputs += [T.inc_subtensor(x[rows], s), x[rows] + s, T.softmax(x) * s, x.sum(axis=0)]
        outputs += [T.join(1, x, x), T.set_subtensor(x[1:], y), rows * 2, T.eye(2) * s]
        outputs += [T.categorical_crossentropy(T.softmax(x), rows)]
        f = function([x, y, s, rows], outputs, mode=AS_WRITTEN)
        arguments = np.arange(4.0).reshape(2, 2), np.array([1.0, 2]), 3.0, np.array([1, 0])
        return f(*arguments), f.source(headers=True)

    expected, text = run("x", "y", "s_", "rows_")
    words = names_in(text)
    words += ["asm", "bool", "linux", "nullptr", "typeof", "2x", "ä", "a b", "*/", "\\", "#", ""]
    words += ["INT64_MAX", "bt_take", "BT_FAIL", "Bt_x", "value0", "int64_t"]
    for k in range(0, len(words), 4):
        group = [*words[k : k + 4], "p", "p", "p"][:4]
        found, _ = run(*group)
        for a, b in zip(found, expected, strict=True):
            np.testing.assert_array_equal(a, b, str(group))


def test_one_name_for_several_variables_is_numbered():
    x, y = T.dvector("v"), T.dvector("v")
    z = T.exp(x) + y
    z.name = "v"
    f = function([x, y], [z, z.sum()], mode=AS_WRITTEN)
    np.testing.assert_allclose(f([0.0], [1.0])[0], [2.0])


def test_equal_loops_are_written_once():
    x = T.dmatrix("x")
    y = x
    for _ in range(20):
        y = T.tanh(y)
    text = function([x], y, mode=AS_WRITTEN).source(headers=True)
    assert len(re.findall(r"^static .*\bloop_tanh\w*\(", text, flags=re.M)) <= 2


def chain(n):
    x = T.dvector("x")
    y = x
    for k in range(n):
        y = T.tanh(y) if k % 2 else y * 0.5
    return x, y


def tree(n):
    x = T.dvector("x")
    terms = [x * float(k) for k in range(n // 2)]
    while len(terms) > 1:
        terms = [a + b for a, b in zip(terms[::2], terms[1::2], strict=False)] + (
            terms[-1:] if len(terms) % 2 else []
        )
    return x, terms[0]


def numbers(n):
    x = T.dscalar("x")
    y = x
    for k in range(n):
        y = T.sin(y) if k % 2 else y * 0.5 + x
    return x, y


def views(n):
    x = T.dmatrix("x")
    y = x
    for k in range(n):
        y = y.T if k % 2 else T.inc_subtensor(y[0], 1.0)
    return x, y


GRAPHS = {"chain": (chain, [0.1, 0.2]), "tree": (tree, [0.1, 0.2]), "numbers": (numbers, 0.3)}
GRAPHS["views"] = (views, np.ones((2, 2)))


@pytest.mark.slow
@pytest.mark.usefixtures("compile_quickly")
@pytest.mark.parametrize("kind", GRAPHS)
def test_ten_thousand_nodes(kind):
    build, argument = GRAPHS[kind]
    x, y = build(10_000)
    found = function([x], y, mode=AS_WRITTEN)(argument)
    expected = function([x], y, mode=Mode("numpy", "None"))(argument)
    np.testing.assert_allclose(found, expected, rtol=1e-11)


@pytest.mark.slow
@pytest.mark.parametrize("kind", GRAPHS)
def test_the_text_grows_in_proportion(kind):
    build, _ = GRAPHS[kind]
    sizes = []
    for n in (100, 200, 400):
        x, y = build(n)
        sizes.append(len(function([x], y, mode=AS_WRITTEN).source(headers=True)))
    assert sizes[2] - sizes[1] < 2.3 * (sizes[1] - sizes[0])


def test_constants_of_every_dtype_are_exact():
    for dtype in ("int8", "int32", "int64", "uint8", "uint32", "uint64"):
        limits = np.iinfo(dtype)
        x = TensorType(dtype, (None,))("x")
        low, high = np.array(limits.min, dtype), np.array(limits.max, dtype)
        f = function([x], [x * 0 + low, x * 0 + high, T.neg(x) - low], mode=AS_WRITTEN)
        zero, ones, less = f(np.zeros(1, dtype))
        assert zero[0] == low
        assert ones[0] == high
        assert less[0] == (np.zeros(1, dtype) - low)[0]
    for dtype in ("float32", "float64"):
        x = TensorType(dtype, (None,))("x")
        values = np.array([0.1, -0.0, 1e-45, -1e-310, 3e38, np.inf, -np.inf, np.nan], dtype)
        f = function([x], [T.switch(T.eq(x, 0), v, x) for v in values], mode=AS_WRITTEN)
        found = np.concatenate(f(np.zeros(1, dtype)))
        assert found.tobytes() == values.tobytes()


@pytest.mark.slow
@pytest.mark.parametrize("core", [False, True])
def test_the_entry_point_loops_over_steps_alone(core):
    for sample in op_samples(core=core):
        inputs, outputs = sample.graph()
        graph = FunctionGraph(inputs, outputs, clone=False)
        host = plan_function(graph, len(inputs), len(outputs), [], C)
        steps = sum(isinstance(one, Steps) for one in walk(host.statements))
        text = lower(graph, len(inputs), len(outputs), []).shown
        entry = text[text.index("\nint64_t bitale_main(const bt_runtime *rt, void *call,\n") :]
        # One of the two asks for signals; the last one gives buffers back.
        assert entry.count("for (") == 2 * steps + 1, sample.name
