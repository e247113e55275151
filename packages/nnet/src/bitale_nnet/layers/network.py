"""Any graph of layers, as a layer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from bitale_graph.extend import ShapeError

from .container import Container
from .layer import Layer
from .passes import Training
from .places import Input, Place, places_of, replaced


@dataclass(frozen=True)
class _Slot(Place):
    """The place of a value: first of what is fed, then of the output of each step."""

    index: int


@dataclass(frozen=True)
class _Step:
    """A call of one of the layers; places among its arguments are slots."""

    layer: int
    arguments: dict[str, Any]


class Network(Container):
    """A graph of layers: what lies between its inputs and its outputs.

    Graphs are written by calling layers with places, of which an `Input` is the first. A layer
    that is called several times has one set of parameters. A network is a layer: it can be called
    with places of another.

    Parameters
    ----------
    inputs : Input or sequence of Input
    outputs : place or sequence of places
        What layers gave when they were called with places.
    name : str, optional

    Shapes
    ------
    input   that of the one input, or a tuple of shapes, one for each of the sequence of inputs
    output  likewise

    Layers without a name get one, by the order in which they compute: "dense0.W" and so on. A mask
    goes to all layers that take one, unless they were called with a mask of their own.

    Raises
    ------
    TypeError
        If something is no `Input`, or no place.
    ValueError
        If an output needs an input that is not among ``inputs``, or an input is needed by none; if
        two layers have one name.
    ShapeError
        If a layer that is called several times would need other parameters for another call.

    Examples
    --------
    >>> from bitale_nnet import Concat, Dense, Embedding, GRU, Input, Network
    >>> words, age = Input("words", "int"), Input("age")
    >>> read = GRU(16)(Embedding(1000, 8)(words))
    >>> network = Network((words, age), Dense(2)(Concat()((read, age))))
    >>> network.build(((None, 20), (None, 1)))
    (None, 2)
    >>> list(network.get_values())[:2]
    ['embedding0.W', 'gru1.W_xm']
    """

    def __init__(self, inputs: Any, outputs: Any, name: str | None = None) -> None:
        self._is_single = not isinstance(inputs, (tuple, list))
        self._gives_single = not isinstance(outputs, (tuple, list))
        given = [inputs] if self._is_single else list(inputs)
        wanted = [outputs] if self._gives_single else list(outputs)
        _check_ends(given, wanted)
        layers: list[Layer] = []
        slots: dict[int, _Slot] = {id(place): _Slot(i) for i, place in enumerate(given)}
        self._steps: list[_Step] = []
        order = _in_order(wanted, given)
        self._input_dtypes = _input_dtypes(given, order)
        for place in order:
            if not any(place.layer is layer for layer in layers):
                layers.append(place.layer)
            number = next(i for i, layer in enumerate(layers) if layer is place.layer)
            arguments = {
                key: replaced(value, lambda part: slots[id(part)])
                for key, value in place.arguments.items()
            }
            slots[id(place)] = _Slot(len(slots))
            self._steps.append(_Step(number, arguments))
        self._outputs = [slots[id(place)].index for place in wanted]
        self._input_names = [place.name for place in given]
        super().__init__(layers, name)

    @property
    def input_dtype(self) -> Any:
        return self._input_dtypes[0] if self._is_single else tuple(self._input_dtypes)

    def _fed(self, what: str, given: Any) -> list[Any]:
        """One of ``given`` for each input; raises `ShapeError` if there are not as many."""
        if self._is_single:
            return [given]
        n = len(self._input_names)
        is_sequence = isinstance(given, (tuple, list)) and len(given) == n
        if not is_sequence or (what == "shapes" and not all(isinstance(s, tuple) for s in given)):
            names = ", ".join(str(name) for name in self._input_names)
            raise ShapeError(
                f"{self} has {n} inputs ({names}) and takes a tuple of {n} {what}, not {given!r}"
            )
        return list(given)

    def _shapes(self, input_shape: Any) -> tuple[list[Any], list[Any]]:
        """The shape at each slot, and that of what each layer is fed with at first."""
        shapes, first = self._fed("shapes", input_shape), [None] * len(self.layers)
        for step in self._steps:
            layer = self.layers[step.layer]
            fed = replaced(step.arguments["x"], lambda slot: shapes[slot.index])
            shapes.append(layer.output_shape(fed))
            if first[step.layer] is None:
                first[step.layer] = fed
            elif (one := _needs(layer, first[step.layer])) != (other := _needs(layer, fed)):
                raise ShapeError(
                    f"{self}: {layer} is called several times, and would need the parameters "
                    f"{one} for inputs {first[step.layer]}, but {other} for inputs {fed}"
                )
        return shapes, first

    def input_shapes(self, input_shape: Any) -> list[Any]:
        return self._shapes(input_shape)[1]

    def calls(self, input_shape: Any) -> list[tuple[Layer, Any]]:
        shapes = self._shapes(input_shape)[0]
        return [
            (
                self.layers[step.layer],
                replaced(step.arguments["x"], lambda slot: shapes[slot.index]),
            )
            for step in self._steps
        ]

    def output_shape(self, input_shape: Any) -> Any:
        shapes = self._shapes(input_shape)[0]
        return self._results([shapes[i] for i in self._outputs])

    def _results(self, results: Sequence[Any]) -> Any:
        return results[0] if self._gives_single else tuple(results)

    def expression(self, x: Any, training: Training | None = None, mask: Any = None) -> Any:
        values = self._fed("tensors", x)
        for step in self._steps:
            layer: Any = self.layers[step.layer]
            arguments = {
                key: replaced(value, lambda slot: values[slot.index])
                for key, value in step.arguments.items()
            }
            if mask is not None and layer.takes_mask:
                arguments.setdefault("mask", mask)
            values.append(layer(**arguments, training=training))
        return self._results([values[i] for i in self._outputs])


def _check_ends(inputs: list[Any], outputs: list[Any]) -> None:
    for place in inputs:
        if not isinstance(place, Input):
            raise TypeError(f"the inputs of a Network are made by Input(name), not {place!r}")
    for place in outputs:
        if not isinstance(place, Place):
            raise TypeError(
                "the outputs of a Network are what layers give when they are called with places, "
                f"not {place!r}"
            )
    if not inputs or not outputs or len({id(place) for place in inputs}) < len(inputs):
        raise ValueError(f"a Network needs inputs, each once, and outputs, and got {inputs}")


def _input_dtypes(inputs: list[Input], order: list[Place]) -> list[str]:
    """What each input is fed with: integers where a layer needs them; raises `ValueError`."""
    taken: dict[int, set[str]] = {id(place): set() for place in [*inputs, *order]}
    for place in reversed(order):
        x, kinds = place.arguments["x"], place.layer.input_dtype
        parts = x if isinstance(x, (tuple, list)) else (x,)
        for k, part in enumerate(parts):
            kind = kinds[k] if isinstance(kinds, tuple) else kinds
            taken[id(part)] |= taken[id(place)] if kind == "any" else {kind}
    found = []
    for place in inputs:
        needed = "int" if "int" in taken[id(place)] else place.dtype or "float"
        if place.dtype == "float" and needed == "int":
            raise ValueError(f"{place} is 'float', and a layer that reads it takes integers")
        found.append(place.dtype or needed)
    return found


def _needs(layer: Layer, shape: Any) -> dict[str, Any]:
    return {p.name: p.shape for p in layer.declare(shape)}


def _in_order(outputs: list[Place], inputs: list[Input]) -> list[Place]:
    """What layers give on the way to the outputs, each after what it is made from."""
    found: dict[int, Place] = {}
    stack: list[tuple[Place, bool]] = [(place, False) for place in reversed(outputs)]
    while stack:
        place, is_ready = stack.pop()
        if id(place) in found:
            continue
        needed = list(places_of(place.arguments))
        if is_ready or not needed:
            found[id(place)] = place
        else:
            stack.append((place, True))
            stack += [(part, False) for part in reversed(needed)]
    given = {id(place) for place in inputs}
    for place in found.values():
        if isinstance(place, Input) and id(place) not in given:
            raise ValueError(f"the outputs need {place}, which is not among the inputs {inputs}")
    for place in inputs:
        if id(place) not in found:
            raise ValueError(f"no output needs {place}")
    return [place for place in found.values() if not isinstance(place, Input)]
