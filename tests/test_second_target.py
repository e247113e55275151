"""Plans serve a second target: kernels in CUDA C, which compile, and run, without a GPU."""

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
from tests.cuda.emulator import Emulator, find_compiler
from tests.cuda.host import CheckFailedError, Host
from tests.cuda.kernels import CudaKernel, is_claimed
from tests.cuda.nvrtc import Nvrtc, library_path

# So many kernels are one source: the compiler takes some 0.1 s for each call.
TOGETHER = 40


def planned(graph):
    return plan_function(graph, len(graph.inputs), len(graph.outputs), [], CUDA)


def kernels_of(host):
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
    return planned(graph)


@pytest.fixture(scope="module")
def hosts():
    """The host code of each op sample."""
    return [(sample, planned(FunctionGraph(*sample.graph()))) for sample in op_samples()]


@pytest.fixture(scope="module")
def kernels(hosts):
    """Each kernel of the op samples and of a rewritten graph once."""
    found = dict.fromkeys(kernels_of(fused()))
    for _, host in hosts:
        found.update(dict.fromkeys(kernels_of(host)))
    return list(found)


@pytest.fixture(scope="module")
def emulated(kernels, tmp_path_factory):
    """The claimed kernels on the CPU, and their names there."""
    if find_compiler() is None:
        pytest.skip("needs a C++ compiler")
    names = {k: f"kernel{i}" for i, k in enumerate(kernels) if is_claimed(k)}
    texts = {name: CudaKernel(k).text(name) for k, name in names.items()}
    return names, Emulator(texts, tmp_path_factory.mktemp("emulated"))


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


@pytest.mark.slow
@pytest.mark.parametrize("order", [0, 1], ids=["forward", "backward"])
def test_every_claimed_kernel_computes_what_numpy_does(hosts, emulated, order):
    names, device = emulated
    found, launches, ran = [], 0, 0
    for sample, host in hosts:
        if not all(k in names for k in kernels_of(host)):
            continue
        call = Host(host, names, device, order)
        results = call(sample.inputs)
        launches += call.launches
        ran += call.launches > 0
        for got, wanted in zip(results, sample.expected(), strict=True):
            told = sample.difference(got, wanted)
            if told:
                found.append(f"{sample.name}: {told}")
    assert not found, "\n".join(found)
    assert ran > 1000
    assert launches >= ran


def test_numbers_that_kernels_compute_stay_on_the_device(tmp_path):
    if find_compiler() is None:
        pytest.skip("needs a C++ compiler")
    x, rate = T.dmatrix("x"), shared(0.5, "rate")
    scaled = x / x.sum(keepdims=True) * rate - x[0, 1]
    outputs = [T.sqr(scaled - scaled.mean()).mean(), scaled, rate * 0.9 + scaled.max()]
    graph = FunctionGraph([x, rate], outputs).clone()
    mode = Mode(optimizer="fast_run")
    mode.find_rewriter().rewrite(graph, mode)
    host = plan_function(graph, 1, 2, [0], CUDA)
    names = {k: f"kernel{i}" for i, k in enumerate(dict.fromkeys(kernels_of(host)))}
    device = Emulator({name: CudaKernel(k).text(name) for k, name in names.items()}, tmp_path)
    call = Host(host, names, device)
    numbers = np.random.default_rng(0).normal(size=(5, 7))
    found = call([numbers, np.array(0.5)])
    y = numbers / numbers.sum() * 0.5 - numbers[0, 1]
    expected = [np.square(y - y.mean()).mean(), y, 0.5 * 0.9 + y.max()]
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-12)
    assert call.fetched == 2  # the two numbers that are results


def test_host_code_leaves_where_the_machine_code_of_a_cpu_does(emulated):
    x, y = T.dvector("x"), T.dvector("y")
    host = planned(FunctionGraph([x, y], [x + y]))
    names = {k: emulated[0].get(k, "") for k in kernels_of(host)}
    with pytest.raises(CheckFailedError):
        Host(host, names, emulated[1])([np.ones(2), np.ones(3)])


def test_a_missing_barrier_is_noticed(tmp_path):
    if find_compiler() is None:
        pytest.skip("needs a C++ compiler")
    x = T.dmatrix("x")
    host = planned(FunctionGraph([x], [x.sum(axis=1), T.argmax(x, axis=1)]))
    numbers = np.random.default_rng(0).normal(size=(8, 29))
    kernels = kernels_of(host)
    texts = {f"kernel{i}": CudaKernel(k).text(f"kernel{i}") for i, k in enumerate(kernels)}
    for name, text in list(texts.items()):
        pieces = text.split("__syncthreads();")
        assert len(pieces) > 2
        for i in range(1, len(pieces)):
            left = "__syncthreads();".join(pieces[:i]) + "__syncthreads();".join(pieces[i:])
            texts[f"{name}_without{i}"] = left.replace(name, f"{name}_without{i}")
    device = Emulator(texts, tmp_path)

    def is_right(names, order):
        call = Host(host, dict(zip(kernels, names, strict=True)), device, order)
        try:
            sums, places = call([numbers])
        except RuntimeError:
            return False
        right = np.allclose(sums, numbers.sum(axis=1), rtol=1e-12)
        return bool(right and (places == numbers.argmax(axis=1)).all())

    whole = [f"kernel{i}" for i in range(len(kernels))]
    assert all(is_right(whole, order) for order in (0, 1))
    for name in texts:
        if "_without" in name:
            changed = [name if name.startswith(one + "_") else one for one in whole]
            assert not all(is_right(changed, order) for order in (0, 1)), name
