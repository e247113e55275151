"""What optimize adds, on graph's table of op samples: rewritten, each gives what it gave."""

import pytest
from bitale_graph import Mode
from bitale_graph import language as T
from bitale_graph.testing import op_samples

UNFUSED = Mode(linker="numpy").excluding("fuse", "blas")


def failures(rewriting, graph_of, mode=UNFUSED):
    found = []
    for sample in op_samples():
        inputs, outputs = graph_of(sample)
        rewritten = rewriting.whole(inputs, outputs, mode)
        args = sample.inputs if inputs else ()
        results = rewriting.values(rewritten.graph, args=args)
        texts = map(sample.difference, results, sample.expected())
        found += [f"{sample.name}: {text}" for text in texts if text]
    return found


def on_constants(sample):
    """The sample with its arrays as constants of the static types that they were to have."""
    inputs = [
        v.type.make_constant(x) for v, x in zip(sample.variables(), sample.inputs, strict=True)
    ]
    built = sample.build(*inputs)
    return [], list(built) if isinstance(built, (list, tuple)) else [built]


def test_every_sample_keeps_its_values(rewriting):
    assert failures(rewriting, lambda sample: sample.graph()) == []


@pytest.mark.slow
def test_every_sample_keeps_its_values_on_constants(rewriting):
    assert failures(rewriting, on_constants) == []


@pytest.mark.slow
def test_every_sample_keeps_its_values_next_to_arithmetic(rewriting):
    """Ops meet others, so that more rules find something."""

    def graph_of(sample):
        inputs, outputs = sample.graph()
        return inputs, [o if o.dtype == "bool" else -T.neg(o) for o in outputs]

    assert failures(rewriting, graph_of) == []
