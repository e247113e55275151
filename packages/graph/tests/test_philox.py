"""Philox against the known answers of its authors, and what is drawn against its distribution."""

import numpy as np
import pytest
from bitale_graph.tensor import draws
from bitale_graph.tensor.philox import philox

KEY, N = np.uint64(11), 100_000
INDEX = np.arange(N, dtype=np.uint64)


# Of the file kat_vectors of Random123: counter, key, block.
@pytest.mark.parametrize(
    ("key", "draw", "index", "words"),
    [
        (0, 0, 0, "6627e8d5 e169c58d bc57ac4c 9b00dbd8"),
        (2**64 - 1, 2**64 - 1, 2**64 - 1, "408f276d 41c83b0e a20bc7c6 6d5451fd"),
        (
            0x299F31D0A4093822,
            0x0370734413198A2E,
            0x85A308D3243F6A88,
            "d16cfe09 94fdcceb 5001e420 24126ea1",
        ),
    ],
)
def test_a_block_is_the_known_answer(key, draw, index, words):
    first, last = (int(x) for x in philox(*map(np.uint64, (key, draw, index))))
    found = [w >> s & 0xFFFFFFFF for w in (first, last) for s in (0, 32)]
    assert found == [int(w, 16) for w in words.split()]


def test_long_arrays_have_the_numbers_of_their_elements():
    first, last = philox(KEY, np.uint64(3), INDEX)
    for i in (0, 1, 2**14 - 1, 2**14, N - 1):
        one, other = philox(KEY, np.uint64(3), np.uint64(i))
        assert (first[i], last[i]) == (one, other)


@pytest.mark.parametrize("n", [0, 1, 7, 2**32, 2**32 + 5, 2**63, 2**64 - 1])
def test_a_number_below_n_is_the_upper_half_of_a_product(n):
    bits = draws.random_bits.scalar_op(KEY, np.uint64(0), INDEX[:50])
    found = draws.random_below.scalar_op(KEY, np.uint64(0), INDEX[:50], np.uint64(n))
    assert [int(x) for x in found] == [int(x) * n >> 64 for x in bits]


def _moments(x, mean, variance):
    """How many standard errors mean and variance are away from where they should be."""
    z = (x - mean) / np.sqrt(variance)
    fourth = np.mean(z**4) - 1 + 1e-9  # a coin has no more than its variance
    return abs(z.mean()) * np.sqrt(N), abs(z.var() - 1) * np.sqrt(N / fourth)


@pytest.mark.parametrize("mean", [0.01, 0.9, 9.99, 10.0, 33.0, 1e4, 1e12])
def test_poisson_numbers_have_their_moments(mean):
    x = draws.random_poisson.scalar_op(KEY, np.uint64(1), INDEX, np.float64(mean))
    assert x.dtype == np.int64
    assert max(_moments(x, mean, mean)) < 4


@pytest.mark.parametrize("shape", [0.02, 0.7, 1.0, 4.5, 1e3])
def test_gamma_numbers_have_their_moments(shape):
    x = draws.random_gamma.scalar_op(KEY, np.uint64(2), INDEX, np.float64(shape))
    assert max(_moments(x, shape, shape)) < 4


@pytest.mark.parametrize(
    ("n", "p"), [(1, 0.5), (7, 0.2), (40, 0.9), (10**3, 0.5), (10**9, 1e-8), (10**9, 0.3)]
)
def test_binomial_numbers_have_their_moments(n, p):
    x = draws.random_binomial.scalar_op(KEY, np.uint64(3), INDEX, np.int64(n), np.float64(p))
    assert x.min() >= 0
    assert x.max() <= n
    assert max(_moments(x, n * p, n * p * (1 - p))) < 4


@pytest.mark.parametrize(("n", "p", "only"), [(5, 0.0, 0), (5, 1.0, 5), (0, 0.4, 0)])
def test_what_is_certain_is_drawn(n, p, only):
    x = draws.random_binomial.scalar_op(KEY, np.uint64(4), INDEX[:99], np.int64(n), np.float64(p))
    assert (x == only).all()


def test_a_factorial_is_exact_to_rounding():
    k = np.arange(60.0)
    exact = np.concatenate([[0.0], np.cumsum(np.log(np.arange(1.0, 60)))])
    np.testing.assert_allclose(draws.log_factorial(k), exact, rtol=3e-12, atol=1e-12)
