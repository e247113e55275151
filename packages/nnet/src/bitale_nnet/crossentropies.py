"""Cross-entropy with one class a row, under Theano's names and in its forms.

Nothing here is an op of its own: the forms that were ops in Theano, with a bias or with the largest
probability beside the loss, are put together of one that is (`SoftmaxCrossentropy` of graph), and
compilation fuses them. `softmax_crossentropy` of `losses` is what to write today.
"""

from __future__ import annotations

from typing import Any

from bitale_graph import language as T
from bitale_graph.extend import (
    Crossentropy1Hot,
    Crossentropy1HotGrad,
    LogSoftmax,
    ShapeError,
    Softmax,
    SoftmaxCrossentropy,
    SoftmaxCrossentropyGrad,
    SoftmaxGrad,
    TensorVariable,
    as_tensor,
    describe,
)

from . import losses

softmax_op = Softmax()
logsoftmax_op = LogSoftmax()
softmax_grad = SoftmaxGrad()
crossentropy_categorical_1hot = Crossentropy1Hot()
CrossentropyCategorical1Hot = Crossentropy1Hot


class SoftmaxWithBias:
    """Called with a matrix and a vector, softmax of each row of their sum; no op of its own."""

    def __call__(self, x: Any, b: Any) -> TensorVariable:
        """``softmax(x + b)``."""
        return softmax_op(_with_bias(x, b))


softmax_with_bias = SoftmaxWithBias()


def _with_bias(x: Any, b: Any) -> Any:
    x, b = as_tensor(x), as_tensor(b)
    if x.ndim != 2 or b.ndim != 1:
        raise ShapeError(
            f"a bias is a vector beside a matrix of rows, and got\n  {describe(x)}\n  {describe(b)}"
        )
    return x + b


def crossentropy_categorical_1hot_grad(
    g_y: Any, coding_dist: Any, true_one_of_n: Any
) -> TensorVariable:
    """The adjoint of `crossentropy_categorical_1hot`: ``-g_y / p`` at the classes, 0 elsewhere."""
    result: TensorVariable = Crossentropy1HotGrad()(coding_dist, g_y, true_one_of_n)
    return result


def crossentropy_softmax_1hot(x: Any, y_idx: Any) -> tuple[Any, Any]:
    """The cross-entropy of each row's softmax with its class, and the softmax.

    Parameters
    ----------
    x : float matrix (rows, classes)
        Before softmax.
    y_idx : integer vector (rows,)

    Returns
    -------
    vector (rows,), matrix (rows, classes)

    Raises
    ------
    IndexError
        When it runs, if a class does not exist.
    """
    loss, probabilities = SoftmaxCrossentropy()(x, y_idx)
    return loss, probabilities


def crossentropy_softmax_1hot_with_bias(x: Any, b: Any, y_idx: Any) -> tuple[Any, Any]:
    """`crossentropy_softmax_1hot` of ``x + b``."""
    return crossentropy_softmax_1hot(_with_bias(x, b), y_idx)


def crossentropy_softmax_argmax_1hot_with_bias(x: Any, b: Any, y_idx: Any) -> list[Any]:
    """Of ``x + b``: the cross-entropy of each row, its softmax, and the most likely class."""
    loss, probabilities = crossentropy_softmax_1hot_with_bias(x, b, y_idx)
    return [loss, probabilities, _likeliest(x + b, y_idx)]


def _likeliest(logits: Any, y_idx: Any) -> Any:
    """In the dtype of the classes given, as Theano has it."""
    return T.cast(T.argmax(logits, axis=1), as_tensor(y_idx).dtype)


def crossentropy_softmax_max_and_argmax_1hot(x: Any, y_idx: Any) -> tuple[Any, Any, Any, Any]:
    """The cross-entropy of each row, its softmax, the largest probability, and where it is."""
    loss, probabilities = crossentropy_softmax_1hot(x, y_idx)
    return loss, probabilities, T.max(probabilities, axis=1), T.argmax(as_tensor(x), axis=1)


def crossentropy_softmax_max_and_argmax_1hot_with_bias(
    x: Any, b: Any, y_idx: Any
) -> tuple[Any, Any, Any, Any]:
    """`crossentropy_softmax_max_and_argmax_1hot` of ``x + b``."""
    return crossentropy_softmax_max_and_argmax_1hot(_with_bias(x, b), y_idx)


def crossentropy_softmax_1hot_with_bias_dx(dnll: Any, softmax: Any, y_idx: Any) -> TensorVariable:
    """The adjoint of the loss in ``x + b``: ``(softmax - onehot(y_idx)) dnll``."""
    result: TensorVariable = SoftmaxCrossentropyGrad()(softmax, dnll, y_idx)
    return result


def sigmoid_binary_crossentropy(
    output: Any, target: Any, weights: Any = None, label_smoothing: Any = 0
) -> TensorVariable:
    """The function of `losses` of that name, whose operands Theano calls so."""
    return losses.sigmoid_binary_crossentropy(output, target, weights, label_smoothing)
