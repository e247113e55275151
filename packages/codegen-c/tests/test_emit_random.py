"""Random small graphs: C as they are written, and C fully rewritten, against NumPy."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest
from bitale_graph import function, shared
from bitale_graph import language as T
from bitale_graph.compile.mode import Mode
from bitale_graph.core.graph import Constant
from bitale_graph.core.order import toposort
from bitale_graph.core.results import result_of
from bitale_graph.tensor.variable import TensorType
from bitale_graph.testing import difference
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

# Generated code does not depend on the Python that generates it.
pytestmark = pytest.mark.slow

DTYPES = ["float64"] * 4 + ["float32"] * 3 + ["int64", "int64", "int8", "uint8", "bool", "float16"]
LENGTHS = [0, 1, 1, 2, 3, 5, 19]
LIMIT = 1e4


@dataclass
class Value:
    """A variable and what it is on the arrays that were drawn; ``exact``: no rounding so far."""

    variable: object
    array: np.ndarray
    exact: bool = True


def lay_out(r, x):
    """The same values in memory laid out in some way."""
    kind = r.choice(["plain", "plain", "strided", "reversed", "fortran", "read-only", "wide"])
    if x.ndim == 0:
        return x
    if kind == "strided":
        wide = np.zeros([2 * n for n in x.shape], x.dtype)
        view = wide[tuple(slice(None, None, 2) for _ in x.shape)]
        view[...] = x
        return view
    if kind == "reversed":
        flip = tuple(slice(None, None, -1) for _ in x.shape)
        return np.array(x[flip])[flip]
    if kind == "fortran":
        return np.array(x, order="F")
    if kind == "wide":
        wide = np.zeros((*x.shape[:-1], x.shape[-1] + 3), x.dtype)
        view = wide[..., : x.shape[-1]]
        view[...] = x
        return view
    x = np.array(x)
    x.flags.writeable = kind != "read-only"
    return x


def draw_input(r, number, lengths):
    """An argument of any rank and dtype, with lengths from ``lengths``, known or not."""
    dtype = r.choice(DTYPES)
    shape = tuple(r.choice(lengths) for _ in range(r.choice([0, 1, 1, 2, 2, 2, 3])))
    generator = np.random.default_rng(r.randrange(1000))
    low = 0 if dtype in ("uint8", "bool") else -4
    x = np.asarray(generator.integers(low, 2 if dtype == "bool" else 5, shape)).astype(dtype)
    static = tuple(n if r.random() < (0.8 if n == 1 else 0.2) else None for n in shape)
    return Value(TensorType(dtype, static)(f"x{number}"), lay_out(r, x))


UNARY = [
    "neg",
    "abs_",
    "sqr",
    "sgn",
    "exp",
    "tanh",
    "sigmoid",
    "softplus",
    "log1p",
    "invert",
    "isnan",
]
UNARY += ["ceil", "sqrt", "cos"]
BINARY = ["add", "sub", "mul", "maximum", "minimum", "true_div", "int_div", "mod", "eq", "lt", "ge"]
BINARY += ["and_", "second", "arctan2"]
EXACT = {"neg", "abs_", "sqr", "sgn", "invert", "isnan", "add", "sub", "mul", "maximum", "minimum"}
EXACT |= {
    "int_div",
    "mod",
    "eq",
    "lt",
    "ge",
    "and_",
    "second",
    "sum",
    "max",
    "min",
    "argmax",
    "all",
}
# Where a small error of an operand may become a large one of the result.
JUMPS = {"sgn", "ceil", "int_div", "mod", "eq", "lt", "ge", "argmax", "log1p", "sqrt", "true_div"}
JUMPS |= {"arctan2"}


def an_index(r, x):
    """Integers, slices and an index vector."""
    parts = []
    for n in x.array.shape:
        kind = r.choice(["full", "slice", "slice", "step", "integer", "stop"])
        if kind == "slice":
            parts.append(slice(r.choice([None, 1, -2, 7]), r.choice([None, 2, -1, 40])))
        elif kind == "step":
            parts.append(
                slice(r.choice([None, 3, -1]), r.choice([None, 0, -4]), r.choice([2, -1, -3]))
            )
        elif kind == "integer":
            parts.append(r.choice([0, -1, n - 1, n]))
        else:
            parts.append(slice(None))
    return tuple(parts[: r.randint(0, len(parts))]) or (slice(None),)


def build(r, pool):
    """One more expression of the values in ``pool``, its name, and what it was made from."""
    x, y, z = (r.choice(pool) for _ in range(3))
    v, w, u = x.variable, y.variable, z.variable
    kind = r.choice(
        ["unary"] * 3
        + ["binary"] * 5
        + ["reduce"] * 3
        + ["dot", "dimshuffle", "dimshuffle", "reshape"]
        + ["index", "index", "join", "set", "softmax", "switch", "cast", "rows", "row_set", "alloc"]
        + ["shape", "flatten", "gemm", "crossentropy", "eye", "python"]
    )
    if kind == "unary":
        name = r.choice(UNARY)
        return name, [x], getattr(T, name)(v)
    if kind == "binary":
        name = r.choice(BINARY)
        return name, [x, y], getattr(T, name)(v, w)
    if kind == "reduce":
        name = r.choice(["sum", "sum", "prod", "max", "min", "mean", "all", "argmax"])
        axis = r.choice([None, *range(-v.ndim, v.ndim)])
        if axis is not None and name not in ("argmax",) and r.random() < 0.3:
            axis = tuple({axis % v.ndim, r.randrange(v.ndim)})
        return name, [x], getattr(T, name)(v, axis=axis, keepdims=r.random() < 0.3)
    if kind == "dot":
        return "exact", [x, y], T.dot(v, w)
    if kind == "gemm":
        return "inexact", [x, y, z], 2 * v + T.dot(w, u) * 0.5
    if kind == "dimshuffle":
        kept = [a for a in range(v.ndim) if v.type.shape[a] != 1 or r.random() < 0.5]
        r.shuffle(kept)
        for _ in range(r.choice([0, 0, 1, 2])):
            kept.insert(r.randint(0, len(kept)), "x")
        return "exact", [x], v.dimshuffle(*kept)
    if kind == "reshape":
        shape = list(x.array.shape)
        r.shuffle(shape)
        target = r.choice([[-1], shape, [1, *shape], [x.array.size], [*shape[:-1], -1], [-1, 2]])
        symbolic = [v.shape[0] if v.ndim and n == x.array.shape[0] else n for n in target]
        return "exact", [x], T.reshape(v, symbolic, ndim=len(symbolic))
    if kind == "flatten":
        return "exact", [x], T.flatten(v)
    if kind == "index":
        return "exact", [x], v[an_index(r, x)]
    if kind == "set":
        index = an_index(r, x)
        part = v[index]
        written = r.choice([w, w, 2, part * 2, y.variable])
        made = r.choice([T.set_subtensor, T.inc_subtensor])(part, written)
        return "exact" if x.exact and y.exact else "inexact", [x, y], made
    if kind in ("rows", "row_set"):
        rows = T.as_tensor(
            np.array([r.choice([0, 0, -1, 1]) for _ in range(r.choice([0, 1, 3]))], int)
        )
        if v.ndim == 0:
            return "exact", [x], v + 1
        if kind == "rows":
            return "exact", [x], v[rows]
        return (
            "exact",
            [x, y],
            r.choice([T.set_subtensor, T.inc_subtensor])(v[rows], r.choice([w, 1])),
        )
    if kind == "join":
        axis = r.randrange(v.ndim) if v.ndim else 0
        return "exact", [x, y, x], T.join(axis, v, w, v)
    if kind == "softmax":
        return "inexact", [x], r.choice([T.softmax, T.log_softmax])(v)
    if kind == "switch":
        return "exact", [x, y, z], T.switch(T.gt(v, 0) if x.exact else T.eq(0, 0), w, u)
    if kind == "cast":
        to = r.choice(
            ["float64", "float32", "int8", "int64", "bool", "uint8", "float16", "complex64"]
        )
        return ("exact" if x.exact else "jump"), [x], T.cast(v, to)
    if kind == "alloc":
        lengths = [r.choice([2, 0, w.shape[0] if w.ndim else 3]) for _ in range(r.choice([1, 2]))]
        return "exact", [x], T.alloc(v, *lengths)
    if kind == "eye":
        return "exact", [x], T.eye(3, r.choice([3, 4]), r.choice([-1, 0, 1])) * v
    if kind == "shape":
        return "exact", [x], r.choice([v.shape, T.stack([v.sum(), v.sum() + 1])])
    if kind == "python":
        return (
            "inexact",
            [x],
            T.cast(T.cast(v, "complex64") * 2, "complex128").real if hasattr(v, "real") else v * 1,
        )
    targets = T.as_tensor(np.zeros(x.array.shape[0] if x.array.ndim else 0, "int64"))
    return "inexact", [x], T.categorical_crossentropy(T.softmax(v), targets)


def evaluate(outputs, values):
    """Run the new nodes on NumPy."""
    for node in toposort(outputs, stop_at=set(values)):
        operands = [v.data if isinstance(v, Constant) else values[v] for v in node.inputs]
        with np.errstate(all="ignore"):
            values.update(zip(node.outputs, result_of(node, operands), strict=True))


def draw_graph(r, size=8):
    """Inputs, outputs, and the expected arrays."""
    lengths = [r.choice(LENGTHS) for _ in range(2)] + [1]
    inputs = [draw_input(r, i, lengths) for i in range(r.randint(1, 3))]
    pool = list(inputs)
    values = {x.variable: x.array for x in inputs}
    for _ in range(r.randint(1, size)):
        try:
            name, sources, made = build(r, pool)
        except (TypeError, ValueError, IndexError, AttributeError):
            continue
        if name in JUMPS and not all(s.exact for s in sources):
            continue
        if made in values or made.owner is None:
            continue
        try:
            evaluate([made], values)
        except (TypeError, ValueError, IndexError):
            continue
        array = values[made]
        is_float = array.dtype.kind in "fc"
        if is_float and (not np.isfinite(array).all() or (array.size and abs(array).max() > LIMIT)):
            continue
        is_exact = name == "exact" or name in EXACT
        exact = is_exact and all(s.exact for s in sources) and array.dtype != "float16"
        if name == "jump" and not is_float:
            continue
        if r.random() < 0.3:
            made.name = f"y{len(pool)}"
        pool.append(Value(made, array, exact))
    late = pool[len(inputs) :] or pool
    outputs = [r.choice(late) for _ in range(r.randint(1, 3))] + [late[-1]]
    if r.random() < 0.3:
        outputs.append(r.choice(pool))
    return inputs, outputs


def tolerance(outputs):
    """What the narrowest float on the way admits."""
    found = {v.type.dtype for node in toposort(outputs) for v in (*node.inputs, *node.outputs)}
    if "float16" in found:
        return 2e-2
    return 2e-4 if found & {"float32", "complex64"} else 1e-9


def check(r, modes, size=8):
    inputs, outputs = draw_graph(r, size)
    rtol = tolerance([y.variable for y in outputs])
    for mode in modes:
        f = function(
            [x.variable for x in inputs],
            [y.variable for y in outputs],
            mode=mode,
            on_unused_input="ignore",
        )
        before = [np.array(x.array) for x in inputs]
        for _ in range(2):
            found = f(*(x.array for x in inputs))
            for x, y in zip(found, outputs, strict=True):
                if x.dtype == "bool" and x.size:
                    assert x.view("uint8").max() <= 1
                atol = (
                    rtol * float(np.abs(y.array).max(initial=1))
                    if y.array.dtype.kind in "fc"
                    else 0
                )
                text = difference(x, y.array, 0 if y.array.dtype.kind not in "fc" else rtol, atol)
                assert not text, f"{mode}: {y.variable}: {text}"
                assert x.flags.c_contiguous
                assert x.flags.writeable
            every = [*found, *(x.array for x in inputs)]
            for i, x in enumerate(found):
                assert not any(np.may_share_memory(x, other) for other in every[i + 1 :] if x.size)
            for x, old in zip(inputs, before, strict=True):
                assert not difference(x.array, old), "an argument was written to"
            for x in found:
                x.fill(1)


MODES = [Mode(linker="c", optimizer="None"), Mode(linker="c")]


# A softmax may go along an axis that happens to have the length 1.
@pytest.mark.filterwarnings("ignore:.*whose length is 1:UserWarning")
@settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.randoms(use_true_random=False))
def test_random_graphs_give_what_numpy_gives(r):
    check(r, MODES)


def draw_updates(r):
    """Shared variables with new values that read them and one another in many ways."""
    n = r.choice([1, 2, 3, 3, 8])
    dtype = r.choice(["float64", "float64", "float32", "int64"])
    shapes = [r.choice([(n, n), (n, n), (n,), ()]) for _ in range(r.randint(1, 3))]
    generator = np.random.default_rng(r.randrange(1000))
    initial = [np.asarray(generator.integers(-3, 4, shape)).astype(dtype) for shape in shapes]
    state = [shared(x, f"W{i}") for i, x in enumerate(initial)]
    x = Value(TensorType(dtype, (None,))("x"), generator.integers(-2, 3, n).astype(dtype))
    lr = Value(TensorType(dtype, ())("lr"), np.asarray(2, dtype))
    pool = [x, lr, *(Value(v, a) for v, a in zip(state, initial, strict=True))]

    def new_value(v):
        if v.ndim == 0:
            return r.choice([v + 1, lr.variable * v, x.variable.sum()])
        like = [y.variable for y in pool if y.variable.ndim == v.ndim and y.variable.dtype == dtype]
        w, u = r.choice(like), r.choice(like)
        kind = r.choice(
            ["axpy", "axpy", "plain", "transposed", "reversed", "set", "rows", "gemm", "shared"]
        )
        if kind == "axpy":
            return v - lr.variable * w
        if kind == "plain":
            return w
        if kind == "transposed":
            return r.choice([w.T, v + v.T, w.T + u])
        if kind == "reversed":
            return r.choice([v[::-1], w[::-1] + v, v - v[0]])
        if kind == "set":
            part = v[r.choice([slice(1, None), slice(None, None, 2), 0, -1])]
            return r.choice([T.set_subtensor, T.inc_subtensor])(
                part, r.choice([lr.variable, u[: part.shape[0]] if part.ndim == v.ndim else u[0]])
            )
        if kind == "rows":
            rows = np.array([0, 0, n - 1])
            return r.choice([T.set_subtensor, T.inc_subtensor])(
                v[rows], r.choice([lr.variable, w[rows], u[rows] * 2])
            )
        if kind == "gemm" and v.ndim == 2:
            return v - lr.variable * T.dot(w, u)
        return v * 2 - pool[0].variable

    updates = []
    for v in state:
        new = T.cast(new_value(v), dtype)
        if new.ndim == v.ndim:
            updates.append((v, new))
            pool.append(Value(new, None))
    choices = [y.variable for y in pool]
    outputs = [r.choice(choices) for _ in range(r.randint(0, 3))]
    outputs += [r.choice(state)[::-1] for _ in range(r.choice([0, 0, 1])) if state[0].ndim]
    return [x, lr], outputs, updates, state, initial


def check_updates(r, modes):
    try:
        inputs, outputs, updates, state, initial = draw_updates(r)
    except (TypeError, ValueError, IndexError):
        return
    found = []
    for mode in [Mode(linker="numpy", optimizer="None"), *modes]:
        for v, x in zip(state, initial, strict=True):
            v.set_value(x)
        f = function(
            [x.variable for x in inputs],
            outputs,
            updates=updates,
            mode=mode,
            on_unused_input="ignore",
        )
        seen = []
        for _ in range(3):
            before = [v.get_value(borrow=True) for v in state]
            copies = [x.copy() for x in before]
            try:
                results = f(*(x.array for x in inputs))
            except (ValueError, IndexError) as error:
                assert all(not difference(x, y) for x, y in zip(before, copies, strict=True))
                assert all(
                    x is v.get_value(borrow=True) for x, v in zip(before, state, strict=True)
                )
                seen.append(type(error).__name__)
                continue
            now = [v.get_value(borrow=True) for v in state]
            every = [*results, *now, *(x.array for x in inputs)]
            for i, x in enumerate(results):
                assert not any(np.may_share_memory(x, o) for o in every[i + 1 :] if x.size)
            assert not any(np.may_share_memory(x, y) for i, x in enumerate(now) for y in now[:i])
            assert all(x.flags.c_contiguous and x.flags.writeable for x in now)
            seen.append([x.copy() for x in (*results, *now)])
            for x in results:
                x.fill(7)
        found.append(seen)
    for mode, seen in zip(modes, found[1:], strict=True):
        for got, expected in zip(seen, found[0], strict=True):
            if isinstance(expected, str):
                assert got == expected
                continue
            for i, (x, y) in enumerate(zip(got, expected, strict=True)):
                rtol = {"float64": 1e-9, "float32": 2e-4}.get(y.dtype.name, 0.0)
                text = difference(x, y, rtol, rtol * float(np.abs(y).max(initial=1)))
                assert not text, f"{mode}: {i}: {text}"


# A softmax may go along an axis that happens to have the length 1.
@pytest.mark.filterwarnings("ignore:.*whose length is 1:UserWarning")
@settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.randoms(use_true_random=False))
def test_random_updates_give_what_numpy_gives(r):
    check_updates(r, MODES)
