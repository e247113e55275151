"""Filters of which each place of the output has its own: gathers, products, and scatters."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..base.errors import ShapeError, describe
from ..ops.creation import arange, zeros
from ..ops.einsum import einsum
from ..ops.indexing import inc_subtensor
from ..ops.pad import pad
from ..ops.reshape import reshape
from ..ops.shape import shape_i
from ..ops.split import as_known
from ..tensor.variable import TensorVariable
from .geometry import Geometry


class _Patches:
    """Where patches of the padded input lie, and the names of their axes for sums of products.

    A batch of patches has the axes (images, groups, channels, *places, *kernel), filters the axes
    (groups, filters, *places, channels, *kernel), and an output (images, groups, filters, *places).
    """

    def __init__(self, geometry: Geometry, lengths: Sequence[Any], kernel: Sequence[Any]) -> None:
        n = geometry.ndim
        self.geometry = geometry
        self.kernel = list(kernel)
        self.pads = [geometry.pads(a, k) for a, k in enumerate(kernel)]
        self.lengths = list(lengths)
        self.places = [geometry.out_length(a, m, kernel[a]) for a, m in enumerate(lengths)]
        images, groups, channels, filters = range(4)
        places, inside = range(4, 4 + n), range(4 + n, 4 + 2 * n)
        self.of_patches = [images, groups, channels, *places, *inside]
        self.of_filters = [groups, filters, *places, channels, *inside]
        self.of_output = [images, groups, filters, *places]

    @property
    def index(self) -> tuple[Any, ...]:
        """Which elements of the padded input each place and each element of the filters meet."""
        n, found = self.geometry.ndim, []
        for a, (m, k) in enumerate(zip(self.places, self.kernel, strict=True)):
            start = arange(m) * self.geometry.stride[a]
            within = arange(k) * self.geometry.dilation[a]
            at = start.dimshuffle(0, "x") + within.dimshuffle("x", 0)
            shape: list[Any] = ["x"] * (2 * n)
            shape[a], shape[n + a] = 0, 1
            found.append(at.dimshuffle(*shape))
        return (slice(None), slice(None), *found)

    def read(self, x: Any) -> TensorVariable:
        """The patches of an input."""
        read = pad(x, [(0, 0), (0, 0), *self.pads])[self.index]
        return self.in_groups(read, 1)

    def added(self, patches: Any, images: Any, channels: Any) -> Any:
        """The input to which patches are added up."""
        padded = [b + m + e for (b, e), m in zip(self.pads, self.lengths, strict=True)]
        whole = zeros([images, channels, *padded], patches.dtype)
        found = inc_subtensor(whole[self.index], self.joined(patches, 1))
        inner = (slice(b, b + m) for (b, _), m in zip(self.pads, self.lengths, strict=True))
        return found[(slice(None), slice(None), *inner)]

    def in_groups(self, x: Any, axis: int) -> TensorVariable:
        """An axis cut into one of groups and one of what each has."""
        lengths = _lengths(x)
        groups = self.geometry.groups
        return reshape(x, [*lengths[:axis], groups, lengths[axis] // groups, *lengths[axis + 1 :]])

    def joined(self, x: Any, axis: int) -> TensorVariable:
        """What `in_groups` cut."""
        lengths = _lengths(x)
        whole = lengths[axis] * lengths[axis + 1]
        return reshape(x, [*lengths[:axis], whole, *lengths[axis + 2 :]])


def _lengths(x: Any) -> list[Any]:
    return [as_known(shape_i(x, a)) for a in range(x.ndim)]


def _check(name: str, geometry: Geometry, x: Any, w: Any) -> None:
    """Raise `ShapeError` if lengths that are known do not go together."""
    told, n = f"\n  input  {describe(x)}\n  filters  {describe(w)}", geometry.ndim
    filters = w.type.shape
    try:
        shape = geometry.out_shape(x.type.shape, (filters[0], *filters[1 + n :]))
    except ShapeError as error:
        raise ShapeError(f"{name}: {error}{told}") from None
    for a, (m, k) in enumerate(zip(shape[2:], filters[1 : 1 + n], strict=True)):
        if m is not None and k is not None and m != k:
            raise ShapeError(
                f"{name}: there are filters for {k} places along axis {a + 2}, and {m} places{told}"
            )


def locally_connected(name: str, x: Any, w: Any, geometry: Geometry) -> TensorVariable:
    """The correlation of a batch with filters (filters, *places, channels / groups, *kernel)."""
    n = geometry.ndim
    _check(name, geometry, x, w)
    patches = _Patches(geometry, _lengths(x)[2:], _lengths(w)[-n:])
    found = einsum(
        *(patches.read(x), patches.of_patches),
        *(patches.in_groups(w, 0), patches.of_filters, patches.of_output),
    )
    return patches.joined(found, 1)


def locally_connected_inputs(
    g: Any, w: Any, geometry: Geometry, lengths: Sequence[Any]
) -> TensorVariable:
    """The adjoint of `locally_connected` in its input, of some lengths."""
    patches = _Patches(geometry, lengths, _lengths(w)[-geometry.ndim :])
    each = einsum(
        *(patches.in_groups(g, 1), patches.of_output),
        *(patches.in_groups(w, 0), patches.of_filters, patches.of_patches),
    )
    channels = _lengths(w)[-geometry.ndim - 1] * geometry.groups
    return patches.added(each, _lengths(g)[0], channels)  # type: ignore[no-any-return]  # a tensor


def locally_connected_filters(
    x: Any, g: Any, geometry: Geometry, kernel: Sequence[Any]
) -> TensorVariable:
    """The adjoint of `locally_connected` in its filters, of some lengths."""
    patches = _Patches(geometry, _lengths(x)[2:], kernel)
    each = einsum(
        *(patches.read(x), patches.of_patches),
        *(patches.in_groups(g, 1), patches.of_output, patches.of_filters),
    )
    return patches.joined(each, 0)
