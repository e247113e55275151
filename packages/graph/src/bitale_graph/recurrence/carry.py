"""`carry_scan`: a loop whose step takes a carry and gives a carry."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from ..base import trace as tracing
from ..base.errors import ShapeError, describe
from ..core.test_values import stand_in
from ..ops import math
from ..ops.shape import shape_i, with_lengths
from ..tensor.conversion import as_tensor, constant_int, is_python_number
from .building import TracedStep, build
from .nest import Nest
from .specification import SequenceSpec, read_n_steps, read_truncate
from .states import Carried


def carry_scan(
    step: Callable[[Any, Any], tuple[Any, Any]],
    carry: Any,
    sequences: Any = None,
    n_steps: Any = None,
    reverse: bool = False,
    name: str | None = None,
    truncate: int = -1,
    checkpoint: bool = False,
) -> tuple[Any, Any]:
    """Run ``carry, output = step(carry, row)`` over the rows of sequences.

    ``step`` is called once, with variables. Carry, sequences and outputs may be variables, None, or
    nested tuples, lists and dicts of them; their form is kept.

    Parameters
    ----------
    step : callable
        From the carry and one row of the sequences (in the form of ``sequences``; None if there are
        none) to the new carry, of the form and types of the old, and what is stacked.
    carry : nested variables
        The first one. Plain Python numbers take the dtype that ``step`` gives them.
    sequences : nested variables, optional
        All with leading axes of one length.
    n_steps : int or 0-d integer variable, optional
        Needed if there are no sequences. With them, the first ``n_steps`` rows of each are read,
        which may have more then.
    reverse : bool
        Go from the last row to the first; outputs stay in the order of the sequences.
    name : str, optional
        For printing and messages.
    truncate : int
        Over how many of the last steps derivatives go back; -1 means all.
    checkpoint : bool
        Let derivatives compute again what a step computed, rather than keep it: only the carry of
        every step is stored.

    Returns
    -------
    carry : nested variables
        After the last step.
    outputs : nested variables
        With one more leading axis, over the steps.

    Raises
    ------
    TypeError
        If the new carry has another form than the old, or other dtypes or ranks; if nothing tells
        the number of steps.
    ShapeError
        If lengths disagree: here if they are known, else when the loop runs.

    Examples
    --------
    >>> from bitale_graph import carry_scan, function
    >>> from bitale_graph import language as T
    >>> x = T.vector("x")
    >>> total, sums = carry_scan(lambda total, row: (total + row, total + row), 0.0, x)
    >>> [v.tolist() for v in function([x], [total, sums])([1.0, 2.0, 3.0])]
    [6.0, [1.0, 3.0, 6.0]]
    """
    read = Nest(sequences)
    given = [(path, as_tensor(x)) for path, x in read.leaves(sequences)]
    count, parts = _agreed(given, n_steps)
    rows = [row for x in parts for row in SequenceSpec(x, (0,)).rows([x])]
    carried = Nest(carry)
    firsts = carried.leaves(carry)
    values = [as_tensor(v) for _, v in firsts]
    insides = [stand_in(v.type(v.name), v) for v in values]
    with tracing.recorded() as made:
        returned = step(carried.filled(iter(insides)), read.filled(iter(rows)))
    if not isinstance(returned, (tuple, list)) or len(returned) != 2:
        raise TypeError(
            f"carry_scan: step must return a pair, the new carry and the output, not {returned!r}"
        )
    new, output = returned
    form = Nest(new)
    if not carried.fits(form):
        raise TypeError(
            f"carry_scan: the new carry must have the form of the old\n  old: {carried}\n"
            f"  new: {form}"
        )
    states = [
        Carried(f"carry{path}", first, inside, as_tensor(v), is_python_number(plain))
        for (path, plain), first, inside, (_, v) in zip(
            firsts, values, insides, carried.leaves(new), strict=True
        )
    ]
    stacked = Nest(output)
    outputs = [as_tensor(v) for _, v in stacked.leaves(output)]
    if not states and not outputs:
        raise TypeError("carry_scan: there is neither a carry nor an output, so nothing to run")
    built = build(
        TracedStep(parts, rows, states, outputs, None, made),
        count,
        reverse=reverse,
        truncate=read_truncate("truncate", truncate),
        checkpoint=checkpoint,
        name=name or "",
    )
    hidden = [s.first for s, _ in built.states[len(states) :]]
    if hidden:
        listed = ", ".join(map(describe, hidden))
        raise TypeError(
            f"carry_scan gives no updates, and step reads shared variables that have a default "
            f"update: {listed}\n  hint: carry their state, or use scan"
        )
    last = carried.filled(iter([v for _, v in built.states]))
    return last, stacked.filled(iter(built.stacks))


def _agreed(given: Sequence[tuple[str, Any]], n_steps: Any) -> tuple[Any, list[Any]]:
    """The number of steps, and the sequences, such that disagreement is found when it runs."""
    for path, x in given:
        if x.ndim == 0:
            raise TypeError(f"carry_scan: sequences{path} is 0-d and has no rows: {describe(x)}")
    sequences = [x for _, x in given]
    if n_steps is not None or not given:
        return read_n_steps(n_steps, [SequenceSpec(x, (0,)) for x in sequences]), sequences
    return common_length("carry_scan", given)


def common_length(name: str, given: Sequence[tuple[str, Any]]) -> tuple[Any, list[Any]]:
    """The length of sequences, and the sequences, checked to have that length.

    Raises
    ------
    ShapeError
        If they are known to disagree.
    """
    lengths = [shape_i(x, 0) for _, x in given]
    known = {n for v in lengths if (n := constant_int(v)) is not None}
    if len(known) > 1:
        found = "\n  ".join(f"sequences{path}: {describe(x)}" for path, x in given)
        raise ShapeError(f"{name}: the lengths of the sequences disagree\n  {found}")
    if known:
        (n,) = known
        return n, [with_lengths(x, (n, *[None] * (x.ndim - 1))) for _, x in given]
    # A loop refuses sequences shorter than its steps: so all must be as long as the longest.
    longest = lengths[0]
    for length in lengths[1:]:
        longest = math.maximum(longest, length)
    return longest, [x for _, x in given]
