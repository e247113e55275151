"""From what users write to variables: arrays, numbers, and lists of them."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..base import dtype as dtypes
from ..base import late
from ..base.config import config
from ..base.errors import AsTensorError, NotScalarConstantError, describe
from ..core.graph import Apply, Constant, Variable
from .variable import TensorConstant, TensorType, TensorVariable


def is_python_number(x: object) -> bool:
    """Whether ``x`` is a plain Python number, whose dtype is weak."""
    return type(x) in (int, float, bool, complex)


def as_tensor(
    x: Any, name: str | None = None, ndim: int | None = None, dtype: str | None = None
) -> TensorVariable:
    """Make ``x`` a tensor variable; a tensor variable stands for itself.

    Parameters
    ----------
    x : variable, array_like, or list of variables and numbers
        A Python float becomes ``config.floatX``, an int int64.
    name : str, optional
    ndim : int, optional
        Add axes of length 1 on the left up to this rank, or drop such axes down to it.
    dtype : str, optional
        For values that are not variables yet.

    Raises
    ------
    AsTensorError
        If ``x`` cannot be a tensor. True and False cannot, since a comparison by ``==`` gives them,
        which asks whether two variables are one; `constant` takes them.
    ValueError
        If there are not so many axes of length 1 to drop.
    """
    if isinstance(x, Apply):
        x = x.out
    if isinstance(x, Variable):
        if not isinstance(x.type, TensorType):
            raise AsTensorError(f"expected a tensor, and got {x} of {x.type}")
        tensor: Any = x
        variable: TensorVariable = tensor
    elif hasattr(x, "_as_TensorVariable"):
        variable = x._as_TensorVariable()
    elif (
        isinstance(x, (list, tuple))
        and any(isinstance(v, (Variable, list, tuple)) for v in x)
        and holds_variable(x)
    ):
        variable = late.ops.join.stacklists(list(x))
    elif x is True or x is False:
        raise AsTensorError(
            f"{x} is no tensor. Between variables == asks whether they are one: eq(x, y) compares "
            f"their elements. Where the truth value is meant write constant({x}) or np.bool_({x})"
        )
    else:
        variable = constant(x, name=name, dtype=dtype)
    return variable if ndim in (None, variable.ndim) else _of_rank(variable, ndim)


def _of_rank(x: TensorVariable, ndim: int) -> TensorVariable:
    """``x`` with axes of length 1 added or dropped on the left."""
    extra = x.ndim - ndim
    if extra < 0:
        return x.dimshuffle(*("x",) * -extra, *range(x.ndim))
    if not all(x.broadcastable[:extra]):
        raise ValueError(
            f"rank {ndim} was asked for, and the first {extra} axes of {describe(x)} are not all "
            "known to be of length 1"
        )
    return x.dimshuffle(*range(extra, x.ndim))


def as_variable(x: Any) -> Any:
    """A variable of any type as it is; whatever else there is as a tensor."""
    return x if isinstance(x, Variable) and not isinstance(x.type, TensorType) else as_tensor(x)


def holds_variable(items: Any) -> bool:
    """Whether there is a variable in nested lists."""
    stack = list(items)
    while stack:
        item = stack.pop()
        if isinstance(item, Variable):
            return True
        if isinstance(item, (list, tuple)):
            stack.extend(item)
    return False


def constant(
    x: Any, name: str | None = None, ndim: int | None = None, dtype: str | None = None
) -> Any:
    """A constant tensor with the value of ``x`` (copied, so that later writes do not reach it).

    Raises
    ------
    TypeError
        If ``x`` holds no numbers.
    """
    if dtype is None and is_python_number(x):
        dtype = dtypes.weak(x, None)
    dtypes.check_unmasked(x)
    given = x if isinstance(x, (list, tuple)) or is_python_number(x) else dtypes.as_array(x)
    try:
        array = np.array(given, dtype=None if dtype is None else dtypes.check(dtype))
    except OverflowError:
        raise OverflowError(
            f"{x!r:.80} is out of bounds for every integer dtype; write it as a float"
        ) from None
    except (ValueError, TypeError) as error:
        raise AsTensorError(f"cannot make a tensor of {x!r:.80}: {error}") from None
    if array.dtype.kind not in "biufc" or array.dtype.name not in dtypes.ALL:
        raise AsTensorError(f"cannot make a tensor of {x!r:.80}, of NumPy dtype {array.dtype}")
    if (
        dtype is None
        and isinstance(x, (list, tuple))
        and array.dtype == np.float64
        and config.cast_policy != "custom"
        and not _holds_numpy(x)
    ):
        array = array.astype(dtypes.check("floatX"))
    if ndim is not None and array.ndim < ndim:
        array = array.reshape((1,) * (ndim - array.ndim) + array.shape)
    native = array.dtype.newbyteorder("=")
    array = np.ascontiguousarray(array, dtype=native).reshape(array.shape)
    type = TensorType(array.dtype.name, array.shape)
    return TensorConstant(type, array, name=name)


def _holds_numpy(items: Any) -> bool:
    return any(isinstance(v, (np.ndarray, np.generic)) for v in items)


def value_for(where: str, variable: Variable, value: Any) -> Any:
    """``value`` as a variable that can stand for ``variable``, a tensor.

    Raises `TypeError` that tells ``where``.
    """
    if isinstance(value, (list, tuple)) and holds_variable(value):
        return as_tensor(value)
    try:
        return variable.type.make_constant(value)
    except TypeError as error:
        raise TypeError(
            f"{where}: {value!r:.60} cannot be the new value of {describe(variable)}: {error}\n"
            f"  hint: full_like({variable}, number) fills a tensor; other values need its rank "
            "and dtype"
        ) from None


def constant_value(x: Any) -> np.ndarray[Any, Any]:
    """The array of a constant; raises `NotScalarConstantError` for any other variable."""
    if isinstance(x, Constant):
        return np.asarray(x.data)
    if isinstance(x, Variable):
        raise NotScalarConstantError(f"{x} is not a constant")
    return np.asarray(x)


def constant_int(x: Any) -> int | None:
    """The value of an integer of rank 0, if it is a constant or its node's types tell it."""
    if isinstance(x, Variable) and not isinstance(x, Constant):
        node = x.owner
        return None if node is None else node.op.number_by_types(node)
    data = constant_value(x)
    return int(data) if data.ndim == 0 and data.dtype.kind in "biu" else None
