"""Kernels of loops in CUDA C.

Along parallel axes what is written lies apart: they are shared among threads, or among groups of
threads where there is something to sum up. Along the others one thread, or the threads of a group,
walk in a fixed order, so that the same numbers come out every time.
"""

from __future__ import annotations

from dataclasses import replace
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
from bitale_graph.extend import Loop, Result, reductions
from bitale_graph.plan.kernel import Kernel, Operand, is_apart
from bitale_graph.plan.program import ProgramText, layout_of, table_of

from ..base.limits import MOST_THREADS
from .dialect import DIALECT
from .text import KINDS, KernelText, kernel_text

# What a block may have in common is 48 KiB; the rest is for who compiles.
MOST_SHARED = 40 << 10
# What one access moves, in bytes.
ACCESS = 16


class Part(NamedTuple):
    """What one launch does of a kernel.

    Attributes
    ----------
    kernel : Kernel
    operands : list of int
        Which of the whole kernel's operands it has.
    """

    kernel: Kernel
    operands: list[int]


def parts_of(kernel: Kernel) -> list[Part]:
    """A kernel as several.

    Each sums up along the same axes, or writes at places alone, and has no more sums than the
    memory of a block has room for.
    """
    groups: dict[Any, list[int]] = {}
    for k, r in enumerate(kernel.loop.results):
        key = r.axes if r.reduce is not None else "into" if r.into is not None else None
        groups.setdefault(key, []).append(k)
    # What is stored side by side goes along with anything, but may lie where all parts read.
    stored = groups.pop(None, [])
    parts = [part for chosen in groups.values() for part in _with_room(kernel, chosen)] or [[]]
    parts[-1] += stored
    if len(parts) == 1:
        return [Part(kernel, list(range(len(kernel.operands))))]
    return [_part(kernel, sorted(chosen)) for chosen in parts]


def _with_room(kernel: Kernel, chosen: list[int]) -> list[list[int]]:
    """Results in groups that have room in the memory of a block."""
    parts: list[list[int]] = [[]]
    used = 0
    for k in chosen:
        r = kernel.loop.results[k]
        size = 0
        if r.reduce is not None:
            size = MOST_THREADS * (np.dtype(r.acc_dtype).itemsize + 8 * r.place)
        if parts[-1] and used + size > MOST_SHARED:
            parts.append([])
            used = 0
        parts[-1].append(k)
        used += size
    return parts


def _part(kernel: Kernel, chosen: list[int]) -> Part:
    operands, places = [], []
    for i, o in enumerate(kernel.operands):
        if o.kind in ("in", "table"):
            operands.append(o)
        elif o.index in chosen:
            operands.append(replace(o, index=chosen.index(o.index)))
        else:
            continue
        places.append(i)
    loop = kernel.loop
    results = tuple(loop.results[k] for k in chosen)
    changed = Loop(loop.ndim, loop.steps, results, loop.lengths)
    return Part(replace(kernel, loop=changed, operands=tuple(operands)), places)


class LoopKernel:
    """The text of one kernel.

    Parameters
    ----------
    kernel : Kernel
        One of `parts_of`.
    hint : str
    is_guarded : bool
        Whether it does nothing once a check has failed.

    Attributes
    ----------
    parallel, walked : list of int
        Axes of the range.
    sums : list of (int, Result)
        The results that are summed up, by their places.
    width : int
        How many elements one access moves; 1 where none does.

    Notes
    -----
    A launch passes the lengths of the range; for each operand its pointer and layout; the numbers;
    then, for sums, how many ``lanes`` a group has (a power of 2 that divides the block), into how
    many ``splits`` each sum is split (blocks along y), memory for the parts of each sum and its
    places, and tickets, which are 0 and are left so; else, how many packs are moved whole.
    """

    def __init__(self, kernel: Kernel, hint: str = "loop", *, is_guarded: bool = False) -> None:
        self.kernel, self.loop, self.hint, self.is_guarded = kernel, kernel.loop, hint, is_guarded
        axes = range(self.loop.ndim)
        summed = {a for r in self.loop.results if r.reduce is not None for a in r.axes}
        self.sums = [(k, r) for k, r in enumerate(self.loop.results) if r.reduce is not None]
        self.parallel = [a for a in axes if a not in summed and is_apart(self.loop, a)]
        self.walked = [a for a in axes if a not in self.parallel]

    @cached_property
    def packed(self) -> list[Operand]:
        """The operands of which a thread moves several elements at once."""
        return [
            o for o in self.kernel.operands if o.kind in ("in", "out") and o.moves[-1:] == ("1",)
        ]

    @cached_property
    def width(self) -> int:
        if self.sums or self.walked or not self.packed:
            return 1
        return max(1, ACCESS // max(np.dtype(o.dtype).itemsize for o in self.packed))

    @cached_property
    def text(self) -> KernelText:
        """Its definition."""
        lines = self._summing() if self.sums else self._plain()
        return kernel_text(self.hint, self._parameters(), lines, is_guarded=self.is_guarded)

    def _parameters(self) -> list[tuple[str, str]]:
        out = [(f"int64_t n{a}", "q") for a in range(self.loop.ndim)]
        for o in self.kernel.operands:
            const = "const " if o.is_read_only else ""
            out.append((f"{const}{DIALECT.c_type(o.dtype)} *{o.name}", "P"))
            out += [(f"int64_t {n}", "q") for n in layout_of(o)]
        for j in self.kernel.by_value:
            dtype = self.kernel.dtypes[j]
            out.append((f"{DIALECT.c_type(dtype)} x{j}", KINDS[dtype]))
        if not self.sums:
            return [*out, ("int64_t packs", "q")]
        out += [("int lanes", "i"), ("int splits", "i")]
        for k, r in self.sums:
            out.append((f"{DIALECT.c_type(r.acc_dtype)} *part{k}", "P"))
            out += [(f"int64_t *seen{k}", "P")] * r.place
        return [*out, ("int *tickets", "P")]

    # Loops
    def _count(self, axes: list[int]) -> str:
        return " * ".join(f"n{a}" for a in axes) or "1"

    def _indices(self, flat: str, axes: list[int]) -> list[str]:
        """The index along each axis from one that counts through all of them."""
        if len(axes) == 1:
            return [f"const int64_t index{axes[0]} = {flat};"]
        if not axes:
            return []
        first, *rest = axes
        lines = [f"int64_t rest_{flat} = {flat}; (void)rest_{flat};"]
        lines += [
            f"const int64_t index{a} = rest_{flat} % n{a}; rest_{flat} /= n{a};"
            for a in reversed(rest)
        ]
        return [*lines, f"const int64_t index{first} = rest_{flat};"]

    def _plain(self) -> list[str]:
        """A thread for each place that is written apart from others; packs of them first."""
        walked = [
            f"for (int64_t index{a} = 0; index{a} < n{a}; index{a}++) {{" for a in self.walked
        ]
        loop = "for (int64_t e = {}; e < {}; e += (int64_t)gridDim.x * blockDim.x) {{"
        thread = "(int64_t)blockIdx.x * blockDim.x + threadIdx.x"
        lines = [f"const int64_t count = {self._count(self.parallel)};"]
        start = thread
        if self.width > 1:
            lines += [loop.format(thread, "packs"), *self._of_pack(), "}"]
            start = f"packs * {self.width} + {thread}"
        return [
            *lines,
            loop.format(start, "count"),
            *self._indices("e", self.parallel),
            *walked,
            *self._body(),
            "}" * (1 + len(walked)),
        ]

    def _of_pack(self) -> list[str]:
        """Several elements at once, all axes but the last of which have length 1."""
        lines, last, width = [], self.kernel.inner, self.width
        for o in self.packed:
            pack = f"bt_pack<{DIALECT.c_type(o.dtype)}, {width}>"
            if o.kind == "in":
                lines.append(f"const {pack} p_{o.name} = ((const {pack} *){o.name})[e];")
            else:
                lines.append(f"{pack} p_{o.name};")
        lines.append(f"#pragma unroll\n    for (int u = 0; u < {width}; u++) {{")
        lines += [f"const int64_t index{a} = 0;" for a in range(last)]
        lines += [f"const int64_t index{last} = e * {width} + u;", *self._body(is_pack=True), "}"]
        for o in self.packed:
            if o.kind == "out":
                pack = f"bt_pack<{DIALECT.c_type(o.dtype)}, {width}>"
                lines.append(f"(({pack} *){o.name})[e] = p_{o.name};")
        return lines

    def _summing(self) -> list[str]:
        """A group of threads for each sum; they take turns, and are summed up pair by pair."""
        lines = [
            f"const int64_t count = {self._count(self.parallel)};",
            f"const int64_t length = {self._count(self.walked)};",
            "const int at = threadIdx.x, lane = at % lanes, groups = blockDim.x / lanes;",
            "__shared__ int is_last;",
        ]
        for k, r in self.sums:
            lines.append(f"__shared__ {DIALECT.c_type(r.acc_dtype)} shared{k}[{MOST_THREADS}];")
            lines += [f"__shared__ int64_t where{k}[{MOST_THREADS}];"] * r.place
        lines += [
            "for (int64_t chunk = blockIdx.x; chunk * groups < count; chunk += gridDim.x) {",
            "const int64_t e = chunk * groups + at / lanes;",
        ]
        for k, r in self.sums:
            lines.append(f"{DIALECT.c_type(r.acc_dtype)} sum{k} = {self._identity(r)};")
            lines += [f"int64_t place{k} = INT64_MIN;"] * r.place
        lines += [
            "if (e < count) {",
            *self._indices("e", self.parallel),
            "const int64_t step = (int64_t)lanes * splits;",
            "for (int64_t w = (int64_t)blockIdx.y * lanes + lane; w < length; w += step) {",
            *self._indices("w", self.walked),
            *self._body(),
            "}",
            "}",
            *self._in_group(),
            "const bool writes = lane == 0 && e < count;",
            "if (splits == 1) {",
            "if (writes) {",
        ]
        for k, r in self.sums:
            lines.append(self._total(k, r, f"shared{k}[at]", f"where{k}[at]"))
        # The next sums wait at a barrier before they write to what is read here.
        lines += ["}", "} else {", *self._in_splits(), "}", "__syncthreads();", "}"]
        return lines

    def _identity(self, r: Result) -> str:
        assert r.reduce is not None
        return DIALECT.literal(reductions[r.reduce].identity(r.acc_dtype), r.acc_dtype)

    def _total(self, k: int, r: Result, found: str, place: str) -> str:
        value = place if r.place else DIALECT.converted(found, r.acc_dtype, r.dtype)
        return f"total{k}[e] = {value};"

    def _in_group(self) -> list[str]:
        """Sum up what the threads of each group have, into what its first one has."""
        lines = []
        for k, r in self.sums:
            lines.append(f"shared{k}[at] = sum{k};" + f" where{k}[at] = place{k};" * r.place)
        lines += ["for (int half = lanes / 2; half > 0; half /= 2) {", "__syncthreads();"]
        lines.append("if (lane < half) {")
        for k, r in self.sums:
            one, other = f"shared{k}[at]", f"shared{k}[at + half]"
            lines.append(_combined(r, one, other, (f"where{k}[at]", f"where{k}[at + half]")))
        return [*lines, "}", "}"]

    def _in_splits(self) -> list[str]:
        """Leave a part; the block that comes last sums all parts up, in their order."""
        lines = ["if (writes) {"]
        for k, r in self.sums:
            lines.append(f"part{k}[blockIdx.y * count + e] = shared{k}[at];")
            lines += [f"seen{k}[blockIdx.y * count + e] = where{k}[at];"] * r.place
        lines += [
            "}",
            "__syncthreads();",
            "if (at == 0) {",
            "__threadfence();",
            "is_last = atomicAdd(&tickets[chunk], 1) == splits - 1;",
            "}",
            "__syncthreads();",
            "if (is_last) {",
            "__threadfence();",
            "if (writes) {",
        ]
        for k, r in self.sums:
            acc = DIALECT.c_type(r.acc_dtype)
            lines.append(f"{acc} all{k} = {DIALECT.fresh(f'part{k}', 'e', r.acc_dtype)};")
            lines += [f"int64_t its{k} = ((volatile int64_t *)seen{k})[e];"] * r.place
        lines.append("for (int s = 1; s < splits; s++) {")
        for k, r in self.sums:
            acc, part = DIALECT.c_type(r.acc_dtype), f"part{k}"
            found = DIALECT.fresh(part, "s * count + e", r.acc_dtype)
            lines.append(f"const {acc} one{k} = {found};")
            if r.place:
                lines.append(f"const int64_t at{k} = ((volatile int64_t *)seen{k})[s * count + e];")
            lines.append(_combined(r, f"all{k}", f"one{k}", (f"its{k}", f"at{k}")))
        lines.append("}")
        for k, r in self.sums:
            lines.append(self._total(k, r, f"all{k}", f"its{k}"))
        return [*lines, "}", "if (at == 0) tickets[chunk] = 0;", "}"]

    # What is done at each index
    def _body(self, *, is_pack: bool = False) -> list[str]:
        kernel, loop = self.kernel, self.loop
        packs = {o.name for o in self.packed} if is_pack else set()
        lines, loaded = [], {j: f"x{j}" for j in kernel.by_value}
        for o in kernel.of_kind("in"):
            loaded[o.index] = f"x{o.index}"
            place = f"p_{o.name}.item[u]" if o.name in packs else f"{o.name}[{self._spot(o)}]"
            lines.append(f"const {DIALECT.c_type(o.dtype)} x{o.index} = {place};")
        tables = {o.index: table_of(o) for o in kernel.of_kind("table")}
        program = ProgramText(
            DIALECT, loop, kernel.dtypes, loaded, tables, lambda step, dtype, made: made.text
        )
        spots = {
            o.index: program.spot(o.name, loop.results[o.index].at, table_of(o), kernel.dtypes)
            for o in kernel.of_kind("into")
        }
        lines += program.lines
        outs = {o.index: o for o in kernel.of_kind("out")}
        dtypes = [*kernel.dtypes, *(s.dtype for s in loop.steps)]
        for k, r in enumerate(loop.results):
            value = program.values[r.value]
            if r.into is not None:
                place = f"into{k}[{spots[k]}]"
                if r.combine is not None:
                    value = DIALECT.expression(
                        r.combine, [r.dtype, r.dtype], r.dtype, [place, value]
                    ).text
                lines.append(f"{place} = {value};")
            elif r.reduce is None:
                is_packed = f"out{k}" in packs
                place = f"p_out{k}.item[u]" if is_packed else f"out{k}[{self._spot(outs[k])}]"
                lines.append(f"{place} = {value};")
            else:
                value = DIALECT.converted(value, dtypes[r.value], r.acc_dtype)
                index = f"index{r.axes[0]}" if r.place else ""
                lines.append(_combined(r, f"sum{k}", value, (f"place{k}", index)))
        return lines

    def _spot(self, o: Operand) -> str:
        """Where an operand is read or written at the present index."""
        terms = [
            f"index{a}" if m == "1" else f"index{a} * {o.move(a)}"
            for a, m in enumerate(o.moves)
            if m != "0"
        ]
        return " + ".join(terms) or "0"


def _combined(r: Result, one: str, other: str, places: tuple[str, str]) -> str:
    """A statement that adds to a sum, or keeps the largest and the first place where it is."""
    assert r.reduce is not None
    if not r.place:
        text = DIALECT.expression(r.reduce, [r.acc_dtype] * 2, r.acc_dtype, [one, other]).text
        return f"{one} = {text};"
    mine, its = places
    larger = f"{other} > {one} || ({other} != {other} && {one} == {one})"
    same = f"({other} == {one} || ({other} != {other} && {one} != {one}))"
    first = f"({mine} == INT64_MIN || ({its} != INT64_MIN && {its} < {mine}))"
    return f"if ({larger} || ({same} && {first})) {{ {one} = {other}; {mine} = {its}; }}"
