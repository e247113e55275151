"""Losses, element by element or row by row, and what sums them up to one number."""

from __future__ import annotations

from typing import Any

from bitale_graph import language as T
from bitale_graph.extend import ShapeError, SoftmaxCrossentropy, TensorVariable, as_tensor, describe
from bitale_graph.language import binary_crossentropy as binary_crossentropy
from bitale_graph.language import categorical_crossentropy as categorical_crossentropy


def _same_rank(name: str, predictions: Any, targets: Any) -> tuple[Any, Any]:
    predictions, targets = as_tensor(predictions), as_tensor(targets)
    if predictions.ndim != targets.ndim:
        raise ShapeError(
            f"{name}: predictions and targets have different ranks\n"
            f"  predictions  {describe(predictions)}\n  targets      {describe(targets)}\n"
            "  hint: broadcasting would compare each with all; add the missing axis with dimshuffle"
        )
    return predictions, targets


def squared_error(predictions: Any, targets: Any) -> TensorVariable:
    """``(predictions - targets) ** 2``, element by element.

    Raises
    ------
    ShapeError
        If the ranks differ.
    """
    predictions, targets = _same_rank("squared_error", predictions, targets)
    return T.sqr(predictions - targets)


def absolute_error(predictions: Any, targets: Any) -> TensorVariable:
    """``|predictions - targets|``, element by element; raises `ShapeError` if the ranks differ."""
    predictions, targets = _same_rank("absolute_error", predictions, targets)
    return T.abs_(predictions - targets)


def softmax_crossentropy(logits: Any, targets: Any) -> TensorVariable:
    """The cross-entropy of the softmax of each row: ``log(sum(exp(logits))) - logits[target]``.

    One op, so it is finite where softmax underflows, whether anything is rewritten or not.

    Parameters
    ----------
    logits : float matrix (rows, classes)
    targets : integer vector (rows,)

    Returns
    -------
    vector (rows,), in nats
    """
    loss: TensorVariable = SoftmaxCrossentropy()(logits, targets)[0]
    return loss


def sigmoid_binary_crossentropy(logits: Any, targets: Any) -> TensorVariable:
    """The binary cross-entropy of the sigmoid, element by element, finite for every finite logit.

    ``softplus(logits) - targets * logits``, which equals
    ``-(targets log(s) + (1 - targets) log(1 - s))`` with ``s = sigmoid(logits)``.
    """
    logits, targets = _same_rank("sigmoid_binary_crossentropy", logits, targets)
    return T.sub(T.softplus(logits), targets * logits)


def binary_accuracy(predictions: Any, targets: Any, threshold: Any = 0.5) -> TensorVariable:
    """Where ``predictions > threshold`` says what the targets say, as floats 0 and 1."""
    predictions, targets = _same_rank("binary_accuracy", predictions, targets)
    is_right = T.eq(predictions > threshold, targets > 0.5)
    return T.cast(is_right, predictions.dtype)


def categorical_accuracy(predictions: Any, targets: Any) -> TensorVariable:
    """For each row whether the largest prediction is that of the target class, as floats 0 and 1.

    Parameters
    ----------
    predictions : float matrix (rows, classes)
        Probabilities or logits.
    targets : integer vector (rows,), or matrix (rows, classes) of probabilities

    Raises
    ------
    ShapeError
        If ``predictions`` is no matrix, or ``targets`` neither vector nor matrix.
    """
    predictions, targets = as_tensor(predictions), as_tensor(targets)
    if predictions.ndim != 2 or targets.ndim not in (1, 2):
        raise ShapeError(
            "categorical_accuracy takes a matrix, and a vector or matrix of targets, and got\n"
            f"  {describe(predictions)}\n  {describe(targets)}"
        )
    if targets.ndim == 2:
        targets = T.argmax(targets, axis=1)
    is_right = T.eq(T.argmax(predictions, axis=1), targets)
    return T.cast(is_right, predictions.dtype)


def aggregate(loss: Any, weights: Any = None, mode: str = "mean") -> TensorVariable:
    """One number from the elements of a loss.

    Parameters
    ----------
    loss : tensor
    weights : tensor, optional
        Factors of the elements.
    mode : "mean", "sum" or "normalized_sum"
        The last divides the sum by the sum of the weights, and needs them.

    Raises
    ------
    ValueError
        For another mode, or "normalized_sum" without weights.
    """
    if mode not in ("mean", "sum", "normalized_sum"):
        raise ValueError(f"aggregate: mode is 'mean', 'sum' or 'normalized_sum', not {mode!r}")
    if mode == "normalized_sum" and weights is None:
        raise ValueError("aggregate: mode 'normalized_sum' divides by the weights; give some")
    loss = as_tensor(loss)
    weighted = loss if weights is None else loss * weights
    if mode == "mean":
        return T.mean(weighted)
    return T.sum(weighted) if mode == "sum" else T.sum(weighted) / T.sum(weights)
