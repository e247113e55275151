"""The table of samples: that it is whole, and that NumPy agrees with it."""

import importlib
import pkgutil

import bitale_graph.convolution
import bitale_graph.distributed
import bitale_graph.fft
import bitale_graph.linalg
import bitale_graph.ops
import bitale_graph.pooling
import numpy as np
import pytest
from bitale_graph import Elementwise, Loop, Mode, Op, function
from bitale_graph.extend import constant_int
from bitale_graph.language import constant
from bitale_graph.tensor.scalar import SCALAR_OPS, ScalarOp
from bitale_graph.testing import (
    check_shapes,
    differentiable_samples,
    op_samples,
    run_samples,
    sampled_subjects,
    samples_by_subject,
)

PLAIN = Mode(linker="numpy", optimizer="None")
every_subject = pytest.mark.parametrize(
    "subject", list(samples_by_subject()), ids=lambda s: getattr(s, "name", None) or s.__name__
)


def modules_of_ops():
    for room in (
        bitale_graph.ops,
        bitale_graph.linalg,
        bitale_graph.fft,
        bitale_graph.convolution,
        bitale_graph.pooling,
        bitale_graph.distributed,
    ):
        for info in pkgutil.iter_modules(room.__path__):
            yield importlib.import_module(f"{room.__name__}.{info.name}")


def op_classes():
    found = {Loop}
    for module in modules_of_ops():
        found |= {
            c
            for c in vars(module).values()
            if isinstance(c, type) and issubclass(c, Op) and c.__module__ == module.__name__
        }
    # What only gathers a family computes nothing.
    return {c for c in found if not c.__name__.startswith("_") and c.perform is not Op.perform}


def test_no_op_is_without_a_sample():
    assert op_classes() - {Elementwise} - sampled_subjects() == set()


def test_no_scalar_op_is_without_a_sample():
    assert set(SCALAR_OPS.values()) - sampled_subjects() == set()


def test_names_of_samples_are_unique():
    names = [s.name for s in op_samples()]
    assert len(names) == len(set(names))


@every_subject
def test_numpy_gives_what_the_reference_gives(subject):
    run_samples(PLAIN, op_samples(subject))


@every_subject
def test_shapes_are_told_before_they_are_computed(subject):
    check_shapes(op_samples(subject))


@every_subject
def test_lengths_that_ops_pass_on_or_compare_hold_when_they_run(subject):
    for one in op_samples(subject):
        inputs, outputs = one.graph()
        for node in {v.owner for v in outputs if v.owner is not None}:
            run = function(inputs, [*node.inputs, *node.outputs], PLAIN, on_unused_input="ignore")
            found = run(*one.inputs)
            numbers = {
                v: int(x)
                for v, x in zip(node.inputs, found, strict=False)
                if x.dtype == np.int64 and not x.ndim
            }
            shapes = [np.shape(x) for x in found]
            given = [tuple(map(constant, shape)) for shape in shapes[: len(node.inputs)]]
            compared = node.op.compared_lengths(node, given)
            for pair in compared:
                first, second = (numbers.get(n, constant_int(n)) for n in pair)
                assert first == second, one.name
            told = node.op.passed_lengths(node, given) or []
            for shape, lengths in zip(shapes[len(node.inputs) :], told, strict=bool(told)):
                known = [None if n is None else constant_int(n) for n in lengths or ()]
                assert all(n in (None, m) for n, m in zip(known, shape, strict=bool(known)))


@pytest.mark.parametrize(
    "subject", sorted(op_classes() - {Elementwise}, key=str), ids=lambda c: c.__name__
)
def test_a_sample_of_an_op_uses_the_op(subject):
    for sample in op_samples(subject):
        _, outputs = sample.graph()
        assert isinstance(outputs[0].owner.op, subject), sample.name


def test_samples_of_scalar_ops_use_them():
    for sample in op_samples():
        if isinstance(sample.subject, ScalarOp):
            assert sample.graph()[1][0].owner.op == Elementwise(sample.subject), sample.name


def test_what_is_differentiated_is_float64():
    for sample in differentiable_samples():
        assert len(sample.differentiable) == len(sample.inputs), sample.name
        for array, flag in zip(sample.inputs, sample.differentiable, strict=True):
            assert not flag or array.dtype == np.float64, sample.name


def test_a_differentiable_sample_does_not_lie_on_a_kink():
    step = 1e-6
    for sample in differentiable_samples():
        if not isinstance(sample.subject, ScalarOp):
            continue
        inputs = list(sample.inputs)
        for i, flag in enumerate(sample.differentiable):
            if not flag:
                continue
            # One-sided slopes agree where there is a derivative.
            up, down = [*inputs], [*inputs]
            up[i], down[i] = inputs[i] + step, inputs[i] - step
            here, above, below = (sample.reference(*x) for x in (inputs, up, down))
            np.testing.assert_allclose(
                above - here, here - below, atol=1e-3 * step, err_msg=sample.name
            )


def test_a_failing_sample_is_named():
    sample = op_samples(SCALAR_OPS["exp"])[1]
    wrong = type(sample)(**{**vars(sample), "reference": lambda x: x})
    with pytest.raises(AssertionError, match=f"1 of 1 samples\n  {sample.name}: .* values differ"):
        run_samples(PLAIN, [wrong])


def test_layouts_are_what_they_say():
    arrays = {s.name.split()[-1]: s.inputs[0] for s in op_samples(SCALAR_OPS["exp"])}
    assert min(arrays["reversed"].strides) < 0
    assert not arrays["strided"].flags.contiguous
    assert arrays["fortran"].flags.f_contiguous
    assert not arrays["read-only"].flags.writeable


def test_no_op_warns_of_numbers_out_of_range():
    """The numbers of every sample, as large as their dtype holds: overflow gives inf in silence."""
    for sample in op_samples(core=True):
        inputs, outputs = sample.graph()
        arrays = [_largest(x) for x in sample.inputs]
        try:
            with np.errstate(all="raise"):
                function(inputs, outputs, mode=PLAIN, on_unused_input="ignore")(*arrays)
        except (AssertionError, IndexError, ValueError):
            continue  # sizes and indices were among the numbers


def _largest(x):
    if x.dtype.kind not in "fc":
        return x
    return np.where(np.isfinite(x) & (x != 0), np.finfo(x.dtype).max * np.sign(x.real), x).astype(
        x.dtype
    )
