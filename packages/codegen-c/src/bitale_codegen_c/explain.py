"""What the status of a failed call tells: where it failed, and for want of what."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

from bitale_graph.extend import Explain, Op

from .runtime.runtime import refused_bytes, take_kept_steps

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bitale_graph.extend import Apply, FunctionMaker, KeptStep

BT_OUT_OF_MEMORY = 2  # of bitale_runtime.h


class ExplainStatus:
    """Tells why a call failed, by the number that the entry point gave."""

    def __init__(self, maker: FunctionMaker) -> None:
        self.explain = Explain(maker, functools.partial(_nodes, maker))

    def __call__(self, args: tuple[Any, ...], status: int) -> None:
        """Raise; return only if nothing is found."""
        steps, size, index = take_kept_steps(), refused_bytes(), status >> 8
        refused = size if status & 255 == BT_OUT_OF_MEMORY else None
        self.explain(args, index, steps=steps, refused=refused)
        self._doubt_own_text(index, steps)

    def _doubt_own_text(self, index: int, steps: Sequence[KeptStep]) -> None:
        """Raise if what failed, and does not on NumPy, is an op that brings its C text."""
        op = self.explain.nodes()[index].op
        if type(op).c_code is not Op.c_code:
            text = (
                f"the C text of {op} did not succeed where perform does, or infer_shape tells a "
                "length that cannot be\n  hint: bitale_graph.testing.check_op compares them"
            )
            self.explain.raise_at(RuntimeError(text), index, steps)


def _nodes(maker: FunctionMaker) -> list[Apply]:
    """The nodes by the numbers of the generated code, which is not kept."""
    from .lowering import lower  # only where something failed

    return lower(maker.fgraph, len(maker.arguments), maker.n_outputs, maker.update_targets).nodes
