"""Losses, element by element or row by row, and what sums them up to one number."""

from __future__ import annotations

from typing import Any

import numpy as np
from bitale_graph import Assert
from bitale_graph import language as T
from bitale_graph.extend import (
    ShapeError,
    Softmax,
    SoftmaxCrossentropy,
    TensorVariable,
    as_tensor,
    describe,
)
from bitale_graph.extend import dtype as dtypes
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
    return predictions, _like(predictions, targets)


def _like(predictions: Any, targets: Any) -> Any:
    """Integer targets in the dtype of predictions, which int64 would make float64."""
    is_counted = dtypes.is_discrete(targets.dtype) and not dtypes.is_discrete(predictions.dtype)
    return T.cast(targets, predictions.dtype) if is_counted else targets


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


def softmax_crossentropy(
    logits: Any, targets: Any, weights: Any = None, label_smoothing: Any = 0
) -> TensorVariable:
    r"""The cross-entropy of the softmax of each row: ``log(sum(exp(logits))) - logits[target]``.

    One op, so it is finite where softmax underflows, whether anything is rewritten or not.

    Parameters
    ----------
    logits : float tensor (\*rows, classes)
    targets : integer tensor (\*rows), or float tensor (\*rows, classes)
        Classes, or probabilities.
    weights : tensor, optional
        Factors of the rows, which broadcast against them: of samples, or ``by_class[targets]``.
    label_smoothing : number or scalar
        The part a of the probability that is spread evenly over all classes:
        ``(1 - a) targets + a / classes``.

    Returns
    -------
    tensor (\*rows), in nats

    Raises
    ------
    ShapeError
        If the ranks do not fit.
    ValueError
        If ``logits`` are the output of a softmax.

    Source: label smoothing: Szegedy et al., Rethinking the Inception Architecture for Computer
    Vision, arXiv:1512.00567, section 7.
    """
    logits, targets = as_tensor(logits), as_tensor(targets)
    if logits.owner is not None and isinstance(logits.owner.op, Softmax):
        raise ValueError(
            "softmax_crossentropy takes the softmax itself, and was given the output of one; give "
            "what goes into that (no softmax in the last layer), or take categorical_crossentropy"
        )
    if logits.ndim == 0 or logits.ndim - targets.ndim not in (0, 1):
        raise ShapeError(
            "softmax_crossentropy takes logits (*rows, classes) with targets (*rows) or "
            f"(*rows, classes), and got\n  {describe(logits)}\n  {describe(targets)}"
        )
    smoothed = not _is_zero(label_smoothing)
    if targets.ndim < logits.ndim:
        return _weighted(
            _of_classes(logits, targets, label_smoothing if smoothed else None), weights
        )
    scores = T.log_softmax(logits)
    loss = -T.sum(_like(scores, targets) * scores, axis=-1)
    if smoothed:
        even = -T.mean(scores, axis=-1)
        loss = (1 - label_smoothing) * loss + label_smoothing * even
    return _weighted(loss, weights)


def _of_classes(logits: Any, targets: Any, smoothing: Any) -> Any:
    """The op, which takes a matrix and a vector, of any rank."""
    rows, classes = logits, targets
    if logits.ndim != 2:
        rows, classes = logits.reshape((-1, logits.shape[-1])), targets.flatten()
    loss = SoftmaxCrossentropy()(rows, classes)[0]
    if smoothing is not None:
        # The mean of -log(softmax) over classes is the loss and how far the target's logit lies
        # above the mean: no second softmax. Differences first, which are exact for close numbers.
        own = rows[T.arange(classes.shape[0]), classes]
        loss = loss + smoothing * T.mean(own.dimshuffle(0, "x") - rows, axis=-1)
    return loss if logits.ndim == 2 else loss.reshape(targets.shape)


def _is_zero(part: Any) -> bool:
    if isinstance(part, (int, float)) and not 0 <= part < 1:
        raise ValueError(f"label_smoothing is a part from 0 to below 1, and not {part!r}")
    return isinstance(part, (int, float)) and part == 0


def _weighted(loss: Any, weights: Any) -> TensorVariable:
    return as_tensor(loss if weights is None else loss * weights)


def sigmoid_binary_crossentropy(
    logits: Any, targets: Any, weights: Any = None, label_smoothing: Any = 0
) -> TensorVariable:
    """The binary cross-entropy of the sigmoid, element by element, finite for every finite logit.

    ``softplus(logits) - targets * logits``, which equals
    ``-(targets log(s) + (1 - targets) log(1 - s))`` with ``s = sigmoid(logits)``. Smoothed by the
    part a, targets are ``(1 - a) targets + a / 2``; ``weights`` are factors of the elements.
    """
    logits, targets = _same_rank("sigmoid_binary_crossentropy", logits, targets)
    if not _is_zero(label_smoothing):
        targets = (1 - label_smoothing) * targets + label_smoothing / 2
    # An infinite logit that is right costs nothing, and 0 times it is NaN. Of finite ones the
    # product stays, which has a derivative by the targets too.
    is_right = T.and_(T.eq(targets, 0), T.isinf(logits))
    product = T.switch(is_right, 0, targets * logits)
    return _weighted(T.sub(T.softplus(logits), product), weights)


def binary_hinge_loss(
    predictions: Any, targets: Any, delta: Any = 1, log_odds: bool = True, binary: bool = True
) -> TensorVariable:
    """``max(0, delta - t x)``, element by element, with t from -1 and 1.

    Parameters
    ----------
    predictions : tensor
        Log odds, or probabilities with ``log_odds=False``, whose log odds are taken.
    targets : tensor
        0 and 1, or -1 and 1 with ``binary=False``.
    delta : number or scalar
        The margin.
    log_odds, binary : bool

    Raises
    ------
    ShapeError
        If the ranks differ.
    """
    predictions, targets = _same_rank("binary_hinge_loss", predictions, targets)
    if not log_odds:
        predictions = T.log(predictions / (1 - predictions))
    signs = 2 * targets - 1 if binary else targets
    return T.maximum(delta - signs * predictions, 0)


def multiclass_hinge_loss(predictions: Any, targets: Any, delta: Any = 1) -> TensorVariable:
    """For each row ``max(0, delta + the best wrong prediction - the right one)``.

    Parameters
    ----------
    predictions : float matrix (rows, classes)
    targets : integer vector (rows,), or matrix (rows, classes) with a 1 at the class
    delta : number or scalar
        The margin.

    Raises
    ------
    ShapeError
        If ``predictions`` is no matrix, or ``targets`` neither vector nor matrix.
    AssertionError
        When computed, if a target is no class.

    Source: Crammer and Singer, On the Algorithmic Implementation of Multiclass Kernel-based Vector
    Machines, JMLR 2 (2001), equation 3.
    """
    predictions, targets = _rows("multiclass_hinge_loss", predictions, targets)
    is_right: Any = targets
    if targets.ndim == 1:
        classes = predictions.shape[1]
        targets = Assert("multiclass_hinge_loss: a target is no class, from 0 on")(
            targets, T.all(T.and_(targets >= 0, targets < classes))
        )
        is_right = T.eq(targets.dimshuffle(0, "x"), T.arange(classes))
    right = T.sum(T.switch(is_right, predictions, 0), axis=1)
    wrong = T.max(T.switch(is_right, -np.inf, predictions), axis=1)
    return T.maximum(wrong - right + delta, 0)


def huber_loss(predictions: Any, targets: Any, delta: Any = 1) -> TensorVariable:
    """Half the square of errors up to ``delta``, and ``delta (|error| - delta / 2)`` beyond.

    Source: Huber, Robust Estimation of a Location Parameter, Ann. Math. Statist. 35 (1964).
    """
    predictions, targets = _same_rank("huber_loss", predictions, targets)
    error = T.abs_(predictions - targets)
    # Both pieces without a choice between them: no infinity times a zero in the gradient.
    near = T.minimum(error, delta)
    return near * (error - near / 2)


def _rows(name: str, predictions: Any, targets: Any) -> tuple[Any, Any]:
    predictions, targets = as_tensor(predictions), as_tensor(targets)
    if predictions.ndim != 2 or targets.ndim not in (1, 2):
        raise ShapeError(
            f"{name} takes a matrix, and a vector or matrix of targets, and got\n"
            f"  {describe(predictions)}\n  {describe(targets)}"
        )
    return predictions, targets


def binary_accuracy(predictions: Any, targets: Any, threshold: Any = 0.5) -> TensorVariable:
    """Where ``predictions > threshold`` says what the targets say, as floats 0 and 1."""
    predictions, targets = _same_rank("binary_accuracy", predictions, targets)
    is_right = T.eq(predictions > threshold, targets > 0.5)
    return T.cast(is_right, predictions.dtype)


def categorical_accuracy(predictions: Any, targets: Any, top_k: int = 1) -> TensorVariable:
    """For each row whether the target class is among the largest predictions, as floats 0 and 1.

    Parameters
    ----------
    predictions : float matrix (rows, classes)
        Probabilities or logits.
    targets : integer vector (rows,), or matrix (rows, classes) of probabilities
    top_k : int
        How many of the largest predictions may be the class. For 1 the first of equal ones counts,
        for more a class is right if fewer than ``top_k`` are larger.

    Raises
    ------
    ShapeError
        If ``predictions`` is no matrix, or ``targets`` neither vector nor matrix.
    """
    predictions, targets = _rows("categorical_accuracy", predictions, targets)
    if top_k < 1:
        raise ValueError(f"categorical_accuracy: top_k must be at least 1, and is {top_k}")
    if targets.ndim == 2:
        targets = T.argmax(targets, axis=1)
    if top_k == 1:
        is_right = T.eq(T.argmax(predictions, axis=1), targets)
    else:
        own = predictions[T.arange(targets.shape[0]), targets]
        # What is NaN is not larger, and must not make the class right.
        larger = T.sum(T.invert(predictions <= own.dimshuffle(0, "x")), axis=1)
        is_right = larger < top_k
    return T.cast(is_right, predictions.dtype)


def confusion_matrix(actual: Any, pred: Any) -> list[TensorVariable]:
    """How often each label was taken for each other.

    Parameters
    ----------
    actual, pred : integer vector (rows,)

    Returns
    -------
    matrix (labels, labels), int64
        The rows with ``labels[i]`` as actual label and ``labels[j]`` as predicted one.
    vector (labels,)
        All labels that occur in either, sorted.
    """
    actual, pred = as_tensor(actual), as_tensor(pred)
    if actual.ndim != 1 or pred.ndim != 1:
        raise ShapeError(
            f"confusion_matrix takes two vectors, and got\n  {describe(actual)}\n  {describe(pred)}"
        )
    labels = T.unique(T.concatenate([actual, pred]))
    one_hot = [T.eq(v.dimshuffle(0, "x"), labels.dimshuffle("x", 0)) for v in (actual, pred)]
    a, p = (T.cast(m, "float64") for m in one_hot)
    return [T.cast(T.dot(a.T, p), "int64"), labels]


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
