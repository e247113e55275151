"""Pooling: a thread for each number that is written, in one launch."""

import numpy as np
import pytest
from bitale_codegen_cuda.driver.recording import RecordingDriver
from bitale_codegen_cuda.target import has_kernel
from bitale_graph.compile.function import function
from bitale_graph.compile.mode import Mode
from bitale_graph.extend import FunctionGraph
from bitale_graph.language import tensor4
from bitale_graph.pooling import MaxPoolGrad, MaxPoolTangent, Pool, PoolGrad, pool_2d
from bitale_graph.testing import op_samples

SAMPLES = op_samples(Pool, PoolGrad, MaxPoolGrad, MaxPoolTangent, core=True)


@pytest.fixture(scope="module")
def device(device_for):
    return device_for(SAMPLES)


@pytest.mark.parametrize("is_backward", [False, True])
def test_samples_equal_numpy(device, functions_of, is_backward):
    device.is_backward = is_backward
    for sample, run in zip(SAMPLES, functions_of(device, SAMPLES), strict=True):
        for found in (run(*sample.inputs), run(*sample.inputs)):
            assert not sample.difference(found[0], sample.expected()[0]), sample.name


def test_integers_and_halves_are_pooled_on_the_device():
    for sample in op_samples(Pool, PoolGrad, MaxPoolGrad, MaxPoolTangent):
        assert all(map(has_kernel, FunctionGraph(*sample.graph()).toposort())), sample.name


def test_one_kernel_serves_windows_of_every_size(use_driver):
    driver = RecordingDriver()
    use_driver(driver)
    x = tensor4()
    outputs = [pool_2d(x, w, True, 2) for w in (1, 2, 3)]
    run = function([x], outputs, mode=Mode(device="emulated"))
    for columns in (8, 9):
        run(np.zeros((2, 3, 7, columns)))
    assert driver.counts.launches == 6
    assert sum("bt_pool_" in name for name in driver.texts) == 1
