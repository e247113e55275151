"""The correlation of a batch with filters, and its adjoints in both."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from typing import Any, ClassVar

import numpy as np

from ..base import dtype as dtypes
from ..base.errors import DtypeError, ShapeError, describe
from ..core.graph import Apply, Storage
from ..ops.index_value import as_index
from ..tensor.conversion import as_tensor, constant_int
from ..tensor.elementwise import cast
from ..tensor.op import TensorOp
from ..tensor.variable import TensorType
from .geometry import Geometry, known_lengths
from .patches import correlate, correlate_filters, correlate_inputs

DTYPES = ("float32", "float64")


class _Correlation(TensorOp, ABC):
    """An op that is linear in two tensors: a batch (images, channels, ...), and filters or a batch.

    Parameters
    ----------
    geometry : Geometry
    """

    __props__: ClassVar[tuple[str, ...] | None] = ("geometry",)
    keeps_nothing = True
    name = "conv"
    # What the two tensors are, for messages.
    words: ClassVar[tuple[str, str]] = ("input", "filters")

    def __init__(self, geometry: Geometry) -> None:
        self.geometry = geometry

    def make_node(self, *inputs: Any) -> Apply:
        """Check dtypes, ranks and the lengths that are known."""
        count = self._count()
        if len(inputs) != count:
            raise TypeError(f"{self.name} takes {count} inputs, and got {len(inputs)}")
        first, second = self._operands(*inputs[:2])
        lengths = [as_index(n) for n in inputs[2:]]
        for n in lengths:
            if n.ndim:
                raise ShapeError(f"{self.name}: a length is 0-d\n  {describe(n)}")
        known = [constant_int(n) for n in lengths]
        try:
            shape = self.shape_of(first.type.shape, second.type.shape, known)
        except ShapeError as error:
            raise ShapeError(f"{self.name}: {error}{self._told(first, second)}") from None
        return Apply(self, [first, second, *lengths], [TensorType(first.type.dtype, shape)()])

    def _count(self) -> int:
        return 2 + self.geometry.ndim

    def _operands(self, *given: Any) -> list[Any]:
        """Both in float32 or float64, and of the rank of the geometry."""
        tensors = [as_tensor(v) for v in given]
        dtype = dtypes.upcast(*(v.type.dtype for v in tensors))
        if dtype not in DTYPES:
            raise DtypeError(
                f"{self.name} computes in float32 or float64, and not in {dtype}; cast it"
                + self._told(*tensors)
            )
        rank = self.geometry.ndim + 2
        if any(v.ndim != rank for v in tensors):
            raise ShapeError(
                f"{self.name} in {rank - 2} dimensions takes tensors of rank {rank}"
                + self._told(*tensors)
            )
        return [cast(v, dtype) for v in tensors]

    def _told(self, *tensors: Any) -> str:
        pairs = zip(self.words, tensors, strict=True)
        return "".join(f"\n  {word}  {describe(v)}" for word, v in pairs)

    @abstractmethod
    def shape_of(self, first: Any, second: Any, lengths: Any) -> tuple[int | None, ...]:
        """The shape of the result, None where it is not known; raises `ShapeError`."""

    @abstractmethod
    def compute(self, first: Any, second: Any, shape: Any) -> Any:
        """The result in NumPy, of that shape."""

    def perform(self, node: Apply, inputs: Sequence[Any], output_storage: Storage) -> None:
        first, second, *lengths = inputs
        try:
            shape = self.shape_of(first.shape, second.shape, known_lengths(lengths))
        except ShapeError as error:
            told = zip(self.words, (first, second), strict=True)
            shapes = ", ".join(f"{word} {x.shape}" for word, x in told)
            raise ShapeError(f"{self.name}: {error} (shapes: {shapes})") from None
        with np.errstate(all="ignore"):
            output_storage[0][0] = self.compute(first, second, shape)


class Conv(_Correlation):
    """The correlation of a batch with filters.

    ``Conv(geometry)(x, w)`` with x of shape (images, channels, ...) and w of shape (filters,
    channels / groups, ...) has the shape (images, filters, ...) with ``Geometry.out_length`` along
    the spatial axes. Filters are not flipped: ``y[i] = sum_j w[j] x[i * stride + j * dilation]``.
    """

    def _count(self) -> int:
        return 2

    def shape_of(self, first: Any, second: Any, lengths: Any) -> tuple[int | None, ...]:
        """The shape of the result, None where it is not known."""
        return self.geometry.out_shape(first, second)

    def compute(self, first: Any, second: Any, shape: Any) -> Any:
        """By patches."""
        return correlate(first, second, self.geometry, shape)

    def infer_shape(self, node: Apply, input_shapes: Sequence[Sequence[Any]]) -> list[Any]:
        x, w = input_shapes
        static = node.outputs[0].type.shape
        return [(x[0], w[0], *_lengths_told(self.geometry, x[2:], w[2:], static[2:]))]

    def passed_lengths(self, node: Apply, input_shapes: Sequence[Sequence[Any]]) -> list[Any]:
        x, w = input_shapes
        return [(x[0], w[0], *(None for _ in x[2:]))]

    def compared_lengths(
        self, node: Apply, input_shapes: Sequence[Sequence[Any]]
    ) -> Iterable[tuple[Any, Any]]:
        x, w = input_shapes
        return [(x[1], w[1])] if self.geometry.groups == 1 else []


class ConvGradInputs(_Correlation):
    """The adjoint of `Conv` in its input: of gradients, filters, and the lengths of the input.

    ``ConvGradInputs(geometry)(g, w, *lengths)`` has the shape (images, channels, *lengths).
    """

    name = "conv_grad_inputs"
    words = ("gradient", "filters")

    def shape_of(self, first: Any, second: Any, lengths: Any) -> tuple[int | None, ...]:
        """The shape of the result, None where it is not known."""
        return self.geometry.in_shape(first, second, lengths)

    def compute(self, first: Any, second: Any, shape: Any) -> Any:
        """By patches."""
        return correlate_inputs(first, second, self.geometry, shape)

    def infer_shape(self, node: Apply, input_shapes: Sequence[Sequence[Any]]) -> list[Any]:
        g, w, *_ = input_shapes
        groups = self.geometry.groups
        channels = w[1] if groups == 1 else w[1] * groups
        return [(g[0], channels, *node.inputs[2:])]

    def passed_lengths(self, node: Apply, input_shapes: Sequence[Sequence[Any]]) -> list[Any]:
        g, w, *_ = input_shapes
        channels = w[1] if self.geometry.groups == 1 else None
        return [(g[0], channels, *node.inputs[2:])]

    def compared_lengths(
        self, node: Apply, input_shapes: Sequence[Sequence[Any]]
    ) -> Iterable[tuple[Any, Any]]:
        g, w, *_ = input_shapes
        return [(g[1], w[0])]


class ConvGradWeights(_Correlation):
    """The adjoint of `Conv` in its filters: of the input, gradients, and the lengths of filters.

    ``ConvGradWeights(geometry)(x, g, *lengths)`` has the shape (filters, channels / groups,
    *lengths).
    """

    name = "conv_grad_weights"
    words = ("input", "gradient")

    def shape_of(self, first: Any, second: Any, lengths: Any) -> tuple[int | None, ...]:
        """The shape of the result, None where it is not known."""
        return self.geometry.filter_shape(first, second, lengths)

    def compute(self, first: Any, second: Any, shape: Any) -> Any:
        """By patches."""
        return correlate_filters(first, second, self.geometry, shape)

    def infer_shape(self, node: Apply, input_shapes: Sequence[Sequence[Any]]) -> list[Any]:
        x, g, *_ = input_shapes
        groups = self.geometry.groups
        return [(g[1], x[1] if groups == 1 else x[1] // groups, *node.inputs[2:])]

    def passed_lengths(self, node: Apply, input_shapes: Sequence[Sequence[Any]]) -> list[Any]:
        x, g, *_ = input_shapes
        channels = x[1] if self.geometry.groups == 1 else None
        return [(g[1], channels, *node.inputs[2:])]

    def compared_lengths(
        self, node: Apply, input_shapes: Sequence[Sequence[Any]]
    ) -> Iterable[tuple[Any, Any]]:
        x, g, *_ = input_shapes
        return [(x[0], g[0])]


def _lengths_told(
    geometry: Geometry, lengths: Sequence[Any], kernel: Sequence[Any], static: Sequence[Any]
) -> list[Any]:
    """The lengths of a correlation; constants where they are known."""
    return [
        geometry.out_length(a, n, k) if known is None else as_tensor(np.int64(known))
        for a, (n, k, known) in enumerate(zip(lengths, kernel, static, strict=True))
    ]
