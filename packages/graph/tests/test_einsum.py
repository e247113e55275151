"""Sums of products by subscripts follow NumPy."""

import string

import numpy as np
import pytest
from bitale_graph import TensorType, function
from bitale_graph import language as T
from bitale_graph.base.errors import ShapeError
from bitale_graph.ops import contraction_order as orders
from bitale_graph.ops.product import BatchedDot, Dot
from hypothesis import given, settings
from hypothesis import strategies as st

LENGTHS = dict(zip("abcdef", (2, 3, 4, 1, 0, 2), strict=True))


def variables(arrays, is_known=False):
    return [TensorType(a.dtype.name, a.shape if is_known else (None,) * a.ndim)() for a in arrays]


def check(arguments, arrays, is_known=False, **keywords):
    """Compare with NumPy; arguments are made by a function of operands."""
    inputs = variables(arrays, is_known)
    wanted = np.asarray(np.einsum(*arguments(*arrays)))
    made = T.einsum(*arguments(*inputs), **keywords)
    found = np.asarray(function(inputs, made, mode="FAST_COMPILE")(*arrays))
    assert (found.shape, found.dtype) == (wanted.shape, wanted.dtype)
    np.testing.assert_allclose(found, wanted, rtol=1e-12, atol=1e-12)


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_any_subscripts(data):
    count = data.draw(st.integers(1, 4))
    terms = [data.draw(st.text("abcdef", max_size=4)) for _ in range(count)]
    used = sorted(set("".join(terms)))
    wide = [data.draw(st.sampled_from(((), (3,), (2, 3)))) for _ in terms]
    has_ellipsis = data.draw(st.booleans())
    if not has_ellipsis:
        wide = [()] * count
    rng = np.random.default_rng(count)
    shapes = [(*(LENGTHS[n] for n in t), *w) for t, w in zip(terms, wide, strict=True)]
    arrays = [rng.standard_normal(shape) for shape in shapes]
    text = ",".join(t + "..." * has_ellipsis for t in terms)
    if data.draw(st.booleans()) or has_ellipsis:
        output = "".join(data.draw(st.permutations(used)))[: data.draw(st.integers(0, len(used)))]
        text += "->" + ("..." if has_ellipsis else "") + output
    check(
        lambda *a: (text, *a),
        [np.asarray(a) for a in arrays],
        is_known=data.draw(st.booleans()),
        optimize=data.draw(st.sampled_from((True, False, "greedy", "optimal"))),
    )


@pytest.mark.parametrize(
    ("text", "shapes"),
    [
        ("ij,jk->ik", [(1, 3), (3, 1)]),
        ("ij,ij->ij", [(1, 3), (4, 1)]),
        ("ij,j->i", [(2, 1), (3,)]),
        ("...i,...i", [(5, 1, 3), (4, 3)]),
        ("bij,bjk->bik", [(1, 2, 3), (4, 3, 2)]),
        ("bij,bjk->ik", [(1, 2, 3), (4, 3, 2)]),
        (" i j , j k ", [(2, 3), (3, 2)]),
        ("...ij->...ji", [(2, 3, 4)]),
        ("i...,i...->...", [(2, 3), (2, 4, 3)]),
        ("BA,Aa", [(2, 3), (3, 2)]),
    ],
)
def test_axes_of_length_one_stretch_where_they_are_known(text, shapes, rng):
    arrays = [rng.standard_normal(s) for s in shapes]
    check(lambda *a: (text, *a), arrays, is_known=True)


@pytest.mark.parametrize(
    "arguments",
    [
        lambda x, y: (x, [0, 1], y, [1, 2], [0, 2]),
        lambda x, y: (x, [5, 1], y, [1, 0]),
        lambda x, y: (x, [0, ...], y, [..., 2], [...]),
        lambda x, y: (x, (0, 1), y, (1, 51), [51]),
    ],
    ids=["result", "no result", "ellipsis", "tuples"],
)
def test_lists_of_numbers_are_subscripts_too(arguments, rng):
    check(arguments, [rng.standard_normal((3, 3)), rng.standard_normal((3, 3))])


@pytest.mark.parametrize(
    "dtype", ["int8", "uint8", "bool", "int64", "float32", "complex64", "float16"]
)
@pytest.mark.parametrize("text", ["ij->", "ij->j", "ii", "ij,jk->ik", "ij,ij->i", "ij,k->ijk"])
def test_sums_keep_the_dtype(text, dtype):
    values = np.array([[100, 3, 0], [0, 1, 120], [7, 60, 127]]).astype(dtype)
    if dtype == "float16":
        values = values / 8
    arrays = [values, values[0] if text.endswith("k->ijk") else values][: 1 + text.count(",")]
    check(lambda *a: (text, *a), arrays)


def test_numpys_einsum_takes_variables(rng):
    x, y = (T.dmatrix(n) for n in "xy")
    a, b = rng.standard_normal((2, 3)), rng.standard_normal((3, 4))
    for made in (
        np.einsum("ij,jk", x, y),
        np.einsum("ij,jk", x, y, optimize=True),
        np.einsum(x, [0, 1], y, [1, 2]),
    ):
        np.testing.assert_allclose(made.eval({x: a, y: b}), a @ b)
    assert np.einsum("ij,jk", x, y, dtype="complex128").dtype == "complex128"


@pytest.mark.parametrize(
    ("arguments", "match"),
    [
        ((), "takes subscripts"),
        (("ij",), "1 operands, and 0 are given"),
        (("ij,jk", T.dmatrix()), "2 operands, and 1 are given"),
        (("i1", T.dmatrix()), "'1' in 'i1' is no subscript"),
        (("i-j", T.dmatrix()), "'-' in 'i-j' is no subscript"),
        (("i..j", T.dmatrix()), "'.' in 'i..j' is no subscript"),
        (("...i...", T.dmatrix()), "two ellipses"),
        (("ij->ii", T.dmatrix()), "'i' twice"),
        (("ij->ik", T.dmatrix()), "'k' of the result is of no operand"),
        (("i...->i", T.dmatrix()), "no ellipsis"),
        ((T.dmatrix(), [0, 52]), "from 0 to 51"),
        ((T.dmatrix(),), "a list of its subscripts"),
    ],
)
def test_subscripts_that_mean_nothing_are_told(arguments, match):
    with pytest.raises(ValueError, match=match):
        T.einsum(*arguments)


def test_subscripts_of_another_kind_are_told():
    with pytest.raises(TypeError, match="a text or a list of numbers"):
        T.einsum(T.dmatrix(), 3)
    with pytest.raises(TypeError, match="a number or"):
        T.einsum(T.dmatrix(), ["i", "j"])


@pytest.mark.parametrize("text", ["i", "ijk", "ij...k"])
def test_subscripts_that_do_not_fit_a_rank_are_told(text):
    with pytest.raises(ShapeError, match=r"operand 0 has . subscripts, which do not fit"):
        T.einsum(text, T.dmatrix())


def test_lengths_that_differ_are_told():
    with pytest.raises(ShapeError, match=r"lengths \[2, 3\] of the axes 'j' differ"):
        T.einsum("ij,jk", np.ones((2, 3)), np.ones((2, 3)))
    with pytest.raises(ShapeError, match="no diagonal for 'i': the lengths 2 and 3 differ"):
        T.einsum("ii", np.ones((2, 3)))
    x, y = T.dmatrices("xy")
    with pytest.raises(ShapeError, match="no diagonal for 'i': two lengths differ"):
        T.einsum("ii->i", x).eval({x: np.ones((2, 3))})
    with pytest.raises(ShapeError):
        T.einsum("ij,jk", x, y).eval({x: np.ones((2, 3)), y: np.ones((2, 3))})
    with pytest.raises(ShapeError, match="lengths of axes"):
        T.einsum("ij,ji->", x, y).eval({x: np.ones((2, 3)), y: np.ones((2, 3))})


@pytest.mark.parametrize("optimize", ["fast", 3, [(0, 5)], [(0, 1)], [(0, 0)], ["einsum_path"]])
def test_orders_that_do_not_fit_are_told(optimize):
    x = T.dmatrix()
    with pytest.raises(ValueError, match="einsum"):
        T.einsum("ij,jk,kl", x, x, x, optimize=optimize)


def test_an_order_may_be_given(rng):
    arrays = [rng.standard_normal(s) for s in ((2, 3), (3, 4), (4, 5))]
    path, _ = np.einsum_path("ij,jk,kl", *arrays)
    for order in (path, [(1, 2), (0, 1)], [(0, 1, 2)], ("greedy", 10**6)):
        check(lambda *a: ("ij,jk,kl", *a), arrays, optimize=order)


def test_a_chain_is_multiplied_where_it_is_narrow():
    sizes = dict(zip("abcd", (100, 2, 100, 1), strict=True))
    assert orders.contraction_order(["ab", "bc", "cd"], "ad", sizes) == [(1, 2), (0, 1)]
    assert orders.contraction_order(["ab", "bc", "cd"], "ad", sizes, False) == [(0, 1), (0, 1)]


def cost(inputs, output, sizes, order):
    left, total = [frozenset(t) for t in inputs], 0
    for places in order:
        taken = frozenset().union(*(left[p] for p in places))
        left = [t for p, t in enumerate(left) if p not in places]
        total += np.prod([sizes[n] for n in taken])
        left.append(taken & frozenset(output).union(*left))
    assert len(left) == 1
    return total


def test_no_order_is_better_than_the_best_and_the_greedy_one_is_near():
    letters = string.ascii_lowercase[:7]
    rng = np.random.default_rng(3)
    for _ in range(20):
        inputs = ["".join(rng.choice(list(letters), 3, replace=False)) for _ in range(5)]
        output = "".join(sorted(set("".join(inputs))))[:2]
        sizes = {n: int(rng.integers(2, 30)) for n in letters}
        terms, wanted = [frozenset(t) for t in inputs], frozenset(output)
        best = cost(inputs, output, sizes, orders._best(terms, wanted, sizes))
        greedy = cost(inputs, output, sizes, orders._greedy(terms, wanted, sizes))
        left = cost(inputs, output, sizes, orders._from_the_left(5))
        numpys = cost(inputs, output, sizes, np.einsum_path(
            ",".join(inputs) + "->" + output,
            *(np.empty([sizes[n] for n in t]) for t in inputs), optimize="optimal",
        )[0][1:])  # fmt: skip
        assert best <= min(greedy, left, numpys)
        assert greedy <= 20 * best


def test_many_operands_have_an_order(rng):
    letters = string.ascii_letters[:12]
    terms = [letters[i : i + 2] for i in range(11)]
    arrays = [rng.standard_normal((2, 2)) for _ in terms]
    check(lambda *a: (",".join(terms) + "->" + letters[0] + letters[11], *a), arrays)


def ops_of(made):
    stack, found = [made], []
    while stack:
        node = stack.pop().owner
        if node is not None:
            found.append(type(node.op))
            stack += node.inputs
    return found


def test_what_is_a_matrix_product_becomes_one():
    q, k = T.dtensor4(), T.dtensor4()
    assert BatchedDot in ops_of(T.einsum("bhid,bhjd->bhij", q, k))
    assert Dot in ops_of(T.einsum("bid,dj->bij", T.dtensor3(), T.dmatrix()))
    x = T.dmatrix()
    made = ops_of(T.einsum("ij,ij->i", x, x))
    assert BatchedDot not in made
    assert Dot not in made


def test_static_lengths_are_kept():
    x, y = TensorType("float64", (2, 3, None))(), TensorType("float64", (3, 5))()
    assert T.einsum("ijk,jl->ilk", x, y).type.shape == (2, 5, None)
    assert T.einsum("iij->ji", np.ones((3, 3, 2))).type.shape == (2, 3)
