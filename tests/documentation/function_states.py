"""What each layer knows of a function: found out from a call of it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import bitale
import bitale.tensor as T
import bitale_codegen_c.lowering  # noqa: F401 (whose rules are those of C)
import bitale_codegen_cuda.making  # noqa: F401 (whose rules are those of CUDA)
import numpy as np
import scipy.sparse
from bitale import sparse
from bitale_autodiff import NullType, jvps
from bitale_codegen_c.host.target import C
from bitale_codegen_cuda.target import CUDA
from bitale_graph.extend import (
    Elementwise,
    MissingRuleError,
    Reduce,
    Step,
    ancestors,
    as_loop,
    toposort,
)
from bitale_graph.plan.node_code import has_code
from bitale_graph.testing import op_samples
from bitale_graph.testing.sparse_samples import sparse_samples

HEADER = "| function | gradient | forward | C | CUDA | samples |\n|---|---|---|---|---|---|"


@dataclass(frozen=True)
class State:
    """A row of the page.

    Attributes
    ----------
    gradient : str
        "yes"; "zero" of what is discrete; "undefined"; "none" where nothing can be differentiated;
        "missing".
    forward : str
        "own rules"; "twice back" where an op is differentiated backwards twice; or as `gradient`.
    c, cuda : str
        "yes", or the ops that are called back.
    samples : str
        How many samples there are of the ops that the function makes; "no op" if it makes none.
    """

    gradient: str
    forward: str
    c: str
    cuda: str
    samples: str

    def row(self, name):
        """The row of the table."""
        return (
            f"| `{name}` | {self.gradient} | {self.forward} | {self.c} | {self.cuda} | "
            f"{self.samples} |"
        )


def variables():
    """What calls are written with: names, and a value for each."""
    rng = np.random.default_rng(0)
    x = rng.uniform(0.2, 0.8, (3, 4))
    a = rng.uniform(-1, 1, (3, 3))
    values = {
        "x": x,
        "y": rng.uniform(0.2, 0.8, (3, 4)),
        "v": rng.uniform(0.2, 0.8, 4),
        "w": rng.uniform(0.2, 0.8, 4),
        "s": np.float64(0.4),
        "t": rng.uniform(0.2, 0.8, (2, 3, 4)),
        "u": rng.uniform(0.2, 0.8, (2, 4, 3)),
        "A": a @ a.T + 3 * np.eye(3),
        "L": np.tril(a) + 3 * np.eye(3),
        "B": rng.uniform(-1, 1, (3, 2)),
        "z": x + 1j * x[::-1],
        "i": np.array([2, 0, 1]),
        "j": np.array([1, 1, 0, 2]),
        "n": np.int64(3),
        "k": np.array([[1, 2], [3, 4]]),
        "m": x > 0.5,
        "b": x > 0.4,
        "state": np.array([1, 0], "uint64"),
    }
    made = {
        name: T.TensorType(value.dtype.name, (None,) * value.ndim)(name)
        for name, value in values.items()
    }
    return made, values


def state_of(call, names):
    """The state of a function, from a call of it as text."""
    given, values = variables()
    made = eval(call, {**names, **given, **_helpers(given)})
    outputs = [v for v in (made if isinstance(made, (list, tuple)) else [made]) if v is not None]
    outputs = [v for v in outputs if isinstance(v, bitale.Variable)]
    inputs = list(given.values())
    f = bitale.function(
        inputs, outputs, mode="FAST_COMPILE", on_unused_input="ignore", no_default_updates=True
    )
    f(*values.values())
    graph = _rewritten(inputs, outputs)
    gradient, forward = _derivatives(outputs, inputs)
    return State(gradient, forward, _code(C, graph), _code(CUDA, graph), _samples(outputs))


def _helpers(given):
    """Weights, and sparse matrices: words of calls that are no variables."""

    def dense(x):
        return sparse.dense_from_sparse(x) if isinstance(x, sparse.SparseVariable) else x

    square = T.dot(given["x"].T, given["y"])
    return {
        "dense": dense,
        "csr": sparse.csr_from_dense(given["x"]),
        "value": scipy.sparse.csr_matrix(np.eye(3)),
        "wide": lambda n: T.concatenate([square] * n, axis=1),
    }


def _rewritten(inputs, outputs):
    mode = bitale.Mode(linker="numpy")
    f = bitale.function(
        inputs, outputs, mode=mode, on_unused_input="ignore", no_default_updates=True
    )
    return f.maker.fgraph


def _code(target, graph):
    back = [
        name
        for node in graph.toposort()
        if not has_code(target, node)
        for name in _called_back(target, node)
    ]
    return "yes" if not back else f"calls back: {', '.join(dict.fromkeys(back))}"


def _called_back(target, node):
    """What of a node the target does not compute: of a loop its steps, else the op."""
    form = as_loop(node)
    if form is None:
        return [type(node.op).__name__]
    steps = [s for s in form.loop.steps if isinstance(s, Step)]
    names = [f"`{s.op.name}`" for s in steps if not target.knows(s.op)]
    return names or [f"numbers of {s.dtype}" for s in steps if not target.computes(s.dtype)]


def _derivatives(outputs, inputs):
    tensors = [v for v in outputs if isinstance(v.type, T.TensorType)]
    smooth = [v for v in tensors if not v.dtype.startswith(("int", "uint", "bool"))]
    if not smooth:
        return "discrete", "discrete"
    wanted = [v for v in inputs if v in ancestors(outputs) and _is_smooth(v)]
    if not wanted:
        return "none", "none"
    parts = [p for v in smooth for p in ((T.real(v), T.imag(v)) if _is_complex(v) else (v,))]
    cost = sum((T.cast(p, "float64").sum() for p in parts), T.constant(0.0))
    try:
        found = T.grad(
            cost, wanted, disconnected_inputs="ignore", return_disconnected="none",
            null_gradients="return",
        )  # fmt: skip
    except MissingRuleError:
        return "missing", "missing"
    by = [
        (v.name, isinstance(g.type, NullType))
        for v, g in zip(wanted, found, strict=True)
        if g is not None
    ]
    undefined = [f"`{name}`" for name, is_null in by if is_null]
    if not by:
        return "none", "none"
    if len(undefined) == len(by):
        return "undefined", "undefined"
    told = f"yes; undefined by {', '.join(undefined)}" if undefined else "yes"
    return told, _forward(outputs, wanted)


def _is_smooth(v):
    return isinstance(v.type, T.TensorType) and v.dtype.startswith(("float", "complex"))


def _is_complex(v):
    return v.dtype.startswith("complex")


def _forward(outputs, wanted):
    moving, twice = set(wanted), {}
    for node in toposort(outputs):
        if not moving.intersection(node.inputs):
            continue
        moving.update(v for v in node.outputs if _is_smooth(v))
        own = isinstance(node.op, (Elementwise, Reduce)) or type(node.op) in jvps
        if not own and any(map(_is_smooth, node.outputs)):
            twice[type(node.op).__name__] = None
    return f"twice back: {', '.join(twice)}" if twice else "own rules"


def _samples(outputs):
    subjects = {
        node.op.scalar_op if isinstance(node.op, Elementwise) else type(node.op)
        for node in toposort([v for v in outputs if isinstance(v, bitale.Variable)])
    }
    count = len(op_samples(*subjects)) if subjects else 0
    count += sum(bool(subjects & ops) for ops in _ops_of_sparse_samples())
    return str(count) if subjects else "no op"


@cache
def _ops_of_sparse_samples():
    """For each sample of sparse matrices the classes of ops that take or give one."""
    found = []
    for sample in sparse_samples():
        inputs = sample.variables()
        nodes = toposort([sample.build(*inputs)])
        found.append(
            {
                type(node.op)
                for node in nodes
                if any(isinstance(v, sparse.SparseVariable) for v in (*node.inputs, *node.outputs))
            }
        )
    return found
