"""Every op of graph's table of samples on the emulated device, by the path that a call takes."""

from collections import defaultdict
from dataclasses import replace

import pytest
from bitale_codegen_cuda.target import has_kernel
from bitale_graph.debug.watching import PdbBreakpoint, Print
from bitale_graph.extend import Arange, FunctionGraph
from bitale_graph.ops.from_graph import OpFromGraph
from bitale_graph.ops.python_function import FromFunctionOp
from bitale_graph.plan.dialect import COMPUTED
from bitale_graph.testing import op_samples

# Threads of a block, multiprocessors, and the order of blocks and threads. As ever (32 and 2) they
# are spread in test_bounds, in either order.
SPREADS = {
    "small blocks": (8, 1, True),
    "large blocks": (64, 3, False),
}


# Modules of ops that are NumPy's and SciPy's work on the host, or a function of its own in C.
# What calls Python, or is another graph until it is rewritten.
OF_PYTHON = {FromFunctionOp, OpFromGraph, PdbBreakpoint, Print}
OF_LIBRARIES = ("linalg.", "fft.", "distributed.", "ops.sets", "ops.sorting")


@pytest.fixture(scope="module")
def expected():
    """What NumPy gives for each sample."""
    return [(sample, sample.expected()) for sample in op_samples()]


def as_bytes(results):
    return [(x.dtype, x.shape, x.tobytes()) for x in results]


@pytest.mark.slow
@pytest.mark.parametrize("spread", SPREADS.values(), ids=SPREADS)
def test_every_sample_equals_numpy_at_each_call(sample_device, expected, functions_of, spread):
    device = sample_device
    threads, multiprocessors, device.is_backward = spread
    device.properties = replace(device.properties, threads=threads, multiprocessors=multiprocessors)
    functions = functions_of(device, [sample for sample, _ in expected])
    before, failures, replayed = replace(device.counts), [], 0
    for (sample, wanted), run in zip(expected, functions, strict=True):
        given = as_bytes(sample.inputs)
        # The second call replays what the first one has planned, and the third one launches what
        # the second one has made a graph of, where there are commands enough.
        first, *later = (run(*sample.inputs) for _ in range(3))
        told = [sample.difference(x, y) for x, y in zip(first, wanted, strict=True)]
        if any(as_bytes(again) != as_bytes(first) for again in later):
            told.append("another call gives something else")
        if as_bytes(sample.inputs) != given:
            told.append("an input was written to")
        failures += [f"{sample.name}: {one}" for one in told if one]
        replayed += len(run.executable.plans) == 1 and not run.executable.is_live
    assert not failures, "\n".join(failures)
    assert len(functions) > 3000
    assert replayed > 2700
    assert device.counts.launches - before.launches > 9000
    assert device.counts.graphs - before.graphs > 100


def test_all_ops_run_on_the_device():
    by_subject = defaultdict(list)
    for sample in op_samples():
        nodes = FunctionGraph(*sample.graph()).toposort()
        variables = [v for node in nodes for v in (*node.inputs, *node.outputs)]
        if all(v.type.dtype in COMPUTED for v in variables):
            by_subject[sample.subject].append(all(map(has_kernel, nodes)))
    for subject in list(by_subject):
        called = getattr(subject, "is_called", False) or subject in OF_PYTHON
        module = getattr(subject, "__module__", "").removeprefix("bitale_graph.")
        if called or module.startswith(OF_LIBRARIES):
            del by_subject[subject]
    left_out = {subject for subject, found in by_subject.items() if not any(found)}
    in_part = {subject for subject, found in by_subject.items() if any(found) != all(found)}
    assert left_out == set()
    assert in_part <= {Arange}
    assert len(by_subject) > 90
