"""Ops that bring their own C text: the body of a function, called with the lengths they tell."""

import numpy as np
import pytest
from bitale_codegen_c.lowering import lower
from bitale_graph import Mode, function, ifelse, scan, shared
from bitale_graph import language as T
from bitale_graph.extend import Apply, Op, Softmax, TensorType
from bitale_graph.testing import check_op

C = Mode(linker="c")
AS_WRITTEN = Mode(linker="c", optimizer="None")


class Own(Op):
    """One input; the text does as NumPy does."""

    __props__ = ()
    ndim = None

    def make_node(self, x):
        x = T.as_tensor(x)
        shape = x.type.shape if self.ndim is None else (None,) * self.ndim
        return Apply(self, [x], [TensorType(x.type.dtype, shape)()])

    def perform(self, node, inputs, output_storage):
        output_storage[0][0] = np.asarray(self.numpy(inputs[0]), node.outputs[0].type.dtype)


class Differences(Own):
    """Each element less the one before: one fewer of them."""

    ndim = 1

    def numpy(self, x):
        return np.diff(x)

    def infer_shape(self, node, input_shapes):
        return [(T.maximum(input_shapes[0][0] - 1, 0),)]

    def c_code(self, node):
        return "for (int64_t i = 0; i < *y0_n; i++) y0[i] = x0[(i + 1) * *x0_s] - x0[i * *x0_s];"


class TooFew(Differences):
    """Tells a length that may be negative."""

    def infer_shape(self, node, input_shapes):
        return [(input_shapes[0][0] - 1,)]


class Last(Own):
    """The last element; of nothing an error."""

    ndim = 0

    def numpy(self, x):
        return x[-1]

    def infer_shape(self, node, input_shapes):
        return [()]

    def c_code(self, node):
        return "if (*x0_n == 0) return 1;\n*y0 = x0[(*x0_n - 1) * *x0_s]; // no end of line"


class Clipped(Op):
    """Numbers, and how many there are, between two of rank 0."""

    __props__ = ()

    def make_node(self, *inputs):
        x, low, high = map(T.as_tensor, inputs)
        return Apply(self, [x, low, high], [x.type(), TensorType("int64", ())()])

    def perform(self, node, inputs, output_storage):
        x, low, high = inputs
        output_storage[0][0] = np.clip(x, low, high).astype(x.dtype)
        output_storage[1][0] = np.asarray(((x >= low) & (x <= high)).sum())

    def infer_shape(self, node, input_shapes):
        return [input_shapes[0], ()]

    def c_code(self, node):
        return """
*y1 = 0;
for (int64_t i = 0; i < *x0_n; i++) {
    const x0_t v = x0[i * *x0_s];
    *y1 += v >= *x1 && v <= *x2;
    y0[i] = v < *x1 ? *x1 : v > *x2 ? *x2 : v;
}"""


class Without(Own):
    """Its text is not to be used, for one reason or another."""

    __props__ = ("reason",)

    def __init__(self, reason):
        self.reason = reason

    def numpy(self, x):
        return x + 1

    def infer_shape(self, node, input_shapes):
        return {
            "no lengths": None,
            "lengths of another": [(T.lscalar("n"),)],
            "lengths by computing": [(T.arange(input_shapes[0][0]).sum(),)],
        }.get(self.reason, [input_shapes[0]])

    def c_code(self, node):
        return None if self.reason == "no text" else "this is no C"


class Theanos(Own):
    """A text in pieces, as Theano takes it."""

    def numpy(self, x):
        return x + 1

    def infer_shape(self, node, input_shapes):
        return input_shapes

    def c_code(self, node, name, inputs, outputs, sub):
        raise AssertionError("called with what it does not take")


def called_back(f):
    """The ops that a function runs in Python."""
    maker = f.maker
    n = len(maker.arguments)
    lowered = lower(maker.fgraph, n, maker.n_outputs, maker.update_targets)
    return [type(node.op).__name__ for node in lowered.callbacks]


VECTORS = [[np.array([3.0, 1.0, 4.0, 1.5])], [np.ones(1)], [np.array([2, -5, 7], dtype="int8")]]


@pytest.mark.parametrize(
    ("op", "samples"),
    [
        (Differences(), [*VECTORS, [np.zeros(0)]]),
        (TooFew(), VECTORS),
        (Last(), VECTORS),
        (Clipped(), [[np.array([0.5, 1.5, 9.0]), 1.0, 2.0], [np.zeros(0), 1.0, 2.0]]),
    ],
    ids=lambda one: type(one).__name__ if isinstance(one, Op) else "",
)
def test_texts_of_ops_pass_the_checks(op, samples):
    check_op(op, samples)


def test_nothing_runs_in_python_and_the_name_is_the_ops():
    x = T.dvector("x")
    f = function([x], T.exp(Differences()(x * 2)).sum(), mode=C)
    assert called_back(f) == []
    assert "bt_op_Differences_" in f.source(headers=True)
    x = np.array([1.0, 2.0, 2.5])
    np.testing.assert_allclose(f(x), np.exp(np.diff(x * 2)).sum())


@pytest.mark.parametrize("mode", [C, AS_WRITTEN], ids=["rewritten", "as_written"])
def test_texts_run_in_loops_and_in_branches(mode):
    xs, s = T.dmatrix("xs"), T.dvector("s")
    rows, _ = scan(lambda row, old: Clipped()(old + row, -1.0, 1.0)[0], xs, s)
    chosen = ifelse(xs.sum() > 0, Differences()(s), s)
    f = function([xs, s], [rows, chosen, Last()(Differences()(rows[:, 0]))], mode=mode)
    assert called_back(f) == []
    given = np.array([[0.5, -0.5], [0.75, 0.25], [-0.25, 0.0]]), np.array([0.0, 0.5])
    rows, chosen, last = f(*given)
    state, wanted = given[1], []
    for row in given[0]:
        state = np.clip(state + row, -1, 1)
        wanted.append(state)
    np.testing.assert_allclose(rows, wanted)
    np.testing.assert_allclose(chosen, [0.5])
    np.testing.assert_allclose(last, np.diff(np.array(wanted)[:, 0])[-1])


def test_a_text_that_does_not_succeed_is_told_of_by_perform_and_changes_no_state():
    x, total = T.dvector("x"), shared(np.zeros(2), "total")
    f = function([x], Last()(x), updates=[(total, total + 1)], mode=C)
    assert f([1.0, 2.0]) == 2
    with pytest.raises(IndexError, match="out of bounds"):
        f([])
    np.testing.assert_array_equal(total.get_value(), [1, 1])


def test_a_length_that_cannot_be_is_told_of_with_the_op():
    x = T.dvector("x")
    f = function([x], TooFew()(x), mode=C)
    np.testing.assert_array_equal(f([1.0, 3.0]), [2])
    with pytest.raises(RuntimeError, match=r"(?s)the C text of TooFew.*check_op"):
        f([])
    short = function([x], T.specify_shape(TooFew()(x), (3,)), mode=C)
    with pytest.raises(ValueError, match="3"):
        short([1.0, 2.0])


@pytest.mark.parametrize(
    "reason", ["no text", "no lengths", "lengths of another", "lengths by computing", "complex"]
)
def test_a_text_that_cannot_be_used_leaves_the_op_to_python(reason):
    x = T.dvector("x") if reason != "complex" else T.zvector("x")
    f = function([x], Without(reason)(x) * 2, mode=AS_WRITTEN)
    assert "Without" in called_back(f)
    np.testing.assert_array_equal(f([1.0, 2.0]), [4, 6])
    with pytest.raises(AssertionError, match=r"C fails on sample 0: c_code is not used"):
        check_op(Without("no text"), VECTORS)


class Reversed(Softmax):
    """Inherits from an op of ours, whose rule lets the result take the place of the input."""

    def perform(self, node, inputs, output_storage):
        output_storage[0][0] = inputs[0][::-1].copy()

    def c_code(self, node):
        return "for (int64_t i = 0; i < *x0_n; i++) y0[i] = x0[(*x0_n - 1 - i) * *x0_s];"


def test_what_is_known_of_our_text_is_not_believed_of_another():
    x, s = T.dvector("x"), shared(np.array([1.0, 2.0, 3.0]), "s")
    f = function([x], Reversed()(x * 2) + 1, updates=[(s, Reversed()(s + x) * 2)], mode=C)
    assert called_back(f) == []
    np.testing.assert_array_equal(f([1.0, 2.0, 4.0]), [9, 5, 3])
    np.testing.assert_array_equal(s.get_value(), [14, 8, 4])


def test_a_text_written_for_theano_is_not_called():
    x = T.dvector("x")
    f = function([x], Theanos()(x), mode=C)
    assert called_back(f) == ["Theanos"]
    np.testing.assert_array_equal(f([1.0]), [2])


class Wrong(Last):
    """Its text is a little off."""

    def c_code(self, node):
        return "*y0 = *x0_n ? x0[(*x0_n - 1) * *x0_s] * (1 + 1e-9) : 0;"


def test_a_wrong_text_is_found_by_the_check():
    with pytest.raises(AssertionError, match="Wrong: C fails on sample 1"):
        check_op(Wrong(), [[np.zeros(2)], [np.ones(2)]])


def test_characters_outside_ascii_are_refused():
    class Worded(Last):
        def c_code(self, node):
            return "/* größer */ *y0 = 0;"

    x = T.dvector("x")
    with pytest.raises(ValueError, match="outside ASCII"):
        function([x], Worded()(x), mode=C)


def test_what_is_no_text_is_refused():
    class Numbered(Last):
        def c_code(self, node):
            return 5

    x = T.dvector("x")
    with pytest.raises(TypeError, match="c_code gives a text in C or None, and gave 5"):
        function([x], Numbered()(x), mode=C)


def test_no_name_reaches_the_text_unfiltered():
    hostile = type('a"b*/ int evil;', (Last,), {"__str__": lambda self: "*/ #error\n"})()
    x = T.dvector('x"; */')
    f = function([x], hostile(x), mode=AS_WRITTEN)
    assert f([1.0, 2.0]) == 2
    assert "evil;" not in f.source(headers=True)
    assert "#error" not in f.source(headers=True)
