"""The page and the example of an op of one's own, and what the page says of each part's absence."""

import importlib.util
import os
import pickle
import subprocess
import sys
from pathlib import Path

import bitale
import bitale.tensor as T
import numpy as np
import pytest
from bitale_codegen_c.lowering import lower
from bitale_graph.base.errors import MissingRuleError
from bitale_graph.extend import Op
from bitale_graph.testing import check_op

from tests.test_docs import blocks

EXAMPLE = Path(__file__).parents[1] / "examples" / "own_op.py"
PRICE = np.array([[1.0, 3.0, 2.0, 5.0, 1.0], [4.0, 2.0, 2.5, 1.0, 6.0]])
HIGHEST = np.array([[1.0, 3.0, 3.0, 5.0, 5.0], [4.0, 4.0, 4.0, 4.0, 6.0]])


@pytest.fixture(scope="module")
def example():
    spec = importlib.util.spec_from_file_location("own_op_example", EXAMPLE)
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # where pickle looks for it
    spec.loader.exec_module(module)
    yield module
    del sys.modules[spec.name]


@pytest.fixture
def without(example, monkeypatch):
    """Make the op of the example without one of its parts."""

    def make(part):
        cls = example.RunningMaximum
        parts = {name: x for name, x in vars(cls).items() if name != part}
        assert len(parts) < len(vars(cls))
        made = type(cls.__name__, (Op,), parts)
        monkeypatch.setattr(example, cls.__name__, made)
        return made()

    return make


def ops_of(f):
    return {type(node.op).__name__ for node in f.maker.fgraph.toposort()}


def called_back(f):
    maker = f.maker
    lowered = lower(maker.fgraph, len(maker.arguments), maker.n_outputs, [])
    return [type(node.op).__name__ for node in lowered.callbacks]


def compiled(op):
    x = T.dmatrix("x")
    f = bitale.function([x], op(x * 2)[0] / 2)
    np.testing.assert_array_equal(f(PRICE), HIGHEST)
    return f


def test_the_page_shows_the_example_and_what_runs(example):
    shown = blocks("docs/own_op.md")
    text = EXAMPLE.read_text(encoding="utf-8")
    quoted = [block for block in shown if block in text]
    assert len(quoted) >= 4
    names = {**vars(example)}
    for block in shown:
        if block not in text:
            exec(block, names)
    deepest, gradient = names["f"](PRICE)
    np.testing.assert_array_equal(deepest, (HIGHEST - PRICE).max(axis=1))
    np.testing.assert_array_equal(gradient[0], [0, 1, -1, 1, -1])


def test_the_op_is_checked_against_the_definition(example):
    def defined(x):
        rows = [[max(range(j + 1), key=lambda k: (r[k], k)) for j in range(len(r))] for r in x]
        where = np.array(rows, int).reshape(x.shape)
        return [np.take_along_axis(x, where, 1), where]

    check_op(example.running_maximum, [*example.SAMPLES, [PRICE]], defined)


def test_it_is_fused_around_and_its_shape_is_known(example):
    assert called_back(compiled(example.running_maximum)) == []
    x = T.dmatrix("x")
    lengths = bitale.function([x], example.running_maximum(x)[0].shape)
    assert "RunningMaximum" not in ops_of(lengths)
    np.testing.assert_array_equal(lengths(PRICE), [2, 5])


def test_of_equal_ones_the_last_is_told_and_a_nan_stays(example):
    x = T.dmatrix("x")
    given = np.array([[2.0, 2.0, 1.0, 2.0, 0.0], [1.0, np.nan, 2.0, np.nan, 3.0]])
    outputs = example.running_maximum(x)
    modes = (None, bitale.Mode("numpy", "None"))
    (y, at), (y2, at2) = (bitale.function([x], outputs, mode=mode)(given) for mode in modes)
    np.testing.assert_array_equal(at[0], [0, 1, 1, 3, 3])
    np.testing.assert_array_equal(y, y2)
    np.testing.assert_array_equal(at, at2)


def test_without_a_gradient_grad_names_the_op(without):
    op = without("L_op")
    x = T.dmatrix("x")
    with pytest.raises(MissingRuleError, match="RunningMaximum cannot be differentiated"):
        T.grad(op(x)[0].sum(), x)
    assert called_back(compiled(op)) == []
    check_op(op, [[PRICE]])


def test_without_a_shape_rule_the_shape_is_computed_and_the_op_runs_in_python(without):
    op = without("infer_shape")
    assert called_back(compiled(op)) == ["RunningMaximum"]
    x = T.dmatrix("x")
    lengths = bitale.function([x], op(x)[0].shape)
    assert "RunningMaximum" in ops_of(lengths)
    np.testing.assert_array_equal(lengths(PRICE), [2, 5])
    with pytest.raises(AssertionError, match="C fails on sample 0: c_code is not used"):
        check_op(op, [[PRICE]])


def test_without_a_text_in_c_the_op_runs_in_python(without):
    op = without("c_code")
    assert called_back(compiled(op)) == ["RunningMaximum"]
    check_op(op, [[PRICE]])


def test_forward_derivatives_are_those_of_r_op_and_without_it_those_of_the_gradient(
    example, without
):
    x, tangent = T.dmatrix("x"), T.dmatrix("tangent")
    along = np.arange(10.0).reshape(2, 5)
    for op in (example.running_maximum, without("R_op")):
        given = bitale.Rop(op(x)[0], x, tangent)
        np.testing.assert_array_equal(
            bitale.function([x, tangent], given)(PRICE, along), [[0, 1, 1, 3, 3], [5, 5, 5, 5, 9]]
        )
    check_op(op, [[PRICE]])


PROGRAM = """
import pickle, sys
from bitale_codegen_c import lowering
from bitale_codegen_c.toolchain import compiler
made = []
lower, run_compiler = lowering.lower, compiler.run_compiler
lowering.lower = lambda *a, **_: made.append("lowered") or lower(*a)
compiler.run_compiler = lambda *a: made.append("compiled") or run_compiler(*a)
import bitale, bitale.tensor as T
sys.path.insert(0, sys.argv[1])
import own_op
if sys.argv[2:]:
    del own_op.RunningMaximum.c_code_cache_version
x = T.dmatrix("x")
f = bitale.function([x], own_op.running_maximum(x + 1)[0] * 2)
result = f([[1.0, 3.0, 2.0]])
sys.stdout.buffer.write(pickle.dumps((made, result.tolist())))
"""


def test_a_second_process_neither_rewrites_nor_compiles(tmp_path):
    def run(*arguments):
        done = subprocess.run(
            [sys.executable, "-c", PROGRAM, EXAMPLE.parent, *arguments],
            check=True,
            capture_output=True,
            env={**os.environ, "BITALE_FLAGS": f"base_compiledir={tmp_path}"},
        )
        made, result = pickle.loads(done.stdout)
        assert result == [[4, 8, 8]]
        return made

    first = run()
    assert "lowered" in first
    assert "compiled" in first
    assert run() == []
    assert run("without a version") == ["lowered"]
