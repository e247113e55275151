"""Searching a sorted vector: a thread for each number, which halves what may hold its place."""

import numpy as np
import pytest
from bitale_codegen_cuda.driver.recording import RecordingDriver
from bitale_codegen_cuda.target import has_kernel
from bitale_graph.compile.function import function
from bitale_graph.compile.mode import Mode
from bitale_graph.extend import FunctionGraph, SearchSorted
from bitale_graph.language import TensorType, searchsorted, sum
from bitale_graph.testing import op_samples

VECTOR = TensorType("float64", (None,))
SAMPLES = [sample for sample in op_samples() if sample.subject is SearchSorted]


@pytest.fixture(scope="module")
def device(device_for):
    return device_for(SAMPLES)


@pytest.mark.parametrize("is_backward", [False, True])
def test_every_sample_equals_numpy(device, functions_of, is_backward):
    device.is_backward = is_backward
    for sample, run in zip(SAMPLES, functions_of(device, SAMPLES), strict=True):
        assert all(map(has_kernel, FunctionGraph(*sample.graph()).toposort()))
        for found in (run(*sample.inputs), run(*sample.inputs)):
            assert not sample.difference(found[0], sample.expected()[0]), sample.name
        assert not run.executable.is_live


@pytest.mark.parametrize("side", ["left", "right"])
def test_many_numbers_are_found_by_several_blocks(device, use_driver, side):
    use_driver(device)
    x, v = VECTOR(), VECTOR()
    run = function([x, v], [searchsorted(x, v, side)], mode=Mode(device="emulated"))
    drawn = np.random.default_rng(0)
    table = np.sort(drawn.integers(0, 900, 1000).astype("float64"))
    keys = drawn.integers(-5, 905, 10001).astype("float64")
    np.testing.assert_array_equal(run(table, keys)[0], np.searchsorted(table, keys, side))
    np.testing.assert_array_equal(run(table[:0], keys)[0], np.zeros(10001))
    assert run(table, keys[:0])[0].shape == (0,)


def test_a_number_that_the_device_computes_and_one_that_a_call_passes(device, use_driver):
    use_driver(device)
    x, key = VECTOR(), TensorType("float64", ())()
    outputs = [searchsorted(x, sum(x) / 4), searchsorted(x, key), searchsorted(x, 2.5)]
    run = function([x, key], outputs, mode=Mode(device="emulated"))
    table = np.arange(6.0)
    for given in (1.0, 4.5):
        found = run(table, given)
        assert [int(n) for n in found] == [4, np.searchsorted(table, given), 3]
    assert len(run.executable.plans) == 1


def test_all_numbers_are_found_by_one_launch(use_driver):
    driver = RecordingDriver()
    use_driver(driver)
    x, v = VECTOR(), VECTOR()
    run = function([x, v], [searchsorted(x, v)], mode=Mode(device="emulated"))
    run(np.arange(9.0), np.arange(70.0))
    assert driver.counts.launches == 1
