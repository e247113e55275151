"""Kernels of loops in CUDA C.

Along parallel axes what is written lies apart: they are shared among threads, or among blocks where
there is something to sum up. Along the others one thread, or the threads of one block, walk in a
fixed order, so that the same numbers come out every time.
"""

from bitale_graph.extend import Result, reductions
from bitale_graph.plan.dialect import C_TYPES
from bitale_graph.plan.kernel import Kernel, Operand, is_apart
from bitale_graph.plan.program import ProgramText, layout_of, table_of

from .dialect import DIALECT

THREADS = 256


def is_claimed(kernel: Kernel) -> bool:
    """Whether this printer writes a kernel: all that is summed up is along the same axes."""
    axes = {r.axes for r in kernel.loop.results if r.reduce is not None}
    scatters = any(r.into is not None for r in kernel.loop.results)
    return len(axes) <= 1 and not (axes and scatters)


class CudaKernel:
    """The text of one kernel.

    Parameters
    ----------
    kernel : Kernel
        One that `is_claimed`.
    """

    def __init__(self, kernel: Kernel) -> None:
        self.kernel, self.loop = kernel, kernel.loop
        axes = range(self.loop.ndim)
        summed = {a for r in self.loop.results if r.reduce is not None for a in r.axes}
        self.sums = [(k, r) for k, r in enumerate(self.loop.results) if r.reduce is not None]
        self.parallel = [a for a in axes if a not in summed and is_apart(self.loop, a)]
        self.walked = [a for a in axes if a not in self.parallel]

    def text(self, name: str) -> str:
        """The function of that name."""
        lines = [f'extern "C" __global__ void {name}({", ".join(self._parameters())}) {{']
        lines += [f"    {line}" for line in (self._summing() if self.sums else self._plain())]
        return "\n".join([*lines, "}"])

    def _parameters(self) -> list[str]:
        out = [f"int64_t n{a}" for a in range(self.loop.ndim)]
        for o in self.kernel.operands:
            const = "const " if o.is_read_only else ""
            out.append(f"{const}{C_TYPES[o.dtype]} *{o.name}")
            out += [f"int64_t {n}" for n in layout_of(o)]
        return out + [f"{C_TYPES[self.kernel.dtypes[j]]} x{j}" for j in self.kernel.by_value]

    # Loops
    def _count(self, axes: list[int]) -> str:
        return " * ".join(f"n{a}" for a in axes) or "1"

    def _indices(self, flat: str, axes: list[int]) -> list[str]:
        """The index along each axis from one that counts through all of them."""
        return [
            f"int64_t rest_{flat} = {flat}; (void)rest_{flat};",
            *(
                f"const int64_t index{a} = rest_{flat} % n{a}; rest_{flat} /= n{a};"
                for a in reversed(axes)
            ),
        ]

    def _plain(self) -> list[str]:
        """A thread for each place that is written apart from others."""
        first = "(int64_t)blockIdx.x * blockDim.x + threadIdx.x"
        step = "(int64_t)gridDim.x * blockDim.x"
        walked = [
            f"for (int64_t index{a} = 0; index{a} < n{a}; index{a}++) {{" for a in self.walked
        ]
        return [
            f"const int64_t count = {self._count(self.parallel)};",
            f"for (int64_t e = {first}; e < count; e += {step}) {{",
            *self._indices("e", self.parallel),
            *walked,
            *self._body(),
            "}" * (1 + len(walked)),
        ]

    def _summing(self) -> list[str]:
        """A block for each sum; its threads take turns, and are summed up pair by pair."""
        lines = [
            f"const int64_t count = {self._count(self.parallel)};",
            f"const int64_t length = {self._count(self.walked)};",
            "const int at = threadIdx.x;",
        ]
        for k, r in self.sums:
            lines.append(f"__shared__ {C_TYPES[r.acc_dtype]} shared{k}[{THREADS}];")
            if r.place:
                lines.append(f"__shared__ int64_t where{k}[{THREADS}];")
        lines.append("for (int64_t e = blockIdx.x; e < count; e += gridDim.x) {")
        lines += self._indices("e", self.parallel)
        for k, r in self.sums:
            assert r.reduce is not None
            start = DIALECT.literal(reductions[r.reduce].identity(r.acc_dtype), r.acc_dtype)
            lines.append(f"{C_TYPES[r.acc_dtype]} sum{k} = {start};")
            lines += [f"int64_t place{k} = INT64_MIN;"] * r.place
        lines.append("for (int64_t w = at; w < length; w += blockDim.x) {")
        lines += [*self._indices("w", self.walked), *self._body(), "}"]
        for k, r in self.sums:
            lines.append(f"shared{k}[at] = sum{k};" + f" where{k}[at] = place{k};" * r.place)
        lines += ["__syncthreads();", "for (int half = blockDim.x / 2; half > 0; half /= 2) {"]
        lines.append("if (at < half) {")
        for k, r in self.sums:
            one, other = f"shared{k}[at]", f"shared{k}[at + half]"
            places = (f"where{k}[at]", f"where{k}[at + half]")
            lines.append(_combined(r, one, other, places))
        lines += ["}", "__syncthreads();", "}"]
        for k, r in self.sums:
            found = DIALECT.converted(f"shared{k}[0]", r.acc_dtype, r.dtype)
            lines.append(f"if (at == 0) total{k}[e] = {f'where{k}[0]' if r.place else found};")
        # The next sum needs no barrier: of what it writes, the first thread alone reads anything.
        return [*lines, "}"]

    # What is done at each index
    def _body(self) -> list[str]:
        kernel, loop = self.kernel, self.loop
        lines, loaded = [], {j: f"x{j}" for j in kernel.by_value}
        for o in kernel.of_kind("in"):
            loaded[o.index] = f"x{o.index}"
            lines.append(f"const {C_TYPES[o.dtype]} x{o.index} = {o.name}[{self._spot(o)}];")
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
                lines.append(f"out{k}[{self._spot(outs[k])}] = {value};")
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
