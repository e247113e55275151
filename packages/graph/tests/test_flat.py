import importlib.util
import os
import subprocess
import sys
import textwrap

import numpy as np
import pytest
from bitale_graph import Apply, Elementwise, Op, TensorType, function
from bitale_graph import language as T
from bitale_graph.core.flat import equal_graphs, flatten, unflatten
from bitale_graph.distributed import AllReduce
from bitale_graph.extend import FromFunctionOp, Print
from bitale_graph.tensor.own_scalar import UnaryScalarOp
from bitale_graph.tensor.scalar import ScalarOp
from bitale_graph.testing import assert_graph_equal, op_samples

x, y = T.dvectors("xy")


def key(inputs, outputs):
    return flatten(inputs, outputs).key()


@pytest.mark.parametrize("sample", op_samples(core=True)[::23], ids=str)
def test_a_graph_survives_being_flattened(sample):
    inputs, outputs = sample.graph()
    again = unflatten(flatten(inputs, outputs))
    again.check()
    assert_graph_equal((inputs, outputs), again)
    assert key(inputs, outputs) == key(again.inputs, again.outputs)


def test_every_sample_has_a_key_of_its_own_graph():
    for sample in op_samples():
        if sample.subject in (Print, FromFunctionOp, AllReduce):
            continue  # a Python function cannot be told by value, nor other processes
        inputs, outputs = sample.graph()
        found = key(inputs, outputs)
        assert found is not None, sample.name
        assert found == key(*sample.graph()), sample.name


def test_names_of_inner_variables_do_not_count():
    a = T.exp(x)
    a.name = "a"
    assert key([x], [a + 1]) == key([x], [T.exp(x) + 1])


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (lambda: T.exp(x), lambda: T.sin(x)),
        (lambda: x + 1.0, lambda: x + 2.0),
        (lambda: x + np.float64(0.0), lambda: x + np.float64(-0.0)),
        (lambda: x - y, lambda: y - x),
        (lambda: x[1:], lambda: x[:1]),
        (lambda: x.sum(), lambda: x.prod()),
        (lambda: T.eye(2), lambda: T.eye(2, dtype="int8")),
        (lambda: [x, y], lambda: [y, x]),
    ],
    ids=["op", "constant", "sign of zero", "order", "index", "property", "dtype", "outputs"],
)
def test_what_differs_has_other_keys(first, second):
    graphs = [v if isinstance(v, list) else [v] for v in (first(), second())]
    keys = {key([x, y], outputs) for outputs in graphs}
    assert len(keys) == 2
    assert not equal_graphs([x, y], graphs[0], [x, y], graphs[1])


def test_types_of_inputs_count():
    f = T.fvector("x")
    row = TensorType("float64", (1,))("x")
    assert len({key([v], [T.exp(v)]) for v in (x, f, row)}) == 3
    assert not equal_graphs([x], [T.exp(x)], [f], [T.exp(f)])


def test_equal_constants_count_as_one():
    one = T.as_tensor(1.0)
    assert equal_graphs([x], [(x + one) * one], [x], [(x + 1.0) * 1.0])


def test_keys_are_the_same_in_every_process():
    code = """
    from bitale_graph import language as T
    from bitale_graph.core.flat import flatten
    x = T.dmatrix("x")
    print(flatten([x], [T.softmax(x[1:, ::2] + 0.5).sum(0), T.concatenate([x, x.T @ x])]).key())
    """
    found = set()
    for seed in ("0", "1", "2"):
        done = subprocess.run(
            [sys.executable, "-c", textwrap.dedent(code)],
            env={
                "PYTHONPATH": os.pathsep.join(p for p in sys.path if p),
                "PYTHONHASHSEED": seed,
                "BITALERC": os.devnull,
            },
            capture_output=True,
            text=True,
            check=True,
        )
        found.add(done.stdout)
    assert len(found) == 1
    assert len(found.pop().strip()) == 64


class Scale(Op):
    __props__ = ("factor",)

    def __init__(self, factor):
        self.factor = factor

    def make_node(self, v):
        return Apply(self, [T.as_tensor(v)], [T.as_tensor(v).type()])

    def perform(self, node, inputs, output_storage):
        output_storage[0][0] = inputs[0] * self.factor


def test_an_op_from_outside_has_no_key_but_compares():
    assert key([x], [Scale(2)(x)]) is None
    assert equal_graphs([x], [Scale(2)(x)], [y], [Scale(2)(y)])
    assert not equal_graphs([x], [Scale(2)(x)], [y], [Scale(3)(y)])


def test_properties_that_do_not_tell_themselves_give_no_key():
    unknown = Elementwise(type("Unknown", (UnaryScalarOp,), {})())
    flat = flatten([x], [T.exp(x)])
    op, inputs, outputs, trace = flat.nodes[0]
    assert isinstance(op.scalar_op, ScalarOp)
    flat.nodes[0] = (unknown, inputs, outputs, trace)
    assert flat.key() is None


def test_the_maker_has_a_key_where_its_graph_has_one():
    f, g = (function([x], T.exp(x) + 1) for _ in range(2))
    assert f.maker.key() == g.maker.key()
    assert function([x], [T.exp(x) + 1, x]).maker.key() != f.maker.key()
    assert function([x], Scale(2)(x)).maker.key() is None


class Versioned(Scale):
    def __init__(self, factor, version=(1,)):
        super().__init__(factor)
        self.version = version

    def c_code_cache_version(self):
        return self.version


def test_an_op_from_outside_that_tells_a_version_has_a_key():
    known = key([x], [Versioned(2)(x)])
    assert known is not None
    assert known == key([x], [Versioned(2)(x)])
    assert len({known, key([x], [Versioned(3)(x)]), key([x], [Versioned(2, (2,))(x)])}) == 3
    assert key([x], [Versioned(2, ())(x)]) is None
    assert key([x], [Versioned(2, (object(),))(x)]) is None
    assert key([x], [Versioned(Versioned(2))(x)]) is None  # what a property holds tells no version


def test_the_file_of_an_op_counts_beside_its_version(tmp_path):
    text = """
from bitale_graph.extend import Apply, Op
class Own(Op):
    __props__ = ()
    def make_node(self, v):
        return Apply(self, [v], [v.type()])
    def c_code_cache_version(self):
        return (1,)
def made():
    class Own(globals()["Own"]):
        pass
    return Own
"""
    keys = set()
    for name, comment in (("first", ""), ("twin", ""), ("second", "# changed")):
        path = tmp_path / f"{name}.py"
        path.write_text(text + comment)
        spec = importlib.util.spec_from_file_location("own_op_of_a_test", path)
        module = importlib.util.module_from_spec(spec)
        sys.modules["own_op_of_a_test"] = module
        spec.loader.exec_module(module)
        keys.add(key([x], [module.Own()(x)]))
        assert key([x], [module.made()()(x)]) is None
    del sys.modules["own_op_of_a_test"]
    assert len(keys) == 2
    assert None not in keys


def test_an_op_without_a_file_has_no_key():
    names = {"Scale": Scale, "__name__": "__main__"}
    exec("class Typed(Scale):\n    def c_code_cache_version(self):\n        return (1,)", names)
    assert key([x], [names["Typed"](2)(x)]) is None
