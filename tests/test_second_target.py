"""Plans serve a second target: its kernels are printed as CUDA C, and compile without a GPU."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from bitale import grad, shared
from bitale import tensor as T
from bitale_graph.compile.mode import Mode
from bitale_graph.extend import FunctionGraph
from bitale_graph.plan.calls import Launch
from bitale_graph.plan.host_function import plan_function
from bitale_graph.plan.statements import walk
from bitale_graph.testing import op_samples

from tests.cuda.dialect import CUDA, PRELUDE
from tests.cuda.kernels import CudaKernel, is_claimed
from tests.cuda.nvrtc import Nvrtc, library_path

# So many kernels are one source: the compiler takes some 0.1 s for each call.
TOGETHER = 40


def kernels_of(graph, n_inputs, n_outputs):
    host = plan_function(graph, n_inputs, n_outputs, [], CUDA)
    return [one.kernel for one in walk(host.statements) if isinstance(one, Launch)]


def fused():
    """The kernels of a training step as it is rewritten: loops of several steps and results."""
    x, t = T.fmatrix("x"), T.ivector("t")
    w = shared(np.zeros((4, 3), "float32"), "w")
    hidden = T.tanh(x * 2 + x.sum(axis=0)) + T.sqr(x).mean(axis=1, keepdims=True)
    loss = T.categorical_crossentropy(T.softmax(T.dot(hidden, w)), t).mean()
    outputs = [loss, grad(loss, w), T.argmax(hidden, axis=1), T.max(hidden), T.exp(x)[t].sum()]
    graph = FunctionGraph([x, t, w], outputs).clone()
    mode = Mode(optimizer="fast_run")
    mode.find_rewriter().rewrite(graph, mode)
    return kernels_of(graph, 3, len(outputs))


@pytest.fixture(scope="module")
def kernels():
    """Each kernel of the op samples and of a rewritten graph once."""
    found = dict.fromkeys(fused())
    for sample in op_samples():
        inputs, outputs = sample.graph()
        found.update(dict.fromkeys(kernels_of(FunctionGraph(inputs, outputs), len(inputs), 1)))
    return list(found)


@pytest.fixture(scope="module")
def nvrtc():
    path = library_path()
    if path is None:
        pytest.skip("needs the wheel nvidia-cuda-nvrtc")
    return Nvrtc(path)


def test_nearly_all_kernels_are_claimed(kernels):
    left_out = [k for k in kernels if not is_claimed(k)]
    assert len(kernels) > 1000
    assert len(left_out) < 10
    # What is left out sums up along different axes in one loop.
    for kernel in left_out:
        assert len({r.axes for r in kernel.loop.results if r.reduce is not None}) > 1


def test_the_claimed_are_of_all_kinds(kernels):
    claimed = [k for k in kernels if is_claimed(k)]
    kinds = {o.kind for k in claimed for o in k.operands}
    assert kinds >= {"in", "out", "total", "table", "into"}
    axes = {(k.loop.ndim, r.axes) for k in claimed for r in k.loop.results if r.reduce is not None}
    assert axes >= {(2, (0,)), (2, (1,)), (2, (0, 1))}
    assert any(len(k.loop.results) > 1 for k in claimed)


@pytest.mark.slow
@pytest.mark.parametrize("architecture", ["sm_80", "sm_90"])
def test_every_claimed_kernel_compiles(kernels, nvrtc, architecture):
    texts = [CudaKernel(k).text(f"kernel{i}") for i, k in enumerate(kernels) if is_claimed(k)]
    groups = [texts[i : i + TOGETHER] for i in range(0, len(texts), TOGETHER)]

    def compiled(group):
        return nvrtc.compile("\n".join([PRELUDE, *group]), architecture)

    with ThreadPoolExecutor(2) as pool:
        binaries = list(pool.map(compiled, groups))
    assert all(binary[:4] == b"\x7fELF" for binary in binaries)


def test_a_mistake_is_told_in_the_words_of_the_compiler(nvrtc):
    with pytest.raises(RuntimeError, match="undefined"):
        nvrtc.compile('extern "C" __global__ void wrong(float *x) { x[0] = y; }', "sm_90")
