"""From a rewritten graph to the text of one C file, and what the file expects and gives."""

from __future__ import annotations

from dataclasses import dataclass, field
from importlib.resources import files
from typing import Any

import numpy as np
from bitale_graph.function_graph import FunctionGraph
from bitale_graph.variable import Apply, Constant, Variable

from .builder import Array, Builder, comment_of
from .ctype import C_TYPES, is_supported
from .emit import (  # noqa: F401 (each fills the tables)
    argmax,
    assertion,
    indexing,
    loop,
    product,
    shape,
    softmax,
)
from .emit.callback import emit_callback
from .emit.table import emits, supports
from .memory import VIEWS, MemoryPlan, plan_memory
from .vector_math.table import source as vector_source

# From how many multiplications on a second thread is asked for. An empty parallel region takes 0.7
# microseconds while both threads spin, and a wake-up more where one sleeps; the bound itself is a
# choice on the safe side of that, not an optimum that was searched for.
WORK_OF_A_THREAD = 24_000
MAX_PARTS = 64
ARENA_BYTES = 4096
# Above this many statements the entry point, whose work is in kernels, is not optimised: a thousand
# sums of vectors took 4.0 s to compile, and now take 0.9 s.
LARGE_ENTRY = 4000
# Effort of the compiler goes where the time goes: inner loops are worth all of it, and what calls
# them almost none. (A training step of a small network: 0.58 s with -O3 throughout, 0.34 s so.)
_EFFORT = """#define BT_KERNEL static __attribute__((noinline, unused, optimize(3)))
#define BT_DRIVER static __attribute__((noinline, unused, optimize(1)))"""
_FAIL = """#define BT_FAIL(node, code) \\
    do { status = ((int64_t)(node) << 8) | (code); goto leave; } while (0)"""


@dataclass
class LoweredFunction:
    """The text of a C file, and how to call it.

    Attributes
    ----------
    source : str
    constants : list of arrays
        Passed after arguments and shared variables.
    in_place : list of int
        Positions among the outputs of updates that the code writes where the shared variable lies.
    callbacks : list of Apply
        Nodes that run in Python, in the order of their numbers.
    nodes : list of Apply
        Nodes by the number that an error status names.
    uses_blas : bool
    """

    source: str
    constants: list[np.ndarray[Any, Any]]
    in_place: list[int]
    callbacks: list[Apply] = field(default_factory=list)
    nodes: list[Apply] = field(default_factory=list)
    uses_blas: bool = False


def has_c_text(node: Apply) -> bool:
    """Whether a node becomes C, rather than a call back into Python."""
    if type(node.op) not in emits:
        return False
    rule = supports.get(type(node.op))
    if rule is not None:
        return rule(node)
    return all(is_supported(v.type.dtype) for v in (*node.inputs, *node.outputs))  # type: ignore[attr-defined]


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


class _Lowering:
    def __init__(
        self, graph: FunctionGraph, n_arguments: int, n_outputs: int, update_targets: list[int]
    ) -> None:
        self.graph = graph
        self.n_arguments = n_arguments
        self.n_outputs = n_outputs
        updated = [graph.inputs[n_arguments + k] for k in update_targets]
        self.plan: MemoryPlan = plan_memory(graph, n_outputs, updated)
        self.given = {k: self._is_given(k) for k in range(len(graph.outputs))}
        self.b = Builder(self.plan, self._kept(), lambda v: bool(graph.clients[v]))
        self.constants: list[Constant] = []
        self.callbacks: list[Apply] = []
        self.live: dict[int, set[Variable]] = {}

    def _is_given(self, k: int) -> bool:
        """Whether the buffer of output ``k`` can leave the call itself; else it is copied."""
        v = self.graph.outputs[k]
        return (
            k not in self.plan.in_place
            and v.owner is not None
            and not isinstance(v.owner.op, VIEWS)
            and v not in self.graph.inputs
            and self.graph.outputs.index(v) == k
            and v.type.ndim > 0  # type: ignore[attr-defined]
            and not any(self.graph.outputs[i] is v for i in self.plan.in_place)
        )

    def _kept(self) -> set[Variable]:
        kept: set[Variable] = set()
        for k, is_given in self.given.items():
            v: Variable | None = self.graph.outputs[k] if is_given else None
            while v is not None and v not in kept:
                kept.add(v)
                v = self.plan.reused.get(v)
        return kept

    def run(self) -> LoweredFunction:
        b, plan = self.b, self.plan
        self._inputs()
        for position, node in enumerate(plan.head):
            self._begin(position, node)
            if has_c_text(node):
                for _ in emits[type(node.op)](b, node):
                    pass
            else:
                emit_callback(b, node, len(self.callbacks))
                self.callbacks.append(node)
            self._end(position, node)
        started = []
        for position, node in enumerate(plan.tail, len(plan.head)):
            self._begin(position, node)
            work = emits[type(node.op)](b, node)
            next(work)
            started.append((position, node, work))
        copies = self._copies()
        if plan.tail:
            b.put("")
            b.put(
                "/* Nothing can fail from here on: shared variables are written where they lie. */"
            )
        for position, _node, work in started:
            b.node_index = position
            for _ in work:
                pass
        self._outputs(copies)
        return LoweredFunction(
            self._text(),
            [np.asarray(c.data) for c in self.constants],
            sorted(plan.in_place),
            self.callbacks,
            [*plan.head, *plan.tail],
            b.uses_blas,
        )

    def _begin(self, position: int, node: Apply) -> None:
        self.b.node_index = position
        self.b.put("")
        self.b.put(f"/* {position}: {comment_of(node)} */")

    def _end(self, position: int, node: Apply) -> None:
        """Give back what nothing reads any more."""
        b, plan = self.b, self.plan
        b.release_temporaries()
        for v in node.outputs:
            if v in b.arrays:
                for slot in b.arrays[v].slots:
                    self.live.setdefault(slot, set()).add(v)
        touched = dict.fromkeys([*node.inputs, *node.outputs])
        touched.update(dict.fromkeys([plan.shown[v] for v in touched if v in plan.shown]))
        for v in touched:
            if plan.dies_after.get(v) != position or v not in b.arrays:
                continue
            for slot in sorted(b.arrays[v].slots):
                self.live[slot].discard(v)
                if not self.live[slot]:
                    b.release(slot)

    def _inputs(self) -> None:
        """Name the lengths and strides of what is given."""
        b = self.b
        taken = {v for v in self.graph.clients if isinstance(v, Constant) and self.graph.clients[v]}
        order = [
            v for node in [*self.plan.head, *self.plan.tail] for v in node.inputs
        ] + self.graph.outputs
        for v in dict.fromkeys(order):
            if v in taken and isinstance(v, Constant):
                data = np.asarray(v.data)
                if data.ndim or not is_supported(data.dtype.name):
                    self.constants.append(v)
        for i, v in enumerate([*self.graph.inputs, *self.constants]):
            if not self.graph.clients[v]:
                continue
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
            if self.given[k] or k in self.plan.in_place or v.type.ndim == 0:  # type: ignore[attr-defined]
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

    def _text(self) -> str:
        b = self.b
        folder = files(__package__)
        header = (folder / "runtime" / "bitale_runtime.h").read_text()
        parts = [
            "/* Generated by bitale. Lengths and strides count elements. */",
            header,
            "#ifndef NULL\n#define NULL ((void *)0)\n#endif",
            f"#define BT_WORK_OF_A_THREAD {WORK_OF_A_THREAD}\n#define BT_MAX_PARTS {MAX_PARTS}",
            _EFFORT,
            _FAIL,
            "typedef struct { double re, im; } bt_complex128;",
            vector_source(b.vector_functions),
            *(
                (folder / "support" / f"{name}.h").read_text()
                for name in sorted(b.support, key=lambda n: (n != "frame", n))
            ),
            *b.texts.values(),
            "const int64_t bitale_abi = BITALE_ABI;",
            *b.kernels,
            self._entry(),
        ]
        return "\n\n".join(p.strip() for p in parts if p.strip()) + "\n"

    def _entry(self) -> str:
        b = self.b
        n = max(b.n_slots, 1)
        effort = f"__attribute__((optimize({int(len(b.lines) <= LARGE_ENTRY)})))\n"
        lines = [
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
