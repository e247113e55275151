"""Products of chosen blocks of a matrix of blocks."""

from __future__ import annotations

from typing import Any

from bitale_graph import language as T
from bitale_graph.extend import ShapeError, TensorVariable, as_tensor, describe


def _tensors(name: str, ranks: tuple[int, ...], *given: Any) -> list[Any]:
    tensors = [as_tensor(t) for t in given]
    if [t.ndim for t in tensors] != list(ranks):
        raise ShapeError(
            f"{name} takes tensors of the ranks {', '.join(map(str, ranks))}, and got\n  "
            + "\n  ".join(map(describe, tensors))
        )
    return tensors


def sparse_block_gemv(o: Any, W: Any, h: Any, inputIdx: Any, outputIdx: Any) -> TensorVariable:
    """``o[b, j] + sum_i h[b, i] W[inputIdx[b, i], outputIdx[b, j]]``: vectors by chosen blocks.

    Parameters
    ----------
    o : tensor (batch, chosen outputs, output size)
    W : tensor (input blocks, output blocks, input size, output size)
    h : tensor (batch, chosen inputs, input size)
    inputIdx : integer matrix (batch, chosen inputs)
    outputIdx : integer matrix (batch, chosen outputs)

    Returns
    -------
    tensor like ``o``

    Raises
    ------
    ShapeError
        If the ranks are others.
    """
    o, W, h, rows, columns = _tensors(
        "sparse_block_gemv", (3, 4, 3, 2, 2), o, W, h, inputIdx, outputIdx
    )
    # (batch, outputs, inputs, input size, output size), then one product for each batch and output.
    blocks = W[rows.dimshuffle(0, "x", 1), columns.dimshuffle(0, 1, "x")]
    stacked = blocks.reshape(
        (blocks.shape[0], blocks.shape[1], blocks.shape[2] * blocks.shape[3], blocks.shape[4])
    )
    vectors = h.reshape((h.shape[0], 1, 1, h.shape[1] * h.shape[2]))
    result: TensorVariable = o + T.matmul(vectors, stacked)[:, :, 0]
    return result


def sparse_block_outer(
    o: Any, x: Any, y: Any, xIdx: Any, yIdx: Any, alpha: Any = None
) -> TensorVariable:
    """``o`` with ``alpha outer(x[b, i], y[b, j])`` added to its block ``xIdx[b, i], yIdx[b, j]``.

    Parameters
    ----------
    o : tensor (x blocks, y blocks, x size, y size)
    x : tensor (batch, chosen of x, x size)
    y : tensor (batch, chosen of y, y size)
    xIdx, yIdx : integer matrix (batch, chosen of x), (batch, chosen of y)
        Blocks chosen several times have everything added.
    alpha : number or scalar, optional
        1 by default.

    Returns
    -------
    tensor like ``o``

    Raises
    ------
    ShapeError
        If the ranks are others.
    """
    o, x, y, rows, columns = _tensors("sparse_block_outer", (4, 3, 3, 2, 2), o, x, y, xIdx, yIdx)
    products = x.dimshuffle(0, 1, "x", 2, "x") * y.dimshuffle(0, "x", 1, "x", 2)
    if alpha is not None:
        products = products * alpha
    at = o[rows.dimshuffle(0, 1, "x"), columns.dimshuffle(0, "x", 1)]
    result: TensorVariable = T.inc_subtensor(at, T.cast(products, o.dtype))
    return result


def sparse_block_dot(W: Any, h: Any, inputIdx: Any, b: Any, outputIdx: Any) -> TensorVariable:
    """``b[outputIdx[j]] + sum_i h[i] W[inputIdx[i], outputIdx[j]]`` for each row of a batch.

    Parameters
    ----------
    W : tensor (input blocks, output blocks, input size, output size)
    h : tensor (batch, chosen inputs, input size), or of one row (chosen inputs, input size)
    inputIdx : integer tensor (batch, chosen inputs) or (chosen inputs,)
    b : matrix (output blocks, output size)
    outputIdx : integer tensor (batch, chosen outputs) or (chosen outputs,)

    Returns
    -------
    tensor (batch, chosen outputs, output size) or (chosen outputs, output size)

    Raises
    ------
    ShapeError
        If the ranks do not fit.
    """
    h, inputIdx, outputIdx, b = map(as_tensor, (h, inputIdx, outputIdx, b))
    if h.ndim == 2:
        one_row = (v.dimshuffle("x", *range(v.ndim)) for v in (h, inputIdx, outputIdx))
        h, inputIdx, outputIdx = one_row
        return sparse_block_dot(W, h, inputIdx, b, outputIdx)[0]
    _tensors("sparse_block_dot", (2, 3, 2, 2), b, h, inputIdx, outputIdx)
    return sparse_block_gemv(b[outputIdx], W, h, inputIdx, outputIdx)
