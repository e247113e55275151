"""Random expressions have the same values.

Shapes and dtypes before and after the whole pipeline.
"""

import numpy as np
from bitale_graph import FunctionGraph, Mode, config
from bitale_graph import language as T
from bitale_graph.tensor.conversion import as_tensor
from bitale_optimize import pipeline
from bitale_optimize.engine.rewrite import RewriteContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

UNARY = {
    "neg": T.neg,
    "abs": abs,
    "sqr": T.sqr,
    "tanh": T.tanh,
    "exp": lambda a: T.exp(T.tanh(a)),
    "log": lambda a: T.log(1.5 + T.tanh(a)),
    "sigmoid": T.sigmoid,
    "softmax": T.softmax,
    "T": lambda a: a.T,
    "keep rows": lambda a: a.sum(axis=0, keepdims=True) + a,
    "mean": lambda a: a.mean() + a,
    "reshape": lambda a: a.flatten().reshape(a.shape),
    "slice": lambda a: T.concatenate([a[1:], a[:1]]),
    "written sigmoid": lambda a: 1 / (1 + T.exp(-a)),
    "fill": lambda a: T.second(a, 0.75),
    "zeros": T.zeros_like,
    "cast": lambda a: T.cast(T.cast(a, "float32"), "float64"),
    "set": lambda a: T.set_subtensor(a[0], a[-1]),
    "max": lambda a: a.max(axis=1, keepdims=True) * a,
    "power": lambda a: a**3,
    "switch": lambda a: T.switch(a > 0, a, 0.0),
}
BINARY = {
    "add": lambda a, b: a + b,
    "sub": lambda a, b: a - b,
    "mul": lambda a, b: a * b,
    "div": lambda a, b: a / (1.5 + T.sqr(b)),
    "max": T.maximum,
    "and so": lambda a, b: a * b / (2 + T.sqr(b)),
    "row": lambda a, b: a + b[0],
    "column": lambda a, b: a * b[:, :1].sum(axis=1).dimshuffle(0, "x"),
    "distribute": lambda a, b: (a / (2 + T.tanh(b)) + b) * (2 + T.tanh(b)),
}
CONSTANTS = [0.0, 1.0, -1.0, 2.0, 0.5, -3.0]


def leaves():
    names = st.sampled_from(["x", "y", "v", "s", "m", "c"])
    numbers = st.sampled_from(CONSTANTS)
    return st.one_of(names, numbers)


def grow(children):
    return st.one_of(
        st.tuples(st.sampled_from(sorted(UNARY)), children),
        st.tuples(st.sampled_from(sorted(BINARY)), children, children),
    )


def evaluate(form, inputs):
    """Build an expression; equal parts are built twice, so that merging has work."""
    if isinstance(form, tuple):
        parts = [evaluate(p, inputs) for p in form[1:]]
        # Square matrices throughout, so that transposing and rows always fit.
        return (UNARY[form[0]] if len(parts) == 1 else BINARY[form[0]])(*parts)
    leaf = inputs[form] if isinstance(form, str) else as_tensor(form)
    return inputs["x"] * 0 + leaf


def outputs_of(graph, args):
    values = dict(zip(graph.inputs, args, strict=True))
    for v in graph.variables:
        if hasattr(v, "data"):
            values[v] = v.data
    for node in graph.toposort():
        storage = [[None] for _ in node.outputs]
        node.op.perform(node, [values[v] for v in node.inputs], storage)
        values.update((v, cell[0]) for v, cell in zip(node.outputs, storage, strict=True))
    return [values[v] for v in graph.outputs]


@settings(max_examples=250, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(form=st.recursive(leaves(), grow, max_leaves=8), seed=st.integers(0, 9))
def test_values_are_kept(form, seed):
    inputs = {
        "x": T.dmatrix("x"),
        "y": T.dmatrix("y"),
        "v": T.dvector("v"),
        "s": T.dscalar("s"),
        "m": T.imatrix("m"),
    }
    rng = np.random.default_rng(seed)
    n = 1 + seed % 3
    args = [
        rng.normal(size=(n, n)),
        rng.normal(size=(n, n)),
        rng.normal(size=n),
        np.array(rng.normal()),
        rng.integers(-3, 4, (n, n)).astype("int32"),
    ]
    constant = {"c": T.constant(rng.normal(size=(n, n)))}
    out = evaluate(form, inputs | constant)
    graph = FunctionGraph.cloned(list(inputs.values()), [out, out.sum()])[0]
    expected = outputs_of(graph, args)
    with config.change_flags(on_opt_error="raise"):
        pipeline.run(graph, RewriteContext(graph, Mode(linker="numpy")))
    graph.check()
    for actual, wanted in zip(outputs_of(graph, args), expected, strict=True):
        assert actual.dtype == wanted.dtype
        assert actual.shape == wanted.shape
        np.testing.assert_allclose(actual, wanted, rtol=1e-6, atol=1e-6)
