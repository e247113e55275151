"""Layers one after another."""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from bitale_graph import TensorVariable

from ..layer import Layer, Parameter, Shape
from .activation import Activation


class Sequential(Layer):
    """Feed each layer with the output of the one before it.

    Parameters
    ----------
    layers : sequence of Layer or callable
        A callable stands for an `Activation` with it. Layers without a name get one: "dense0" for a
        `Dense` at the first place. Parameters are then called "dense0.W" and so on.
    name : str, optional

    Raises
    ------
    ValueError
        If two layers have one name.
    TypeError
        If something is neither a layer nor callable.
    """

    def __init__(
        self, layers: Sequence[Layer | Callable[[Any], Any]], name: str | None = None
    ) -> None:
        super().__init__(name)
        self.layers = [_as_layer(layer) for layer in layers]
        for i, layer in enumerate(self.layers):
            if layer.name is None:
                layer.name = f"{type(layer).__name__.lower()}{i}"
        names = [layer.name for layer in self.layers]
        if len(set(names)) < len(names):
            raise ValueError(f"{self}: the names of the layers must differ, and are {names}")

    def declare(self, input_shape: Shape) -> list[Parameter]:
        declared: list[Parameter] = []
        for layer in self.layers:
            own = layer.declare(input_shape)
            declared += [replace(p, name=f"{layer.name}.{p.name}") for p in own]
            input_shape = layer.output_shape(input_shape)
        return declared

    def output_shape(self, input_shape: Shape) -> Shape:
        for layer in self.layers:
            input_shape = layer.output_shape(input_shape)
        return input_shape

    def build(
        self,
        input_shape: Sequence[int | None],
        rng: np.random.Generator | None = None,
        dtype: str | None = None,
    ) -> Shape:
        shape: Shape = tuple(input_shape)
        declared = self.declare(
            shape
        )  # before anything is made: a shape that does not fit is found here
        rng = rng or np.random.default_rng()
        for layer in self.layers:
            shape = layer.build(shape, rng, dtype)
        self._variables = {
            f"{layer.name}.{name}": variable
            for layer in self.layers
            for name, variable in layer._variables.items()
        }
        for name, variable in self._variables.items():
            variable.name = name
        self._declared = declared
        return shape

    def unbuilt(self) -> Sequential:
        twin = copy.copy(self)
        twin._declared, twin._variables = None, {}
        twin.layers = [layer.unbuilt() for layer in self.layers]
        return twin

    def expression(self, x: Any) -> TensorVariable:
        for layer in self.layers:
            x = layer(x)
        result: TensorVariable = x
        return result


def _as_layer(layer: Any) -> Layer:
    if isinstance(layer, Layer):
        return layer
    if callable(layer):
        return Activation(layer)
    raise TypeError(f"Sequential takes layers and functions, not {layer!r}")
