"""Values of a graph three ways: by each op's NumPy meaning, with other roundings, and wide.

Other roundings tell how far a right program may be from another: every result that is not exact is
moved by a few units in the last place, so that the spread over some runs is what conditioning makes
of rounding. Wide means NumPy's longdouble throughout, whose range no intermediate result leaves.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import numpy as np
from bitale_graph.core.body import Body
from bitale_graph.core.graph import Apply, Constant
from bitale_graph.core.order import toposort
from bitale_graph.core.results import result_of
from bitale_graph.ops.along_axis import PutAlongAxis, TakeAlongAxis
from bitale_graph.ops.assertion import Assert
from bitale_graph.ops.contiguous import CpuContiguous
from bitale_graph.ops.creation import Alloc, AllocEmpty, Arange, Eye
from bitale_graph.ops.diagonal import Diagonal, IncDiagonal
from bitale_graph.ops.from_graph import OpFromGraph
from bitale_graph.ops.ifelse import IfElse
from bitale_graph.ops.indexing import (
    AdvancedIncSubtensor,
    AdvancedIncSubtensor1,
    AdvancedSubtensor,
    AdvancedSubtensor1,
    IncSubtensor,
    Subtensor,
)
from bitale_graph.ops.join import Join
from bitale_graph.ops.nonzero import Nonzero
from bitale_graph.ops.product import BatchedDot, Dot, Gemm
from bitale_graph.ops.reduction import Argmax, Reduce
from bitale_graph.ops.repeat import Repeat
from bitale_graph.ops.scan import Scan
from bitale_graph.ops.sets import Unique
from bitale_graph.ops.shape import (
    Dimshuffle,
    MakeVector,
    Reshape,
    ShapeI,
    SpecifyShape,
    Unbroadcast,
)
from bitale_graph.ops.softmax import LogSoftmax, Softmax, SoftmaxCrossentropy
from bitale_graph.ops.sorting import (
    ArgPartition,
    ArgSort,
    ArgTopK,
    Partition,
    SearchSorted,
    Sort,
    TopK,
)
from bitale_graph.pooling import MaxPoolGrad, MaxPoolTangent, Pool, PoolGrad
from bitale_graph.sparse import SparseOp
from bitale_graph.tensor import special
from bitale_graph.tensor.elementwise import Elementwise
from bitale_graph.tensor.scalar import SCALAR_OPS, is_cast

MOVES = (Alloc, Arange, Eye, Subtensor, AdvancedSubtensor, AdvancedSubtensor1, TakeAlongAxis,
         Nonzero, Join, Dimshuffle, MakeVector, Reshape, ShapeI, SpecifyShape, Assert, Argmax,
         Sort, ArgSort, Partition, ArgPartition, TopK, ArgTopK, Unique, AllocEmpty,
         Diagonal, Repeat, CpuContiguous, Unbroadcast)  # fmt: skip
WRITES = (IncSubtensor, AdvancedIncSubtensor, AdvancedIncSubtensor1, PutAlongAxis,
          IncDiagonal)  # fmt: skip
LOGARITHMS_OF_SUMS = (LogSoftmax, SoftmaxCrossentropy)
PRODUCTS = (Dot, BatchedDot)
EXACT = {"neg", "abs", "sgn", "identity", "ceil", "floor", "trunc", "round_half_to_even",
         "maximum", "minimum", "switch", "second"}  # fmt: skip
ROUNDED_ONCE = {"add", "sub", "mul", "true_div", "sqrt", "sqr", "inv"}
# What SciPy computes is right to fewer digits than what NumPy does; and it takes a multiple of pi
# from the argument of a wave in double precision, where exact programs keep more.
SCIPYS = SCALAR_OPS.keys() & vars(special).keys() - {"real", "imag", "conj", "angle", "complex"}
SCIPYS_UNITS = 64.0
WAVES = {"j0", "j1", "jv"}
WIDE = {"f": np.longdouble, "c": np.clongdouble}


class Values:
    """Values of variables, found as they are asked for."""

    def __init__(self, given: dict[Any, Any]) -> None:
        self.known = dict(given)

    def compute(self, node: Apply, inputs: list[Any]) -> list[Any]:
        """The outputs of one node."""
        return result_of(node, inputs)

    def constant(self, x: Any) -> Any:
        """The value of a constant."""
        return x

    def find(self, variables: Iterable[Any]) -> list[Any]:
        """Values of variables; raises what a node raises."""
        variables = list(variables)
        known = self.known
        for node in toposort(variables, stop_at=set(known)):
            if all(v in known for v in node.outputs):
                continue
            inputs = [self._value(v) for v in node.inputs]
            known.update(zip(node.outputs, self.compute(node, inputs), strict=True))
        return [self._value(v) for v in variables]

    def _value(self, v: Any) -> Any:
        if v not in self.known and isinstance(v, Constant):
            self.known[v] = self.constant(v.data)
        return self.known[v]


def _is_sorted(x: Any, order: Any = None) -> bool:
    x = x if order is None else x[order]
    return bool((x[:-1] <= x[1:]).all())


def is_sparse_value(x: Any) -> bool:
    """Whether a value is a matrix of SciPy's."""
    return hasattr(x, "tocsr")


def _wide_dtype(dtype: Any) -> Any:
    return WIDE.get(np.dtype(dtype).kind, np.dtype(dtype))


def widened(x: Any) -> Any:
    """Floats as longdouble."""
    return np.asarray(x).astype(_wide_dtype(x.dtype))


class WideValues(Values):
    """Values with floats in longdouble, and whether finite numbers have left even its range."""

    overflowed = False

    def constant(self, x: Any) -> Any:
        return widened(x)

    def compute(self, node: Apply, inputs: list[Any]) -> list[Any]:
        with np.errstate(all="ignore"):
            results = wide(node, inputs)
            if not self.overflowed and all(np.isfinite(x).all() for x in inputs):
                lost = isinstance(node.op, Softmax) or "exp" in str(node.op)
                self.overflowed = any(
                    np.isinf(x).any() or (lost and (x == 0).any()) for x in results
                )
        return results


def wide(node: Apply, inputs: list[Any]) -> list[Any]:
    """A node on wide inputs; where there is no wide meaning, by way of its own dtypes."""
    op = node.op
    if isinstance(op, Elementwise):
        if is_cast(op.scalar_op):
            return [_cast(inputs[0], node.outputs[0].type.dtype)]
        return [np.asarray(op.scalar_op.compute(*inputs))]
    if isinstance(op, Reduce) and op.scalar_op.name in ("add", "mul") and _wide_kind(inputs[0]):
        function = np.add if op.scalar_op.name == "add" else np.multiply
        return [np.asarray(function.reduce(inputs[0], axis=op.axes)) if op.axes else inputs[0]]
    if isinstance(op, PRODUCTS) or (
        isinstance(op, MOVES) and not isinstance(op, (Alloc, AllocEmpty, Arange, Eye))
    ):
        return [np.asarray(x) for x in result_of(node, inputs)]
    body, given = _ran(op, inputs)
    if body is not None:
        return WideValues(dict(zip(body.inputs, given, strict=True))).find(body.outputs)
    try:
        with _bodies_by(WideValues):
            return [widened(x) for x in result_of(node, inputs)]
    except (TypeError, KeyError):
        pass
    narrow = [x.astype(v.type.dtype) for x, v in zip(inputs, node.inputs, strict=True)]
    return [widened(x) for x in result_of(node, narrow)]


def _ran(op: Any, inputs: list[Any]) -> tuple[Body | None, list[Any]]:
    """The graph that an op runs once, and what it reads."""
    if isinstance(op, IfElse):
        return op.then_body if inputs[0] else op.else_body, inputs[1:]
    return (op.body, inputs) if isinstance(op, OpFromGraph) else (None, [])


@contextlib.contextmanager
def _bodies_by(values: Callable[[dict[Any, Any]], Values]) -> Iterator[None]:
    """Run the steps of loops by other means."""
    usual = Body.run
    Body.run = lambda self, given: values(  # type: ignore[method-assign]
        dict(zip(self.inputs, given, strict=True))
    ).find(self.outputs)
    try:
        yield
    finally:
        Body.run = usual  # type: ignore[method-assign]


def _wide_kind(x: Any) -> bool:
    return x.dtype.kind in "fc"


def _cast(x: Any, dtype: str) -> Any:
    return x.astype(_wide_dtype(dtype))


def _bits(x: Any) -> Any:
    """How many bits from the first to the last that is set."""
    mantissa = np.abs(np.frexp(x)[0] * np.longdouble(2) ** 63)
    whole = np.where(np.isfinite(mantissa), mantissa, 0).astype(np.uint64)
    lowest = whole & (~whole + np.uint64(1))
    return np.where(whole == 0, 0, 64 - np.log2(np.maximum(lowest, 1).astype(np.float64)))


def _is_exact(name: str, y: Any, a: Any, b: Any = None) -> Any:
    """Whether a result was not rounded; operands are wide, which hold products of 64 bits."""
    z = widened(y)
    if name in ("add", "sub"):
        b = b if name == "add" else -b
        part = z - a
        return (part == b) & (z - part == a) & (z - b == a) | (a == 0) | (b == 0)
    if name == "mul":
        return (z == a * b) & (_bits(a) + _bits(b) <= 64)
    if name == "sqr":
        return (z == a * a) & (2 * _bits(a) <= 64)
    if name == "sqrt":
        return (z * z == a) & (2 * _bits(z) <= 64)
    if name == "inv":
        a, b = np.longdouble(1), a
    return (z * b == a) & (_bits(z) + _bits(b) <= 64)


def _skipped(x: Any, y: Any) -> Any:
    """Where libraries leave out columns that zeros multiply, or do not."""
    return np.matmul(x == 0, ~np.isfinite(y)) | np.matmul(~np.isfinite(x), y == 0)


def _leaves_range(node: Apply, inputs: list[Any]) -> Any:
    """Where it hangs on the order of a sum or a product whether it over- or underflows."""
    op, dtype = node.op, node.outputs[0].type.dtype
    if np.dtype(dtype).kind not in "fc":
        return False
    dtype = getattr(op, "acc_dtype", dtype)
    sizes = [np.abs(x) for x in inputs]
    if isinstance(op, Gemm):
        z, alpha, x, y, beta = map(widened, sizes)
        largest = beta * z + np.maximum(alpha, 1) * np.dot(x, y)
        finite = all(np.isfinite(x).all() for x in inputs)
        # Nor is read what a factor of 0 multiplies.
        product = np.dot(x, y).astype(dtype)
        skipped = (alpha == 0) & ~np.isfinite(product) | (beta == 0) & ~np.isfinite(z)
        return skipped | _skipped(x, y) | finite & ~np.isfinite(largest.astype(dtype))
    if isinstance(op, PRODUCTS):
        # Beside an infinity what the others add up to may leave the range on its way, or not.
        wide = [widened(np.where(np.isfinite(x), x, 0)) for x in sizes]
        return _skipped(*inputs) | ~np.isfinite(np.matmul(*wide).astype(dtype))
    (x,) = (widened(x) for x in sizes)
    finite = np.isfinite(x).all(axis=op.axes)
    if op.scalar_op.name == "add":
        return ~np.isfinite(np.where(np.isfinite(x), x, 0).sum(axis=op.axes).astype(dtype))
    largest = np.where(x > 1, x, 1).prod(axis=op.axes).astype(dtype)
    least = np.where((x < 1) & (x > 0), x, 1).prod(axis=op.axes).astype(dtype)
    tiny = np.finfo(dtype).tiny
    # Beside an infinity what the others make may be zero before it is met, or after.
    lost = finite & ~np.isfinite(largest) | (least <= tiny)
    return lost & (x > 0).all(axis=op.axes)


def _magnitude(x: Any) -> Any:
    """The absolute values; SciPy's own adds up what a matrix stores twice, in the matrix itself."""
    if not is_sparse_value(x):
        return abs(x)
    found = x.copy()
    found.data = abs(found.data)
    return found


class OtherRoundings(Values):
    """Values as another right program might have found them."""

    def __init__(self, given: dict[Any, Any], rng: Any, size: float = 2.0) -> None:
        super().__init__(given)
        self.rng = rng
        self.size = size

    def compute(self, node: Apply, inputs: list[Any]) -> list[Any]:
        with np.errstate(all="ignore"):
            return self._compute(node, inputs)

    def _compute(self, node: Apply, inputs: list[Any]) -> list[Any]:
        op = node.op
        if isinstance(op, Elementwise):
            return [self._elementwise(node, inputs)]
        if isinstance(op, MOVES):
            return result_of(node, inputs)
        if isinstance(op, WRITES) and op.set:
            return result_of(node, inputs)
        if isinstance(op, Reduce) and op.scalar_op.name not in ("add", "mul"):
            return [self._zeros(x) for x in result_of(node, inputs)]
        if isinstance(op, Pool) and op.mode == "max":
            return [self._zeros(x) for x in result_of(node, inputs)]
        if isinstance(op, (Pool, PoolGrad, MaxPoolGrad, MaxPoolTangent)):
            return self._over_windows(node, inputs)
        body, read = _ran(op, inputs)
        if body is not None:
            given = dict(zip(body.inputs, read, strict=True))
            return OtherRoundings(given, self.rng, self.size).find(body.outputs)
        if isinstance(op, SearchSorted) and not _is_sorted(*inputs[:1], *inputs[2:]):
            n = inputs[0].size  # any place is as good as another
            return [self.rng.integers(0, n, inputs[1].shape, np.int64, endpoint=True)]
        moved = [self.moved(x) for x in inputs]
        if isinstance(op, LOGARITHMS_OF_SUMS):
            found = [self.moved(x) for x in result_of(node, moved)]
            return [self._of_a_sum(found[0]), *found[1:]]
        if isinstance(op, (*PRODUCTS, Reduce, Gemm)):
            found = self.moved(result_of(node, moved)[0])
            odd = [np.inf, -np.inf, np.nan, 0.5]
            wild = self.rng.choice(odd, found.shape if self.rng.random() < 0.5 else ())
            return [np.where(_leaves_range(node, inputs), wild, found).astype(found.dtype)]
        if isinstance(op, Scan):
            with _bodies_by(lambda given: OtherRoundings(given, self.rng, self.size)):
                return result_of(node, inputs)
        found = [self.moved(x) for x in result_of(node, moved)]
        if isinstance(op, SparseOp) and not is_sparse_value(found[0]):
            (largest,) = result_of(node, [_magnitude(x) for x in inputs])
            wild = self.rng.choice([np.inf, -np.inf, np.nan], found[0].shape)
            found = [np.where(np.isfinite(largest), found[0], wild).astype(found[0].dtype)]
        return found

    def _over_windows(self, node: Apply, inputs: list[Any]) -> list[Any]:
        """Sums of what is read of the one input that is added up."""
        at = 2 if isinstance(node.op, (MaxPoolGrad, MaxPoolTangent)) else 0
        before, rest = inputs[:at], inputs[at + 1 :]
        found = self.moved(result_of(node, [*before, self.moved(inputs[at]), *rest])[0])
        (largest,) = result_of(node, [*before, abs(inputs[at]), *rest])
        wild = self.rng.choice([np.inf, -np.inf, np.nan], found.shape)
        return [np.where(np.isfinite(largest), found, wild).astype(found.dtype)]

    def _elementwise(self, node: Apply, inputs: list[Any]) -> Any:
        op = node.op.scalar_op
        if is_cast(op):
            return self._cast(node, inputs[0])
        (y,) = result_of(node, inputs)
        if y.dtype.kind not in "fc":
            return y
        if op.name in EXACT:
            return self._zeros(y)
        true = np.asarray(op.compute(*(widened(x) for x in inputs)))
        if op.name in ROUNDED_ONCE and y.dtype.kind == "f":
            exact = _is_exact(op.name, y, *map(widened, inputs))
            return np.where(exact, self._zeros(y), self.moved(y, 1.0, true))
        if op.name in WAVES:
            inputs = [self.moved(x + y.dtype.type(0)) for x in inputs]
            with np.errstate(all="ignore"):
                (y,) = result_of(node, inputs)
        if op.name in SCIPYS:
            y = np.where(self._left_open(inputs), self.rng.normal(size=y.shape), y).astype(y.dtype)
            return self.moved(y, SCIPYS_UNITS, true)
        if op.name == "logaddexp":
            y = self._of_a_sum(y)
        if op.name == "copysign" and np.isnan(inputs[1]).any():  # which has any sign
            return np.where(np.isnan(inputs[1]) & (self.rng.random(y.shape) < 0.5), -y, y)
        return self.moved(y, self.size, true)

    def _of_a_sum(self, x: Any) -> Any:
        """Logarithms, near 0 those of sums just above 1, of which rounding is a unit of 1."""
        if x.dtype.kind != "f":
            return x
        noise = self.rng.uniform(-1, 1, x.shape) * np.finfo(x.dtype).eps
        return np.asarray(x + noise, x.dtype)

    @staticmethod
    def _left_open(inputs: list[Any]) -> Any:
        """Where SciPy meets an argument below the normal numbers, of which it often makes 0."""
        found = np.zeros((), bool)
        for x in inputs:
            if x.dtype.kind == "f":
                found = found | (np.abs(x) < np.finfo(x.dtype).tiny) & (x != 0)
        return found

    def _cast(self, node: Apply, x: Any) -> Any:
        (y,) = result_of(node, [x])
        if y.dtype.kind in "iu" and x.dtype.kind in "f":
            info = np.iinfo(y.dtype)
            # What C and NumPy leave open.
            low = info.min
            outside = ~(
                (np.trunc(x.astype(np.longdouble)) >= low)
                & (np.trunc(x.astype(np.longdouble)) <= info.max)
            )
            wild = self.rng.integers(info.min, info.max, y.shape, y.dtype, endpoint=True)
            return np.where(outside, wild, y)
        if y.dtype.kind in "fc" and y.dtype.itemsize < x.dtype.itemsize:
            return np.where(y == x, self._zeros(y), self.moved(y, 0.5))
        return y

    def _zeros(self, y: Any) -> Any:
        """The sign of a zero is not kept by rewriting."""
        if y.dtype.kind != "f":
            return y
        flip = (y == 0) & (self.rng.random(y.shape) < 0.3)
        return np.where(flip, -y, y)

    def moved(self, y: Any, size: float = 2.0, true: Any = None) -> Any:
        """The array with other last digits."""
        if is_sparse_value(y):
            y = y.copy()
            y.data = self.moved(y.data, size)
            return y
        if y.dtype.kind == "c":
            part = np.abs(y).astype(y.real.dtype)
            step = np.spacing(part) * size
            noise = self.rng.uniform(-1, 1, (2, *y.shape)) * step
            return np.where(np.isfinite(step), y + (noise[0] + 1j * noise[1]), y).astype(y.dtype)
        if y.dtype.kind != "f":
            return y
        step = np.spacing(np.abs(y)).astype(np.longdouble)
        noise = np.asarray(self.rng.uniform(-1, 1, y.shape)) * size * step
        result = (y.astype(np.longdouble) + noise).astype(y.dtype)
        if true is not None:
            # Underflow to zero: the least number of the sign that it should have.
            lost = (y == 0) & (true != 0) & ~np.isnan(true)
            least = np.copysign(np.finfo(y.dtype).smallest_subnormal, np.where(lost, true, 1))
            result = np.where(
                lost & (self.rng.random(y.shape) < 0.5), least.astype(y.dtype), result
            )
            result = np.where((y == 0) & (true == 0), self._zeros(y), result)
        else:
            result = np.where(y == 0, self._zeros(y), result)
        return np.where(np.isfinite(y), result, y).astype(y.dtype)


__all__ = ["OtherRoundings", "Values", "WideValues", "is_sparse_value"]
