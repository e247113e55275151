"""Derivatives through every form of reading what a loop gave."""

import numpy as np
import pytest
from bitale_autodiff import grad
from bitale_graph import function, scan
from bitale_graph import language as T

X = np.arange(1.0, 11.0).reshape(5, 2) / 7
KEYS = {
    ":": np.s_[:],
    "...": np.s_[...],
    ":, :": np.s_[:, :],
    "None": np.s_[None],
    ":, None": np.s_[:, None],
    "..., 0": np.s_[..., 0],
    ":, 0": np.s_[:, 0],
    "::2": np.s_[::2],
    "1:": np.s_[1:],
    "-3:-1": np.s_[-3:-1],
    "::-1": np.s_[::-1],
    "0": np.s_[0],
    "-1": np.s_[-1],
    "-1, :": np.s_[-1, :],
    "-1, ..., None": np.s_[-1, ..., None],
    "an array": np.s_[[0, 4, 0]],
    "two arrays": np.s_[[0, 4], [1, 0]],
    "an array and None": np.s_[[0, 4], None],
    "nothing": np.s_[3:3],
}


@pytest.mark.parametrize("backwards", [False, True])
@pytest.mark.parametrize("key", KEYS)
def test_a_read_of_a_sum_so_far_passes_back_to_all_earlier_rows(key, backwards):
    x = T.dmatrix("x")
    h, _ = scan(lambda row, h: h + row, x, T.zeros((2,)), go_backwards=backwards)
    found = function([x], grad(T.sum(h[KEYS[key]]), x))(X)
    np.testing.assert_allclose(found, by_rows(_counts(KEYS[key]), backwards), rtol=1e-14)


def test_several_reads_of_one_loop_add_up():
    x = T.dmatrix("x")
    h, _ = scan(lambda row, h: h + row, x, T.zeros((2,)))
    cost = T.sum(h[:]) + 2 * T.sum(h[-1]) + T.sum(h[...][1:]) + T.sum(h[[0, 0]])
    counts = np.ones((5, 2))
    counts[-1] += 2
    counts[1:] += 1
    counts[0] += 2
    found = function([x], grad(cost, x))(X)
    np.testing.assert_allclose(found, by_rows(counts, False), rtol=1e-14)


def _counts(key):
    """How often an index reads each element."""
    counts = np.zeros(X.shape)
    np.add.at(counts, key, 1)
    return counts


def by_rows(counts, backwards):
    """What each row receives: the counts of its step and all later ones."""
    received = np.cumsum(counts[::-1], axis=0)[::-1]
    return received[::-1] if backwards else received
