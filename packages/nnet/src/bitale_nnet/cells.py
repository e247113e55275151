"""One step of the usual recurrences, as functions to hand to `scan` or to call in one's own steps.

Each takes the row of the sequence, then the states, then the parameters, in the order in which scan
gives sequences, states and non-sequences. A row and a state are a vector (features,), (units,), or
a matrix of a batch, (batch, features), (batch, units).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from bitale_graph import language as T
from bitale_graph.extend import TensorVariable, as_tensor


def _plus(x: Any, bias: Any) -> Any:
    return x if bias is None else x + bias


def simple_rnn_step(
    x: Any,
    h: Any,
    W_x: Any,
    W_h: Any,
    b: Any = None,
    activation: Callable[[Any], Any] = T.tanh,
) -> TensorVariable:
    """``activation(x W_x + h W_h + b)``: the new state, which is also the output.

    Parameters
    ----------
    x, h : tensor
        A row (features,) or (batch, features), and the state (units,) or (batch, units).
    W_x, W_h : matrix
        (features, units) and (units, units).
    b : vector (units,), optional
    activation : callable

    Source: Elman, Finding Structure in Time, Cognitive Science 14 (1990).
    """
    result: TensorVariable = activation(_plus(T.dot(x, W_x) + T.dot(h, W_h), b))
    return result


def gru_step(
    x: Any,
    h: Any,
    W_xm: Any,
    W_hm: Any,
    W_xh: Any,
    W_hh: Any,
    b_m: Any = None,
    b_h: Any = None,
) -> TensorVariable:
    """One step of gated recurrent units: the new state, which is also the output.

    With the gates ``[r, z] = sigmoid(x W_xm + h W_hm + b_m)``, reset first and update second, and
    the candidate ``c = tanh(x W_xh + (r h) W_hh + b_h)``, the new state is ``z h + (1 - z) c``. An
    update gate of 1 thus keeps the state; others write it the other way round.

    Parameters
    ----------
    x, h : tensor
        A row (features,) or (batch, features), and the state (units,) or (batch, units).
    W_xm, W_hm : matrix
        Of both gates side by side: (features, 2 units) and (units, 2 units).
    W_xh, W_hh : matrix
        Of the candidate: (features, units) and (units, units).
    b_m, b_h : vector, optional
        (2 units,) and (units,).

    Source: Cho et al., Learning Phrase Representations using RNN Encoder-Decoder for Statistical
    Machine Translation, EMNLP 2014 (arXiv:1406.1078), equations 5 to 8.
    """
    h = as_tensor(h)
    units = as_tensor(W_hh).shape[0]
    gates: Any = T.sigmoid(_plus(T.dot(x, W_xm) + T.dot(h, W_hm), b_m))
    r, z = gates[..., :units], gates[..., units:]
    c: Any = T.tanh(_plus(T.dot(x, W_xh) + T.dot(r * h, W_hh), b_h))
    result: TensorVariable = z * h + (1 - z) * c
    return result


def lstm_step(
    x: Any, h: Any, c: Any, W_x: Any, W_h: Any, b: Any = None, p: Any = None
) -> tuple[TensorVariable, TensorVariable]:
    """One step of long short-term memory with forget gates: the new output and the new memory.

    ``[i, f, o, g] = x W_x + h W_h + b``, in this order; the new memory is
    ``sigmoid(f) c + sigmoid(i) tanh(g)``, the new output ``sigmoid(o)`` times the tanh of it. With
    peepholes ``p``, side by side, ``i`` and ``f`` have ``p_i c`` and ``p_f c`` added, and ``o`` has
    ``p_o`` times the new memory.

    Parameters
    ----------
    x, h, c : tensor
        A row (features,) or (batch, features); output and memory, (units,) or (batch, units).
    W_x, W_h : matrix
        Side by side: (features, 4 units) and (units, 4 units).
    b : vector (4 units,), optional
        Its second quarter is best 1 at first, so that memories last while they are being learnt.
    p : vector (3 units,), optional
        Peepholes: of the input, forget and output gate.

    Source: Hochreiter and Schmidhuber, Long Short-Term Memory, Neural Computation 9 (1997); the
    forget gate: Gers, Schmidhuber and Cummins, Learning to Forget, Neural Computation 12 (2000);
    peepholes: Gers, Schraudolph and Schmidhuber, Learning Precise Timing with LSTM Recurrent
    Networks, JMLR 3 (2002), equations 2 to 6.
    """
    c = as_tensor(c)
    units = as_tensor(W_h).shape[0]
    z: Any = _plus(T.dot(x, W_x) + T.dot(h, W_h), b)
    if p is not None:
        return _with_peepholes(z, c, as_tensor(p), units)
    gates: Any = T.sigmoid(z[..., : 3 * units])
    i, f, o = (gates[..., k * units : (k + 1) * units] for k in range(3))
    memory = f * c + i * T.tanh(z[..., 3 * units :])
    return o * T.tanh(memory), memory


def _with_peepholes(z: Any, c: Any, p: Any, units: Any) -> tuple[TensorVariable, TensorVariable]:
    i, f, o, g = (z[..., k * units : (k + 1) * units] for k in range(4))
    p_i, p_f, p_o = (p[k * units : (k + 1) * units] for k in range(3))
    memory: Any = T.sigmoid(f + p_f * c) * c + T.sigmoid(i + p_i * c) * T.tanh(g)
    output: Any = T.sigmoid(o + p_o * memory) * T.tanh(memory)
    return output, memory
