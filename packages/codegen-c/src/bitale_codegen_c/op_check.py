"""What this layer checks of an op for `bitale_graph.testing.check_op`, which finds it installed."""

from __future__ import annotations

from dataclasses import replace

from bitale_graph.extend import FunctionGraph, Mode, Op
from bitale_graph.testing import LAYOUTS, OpSample, laid_out, run_samples

from .lowering import lower


def check_compiled(op: Op, sample: OpSample) -> None:
    """Compare compiled functions with what must come out, on arrays laid out in several ways.

    Raises
    ------
    AssertionError
        If they differ, or the op's own C text is not used where it gives one.
    """
    inputs, outputs = sample.graph()
    lowered = lower(FunctionGraph(inputs, outputs, clone=False), len(inputs), len(outputs), [])
    if type(op).c_code is not Op.c_code and any(node.op == op for node in lowered.callbacks):
        raise AssertionError(
            "c_code is not used: it takes the node alone and gives text for its types, which are "
            "no float16 or complex ones, and infer_shape tells the lengths of all outputs by "
            "arithmetic of lengths and integers"
        )
    for layout in ("plain", *LAYOUTS):
        arrays = tuple(laid_out(x, layout) for x in sample.inputs)
        run_samples(Mode(linker="c"), [replace(sample, inputs=arrays)])
