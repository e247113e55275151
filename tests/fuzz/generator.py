"""Random programs over every op of the language."""

from __future__ import annotations

import functools
import random
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
from bitale_graph.base.errors import MissingRuleError
from bitale_graph.testing import difference

from . import steps
from .evaluate import Values
from .program import LAYOUTS, NAMES, SAMPLES, Input, Program, Step

DTYPES = (
    ("float64",) * 8
    + ("float32",) * 6
    + (
        *("int64", "int64", "int32", "int16", "int8", "uint8", "uint16", "uint32", "uint64"),
        *("bool", "bool", "float16", "complex64", "complex128"),
    )
)
SHAPES: tuple[tuple[int, ...], ...] = (
    *((), (), (1,), (3,), (4,), (5,), (3, 4), (3, 4), (4, 3), (2, 3), (4, 4), (2, 3, 4), (1, 4)),
    *((3, 1), (0,), (0, 3), (3, 0), (67,), (5, 19), (130,), (1, 1), (2, 1, 3), (2, 2, 2, 2)),
)
LARGEST = 1500


class Dropped(Exception):
    """A line that cannot be built, or is too large."""


class Builder:
    """A program as it grows, with the values of all its lines."""

    def __init__(self, seed: str, refuted: Callable[[str], None]) -> None:
        self.rng = random.Random(seed)
        self.seed = seed
        self.refuted = refuted
        self.inputs: list[Input] = []
        self.steps: list[Step] = []
        self.updates: list[tuple[str, str]] = []
        self.variables: dict[str, Any] = {}
        self.values: dict[str, Any] = {}
        self.evaluator = Values({})
        self.raises = ""
        self.profile = self.rng.choice(("mild", "mild", "mild", "edges", "edges", "wide", "ties"))
        self.main = self.rng.choice(DTYPES)

    # Inputs
    def numbers(self, dtype: str, count: int) -> tuple[Any, ...]:
        """Numbers of a dtype, by the profile of the program."""
        return tuple(self.number(dtype) for _ in range(count))

    def number(self, dtype: str) -> Any:
        """One number."""
        rng, kind = self.rng, np.dtype(dtype).kind
        if kind == "b":
            return rng.random() < 0.5
        if kind in "iu":
            info = np.iinfo(dtype)
            if self.profile in ("edges", "wide") and rng.random() < 0.4:
                at = [info.min, info.max, info.min + 1, info.max - 1, 0, info.max // 2, 1]
                return int(rng.choice(at))
            return rng.randint(max(-5, info.min), 6)
        if kind == "c":
            low = "float32" if dtype == "complex64" else "float64"
            return complex(self.number(low), self.number(low))
        info = np.finfo(dtype)
        if self.profile == "ties":
            return rng.choice((-2.0, -1.5, -1.0, -0.5, 0.0, 0.5, 1.0, 2.0, 2.5, 3.0))
        if self.profile == "edges" and rng.random() < 0.4:
            tiny, huge, least = float(info.tiny), float(info.max), float(info.smallest_subnormal)
            return rng.choice((0.0, -0.0, np.nan, np.inf, -np.inf, least, -least, tiny / 4, tiny,
                               -tiny, huge, -huge, 1.0, -1.0, 1 + float(info.eps)))  # fmt: skip
        if self.profile == "wide":
            exponent = {"float64": 300, "float32": 36, "float16": 3}[dtype]
            return rng.choice((-1, 1)) * 10.0 ** rng.uniform(-exponent, exponent)
        return round(rng.choice((rng.gauss(0, 1), rng.uniform(-4, 4), rng.uniform(0, 2))), 4)

    def input(
        self,
        dtype: str,
        shape: tuple[int, ...],
        static: tuple[int | None, ...] | None = None,
        values: tuple[Any, ...] | None = None,
    ) -> str:
        """A new input or shared variable."""
        rng = self.rng
        shared = rng.random() < 0.12 and static is None
        if static is None:
            how = rng.random()
            static = tuple(n if how < 0.2 or (n == 1 and how < 0.7) else None for n in shape)
        if values is None:
            values = self.numbers(dtype, rng.randint(3, 11))
        name = f"x{len(self.inputs)}"
        layout = "plain" if shared or rng.random() < 0.5 else rng.choice(LAYOUTS)
        one = Input(name, values, dtype, shape, layout, () if shared else static, shared)
        self.inputs.append(one)
        single = Program((one,), (), ()).build()
        v = self.variables[name] = single.names[name]
        x = one.value()
        if not shared:
            x = v.type.filter(x)
        self.values[name] = self.evaluator.known[v] = x
        return name

    def new(self, dtype: str | None = None, shape: tuple[int, ...] | None = None) -> str:
        """An input of any shape."""
        return self.input(dtype or self.main, self.rng.choice(SHAPES) if shape is None else shape)

    # Lines
    def pick(self, kinds: str = "biufc", least: int = 0, most: int = 9) -> str:
        """A line of some kind of dtype and of a rank, or a new input; the latest are likelier."""
        found = [
            name
            for name, x in self.values.items()
            if x.dtype.kind in kinds and least <= x.ndim <= most
        ]
        if found and self.rng.random() < 0.9:
            return found[-1 - min(int(self.rng.expovariate(0.5)), len(found) - 1)]
        dtype = self.main if np.dtype(self.main).kind in kinds else "float64"
        if np.dtype(dtype).kind not in kinds:
            dtype = "bool" if "b" in kinds and self.rng.random() < 0.5 else "int64"
        shapes = [s for s in SHAPES if least <= len(s) <= most]
        return self.input(dtype, self.rng.choice(shapes))

    def like(self, name: str, same_dtype: bool = True) -> str:
        """A line that goes with ``name`` elementwise; often a new input."""
        x, v = self.values[name], self.variables[name]
        found = [
            other
            for other, y in self.values.items()
            if (y.shape == x.shape or y.ndim == 0)
            and (not same_dtype or y.dtype == x.dtype)
            and (y.dtype.kind != "c" or x.dtype.kind == "c")
        ]
        if self.rng.random() < 0.7 and found:
            return self.rng.choice(found)
        dtype = x.dtype.name if same_dtype or self.rng.random() < 0.5 else self.rng.choice(DTYPES)
        shape = list(x.shape)
        static: list[int | None] = [None] * x.ndim
        for axis in range(len(shape)):
            if self.rng.random() < 0.15:
                shape[axis] = static[axis] = 1
            elif v.type.shape[axis] == 1 and self.rng.random() < 0.5:
                shape[axis] = self.rng.choice((1, 3))
        drop = self.rng.randint(0, x.ndim) if self.rng.random() < 0.15 else 0
        return self.input(dtype, tuple(shape[drop:]), tuple(static[drop:]))

    def add(self, template: str, *args: str, reference: Any = None) -> str:
        """Append a line; `Dropped` if it is refused as it is built."""
        name = f"v{len(self.steps)}"
        args = tuple(a for i, a in enumerate(args) if f"{{{i}}}" in template)
        step = Step(name, template, args)
        space = {**NAMES, **{a: self.variables[a] for a in args}}
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                v = eval(step.expression(), space)
        except (TypeError, ValueError, IndexError, OverflowError, MissingRuleError) as error:
            raise Dropped(f"{step.expression()}: {error}") from error
        if not hasattr(v, "type") or not hasattr(v.type, "shape"):
            raise Dropped(step.expression())
        try:
            with np.errstate(all="ignore"), warnings.catch_warnings():
                warnings.simplefilter("ignore")
                (x,) = self.evaluator.find([v])
        except Exception as error:
            if self.rng.random() < 0.5:
                self.steps.append(step)
                self.variables[name] = v
                self.raises = type(error).__name__
            raise Dropped(str(error)) from error
        if x.size > LARGEST:
            raise Dropped("too large")
        if x.dtype.name != v.type.dtype or x.ndim != v.type.ndim:
            self.refuted(f"{step.expression()}: {v.type} gave {x.dtype} {x.shape}\n{self.text()}")
        self.steps.append(step)
        self.variables[name] = v
        self.values[name] = x
        if reference is not None:
            self._compare(step, x, reference)
        return name

    def _compare(self, step: Step, x: Any, reference: Any) -> None:
        with np.errstate(all="ignore"), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                expected = np.asarray(reference(*(self.values[a] for a in step.args)))
            except Exception as error:  # noqa: BLE001 (told, not raised)
                self.refuted(f"{step.expression()}: NumPy raised {error!r}\n{self.text()}")
                return
            rtol = {"float16": 4e-3, "float32": 4e-6, "complex64": 8e-6}.get(x.dtype.name, 1e-12)
            tiny = float(np.finfo(x.dtype).tiny) if x.dtype.kind in "fc" else 0
            told = difference(x, expected, rtol if x.dtype.kind in "fc" else 0, tiny)
        if told:
            self.refuted(f"{step.expression()} is not as in NumPy: {told}\n{self.text()}")

    def text(self) -> str:
        """The program so far."""
        return self.program().text()

    def program(self) -> Program:
        """The program, with a choice of lines as outputs."""
        rng = self.rng
        names = [s.name for s in self.steps]
        if self.raises:
            outputs = [names[-1]]
        else:
            unread = [n for n in names if not any(n in s.args for s in self.steps)]
            unread = [n for n in unread if n in self.values]
            outputs = unread[-4:] + [n for n in names if n in self.values and rng.random() < 0.1]
            outputs = list(dict.fromkeys(outputs)) or names[-1:]
        return Program(
            tuple(self.inputs), tuple(self.steps), tuple(outputs), tuple(self.updates), self.seed,
            self.raises,
        ).with_only_needed()  # fmt: skip


def _start(b: Builder) -> None:
    """A sample of the table now and then, so that every op has its turn."""
    rng = b.rng
    if rng.random() < 0.25:
        sample = SAMPLES[rng.choice(sample_names())]
        names = []
        for x, static in zip(sample.inputs, sample.static, strict=True):
            values = tuple(x.ravel().tolist())
            changeable = x.dtype.kind in "fc" and rng.random() < 0.5
            given = None if changeable or not values else values
            names.append(b.input(x.dtype.name, x.shape, static, given))
        holes = ", ".join(f"{{{i}}}" for i in range(len(names)))
        try:
            built = sample.build(*(b.variables[n] for n in names))
            many = isinstance(built, (list, tuple))
            for k in range(len(built) if many else 1):
                pick = f"[{k}]" if many else ""
                b.add(f"SAMPLES[{sample.name!r}].build({holes}){pick}", *names)
        except (Dropped, TypeError, ValueError, IndexError):
            pass
    else:
        b.new()


@functools.cache
def sample_names() -> list[str]:
    """Names of small samples, those of each subject about as often as those of another."""
    groups: dict[Any, list[str]] = {}
    for name, sample in SAMPLES.items():
        if sum(x.size for x in sample.inputs) <= 300:
            groups.setdefault(sample.subject, []).append(name)
    return [names[i % len(names)] for names in groups.values() for i in range(max(40, len(names)))]


def _update(b: Builder) -> None:
    """New values of shared variables, of their type."""
    for one in b.inputs:
        if not one.shared or b.rng.random() < 0.3:
            continue
        fitting = [
            n
            for n, v in b.variables.items()
            if n in b.values
            and v.type.dtype == one.dtype
            and v.type.ndim == len(one.shape)
            and n != one.name
        ]
        if fitting:
            b.updates.append((one.name, b.rng.choice(fitting)))


def generate(seed: str, refuted: Callable[[str], None] = lambda text: None) -> Program:
    """The program of a seed.

    Parameters
    ----------
    seed : str
    refuted : callable
        Told of lines whose NumPy meaning is not what NumPy gives.
    """
    b = Builder(seed, refuted)
    _start(b)
    wanted = b.rng.randint(2, 11)
    for _ in range(3 * wanted):
        if len(b.steps) >= wanted or b.raises:
            break
        maker = b.rng.choices(steps.MAKERS, list(steps.WEIGHTS.values()))[0]
        try:
            maker(b)
        except Dropped:
            continue
    if not b.steps:
        b.add("T.tensor_copy({0})", b.new())
    if not b.raises:
        _update(b)
    return b.program()
