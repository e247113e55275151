"""What `DebugMode` finds, by Theano's names: each error names the culprit."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..base import trace as tracing
from ..base.errors import where_made
from ..core.tree import debugprint


class DebugModeError(Exception):
    """Something that a program relies on does not hold: an op, a rewrite or compiled code."""


class BadThunkOutput(DebugModeError):  # noqa: N818 (Theano's name)
    """Two ways of running a node do not give the same.

    Attributes
    ----------
    r : Variable
        The output of the node.
    thunk1, thunk2 : str
        The ways: NumPy (the op's ``perform``), and C or a device.
    val1, val2 : array
        What they gave; an exception where one failed.
    inputs_val : list
    """

    def __init__(
        self, r: Any, thunk1: str, val1: Any, thunk2: str, val2: Any, inputs_val: Any = ()
    ) -> None:
        super().__init__(r, thunk1, val1, thunk2, val2, inputs_val)
        self.r, self.inputs_val = r, list(inputs_val)
        self.thunk1, self.val1, self.thunk2, self.val2 = thunk1, val1, thunk2, val2

    def offending_op(self) -> type:
        """The class of the op."""
        return type(self.r.owner.op)

    def __str__(self) -> str:
        node = self.r.owner
        lines = [
            f"{self.thunk2} does not give what {self.thunk1} gives: {node}, output {self.r}",
            *_difference(self.thunk1, self.val1, self.thunk2, self.val2),
            *(
                f"  input {v}: {brief(x)}"
                for v, x in zip(node.inputs, self.inputs_val, strict=False)
            ),
            *_made(node),
        ]
        return "\n".join(lines)


class BadOptimization(DebugModeError):  # noqa: N818 (Theano's name)
    """A rewrite put something in the place of a variable that has another value.

    Attributes
    ----------
    reason : str
        The rewrite.
    old_r, new_r : Variable
    old_r_val, new_r_val : array
        Their values; an exception where computing one failed.
    old_graph, new_graph : str
    """

    def __init__(
        self,
        old_r: Any,
        new_r: Any = None,
        old_r_val: Any = None,
        new_r_val: Any = None,
        reason: Any = None,
        old_graph: str = "",
        new_graph: str = "",
        why: str = "",
    ) -> None:
        super().__init__(old_r, new_r, old_r_val, new_r_val, reason, old_graph, new_graph, why)
        self.old_r, self.new_r = old_r, new_r
        self.old_r_val, self.new_r_val = old_r_val, new_r_val
        self.reason, self.old_graph, self.new_graph, self.why = reason, old_graph, new_graph, why

    def __str__(self) -> str:
        if isinstance(self.old_r, str):
            return self.old_r
        why = f": {self.why}" if self.why else ""
        return "\n".join(
            [
                f"the rewrite {self.reason} changed the value of {self.old_r}{why}",
                *_difference("before", self.old_r_val, "after", self.new_r_val),
                "  hint: leave it out with Mode.excluding(name) until it is right",
                f"Before:\n{self.old_graph}",
                f"After:\n{self.new_graph}",
                *(_made(self.old_r.owner) if self.old_r.owner is not None else ()),
            ]
        )


class BadDestroyMap(DebugModeError):  # noqa: N818 (Theano's name)
    """An op wrote into one of its inputs.

    Attributes
    ----------
    node : Apply
    idx : int or None
        Which input, where that is known.
    old_val, new_val : array
    perform : str
        By which way of running it.
    """

    def __init__(self, node: Any, idx: Any, old_val: Any, new_val: Any, perform: str) -> None:
        super().__init__(node, idx, old_val, new_val, perform)
        self.node, self.idx, self.perform = node, idx, perform
        self.old_val, self.new_val = old_val, new_val

    def __str__(self) -> str:
        which = (
            "an input" if self.idx is None else f"input {self.idx} ({self.node.inputs[self.idx]})"
        )
        lines = [
            f"{self.perform} of {self.node} wrote into {which}, which others read too",
            *_difference("before", self.old_val, "after", self.new_val),
            "  hint: work on a copy: x = inputs[i].copy()",
            *_made(self.node),
        ]
        return "\n".join(lines)


class BadViewMap(DebugModeError):  # noqa: N818 (Theano's name)
    """An output shows the memory of an input, or of another output, and the op does not say so.

    Attributes
    ----------
    node : Apply
    output_idx : int
    out_storage : array
    in_alias_idx, out_alias_idx : list of int
        The inputs, or other outputs, whose memory it is.
    """

    def __init__(
        self,
        node: Any,
        output_idx: int,
        out_storage: Any,
        in_alias_idx: Any = None,
        out_alias_idx: Any = None,
    ) -> None:
        super().__init__(node, output_idx, out_storage, in_alias_idx, out_alias_idx)
        self.node, self.output_idx, self.out_storage = node, output_idx, out_storage
        self.in_alias_idx, self.out_alias_idx = in_alias_idx, out_alias_idx

    def __str__(self) -> str:
        kind, places = ("input", self.in_alias_idx)
        if not places:
            kind, places = "output", self.out_alias_idx
        said = dict(self.node.op.view_map)
        lines = [
            f"output {self.output_idx} of {self.node} shows the memory of {kind} {places}",
            f"  its op does not say so: its view_map is {said}",
            f"  hint: give a copy, or declare view_map = {{{self.output_idx}: {places}}}",
            *_made(self.node),
        ]
        return "\n".join(lines)


class StochasticOrder(DebugModeError):  # noqa: N818 (Theano's name)
    """Rewriting the same graph once more gave another one."""


class InvalidValueError(DebugModeError):
    """A node gave what its type does not admit, or, where that is looked for, NaN or infinity.

    Attributes
    ----------
    r : Variable
    v : value
    client_node : Apply or None
    hint, specific_hint : str
    """

    def __init__(
        self,
        r: Any,
        v: Any = None,
        client_node: Any = None,
        hint: str = "",
        specific_hint: str = "",
    ) -> None:
        super().__init__(r, v, client_node, hint, specific_hint)
        self.r, self.v, self.client_node = r, v, client_node
        self.hint, self.specific_hint = hint, specific_hint

    def __str__(self) -> str:
        if isinstance(self.r, str):
            return self.r
        giver = "an input of the function" if self.r.owner is None else f"given by {self.r.owner}"
        lines = [
            f"the value of {self.r}, {giver}, is not what it may be: {self.specific_hint}",
            f"  it is {brief(self.v)}, and of type {self.r.type}",
            *([f"  hint: {self.hint}"] if self.hint else ()),
            f"The graph up to it:\n{debugprint(self.r, depth=6, file='str')}",
        ]
        return "\n".join([*lines, *(_made(self.r.owner) if self.r.owner is not None else ())])


def brief(x: Any) -> str:
    """A value in one line."""
    if not isinstance(x, (np.ndarray, np.generic)):
        return f"{type(x).__name__} {x!s:.200}".splitlines()[0]
    shown = f": {x.tolist()}" if x.size <= 8 else ""
    return f"{x.dtype} of shape {x.shape}{shown}"


def _made(node: Any) -> list[str]:
    if node is None or not node.trace:
        return []
    place = where_made(node.outputs[0])
    return [f"The node was made at {place}, by (innermost call last):", tracing.text(node.trace)]


def _difference(first: str, x: Any, second: str, y: Any) -> list[str]:
    """Two values in words, and where they differ most."""
    lines = [f"  {first}: {brief(x)}", f"  {second}: {brief(y)}"]
    is_comparable = (
        isinstance(x, np.ndarray)
        and isinstance(y, np.ndarray)
        and x.shape == y.shape
        and x.size > 0
        and x.dtype.kind in "fciu"
    )
    if is_comparable:
        with np.errstate(all="ignore"):
            apart = np.abs(np.subtract(y, x, dtype=np.result_type(x, y, float)))
        apart = np.where(np.isnan(apart), np.isnan(x) != np.isnan(y), apart)
        where = np.unravel_index(int(np.argmax(apart)), x.shape)
        place = tuple(map(int, where))
        lines.append(
            f"  they differ at {int((apart > 0).sum())} of {x.size} places, most at {place}: "
            f"{x[where]} and {y[where]}"
        )
    return lines
