"""What layers made of other layers have in common."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, TypeVar

import numpy as np

from .layer import Layer, Parameter, Shape, as_shape
from .passes import Training

C = TypeVar("C", bound="Container")


class Container(Layer):
    """The base of layers made of others, whose parameters are theirs: "name of layer.parameter".

    A subclass gives `input_shapes`, `output_shape` and `expression`, which hands ``training`` on.

    Parameters
    ----------
    layers : sequence of Layer
        Layers without a name get one: "dense0" for a `Dense` at the first place.
    name : str, optional

    Raises
    ------
    ValueError
        If two layers have one name, or one is there twice; when it is used, if a layer was built
        again elsewhere.
    """

    def __init__(self, layers: Sequence[Layer], name: str | None = None) -> None:
        super().__init__(name)
        self.layers = list(layers)
        if len({id(layer) for layer in self.layers}) < len(self.layers):
            raise ValueError(
                f"{self} has the same layer twice; a Network lets calls share their parameters"
            )
        for i, layer in enumerate(self.layers):
            if layer.name is None:
                layer.name = f"{type(layer).__name__.lower()}{i}"
        names = [layer.name for layer in self.layers]
        if len(set(names)) < len(names):
            raise ValueError(f"{self}: the names of the layers must differ, and are {names}")

    def input_shapes(self, input_shape: Shape) -> list[Shape]:
        """Give for each of the layers the shape of what it is fed with."""
        raise TypeError(f"{type(self).__name__} does not define input_shapes")

    def calls(self, input_shape: Shape) -> list[tuple[Layer, Any]]:
        """List the layers in the order in which they compute, each with the shape it is fed with.

        A layer that is called several times is there as often.
        """
        return list(zip(self.layers, self.input_shapes(input_shape), strict=True))

    def multiplications(self, input_shape: Shape) -> int | None:
        counts = [layer.multiplications(shape) for layer, shape in self.calls(input_shape)]
        return None if None in counts else sum(n for n in counts if n is not None)

    def declare(self, input_shape: Shape) -> list[Parameter]:
        shapes = self.input_shapes(input_shape)
        declared = [
            replace(p, name=f"{layer.name}.{p.name}")
            for layer, shape in zip(self.layers, shapes, strict=True)
            for p in layer.declare(shape)
        ]
        names = [p.name for p in declared]
        if len(set(names)) < len(names):
            twice = next(name for name in names if names.count(name) > 1)
            raise ValueError(
                f"{self}: two parameters would be called {twice!r}; give a layer another name"
            )
        return declared

    def build(
        self,
        input_shape: Sequence[int | None],
        rng: np.random.Generator | int | None = None,
        dtype: str | None = None,
    ) -> Shape:
        shape = as_shape(self, input_shape)
        # Before anything is made: a shape that does not fit is found here.
        declared, output_shape = self.declare(shape), self.output_shape(shape)
        rng = np.random.default_rng(rng)
        for layer, own in zip(self.layers, self.input_shapes(shape), strict=True):
            layer.build(own, rng, dtype)
        self._variables = {
            f"{layer.name}.{name}": variable
            for layer in self.layers
            for name, variable in layer._variables.items()
        }
        for name, variable in self._variables.items():
            variable.name = name
        self._declared, self._built_for = declared, shape
        return output_shape

    def _needs_building(self) -> None:
        super()._needs_building()
        for layer in self.layers:
            layer._needs_building()
            for name, variable in layer._variables.items():
                if self._variables.get(f"{layer.name}.{name}") is not variable:
                    raise ValueError(
                        f"{self}: {layer} was built again, alone or in another container, and has "
                        "other parameters since; give each container layers of its own"
                    )

    def unbuilt(self: C) -> C:
        twin = copy.copy(self)
        twin._declared, twin._variables, twin._built_for = None, {}, None
        twin.layers = [layer.unbuilt() for layer in self.layers]
        twins = {id(one): other for one, other in zip(self.layers, twin.layers, strict=True)}
        for layer in twin.layers:
            layer.relinked(twins)
        return twin

    @property
    def takes_mask(self) -> bool:
        """Whether any of the layers does."""
        return any(layer.takes_mask for layer in self.layers)

    _without_mask = "has no layer that takes a mask"

    def __repr__(self) -> str:
        built = "" if self.__dict__.get("_declared") is not None else "not built; "
        return f"<{self}: {built}{', '.join(map(repr, self.layers))}>"

    def expression(self, x: Any, training: Training | None = None, mask: Any = None) -> Any:
        raise TypeError(f"{type(self).__name__} does not define expression")
