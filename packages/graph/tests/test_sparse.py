"""Sparse matrices in expressions, run with NumPy and SciPy."""

import pickle
import subprocess
import sys

import numpy as np
import pytest
import scipy.sparse as sp
from bitale_graph import In, Mode, function, ifelse, scan, shared
from bitale_graph import language as T
from bitale_graph import sparse as S
from bitale_graph.extend import ShapeError
from bitale_graph.extend import leaves as graph_inputs
from bitale_graph.ops.lengths import infer_shape
from bitale_graph.testing.sparse_samples import KINDS, matrix_of, sparse_samples

PLAIN = Mode(linker="numpy", optimizer="None")
X = sp.csr_matrix([[0, 1.5, 0], [2, 0, 0]])
x, y = S.csr_matrix("x"), S.csc_matrix("y")
d = T.dmatrix("d")


def same(found, expected):
    assert found.format == expected.format
    assert found.dtype == expected.dtype
    np.testing.assert_array_equal(found.toarray(), expected.toarray())


@pytest.mark.parametrize("sample", sparse_samples(), ids=str)
def test_scipy_gives_the_same(sample):
    variables = sample.variables()
    before = [v.copy() for v in sample.inputs]
    found = function(variables, sample.build(*variables), mode=PLAIN)(*sample.inputs)
    assert sample.difference(found) == ""
    for old, new in zip(before, sample.inputs, strict=True):
        if sp.issparse(new):
            np.testing.assert_array_equal(old.data, new.data)
            np.testing.assert_array_equal(old.indices, new.indices)
        else:
            np.testing.assert_array_equal(old, new)


def test_lengths_are_told():
    made = [S.dot(x, d), S.structured_dot(d, y), S.sp_sum(x, 0), S.diag(x), x.toarray()]
    given = [[x.shape[0], x.shape[1]], [d.shape[0], d.shape[1]]]
    for v in made:
        node = v.owner
        (told,) = node.op.infer_shape(node, [given[1]] * len(node.inputs))
        assert len(told) == v.ndim
    assert [int(n) for n in x.shape.eval({x: X})] == [2, 3]


# Types and values
def test_types_compare_by_format_and_dtype():
    assert S.SparseType("csr", "float64") == S.csr_dmatrix
    assert S.csr_dmatrix != S.csr_fmatrix
    assert S.csr_dmatrix != S.csc_dmatrix
    assert hash(S.csr_dmatrix) == hash(S.SparseType("csr", "float64"))
    assert str(S.bsr_fmatrix) == "Sparse[float32, bsr]"
    assert pickle.loads(pickle.dumps(S.csc_fmatrix)) == S.csc_fmatrix
    assert (S.csc_fmatrix("a").name, S.matrix("csr", dtype="int32").dtype) == ("a", "int32")


@pytest.mark.parametrize(("format", "dtype"), [("lil", "float64"), ("csr", "float16")])
def test_other_types_are_refused(format, dtype):
    with pytest.raises((ValueError, TypeError), match=r"format|SciPy"):
        S.SparseType(format, dtype)


@pytest.mark.parametrize("value", [X, X.tocsc(), X.todia(), sp.csr_array(X), X.toarray(), [[1, 2]]])
def test_an_input_takes_what_can_be_such_a_matrix(value):
    found = function([x], x * 2)(value)
    assert type(found) is sp.csr_matrix
    dense = value.toarray() if sp.issparse(value) else np.asarray(value)
    np.testing.assert_array_equal(found.toarray(), 2 * dense)


@pytest.mark.parametrize("value", [3.0, [1, 2], "text", None, np.zeros((1, 2, 3))])
def test_an_input_refuses_what_is_no_matrix(value):
    with pytest.raises(TypeError, match="Sparse"):
        function([x], x * 2)(value)


def test_precision_is_not_lost_without_leave():
    z = S.csr_fmatrix("z")
    assert function([z], z)(X.astype("int8")).dtype == "float32"
    with pytest.raises(TypeError, match="loss of precision"):
        function([z], z)(X)
    assert function([z], z, allow_input_downcast=True)(X).dtype == "float32"
    with pytest.raises(
        TypeError, match="strict mode takes only a sparse matrix of csr and float32"
    ):
        function([In(z, strict=True)], z)(X.astype("float32").tocsc())


def test_room_behind_what_is_stored_does_not_count():
    roomy = X.copy()
    roomy.data, roomy.indices = np.r_[X.data, 9.0], np.r_[X.indices, 0].astype("int32")
    found = function([x], [x.sum(), S.csm_data(x), x * 2], mode=PLAIN)(roomy)
    assert found[0] == 3.5
    np.testing.assert_array_equal(found[1], X.data)
    same(found[2], 2 * X)
    assert len(roomy.data) == 3


def test_constants_are_copies():
    value = X.copy()
    c = S.as_sparse_variable(value)
    value.data[:] = 9
    same(c.eval(), X)
    assert str(c) == "SparseConstant{2 x 3, 2 stored}"
    assert S.as_sparse_variable(x) is x


@pytest.mark.parametrize("value", [d, X.toarray(), X.tocoo(), 3])
def test_what_is_not_sparse_is_not_made_so_in_silence(value):
    with pytest.raises(TypeError, match=r"csr_from_dense|csr_matrix\(x\)|tocsr"):
        S.as_sparse_variable(value)


def test_values_are_compared_as_those_of_tensors_are():
    type = x.type
    other = X.copy()
    other.data += 1e-9
    assert type.values_eq(X, X.copy())
    assert not type.values_eq(X, other)
    assert type.values_eq_approx(X, other)
    assert not type.values_eq_approx(X, 2 * X)
    assert not type.values_eq(X, X.tocsc())
    assert type.may_share_memory(X, sp.csr_matrix(X))
    assert not type.may_share_memory(X, X.copy())


def test_other_formats_are_shared_by_rows():
    assert shared(X.tolil()).get_value().format == "csr"
    assert shared(sp.csc_array(X)).get_value().format == "csc"


# Functions
def test_outputs_belong_to_the_caller():
    state = shared(X)
    assert type(state) is S.SparseSharedVariable
    f = function([x], [x, x, x.T.T, state, state])
    given = X.copy()
    for found in f(given):
        same(found, X)
        found.data[:] = 7
    same(given, X)
    same(state.get_value(), X)


def test_shared_matrices_are_read_and_updated():
    state = shared(X, name="state")
    f = function([x], state.sum(), updates=[(state, state + x)])
    given = X.copy()
    assert f(given) == 3.5
    given.data[:] = 0
    assert f(X) == 7.0
    same(state.get_value(), 3 * X)
    state.get_value().data[:] = 0
    same(state.get_value(), 3 * X)
    assert state.get_value(borrow=True) is state.get_value(borrow=True)
    state.set_value(sp.csc_matrix(np.eye(4)))
    assert state.get_value().format == "csr"
    with pytest.raises(TypeError, match="a new value of state"):
        state.set_value(3)


def test_an_update_takes_an_input_over_as_a_copy():
    state = shared(X)
    given = 2 * X
    function([x], updates=[(state, x)])(given)
    given.data[:] = 0
    same(state.get_value(), 2 * X)


def test_state_may_be_hidden_in_an_input():
    f = function([In(x, value=X, update=x * 2)], x.sum())
    assert [float(f()) for _ in range(3)] == [3.5, 7.0, 14.0]


def test_givens_and_defaults():
    state = shared(3 * X)
    same(function([], x.T, givens=[(x, state)])(), 3 * X.T)
    same(function([In(x, value=X)], x)(), X)


def test_functions_and_variables_are_pickled():
    state = shared(X, name="state")
    f = function([x], [x + state, S.structured_exp(x)], updates=[(state, x)])
    g = pickle.loads(pickle.dumps(f))
    same(g(X)[0], 2 * X)
    same(g(X)[0], 2 * X)
    z = pickle.loads(pickle.dumps(S.structured_exp(x) + S.constant(X)))
    assert (type(z), z.format) == (S.SparseVariable, "csr")


def test_a_loop_reads_a_matrix():
    v = T.dvector("v")
    outputs, _ = scan(lambda u, a: S.structured_dot(a, u), outputs_info=[v], non_sequences=[x],
                      n_steps=3)  # fmt: skip
    square = sp.csr_matrix(X.T @ X)
    found = function([x, v], outputs[-1])(square, np.ones(3))
    np.testing.assert_allclose(found, square @ square @ square @ np.ones(3))


def test_a_choice_gives_a_matrix():
    c = T.bscalar("c")
    f = function([c, x], ifelse(c, x, 2 * x))
    given = X.copy()
    for chosen in (1, 0):
        found = f(chosen, given)
        same(found, X if chosen else 2 * X)
        found.data[:] = 0
    same(given, X)


# Operators
def test_dense_operands_leave_operators_to_sparse_ones():
    dense = X.toarray()
    for build in (
        lambda a, b: a + b,
        lambda a, b: b - a,
        lambda a, b: b * a,
        lambda a, b: b @ a.T,
        lambda a, b: b < a,
        lambda a, b: b >= a,
        lambda a, b: b.dot(a.T),
        lambda a, b: b / 2 + a,
    ):
        for made in (build(x, d), build(x, T.constant(dense))):
            found = function([x, d], made, on_unused_input="ignore")(X, dense)
            found = found.toarray() if sp.issparse(found) else found
            np.testing.assert_allclose(found, build(X.toarray(), dense))
    np.testing.assert_array_equal(T.dot(x, d.T).eval({x: X, d: dense}), X @ dense.T)


def test_arrays_and_matrices_leave_operators_to_variables():
    dense = np.arange(6.0).reshape(2, 3)
    for made, expected in (
        (dense + x, dense + X),
        (dense * x, X.multiply(dense)),
        (X + x, 2 * X),
        (X * x, X.multiply(X)),
        (X.T @ x, X.T @ X),
        (T.dot(d, X.T).T, X @ X.T),
        (abs(-x), abs(X)),
        (x - X, 0 * X),
        (2.5 * x, 2.5 * X),
        (x / 2, X / 2),
        (-x, -X),
    ):
        leaves = {x: X} if d not in graph_inputs([made]) else {d: X.toarray()}
        found = made.eval(leaves)
        np.testing.assert_allclose(
            found.toarray() if sp.issparse(found) else found,
            expected.toarray() if sp.issparse(expected) else expected,
        )


def test_a_python_number_is_weak():
    z = S.csr_fmatrix("z")
    assert (z * 2.5).dtype == "float32"
    assert S.structured_add(z, 1).dtype == "float32"
    assert (S.matrix("csr", dtype="int8") * 2).dtype == "int8"


def test_a_vector_is_added_by_column():
    v = T.dvector("v")
    found = S.structured_add_s_v(x, v).eval({x: X, v: [1.0, 2, 3]})
    np.testing.assert_array_equal(found.toarray(), [[0, 3.5, 0], [3, 0, 0]])


def test_a_dense_operand_must_have_the_shape():
    f = function([x, d], x + d)
    g = function([x, d], x * d)
    for wrong in ((2, 2), (3, 3), (1, 3), (5, 5)):
        for run in (f, g):
            with pytest.raises(ShapeError, match="shapes do not match"):
                run(X, np.ones(wrong))


@pytest.mark.parametrize("name", ["add", "mul", "lt", "eq"])
def test_sparse_operands_must_have_one_shape(name):
    f = function([x, y], getattr(S, name)(x, y))
    with pytest.raises(ShapeError, match=rf"{name}: shapes do not match"):
        f(X, X.T)


@pytest.mark.parametrize("name", ["dot", "structured_dot", "true_dot"])
def test_what_products_sum_over_must_agree(name):
    for other, value in ((y, X.tocsc()), (d, X.toarray())):
        with pytest.raises(ShapeError, match=f"{name}: shapes do not match"):
            function([x, other], getattr(S, name)(x, other))(X, value)


def test_blocks_must_fit():
    with pytest.raises(ShapeError, match="as many rows"):
        function([x, y], S.hstack([x, y]))(X, X.T)
    with pytest.raises(ShapeError, match="as many columns"):
        function([x, y], S.vstack([x, y]))(X, X.T)
    with pytest.raises(TypeError, match="list of sparse matrices"):
        S.hstack(x)
    assert (S.hstack([x, y]).format, S.vstack([x], "csr", "complex64").dtype) == (
        "csc",
        "complex64",
    )


# Matrices and their parts
def test_a_matrix_is_made_of_its_parts():
    data, indices, indptr, shape = S.csm_properties(x)
    assert [v.dtype for v in (data, indices, indptr, shape)] == [
        "float64",
        "int32",
        "int32",
        "int64",
    ]
    again = S.CSR(data * 2, indices, indptr, shape)
    found, *parts = function([x], [again, *S.csm_properties(x)])(X)
    same(found, 2 * X)
    for part, expected in zip(parts, (X.data, X.indices, X.indptr, X.shape), strict=True):
        np.testing.assert_array_equal(part, expected)


@pytest.mark.parametrize("kind", KINDS)
def test_parts_are_those_that_are_stored(kind):
    value = matrix_of(kind)
    found = function([x], [S.csm_data(x), S.csm_indices(x), S.csm_indptr(x)])(value)
    for part, name in zip(found, ("data", "indices", "indptr"), strict=True):
        np.testing.assert_array_equal(part, getattr(value, name))
        part[...] = 0
    assert value.nnz == len(value.data)
    np.testing.assert_array_equal(value.toarray(), matrix_of(kind).toarray())


@pytest.mark.parametrize(
    ("data", "indices", "indptr", "shape", "error", "message"),
    [
        ([1.0], [0, 1], [0, 1], (1, 2), ShapeError, "1 numbers are given with 2 indices"),
        ([1.0], [0], [0, 1], (2, 2), ShapeError, "has length 3, not 2"),
        ([1.0], [2], [0, 1], (1, 2), IndexError, "between 0 and 1, and go from 2 to 2"),
        ([1.0], [-1], [0, 1], (1, 2), IndexError, "from -1"),
        ([1.0, 2.0], [0, 1], [0, 2, 1], (2, 2), ValueError, "does not fall"),
        ([1.0, 2.0], [0, 1], [0, 1], (1, 2), ValueError, "ends with the number"),
        ([1.0], [0], [0, 1], (1, -2), ShapeError, "negative"),
    ],
)
def test_parts_that_are_no_matrix_are_refused(data, indices, indptr, shape, error, message):
    vectors = T.dvector("data"), T.ivector("indices"), T.ivector("indptr")
    n, m = T.lscalars("n", "m")
    made = S.CSR(*vectors, T.stack([n, m]))
    f = function([*vectors, n, m], made.toarray(), mode=PLAIN)
    with pytest.raises(error, match=message):
        f(np.array(data), np.array(indices, "int32"), np.array(indptr, "int32"), *shape)


def test_what_cannot_be_parts_is_refused_at_once():
    v = T.dvector("v")
    with pytest.raises(TypeError, match="indices is a vector of integers"):
        S.CSR(v, v, v, [1, 2])
    with pytest.raises(ShapeError, match="stored numbers are a vector"):
        S.CSR(d, [0], [0, 1], [1, 2])
    with pytest.raises(ShapeError, match="2 numbers are given with 1 indices"):
        S.CSR([1.0, 2.0], [0], [0, 1], [1, 2])
    with pytest.raises(ValueError, match="csr or csc"):
        S.CSM("bsr")


# Indexing
@pytest.mark.parametrize(
    ("key", "advice"),
    [((0, slice(None)), "x\\[i:i"), ((slice(1), 0), "column"), (0, "a row alone"), (1.5, "row"),
     (([0], slice(1)), "hint"), ((None, 1), "None"), ([True, False], "integers")],
)  # fmt: skip
def test_other_indices_are_refused_with_advice(key, advice):
    with pytest.raises((TypeError, IndexError), match=advice):
        x[key]


def test_indices_may_be_symbolic():
    i, j = T.lscalars("i", "j")
    rows = T.ivector("rows")
    f = function([x, i, j, rows], [x[i, j], x[i:j], x[rows], x[rows, rows]])
    number, part, some, places = f(X, 0, 1, [1, 1])
    assert number == 1.5
    same(part, X[0:1])
    same(some, X[[1, 1]])
    np.testing.assert_array_equal(places, [0, 0])
    for wrong in ([2], [-3]):
        with pytest.raises(IndexError, match="out of bounds"):
            f(X, 0, 1, wrong)
    with pytest.raises(IndexError):
        f(X, 5, 1, [0])
    with pytest.raises(IndexError, match="too many indices"):
        x[1, 2, 3]


def test_no_rows_and_no_places():
    assert function([x], x[[]])(X).shape == (0, 3)
    assert function([x], x[[], []])(X).shape == (0,)


# What is refused
def test_errors_name_what_was_given():
    with pytest.raises(TypeError, match="needs one of them"):
        S.dot(d, d)
    with pytest.raises(TypeError, match="needs one of them"):
        S.add(d, d)
    with pytest.raises(ShapeError, match="numbers, vectors and matrices"):
        S.add(x, T.dtensor3())
    with pytest.raises(ValueError, match="axis of a matrix"):
        S.sp_sum(x, 2)
    with pytest.raises(ShapeError, match="takes a matrix"):
        S.csr_from_dense(T.dvector())
    with pytest.raises(TypeError, match="expected a tensor"):
        T.exp(x)
    with pytest.raises(ShapeError, match="square"):
        function([x], S.diag(x))(X)
    with pytest.warns(UserWarning, match="always true"):
        assert x
    for use in (len, iter, lambda v: v.__setitem__(0, 1)):
        with pytest.raises(TypeError, match=r"length|iterate|assigned"):
            use(x)


def test_blocks_are_stored_in_bsr():
    z = S.bsr_dmatrix("z")
    value = sp.bsr_matrix(np.kron(np.eye(2), np.ones((2, 2))))
    f = function([z], [z.T, z.toarray(), S.dot(z, z.toarray()), z.tocsr(), z + z, z.sum(0), -z])
    turned, dense, product, rows, total, sums, negative = f(value)
    assert turned.format == total.format == negative.format == "bsr"
    np.testing.assert_array_equal(dense, value.toarray())
    np.testing.assert_array_equal(product, value @ value.toarray())
    np.testing.assert_array_equal(rows.toarray(), value.toarray())
    np.testing.assert_array_equal(sums, value.toarray().sum(0))
    with pytest.raises(TypeError, match="csr or csc"):
        S.structured_exp(z)


def test_without_scipy_the_error_says_what_to_install():
    program = """
import sys
sys.modules["scipy"] = None
from bitale_graph import function, sparse as S
x = S.csr_matrix("x")
f = function([x], S.structured_exp(x).T + x.T)
try:
    f([[1.0]])
except (ImportError, TypeError) as error:
    assert "bitale-graph[scipy]" in str(error), error
else:
    raise AssertionError
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()


def test_lengths_in_a_loop_are_told_past_sparse_matrices():
    x = T.dmatrix("x")
    sums, _ = scan(lambda row: S.sp_sum(S.csr_from_dense(T.outer(row, row)), 1), x)
    ((rows, columns),) = infer_shape([sums], [x], [(2, 3)])
    f = function([x], [rows, columns], mode=Mode("numpy", "None"))
    assert f(np.ones((2, 3))) == [2, 3]


@pytest.mark.parametrize("kind", ["unsorted", "duplicates", "plain"])
@pytest.mark.parametrize(
    "change",
    [
        lambda x: S.cast(x, "float32"),
        lambda x: S.cast(x, "complex128"),
        lambda x: -x,
        S.conj,
        lambda x: S.mul(x, np.ones(matrix_of("plain").shape)),
        lambda x: S.sqr(x),
    ],
    ids=["cast", "to complex", "neg", "conj", "mul", "sqr"],
)
def test_what_changes_numbers_leaves_places_as_they_are(change, kind):
    a = matrix_of(kind)
    y = change(x)
    parts = [S.csm_indices(y), S.csm_indptr(y), S.dense_from_sparse(y)]
    indices, indptr, dense = function([x], parts, mode=PLAIN)(a)
    np.testing.assert_array_equal(indices, a.indices)
    np.testing.assert_array_equal(indptr, a.indptr)
    np.testing.assert_allclose(dense, function([x], parts[2])(a))
