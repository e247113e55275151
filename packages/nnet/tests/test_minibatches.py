import numpy as np
import pytest
from bitale_nnet import iterate_minibatches

X = np.arange(14).reshape(7, 2)
Y = np.arange(7)


def test_every_row_comes_once_and_rows_stay_together():
    pieces = list(iterate_minibatches([X, Y], 3, np.random.default_rng(0)))
    assert [len(x) for x, _ in pieces] == [3, 3, 1]
    assert sorted(np.concatenate([y for _, y in pieces])) == list(range(7))
    for x, y in pieces:
        assert np.array_equal(x[:, 0], 2 * y)


def test_the_generator_decides_the_order():
    orders = [
        np.concatenate([y for (y,) in iterate_minibatches([Y], 2, np.random.default_rng(seed))])
        for seed in (1, 1, 2)
    ]
    assert np.array_equal(orders[0], orders[1])
    assert not np.array_equal(orders[0], orders[2])


def test_without_shuffling_the_pieces_are_views_in_order():
    pieces = [x for (x,) in iterate_minibatches([X], 4, shuffle=False)]
    assert np.array_equal(np.concatenate(pieces), X)
    assert all(np.shares_memory(piece, X) for piece in pieces)


def test_no_rows_give_no_pieces():
    assert list(iterate_minibatches([X[:0]], 4)) == []


@pytest.mark.parametrize(
    ("arrays", "size", "message"),
    [
        ([X, Y[:3]], 2, "arrays of one length"),
        ([], 2, "arrays of one length"),
        ([X], 0, "batch_size must be at least 1, not 0"),
    ],
)
def test_what_cannot_be_cut_is_refused_at_once(arrays, size, message):
    with pytest.raises(ValueError, match=message):
        iterate_minibatches(arrays, size)
