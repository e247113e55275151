"""From a rewritten graph to the text of one C file, and what the file expects and gives."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator
from itertools import accumulate
from typing import Any

import numpy as np
from bitale_graph.extend import Constant, FunctionGraph, Variable, load_rules

from . import emit
from .base.array import Array
from .base.ctype import C_TYPES, is_supported
from .host.builder import Builder
from .host.lowered import LoweredFunction
from .host.memory import plan_memory
from .host.region import Region, has_own_buffer, taken_over
from .library.units import Unit, prelude, support
from .library.vector_math.table import source as vector_source

load_rules(emit)

ARENA_BYTES = 4096
# Above this many statements the entry point, whose work is in kernels, is not optimised: a thousand
# sums of vectors took 4.0 s to compile, and now take 0.9 s.
LARGE_ENTRY = 4000
# From this many characters of kernels on, a file is compiled in two parts at once.
PARTED = 12_000
_FAIL = """#define BT_FAIL_AT(label, node, code) \\
    do { status = ((int64_t)(node) << 8) | (code); goto label; } while (0)
#define BT_FAIL(node, code) BT_FAIL_AT(leave, node, code)"""


def lower(
    graph: FunctionGraph, n_arguments: int, n_outputs: int, update_targets: list[int]
) -> LoweredFunction:
    """Write the C file of a graph.

    Parameters
    ----------
    graph : FunctionGraph
        Rewritten. Its inputs are arguments, then shared variables.
    n_arguments, n_outputs : int
        How many inputs are arguments, and how many outputs explicit.
    update_targets : list of int
        For each further output the shared variable that it updates, counted from the first.
    """
    return _Lowering(graph, n_arguments, n_outputs, update_targets).run()


def _constants(graph: FunctionGraph) -> Iterator[Constant]:
    """The constants of a graph and of the graphs inside its ops."""
    graphs = [graph]
    while graphs:
        one = graphs.pop()
        for node in one.toposort():
            graphs += [body.graph for body in node.op.bodies]
            yield from (v for v in node.inputs if isinstance(v, Constant))
        yield from (v for v in one.outputs if isinstance(v, Constant))


class _Lowering:
    def __init__(
        self, graph: FunctionGraph, n_arguments: int, n_outputs: int, update_targets: list[int]
    ) -> None:
        self.graph = graph
        self.n_arguments = n_arguments
        self.n_outputs = n_outputs
        updated = {
            n_outputs + i: graph.inputs[n_arguments + k] for i, k in enumerate(update_targets)
        }
        self.plan = plan_memory(graph, updated)
        self.given = {k: self._is_given(k) for k in range(len(graph.outputs))}
        self.b = Builder(self.plan, self._kept(), lambda v: bool(graph.clients[v]))
        self.constants: list[Constant] = []

    def _is_given(self, k: int) -> bool:
        """Whether the buffer of output ``k`` can leave the call itself; else it is copied."""
        v = self.graph.outputs[k]
        return (
            k not in self.plan.in_place
            and has_own_buffer(self.graph, v)
            and self.graph.outputs.index(v) == k
            and not any(self.graph.outputs[i] is v for i in self.plan.in_place)
        )

    def _kept(self) -> set[Variable]:
        given = [self.graph.outputs[k] for k, is_given in self.given.items() if is_given]
        return {v for output in given for v in taken_over(self.plan, output)}

    def run(self) -> LoweredFunction:
        b = self.b
        self._inputs()
        region = Region(b)
        region.head()
        region.start_tail()
        copies = self._copies()
        if b.kernels or b.units:
            b.put("if (((bt_call *)call)->is_stopped) BT_FAIL(0, BT_CALLBACK_RAISED);")
        if self.plan.tail:
            b.put("")
            b.put("((bt_call *)call)->is_held = 1;")
            b.put(
                "/* Nothing can fail from here on: shared variables are written where they lie. */"
            )
        region.finish_tail()
        self._outputs(copies)
        return LoweredFunction(
            self._text(),
            [one.source for one in self._units()],
            [np.asarray(c.data) for c in self.constants],
            sorted(self.plan.in_place),
            b.callbacks,
            b.nodes,
            b.uses_blas,
            2 if self.has_parts else 1,
        )

    def _inputs(self) -> None:
        """Name the lengths and strides of what is given."""
        b = self.b
        for c in dict.fromkeys(_constants(self.graph)):
            data = np.asarray(c.data)
            if data.ndim or not is_supported(data.dtype.name):
                self.constants.append(c)
        for i, v in enumerate([*self.graph.inputs, *self.constants]):
            if isinstance(v, Constant) or self.graph.clients[v]:
                self._one_input(i, v, is_packed=i >= self.n_arguments)
        b.put("")

    def _one_input(self, i: int, v: Variable, is_packed: bool) -> None:
        b = self.b
        type: Any = v.type
        c_type = C_TYPES[type.dtype]
        if type.ndim == 0:
            b.scalars[v] = b.declare(c_type, v.name or f"in{i}", f"*(const {c_type} *)in[{i}].data")
            return
        name = b.declare(
            f"{c_type} *",
            v.name or (f"in{i}" if not isinstance(v, Constant) else "constant"),
            f"in[{i}].data",
        )
        lengths = [
            str(n) if n is not None else b.declare("int64_t", f"{name}_n{a}", f"in[{i}].shape[{a}]")
            for a, n in enumerate(type.shape)
        ]
        strides = None
        if not is_packed:
            size = f"(int64_t)sizeof({c_type})"
            strides = [
                b.declare("int64_t", f"{name}_s{a}", f"in[{i}].strides[{a}] / {size}")
                for a in range(type.ndim)
            ]
        b.arrays[v] = Array(name, type.dtype, lengths, strides)

    def _copies(self) -> dict[int, Array]:
        """Copy the outputs that share memory with something else.

        Those made in the tail get their buffers only.
        """
        b = self.b
        copies: dict[int, Array] = {}
        late = {o for node in self.plan.tail for o in node.outputs}
        for k, v in enumerate(self.graph.outputs):
            if self.given[k] or k in self.plan.in_place or v.type.ndim == 0:
                continue
            source = b.array(v)
            copies[k] = b.allocate(v.name or "copy", source.dtype, source.lengths, keep=True)
            if v not in late:
                b.put(b.copy_text(copies[k], source))
        return copies

    def _outputs(self, copies: dict[int, Array]) -> None:
        b = self.b
        late = {o for node in self.plan.tail for o in node.outputs}
        b.put("")
        delivered = [k for k in range(len(self.graph.outputs)) if k not in self.plan.in_place]
        for place, k in enumerate(delivered):
            v = self.graph.outputs[k]
            type: Any = v.type
            if type.ndim == 0:
                c_type = C_TYPES[type.dtype]
                b.put(
                    f"{{ {c_type} value = {b.scalar(v)}; "
                    f"__builtin_memcpy(out[{place}].value, &value, sizeof value); }}"
                )
                continue
            if k in copies and v in late:
                b.put(b.copy_text(copies[k], b.array(v)))
            array = copies[k] if k in copies else b.array(v)
            (slot,) = array.slots
            b.put(f"out[{place}].data = {array.name}; owned[{slot}] = NULL;")
            for a, n in enumerate(array.lengths):
                b.put(f"out[{place}].shape[{a}] = {n};")

    def _units(self) -> list[Unit]:
        return sorted(self.b.units, key=lambda one: one.name)

    def _text(self) -> str:
        b = self.b
        parts = [
            "/* Generated by bitale. Lengths and strides count elements. */",
            prelude(),
            _FAIL,
            vector_source(b.vector_functions),
            *(support(name) for name in sorted(b.support, key=lambda n: (n != "frame", n))),
            *(one.prototypes for one in self._units()),
            *b.texts.values(),
            *self._in_parts(self._entry()),
        ]
        return "\n\n".join(p.strip() for p in parts if p.strip()) + "\n"

    def _in_parts(self, entry: str) -> list[str]:
        """The kernels and the entry point, so that a large file can be compiled in two parts."""
        kernels = self.b.kernels
        sizes = [len(k) for k in kernels]
        if not self.has_parts:
            return [*kernels, entry]
        half = (sum(sizes) + len(entry)) // 2
        first = bisect_right(list(accumulate(sizes)), half)
        prototypes = [
            f"{declared};"
            for k in kernels
            for declared in re.findall(r"^(BT_LOOP [^{]*?) \{", k, flags=re.MULTILINE)
        ]
        return [
            *prototypes,
            "#if !defined BT_PART || BT_PART == 1",
            *kernels[:first],
            "#endif",
            "#if !defined BT_PART || BT_PART == 0",
            *kernels[first:],
            entry,
            "#endif",
        ]

    @property
    def has_parts(self) -> bool:
        """Whether the file is worth being compiled in two parts."""
        return sum(map(len, self.b.kernels)) > PARTED

    def _entry(self) -> str:
        b = self.b
        n = max(b.n_slots, 1)
        # Numbers that a loop carries stay in registers although it calls the runtime now and then.
        level = int(len(b.lines) <= LARGE_ENTRY)
        effort = f'__attribute__((optimize({level}, "caller-saves")))\n'
        lines = [
            "const int64_t bitale_abi = BITALE_ABI;\n",
            f"{effort}int64_t bitale_main(const bt_runtime *rt, void *call, const bt_array *in,",
            "                    bt_result *out) {",
            f"    _Alignas(64) char arena[{ARENA_BYTES}];",
            "    bt_frame frame = {rt, arena, arena + sizeof arena};",
            f"    void *owned[{n}] = {{0}};",
            "    int64_t status = 0;",
            *(f"    {d}" for d in b.declared),
            "    (void)call, (void)in, (void)out, (void)frame;",
            *(line if line.startswith("#") or not line else "    " + line for line in b.lines),
            "    goto leave;",
            "leave:",
            f"    for (int k = 0; k < {n}; k++) bt_give(&frame, arena, &owned[k]);",
            "    return status;",
            "}",
        ]
        return "\n".join(lines)
