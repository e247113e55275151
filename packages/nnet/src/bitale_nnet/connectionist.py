"""Connectionist temporal classification: the likelihood of labels whose times are not known."""

from __future__ import annotations

from typing import Any

from bitale_graph import Assert, carry_scan
from bitale_graph import language as T
from bitale_graph.extend import ShapeError, TensorVariable, as_tensor, describe
from bitale_graph.extend import dtype as dtypes

# Stands for the logarithm of 0: finite, so that differences of two of them are 0 and not NaN, and
# so large that no sum of logarithms comes near.
IMPOSSIBLE = -1e30


def ctc(activations: Any, labels: Any, input_lengths: Any) -> TensorVariable:
    """``-log p(labels | activations)``: the sum over all alignments of labels to steps.

    An alignment names a symbol at each step; equal neighbours are merged, then blanks (symbol 0)
    dropped. The sum goes forwards in logarithms, one step of the sequence after the other.

    Parameters
    ----------
    activations : float tensor (steps, batch, symbols)
        Before softmax, which is taken here. Computed in float32 or more.
    labels : integer matrix (batch, labels)
        Symbols from 1 on, filled up with negative numbers at the end of each row.
    input_lengths : integer vector (batch,)
        How many steps of each sequence count.

    Returns
    -------
    vector (batch,)
        Infinite, with a gradient of zero, where the labels (and a blank between equal neighbours)
        do not fit into the steps. Of no labels: the likelihood of blanks alone.

    Raises
    ------
    ShapeError
        If ranks do not fit.
    IndexError
        When it runs, if a label is no symbol.
    AssertionError
        When it runs, if a label is 0, a negative number stands before a label, or a length is
        negative or above the number of steps.

    Source: Graves et al., Connectionist Temporal Classification, ICML 2006, equations 5 to 8, in
    logarithms.
    """
    activations, labels, lengths = _checked(activations, labels, input_lengths)
    scores: Any = T.log_softmax(T.cast(activations, dtypes.upcast(activations.dtype, "float32")))
    dtype = scores.dtype
    symbols = _with_blanks(labels)
    emitted = T.take_along_axis(scores, symbols.dimshuffle("x", 0, 1), axis=2)
    emitted = T.maximum(emitted, IMPOSSIBLE)
    batch, width = symbols.shape[0], symbols.shape[1]
    # Before the first step only "at the first blank" is possible, from where a step reaches both
    # places an alignment may begin at.
    first = T.switch(T.eq(T.arange(width), 0), 0.0, IMPOSSIBLE)
    start = T.cast(T.alloc(first, batch, width), dtype)
    counts = T.arange(scores.shape[0]).dimshuffle(0, "x", "x") < lengths.dimshuffle("x", 0, "x")
    skips = _may_skip(symbols)

    def step(states: Any, row: Any) -> Any:
        (reached,), (emission, is_counted) = states, row
        one, two = _moved(reached, 1), _moved(reached, 2)
        either = T.logaddexp(reached, one)
        either = T.switch(skips, T.logaddexp(either, two), either)
        return (T.switch(is_counted, either + emission, reached),), ()

    (last,), _ = carry_scan(step, (start,), sequences=(emitted, counts), name="ctc")
    log_likelihood = _at_the_end(last, labels)
    return T.switch(log_likelihood < IMPOSSIBLE / 2, T.cast(float("inf"), dtype), -log_likelihood)


def ctc_available() -> bool:
    """True: no library is asked for."""
    return True


def _checked(activations: Any, labels: Any, lengths: Any) -> tuple[Any, Any, Any]:
    activations, labels, lengths = map(as_tensor, (activations, labels, lengths))
    integers = dtypes.is_discrete(labels.dtype) and dtypes.is_discrete(lengths.dtype)
    if (activations.ndim, labels.ndim, lengths.ndim) != (3, 2, 1) or not integers:
        raise ShapeError(
            "ctc takes activations (steps, batch, symbols), and integers: labels (batch, labels) "
            f"and lengths (batch,); and got\n  {describe(activations)}\n  {describe(labels)}\n  "
            f"{describe(lengths)}"
        )
    batches = {t.type.shape[a] for t, a in ((activations, 1), (labels, 0), (lengths, 0))} - {None}
    if len(batches) > 1:
        raise ShapeError(
            f"ctc: different numbers of sequences\n  {describe(activations)}\n  "
            f"{describe(labels)}\n  {describe(lengths)}"
        )
    labels, lengths = T.cast(labels, "int64"), T.cast(lengths, "int64")
    is_filled_up = T.or_(labels[:, 1:] < 0, labels[:, :-1] >= 0)
    steps = activations.shape[0]
    return (
        activations,
        Assert(
            "ctc: labels are symbols from 1 on (0 is the blank), filled up by negative numbers at "
            "the end of each row"
        )(labels, T.all(T.neq(labels, 0)), T.all(is_filled_up)),
        Assert("ctc: input_lengths are from 0 to the number of steps")(
            lengths, T.all(T.and_(lengths >= 0, lengths <= steps))
        ),
    )


def _with_blanks(labels: Any) -> Any:
    """The labels with a blank before, between and after them; what fills up becomes blanks."""
    spread = T.zeros((labels.shape[0], 2 * labels.shape[1] + 1), dtype="int64")
    return T.set_subtensor(spread[:, 1::2], T.maximum(labels, 0))


def _may_skip(symbols: Any) -> Any:
    """Where the blank before may be left out: at labels that differ from the one before."""
    before = T.concatenate([T.zeros_like(symbols[:, :2]), symbols[:, :-2]], axis=1)
    return T.and_(T.neq(symbols, 0), T.neq(symbols, before))


def _moved(reached: Any, places: int) -> Any:
    """What was reached so many places before."""
    shape = (reached.shape[0], places)
    edge = T.alloc(T.cast(IMPOSSIBLE, reached.dtype), *shape)
    return T.concatenate([edge, reached], axis=1)[:, : reached.shape[1]]


def _at_the_end(last: Any, labels: Any) -> Any:
    """What was reached at the last label or the blank after it."""
    rows, count = T.arange(labels.shape[0]), T.sum(labels >= 0, axis=1)
    at_blank = last[rows, 2 * count]
    at_label = last[rows, T.maximum(2 * count - 1, 0)]
    return T.switch(T.eq(count, 0), at_blank, T.logaddexp(at_blank, at_label))
