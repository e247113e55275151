"""Theano's classes of ops, which its programs call to make an op, and ask `isinstance` of.

Called with what Theano's takes they give a function of variables. An op is an instance of the class
by which an example of that function was made; of one that is several ops here, none is.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any

import bitale.tensor as T
from bitale import gradient
from bitale.tensor import extra_ops, nlinalg, slinalg

from .selections import advanced_subtensor

Made = Callable[..., Any]


class _Kind(type):
    make: Made
    example: Callable[[Any], Any] | None

    def __instancecheck__(cls, x: Any) -> bool:
        return cls.example is not None and isinstance(x, _class_of(cls))

    def __subclasscheck__(cls, one: type) -> bool:
        return cls is one or (cls.example is not None and issubclass(one, _class_of(cls)))

    def __call__(cls, *args: Any, **keywords: Any) -> Any:
        return cls.make(*args, **keywords)


@functools.cache
def _class_of(kind: Any) -> type:
    made = kind.example(kind.make)
    return type((made[0] if isinstance(made, (list, tuple)) else made).owner.op)


def _kind(name: str, make: Made, example: Callable[[Any], Any] | None) -> Any:
    told: dict[str, Any] = {"make": staticmethod(make), "__module__": __name__}
    told["example"] = None if example is None else staticmethod(example)
    told["__doc__"] = f"Theano's class of ops {name}."
    return _Kind(name, (), told)


def _join(view: int = -1) -> Made:
    return T.join


def _reshape(ndim: int, name: str | None = None) -> Made:
    return lambda x, shp: T.reshape(x, shp, ndim)


def _split(len_splits: int) -> Made:
    return lambda x, axis, splits: T.split(x, splits, len_splits, axis)


def _advanced(sparse_grad: bool = False) -> Made:
    def rows(x: Any, ilist: Any) -> Any:
        found = T.as_tensor_variable(x)[ilist]
        return T.sparse_grad(found) if sparse_grad else found

    return rows


def _written(inplace: bool = False, set_instead_of_inc: bool = False) -> Made:
    write = T.set_subtensor if set_instead_of_inc else T.inc_subtensor
    return lambda x, y, *index: write(advanced_subtensor(x, *index), y)


def _subtensor(idx_list: Sequence[Any]) -> Made:
    return lambda x, *inputs: T.as_tensor_variable(x)[_index(idx_list, inputs)]


def _inc_subtensor(
    idx_list: Sequence[Any],
    inplace: bool = False,
    set_instead_of_inc: bool = False,
    destroyhandler_tolerate_aliased: Any = None,
) -> Made:
    write = T.set_subtensor if set_instead_of_inc else T.inc_subtensor
    return lambda x, y, *inputs: write(T.as_tensor_variable(x)[_index(idx_list, inputs)], y)


def _index(idx_list: Sequence[Any], inputs: Sequence[Any]) -> tuple[Any, ...]:
    """The index of a pattern: what is no number and not None in it is the next of the inputs."""
    given = iter(inputs)

    def part(one: Any) -> Any:
        return one if one is None or isinstance(one, int) else next(given)

    return tuple(
        slice(part(one.start), part(one.stop), part(one.step))
        if isinstance(one, slice)
        else part(one)
        for one in idx_list
    )


_x, _m = T.dvector, T.dmatrix

KINDS: dict[str, Any] = {
    name: _kind(name, make, example)
    for name, make, example in (
        ("ARange", lambda dtype: functools.partial(T.arange, dtype=dtype),
         lambda op: op("int64")(0, T.lscalar(), 1)),
        ("AdvancedIncSubtensor", _written,
         lambda op: op()(_m(), _x(), T.lvector(), T.lvector())),
        ("AdvancedIncSubtensor1", _written, lambda op: op()(_x(), _x(), T.lvector())),
        ("AdvancedSubtensor1", _advanced, lambda op: op()(_x(), T.lvector())),
        ("ArgSortOp", lambda kind="quicksort", order=None: functools.partial(
            T.argsort, kind=kind, order=order), lambda op: op()(_x())),
        ("Choose", lambda mode: lambda a, choices: T.choose(a, choices, mode), None),
        ("ConsiderConstant", lambda: gradient.zero_grad, lambda op: op()(_x())),
        ("CumOp", lambda axis=None, mode="add": functools.partial(
            T.cumsum if mode == "add" else T.cumprod, axis=axis), lambda op: op(0)(_x())),
        ("DiffOp", lambda n=1, axis=-1: lambda x: T.diff(x, n, axis), None),
        ("DisconnectedGrad", lambda: gradient.disconnected_grad, lambda op: op()(_x())),
        ("Eigvalsh", lambda lower=True: lambda a, b=None: slinalg.eigvalsh(a, b, lower),
         lambda op: op()(_m())),
        ("ExtractDiag", lambda offset=0, axis1=0, axis2=1, view=False: lambda x: T.diagonal(
            x, offset, axis1, axis2), lambda op: op()(_m())),
        ("Eye", lambda dtype=None: lambda n, m, k: T.eye(n, m, k, dtype),
         lambda op: op()(T.lscalar(), T.lscalar(), 0)),
        ("FillDiagonal", lambda: T.fill_diagonal, None),
        ("FillDiagonalOffset", lambda: extra_ops.fill_diagonal_offset, None),
        ("Flatten", lambda ndim=1: lambda x: T.flatten(x, ndim), None),
        ("GradClip", lambda clip_lower_bound, clip_upper_bound: lambda x: gradient.grad_clip(
            x, clip_lower_bound, clip_upper_bound), lambda op: op(-1, 1)(_x())),
        ("GradScale", lambda multiplier: lambda x: gradient.grad_scale(x, multiplier),
         lambda op: op(2)(_x())),
        ("IncSubtensor", _inc_subtensor, lambda op: op((slice(0, 2),))(_x(), 1.0)),
        ("Join", _join, lambda op: op()(0, _x(), _x())),
        ("MakeVector", lambda dtype="int64": T.opt.MakeVector(dtype),
         lambda op: op()(T.lscalar(), T.lscalar())),
        ("Mean", lambda axis=None: functools.partial(T.mean, axis=axis, op=True), None),
        ("Nonzero", lambda: T.nonzero, lambda op: op()(_x())),
        ("PermuteRowElements", lambda: T.permute_row_elements, None),
        ("QRFull", lambda mode: functools.partial(nlinalg.qr, mode=mode),
         lambda op: op("complete")(_m())),
        ("QRIncomplete", lambda mode: functools.partial(nlinalg.qr, mode=mode),
         lambda op: op("r")(_m())),
        ("RepeatOp", lambda axis=None: lambda x, repeats: T.repeat(x, repeats, axis),
         lambda op: op(0)(_x(), T.lvector())),
        ("Reshape", _reshape, lambda op: op(2)(_x(), (1, T.lscalar()))),
        ("SearchsortedOp", lambda side="left": lambda x, v, sorter=None: T.extra_ops.searchsorted(
            x, v, side, sorter), lambda op: op()(_x(), _x())),
        ("SortOp", lambda kind="quicksort", order=None: functools.partial(
            T.sort, kind=kind, order=order), lambda op: op()(_x())),
        ("Split", _split, None),
        ("Subtensor", _subtensor, lambda op: op((slice(0, 2),))(_x())),
        ("TensorInv", lambda ind=2: functools.partial(nlinalg.tensorinv, ind=ind), None),
        ("TensorSolve", lambda axes=None: functools.partial(nlinalg.tensorsolve, axes=axes), None),
        ("Tile", lambda ndim: lambda x, reps: T.tile(x, reps, ndim), None),
        ("Tri", lambda dtype=None: lambda n, m, k: T.tri(n, m, k, dtype), None),
        ("ZeroGrad", lambda: gradient.zero_grad, lambda op: op()(_x())),
    )
}  # fmt: skip


def lstsq(*operands: Any, **keywords: Any) -> Any:
    """`nlinalg.lstsq`; called without operands a function of them, as Theano's class of ops."""
    if operands or keywords:
        return nlinalg.lstsq(*operands, **keywords)
    return _least_squares


def _least_squares(x: Any, y: Any, rcond: Any) -> Any:
    known = rcond if isinstance(rcond, (int, float)) else T.get_scalar_constant_value(rcond)
    return nlinalg.lstsq(x, y, float(known))


# Ops that Theano has made already, by the names that they have there.
join_, isnan_, isinf_ = T.join, T.isnan, T.isinf


def gemm(z: Any, a: Any, x: Any, y: Any, b: Any) -> Any:
    """``b * z + a * dot(x, y)``, which is one call of BLAS after rewriting."""
    return b * T.as_tensor_variable(z) + a * T.dot(x, y)


def ger(a: Any, alpha: Any, x: Any, y: Any) -> Any:
    """``a + alpha * outer(x, y)``."""
    return T.as_tensor_variable(a) + alpha * T.outer(x, y)


gemv = gemm_inplace = gemm_no_inplace = gemv_inplace = gemv_no_inplace = gemm
ger_destructive = ger


def __getattr__(name: str) -> Any:
    if name in KINDS:
        return KINDS[name]
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


__all__ = list(KINDS)
__all__ += ["isinf_", "isnan_", "join_"]
