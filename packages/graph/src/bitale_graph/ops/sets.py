"""Tensors as sets of numbers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..base.errors import ShapeError, describe
from ..core.graph import Apply, Op, Storage
from ..tensor.conversion import as_tensor
from ..tensor.variable import TensorType, TensorVariable
from . import math as tm
from .join import concatenate
from .reduction import normalize_axes
from .reshape import flatten
from .shape import shape_i
from .sorting import searchsorted, sort


class Unique(Op):
    """The different elements in ascending order, or the different slices along an axis.

    Parameters
    ----------
    return_index : bool
        Give also the place of the first of each.
    return_inverse : bool
        Give also for each element which one of them it is: in the shape of the input, or along
        the axis.
    return_counts : bool
        Give also how often each is there.
    axis : int or None
        None: of all elements.
    equal_nan : bool
        Whether all NaN count as one.
    """

    keeps_nothing = True
    __props__ = ("return_index", "return_inverse", "return_counts", "axis", "equal_nan")

    def __init__(
        self,
        return_index: bool = False,
        return_inverse: bool = False,
        return_counts: bool = False,
        axis: int | None = None,
        equal_nan: bool = True,
    ) -> None:
        self.return_index = bool(return_index)
        self.return_inverse = bool(return_inverse)
        self.return_counts = bool(return_counts)
        self.axis = axis
        self.equal_nan = bool(equal_nan)

    def make_node(self, x: Any) -> Apply:
        """No length along the axis is known before it runs."""
        x = as_tensor(x)
        shape: tuple[int | None, ...] = (None,)
        inverse = x.type.shape
        if self.axis is not None:
            (axis,) = normalize_axes("unique", self.axis, x)
            shape = (*x.type.shape[:axis], None, *x.type.shape[axis + 1 :])
            inverse = (x.type.shape[axis],)
        outputs = [TensorType(x.type.dtype, shape)()]
        vector = TensorType("int64", (None,))
        if self.return_index:
            outputs.append(vector())
        if self.return_inverse:
            outputs.append(TensorType("int64", inverse)())
        if self.return_counts:
            outputs.append(vector())
        return Apply(self, [x], outputs)

    def perform(self, node: Apply, inputs: Sequence[Any], output_storage: Storage) -> None:
        (x,) = inputs
        flags = (self.return_index, self.return_inverse, self.return_counts)
        different: Any = np.unique
        found = different(x, *flags, axis=self.axis, equal_nan=self.equal_nan)
        results = list(found) if any(flags) else [found]
        if self.return_inverse:
            # NumPy 2.0 has another shape along an axis, and that before it for all elements.
            at = 1 + self.return_index
            results[at] = results[at].reshape(x.shape if self.axis is None else -1)
        for cell, v, value in zip(output_storage, node.outputs, results, strict=True):
            cell[0] = np.asarray(value, v.type.dtype)

    def infer_shape(self, node: Apply, input_shapes: Sequence[Sequence[Any]]) -> list[Any]:
        (shape,) = input_shapes
        told: list[Any] = [None] * len(node.outputs)
        if self.return_inverse:
            whole = tuple(shape) if self.axis is None else (shape[self.axis],)
            told[1 + self.return_index] = whole
        return told


def unique(
    ar: Any,
    return_index: bool = False,
    return_inverse: bool = False,
    return_counts: bool = False,
    axis: int | None = None,
    *,
    equal_nan: bool = True,
) -> Any:
    """The different elements in ascending order, as `numpy.unique`.

    Parameters
    ----------
    ar : tensor_like
    return_index, return_inverse, return_counts : bool
        Give also the place of the first of each, for each element which one of them it is (in the
        shape of ``ar``), and how often each is there.
    axis : int, optional
        Compare slices along this axis; by default all elements.
    equal_nan : bool
        Whether all NaN count as one.

    Returns
    -------
    TensorVariable, or list of them
        The derivative by elements that are equal is shared equally among them.
    """
    x = as_tensor(ar)
    if axis is not None:
        (axis,) = normalize_axes("unique", axis, x)
    return Unique(return_index, return_inverse, return_counts, axis, equal_nan)(x)


def isin(element: Any, test_elements: Any, invert: bool = False) -> TensorVariable:
    """For each element whether it is among ``test_elements``, as `numpy.isin`; NaN never is.

    Parameters
    ----------
    element : tensor_like
    test_elements : tensor_like
        Of any shape.
    invert : bool
        Tell whether it is not.
    """
    x, tests = as_tensor(element), flatten(as_tensor(test_elements))
    ordered = sort(tests)
    places = searchsorted(ordered, x)
    # One more behind the end, to have something to read there.
    padded = concatenate([ordered, np.zeros(1, ordered.dtype)])
    found = tm.and_(tm.eq(padded[places], x), tm.lt(places, shape_i(tests, 0)))
    result: TensorVariable = tm.invert(found) if invert else found
    return result


def in1d(ar1: Any, ar2: Any, invert: bool = False) -> TensorVariable:
    """`isin` of the elements of ``ar1`` as a vector."""
    return isin(flatten(as_tensor(ar1)), ar2, invert)


def union1d(ar1: Any, ar2: Any) -> TensorVariable:
    """The different elements of two tensors together, in ascending order, as `numpy.union1d`."""
    found: TensorVariable = unique(concatenate([flatten(as_tensor(a)) for a in (ar1, ar2)]))
    return found


def as_vector(name: str, x: Any) -> TensorVariable:
    """A tensor of rank 1; raises `ShapeError` for any other."""
    vector = as_tensor(x)
    if vector.ndim != 1:
        raise ShapeError(f"{name} takes a vector\n  {describe(vector)}")
    return vector
