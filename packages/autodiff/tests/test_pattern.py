"""What a derivative may be taken by."""

from bitale_autodiff import disconnected_grad, io_connection_pattern
from bitale_graph import OpFromGraph, ifelse
from bitale_graph import language as T

x, y, c = T.dvector("x"), T.dvector("y"), T.lscalar("c")


def test_paths_do_not_lead_through_shapes_conditions_and_marks():
    outputs = [x * y, T.zeros_like(x) + y.shape[0], ifelse(c, x, x * 2), disconnected_grad(x) + y]
    assert io_connection_pattern([x, y, c], outputs) == [
        [True, False, True, False],
        [True, False, False, True],
        [False, False, False, False],
    ]


def test_an_input_that_comes_out_is_connected():
    assert io_connection_pattern([x, y], [x]) == [[True], [False]]


def test_ops_made_of_graphs_are_looked_into():
    op = OpFromGraph([x, y], [x * 2, x + y])
    assert io_connection_pattern([x, y], op(x, y)) == [[True, True], [False, True]]
