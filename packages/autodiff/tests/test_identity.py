"""Derivatives pass ops that give what they are given."""

import numpy as np
import pytest
from bitale_autodiff import DisconnectedInputError, Rop, grad
from bitale_graph import Print, function, ifelse
from bitale_graph import language as T
from bitale_graph.extend import PdbBreakpoint, Raise, deep_copy_op, view_op

x = T.dvector("x")
OPS = {
    "print": Print("m", global_fn=lambda op, value: None),
    "view": view_op,
    "copy": deep_copy_op,
    "breakpoint": lambda v: PdbBreakpoint("here")(v.sum() > 1e9, v),
}


@pytest.mark.parametrize("op", OPS.values(), ids=OPS)
def test_derivatives_pass_both_ways(op):
    y = op(x**2)
    back, forth = grad(y.sum(), x), Rop(y, x, T.ones_like(x))
    f = function([x], [back, forth])
    for found in f([1.0, 3.0]):
        np.testing.assert_array_equal(found, [2.0, 6.0])


def test_nothing_comes_back_to_the_condition_of_a_breakpoint():
    with pytest.raises(DisconnectedInputError):
        grad(PdbBreakpoint("here")(x.sum(), T.dvector("y")).sum(), x)


def test_a_branch_that_raises_does_not_hinder_the_other():
    y = ifelse(x.sum() > 0, x * 3, Raise("never")(x))
    np.testing.assert_array_equal(grad(y.sum(), x).eval({x: [1.0]}), [3.0])
