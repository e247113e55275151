"""Programs as they are rewritten, on the emulated device; and which ops have a form there."""

from dataclasses import replace

import bitale_codegen_c.lowering  # noqa: F401 (whose rules are those of C)
import bitale_codegen_cuda.linker  # noqa: F401 (whose rules are those of CUDA)
import numpy as np
import pytest
from bitale import function, grad, shared
from bitale import tensor as T
from bitale_codegen_c.host.target import C
from bitale_codegen_cuda.devices import use_device
from bitale_codegen_cuda.driver.emulated import EmulatedDriver, find_compiler
from bitale_codegen_cuda.target import CUDA
from bitale_graph.compile.mode import Mode
from bitale_graph.extend import FunctionGraph
from bitale_graph.plan.node_code import has_code
from bitale_graph.testing import op_samples

EMULATED, ON_NUMPY = Mode(device="emulated"), Mode(linker="numpy")
ORDERS = {"forward": False, "backward": True}


@pytest.fixture(params=ORDERS.values(), ids=ORDERS)
def device(request):
    if find_compiler() is None:
        pytest.skip("needs a C++ compiler")
    driver = EmulatedDriver(optimization="-O0", is_backward=request.param)
    restore = use_device("emulated0", driver)
    yield driver
    restore()


def test_nearly_all_that_has_a_form_in_c_has_one_in_cuda():
    in_c, in_both = set(), set()
    for sample in op_samples():
        nodes = FunctionGraph(*sample.graph()).toposort()
        if all(has_code(C, node) for node in nodes):
            in_c.add(sample.subject)
            if all(has_code(CUDA, node) for node in nodes):
                in_both.add(sample.subject)
    assert len(in_c) > 95
    assert len(in_both) >= 0.95 * len(in_c)


def test_a_training_step_equals_numpy_at_each_call(device):
    """Loops of several steps and results, products, and rows of softmax."""

    def made(mode):
        x, t = T.fmatrix("x"), T.lvector("t")
        w = shared(np.random.default_rng(1).normal(size=(4, 3)).astype("float32"), "w")
        hidden = T.tanh(x * 2 + x.sum(axis=0)) + T.sqr(x).mean(axis=1, keepdims=True)
        loss = T.categorical_crossentropy(T.softmax(T.dot(hidden, w)), t).mean()
        outputs = [loss, T.argmax(hidden, axis=1), T.max(hidden), T.exp(x)[t].sum()]
        return function([x, t], outputs, updates=[(w, w - grad(loss, w) / 2)], mode=mode), w

    (run, w), (reference, expected) = made(EMULATED), made(ON_NUMPY)
    rng = np.random.default_rng(0)
    for n in (5, 33, 5, 5, 33):
        x, t = rng.normal(size=(n, 4)).astype("float32"), rng.integers(0, 3, n)
        for found, wanted in zip(run(x, t), reference(x, t), strict=True):
            np.testing.assert_allclose(found, wanted, rtol=1e-5, atol=1e-6)
        np.testing.assert_allclose(w.get_value(), expected.get_value(), rtol=1e-5, atol=1e-6)
    assert len(run.executable.plans) == 2
    assert device.counts.graphs >= 2


def test_numbers_that_kernels_compute_stay_on_the_device(device):
    x, rate = T.dmatrix("x"), shared(0.5, "rate")
    scaled = x / x.sum(keepdims=True) * rate - x[0, 1]
    outputs = [T.sqr(scaled - scaled.mean()).mean(), scaled]
    run = function([x], outputs, updates=[(rate, rate * 0.9 + scaled.max())], mode=EMULATED)
    numbers, factor = np.random.default_rng(0).normal(size=(5, 7)), 0.5
    for _ in range(3):
        before = replace(device.counts)
        found = run(numbers)
        # The argument goes there and the results come back, each in one piece.
        assert device.counts.downloads - before.downloads == 1
        y = numbers / numbers.sum() * factor - numbers[0, 1]
        for one, other in zip(found, [np.square(y - y.mean()).mean(), y], strict=True):
            np.testing.assert_allclose(one, other, rtol=1e-12)
        factor = factor * 0.9 + y.max()
    np.testing.assert_allclose(rate.get_value(), factor, rtol=1e-12)
    assert device.counts.uploads - before.uploads == 1
