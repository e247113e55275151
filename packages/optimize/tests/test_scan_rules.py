"""Every rewrite of loops: what is left of one, that values stay, and where it stays away."""

import numpy as np
import pytest
from bitale_graph import FunctionGraph, Mode, function, scan, until
from bitale_graph import language as T
from bitale_graph.core.body import Body
from bitale_graph.ops.creation import Alloc
from bitale_graph.ops.indexing import AdvancedIncSubtensor1
from bitale_graph.ops.product import Dot
from bitale_graph.ops.reduction import Reduce
from bitale_graph.ops.scan import Scan
from bitale_graph.tensor.scalar import cast_to
from bitale_optimize import explain
from bitale_optimize.engine.rewrite import RewriteContext
from bitale_optimize.passes.merge_scans import merge_scans

RNG = np.random.default_rng(3)
STEPS = [0, 1, 4]


class Loops:
    """Variables outside, their values, and loops over bodies that are written as functions."""

    def __init__(self, rewriting):
        self.rewriting = rewriting
        self.x, self.y, self.z = T.dmatrix("x"), T.dmatrix("y"), T.dtensor3("z")
        self.h, self.k, self.a = T.dvector("h"), T.dvector("k"), T.dmatrix("a")
        self.b, self.w, self.n = T.dvector("b"), T.dmatrix("w"), T.lscalar("n")
        self.inputs = [self.x, self.y, self.z, self.h, self.k, self.a, self.b, self.w, self.n]

    def values(self, length):
        shapes = [(length, 3), (length, 3), (length, 2, 3), (3,), (3,), (3, 3), (3,), (3, 3)]
        return [*(RNG.normal(size=s) for s in shapes), np.int64(length)]

    def loop(self, step, sequences=(), states=(), others=(), n=None, **attributes):
        """Final states and stacks of ``step(rows, states, others) -> (new, rows of stacks)``."""
        rows = [T.TensorType(s.dtype, s.type.shape[1:])() for s in sequences]
        old = [s.type() for s in states]
        inner = [v.type() for v in others]
        new, stacked, *condition = step(rows, old, inner)
        body = Body([*rows, *old, *inner], [*new, *stacked, *condition])
        op = Scan(body, len(rows), len(old), is_while=bool(condition), **attributes)
        n = T.shape_i(sequences[0], 0) if n is None else n
        outs = op.make_node(n, *sequences, *states, *others).outputs
        found = op.outer_outputs(outs)
        return (found.states, found.stacks, *([found.last] if condition else []))

    def rewrite(self, outputs, lengths=STEPS, mode=None, rtol=1e-10):
        """The graph after the whole pipeline, which gives the same for every length."""
        outputs = outputs if isinstance(outputs, list) else [outputs]
        result = self.rewriting.whole(self.inputs, outputs, **({"mode": mode} if mode else {}))
        for length in lengths:
            args = self.values(length)
            self.rewriting.assert_same(result, self.inputs, outputs, args, rtol=rtol)
        return result


@pytest.fixture
def loops(rewriting):
    return Loops(rewriting)


def scans(rewritten):
    return [n for n in rewritten.graph.toposort() if isinstance(n.op, Scan)]


def only(rewritten):
    (node,) = scans(rewritten)
    return node


def inside(node):
    return sorted(str(getattr(n.op, "scalar_op", n.op)) for n in node.op.body.graph.apply_nodes)


def recurrence(rows, states, others):
    """An Elman step."""
    new = T.tanh(T.dot(states[0], others[0]) + rows[0])
    return [new], [new]


# What nothing needs


def test_bodies_are_rewritten_and_fused(loops):
    def step(rows, states, others):
        new = T.log(1 + T.exp(states[0] * 1 + rows[0] / 2 * 2)) + states[0] * 0
        return [new], []

    (final,), _ = loops.loop(step, [loops.x], [loops.h])
    assert inside(only(loops.rewrite(final))) == ["add", "softplus"]
    fused = loops.rewrite(final, mode=Mode(linker="numpy"))
    assert [str(n.op) for n in only(fused).op.body.graph.apply_nodes] == ["Loop{add, softplus}"]


def test_bodies_inside_of_bodies_are_rewritten(loops):
    def step(rows, states, others):
        inner, _ = loops.loop(
            lambda r, s, o: ([T.tanh(s[0] + r[0] * 1 * o[0])], []),
            [others[0]],
            [states[0]],
            [rows[0]],
        )
        return [inner[0]], []

    (final,), _ = loops.loop(step, [loops.x], [loops.h], [loops.y])
    (inner,) = [n for n in only(loops.rewrite(final)).op.body.graph.apply_nodes if n.op.bodies]
    assert inside(inner) == ["add", "mul", "tanh"]


def test_outputs_and_states_that_nothing_reads_go(loops):
    def step(rows, states, others):
        h, k = states
        return [T.tanh(h + rows[0]), T.tanh(k + h)], [T.exp(k), h * others[0]]

    (final, _), _ = loops.loop(step, [loops.x, loops.y], [loops.h, loops.k], [loops.b])
    node = only(loops.rewrite(final))
    assert (node.op.n_sequences, node.op.n_states, node.op.keeps) == (1, 1, ())
    assert len(node.inputs) == 3


def test_states_that_only_feed_one_another_go(loops):
    def step(rows, states, others):
        h, k, j = states
        return [T.tanh(h + rows[0]), T.tanh(j), T.tanh(k)], []

    (final, _, _), _ = loops.loop(step, [loops.x], [loops.h, loops.k, loops.b])
    assert only(loops.rewrite(final)).op.n_states == 1


def test_equal_inputs_are_given_once_and_constants_not_at_all(loops):
    def step(rows, states, others):
        new = T.tanh(states[0] * rows[0] + rows[1] * others[0] + others[1] * others[2])
        return [new], []

    two = T.constant(np.full(3, 2.0))
    (final,), _ = loops.loop(step, [loops.x, loops.x], [loops.h], [loops.b, loops.b, two])
    assert len(only(loops.rewrite(final)).inputs) <= 5


def test_states_that_are_equal_at_every_step_are_one(loops):
    def step(rows, states, others):
        h, k = states
        return [T.tanh(k + rows[0]), T.tanh(rows[0] + h)], [h, k]

    finals, stacks = loops.loop(step, [loops.x], [loops.h, loops.h])
    rewritten = loops.rewrite([*finals, *stacks])
    assert only(rewritten).op.n_states == 1
    assert rewritten.graph.outputs[0] is rewritten.graph.outputs[1]
    assert rewritten.graph.outputs[2] is rewritten.graph.outputs[3]


def test_states_that_part_at_the_first_step_or_the_second_stay_apart(loops):
    def step(rows, states, others):
        h, k, i, j = states
        return [T.tanh(h + i), T.tanh(k + j), T.sin(i), T.cos(j)], []

    finals, _ = loops.loop(step, [loops.x], [loops.h, loops.h, loops.k, loops.k])
    assert only(loops.rewrite(finals)).op.n_states == 4


def test_a_state_that_no_step_changes_is_what_it_was(loops):
    def step(rows, states, others):
        h, k = states
        return [T.tanh(h + k + rows[0]), k], []

    finals, _ = loops.loop(step, [loops.x], [loops.h, loops.k])
    rewritten = loops.rewrite(finals)
    assert only(rewritten).op.n_states == 1
    assert rewritten.graph.outputs[1] is rewritten.graph.inputs[4]


def test_zeros_that_are_read_row_by_row_go(loops):
    def step(rows, states, others):
        return [T.tanh(states[0] * (rows[0] + 1) + rows[1] + others[0])], []

    zeros = T.zeros_like(loops.x)
    given = [zeros, T.alloc(loops.b[0], *loops.x.shape)]
    (final,), _ = loops.loop(step, given, [loops.h], [T.zeros_like(loops.h)])
    assert inside(only(loops.rewrite(final, [1, 4]))) == ["add", "tanh"]


def test_stacks_of_rows_and_of_what_never_changes_need_no_loop(loops):
    def step(rows, states, others):
        return [], [rows[0], others[0], T.exp(others[0]), T.constant(2.0)]

    _, stacks = loops.loop(step, [loops.x], [], [loops.b])
    rewritten = loops.rewrite(stacks)
    assert scans(rewritten) == []
    assert rewritten.graph.outputs[0] is rewritten.graph.inputs[0]
    assert isinstance(rewritten.graph.outputs[1].owner.op, Alloc)


def test_rows_of_a_sequence_that_is_longer_than_the_loop_are_cut(loops):
    _, (stack,) = loops.loop(lambda r, s, o: ([], [r[0]]), [loops.x], n=loops.n)
    rewritten = loops.rewriting.whole(loops.inputs, [stack])
    args = [np.ones((5, 3)), *loops.values(2)[1:]]
    loops.rewriting.assert_same(rewritten, loops.inputs, stack, args)
    assert scans(rewritten) == []


@pytest.mark.parametrize("n", [0, 1])
def test_loops_of_no_step_and_of_one_are_written_out(loops, n):
    (final,), (stack,) = loops.loop(recurrence, [loops.x], [loops.h], [loops.w], n=n)
    assert scans(loops.rewrite([final, stack], [1, 3])) == []


def test_a_while_loop_of_one_step_is_written_out(loops):
    def step(rows, states, others):
        return [states[0] + rows[0]], [], states[0].sum() > 0

    (final,), _, taken = loops.loop(step, [loops.x], [loops.h], n=1)
    assert scans(loops.rewrite([final, taken], [1, 3])) == []


# Only what is read is stored


def test_the_last_row_is_the_last_state(loops):
    _, (stack,) = loops.loop(recurrence, [loops.x], [loops.h], [loops.w])
    rewritten = loops.rewrite([stack[-1], stack[-1, 0], stack.shape[0]], [1, 4])
    assert only(rewritten).op.keeps == ()


def test_the_last_row_of_what_is_computed_of_a_stack_is_that_of_the_last_state(loops):
    _, (stack,) = loops.loop(recurrence, [loops.x], [loops.h], [loops.w])
    outputs = [T.exp(stack * 2)[-1], T.dot(stack, loops.a)[-1]]
    assert only(loops.rewrite(outputs, [1, 4])).op.keeps == ()


def test_what_the_last_step_alone_gives_is_computed_after_the_loop(loops):
    def step(rows, states, others):
        new = T.tanh(T.dot(states[0], others[0]) + rows[0])
        layer = T.softmax(T.dot(new, others[0]))
        return [new], [layer, T.exp(new), T.exp(new) * states[0], T.exp(new) + rows[0]]

    _, stacks = loops.loop(step, [loops.x], [loops.h], [loops.w])
    outputs = [stacks[0][-1], stacks[1][-1, 0], stacks[0][-1, 1:]]
    node = only(loops.rewrite(outputs, [1, 4]))
    assert node.op.keeps == ()
    assert "Softmax" not in inside(node)
    for stack in stacks[2:]:  # what the last step has found before, or reads
        assert only(loops.rewrite(stack[-1], [1, 4])).op.keeps == (1,)


def test_what_the_last_step_of_a_while_loop_gives_is_computed_after_it(loops):
    def step(rows, states, others):
        new = states[0] * 1.5 + rows[0]
        return [new], [T.exp(new) - others[0]], T.sum(new) > 1

    _, (stack,), _ = loops.loop(step, [loops.x], [loops.h], [loops.k])
    node = only(loops.rewrite(stack[-1], [1, 4]))
    assert node.op.keeps == ()


def test_without_a_step_the_last_row_is_the_first_state(loops):
    _, (stack,) = loops.loop(recurrence, [loops.x], [loops.h], [loops.w])
    args = loops.values(0)
    (value,) = loops.rewriting.values(loops.rewrite(stack[-1], [1]).graph, args=args)
    np.testing.assert_array_equal(value, args[3])


@pytest.mark.parametrize(
    ("read", "keep"),
    [
        (lambda s: s[-1], 1),
        (lambda s: s[-3:], 3),
        (lambda s: s[-3:-1], 3),
        (lambda s: s[-4::2], 4),
        (lambda s: s[-2] + s[-1], 2),
        (lambda s: s[-2, 1:], 2),
        (lambda s: s[1:], None),
        (lambda s: s[:-1], None),
        (lambda s: s[::-1], None),
        (lambda s: s, None),
        (lambda s: s[0] + s[-1], None),
    ],
    ids=["-1", "-3:", "-3:-1", "-4::2", "two", "part", "1:", ":-1", "::-1", "all", "ends"],
)
def test_rows_at_the_end_are_kept_alone(loops, read, keep):
    def step(rows, states, others):
        new = T.tanh(T.dot(states[0], others[0]) + rows[0])
        return [new], [T.exp(new) * states[0]]

    (final,), (stack,) = loops.loop(step, [loops.x], [loops.h], [loops.w])
    assert only(loops.rewrite([final, read(stack)], [4, 6])).op.keeps == (keep,)


def test_in_reverse_the_last_step_writes_the_first_row(loops):
    _, (stack,) = loops.loop(recurrence, [loops.x], [loops.h], [loops.w], reverse=True)
    assert only(loops.rewrite(stack[0], [1, 4])).op.keeps == ()
    _, (stack,) = loops.loop(recurrence, [loops.x], [loops.h], [loops.w], reverse=True)
    assert only(loops.rewrite(stack[:2], [0, 1, 4])).op.keeps == (2,)
    assert only(loops.rewrite(stack[-1], [1, 4])).op.keeps == (None,)


def test_steps_after_what_is_read_are_not_taken(loops):
    _, (stack,) = loops.loop(recurrence, [loops.x], [loops.h], [loops.w])
    node = only(loops.rewrite([stack[:2], stack[0]], [2, 5]))
    assert str(node.inputs[0].owner.op) == "Elementwise{minimum}"
    assert only(loops.rewrite(stack[:2], STEPS)).inputs[0].owner is not None
    (final,), (stack,) = loops.loop(recurrence, [loops.x], [loops.h], [loops.w])
    node = only(loops.rewrite([stack[:2], final]))
    assert str(node.inputs[0].owner.op) == "ShapeI{axis=0}"


def test_a_while_loop_keeps_its_last_row(loops):
    def step(rows, states, others):
        new = states[0] + T.exp(rows[0])
        return [new], [T.exp(new) + states[0]], new.sum() > 8

    _, (stack,), taken = loops.loop(step, [loops.x], [loops.h])
    assert only(loops.rewrite([stack[-1], taken], [1, 4, 9])).op.keeps == (1,)


# Work moved out


def test_work_that_is_the_same_at_every_step_is_done_once(loops):
    def step(rows, states, others):
        w, b = others
        return [T.tanh(states[0] * T.dot(b, w.T) + rows[0] * T.exp(w).sum())], []

    (final,), _ = loops.loop(step, [loops.x], [loops.h], [loops.w, loops.b])
    assert "Dot" not in inside(only(loops.rewrite(final)))
    assert "exp" not in inside(only(loops.rewrite(final)))


def test_lengths_of_rows_are_read_outside(loops):
    def step(rows, states, others):
        n = T.cast(rows[0].shape[0] * states[0].shape[0], "float64")
        return [T.tanh(states[0] + rows[0] / n)], []

    (final,), _ = loops.loop(step, [loops.x], [loops.h])
    assert not [s for s in inside(only(loops.rewrite(final))) if s.startswith("Shape")]


PRODUCTS = {
    "vector and matrix": (lambda r, o: T.dot(r[0], o[0]), "Dot"),
    "matrix and vector": (lambda r, o: T.dot(o[0], r[0]), "Dot"),
    "matrices": (lambda r, o: T.dot(r[1], o[0])[0], "Dot"),
    "turned": (lambda r, o: T.dot(o[0], r[1].T)[:, 1], "Dot"),
    "rows and vector": (lambda r, o: T.dot(r[1], o[1]).sum(), "Dot"),
    "vector and rows": (lambda r, o: T.dot(o[1], r[1].T).sum(), "Dot"),
    "of a function": (lambda r, o: T.dot(T.exp(r[0]) * o[1], o[0]) + o[1], "Dot"),
    "inner": (lambda r, o: T.dot(r[0], o[1]), "Dot"),
    "costly": (lambda r, o: T.tanh(r[0] * o[1]), "tanh"),
    "whole quotients": (lambda r, o: r[0] // o[1], "int_div"),
    "remainders": (lambda r, o: r[0] % o[1], "mod"),
}


@pytest.mark.parametrize("name", PRODUCTS)
def test_work_on_sequences_alone_is_done_for_all_steps_at_once(loops, name):
    build, op = PRODUCTS[name]

    def step(rows, states, others):
        return [T.sin(states[0] + build(rows, others))], []

    (final,), _ = loops.loop(step, [loops.x, loops.z], [loops.h], [loops.w, loops.b])
    assert op not in inside(only(loops.rewrite(final)))


def test_rows_of_a_table_are_taken_at_once(loops):
    index = T.lvector("i")
    loops.inputs.append(index)

    def step(rows, states, others):
        return [T.tanh(states[0] + T.dot(others[0][rows[0]], others[0]))], []

    (final,), _ = loops.loop(step, [index], [loops.h], [loops.w])
    rewritten = loops.rewriting.whole(loops.inputs, [final])
    assert inside(only(rewritten)) == ["add", "tanh"]
    args = [*loops.values(3), np.array([0, -1, 1, 1])]
    loops.rewriting.assert_same(rewritten, loops.inputs, final, args)


def test_cheap_work_and_the_work_of_while_loops_stay(loops):
    def cheap(rows, states, others):
        return [T.tanh(states[0] * (rows[0] * others[0] + 1))], []

    (final,), _ = loops.loop(cheap, [loops.x], [loops.h], [loops.b])
    assert inside(only(loops.rewrite(final))).count("mul") == 2

    def stopping(rows, states, others):
        new = T.tanh(states[0] + T.dot(rows[0], others[0]))
        return [new], [], new.sum() > 0

    (final,), _, _ = loops.loop(stopping, [loops.x], [loops.h], [loops.w])
    assert "Dot" in inside(only(loops.rewrite(final)))


def test_a_loop_with_checkpoints_stores_nothing_more(loops):
    def step(rows, states, others):
        h, a = states
        new = T.tanh(h + T.dot(rows[0], others[0]))
        return [new, a + T.outer(h, new)], [T.dot(new, others[0])]

    given = ([loops.x], [loops.h, loops.a], [loops.w])
    finals, stacks = loops.loop(step, *given, checkpoint=True)
    node = only(loops.rewrite([*finals, *stacks]))
    assert (node.op.n_states, len(node.op.keeps)) == (2, 1)
    assert inside(node).count("Dot") >= 2


def test_a_loop_without_states_is_no_loop(loops):
    def step(rows, states, others):
        return [], [rows[0] * 2 + others[0], T.dot(rows[1], others[0]).sum()]

    _, stacks = loops.loop(step, [loops.x, loops.z], [], [loops.b])
    assert scans(loops.rewrite(stacks)) == []


# Sums


def test_a_loop_that_only_adds_is_a_sum(loops):
    def step(rows, states, others):
        return [states[0] + rows[0] * others[0] - T.exp(rows[1])], []

    (final,), _ = loops.loop(step, [loops.x, loops.y], [loops.h], [loops.b])
    rewritten = loops.rewrite(final)
    assert scans(rewritten) == []
    assert any(isinstance(n.op, Reduce) for n in rewritten.graph.apply_nodes)


def test_a_sum_of_small_integers_wraps_as_its_steps_do(rewriting):
    x, s = T.bmatrix("x"), T.bvector("s")
    row, old = T.bvector(), T.bvector()
    op = Scan(Body([row, old], [T.cast(old + row, "int8")]), 1, 1)
    final = op(T.shape_i(x, 0), x, s)
    rewritten = rewriting.whole([x, s], [final])
    args = [np.full((5, 2), 100, "int8"), np.array([1, 2], "int8")]
    rewriting.assert_same(rewritten, [x, s], final, args)
    assert cast_to("int8")


TERMS = {
    "matrices": lambda r, h, o: T.dot(r[1].T, T.stack([h, h * 2])),
    "both states": lambda r, h, o: T.dot(T.stack([h, h]).T, T.stack([h, r[0]])),
    "columns and rows": lambda r, h, o: T.dot(h.dimshuffle(0, "x"), r[0].dimshuffle("x", 0)),
    "outer": lambda r, h, o: h.dimshuffle(0, "x") * r[0].dimshuffle("x", 0),
    "outer of products": lambda r, h, o: (h * r[0]).dimshuffle(0, "x") * T.exp(h) * 2,
    "of a vector": lambda r, h, o: T.dot(r[1].T, r[1][:, 0] * h[0]).dimshuffle("x", 0) + o[1],
    "scaled": lambda r, h, o: T.dot(T.stack([h, h]).T, T.stack([h, r[0]])) * 3.0 * -2.0,
    "several": lambda r, h, o: T.outer(h, r[0]) - T.outer(r[0], h) + T.outer(h, h),
}


@pytest.mark.parametrize("reverse", [False, True])
@pytest.mark.parametrize("name", TERMS)
def test_sums_of_products_are_one_product_after_the_loop(loops, name, reverse):
    def step(rows, states, others):
        h, a = states
        return [T.tanh(T.dot(h, others[0]) + rows[0]), a + TERMS[name](rows, h, others)], []

    finals, _ = loops.loop(
        step, [loops.x, loops.z], [loops.h, loops.a], [loops.w, loops.a], reverse=reverse
    )
    rewritten = loops.rewrite(finals)
    if name != "of a vector":
        assert only(rewritten).op.n_states == 1
        assert any(isinstance(n.op, Dot) for n in rewritten.graph.apply_nodes)


@pytest.mark.parametrize("scale", [lambda o: o[0][0, 0], lambda o: 0.5], ids=["input", "half"])
def test_sums_of_products_that_a_scale_may_keep_finite_stay_in_the_loop(loops, scale):
    def step(rows, states, others):
        h, a = states
        product = T.dot(T.stack([h, h]).T, T.stack([h, rows[0]]))
        return [T.tanh(T.dot(h, others[0]) + rows[0]), a + product * scale(others)], []

    finals, _ = loops.loop(step, [loops.x, loops.z], [loops.h, loops.a], [loops.w, loops.a])
    assert only(loops.rewrite(finals)).op.n_states == 2


def test_a_sum_of_what_is_stacked_anyway_is_taken_after_the_loop(loops):
    def step(rows, states, others):
        h, a, c = states
        new = T.tanh(T.dot(h, others[0]) + rows[0])
        return [new, a + T.outer(rows[0], new), c + new * 2], [new]

    finals, stacks = loops.loop(step, [loops.x], [loops.h, loops.a, loops.k], [loops.w])
    assert only(loops.rewrite([*finals, *stacks])).op.n_states == 1


def test_a_sum_that_a_step_reads_stays(loops):
    def step(rows, states, others):
        h, a = states
        return [T.tanh(T.dot(h, a) + rows[0]), a + T.outer(h, rows[0])], []

    finals, _ = loops.loop(step, [loops.x], [loops.h, loops.a])
    assert only(loops.rewrite(finals)).op.n_states == 2


def test_a_sum_of_what_would_have_to_be_stored_stays(loops):
    def step(rows, states, others):
        h, c = states
        return [T.tanh(T.dot(h, others[0]) + rows[0]), c + T.exp(h) * rows[0]], []

    finals, _ = loops.loop(step, [loops.x], [loops.h, loops.k], [loops.w])
    assert only(loops.rewrite(finals)).op.keeps == ()


def test_increments_of_rows_are_made_at_once(loops):
    index = T.lmatrix("i")
    loops.inputs.append(index)

    def step(rows, states, others):
        h, a = states
        new = T.tanh(h + rows[0])
        return [new, AdvancedIncSubtensor1(set=False)(a, T.stack([new, h]), rows[1])], []

    finals, _ = loops.loop(step, [loops.x, index], [loops.h, loops.a])
    rewritten = loops.rewriting.whole(loops.inputs, finals)
    assert only(rewritten).op.n_states == 1
    args = [*loops.values(3), np.array([[0, 1], [2, 2], [0, 2]])]
    loops.rewriting.assert_same(rewritten, loops.inputs, finals, args)


def test_products_that_only_leave_the_loop_are_one_after_it(loops):
    def step(rows, states, others):
        h = T.tanh(T.dot(states[0], others[0]) + rows[0])
        return [h], [T.tanh(T.dot(h, others[0]) + T.dot(others[0].T, h) + others[1])]

    (final,), stacks = loops.loop(step, [loops.x], [loops.h], [loops.w, loops.b])
    node = only(loops.rewrite([final, *stacks]))
    assert inside(node).count("Dot") == 1


# Constants


@pytest.mark.parametrize(("steps", "left"), [(20, 0), (2000, 1)])
def test_loops_of_constants_are_folded_if_they_are_short(rewriting, steps, left):
    old = T.dvector()
    op = Scan(Body([old], [T.tanh(old * 2)]), 0, 1)
    rewritten = rewriting.whole([], [op(T.constant(steps), T.constant(np.ones(2)))])
    assert len(scans(rewritten)) == left


# Several loops


def test_loops_over_the_same_steps_are_one(loops):
    (f, *_), (s, *_) = loops.loop(recurrence, [loops.x], [loops.h], [loops.w])

    def more(rows, states, others):
        new, _ = recurrence(rows, states, others)
        return new, [*new, states[0], T.dot(states[0], others[0])]

    (g, *_), (t, before, product) = loops.loop(more, [loops.x], [loops.h], [loops.w])
    rewritten = loops.rewrite([f, s, g, t, before, product])
    node = only(rewritten)
    assert node.op.n_states == 1
    assert inside(node).count("Dot") == 1
    assert rewritten.graph.outputs[0] is rewritten.graph.outputs[2]
    assert rewritten.graph.outputs[1] is rewritten.graph.outputs[3]


@pytest.mark.parametrize("knows_first", [False, True])
def test_loops_of_which_one_knows_its_steps_are_one(knows_first):
    x, known = T.dmatrix("x"), T.TensorType("float64", (3, None))("known")
    h = T.dvector("h")
    one = scan(lambda r, s: s * 2 + r, known, h)[0]
    other = scan(lambda r, s: T.exp(s) - r, x, h)[0]
    outputs = [one, other] if knows_first else [other, one]
    graph = FunctionGraph.cloned([x, known, h], [x + known, *outputs])[0]
    merge_scans(graph, RewriteContext(graph, Mode(linker="numpy")))
    graph.check()
    assert len([n for n in graph.apply_nodes if isinstance(n.op, Scan)]) == 1


def test_while_loops_that_stop_alike_are_one(loops):
    def stopping(limit, more):
        def step(rows, states, others):
            new = T.tanh(T.dot(states[0], others[0]) + rows[0])
            return [new], [new, *([T.exp(new)] if more else [])], new.sum() > limit

        return loops.loop(step, [loops.x], [loops.h], [loops.w])

    (f,), (s,), taken = stopping(0.5, False)
    (g,), (t, e), again = stopping(0.5, True)
    rewritten = loops.rewrite([f, s, taken, g, t, e, again], [1, 4, 9])
    assert only(rewritten).op.n_states == 1
    assert rewritten.graph.outputs[2] is rewritten.graph.outputs[6]
    (h,), _, _ = stopping(0.7, False)
    assert len(scans(loops.rewrite([f, h], [1, 4, 9]))) == 2


def test_what_a_fixed_operand_stretches_stays(loops):
    def step(rows, states, others):
        return [states[0] + T.exp(rows[0] * others[0]).sum(axis=0)], []

    (final,), _ = loops.loop(step, [loops.x], [loops.h], [loops.w])
    assert "exp" in inside(only(loops.rewrite(final)))


def test_loops_of_one_another_and_of_other_directions_stay_apart(loops):
    (f,), (s,) = loops.loop(recurrence, [loops.x], [loops.h], [loops.w])
    (g,), _ = loops.loop(recurrence, [s], [loops.h], [loops.w])
    (r,), _ = loops.loop(recurrence, [loops.x], [loops.h], [loops.w], reverse=True)
    assert len(scans(loops.rewrite([f, g, r]))) == 3


def test_merging_two_pairs_makes_no_cycle(loops):
    """a reads nothing, b reads the forward loop a, c is reverse, and d reads c and is forward."""
    (a,), _ = loops.loop(recurrence, [loops.x], [loops.h], [loops.w])
    (b,), _ = loops.loop(recurrence, [loops.x], [a], [loops.w], reverse=True)
    (c,), _ = loops.loop(recurrence, [loops.x], [loops.k], [loops.w], reverse=True)
    (d,), _ = loops.loop(recurrence, [loops.x], [c], [loops.w])
    graph = FunctionGraph.cloned(loops.inputs, [b, d])[0]
    merge_scans(graph, RewriteContext(graph, Mode(linker="numpy")))
    graph.check()
    assert len([n for n in graph.apply_nodes if isinstance(n.op, Scan)]) == 3
    loops.rewrite([b, d])


def test_rules_of_loops_are_left_out_by_name(loops):
    _, (stack,) = loops.loop(recurrence, [loops.x], [loops.h], [loops.w])
    mode = Mode(linker="numpy").excluding("scan_keeps_what_is_read", "scan")
    assert only(loops.rewrite(stack[-1], [1, 4], mode=mode)).op.keeps == (None,)


def test_explain_tells_what_was_done_inside(loops):
    def step(rows, states, others):
        return [T.tanh(-T.neg(states[0]) + rows[0])], []

    (final,), _ = loops.loop(step, [loops.x], [loops.h])
    graph = FunctionGraph.cloned(loops.inputs, [final])[0]
    assert "neg_of_neg" in [f.rule for f in explain(graph, Mode(linker="numpy"))]


def test_what_two_types_know_of_one_shape_is_kept_together():
    rows, first = T.dmatrix("rows"), T.TensorType("float64", (1,))("first")
    one = T.specify_shape(rows, (1, None))
    states, _ = scan(lambda r, s: (s - r, until(T.sum(s) > 3)), sequences=one, outputs_info=first)
    f = function([rows, first], states.sum(0), mode=Mode("numpy"))
    np.testing.assert_array_equal(f([[1.0]], [3.0]), [2.0])
