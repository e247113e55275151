"""Ops without C text in the middle of a compiled function: they run in Python, on NumPy."""

import sys
from typing import ClassVar

import numpy as np
import pytest
from bitale_codegen_c.host.target import C
from bitale_graph import function, ifelse, scan, shared
from bitale_graph import language as T
from bitale_graph.compile.mode import Mode
from bitale_graph.core.graph import Apply, Constant, Op, Type
from bitale_graph.extend import Dot, Elementwise, Reduce, Softmax, Subtensor, scalar
from bitale_graph.plan.node_code import has_code
from bitale_graph.plan.target import emits
from bitale_graph.tensor.variable import TensorType

MODES = [Mode(linker="c", optimizer="None"), Mode(linker="c")]
NUMPY = Mode(linker="numpy", optimizer="None")


@pytest.fixture(params=MODES, ids=["as_written", "rewritten"])
def mode(request):
    return request.param


class Sorted(Op):
    """The elements in order, and where they were; an op as users write them."""

    __props__ = ()

    def make_node(self, x):
        x = T.as_tensor(x)
        return Apply(self, [x], [x.type(), TensorType("int64", (None,) * x.ndim)()])

    def perform(self, node, inputs, output_storage):
        output_storage[0][0] = np.sort(inputs[0], axis=0)
        output_storage[1][0] = np.argsort(inputs[0], axis=0)


class Odd(Op):
    """Gives whatever it was told to give."""

    __props__ = ("kind",)

    def __init__(self, kind):
        self.kind = kind

    def make_node(self, x):
        x = T.as_tensor(x)
        return Apply(self, [x], [x.type()])

    def perform(self, node, inputs, output_storage):
        x = inputs[0]
        output_storage[0][0] = {
            "itself": lambda: x,
            "view": lambda: x[::-1],
            "fortran": lambda: np.asfortranarray(x),
            "read-only": lambda: np.broadcast_to(x[:1], x.shape),
            "wrong dtype": lambda: x.astype("complex64"),
            "wrong rank": lambda: x.sum(),
            "nothing": lambda: None,
            "raises": lambda: x[1000],
            "writes": lambda: np.add(x, 1, out=x),
        }[self.kind]()


def test_between_compiled_loops(mode):
    x, y = T.dmatrix("x"), T.dscalar("y")
    values, places = Sorted()(T.exp(x) * y)
    outputs = [values.sum(axis=0) + y, places.T, values, values[1:] * 2, Sorted()(places)[0]]
    rng = np.random.default_rng(0)
    argument = rng.normal(size=(5, 3))
    f = function([x, y], outputs, mode=mode)
    expected = function([x, y], outputs, mode=NUMPY)(argument, 2.0)
    for _ in range(3):
        for one, other in zip(f(argument, 2.0), expected, strict=True):
            np.testing.assert_allclose(one, other, rtol=1e-14)
            one.fill(0)
    assert "calls Python" in f.source() or "rt->callback" in f.source()


@pytest.mark.parametrize("layout", ["C", "F", "strided", "reversed", "empty"])
def test_operands_of_every_layout(mode, layout):
    x = T.dmatrix("x")
    f = function([x], [Sorted()(x)[0], Sorted()(x.T)[0], Sorted()(x[:, ::-1])[0]], mode=mode)
    base = np.random.default_rng(1).normal(size=(8, 6))
    argument = {
        "C": base,
        "F": np.asfortranarray(base),
        "strided": base[::2, ::3],
        "reversed": base[::-1, ::-1],
        "empty": base[:0],
    }[layout]
    found = f(argument)
    for one, other in zip(found, [argument, argument.T, argument[:, ::-1]], strict=True):
        np.testing.assert_array_equal(one, np.sort(other, axis=0))


@pytest.mark.parametrize("kind", ["itself", "view", "fortran", "read-only"])
def test_what_it_gives_is_copied_where_it_must_be(mode, kind):
    x = T.dmatrix("x")
    w = shared(np.arange(6.0).reshape(3, 2), "w")
    y, z = Odd(kind)(x), Odd(kind)(w)
    f = function([x], [y, y + 1, z, z.T], updates=[(w, z * 2)], mode=mode)
    expected = function([x], [y, y + 1, z, z.T], mode=NUMPY)
    argument = np.arange(8.0).reshape(4, 2)
    wanted = expected(argument)
    found = f(argument)
    for one, other in zip(found, wanted, strict=True):
        np.testing.assert_array_equal(one, other)
        assert not np.may_share_memory(one, argument)
        one.fill(7)
    np.testing.assert_array_equal(argument, np.arange(8.0).reshape(4, 2))
    np.testing.assert_array_equal(w.get_value(), wanted[2] * 2)


@pytest.mark.parametrize("kind", ["wrong dtype", "wrong rank", "nothing", "raises", "writes"])
def test_what_it_must_not_give_is_an_error(mode, kind):
    x = T.dmatrix("x")
    f = function([x], Odd(kind)(x * 2) + 1, mode=mode)
    with pytest.raises((TypeError, IndexError, ValueError), match="Odd"):
        f(np.ones((3, 2)))
    # And the function goes on working after it.
    with pytest.raises((TypeError, IndexError, ValueError)):
        f(np.ones((3, 2)))


def test_the_error_of_an_op_has_its_class_and_the_user_s_line(mode):
    x = T.dmatrix("x")
    y = Odd("raises")(x * 2)
    with pytest.raises(IndexError, match=r"out of bounds") as found:
        function([x], y + 1, mode=mode)(np.ones((3, 2)))
    assert __file__ in str(found.value)
    assert "Odd" in str(found.value)


def test_without_outputs_or_inputs_of_rank(mode):
    class Count(Op):
        """Two numbers out of nothing."""

        __props__ = ()

        def make_node(self):
            return Apply(self, [], [TensorType("int64", ())(), TensorType("complex128", ())()])

        def perform(self, node, inputs, output_storage):
            output_storage[0][0] = np.asarray(7)
            output_storage[1][0] = np.asarray(1 + 2j)

    n, c = Count()()
    x = T.dvector("x")
    found = function([x], [n * 2, c * 2, x * n, c], mode=mode)([1.0, 2])
    assert found[0] == 14
    assert found[1] == 2 + 4j
    np.testing.assert_array_equal(found[2], [7, 14])
    assert found[3] == 1 + 2j


@pytest.mark.parametrize("dtype", ["float16", "complex64", "complex128"])
def test_dtypes_that_c_does_not_compute_with(mode, dtype):
    x = TensorType(dtype, (None, None))("x")
    number = TensorType(dtype, ())("number")
    half = T.as_tensor(np.array(0.5, dtype))
    outputs = [x * number + half, x.T, x[0], x[::-1, 1], T.sum(x, axis=0), x.sum(), number, half]
    outputs += [T.dot(x, x), T.set_subtensor(x[0], number), T.inc_subtensor(x[np.array([0, 0])], 1)]
    outputs += [T.alloc(number, 2, 2), T.join(0, x, x), T.reshape(x, (-1,)), x[0, 1], T.eq(x, x)]
    outputs += [T.cast(x, dtype), x.shape[0], T.switch(T.eq(x, number), x, half), x[[1, 0]]]
    f = function([x, number], outputs, mode=mode)
    expected = function([x, number], outputs, mode=NUMPY)
    argument = np.array([[1, 2], [3, 4]]).astype(dtype)
    for layout in (argument, np.asfortranarray(argument), argument[::-1]):
        wanted = expected(layout, np.asarray(3, dtype))
        for one, other in zip(f(layout, np.asarray(3, dtype)), wanted, strict=True):
            assert one.dtype == other.dtype
            np.testing.assert_allclose(one, other, rtol=1e-2 if dtype == "float16" else 1e-6)


class Box(Type):
    """Any Python object."""

    def filter(self, value, strict=False, allow_downcast=None):
        return value

    def __call__(self, name=None):
        from bitale_graph.core.graph import Variable

        return Variable(self, name=name)

    def __eq__(self, other):
        return type(other) is Box

    def __hash__(self):
        return hash(Box)


class Pack(Op):
    __props__ = ()

    def make_node(self, x):
        return Apply(self, [T.as_tensor(x)], [Box()()])

    def perform(self, node, inputs, output_storage):
        output_storage[0][0] = {"inside": inputs[0]}


class Unpack(Op):
    __props__ = ()

    def make_node(self, box):
        return Apply(self, [box], [TensorType("float64", (None,))()])

    def perform(self, node, inputs, output_storage):
        output_storage[0][0] = inputs[0]["inside"] * 2


def test_values_that_are_no_arrays_pass_between_ops(mode):
    x = T.dvector("x")
    y = Unpack()(Pack()(T.exp(x))) + 1
    np.testing.assert_allclose(function([x], y, mode=mode)([0.0, 1]), 2 * np.exp([0.0, 1]) + 1)


def test_values_that_are_no_arrays_stay_beside_machine_code(mode):
    x, box = T.dvector("x"), Box()("box")
    f = function([box, x], [T.exp(Unpack()(box)) + x, box, Pack()(x)], mode=mode)
    assert type(f.executable).__name__ == "Program"
    given = {"inside": np.ones(2)}
    references = sys.getrefcount(given)
    for _ in range(3):
        numbers, same, made = f(given, [1.0, 2.0])
        np.testing.assert_allclose(numbers, np.exp(2.0) + np.array([1.0, 2.0]))
        assert same is given
        np.testing.assert_array_equal(made["inside"], [1.0, 2.0])
    del same
    assert sys.getrefcount(given) == references


def test_values_that_are_no_arrays_in_branches_loops_and_constants(mode):
    x, box, c = T.dvector("x"), Box()("box"), T.lscalar("c")
    fixed = Constant(Box(), {"inside": np.arange(2.0)})
    rows = scan(lambda e: Unpack()(Pack()(T.stack([e, e + 1]))), sequences=x)[0]
    chosen = ifelse(c > 0, Unpack()(box), Unpack()(Pack()(x)) + 1)
    f = function([box, c, x], [chosen, Unpack()(fixed) * x, rows], mode=mode)
    for number, expected in ((1, [2, 4]), (0, [7, 9])):
        found = f({"inside": np.array([1.0, 2.0])}, number, [3.0, 4.0])
        for one, other in zip(found, (expected, [0, 8], [[6, 8], [8, 10]]), strict=True):
            np.testing.assert_array_equal(one, other)


def test_an_error_over_a_value_that_is_no_array_tells_the_op(mode):
    box = Box()("box")
    f = function([box], Unpack()(box), mode=mode)
    with pytest.raises(TypeError, match=r"Apply node that caused the error: Unpack\(box\)"):
        f(3)


class Cubed(Softmax):
    """Rows that sum to 1, of another function than softmax."""

    def perform(self, node, inputs, output_storage):
        (x,) = inputs
        output_storage[0][0] = x**3 / (x**3).sum(axis=-1, keepdims=True)


class Backwards(Subtensor):
    """What is selected, from behind."""

    view_map: ClassVar = {}

    def perform(self, node, inputs, output_storage):
        super().perform(node, inputs, output_storage)
        output_storage[0][0] = np.array(output_storage[0][0][::-1])


class Largest(Reduce):
    """A sum of which one term counts."""

    def perform(self, node, inputs, output_storage):
        output_storage[0][0] = inputs[0].max(axis=self.axes)


class Outer(Dot):
    """A product of two matrices, of their elements."""

    def perform(self, node, inputs, output_storage):
        output_storage[0][0] = inputs[0] * inputs[1]


OTHERS = {
    "softmax": lambda x: Cubed()(x),
    "its logarithm": lambda x: T.log(Cubed()(x)[T.arange(2), np.array([0, 1])]),
    "its largest": lambda x: T.argmax(Cubed()(-x), axis=1),
    "its loss": lambda x: T.categorical_crossentropy(Cubed()(x), np.array([0, 1])),
    "selection": lambda x: T.exp(Backwards(((True, False, False),))(x * 2, 0)) + 1,
    "selection of all": lambda x: Backwards(((False, False, False),))(x),
    "sum": lambda x: Largest(scalar.add, (1,), "float64", "float64")(2 * x),
    "sum of nothing": lambda x: T.exp(Largest(scalar.add, (0, 1), "float64", "float64")(-x)),
    "product": lambda x: x - 0.5 * Outer()(x, T.exp(x)),
}


@pytest.mark.parametrize("name", OTHERS)
def test_a_subclass_with_another_meaning_runs_by_its_own(name, mode):
    x = T.dmatrix("x")
    y = OTHERS[name](x)
    value = np.array([[1.0, 3.0], [2.0, 0.5]])
    f = function([x], y, mode=mode)
    np.testing.assert_allclose(f(value), function([x], y, mode=NUMPY)(value), rtol=1e-12)


def test_c_text_that_says_so_serves_subclasses(monkeypatch):
    class Same(Elementwise):
        """An elementwise op of a layer above."""

    assert not has_code(C, Cubed()(T.dvector()).owner)
    assert has_code(C, Same(scalar.exp)(T.dvector()).owner)
    monkeypatch.setattr(emits, "_serving", {*emits._serving, Softmax})
    assert has_code(C, Cubed()(T.dvector()).owner)
