"""Finding the places of true elements: blocks count, then write behind what others have."""

import numpy as np
import pytest
from bitale_codegen_cuda.driver.emulated import EmulatedDriver
from bitale_codegen_cuda.driver.recording import RecordingDriver
from bitale_codegen_cuda.target import has_kernel
from bitale_graph import language as T
from bitale_graph.compile.function import function
from bitale_graph.compile.mode import Mode
from bitale_graph.extend import FunctionGraph, Nonzero

BOOLS = T.TensorType("bool", (None, None))


@pytest.fixture(scope="module")
def device(needs_emulation):
    return EmulatedDriver(optimization="-O0", multiprocessors=2)


@pytest.fixture(params=[False, True], ids=["forward", "backward"])
def run(request, device, use_driver):
    device.is_backward = request.param
    use_driver(device)
    mask = BOOLS()
    outputs = [*T.nonzero(mask), T.flatnonzero(mask)]
    return function([mask], outputs, mode=Mode(device="emulated"))


@pytest.mark.parametrize("shape", [(1, 1), (3, 7), (90, 101), (20000, 3)])
@pytest.mark.parametrize("share", [0.0, 0.01, 0.5, 1.0])
def test_places_come_in_order(run, shape, share):
    given = np.random.default_rng(1).random(shape) < share
    *places, flat = run(given)
    for found, expected in zip(places, np.nonzero(given), strict=True):
        np.testing.assert_array_equal(found, expected)
    np.testing.assert_array_equal(flat, np.flatnonzero(given))


@pytest.mark.parametrize("shape", [(0, 3), (3, 0)])
def test_of_nothing_there_are_no_places(run, shape):
    assert [len(found) for found in run(np.ones(shape, bool))] == [0, 0, 0]


@pytest.mark.slow
def test_what_is_read_at_places_needs_no_host(device, use_driver):
    use_driver(device)
    device.is_backward = False
    x = T.dvector()
    f = function([x], [T.exp(x[x > 0]), T.set_subtensor(x[x > 0], x[x > 0][::-1])], mode="emulated")
    assert all(map(has_kernel, f.maker.fgraph.toposort()))
    given = np.random.default_rng(2).standard_normal(5000)
    swapped = given.copy()
    swapped[given > 0] = given[given > 0][::-1]
    for _ in range(2):
        found = f(given)
        np.testing.assert_allclose(found[0], np.exp(given[given > 0]), rtol=1e-14)
        np.testing.assert_array_equal(found[1], swapped)


def test_it_has_a_kernel():
    mask = BOOLS()
    graph = FunctionGraph([mask], list(T.nonzero(mask)))
    assert all(has_kernel(n) for n in graph.toposort() if isinstance(n.op, Nonzero))


def test_a_call_makes_two_launches_beside_the_count(use_driver):
    driver = RecordingDriver()
    use_driver(driver)
    mask, n = BOOLS(), T.lscalar()
    outputs = Nonzero()(mask, n)
    function([mask, n], outputs, mode=Mode(device="emulated"))(np.ones((4, 5), bool), 20)
    assert driver.counts.launches == 2
