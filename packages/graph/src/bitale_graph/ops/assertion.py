"""Checks that are made when a function runs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np

from ..base.errors import ShapeError
from ..core.graph import Apply, Constant, Storage, Variable
from ..tensor.conversion import as_tensor, constant_int
from ..tensor.op import TensorOp
from ..tensor.variable import TensorVariable
from .math import eq, neq
from .reduction import all as all_true
from .shape import shape_i, with_lengths

_ERRORS: dict[str, type[Exception]] = {
    "AssertionError": AssertionError,
    "ShapeError": ShapeError,
    "IndexError": IndexError,
    "ValueError": ValueError,
}


class Assert(TensorOp):
    """The first input itself, after a check that all the others are true.

    Only what is computed is checked: use the result in place of what went in.

    Parameters
    ----------
    msg : str
        What the error says.
    error : str
        Its class: ``"AssertionError"``, ``"ShapeError"``, ``"IndexError"`` or ``"ValueError"``.

    Examples
    --------
    >>> from bitale_graph import function
    >>> from bitale_graph import language as T
    >>> x = T.dvector("x")
    >>> root = T.sqrt(Assert("x is negative")(x, x >= 0))
    >>> function([x], root)([4.0, 9.0])
    array([2., 3.])
    """

    __props__ = ("msg", "error")
    view_map: ClassVar = {0: [0]}

    def __init__(self, msg: str = "Bitale Assert failed!", error: str = "AssertionError") -> None:
        if not isinstance(msg, str):
            raise TypeError(f"Assert: the message must be a text, not {msg!r}")
        if error not in _ERRORS:
            raise ValueError(f"Assert: the error is one of {', '.join(_ERRORS)}, not {error!r}")
        self.msg = msg
        self.error = error

    def __call__(self, x: Any, *conditions: Any, **keywords: Any) -> TensorVariable:
        """``x``, checked when it runs.

        Parameters
        ----------
        x : tensor
        *conditions : tensors
            An array holds if all its elements are true; a number is true if it is not zero.

        Raises
        ------
        AssertionError, or the class given
            If a condition is a constant that is false.
        """
        for condition in conditions:
            if not isinstance(condition, Variable) or isinstance(condition, Constant):
                value = _as_truth(condition)
                if isinstance(value, Constant) and not np.all(value.data):
                    raise _ERRORS[self.error](self.msg)
        return super().__call__(x, *conditions, **keywords)

    def __str__(self) -> str:
        # The message of what rewriting checks names ops that are gone: not for who counts ops.
        return super().__str__() if self.error == "AssertionError" else f"Assert{{{self.error}}}"

    def make_node(self, x: Any, *conditions: Any) -> Apply:
        """Reduce each condition to one bool."""
        x = as_tensor(x)
        return Apply(self, [x, *map(_as_one_bool, conditions)], [x.type()])

    def perform(self, node: Apply, inputs: Sequence[Any], output_storage: Storage) -> None:
        x, *conditions = inputs
        if not all(conditions):
            raise _ERRORS[self.error](self.msg)
        output_storage[0][0] = x

    def infer_shape(self, node: Apply, input_shapes: Sequence[Sequence[Any]]) -> list[Any]:
        return [tuple(input_shapes[0])]


def _as_truth(condition: Any) -> TensorVariable:
    """A condition as a tensor; True says what a comparison of numbers gives."""
    return as_tensor(np.bool_(condition) if isinstance(condition, bool) else condition)


def _as_one_bool(condition: Any) -> TensorVariable:
    condition = _as_truth(condition)
    if condition.ndim:
        condition = all_true(condition)
    if condition.type.dtype != "bool":
        condition = neq(condition, 0)
    return as_tensor(condition)


assert_op = Assert()


def specify_shape(x: Any, shape: Any) -> TensorVariable:
    """``x``, promised to have these lengths; checked when it runs.

    Parameters
    ----------
    x : tensor
    shape : vector of known length, or sequence of int, 0-d integer or None
        For each axis its length, which may be symbolic; None: any.

    Raises
    ------
    ShapeError
        If there are more or fewer lengths than axes, or one is known to be another.
    """
    x = as_tensor(x)
    lengths = list(shape)
    wanted = tuple(None if n is None else constant_int(n) for n in lengths)
    x = with_lengths(x, wanted)
    agree = [
        eq(shape_i(x, a), n)
        for a, (n, known) in enumerate(zip(lengths, wanted, strict=True))
        if n is not None and known is None
    ]
    promise = Assert("specify_shape: a length is not the one promised", "ShapeError")
    return promise(x, *agree) if agree else x
