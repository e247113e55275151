import numpy as np
import pytest
from bitale_graph import language as T
from bitale_graph.base.errors import ShapeError
from bitale_nnet import Dense, Embedding, Sequential, StepPool, TransformerBlock

M = np.array([[1, 1, 0, 0], [0, 1, 0, 1], [0, 0, 0, 0]], "int8")
POOLED = {
    "mean": lambda rows: rows.mean(axis=0),
    "max": lambda rows: rows.max(axis=0),
    "last": lambda rows: rows[-1],
}


@pytest.mark.parametrize("mode", POOLED)
def test_all_steps_count_without_a_mask(mode, check_layer):
    def wanted(_, X):
        return np.stack([POOLED[mode](rows) for rows in X])

    check_layer(StepPool(mode), (3, 4, 2), wanted)


@pytest.mark.parametrize("mode", POOLED)
def test_steps_that_do_not_count_are_left_out(mode, check_layer):
    def wanted(_, X):
        kept = [rows[counts != 0] for rows, counts in zip(X, M, strict=True)]
        return np.stack([POOLED[mode](rows) if len(rows) else np.zeros(2) for rows in kept])

    check_layer(StepPool(mode), (3, 4, 2), wanted, mask=T.constant(M))


def test_a_mask_reaches_it_among_other_layers(rng):
    network = Sequential([Embedding(9, 4), TransformerBlock(2), StepPool(), Dense(2)])
    network.build((None, None), rng)
    words, mask = T.lmatrix(), T.bmatrix()
    score = network(words, mask)
    W = rng.integers(0, 9, size=(3, 4))
    a = score.eval({words: W, mask: M})
    W[M == 0] = 8
    assert np.allclose(a, score.eval({words: W, mask: M}), atol=1e-5)


def test_what_does_not_fit_is_told_at_once():
    with pytest.raises(ValueError, match="the mode is one of mean, max, last, not 'sum'"):
        StepPool("sum")
    with pytest.raises(ShapeError, match=r"takes \(batch, steps, features\)"):
        StepPool().build((None, 3))
    layer = StepPool()
    layer.build((None, None, 3))
    with pytest.raises(ShapeError, match=r"takes \(batch, steps, features\)"):
        layer(T.matrix())
    with pytest.raises(ShapeError, match=r"the mask is \(batch, steps\)"):
        layer(T.tensor3(), T.tensor3())
