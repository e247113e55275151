"""C on the CPU, as a target of plans."""

from __future__ import annotations

import inspect

from bitale_graph.extend import Apply, Op, ScalarOp
from bitale_graph.plan.calls import Routine
from bitale_graph.plan.dialect import COMPUTED, is_known
from bitale_graph.plan.target import Target

from ..base.ctype import SUFFIXES
from ..kernel.c_file import Needs
from ..library.units import units

# What the printer spells itself, beside names that begin with `bt_`.
IN, OUT, RUNTIME, CALL = "in", "out", "rt", "call"
FRAME, ARENA, OWNED, STATUS, LEAVE = "frame", "arena", "owned", "status", "leave"
PROFILE = "bt_p"  # what a call that is profiled adds up
WORDS = frozenset((IN, OUT, RUNTIME, CALL, FRAME, ARENA, OWNED, STATUS, LEAVE, "main"))


# The files of routines that do not stand in one of their own.
_FILES = {
    "gemm": "product",
    "batched_gemm": "batched_product",
    "softmax_grad": "softmax",
    "crossentropy_grad": "crossentropy",
    "pool_grad": "pool",
    "max_pool_grad": "pool",
    "max_pool_tangent": "pool",
}


class CTarget(Target):
    """Kernels and host code in C, in one file."""

    def computes(self, dtype: str) -> bool:
        """float16 and complex numbers go through NumPy."""
        return dtype in COMPUTED

    def knows(self, op: ScalarOp) -> bool:
        """Whether there is a C expression for an op."""
        return is_known(op)

    def routine(self, name: str, dtype: str) -> Routine:
        """A support function in its version for a float dtype."""
        if name == "clear":
            return Routine("__builtin_memset", takes_runtime=False)
        uses_blas = name in ("gemm", "batched_gemm")
        needs = Needs(units(_FILES.get(name, name), dtype), uses_blas=uses_blas)
        return Routine(f"bt_{name}_{SUFFIXES[dtype]}", needs)

    def gives_body(self, op: Op) -> bool:
        """Whether an op has a `c_code` of ours; one written for Theano takes more than the node."""
        if type(op).c_code is Op.c_code:
            return False
        return len(inspect.signature(op.c_code).parameters) == 1

    def body_of(self, node: Apply) -> str | None:
        """The body that the op's `c_code` gives."""
        body = node.op.c_code(node)
        if body is None:
            return None
        if not isinstance(body, str):
            raise TypeError(f"{node.op}: c_code gives a text in C or None, and gave {body!r:.60}")
        if not body.isascii():
            raise ValueError(f"{node.op}: c_code gave text with characters outside ASCII")
        return body


C = CTarget("bitale_codegen_c/emit", WORDS)
