"""Loops that store only the rows that are read, and take only the steps that matter."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from bitale_graph import language as T
from bitale_graph.extend import (
    Alloc,
    Apply,
    Output,
    Scan,
    ShapeI,
    Subtensor,
    Variable,
    as_tensor,
    clone_nodes,
    constant_int,
    dimshuffle,
    scalar,
    unpack,
)

from ..engine.fitting import inferred_lengths
from ..engine.phases import scans
from ..engine.rewrite import Changes, RewriteContext
from ..facts.forms import operands
from ..loops.scan_parts import ScanParts, Stack, is_read


@scans.rule(
    tracks=[Scan],
    before="scan of no step, or of one",
    after="the first states; what the step computes",
    changes=Changes.DOMAIN,
)
def scan_of_few_steps(
    node: Apply[Scan], context: RewriteContext
) -> dict[Variable, Variable] | None:
    """What is known to be no loop is written without one."""
    n = constant_int(node.inputs[0])
    if n not in (0, 1):
        return None
    op: Any = node.op
    given, outer = op.outer_outputs(node.outputs), op.outer(node.inputs)
    if n == 0:
        shapes = (inferred_lengths(node) or [None] * len(node.outputs))[op.n_states :]
        stacks = [
            Alloc()(np.zeros((), out.type.dtype), 0, *(shape or [0] * out.type.ndim)[1:])
            for out, shape in zip(given.stacks, shapes, strict=False)
        ]
        states = outer.states
    else:
        read = [*(x[0] for x in outer.sequences), *outer.states, *outer.non_sequences]
        memo = clone_nodes(op.body.outputs, dict(zip(op.body.inputs, read, strict=True)))
        new = op.inner_outputs
        states = [memo[v] for v in new.states]
        stacks = [dimshuffle(memo[v], "x", *range(v.type.ndim)) for v in new.stacks]
    result = dict(zip([*given.states, *given.stacks], [*states, *stacks], strict=True))
    if given.last is not None:
        result[given.last] = as_tensor(np.int64(n))
    return result


@scans.rule(
    tracks=[Scan],
    before="the last rows of a stack of a scan",
    after="the last state, what is computed of it, or a stack that keeps those rows",
    changes=Changes.DOMAIN,
)
def scan_keeps_what_is_read(
    node: Apply[Scan], context: RewriteContext
) -> dict[Variable, Variable] | None:
    """Memory does not grow with the steps if only the last rows are read.

    A loop of no steps then gives its first state, where indexing was an error.
    """
    loop = ScanParts.of(node)
    finals = loop.of_last_states()
    late: dict[Variable, tuple[Stack, Apply]] = {}
    ends: dict[Variable, tuple[Variable, Apply]] = {}
    for stack in list(loop.stacks):
        readers = _readers(stack.out, context)
        if stack.keep is not None and stack.row not in finals:
            continue
        counts = [_rows_from_last(reader, loop) for reader in readers]
        if not readers or None in counts:
            continue
        keep = max(c for c in counts if c is not None)
        if loop.condition is not None and keep > 1:
            continue
        if stack.row in finals and all(_takes_one(r, loop) for r in readers):
            loop.stacks.remove(stack)
            ends.update((r.outputs[0], (stack.row, r)) for r in readers)
        elif stack.keep is None and keep and not _is_short(loop.n_steps, keep):
            stack.keep = keep
            late.update((r.outputs[0], (stack, r)) for r in readers)
            stack.out = None
    if not late and not ends:
        return None
    result = loop.build()
    for old, (stack, reader) in late.items():
        result[old] = reader.op(stack.made, *reader.inputs[1:])
    after = loop.after_last_step([row for row, _ in ends.values()])
    for old, (row, reader) in ends.items():
        rest = reader.op.pattern[1:]  # type: ignore[attr-defined]  # only reads of rows end here
        made = after[row]
        result[old] = Subtensor(rest)(made, *reader.inputs[2:]) if rest else made
    return result


@scans.rule(
    tracks=[Scan],
    before="the first k rows of the stacks of a scan, and no last state",
    after="scan of at most k steps",
    changes=Changes.DOMAIN,
)
def scan_stops_after_what_is_read(
    node: Apply[Scan], context: RewriteContext
) -> dict[Variable, Variable] | None:
    """Steps that come after all that is read need not be taken."""
    loop = ScanParts.of(node)
    if loop.condition is not None or loop.op.reverse or not loop.stacks:
        return None
    if any(is_read(s.final, context) for s in loop.states):
        return None
    if any(s.keep is not None for s in loop.stacks):
        return None
    readers = [(s, r) for s in loop.stacks for r in _readers(s.out, context)]
    counts = [_rows_from_first(r) for _, r in readers]
    if None in counts or not counts:
        return None
    last = max(c for c in counts if c is not None)
    if last == 0 or _is_short(loop.n_steps, last):
        return None
    loop.n_steps = T.minimum(loop.n_steps, np.int64(last))
    for stack in loop.stacks:
        stack.out = None
    result = loop.build()
    for stack, reader in readers:
        result[reader.outputs[0]] = reader.op(stack.made, *reader.inputs[1:])
    return result


def _readers(out: Variable | None, context: RewriteContext) -> list[Any]:
    """What reads a stack: nodes, or the text for an output of the graph."""
    return [] if out is None else [reader for reader, _ in context.graph.clients.get(out, ())]


def _is_short(n_steps: Variable, k: int) -> bool:
    """Whether it is seen that a loop takes no more than ``k`` steps."""
    bounds: list[Variable] = operands(n_steps, scalar.minimum) or [n_steps]
    return any(b is not None and b <= k for b in map(constant_int, bounds))


def _slices(reader: Any) -> Iterator[tuple[Any, Any]]:
    """The entry of an index along rows, as written and with constants for its bounds."""
    if isinstance(reader, Output) or type(reader.op) is not Subtensor:
        return
    (part, *_) = unpack(reader.op.pattern, reader.inputs[1:])
    if isinstance(part, slice):
        yield part, slice(*(_known(b) for b in (part.start, part.stop, part.step)))
    else:
        yield part, _known(part)


def _known(bound: Any) -> int | None:
    return None if bound is None else constant_int(bound)


def _is_told(part: Any, known: Any) -> bool:
    if not isinstance(part, slice):
        return known is not None
    given = (part.start, part.stop, part.step)
    found = (known.start, known.stop, known.step)
    told = all(g is None or f is not None for g, f in zip(given, found, strict=True))
    return told and (known.step is None or known.step > 0)


def _length_reader(reader: Any) -> bool:
    """Whether only the length of a row is read, which every row tells."""
    return isinstance(reader, Apply) and type(reader.op) is ShapeI and reader.op.axis > 0


def _rows_from_last(reader: Any, loop: ScanParts) -> int | None:
    """How many of the last steps a reader needs; None if that is not told, or the index changes."""
    if _length_reader(reader):
        return 0
    for part, known in _slices(reader):
        if not _is_told(part, known):
            return None
        if loop.op.reverse:
            # Rows are written from the last to the first: that of the last step stands in front.
            if isinstance(part, slice):
                is_near = (known.start or 0) >= 0 and known.stop is not None and known.stop > 0
                return int(known.stop) if is_near else None
            return int(known) + 1 if known >= 0 else None
        if isinstance(part, slice):
            is_near = known.start is not None and known.start < 0
            is_near &= known.stop is None or known.stop < 0
            return -int(known.start) if is_near else None
        return -int(known) if known < 0 else None
    return None


def _takes_one(reader: Any, loop: ScanParts) -> bool:
    """Whether a reader takes the row of the last step as such."""
    wanted = 0 if loop.op.reverse else -1
    return any(not isinstance(part, slice) and known == wanted for part, known in _slices(reader))


def _rows_from_first(reader: Any) -> int | None:
    """How many of the first rows a reader needs; None if that is not told."""
    if _length_reader(reader):
        return 0
    for part, known in _slices(reader):
        if not _is_told(part, known):
            return None
        if isinstance(part, slice):
            is_near = (known.start or 0) >= 0 and known.stop is not None and known.stop > 0
            return int(known.stop) if is_near else None
        return int(known) + 1 if known >= 0 else None
    return None
