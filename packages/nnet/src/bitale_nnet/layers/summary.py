"""A network as a table: what each layer gives, holds, and takes to compute."""

from __future__ import annotations

import html
import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from bitale_graph.extend import config

from .container import Container
from .layer import Layer, Parameter, as_shape, product_of_lengths

_HEADS = ("layer", "output", "parameters", "memory", "multiplications")


@dataclass(frozen=True)
class Row:
    """One call of a layer.

    Attributes
    ----------
    name : str
        With those of the containers it is in: "sequential0.dense0".
    kind : str
        Its class.
    output : tuple
        The shape of the output, None for lengths that are not known.
    parameters : int
        How many numbers it holds; 0 for another call of the same layer.
    memory : int or None
        Bytes of its parameters, and of its output for one of the batch.
    multiplications : int or None
        Of matrix products, for one of the batch; None where lengths are not known.
    """

    name: str
    kind: str
    output: Any
    parameters: int
    memory: int | None
    multiplications: int | None


@dataclass(frozen=True)
class Summary:
    """What `summary` gives: a table as text, and as HTML in notebooks.

    Attributes
    ----------
    rows : tuple of Row
    parameters, trainable : int
        How many numbers there are, and how many of them update rules change.
    """

    rows: tuple[Row, ...]
    parameters: int
    trainable: int

    @property
    def memory(self) -> int | None:
        """Bytes of all parameters, and of all outputs for one of the batch."""
        return _total([row.memory for row in self.rows])

    @property
    def multiplications(self) -> int | None:
        """Of matrix products, for one of the batch."""
        return _total([row.multiplications for row in self.rows])

    def _cells(self) -> list[tuple[str, ...]]:
        return [
            (
                f"{row.name} ({row.kind})" if row.name else row.kind,
                str(row.output),
                f"{row.parameters:,}",
                _size(row.memory),
                _count(row.multiplications),
            )
            for row in self.rows
        ]

    def _foot(self) -> tuple[str, ...]:
        numbers = f"{self.parameters:,}"
        return ("all", "", numbers, _size(self.memory), _count(self.multiplications))

    def _note(self) -> str:
        kept = self.parameters - self.trainable
        others = f"; {kept:,} of the parameters are not trainable" if kept else ""
        return f"memory and multiplications are for one of the batch{others}"

    def __str__(self) -> str:
        lines = [_HEADS, *self._cells(), self._foot()]
        widths = [max(len(line[i]) for line in lines) for i in range(len(_HEADS))]

        def written(line: tuple[str, ...]) -> str:
            texts = [
                text.ljust(width) if i < 2 else text.rjust(width)
                for i, (text, width) in enumerate(zip(line, widths, strict=True))
            ]
            return "  ".join(texts).rstrip()

        rule = "-" * (sum(widths) + 2 * (len(widths) - 1))
        body = [written(line) for line in self._cells()]
        return "\n".join([written(_HEADS), rule, *body, rule, written(self._foot()), self._note()])

    __repr__ = __str__

    def _repr_html_(self) -> str:
        def row(tag: str, cells: tuple[str, ...]) -> str:
            aligned = [
                f'<{tag} style="text-align: {"left" if i < 2 else "right"}">'
                f"{html.escape(cell)}</{tag}>"
                for i, cell in enumerate(cells)
            ]
            return f"<tr>{''.join(aligned)}</tr>"

        body = "".join(row("td", cells) for cells in self._cells())
        return (
            f"<table><thead>{row('th', _HEADS)}</thead><tbody>{body}</tbody>"
            f"<tfoot>{row('th', self._foot())}</tfoot>"
            f"<caption>{html.escape(self._note())}</caption></table>"
        )


def summary(layer: Layer, input_shape: Any = None, dtype: str | None = None) -> Summary:
    """A table of the layers of a network, in the order in which they compute.

    Parameters
    ----------
    layer : Layer
        Built or not.
    input_shape : sequence of int or None, optional
        Or a tuple of shapes for several inputs; by default what the layer was built for.
    dtype : str, optional
        Of parameters and outputs; by default that of the parameters, or ``config.floatX``.

    Returns
    -------
    Summary
        Its ``str`` is the table; notebooks show it as HTML.

    Raises
    ------
    ValueError
        If no shape is given, and the layer is not built.
    ShapeError
        If the layer cannot take inputs of this shape.

    Examples
    --------
    >>> from bitale_nnet import Dense, Sequential
    >>> summary(Sequential([Dense(8, "relu"), Dense(2)]), (None, 4), "float32")
    layer           output     parameters  memory  multiplications
    --------------------------------------------------------------
    dense0 (Dense)  (None, 8)          40   192 B               32
    dense1 (Dense)  (None, 2)          18    80 B               16
    --------------------------------------------------------------
    all                                58   272 B               48
    memory and multiplications are for one of the batch
    """
    if input_shape is None:
        if layer._built_for is None:
            raise ValueError(f"{layer} is not built, so tell the shape: summary(layer, (None, 64))")
        input_shape = layer._built_for
    shape = as_shape(layer, input_shape)
    declared = layer.declare(shape)
    if dtype is None:
        held: list[Any] = list(layer.parameters()) if layer.is_built else []
        dtype = held[0].dtype if held else config.floatX
    width = np.dtype(dtype).itemsize
    seen: set[int] = set()
    rows = []
    for name, one, fed in _calls(layer, shape):
        own = [] if id(one) in seen else one.declare(fed)
        seen.add(id(one))
        rows.append(_row(name, one, fed, _numbers(own), width))
    trainable = _numbers([p for p in declared if "trainable" in p.tags])
    return Summary(tuple(rows), _numbers(declared), trainable)


def _calls(layer: Layer, shape: Any) -> Iterator[tuple[str, Layer, Any]]:
    """All calls of layers that are no containers, with what they are fed with."""
    stack: list[tuple[str, Layer, Any]] = [("", layer, shape)]
    while stack:
        name, one, fed = stack.pop()
        if not isinstance(one, Container):
            yield name or (one.name or ""), one, fed
            continue
        prefix = f"{name}." if name else ""
        stack += [(f"{prefix}{inner.name}", inner, s) for inner, s in reversed(one.calls(fed))]


def _row(name: str, layer: Layer, shape: Any, parameters: int, width: int) -> Row:
    output: Any = layer.output_shape(shape)
    several = bool(output) and isinstance(output[0], tuple)
    sizes = [product_of_lengths(s[1:]) for s in (output if several else (output,))]
    elements = _total(sizes)
    memory = None if elements is None else (elements + parameters) * width
    kind = type(layer).__name__
    return Row(name, kind, output, parameters, memory, layer.multiplications(shape))


def _numbers(declared: list[Parameter]) -> int:
    return sum(math.prod(p.shape) for p in declared)


def _total(counts: list[int | None]) -> int | None:
    known = [n for n in counts if n is not None]
    return sum(known) if len(known) == len(counts) else None


def _count(n: int | None) -> str:
    return "?" if n is None else f"{n:,}"


def _size(n: int | None) -> str:
    if n is None:
        return "?"
    size, units = float(n), ["B", "KiB", "MiB", "GiB"]
    while size >= 1000 and len(units) > 1:
        size, units = size / 1024, units[1:]
    return f"{n} B" if units[0] == "B" else f"{size:.1f} {units[0]}"
