"""Softmax in two levels, for very many classes."""

from __future__ import annotations

from typing import Any

from bitale_graph import language as T
from bitale_graph.extend import ShapeError, TensorVariable, as_tensor, describe


def h_softmax(
    x: Any,
    batch_size: Any,
    n_outputs: Any,
    n_classes: Any,
    n_outputs_per_class: Any,
    W1: Any,
    b1: Any,
    W2: Any,
    b2: Any,
    target: Any = None,
) -> TensorVariable:
    """Probabilities of outputs that are grouped in classes: of the class, times within the class.

    Output k is number ``k % n_outputs_per_class`` of class ``k // n_outputs_per_class``. With
    targets the work is that of one class a row; near the root of ``n_outputs``, both numbers make
    it least.

    Parameters
    ----------
    x : matrix (batch_size, features)
    batch_size : int or integer scalar
        The rows of ``x``.
    n_outputs, n_classes, n_outputs_per_class : int or integer scalar
        ``n_classes * n_outputs_per_class`` is at least ``n_outputs``; the surplus is dropped, and
        what probability it has with it.
    W1, b1 : matrix (features, n_classes), vector (n_classes,)
    W2, b2 : tensor (n_classes, features, n_outputs_per_class), matrix (n_classes,
        n_outputs_per_class)
    target : integer vector (batch_size,), optional
        The output that each row asks for.

    Returns
    -------
    matrix (batch_size, n_outputs), or with ``target`` vector (batch_size,)

    Raises
    ------
    ShapeError
        If ranks do not fit.
    ValueError
        If the numbers are told and the classes have no room for the outputs.

    Source: Morin and Bengio, Hierarchical Probabilistic Neural Network Language Model, AISTATS
    2005; in two levels: Goodman, Classes for Fast Maximum Entropy Training, ICASSP 2001.
    """
    x, W1, b1, W2, b2 = map(as_tensor, (x, W1, b1, W2, b2))
    _check(n_outputs, n_classes, n_outputs_per_class, x, W1, b1, W2, b2)
    of_class: Any = T.softmax(T.dot(x, W1) + b1)
    if target is None:
        # (batch, classes, per class): one product, as if of a matrix (features, all outputs).
        within = T.softmax(T.tensordot(x, W2, axes=[[1], [1]]) + b2)
        joint = within * of_class.dimshuffle(0, 1, "x")
        flat = joint.reshape((batch_size, n_classes * n_outputs_per_class))
        return as_tensor(flat[:, :n_outputs])
    target = as_tensor(target)
    group, within_group = target // n_outputs_per_class, target % n_outputs_per_class
    logits: Any = T.batched_dot(x.dimshuffle(0, "x", 1), W2[group])[:, 0] + b2[group]
    rows = T.arange(batch_size)
    return T.mul(of_class[rows, group], T.softmax(logits)[rows, within_group])


def _check(outputs: Any, classes: Any, per_class: Any, *tensors: Any) -> None:
    if [t.ndim for t in tensors] != [2, 2, 1, 3, 2]:
        raise ShapeError(
            "h_softmax takes x, W1, b1, W2, b2 of the ranks 2, 2, 1, 3, 2, and got\n  "
            + "\n  ".join(map(describe, tensors))
        )
    told = all(isinstance(n, int) for n in (outputs, classes, per_class))
    if told and classes * per_class < outputs:
        raise ValueError(
            f"h_softmax: {classes} classes of {per_class} have no room for {outputs} outputs"
        )
