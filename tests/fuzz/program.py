"""A program as text: inputs, lines of the tensor language, outputs and updates."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import bitale
import bitale.sparse
import bitale.tensor as T
import numpy as np
from bitale.ifelse import ifelse
from bitale.scan_module import until
from bitale_graph.ops.assertion import Assert
from bitale_graph.ops.product import Gemm
from bitale_graph.testing import op_samples

LAYOUTS = (
    *("plain", "strided", "reversed", "transposed", "read-only", "unaligned", "broadcast"),
    *("offset", "swapped"),
)
SAMPLES = {sample.name: sample for sample in op_samples()}


def laid_out(x: Any, layout: str) -> Any:
    """The values of ``x`` in memory laid out otherwise; "broadcast" repeats the first rows."""
    if not x.ndim and layout not in ("read-only", "unaligned", "swapped"):
        return x.copy()
    if layout == "strided":
        wide = np.zeros(tuple(3 * n for n in x.shape), x.dtype)
        view = wide[tuple(slice(1, None, 3) for _ in x.shape)]
        view[...] = x
        return view
    if layout == "reversed":
        back = (slice(None, None, -1),) * x.ndim
        return x[back].copy()[back]
    if layout == "transposed":
        return x.T.copy().T
    if layout == "read-only":
        x = x.copy()
        x.flags.writeable = False
        return x
    if layout == "unaligned":
        memory = np.zeros(x.nbytes + 1, np.uint8)
        view = memory[1:].view(x.dtype).reshape(x.shape)
        view[...] = x
        return view
    if layout == "broadcast" and x.ndim:
        return np.broadcast_to(x[:1].copy(), x.shape)
    if layout == "offset":
        wide = np.zeros(tuple(n + 3 for n in x.shape), x.dtype)
        view = wide[tuple(slice(1, n + 1) for n in x.shape)]
        view[...] = x
        return view
    if layout == "swapped":
        return x.astype(x.dtype.newbyteorder())
    return x.copy()


def array(values: Sequence[Any], dtype: str, shape: tuple[int, ...], layout: str = "plain") -> Any:
    """The values again and again, in a shape and a layout."""
    with np.errstate(all="ignore"):
        data = np.array(values, dtype)
        return laid_out(np.resize(data, shape).astype(dtype), layout)


NAMES: dict[str, Any] = {
    "np": np,
    "T": T,
    "bitale": bitale,
    "ifelse": ifelse,
    "until": until,
    "Assert": Assert,
    "Gemm": Gemm,
    "SAMPLES": SAMPLES,
    "array": array,
    "nan": np.nan,
    "inf": np.inf,
}


@dataclass(frozen=True)
class Input:
    """An input, or a shared variable, and what is given for it."""

    name: str
    values: tuple[Any, ...]
    dtype: str
    shape: tuple[int, ...]
    layout: str = "plain"
    static: tuple[int | None, ...] = ()
    shared: bool = False

    def value(self, turn: int = 0) -> Any:
        """The array of the first call; of later ones the numbers in other places and shapes."""
        k = turn % max(len(self.values), 1)
        layout = LAYOUTS[(LAYOUTS.index(self.layout) + 2 * turn) % len(LAYOUTS)]
        shape = self.shape
        if turn == 2:
            static = self.static or (None,) * len(shape)
            grown = [
                n + 2 if n > 1 and s is None else n for n, s in zip(shape, static, strict=True)
            ]
            shape = tuple(grown)
        return array(self.values[k:] + self.values[:k], self.dtype, shape, layout)

    def text(self) -> str:
        """The line that makes its variable."""
        if self.shared:
            return f"{self.name} = bitale.shared({self.value_text()}, {self.name!r})"
        static = self.static or (None,) * len(self.shape)
        return f"{self.name} = T.TensorType({self.dtype!r}, {static})({self.name!r})"

    def value_text(self) -> str:
        """The expression of its array."""
        listed = ", ".join(map(repr, self.values))
        return f"array([{listed}], {self.dtype!r}, {self.shape}, {self.layout!r})"


@dataclass(frozen=True)
class Step:
    """One line; ``{0}`` and so on in the template stand for earlier names."""

    name: str
    template: str
    args: tuple[str, ...]

    def expression(self) -> str:
        """The right side."""
        text = self.template
        for i, name in enumerate(self.args):
            text = text.replace(f"{{{i}}}", name)
        return text


@dataclass(frozen=True)
class Program:
    """Inputs, steps, what comes out and what is updated."""

    inputs: tuple[Input, ...]
    steps: tuple[Step, ...]
    outputs: tuple[str, ...]
    updates: tuple[tuple[str, str], ...] = ()
    seed: str = ""
    raises: str = ""

    def build(self) -> Built:
        """Make its variables."""
        names: dict[str, Any] = {}
        space = dict(NAMES)
        for x in self.inputs:
            space[x.name] = names[x.name] = (
                bitale.shared(x.value(), x.name)
                if x.shared
                else T.TensorType(x.dtype, x.static or (None,) * len(x.shape))(x.name)
            )
        with np.errstate(over="ignore"), warnings.catch_warnings():  # 1e300 beside float32
            # A softmax along an axis that happens to have the length 1.
            warnings.filterwarnings("ignore", ".*whose length is 1", UserWarning)
            for step in self.steps:
                space[step.name] = names[step.name] = eval(step.expression(), space)
        inputs = [names[x.name] for x in self.inputs if not x.shared]
        shared = [names[x.name] for x in self.inputs if x.shared]
        outputs = [names[name] for name in self.outputs]
        updates = [(names[target], names[value]) for target, value in self.updates]
        return Built(self, inputs, shared, outputs, updates, names)

    def with_only_needed(self) -> Program:
        """Without steps and inputs that no output and update needs."""
        needed = {*self.outputs, *(name for pair in self.updates for name in pair)}
        steps = []
        for step in reversed(self.steps):
            if step.name in needed:
                steps.append(step)
                needed.update(step.args)
        inputs = tuple(x for x in self.inputs if x.name in needed)
        return replace(self, inputs=inputs, steps=tuple(reversed(steps)))

    def text(self, mode: str = "bitale.Mode('c')") -> str:
        """A program to run, in the folder that holds ``tests``."""
        given = [x for x in self.inputs if not x.shared]
        unused = "on_unused_input='ignore'"
        lines = [
            "from tests.fuzz.program import *  # noqa",
            *(x.text() for x in self.inputs),
            *(f"{step.name} = {step.expression()}" for step in self.steps),
            f"inputs = [{', '.join(x.name for x in given)}]",
            f"outputs = [{', '.join(self.outputs)}]",
            f"updates = [{', '.join(f'({a}, {b})' for a, b in self.updates)}]",
            f"values = [{', '.join(x.value_text() for x in given)}]",
            f"for mode in (bitale.Mode('numpy', 'None'), {mode}):",
            f"    f = bitale.function(inputs, outputs, updates=updates, mode=mode, {unused})",
            "    print(mode, *f(*values), sep='\\n')",
        ]
        return "\n".join(lines)


@dataclass
class Built:
    """The variables of a program."""

    program: Program
    inputs: list[Any]
    shared: list[Any]
    outputs: list[Any]
    updates: list[tuple[Any, Any]]
    names: dict[str, Any] = field(default_factory=dict)

    @property
    def results(self) -> list[Any]:
        """Outputs, then new values."""
        return [*self.outputs, *(new for _, new in self.updates)]

    def arrays(self, turn: int = 0) -> list[Any]:
        """What is given for the inputs."""
        return [x.value(turn) for x in self.program.inputs if not x.shared]

    def state(self, turn: int = 0) -> list[Any]:
        """What the shared variables hold before a call."""
        return [x.value(turn) for x in self.program.inputs if x.shared]
