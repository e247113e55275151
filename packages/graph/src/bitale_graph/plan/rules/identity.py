"""What gives the value that it is given, by its memory or as a copy."""

from __future__ import annotations

from collections.abc import Iterator

from ...core.graph import Apply, Variable
from ...ops.identity import DeepCopyOp, OutputGuard, ViewOp
from ..builder import Builder
from ..target import Target, emits, supports


@supports.define(ViewOp, OutputGuard, DeepCopyOp)
def identity_is_supported(target: Target, node: Apply) -> bool:
    """Nothing is done with the tensor, whatever its dtype."""
    return True


@emits.define(DeepCopyOp)
def emit_copy(b: Builder, node: Apply[DeepCopyOp]) -> Iterator[None]:
    """The tensor in a buffer of its own."""
    (x,), (out,) = node.inputs, node.outputs
    if x.type.ndim == 0 and not b.is_kept(x):
        b.scalars[out] = b.scalar(x)
        yield
        return
    source = b.array(x)
    copy = b.result(out, source.lengths)
    yield
    b.copy(copy, source)


@emits.define(ViewOp, OutputGuard)
def emit_identity(b: Builder, node: Apply) -> Iterator[None]:
    """The tensor stays."""
    pass_on(b, node.inputs[0], node.outputs[0])
    yield


def pass_on(b: Builder, x: Variable, out: Variable) -> None:
    """Let a variable be another one, by its memory."""
    if x.type.ndim == 0 and not b.is_kept(x):
        b.scalars[out] = b.scalar(x)
    else:
        b.arrays[out] = b.array(x)
