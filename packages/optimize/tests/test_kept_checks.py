"""What a program checks as written is checked however it is rewritten."""

import numpy as np
import pytest
from bitale_graph import Mode, config, function
from bitale_graph import language as T
from bitale_graph.extend import ShapeError
from bitale_graph.ops.creation import Alloc
from bitale_graph.ops.softmax import Crossentropy1Hot
from bitale_graph.recurrence import scan

REWRITTEN = Mode(linker="numpy")
AS_WRITTEN = Mode(linker="numpy", optimizer="None")


def ones(*shape):
    return np.ones(shape)


v, w = T.dvectors("v", "w")
x, y = T.dmatrices("x", "y")
k, n = T.lscalars("k", "n")
a, b, t = T.lvectors("a", "b", "t")

LENGTHS = {
    "a whole write": ([v, w], T.set_subtensor(v[:], w), (ones(3), ones(7))),
    "a write from the first on": ([v, w], T.set_subtensor(v[0:], w), (ones(3), ones(7))),
    "a sum of a write": ([v, w], T.set_subtensor(v[:], w).sum(), (ones(3), ones(7))),
    "a write of rows": ([x, w], T.set_subtensor(x[:, :], w), (ones(2, 3), ones(7))),
    "an increment of zeros": (
        [v, w],
        T.inc_subtensor(T.zeros_like(v)[:], w),
        (ones(3), ones(7)),
    ),
    "what was written, read": (
        [v, w],
        T.set_subtensor(v[1:3], w)[1:3],
        (ones(3), ones(7)),
    ),
    "parts side by side": (
        [v, w],
        T.inc_subtensor(T.inc_subtensor(T.zeros((5,))[:2], v)[2:], w),
        (ones(2), ones(4)),
    ),
    "a product with zero": ([v, w], v * w * 0, (ones(3), ones(7))),
    "a product of which zero is taken": ([v, w], T.zeros_like(v * w), (ones(3), ones(7))),
    "terms that cancel": ([v, w], v + w - w, (ones(3), ones(7))),
    "factors that cancel": ([v, w], v * w / w, (ones(3), ones(7))),
    "a fill": ([v, w], T.second(v, w), (ones(3), ones(7))),
    "a choice that is known": (
        [v, w],
        T.switch(np.array(True), v, w),
        (ones(3), ones(7)),
    ),
    "a power of zero": ([v, w], (v * w) ** 0, (ones(3), ones(7))),
    "bits with zero": ([a, b], (a & b) & 0, (ones(3).astype(int), ones(7).astype(int))),
    "a length": ([v, w], (v + w).shape[0], (ones(3), ones(7))),
    "a product of zeros": ([x, y], T.dot(T.zeros_like(x), y), (ones(2, 3), ones(2, 4))),
    "an element of a sum": ([v, w], (v + w)[0], (ones(6), ones(2))),
    "joined rows": ([x, y], T.concatenate([x, y])[:, 0], (ones(2, 3), ones(2, 4))),
    "targets": (
        [x, t],
        T.zeros_like(Crossentropy1Hot()(T.softmax(x), t)),
        (ones(2, 3), np.zeros(3, int)),
    ),
    "an allocation": ([v, n], Alloc()(v, n), (ones(3), 7)),
    "a negative allocation": ([n, k], T.alloc(2.0, n, k).sum(), (-1, -5)),
    "a reshaped fill": ([v], T.ones_like(v).reshape((2, 3)), (ones(5),)),
    "a deduced length": ([v], T.ones_like(v).reshape((-1, 3)), (ones(5),)),
    "a reshape of a reshape": ([v, n], v.reshape((n, 3)).reshape((5,)), (ones(5), 2)),
    "a state that no step reads": (
        [v, w, n],
        scan(lambda h, e: T.sin(e), outputs_info=v, non_sequences=w, n_steps=n)[0][::2],
        (ones(2), ones(1), 2),
    ),
    "what one step compares": (
        [x, y],
        scan(
            lambda h, e: T.switch(e > 0, e + h, h),
            outputs_info=T.ones((1, x.shape[1])),
            non_sequences=y,
            n_steps=1,
        )[0],
        (ones(2, 3), ones(2, 3)),
    ),
    "a step whose row is not wanted": (
        [x, v, w],
        scan(lambda r, h, e: e - e + h * e, sequences=x, outputs_info=v, non_sequences=w)[0][1:],
        (ones(1, 1), ones(1), ones(2)),
    ),
    "steps": ([v, n], scan(lambda e: e * 2, sequences=v, n_steps=n)[0][0], (ones(3), 7)),
}
INDICES = {
    "what was written there": ([v, k], T.set_subtensor(v[k], 9.0)[k], (ones(3), 3)),
    "written from the end": ([v, k], T.set_subtensor(v[k], 9.0)[k], (ones(3), -4)),
    "an increment by zero": ([v, k], T.inc_subtensor(v[k], 0.0), (ones(3), 3)),
    "an element times zero": ([v, k], v[k] * 0, (ones(3), -4)),
    "an element that cancels": ([v, k], v[k] - v[k] + 1.0, (ones(3), 8)),
    "a row of a constant index": ([x], T.zeros_like(x[4]), (ones(3, 2),)),
    "the last state of no steps": (
        [v],
        scan(lambda e, s: e + s, sequences=v, outputs_info=T.constant(0.0))[0][-1],
        (ones(0),),
    ),
    "the last state of as many steps as there are targets": (
        [x, t],
        scan(
            lambda e, s: s * 2,
            sequences=-T.log_softmax(x)[T.arange(t.shape[0]), t],
            outputs_info=T.constant(1.0),
        )[0][-1],
        (ones(0, 3), np.zeros(0, int)),
    ),
}


@pytest.mark.parametrize("case", [*LENGTHS, *INDICES])
@pytest.mark.parametrize("mode", [REWRITTEN, AS_WRITTEN], ids=["rewritten", "as written"])
def test_an_error_stays_one(case, mode):
    inputs, output, args = (LENGTHS | INDICES)[case]
    f = function(inputs, output, mode=mode, on_unused_input="ignore")
    with pytest.raises(ValueError if case in LENGTHS else IndexError):
        f(*args)


@pytest.mark.parametrize(
    ("inputs", "outputs"),
    [
        ([v], [T.set_subtensor(v[:], v + 1)]),
        ([v, w], [T.set_subtensor(v[:], w), v + w]),
        ([v], [v * 0, v - v]),
        ([x, y], [(x - y + y).sum(), x * y]),
        ([v], [T.set_subtensor(v[:], 3.0)]),
    ],
)
def test_what_is_known_or_checked_elsewhere_costs_nothing(rewriting, inputs, outputs):
    rewritten = rewriting.whole(inputs, outputs, mode=REWRITTEN)
    assert "keep_checks" not in rewritten.fired


def test_checks_are_left_out_by_name():
    f = function(
        [v, w], v + w - w, mode=REWRITTEN.excluding("keep_checks"), on_unused_input="ignore"
    )
    np.testing.assert_array_equal(f(ones(3), ones(7)), ones(3))


def test_right_lengths_pass_every_check():
    for name, (inputs, output, _) in LENGTHS.items():
        if inputs == [v, w] and name not in ("parts side by side", "what was written, read"):
            args = (np.arange(4.0), np.arange(1.0, 5.0))
            wanted = function(inputs, output, mode=AS_WRITTEN, on_unused_input="ignore")(*args)
            made = function(inputs, output, mode=REWRITTEN, on_unused_input="ignore")(*args)
            np.testing.assert_allclose(made, wanted)


def test_empty_arrays_and_numbers_pass_every_check():
    f = function([v, w], [v + w - w, T.set_subtensor(v[:], w)], mode=REWRITTEN)
    assert [out.shape for out in f(ones(0), ones(0))] == [(0,), (0,)]
    s = T.dscalar("s")
    assert function([v, s], T.set_subtensor(v[:], s), mode=REWRITTEN)(ones(2), 5.0).tolist() == [
        5,
        5,
    ]
    empty = function([x], T.ones_like(x).reshape((-1, 3)), mode=REWRITTEN)
    assert empty(ones(0, 3)).shape == (0, 3)


def test_right_lengths_pass_the_checks_of_steps():
    state = scan(lambda h, e: T.sin(e), outputs_info=v, non_sequences=w, n_steps=n)[0]
    for mode in (AS_WRITTEN, REWRITTEN):
        f = function([v, w, n], state, mode=mode)
        assert f(ones(2), ones(2), 0).shape == (0, 2)
        np.testing.assert_array_equal(f(ones(2), ones(2), 3), np.sin(ones(3, 2)))


def test_no_state_changes_where_a_whole_write_does_not_fit():
    from bitale_graph import shared

    state = shared(np.zeros(3))
    f = function([v, w], [], updates=[(state, T.set_subtensor(v[:], w))], mode=REWRITTEN)
    with pytest.raises(ValueError, match="shape"):
        f(ones(3), ones(7))
    assert state.get_value().shape == (3,)
    f(ones(3), 2 * ones(3))
    assert state.get_value().tolist() == [2, 2, 2]


def test_rules_by_which_errors_disappear_are_left_out_by_one_tag(rewriting):
    for mode in (REWRITTEN.excluding("domain"), REWRITTEN.excluding("domain", "keep_checks")):
        f = function([v, w], (v + w)[0], mode=mode)
        with pytest.raises(ValueError, match="mis-match"):
            f(ones(6), ones(2))
    rewritten = rewriting.whole([v], [v * 0, T.exp(T.log(v))], mode=REWRITTEN.excluding("domain"))
    assert not {"product_with_zero", "exp_of_log"} & set(rewritten.fired)
    named = REWRITTEN.excluding("domain").including("exp_of_log")
    assert rewriting.whole([v], [T.exp(T.log(v))], mode=named).fired == ["exp_of_log"]


def test_a_setting_leaves_out_a_tag():
    with config.change_flags(optimizer_excluding="domain:accuracy"):
        f = function([v], T.exp(T.log(v)), mode="FAST_RUN")
        assert np.isnan(f([-1.0])).all()


def test_the_rewriter_names_passes_rules_sets_and_tags():
    from bitale_optimize import FunctionGraphRewriter

    names = FunctionGraphRewriter().names()
    assert {"fuse", "fusion", "exp_of_log", "gemm_of_sum", "scan_sums"} < names
    assert {"stability", "domain", "accuracy", "range", "merge_scans", "keep_checks"} < names
    assert "bogus" not in names


def test_what_is_checked_has_no_name_of_an_op_that_has_gone():
    x, y = T.dvector("x"), T.dvector("y")
    f = function([x, y], x + y - x, mode=Mode("numpy"))
    assert not any("add" in str(node.op) for node in f.maker.fgraph.apply_nodes)
    with pytest.raises(ShapeError, match="add"):
        f([1.0], [1.0, 2.0])
