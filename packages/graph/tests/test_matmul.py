"""Products of stacks follow NumPy, where axes that stretch are known to have length 1."""

import numpy as np
import pytest
from bitale_graph import TensorType, function
from bitale_graph import language as T
from bitale_graph.base.errors import ShapeError
from bitale_graph.ops.product import BatchedDot, Dot
from hypothesis import given, settings
from hypothesis import strategies as st

PLAIN = "FAST_COMPILE"


def variable(array, is_known=False):
    return TensorType(array.dtype.name, array.shape if is_known else (None,) * array.ndim)()


def computed(build, *arrays, is_known=False):
    inputs = [variable(a, is_known) for a in arrays]
    return function(inputs, build(*inputs), mode=PLAIN)(*arrays)


def same(found, wanted):
    assert found.dtype == wanted.dtype
    assert found.shape == wanted.shape
    np.testing.assert_allclose(found, wanted, rtol=1e-12, atol=1e-12)


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_matmul_broadcasts_as_numpys(data):
    lengths = data.draw(st.lists(st.integers(0, 3), min_size=3, max_size=3))
    m, k, n = lengths
    stack = data.draw(st.lists(st.integers(1, 3), max_size=3))
    stacks = [
        [data.draw(st.sampled_from((1, a))) for a in stack[data.draw(st.integers(0, len(stack))) :]]
        for _ in range(2)
    ]
    rng = np.random.default_rng(0)
    left = data.draw(st.sampled_from([(m, k), (k,)]))
    right = data.draw(st.sampled_from([(k, n), (k,)]))
    x = rng.standard_normal((*(stacks[0] if len(left) == 2 else ()), *left))
    y = rng.standard_normal((*(stacks[1] if len(right) == 2 else ()), *right))
    same(np.asarray(computed(T.matmul, x, y, is_known=True)), np.asarray(np.matmul(x, y)))


# NumPy before 2.2 lacks two of the names.
IN_STACKS = {
    "matvec": lambda x, y: (x @ y[..., None])[..., 0],
    "vecmat": lambda x, y: (x.conj()[..., None, :] @ y)[..., 0, :],
    "vecdot": np.vecdot,
}


@pytest.mark.parametrize(
    ("name", "left", "right"),
    [
        ("matvec", (4, 2, 3), (4, 3)),
        ("matvec", (2, 3), (4, 3)),
        ("matvec", (4, 2, 3), (3,)),
        ("matvec", (2, 3), (3,)),
        ("vecmat", (4, 3), (4, 3, 2)),
        ("vecmat", (4, 3), (3, 2)),
        ("vecmat", (3,), (4, 3, 2)),
        ("vecdot", (4, 3), (4, 3)),
        ("vecdot", (4, 3), (3,)),
        ("vecdot", (3,), (3,)),
    ],
)
@pytest.mark.parametrize("dtype", ["float64", "int8", "bool", "complex128"])
def test_vectors_in_stacks(name, left, right, dtype, rng):
    x, y = (
        (2 * rng.standard_normal(s) + 1j * rng.standard_normal(s)).astype(dtype)
        if dtype == "complex128"
        else (2 * rng.standard_normal(s)).astype(dtype)
        for s in (left, right)
    )
    expected = np.asarray(IN_STACKS[name](x, y))
    same(np.asarray(computed(getattr(T, name), x, y)), expected)
    if hasattr(np, name):
        same(np.asarray(computed(getattr(np, name), x, y)), expected)


def test_vecdot_takes_an_axis(rng):
    x, y = rng.standard_normal((3, 4)), rng.standard_normal((3, 4))
    same(computed(lambda x, y: T.vecdot(x, y, axis=0), x, y), np.vecdot(x, y, axis=0))
    with pytest.raises(ShapeError, match="vecdot: a tensor of rank 2 has no axis 5"):
        T.vecdot(variable(x), variable(y), axis=5)


def test_one_matrix_for_a_stack_is_one_product():
    x, y = T.dtensor3(), T.dmatrix()
    for made in (x @ y, T.matvec(y, T.dmatrix()), T.vecmat(T.dmatrix(), y)):
        ops = {type(n.op) for n in ancestors(made)}
        assert Dot in ops
        assert BatchedDot not in ops


def ancestors(v):
    stack, found = [v], []
    while stack:
        node = stack.pop().owner
        if node is not None:
            found.append(node)
            stack += node.inputs
    return found


def test_an_axis_that_may_stretch_must_be_known():
    x, y = np.ones((1, 2, 3)), np.ones((4, 3, 2))
    with pytest.raises(ShapeError, match="Only axes that are of length 1 when"):
        computed(T.matmul, x, y)
    assert computed(lambda x, y: T.addbroadcast(x, 0) @ y, x, y).shape == (4, 2, 2)


def test_lengths_that_differ_are_told():
    with pytest.raises(ShapeError, match="the second last of y 4"):
        T.matmul(np.ones((5, 2, 3)), np.ones((5, 4, 2)))
    with pytest.raises(ShapeError, match="5 matrices along axis 0 of x, and 4 along that of y"):
        T.matmul(np.ones((5, 2, 3)), np.ones((4, 3, 2)))
    with pytest.raises(ShapeError, match=r"the last axis of x \(3\) must equal"):
        computed(T.matmul, np.ones((5, 2, 3)), np.ones((5, 4, 2)))
    with pytest.raises(ShapeError, match="two operands of one rank"):
        BatchedDot()(np.ones((5, 2, 3)), np.ones((2, 3)))


def test_matmul_takes_no_numbers():
    x = T.dmatrix()
    for call in (lambda: x @ 2.0, lambda: T.matmul(3, x), lambda: x @ T.dscalar()):
        with pytest.raises(ShapeError, match="matmul takes no scalars"):
            call()


def test_ranks_that_are_too_low_are_refused():
    for call in (
        lambda: T.matvec(T.dvector(), T.dvector()),
        lambda: T.vecmat(T.dvector(), T.dvector()),
        lambda: T.vecdot(T.dscalar(), T.dvector()),
        lambda: T.dvector().mT,
        lambda: T.batched_dot(T.dscalar(), T.dvector()),
        lambda: T.matrix_transpose(1.0),
    ):
        with pytest.raises(ShapeError):
            call()


def test_matrices_are_transposed_in_stacks():
    x = T.dtensor3("x")
    value = np.arange(12.0).reshape(2, 3, 2)
    same(x.mT.eval({x: value}), value.swapaxes(1, 2))
    same(T.matrix_transpose(x).eval({x: value}), value.swapaxes(1, 2))


@pytest.mark.parametrize(
    ("left", "right", "subscripts"),
    [
        ((4,), (4,), "b,b->b"),
        ((4,), (4, 3), "b,bk->bk"),
        ((4, 3), (4,), "bk,b->bk"),
        ((4, 3), (4, 3), "bk,bk->b"),
        ((4, 3), (4, 3, 2), "bk,bkn->bn"),
        ((4, 2, 3), (4, 3), "bmk,bk->bm"),
        ((4, 2, 3), (4, 3, 2), "bmk,bkn->bmn"),
        ((4, 5, 2, 3), (4, 3, 2), "bhmk,bkn->bhmn"),
        ((4, 2, 3), (4, 5, 3, 2), "bmk,bhkn->bmhn"),
    ],
)
def test_batched_dot_goes_along_the_first_axis(left, right, subscripts, rng):
    x, y = rng.standard_normal(left), rng.standard_normal(right)
    same(computed(T.batched_dot, x, y), np.einsum(subscripts, x, y))


def test_batched_tensordot_sums_over_other_axes(rng):
    x, y = rng.standard_normal((4, 2, 3, 5)), rng.standard_normal((4, 3, 5, 6))
    wanted = np.einsum("bmkl,bkln->bmn", x, y)
    same(computed(T.batched_tensordot, x, y), wanted)
    same(computed(lambda x, y: T.batched_tensordot(x, y, [[3, 2], [2, 1]]), x, y), wanted)
    single = np.einsum("bmkl,bkjn->bmljn", x, y)
    same(computed(lambda x, y: T.batched_tensordot(x, y, [2, 1]), x, y), single)
    for axes in ([[0], [0]], [[1], [0]], 4, [[1, 1], [1, 2]], [[1], [1, 2]]):
        with pytest.raises(ShapeError):
            T.batched_tensordot(variable(x), variable(y), axes)


@pytest.mark.parametrize("shapes", [((), (3,)), ((2, 2), (3,)), ((2,), (3,)), ((2, 2), (2, 1, 3))])
def test_kron_follows_numpy(shapes, rng):
    x, y = (np.asarray(rng.standard_normal(s)) for s in shapes)
    same(computed(T.kron, x, y), np.kron(x, y))
    assert T.kron(variable(x, True), variable(y, True)).type.shape == np.kron(x, y).shape


def test_vdot_takes_the_conjugate_of_the_first(rng):
    x, y = rng.standard_normal((2, 2, 3)) @ np.array([[1], [1j], [0]])
    same(np.asarray(computed(T.vdot, x, y)), np.asarray(np.vdot(x, y)))


def test_matrix_dot_multiplies_from_the_left(rng):
    x, y, z = (rng.standard_normal(s) for s in ((2, 3), (3, 4), (4,)))
    same(computed(T.matrix_dot, x, y, z), x @ y @ z)
    with pytest.raises(TypeError, match="at least one operand"):
        T.matrix_dot()


@pytest.mark.parametrize("ends", [(2, 2), (1, 2), (2, 1), (1, 1)])
def test_multi_dot_takes_vectors_at_its_ends(ends, rng):
    arrays = [rng.standard_normal(s) for s in ((2, 3), (3, 4), (4, 5))]
    if ends[0] == 1:
        arrays[0] = arrays[0][0]
    if ends[1] == 1:
        arrays[2] = arrays[2][:, 0]
    wanted = np.asarray(np.linalg.multi_dot(arrays))
    same(np.asarray(computed(lambda *a: T.multi_dot(a), *arrays)), wanted)
    same(np.asarray(computed(lambda *a: np.linalg.multi_dot(a), *arrays)), wanted)


def test_joined_axes_are_compared_one_by_one():
    x, y = np.ones((2, 3, 2)), np.ones((2, 3, 4))
    with pytest.raises(ShapeError, match=r"axes \[1, 2\] of x and of axes \[0, 1\] of y differ"):
        computed(T.tensordot, x, y)
    with pytest.raises(ShapeError, match="name one axis twice"):
        T.tensordot(variable(x), variable(y), [[0, 0], [0, 1]])


def test_a_product_with_integers_takes_the_dtype_of_both():
    assert (T.imatrix() @ T.ftensor3()).dtype == "float64"
    assert (T.bmatrix() @ T.itensor3()).dtype == "int32"
    x = np.array([[[True, False]], [[True, True]]])
    same(computed(T.matmul, x, x.swapaxes(1, 2)), np.matmul(x, x.swapaxes(1, 2)))
