"""Random loops give the same before and after the whole pipeline, for any number of steps."""

import numpy as np
import pytest
from bitale_graph import FunctionGraph, Mode, config, function
from bitale_graph import language as T
from bitale_graph.core.body import Body
from bitale_graph.ops.scan import Scan
from bitale_optimize import pipeline
from bitale_optimize.engine.rewrite import RewriteContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

LENGTH = 3
AS_WRITTEN = Mode(linker="numpy", optimizer="None")

# Vectors of one length and square matrices, so that everything fits everything.
VECTORS = {
    "add": lambda a, b, w: a + b,
    "sub": lambda a, b, w: a - b,
    "mul": lambda a, b, w: a * b,
    "tanh": lambda a, b, w: T.tanh(a),
    "neg": lambda a, b, w: -a,
    "row": lambda a, b, w: T.dot(a, w),
    "column": lambda a, b, w: T.dot(w, a),
    "sum": lambda a, b, w: a + b.sum(),
    "inner": lambda a, b, w: T.dot(a, b) * a,
    "halves": lambda a, b, w: T.concatenate([a[1:], b[:1]]),
}
MATRICES = {
    "outer": lambda a, b, m: T.outer(a, b),
    "product": lambda a, b, m: T.dot(m.T, T.outer(a, b)),
    "rows": lambda a, b, m: T.dot(m, m),
    "turned": lambda a, b, m: T.dot(m.T, m),
    "column": lambda a, b, m: a.dimshuffle(0, "x") * m,
}
UPDATES = {
    "carry": lambda old, new: T.tanh(new),
    "sum": lambda old, new: old + new,
    "difference": lambda old, new: old - new,
    "sum of two": lambda old, new: new + (old + new * 0.5),
    "same": lambda old, new: old,
    "replaced": lambda old, new: new,
    "kept": lambda old, new: T.tanh(old * new),
}
READS = {
    "all": lambda s: s,
    "last": lambda s: s[-1],
    "first": lambda s: s[0],
    "two": lambda s: s[:2],
    "last two": lambda s: s[-2:],
    "sum": lambda s: s.sum(axis=0),
    "length": lambda s: s.shape[0],
    "one": lambda s: s[-1, 0],
}

vector_forms = st.recursive(
    st.sampled_from(["x", "y", "h", "k", "b", "c"]),
    lambda sub: st.tuples(st.sampled_from(sorted(VECTORS)), sub, sub),
    max_leaves=5,
)
matrix_forms = st.one_of(
    st.sampled_from(["m", "w", "acc"]),
    st.tuples(
        st.sampled_from(sorted(MATRICES)), vector_forms, vector_forms, st.sampled_from(["m", "w"])
    ),
)
updates = st.sampled_from(sorted(UPDATES))
reads = st.lists(st.sampled_from(sorted(READS)), min_size=0, max_size=2)
loops = st.fixed_dictionaries(
    {
        "h": st.tuples(updates, vector_forms),
        "k": st.tuples(updates, vector_forms),
        "acc": st.tuples(updates, matrix_forms),
        "stacks": st.lists(st.tuples(vector_forms, reads), min_size=0, max_size=3),
        "stacked states": st.lists(
            st.tuples(st.sampled_from(["h", "new h", "acc", "new k", "x", "b"]), reads), max_size=2
        ),
        "finals": st.lists(st.sampled_from([0, 1, 2]), max_size=3),
        "reverse": st.booleans(),
        "alike": st.booleans(),
    }
)


def vector(form, values):
    if isinstance(form, str):
        return values[form]
    name, *parts = form
    a, b = (vector(p, values) for p in parts)
    return VECTORS[name](a, b, values["w"])


def matrix(form, values):
    if isinstance(form, str):
        return values[form]
    name, *parts, m = form
    return MATRICES[name](*(vector(p, values) for p in parts), values[m])


def build(plan, outer, n):
    """The outputs that are read of the loop of a plan."""
    inner = {
        "x": T.dvector("x_t"),
        "y": T.dvector("y_t"),
        "m": T.dmatrix("m_t"),
        "h": T.dvector("h"),
        "k": T.dvector("k"),
        "acc": T.dmatrix("acc"),
        "b": T.dvector("b"),
        "w": T.dmatrix("w"),
    }
    values = {**inner, "c": T.constant(np.array([0.5, -1.0, 2.0]))}
    new = {}
    for name, make in (("h", vector), ("k", vector), ("acc", matrix)):
        update, form = plan[name]
        # Kept near 0, or sums of products would grow without end.
        new[name] = UPDATES[update](values[name], T.tanh(make(form, values)))
    rows = [vector(form, values) for form, _ in plan["stacks"]]
    named = {**values, "new h": new["h"], "new k": new["k"]}
    rows += [named[name] for name, _ in plan["stacked states"]]
    body = Body(list(inner.values()), [*new.values(), *rows])
    op = Scan(body, 3, 3, reverse=plan["reverse"])
    first = outer["h0"] if plan["alike"] else outer["k0"]
    given = [outer[k] for k in ("xs", "ys", "ms", "h0")]
    outs = op.make_node(n, *given, first, outer["a0"], outer["b"], outer["w"]).outputs
    taken = [outs[i] for i in plan["finals"]]
    for s, (_, readers) in zip(outs[3:], plan["stacks"] + plan["stacked states"], strict=True):
        taken += [READS[r](s) for r in readers]
    return taken


@pytest.mark.slow
@pytest.mark.parametrize(
    "mode",
    [Mode(linker="numpy"), Mode(linker="numpy").excluding("fuse")],
    ids=["fused", "not fused"],
)
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    plans=st.lists(loops, min_size=1, max_size=2),
    length=st.sampled_from([0, 1, 2, 5]),
    kind=st.sampled_from(["length", "given", "constant"]),
    twice=st.booleans(),
    seed=st.integers(0, 3),
)
def test_loops_keep_their_values(mode, plans, length, kind, twice, seed):
    rng = np.random.default_rng(seed)
    extra = 0 if kind == "length" else seed
    kinds = {
        "xs": T.dmatrix,
        "ys": T.dmatrix,
        "ms": T.dtensor3,
        "h0": T.dvector,
        "k0": T.dvector,
        "a0": T.dmatrix,
        "b": T.dvector,
        "w": T.dmatrix,
    }
    outer = {name: make(name) for name, make in kinds.items()}
    steps = T.lscalar("n")
    n = {"length": T.shape_i(outer["xs"], 0), "given": steps, "constant": length}[kind]
    if twice:
        plans = [*plans, plans[0]]
    try:
        outputs = [o for plan in plans for o in build(plan, outer, n)]
    except IndexError:
        assert kind == "constant"
        assert length < 2
        return
    inputs = [*outer.values(), steps]
    rows = length + extra
    shapes = [(rows, LENGTH)] * 2 + [(rows, LENGTH, LENGTH), (LENGTH,), (LENGTH,)]
    shapes += [(LENGTH, LENGTH), (LENGTH,), (LENGTH, LENGTH)]
    args = [*(rng.normal(size=s) for s in shapes), np.int64(length)]
    run = function(inputs, outputs, mode=AS_WRITTEN, on_unused_input="ignore")
    try:
        expected = run(*args)
    except IndexError:
        assert length == 0
        return
    graph = FunctionGraph.cloned(inputs, outputs)[0]
    with config.change_flags(on_opt_error="raise"):
        pipeline.run(graph, RewriteContext(graph, mode))
    graph.check()
    run = function(graph.inputs, graph.outputs, mode=AS_WRITTEN, on_unused_input="ignore")
    for actual, wanted in zip(run(*args), expected, strict=True):
        assert actual.dtype == wanted.dtype
        assert actual.shape == wanted.shape
        np.testing.assert_allclose(actual, wanted, rtol=1e-7, atol=1e-9)
