import io

import numpy as np
import pytest
from bitale_graph import (
    Apply,
    FunctionGraph,
    In,
    Op,
    OpFromGraph,
    Out,
    debugprint,
    function,
    pp,
    scan,
    shared,
)
from bitale_graph import language as T
from bitale_graph.ops.softmax import SoftmaxCrossentropy

x, y = T.dmatrix("x"), T.dmatrix("y")


def text(*args, **keywords):
    return debugprint(*args, file="str", **keywords)


def test_a_tree_is_drawn():
    assert text(T.exp(x) + 2 * y) == (
        "Elementwise{add} [id A] ''\n"
        " |Elementwise{exp} [id B] ''\n"
        " | |x [id C]\n"
        " |Elementwise{mul} [id D] ''\n"
        "   |TensorConstant{2.0} [id E]\n"
        "   |y [id F]\n"
    )


def test_what_was_shown_is_not_shown_again():
    a = T.exp(x)
    a.name = "a"
    assert text(a + a) == (
        "Elementwise{add} [id A] ''\n"
        " |Elementwise{exp} [id B] 'a'\n"
        " | |x [id C]\n"
        " |Elementwise{exp} [id B] 'a'  (above)\n"
    )


def test_depth_types_labels_and_names():
    a = T.exp(x)
    a.name = "a"
    assert text(a + y, depth=1) == "Elementwise{add} [id A] ''\n"
    assert text(a + y, depth=2).count("\n") == 3
    assert text(a + y, stop_on_name=True).count("x") == 1
    assert " <TensorType(float64, matrix)>" in text(x, print_type=True)
    assert text(x, ids="int") == "x [id 0]\n"
    assert text(x, ids="") == "x\n"
    assert text(x, ids="id") == f"x [id {id(x)}]\n"
    assert text(x, ids="auto") == f"x [id {x.auto_name}]\n"


def test_functions_show_the_order_of_execution():
    f = function([x, y], [T.exp(x) + y, x])
    assert text(f) == (
        "Elementwise{add} [id A] '' 1\n |Elementwise{exp} [id B] '' 0\n | |x [id C]\n |y [id D]\n"
        "x [id C]\n"
    )
    assert text(f.maker.fgraph) == text(f)


def test_what_can_be_printed():
    loss, p = SoftmaxCrossentropy()(x, T.lvector("t"))
    assert "SoftmaxCrossentropy.0 [id A]" in text([loss, p])
    assert text(loss.owner) == (
        "SoftmaxCrossentropy.0 [id A] ''\n |x [id B]\n |t [id C]\n"
        "SoftmaxCrossentropy.1 [id A] ''  (above)\n"
    )
    assert text(FunctionGraph([x], [x])) == "x [id A]\n"
    assert text([3, x, np.zeros(2)]) == "3\n[0. 0.]\nx [id A]\n"
    with pytest.raises(TypeError, match="takes variables, nodes, graphs and functions, not 'x'"):
        text("x")
    with pytest.raises(TypeError, match=r"depth is a number of levels, not 1\.5"):
        text(x, depth=1.5)
    with pytest.raises(ValueError, match="ids is one of 'CHAR', 'int', 'id', 'auto', ''"):
        text(x, ids="char")
    assert text(In(x)) == text(Out(x)) == text({x}) == "x [id A]\n"
    assert text(T.exp(x), depth=0) == ""


def test_it_prints_to_standard_output_or_a_file(capsys):
    assert debugprint(x) is None
    assert capsys.readouterr().out == "x [id A]\n"
    file = io.StringIO()
    assert debugprint(x, file=file) is file
    assert file.getvalue() == "x [id A]\n"


def test_labels_go_on_after_z():
    v = x
    for _ in range(30):
        v = T.exp(v)
    assert "[id AE]" in text(v)


@pytest.mark.parametrize(
    ("expression", "wanted"),
    [
        (x + y, "(x + y)"),
        (x * (y - 1), "(x * (y - TensorConstant{1.0}))"),
        (-x / y**2, "((-x) / (y ** TensorConstant{2.0}))"),
        (T.exp(x) < y, "(exp(x) < y)"),
        (T.dot(x, y.T), "(x \\dot y.T)"),
        (x.sum(), "sum(x)"),
        (T.max(x, axis=0), "max(x)"),
        (T.all(x > 0), "all((x > TensorConstant{0.0}))"),
        (T.switch(x > y, x, y), "switch((x > y), x, y)"),
        (abs(x), "|x|"),
        (x[1:, ::2], "x[1:, ::2]"),
        (x[T.lscalar("i"), -1], "x[i, -1]"),
        (x.dimshuffle(1, "x", 0), "Dimshuffle{1, x, 0}(x)"),
        (x.dimshuffle("x", 0, 1), "x"),
        (T.stack([x[0, 0], 2.0]), "[x[0, 0], TensorConstant{2.0}]"),
        (T.join(0, x, y), "join(x, y)"),
        (T.dscalar("alpha") + 1, "(\\alpha + TensorConstant{1.0})"),
        (T.eq(x, y), "(x == y)"),
        (x, "x"),
        (shared(1.0, name="s") + 1, "(s + TensorConstant{1.0})"),
        (T.dscalar(), "<TensorType(float64, scalar)>"),
    ],
    ids=str,
)
def test_infix_mathematics(expression, wanted):
    assert pp(expression) == wanted


def test_long_parts_are_cut():
    v = x
    for _ in range(100):
        v = v + v
    assert "..." in pp(v, max_length=50)


def test_the_text_of_variables_and_nodes():
    a = T.exp(x)
    assert str(a) == "Elementwise{exp}.0"
    assert str((a + y).owner) == "Elementwise{add}(Elementwise{exp}.0, y)"
    assert repr(x) == "x: TensorType(float64, matrix)"
    assert str(T.dot(x, y).owner.op) == "Dot"
    assert str(x.sum().owner.op) == "Reduce{add, axes=(0, 1)}"
    assert str(x.T.owner.op) == "Dimshuffle{1,0}"
    assert str(np.add(x, 1).owner.op) == "Elementwise{add}"


def test_graphs_that_ops_run_stand_under_the_tree():
    v = T.dvector("v")
    inner = scan(lambda e, t: t + e * x.sum(), v, 0.0, name="inner")
    text_of_inner = text(inner[0])
    assert text_of_inner == (
        "Scan{inner}.1 [id A] ''\n"
        " |ShapeI{axis=0} [id B] ''\n"
        " | |v [id C]\n"
        " |v [id C]\n"
        " |TensorConstant{0.0} [id D]\n"
        " |x [id E]\n"
        "\n"
        "Inner graphs:\n"
        "\n"
        "Scan{inner} [id A]\n"
        " >Elementwise{add} [id F] ''\n"
        " > |<TensorType(float64, scalar)> [id G] -> [id D]\n"
        " > |Elementwise{mul} [id H] ''\n"
        " >   |v[t] [id I] -> [id C]\n"
        " >   |Reduce{add, axes=(0, 1)} [id J] ''\n"
        " >     |x [id K] -> [id E]\n"
        " >Elementwise{add} [id F] ''  (above)\n"
    )
    assert "->" not in text(inner[0], ids="")


def test_graphs_in_graphs_are_printed_after_each_other():
    outer = scan(lambda row: scan(lambda e: T.exp(e), row, name="inner")[0], x, name="outer")[0]
    found = text(function([x], outer))
    assert found.index("Scan{outer} [id") < found.index("\nScan{inner} [id")
    assert found.count("Inner graphs:") == 1
    assert found.index("\nScan{inner} [id") < found.index("Elementwise{exp}")
    assert "Inner graphs" not in text(outer + 1, depth=1)


def test_a_loop_as_mathematics():
    total = scan(lambda row, t: t + row, y[0], 0.0, n_steps=3, name="sums")[0]
    assert pp(total * 2).startswith("(Scan{sums}(TensorConstant{3}, y[0], ")


def test_the_inner_graph_of_an_op_made_of_a_graph_stands_under_the_tree():
    a, b = T.dscalar("a"), T.dscalar("b")
    norm = OpFromGraph([a, b], [T.sqrt(a**2 + b**2)], name="norm")
    found = text(norm(x[0, 0], 2.0))
    assert "Inner graphs:\n\nOpFromGraph{norm} [id A]\n >Elementwise{sqrt} [id " in found
    assert " -> [id B]\n" in found


def test_calls_go_on_from_each_other():
    a = T.exp(x)
    done, used = {}, {}
    assert text(a, done=done, used_ids=used) == "Elementwise{exp} [id A] ''\n |x [id B]\n"
    assert text(a + y, done=done, used_ids=used) == (
        "Elementwise{add} [id C] ''\n |Elementwise{exp} [id A] ''  (above)\n |y [id D]\n"
    )
    assert done == used
    assert done[a.owner] == "[id A]"
    assert "(above)" in text(a, done=done)


def test_clients_views_and_storage():
    s = shared(np.arange(2.0), name="s")
    a = T.exp(s)
    tree = text([a * a[::-1]], print_clients=True, print_view_map=True)
    assert "Elementwise{exp} [id B] '' clients:[('[id C]', ''), ('[id A]', '')]" in tree
    assert "Subtensor{pattern=((False, False, True),)} [id C] '' v={0: [0]}\n" in tree
    f = function([In(x, value=np.ones((1, 2)))], x + s, updates=[(s, s * 2)])
    tree = text(f, print_storage=True, print_clients=True)
    assert "s [id C] [array([0., 1.])] clients:[('[id A]', " in tree
    assert "x [id B] [array([[1., 1.]])]\n" in tree
    assert "Elementwise{add} [id A] '' 0 [None]\n" in tree
    f()
    f.fn()
    assert "[array([[1., 3.]])]" in text(f, print_storage=True)
    g = FunctionGraph([x], [x, x + 1])
    assert "clients:[('output', ''), (" in text(g, print_clients=True)


def test_maps_of_an_op_of_one_s_own():
    class Own(Op):
        __props__ = ()
        destroy_map = {0: [0]}  # noqa: RUF012 (as programs write it)

        def make_node(self, v):
            return Apply(self, [v], [v.type()])

        def __str__(self):
            return "two\nlines"

    tree = text(Own()(x), print_destroy_map=True)
    assert tree == "two\\nlines [id A] '' d={0: [0]}\n |x [id B]\n"


def test_times_of_a_function_that_was_profiled():
    f = function([x], T.dot(T.exp(x), T.exp(x)) + 1, mode="FAST_COMPILE")

    class Profile:
        fct_callcount, fct_call_time = 2, 2.0
        apply_time = dict.fromkeys(f.maker.fgraph.toposort(), 0.5)

    assert "Timing Info" not in text(f)
    f.profile = Profile()
    tree = text(f)
    assert tree.startswith("\nTiming Info\n-----------\n--> <time> <% time>")
    n = len(Profile.apply_time)
    assert f"'' {n - 1} --> 5.00e-01s 25.0% {n / 2:8.2e}s {25.0 * n:4.1f}%\n" in tree
    exp = next(line for line in tree.splitlines() if "exp" in line)
    assert exp.endswith(" --> 5.00e-01s 25.0% 5.00e-01s 25.0%")


def test_deep_graphs_are_printed_with_short_margins():
    v = x
    for _ in range(10_000):
        v = v + y
    lines = text(v).splitlines()
    assert len(lines) == 20_001
    assert max(map(len, lines)) < 450
    assert any(line.startswith(" 200: |") for line in lines)
