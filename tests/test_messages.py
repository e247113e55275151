"""What an error of a running function prints, in every mode: each message once."""

import traceback

import bitale
import bitale.tensor as T
import numpy as np
import pytest
from bitale_graph import Apply, Op

MODES = {
    "FAST_RUN": "FAST_RUN",
    "FAST_COMPILE": "FAST_COMPILE",
    "numpy": bitale.Mode(linker="numpy"),
    "c": bitale.Mode(linker="c"),
}
every_mode = pytest.mark.parametrize("mode", MODES.values(), ids=MODES)
x, v, i = T.dmatrix("x"), T.dvector("v"), T.lscalar("i")


class Failing(Op):
    __props__ = ()

    def make_node(self, x):
        return Apply(self, [x], [x.type()])

    def perform(self, node, inputs, output_storage):
        raise ZeroDivisionError("this of all things")


def printed(f, *values):
    with pytest.raises((ValueError, IndexError, ZeroDivisionError)) as caught:
        f(*values)
    first = str(caught.value).partition("\n")[0]
    assert len(first) > 10
    return "".join(traceback.format_exception(caught.value)), first


@every_mode
@pytest.mark.parametrize(
    ("inputs", "expression", "values"),
    [
        ([x, v], lambda: x + v * 2, (np.ones((2, 3)), np.ones(2))),
        ([x, v], lambda: T.dot(x, v), (np.ones((2, 3)), np.ones(2))),
        ([v, i], lambda: v[i], (np.ones(3), 5)),
        ([x], lambda: x.max(axis=0), (np.ones((0, 3)),)),
        ([v], lambda: Failing()(v) + 1, (np.ones(3),)),
        ([x, v], lambda: bitale.scan(lambda r: (r + v).sum(), x)[0], (np.ones((2, 3)), [1.0])),
    ],
    ids=["add", "dot", "index", "max", "op", "scan"],
)
def test_an_error_is_printed_once_with_the_line(mode, inputs, expression, values):
    text, first = printed(bitale.function(inputs, expression(), mode=mode), *values)
    assert text.count(f"Error: {first}") == 1
    assert "direct cause" not in text
    # The line that made the node, with its text.
    assert "in <lambda>" in text
    assert "lambda: " in text


@every_mode
def test_the_frames_of_a_failing_op_are_shown(mode):
    text, _ = printed(bitale.function([v], Failing()(v), mode=mode), np.ones(2))
    assert 'raise ZeroDivisionError("this of all things")' in text
