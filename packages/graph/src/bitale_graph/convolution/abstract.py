"""Convolutions in the form of Theano's op classes: settings first, then operands.

They stand for the ops of this room, which calling them makes.
"""

from __future__ import annotations

from typing import Any, ClassVar

from ..core.graph import Variable
from ..ops.shape import as_lengths, vector_elements
from ..ops.vector_length import vector_length
from ..tensor.variable import TensorVariable
from .adjoints import gradient_of_filters, gradient_of_inputs
from .functions import convolve


class _Abstract:
    """Settings of a convolution.

    Parameters
    ----------
    imshp, kshp : sequence of int or None, optional
        What is known of the shapes of images and filters.
    border_mode, subsample, filter_flip, filter_dilation, num_groups, unshared
        As those of `conv2d`.
    """

    ndim: ClassVar[int] = 2

    def __init__(
        self,
        imshp: Any = None,
        kshp: Any = None,
        border_mode: Any = "valid",
        subsample: Any = None,
        filter_flip: bool = True,
        filter_dilation: Any = None,
        num_groups: int = 1,
        unshared: bool = False,
    ) -> None:
        self.imshp = None if imshp is None else tuple(imshp)
        self.kshp = None if kshp is None else tuple(kshp)
        self.border_mode = border_mode
        self.subsample = subsample or (1,) * self.ndim
        self.filter_flip = filter_flip
        self.filter_dilation = filter_dilation or (1,) * self.ndim
        self.num_groups = num_groups
        self.unshared = unshared

    @property
    def _how(self) -> tuple[Any, ...]:
        return (
            *(self.border_mode, self.subsample, self.filter_flip),
            *(self.filter_dilation, self.num_groups, self.unshared),
        )

    def _whole(self, known: Any, lengths: Any) -> tuple[Any, ...]:
        """What is known of a shape, with the spatial lengths that are given."""
        is_vector = isinstance(lengths, Variable) and lengths.type.ndim == 1
        if is_vector and vector_length(lengths) is None:
            given = as_lengths(type(self).__name__, lengths, self.ndim)
        else:
            given = vector_elements(lengths)[-self.ndim :]
        rank = self.ndim + 2 + (self.ndim if self.unshared and known is self.kshp else 0)
        first = (None,) * (rank - self.ndim) if known is None else known[: -self.ndim]
        return (*first, *given)


class AbstractConv2d(_Abstract):
    """A convolution: ``AbstractConv2d(...)(img, kern)``."""

    def __call__(self, img: Any, kern: Any) -> TensorVariable:
        """Apply it to a batch of images."""
        shapes = self.imshp, self.kshp
        return convolve(type(self).__name__, self.ndim, (img, kern), shapes, *self._how)


class AbstractConv2d_gradWeights(_Abstract):  # noqa: N801 (Theano's)
    """Its gradient by the filters: ``AbstractConv2d_gradWeights(...)(img, topgrad, shape)``."""

    def __call__(self, img: Any, topgrad: Any, shape: Any) -> TensorVariable:
        """Give filters whose spatial lengths are ``shape``."""
        shapes = self.imshp, self._whole(self.kshp, shape)
        name = type(self).__name__
        return gradient_of_filters(name, self.ndim, (img, topgrad), shapes, *self._how)


class AbstractConv2d_gradInputs(_Abstract):  # noqa: N801 (Theano's)
    """Its gradient by the images: ``AbstractConv2d_gradInputs(...)(kern, topgrad, shape)``."""

    def __call__(self, kern: Any, topgrad: Any, shape: Any) -> TensorVariable:
        """Give images whose spatial lengths are ``shape``."""
        shapes = self._whole(self.imshp, shape), self.kshp
        name = type(self).__name__
        return gradient_of_inputs(name, self.ndim, (topgrad, kern), shapes, *self._how)


class AbstractConv3d(AbstractConv2d):
    """The same for volumes: ``AbstractConv3d(...)(img, kern)``."""

    ndim = 3


class AbstractConv3d_gradWeights(AbstractConv2d_gradWeights):  # noqa: N801 (Theano's)
    """The same for volumes: ``AbstractConv3d_gradWeights(...)(img, topgrad, shape)``."""

    ndim = 3


class AbstractConv3d_gradInputs(AbstractConv2d_gradInputs):  # noqa: N801 (Theano's)
    """The same for volumes: ``AbstractConv3d_gradInputs(...)(kern, topgrad, shape)``."""

    ndim = 3
