"""Every op of the samples: its graph comes back the same, and so does a function of it."""

import copy
import pickle

import numpy as np
import pytest
from bitale_graph import FunctionGraph, Mode, function
from bitale_graph.core.flat import flatten
from bitale_graph.testing import op_samples
from bitale_graph.testing.sparse_samples import sparse_samples

AS_WRITTEN = Mode("numpy", "None")
SAMPLES = [*op_samples(), *sparse_samples()]


def graph_of(sample):
    if hasattr(sample, "graph"):
        return sample.graph()
    inputs = sample.variables()
    built = sample.build(*inputs)
    return inputs, list(built) if isinstance(built, (list, tuple)) else [built]


def first_of_each_op():
    """The smallest set of samples in which every kind of op is some node's."""
    seen, found = set(), []
    for one in SAMPLES:
        nodes = FunctionGraph(*graph_of(one)).apply_nodes
        kinds = {(type(n.op), getattr(n.op, "scalar_op", None)) for n in nodes}
        if kinds - seen:
            seen |= kinds
            found.append(one)
    return found


def differences(one, other):
    """Yield where two graphs differ: nodes, ops, types, names."""
    (ins, outs), (twin_ins, twin_outs) = one, other
    if flatten(ins, outs).key() != flatten(twin_ins, twin_outs).key():
        yield "another key"
    left, right = (FunctionGraph(*g, clone=False).toposort() for g in (one, other))
    if len(left) != len(right):
        yield f"{len(right)} nodes and not {len(left)}"
    for node, twin in zip(left, right, strict=False):
        if type(node.op) is not type(twin.op):
            yield f"{twin.op} in the place of {node.op}"
        elif node.op.__props__ is not None and (
            node.op != twin.op or hash(node.op) != hash(twin.op)
        ):
            yield f"{twin.op} is not equal to {node.op}"
        pairs = zip((*node.inputs, *node.outputs), (*twin.inputs, *twin.outputs), strict=True)
        for v, w in pairs:
            if (v.type, v.name, v.index) != (w.type, w.name, w.index):
                yield f"{w} of {w.type} in the place of {v} of {v.type}"


def again(x):
    return pickle.loads(pickle.dumps(x))


@pytest.mark.slow
@pytest.mark.parametrize("way", ["pickle", "deepcopy"])
def test_the_graph_of_every_sample_comes_back_the_same(way):
    samples, store = (SAMPLES, again) if way == "pickle" else (first_of_each_op(), copy.deepcopy)
    found = [
        f"{one}: {text}"
        for one in samples
        for graph in [graph_of(one)]
        for text in differences(graph, store(graph))
    ]
    assert found == []


@pytest.mark.slow
def test_a_function_of_every_op_comes_back_and_computes_the_same():
    found = []
    for one in first_of_each_op():
        f = function(*graph_of(one), mode=AS_WRITTEN, on_unused_input="ignore")
        ways = [
            *(pickle.loads(pickle.dumps(f, n)) for n in range(pickle.HIGHEST_PROTOCOL + 1)),
            copy.copy(f),
            copy.deepcopy(f),
        ]
        with np.errstate(all="ignore"):
            wanted = f(*one.inputs)
            for number, twin in enumerate(ways):
                results = twin(*one.inputs)
                if pickle.dumps(results) != pickle.dumps(wanted):
                    found.append(f"{one}, way {number}: {results} and not {wanted}")
    assert found == []
