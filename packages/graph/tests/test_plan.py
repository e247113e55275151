"""Host code as structure: where statements stand, which buffers are shared, what is refused."""

import numpy as np
import pytest
from bitale_graph import ifelse, scan, shared
from bitale_graph import language as T
from bitale_graph.extend import FunctionGraph, ScalarOp
from bitale_graph.plan.array import Array
from bitale_graph.plan.calls import Launch
from bitale_graph.plan.dialect import COMPUTED, is_known
from bitale_graph.plan.host_function import plan_function
from bitale_graph.plan.statements import (
    Assign,
    Check,
    Copy,
    Give,
    Hold,
    If,
    Let,
    Move,
    Pack,
    Steps,
    Take,
    walk,
)
from bitale_graph.plan.target import Target
from bitale_graph.plan.verify import HostCodeError, verify


class AnyTarget(Target):
    """One that computes all that C does, by the rules for every target alone."""

    def computes(self, dtype: str) -> bool:
        return dtype in COMPUTED

    def knows(self, op: ScalarOp) -> bool:
        return is_known(op)


TARGET = AnyTarget("packages/graph/tests", frozenset())
x, y, m = T.dvector("x"), T.dvector("y"), T.dmatrix("m")
n, k = T.lscalar("n"), T.lscalar("k")


def planned(inputs, outputs, updates=()):
    """The host code of a function; ``updates`` are pairs of a shared variable and its new value."""
    outputs = outputs if isinstance(outputs, list) else [outputs]
    targets = [v for v, _ in updates]
    graph = FunctionGraph([*inputs, *targets], [*outputs, *(new for _, new in updates)])
    places = list(range(len(targets)))
    return plan_function(graph, len(inputs), len(outputs), places, TARGET).statements


def of(kind, statements):
    """The statements of a kind in a list, those inside others not counted."""
    return [one for one in statements if isinstance(one, kind)]


def loops(statements):
    """The loops, from outside to inside, of code that has one in the other."""
    found = []
    while inner := [one for one in walk(statements) if isinstance(one, Steps)]:
        found.append(inner[0])
        statements = inner[0].body
    return found


def kinds(statements):
    return [type(one).__name__ for one in statements if not isinstance(one, (Give,))]


# Out of loops
def nested(step):
    """Three loops, one inside the other, around a step on a vector that the inner one carries."""

    def inner(h):
        return step(h)

    def middle(h):
        return scan(inner, outputs_info=h, n_steps=k)[0][-1]

    def outer(h):
        return scan(middle, outputs_info=h, n_steps=k)[0][-1]

    return scan(outer, outputs_info=x, n_steps=k)[0][-1]


def test_what_is_the_same_at_every_step_leaves_three_loops_at_once():
    statements = planned([x, y, k], nested(lambda h: h * y[::-1]))
    first, _, third = loops(statements)
    lengths = {
        one.name.text for one in first.before if isinstance(one, Let) and one.name.dtype == "int64"
    }
    assert any(name.startswith(("start", "length")) for name in lengths)
    # The view of y is packed once for all steps of all loops.
    assert of(Pack, first.before)
    assert not [one for one in walk(first.body) if isinstance(one, Pack)]
    assert not [one for one in walk(third.body) if isinstance(one, (Check, Take))]


def test_a_check_of_three_levels_counts_only_where_all_make_a_step():
    statements = planned([x, y, k], nested(lambda h: h * y))
    first = loops(statements)[0]
    checks = [one for one in first.before if isinstance(one, Check)]
    assert any("y_n0" in repr(one.condition) for one in checks)
    for one in checks:
        if "y_n0" in repr(one.condition):
            assert repr(one.guard).count(" > 0") >= 1


def test_nothing_in_a_loop_could_stand_before_it():
    for outputs in (nested(lambda h: T.tanh(h * y + x)), nested(lambda h: h + y.sum())):
        for depth, loop in enumerate(loops(planned([x, y, k], outputs)), start=1):
            assert all(one.level >= depth for one in loop.body if not isinstance(one, Give))


def test_lengths_in_a_branch_inside_a_loop_leave_both():
    def step(h):
        return ifelse(h[0] > 0, h + y[::-1], h - y[::-1])

    statements = planned([x, y, k], scan(step, outputs_info=x, n_steps=k)[0][-1])
    (loop,) = loops(statements)
    (branch,) = of(If, loop.body)
    assert any(isinstance(one, Let) and one.name.text.startswith("length") for one in loop.before)
    assert not of(Let, [s for block in branch.blocks() for s in block if "length" in repr(s)])


def test_what_may_fail_in_a_branch_stays_where_the_branch_decides():
    def step(h):
        return ifelse(h[0] > 0, h + y[:3], h)

    statements = planned([x, y, k], scan(step, outputs_info=x, n_steps=k)[0][-1])
    (loop,) = loops(statements)
    (branch,) = of(If, loop.body)
    assert [one for one in branch.then if isinstance(one, Check)]
    # A condition that is the same at every step decides before the loop.
    flag = T.lscalar("flag")

    def fixed(h):
        return ifelse(flag, h + y[:3], h)

    statements = planned([x, y, k, flag], scan(fixed, outputs_info=x, n_steps=k)[0][-1])
    (loop,) = loops(statements)
    (branch,) = of(If, loop.body)
    assert not [one for one in branch.then if isinstance(one, Check)]
    assert [one for one in loop.before if isinstance(one, Check) and "condition" in repr(one.guard)]


def test_a_loop_that_makes_no_step_takes_no_memory_for_its_steps():
    statements = planned([m, y], scan(lambda r: T.exp(T.tanh(r).dimshuffle("x", 0)) * y, [m])[0])
    (loop,) = loops(statements)
    guarded = [one for one in loop.before if isinstance(one, Take) and not one.lasts]
    assert guarded
    assert all("> 0" in repr(one.guard) for one in guarded)


# Buffers
def test_results_that_are_not_alive_together_share_a_buffer_in_a_loop():
    def step(h):
        c = (h.dimshuffle(0, "x") * y).sum(axis=1)
        return (c.dimshuffle(0, "x") * y).sum(axis=1)

    statements = planned([x, y, k], scan(step, outputs_info=x, n_steps=k)[0][-1])
    (loop,) = loops(statements)
    shared_pointers = [one for one in loop.before if isinstance(one, Let) and one.name.is_pointer]
    assert shared_pointers
    assert not [one for one in walk(loop.body) if isinstance(one, Take)]


def test_a_buffer_that_nothing_reads_is_given_back_before_the_next_is_taken():
    a = T.exp(x)
    b = T.outer(a, a).sum(axis=0)
    statements = planned([x], [T.tanh(b).sum()])
    given = [one.buffer for one in statements if isinstance(one, Give)]
    assert len(given) == len(set(given))
    first = next(i for i, one in enumerate(statements) if isinstance(one, Give))
    assert any(isinstance(one, Take) for one in statements[first:])


def test_a_dying_operand_is_overwritten():
    statements = planned([x], T.tanh(T.exp(x) * 2))
    assert len(of(Take, statements)) == 1
    assert len(of(Launch, statements)) == 3


# Shared storage
def test_updates_in_place_come_after_all_that_can_fail():
    w = shared(np.zeros(3), "w")
    statements = planned([x, y], [(x + y).sum()], [(w, w + x)])
    (at,) = [i for i, one in enumerate(statements) if isinstance(one, Hold)]
    assert not any(one.can_fail for one in statements[at:])
    assert len(of(Launch, statements[at:])) == 1


def test_reading_functions_never_hold():
    assert not of(Hold, planned([x], x.sum()))


# Folding
def test_known_lengths_leave_no_check_and_no_packing():
    v = T.TensorType("float64", (3,))("v")
    statements = planned([], [T.exp(T.as_tensor(np.ones(3))) + T.as_tensor(np.ones(3))])
    assert not of(Check, statements)
    assert not of(Pack, statements)
    statements = planned([v], [v + T.as_tensor(np.ones(3))])
    assert not of(Check, statements)


def test_what_is_asked_twice_is_checked_once():
    statements = planned([x, y], [x + y, x * y, x - y])
    assert len(of(Check, statements)) == 1


# The verifier
def refused(change, match, inputs, outputs, updates=()):
    statements = planned(inputs, outputs, updates)
    verify(statements)
    change(statements)
    with pytest.raises(HostCodeError, match=match):
        verify(statements)


def test_a_name_without_a_value_is_refused():
    def change(statements):
        let = next(one for one in statements if isinstance(one, Let))
        statements.remove(let)

    refused(change, "before it has a value", [x, y], x + y)


def test_a_failure_after_shared_variables_are_held_is_refused():
    w = shared(np.zeros(3), "w")

    def change(statements):
        check = next(one for one in statements if isinstance(one, Check))
        statements.append(check)

    refused(change, "after shared variables are held", [x, y], [x + y], [(w, w + x)])


def test_a_write_to_shared_storage_that_is_not_held_is_refused():
    w = shared(np.zeros(3), "w")

    def change(statements):
        statements[:] = [one for one in statements if not isinstance(one, Hold)]

    refused(change, "which is not held", [x], [], [(w, w + x)])


def test_memory_given_back_too_early_is_refused():
    def change(statements):
        (take, *_), launches = of(Take, statements), of(Launch, statements)
        statements.insert(statements.index(launches[-1]), Give(take.buffer))

    refused(change, "is not held", [x], T.tanh(T.exp(x).sum(axis=0, keepdims=True) + x))


def test_memory_given_back_twice_is_refused():
    def change(statements):
        give = next(one for one in statements if isinstance(one, Give))
        statements.append(Give(give.buffer))

    refused(change, "which is not held", [x], T.exp(x).sum())


def test_memory_that_a_step_takes_and_keeps_is_refused():
    def change(statements):
        (loop,) = loops(statements)
        gives = [one for one in loop.body if isinstance(one, Give)]
        assert gives
        loop.body[:] = [one for one in loop.body if one not in gives]

    def step(i, h):
        return T.arange(i + 1).sum() + h

    outputs = scan(step, [T.arange(n)], outputs_info=T.constant(np.int64(0)))[0]
    refused(change, "at every step and keeps it", [n], outputs)


def test_a_statement_that_stands_too_deep_is_refused():
    def change(statements):
        (loop,) = loops(statements)
        lets = of(Let, loop.before)
        loop.before.remove(lets[-1])
        loop.body.insert(0, lets[-1])

    refused(
        change,
        "loops, and is the same in",
        [x, y, k],
        scan(lambda h: h * y[::-1], outputs_info=x, n_steps=k)[0][-1],
    )


def test_memory_moved_onto_memory_is_refused():
    def change(statements):
        (branch,) = [one for one in statements if isinstance(one, If)]
        move = next(one for one in branch.then if isinstance(one, Move))
        take = next(one for one in branch.then if isinstance(one, Take))
        again = Take(take.node, take.pointer, move.to, take.size)
        branch.then.insert(branch.then.index(move), again)

    refused(change, "a second time", [x, n], ifelse(n > 0, x + 1, x * 2))


def test_copies_and_assignments_are_statements_with_arrays():
    statements = planned([x, k], scan(lambda h: h + 1, outputs_info=x, n_steps=k)[0][-1])
    (loop,) = loops(statements)
    assert all(isinstance(one.to, Array) for one in walk(statements) if isinstance(one, Copy))
    assert of(Assign, loop.body)
