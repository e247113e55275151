"""Lines that reduce, index, write, reshape, join and create."""

from __future__ import annotations

import random
from typing import Any

import numpy as np
from bitale_graph.extend import reductions

ROWS = [reductions[op].name for op in reductions]


def reduction(b: Any) -> None:
    """A reduction."""
    rng = b.rng
    x = b.pick()
    value = b.values[x]
    name = rng.choice(("sum", "mean", "var", "std", "argmax", "argmin", *ROWS))
    axis: Any = None
    if value.ndim and rng.random() < 0.8:
        axis = rng.randrange(-value.ndim, value.ndim)
        if value.ndim > 1 and rng.random() < 0.25 and name not in ("argmax", "argmin"):
            axis = tuple(sorted(rng.sample(range(value.ndim), rng.randint(1, value.ndim))))
    keep = rng.random() < 0.3
    reference: Any = None
    if name in ("max", "min", "argmax", "argmin") and value.dtype.kind in "biuf":
        reference = lambda x: getattr(np, name)(x, axis=axis, keepdims=keep)
    more = ""
    if name in ("sum", "prod") and rng.random() < 0.3:
        wanted = ("float64", "float32", "int64", "int32", "uint8", "uint64", "bool", "int8")
        more = f", dtype={rng.choice(wanted)!r}"
        if rng.random() < 0.3:
            more += f", acc_dtype={rng.choice(wanted)!r}"
    b.add(f"T.{name}({{0}}, axis={axis}, keepdims={keep}{more})", x, reference=reference)


def _index(rng: random.Random, n: int, fancy: bool) -> str:
    kind = rng.random()
    if kind < 0.25 and n:
        return str(rng.randrange(-n, n))
    if fancy and kind < 0.6 and n:
        return str([rng.randrange(-n, n) for _ in range(rng.choice((1, 2, 3)))])
    if kind < 0.65:
        return ":"

    def bound() -> str:
        return "" if rng.random() < 0.4 else str(rng.randint(-n - 1, n + 1))

    return f"{bound()}:{bound()}:{rng.choice(('', '', '-1', '2', '-2'))}"


def _selection(b: Any, x: str) -> str:
    """A selection in {0}, of integers, slices and lists."""
    rng, value = b.rng, b.values[x]
    fancy = rng.random() < 0.4
    parts = [_index(rng, n, fancy) for n in value.shape[: rng.randint(1, value.ndim)]]
    lists = [i for i, p in enumerate(parts) if p.startswith("[")]
    for i in lists[1:]:
        count = parts[lists[0]].count(",") + 1
        n = value.shape[i]
        parts[i] = str([rng.randrange(-n, n) for _ in range(count)])
    if rng.random() < 0.1:
        parts.insert(rng.randint(0, len(parts)), "None")
    if rng.random() < 0.1:
        parts.append("...")
    return f"{{0}}[{', '.join(parts)}]"


def read(b: Any) -> None:
    """Indexing; against NumPy where the index is a constant."""
    x = b.pick(least=1)
    if b.rng.random() < 0.3:
        n = b.values[x].shape[0]
        if not n:
            return
        kind = b.rng.choice(("int64", "int64", "int32", "uint8", "int8") if n < 128 else ("int64",))
        low = 0 if kind == "uint8" else -n
        shape = b.rng.choice(((), (), (3,), (1,), (0,), (2, 2)))
        values = tuple(b.rng.randrange(low, n) for _ in range(4))
        i = b.input(kind, shape, values=values)
        template = b.rng.choice(
            ("{0}[{1}]", "{0}[{1}:]", "{0}[:{1}]", "{0}[{1}::-1]", "{0}.take({1}, axis=0)")
            if not shape
            else ("{0}[{1}]", "{0}.take({1}, axis=0)")
        )
        b.add(template, x, i)
        return
    text = _selection(b, x)
    b.add(text, x, reference=lambda v: eval(text.replace("{0}", "v"), {"v": v}))


def write(b: Any) -> None:
    """A write into a selection."""
    rng = b.rng
    x = b.pick(least=1)
    text = _selection(b, x)
    function = rng.choice(("set", "inc"))
    part = eval(text.replace("{0}", "v"), {"v": b.values[x]})
    kind = rng.random()
    if kind < 0.3:
        b.add(f"T.{function}_subtensor({text}, {rng.choice(('0', '1', '2'))})", x)
    elif kind < 0.9:
        y = b.input(b.values[x].dtype.name, np.shape(part))
        b.add(f"T.{function}_subtensor({text}, {{1}})", x, y)
    else:
        b.add(f"T.{function}_subtensor({text}, {text} * 2)", x)


def written_and_read(b: Any) -> None:
    """A read of what was written."""
    x = b.pick("biuf", least=1)
    where, again = _selection(b, x), _selection(b, x)
    part = eval(where.replace("{0}", "v"), {"v": b.values[x]})
    y = b.input(b.values[x].dtype.name, np.shape(part))
    written = f"T.{b.rng.choice(('set', 'inc'))}_subtensor({where}, {{1}})"
    again = where if b.rng.random() < 0.4 else again
    b.add(again.replace("{0}", written, 1), x, y)


def reshape(b: Any) -> None:
    """Another shape of the same elements."""
    rng = b.rng
    x = b.pick()
    value = b.values[x]
    kind = rng.randrange(9)
    if kind == 0:
        n = value.size
        factors = [f for f in range(1, n + 1) if n % f == 0] if n else [1, 2]
        f = rng.choice(factors)
        last = "-1" if n and rng.random() < 0.5 else str(n // f)
        text = f"({f}, {last})" if rng.random() < 0.6 else f"({f}, 1, {last})"
        b.add(f"T.reshape({{0}}, {text})", x)
    elif kind == 1:
        axes: list[Any] = list(range(value.ndim))
        rng.shuffle(axes)
        for _ in range(rng.choice((0, 0, 1, 2))):
            axes.insert(rng.randint(0, len(axes)), "x")
        b.add(f"{{0}}.dimshuffle({', '.join(map(repr, axes))})", x)
    elif kind == 2:
        b.add(f"T.flatten({{0}}, {rng.randint(1, max(1, value.ndim))})", x)
    elif kind == 3:
        b.add("{0}.T", x, reference=np.transpose)
    elif kind == 4 and value.ndim:
        b.add(f"{{0}}.shape[{rng.randrange(value.ndim)}] * {rng.choice(('1', '2', '0.5'))}", x)
    elif kind == 5:
        b.add("T.squeeze({0})", x)
    elif kind == 6:
        static = tuple(rng.choice((n, None)) for n in value.shape)
        b.add(f"T.specify_shape({{0}}, {static})", x)
    elif kind == 7 and value.ndim > 1:
        b.add(f"T.swapaxes({{0}}, {rng.randrange(value.ndim)}, {rng.randrange(value.ndim)})", x)
    else:
        function = rng.choice(("T.shape_padleft({0}, 1)", "T.shape_padright({0}, 1)", "{0}.shape",
                               "T.addbroadcast({0}, 0)", "{0}.ravel()"))  # fmt: skip
        b.add(function, x)


def join(b: Any) -> None:
    """Tensors put together."""
    rng = b.rng
    x = b.pick(least=1)
    value = b.values[x]
    axis = rng.randrange(-value.ndim, value.ndim)
    shape = list(value.shape)
    shape[axis] = rng.randint(0, 3)
    y = b.input(value.dtype.name if rng.random() < 0.8 else b.main, tuple(shape))
    kind = rng.randrange(4)
    if kind == 0:
        b.add(f"T.join({axis}, {{0}}, {{1}}, {{0}})", x, y)
    elif kind == 1:
        b.add(f"T.concatenate([{{0}}, {{1}}], axis={axis})", x, y,
              reference=lambda x, y: np.concatenate([x, y], axis=axis))  # fmt: skip
    elif kind == 2:
        b.add(f"T.stack({{0}}, {{0}}, axis={axis})", x)
    else:
        cut = rng.randint(0, value.shape[axis] + 1)
        index = ", ".join([":"] * (axis % value.ndim) + [f"{cut}:"])
        b.add(f"T.join({axis}, {{0}}, {{1}})[{index}]", x, y)


def create(b: Any) -> None:
    """Tensors from lengths."""
    rng = b.rng
    x = b.pick()
    n = b.input("int64", (), values=(rng.randint(0, 4),))
    kind = rng.randrange(7)
    if kind == 0 and b.values[x].ndim <= 2:
        b.add("T.alloc({0}, {1}, *[{0}.shape[i] for i in range({0}.ndim)])", x, n)
    elif kind == 1:
        b.add("T.arange({0}) * 2", n)
    elif kind == 2:
        dtype = rng.choice(("float64", "float32", "int64", "int8"))
        b.add(f"T.eye({{0}}, 3, {rng.randint(-2, 2)}, dtype={dtype!r})", n)
    elif kind == 3:
        b.add("T.full((2, {1}), {0}.sum())", x, n)
    elif kind == 4:
        start, step = rng.choice(("0.5", "-1", "3", "0")), rng.choice(("0.5", "2", "-1", "1"))
        b.add(f"T.arange({start}, {{0}}, {step})", n)
    elif kind == 5:
        b.add("T.zeros(({0}, 2)) + 1", n)
    else:
        b.add("T.full_like({0}, 3)", x)
