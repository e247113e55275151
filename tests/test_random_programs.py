"""Random programs over every op, the same in every mode; ``python -m tests.fuzz`` runs more."""

import bitale
import numpy as np
import pytest
from bitale.gradient import NullTypeGradError
from bitale_graph.core.body import Body
from bitale_graph.core.order import toposort
from bitale_graph.sparse import SparseOp
from bitale_graph.testing import sampled_subjects
from bitale_graph.testing.sparse_samples import sparse_samples

from .fuzz.campaign import Campaign
from .fuzz.compare import Batch, Reference, check
from .fuzz.generator import generate
from .fuzz.program import Input, Program, Step
from .fuzz.shrink import shrunk


def program(text, *values, dtype="float64", outputs=("v",)):
    """One line on vectors x0, x1, ..."""
    inputs = tuple(
        Input(f"x{i}", tuple(v), dtype, (len(v),), "plain", (None,)) for i, v in enumerate(values)
    )
    return Program(inputs, (Step("v", text, tuple(x.name for x in inputs)),), outputs)


def subjects(variables):
    """Scalar ops and classes of ops in a graph and in what its ops hold."""
    waiting, found = list(variables), set()
    while waiting:
        for node in toposort([waiting.pop()]):
            found.add(getattr(node.op, "scalar_op", None))
            found.add(type(node.op))
            for body in node.op.bodies:
                assert isinstance(body, Body)
                waiting += body.outputs
    return found


def sparse_subjects():
    found = subjects(sample.build(*sample.variables()) for sample in sparse_samples())
    return {one for one in found if isinstance(one, type) and issubclass(one, SparseOp)}


@pytest.mark.slow
def test_every_op_of_the_table_is_generated():
    found = set()
    everything = sampled_subjects() | sparse_subjects()
    for k in range(10_000):
        wanted = everything - found
        if not wanted:
            break
        found |= subjects(generate(f"ops:{k}").build().results)
    assert wanted == set()


def test_a_seed_always_gives_the_same_program():
    assert generate("a:1").text() == generate("a:1").text() != generate("a:2").text()


def test_a_program_is_printed_as_one_that_runs(capsys):
    exec(program("T.exp({0})", [0.0, 1.0]).text("bitale.Mode('numpy')"), {})
    assert capsys.readouterr().out.count("2.71828183") == 2


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("T.exp({0})", lambda y: y * (1 + 1e-13)),
        ("T.exp({0})", lambda y: y.astype("float32")),
        ("T.exp({0})", lambda y: y[:1]),
        ("T.log({0})", lambda y: np.where(np.isnan(y), 0, y)),
        ("T.exp(1000 * {0}) / T.exp(1000 * {0})", np.ones_like),
    ],
    ids=["digits", "dtype", "shape", "nan", "range"],
)
def test_a_wrong_result_is_told(text, wrong):
    reference = Reference(program(text, [0.5, -1.0]).build())
    right = reference.values[0]
    assert reference.difference(0, right) == ""
    assert (reference.difference(0, wrong(right)) == "") == ("1000" in text)


@pytest.mark.parametrize(
    ("text", "better"),
    [
        ("T.log(1 - T.exp({0}))", np.log1p(-np.exp(-50.0))),
        ("T.log(1 + T.exp(-20 * {0}))", 1000.0),
        ("({0} + 1e20) - 1e20", -50.0),
        ("T.cast(1e3 * {0}, 'int8') * 1.0", 44.0),
    ],
)
def test_a_better_result_and_one_that_is_left_open_are_right(text, better):
    reference = Reference(program(text, [-50.0]).build())
    assert reference.difference(0, np.array([better])) == ""


def test_a_program_that_fails_is_made_small():
    large = generate("shrink:3")
    name = next(s.name for s in large.steps)
    small = shrunk(large, lambda p: any(s.template == large.steps[0].template for s in p.steps))
    assert len(small.steps) <= len(large.steps)
    assert name in {s.name for s in small.steps}


def test_an_error_must_come_in_every_mode():
    assert check(program("{0} + {1}", [1.0, 2.0], [1.0, 2.0, 3.0]), ["as written"]) == []


@pytest.mark.slow
def test_random_programs_are_the_same_in_every_way():
    told = []
    campaign = Campaign("ci", 24, told.append)
    for _ in range(2):  # sessions run many more, by ``python -m tests.fuzz``
        campaign.step()
    assert not told, "\n".join(told)


def test_results_stay_as_they_are_in_later_calls():
    assert Batch([program("{0} * 2", [1.0, 2.0])]).compare(["as written"], turns=(0, 1, 2, 3)) == []


# Ops that have no derivative: made by rewriting, or of a function in Python.
UNDIFFERENTIATED = ("SAMPLES['Loop", "SAMPLES['FromFunctionOp")


def test_products_backwards_are_the_transposes_of_those_forwards():
    """Of whole programs: <J t, u> is <t, u J>, for any directions t and u."""
    rng = np.random.default_rng(0)
    plain = {"mode": bitale.Mode("numpy", "None"), "on_unused_input": "ignore"}
    tried, wrong = 0, []
    for k in range(150):
        made = generate(f"transposes:{k}")
        built = made.build()
        outputs = [v for v in built.results if v.dtype == "float64"]
        wrt = [v for v in built.inputs if v.dtype == "float64"]
        texts = [step.template for step in made.steps]
        if not wrt or not outputs or any(one in text for one in UNDIFFERENTIATED for text in texts):
            continue
        values = [x.value() for x in made.inputs if not x.shared]
        try:
            found = bitale.function(built.inputs, outputs, **plain)(*values)
        except (ArithmeticError, AssertionError, IndexError, TypeError, ValueError):
            continue  # a program that is meant to raise
        moved = {v: x for v, x in zip(built.inputs, values, strict=True) if v in wrt}
        t = [rng.normal(size=x.shape) for x in moved.values()]
        u = [rng.normal(size=y.shape) for y in found]
        try:
            forward = bitale.Rop(outputs, wrt, t, "ignore")
            back = bitale.Lop(outputs, wrt, u, disconnected_inputs="ignore")
        except NullTypeGradError:
            continue
        run = bitale.function(built.inputs, [*forward, *back], **plain)
        results = run(*values)
        left, right = results[: len(u)], results[len(u) :]
        one, other = inner(left, u), inner(t, right)
        scale = inner(map(np.abs, left), map(np.abs, u)) + inner(map(np.abs, t), map(np.abs, right))
        if np.isfinite([one, other]).all():
            tried += 1
            if abs(one - other) > 1e-4 * scale and scale > 1e-10:
                wrong.append(f"{k}: {one} {other}")
    assert wrong == []
    assert tried > 40


def inner(xs, ys):
    with np.errstate(all="ignore"):
        return sum(np.sum(x * y) for x, y in zip(xs, ys, strict=True))
