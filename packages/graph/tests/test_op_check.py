"""The one call that tests an op: each thing that may be wrong is named, with its sample."""

import numpy as np
import pytest
from bitale_graph import language as T
from bitale_graph.extend import Apply, Op
from bitale_graph.testing import check_op, op_check


@pytest.fixture(autouse=True)
def alone(monkeypatch):
    """Leave out what other layers check."""
    monkeypatch.setattr(op_check, "entries_of", lambda group: [])


class Doubled(Op):
    __props__ = ()
    factor = 2

    def make_node(self, x):
        x = T.as_tensor(x)
        return Apply(self, [x], [x.type()])

    def perform(self, node, inputs, output_storage):
        output_storage[0][0] = inputs[0] * self.factor

    def infer_shape(self, node, input_shapes):
        return input_shapes


class Flattened(Doubled):
    """Its result has not the shape that it tells."""

    def perform(self, node, inputs, output_storage):
        output_storage[0][0] = inputs[0][..., :1] * 2


class Raising(Doubled):
    def perform(self, node, inputs, output_storage):
        raise KeyError("no such thing")


class Forgetful(Doubled):
    """Its copy is another."""

    __props__ = ("factor",)

    def __init__(self, factor=2):
        self.factor = factor

    def __reduce__(self):
        return Forgetful, ()


class WithGradient(Doubled):
    def grad(self, inputs, output_gradients):
        return [output_gradients[0] * 2]


class WithText(Doubled):
    def c_code(self, node):
        return "..."


SAMPLES = [[np.array([1.0, 2.0])], [np.array(3.0)], [np.zeros((0, 2), dtype="float32")]]


def test_a_right_op_passes():
    check_op(Doubled(), SAMPLES)
    check_op(Doubled(), SAMPLES, lambda x: x + x)
    check_op(Doubled(), SAMPLES, [x + x for (x,) in SAMPLES])


@pytest.mark.parametrize(
    ("op", "expected", "words"),
    [
        (Doubled(), lambda x: x * x, "Doubled: value fails on sample 0: .*expected"),
        (Doubled(), [x * 3 for (x,) in SAMPLES], "Doubled: value fails on sample 0"),
        (Raising(), None, "Raising: value fails on sample 0: KeyError.*no such thing"),
        (Flattened(), None, r"Flattened: shape fails on sample 0: .*\(2,\).*\(1,\)"),
        (Forgetful(3), None, "Forgetful{factor=3}: pickling fails on sample 0: the copy differs"),
        (WithGradient(), None, "nothing installed checks its gradient: bitale-autodiff does"),
        (WithText(), None, "nothing installed runs its C text: bitale-codegen-c does"),
    ],
)
def test_what_is_wrong_is_named(op, expected, words):
    with pytest.raises(AssertionError, match=f"(?s){words}"):
        check_op(op, SAMPLES, expected)


def test_nothing_is_not_a_test():
    with pytest.raises(ValueError, match="without samples nothing is checked"):
        check_op(Doubled(), [])
    with pytest.raises(ValueError, match="1 expected results for 3 samples"):
        check_op(Doubled(), SAMPLES, [np.ones(2)])


def test_the_checks_of_layers_are_found_installed(monkeypatch):
    class Entry:
        name = "gradient"

        @staticmethod
        def load():
            def check(op, sample):
                assert sample.name != "sample 1", "wrong there"

            return check

    monkeypatch.setattr(op_check, "entries_of", {"bitale.checks": [Entry]}.get)
    with pytest.raises(AssertionError, match="gradient fails on sample 1: wrong there"):
        check_op(WithGradient(), SAMPLES)
