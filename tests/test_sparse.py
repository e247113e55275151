"""Sparse matrices through all layers: compiled, rewritten, differentiated, in loops and choices."""

import pickle

import bitale
import bitale.tensor as T
import numpy as np
import pytest
import scipy.sparse as sp
from bitale import sparse as S
from bitale_graph import sparse as room
from bitale_graph.testing.sparse_samples import sparse_samples
from hypothesis import given as drawn_from
from hypothesis import settings
from hypothesis import strategies as st

PLAIN = bitale.Mode(linker="numpy", optimizer="None")
MACHINE = bitale.Mode(linker="c")
X = sp.random(6, 5, 0.5, format="csr", random_state=3)
x, d, v = S.csr_matrix("x"), T.dmatrix("d"), T.dvector("v")


def groups():
    """The samples, a few hundred, as functions of a few dozen."""
    samples = sparse_samples()
    return [samples[i::24] for i in range(24)]


def ops_of(function):
    return {type(node.op).__name__ for node in function.maker.fgraph.apply_nodes}


def check_samples(samples, mode):
    inputs, outputs, values = [], [], []
    for sample in samples:
        variables = sample.variables()
        inputs += variables
        outputs.append(sample.build(*variables))
        values += sample.inputs
    found = bitale.function(inputs, outputs, mode=mode)(*values)
    pairs = zip(samples, found, strict=True)
    told = [f"{sample}: {sample.difference(one)}" for sample, one in pairs]
    assert [text for text in told if not text.endswith(": ")] == []


@pytest.mark.parametrize("samples", groups(), ids=lambda s: str(s[0]))
def test_compiled_functions_give_what_scipy_gives(samples):
    check_samples(samples, MACHINE)


@pytest.mark.parametrize("samples", groups()[:6], ids=lambda s: str(s[0]))
def test_what_is_not_rewritten_is_compiled_as_well(samples):
    check_samples(samples, bitale.Mode(linker="c", optimizer="None"))


def test_a_device_leaves_matrices_to_the_cpu():
    with (
        bitale.config.change_flags(device="emulated"),
        pytest.warns(UserWarning, match="no arrays"),
    ):
        check_samples(sparse_samples()[::23], None)


def test_a_device_runs_what_is_vectors_after_rewriting():
    rows = np.array([0, 2, 2])
    w = bitale.shared(np.ones((4, 3)))
    read = bitale.sparse_grad(w[T.constant(rows)])
    g = bitale.grad((read * read).sum(), w)
    with bitale.config.change_flags(device="emulated"):
        bitale.function([], updates=[(w, w - g)])()
    np.testing.assert_array_equal(w.get_value(), [[-1] * 3, [1] * 3, [-3] * 3, [1] * 3])


@pytest.mark.parametrize("sample", [s for s in sparse_samples() if s.smooth], ids=str)
def test_derivatives_agree_with_differences(sample):
    structured = sample.smooth == "structured"
    S.verify_grad_sparse(sample.build, sample.inputs, structured, mode=PLAIN, n_tests=1)


def dense(y, structured):
    return S.dense_from_sparse(y, structured) if isinstance(y, S.SparseVariable) else y


@pytest.mark.parametrize("sample", [s for s in sparse_samples() if s.smooth][::3], ids=str)
def test_second_derivatives_agree_with_differences(sample):
    structured = sample.smooth == "structured"

    def total(*inputs):
        cost = T.sum(T.sqr(dense(sample.build(*inputs), structured))) / 9
        found = bitale.grad(cost, list(inputs), disconnected_inputs="ignore")
        return sum(T.sum(T.sqr(dense(g, structured))) for g in found)

    S.verify_grad_sparse(total, sample.inputs, structured, mode=PLAIN, n_tests=1)


def test_rows_in_a_matrix_are_differentiated_twice():
    def build(values):
        made = S.construct_sparse_from_list(np.ones((4, 2)), values, [3, 0, 3])
        return bitale.grad(T.sum(S.dense_from_sparse(made, False) ** 3), values)

    bitale.gradient.verify_grad(build, [np.random.default_rng(0).random((3, 2))], mode=PLAIN)


# Derivatives
def test_structured_derivatives_keep_the_places():
    cost = T.sum(T.sqr(S.structured_dot(S.structured_exp(x), d)))
    gx, gd = bitale.function([x, d], bitale.grad(cost, [x, d]))(X, np.ones((5, 2)))
    assert type(gx) is sp.csr_matrix
    np.testing.assert_array_equal(gx.indices, X.indices)
    np.testing.assert_array_equal(gx.indptr, X.indptr)
    assert gd.shape == (5, 2)


def test_the_derivative_of_dot_is_dense():
    g = bitale.grad(T.sum(S.dot(x, d)), x)
    assert isinstance(g, T.TensorVariable)
    np.testing.assert_array_equal(g.eval({x: X, d: np.ones((5, 2))}), np.full((6, 5), 2.0))


def test_what_is_stored_twice_receives_once():
    indices, indptr = np.array([0, 0, 1], "int32"), np.array([0, 3], "int32")
    twice = sp.csr_matrix((np.ones(3), indices, indptr), shape=(1, 2))
    cost = T.sum(S.structured_dot(x, d)) + 2 * S.sp_sum(x, sparse_grad=True)
    found = bitale.function([x, d], bitale.grad(cost, x))(twice, np.array([[5.0], [7.0]]))
    np.testing.assert_array_equal(found.data, [7, 7, 9])


def test_a_matrix_that_does_not_matter():
    cost = T.sum(v) + S.sp_sum(S.sp_ones_like(x))
    with pytest.raises(bitale.gradient.DisconnectedInputError):
        bitale.grad(T.sum(v), x)
    zeros = bitale.grad(cost, x, disconnected_inputs="ignore")
    found = bitale.function([x], zeros, on_unused_input="ignore")(X)
    assert (found.shape, found.nnz) == (X.shape, 0)


def test_known_derivatives_may_be_sparse():
    z = S.structured_exp(x)
    g = bitale.grad(None, x, known_grads={z: S.sp_ones_like(z)})
    np.testing.assert_allclose(g.eval({x: X}).data, np.exp(X.data))


def test_narrow_numbers_have_narrow_derivatives():
    z = S.csc_fmatrix("z")
    g = bitale.grad(S.sp_sum(S.tanh(z)), z)
    assert (g.dtype, g.format) == ("float32", "csc")
    counts = S.csr_matrix("counts", dtype="int32")
    assert bitale.grad(T.sum(counts.toarray() * d), counts).dtype == bitale.config.floatX


def test_complex_numbers_have_derivatives_by_theano_s_convention():
    z = S.csr_matrix("z", dtype="complex128")
    value = (X + 1j * X.multiply(X)).tocsr()
    g = bitale.grad(T.sum(T.sqr(abs(z.toarray()))), z)
    np.testing.assert_allclose(g.eval({z: value}).toarray(), 2 * value.toarray())


@pytest.mark.parametrize("mode", [PLAIN, MACHINE], ids=["plain", "c"])
def test_sparse_grad_stores_the_rows_that_were_read(mode):
    w, rows = T.dmatrix("w"), T.ivector("rows")
    read = bitale.sparse_grad(w[rows])
    g = bitale.grad(T.sum(read**3), w)
    assert (type(g), g.format) == (S.SparseVariable, "csc")
    f = bitale.function([w, rows], [read, g, w - 0.1 * g, w + d * 0], givens=[(d, w)], mode=mode)
    value = np.arange(12.0).reshape(4, 3)
    given = [1, -1, 1]
    found, stored, updated, _ = f(value, given)
    np.testing.assert_array_equal(found, value[given])
    expected = np.zeros((4, 3))
    np.add.at(expected, given, 3 * value[given] ** 2)
    np.testing.assert_array_equal(stored.toarray(), expected)
    assert stored.nnz <= 9
    np.testing.assert_allclose(updated, value - 0.1 * expected)


@pytest.mark.parametrize(
    "build",
    [
        lambda w, g, rate: w - rate * g,
        lambda w, g, rate: w - g * 0.5,
        lambda w, g, rate: w + -(g / rate),
        lambda w, g, rate: (-2 * (rate * g)) + w,
        lambda w, g, rate: w - S.fcast(g),
    ],
    ids=["times", "half", "over", "twice", "narrow"],
)
def test_an_update_by_read_rows_writes_these_rows_alone(build):
    value = np.random.default_rng(0).random((5, 3))
    rows, rate = T.lvector("rows"), T.dscalar("rate")
    w = bitale.shared(value)
    g = bitale.grad(T.sum(bitale.sparse_grad(w[rows]) ** 2), w)
    new = build(w, g, rate)
    f = bitale.function([rows, rate], updates=[(w, new)], mode=MACHINE, on_unused_input="ignore")
    assert "AdvancedIncSubtensor1" in ops_of(f)
    assert not any("Sparse" in name or name in {"CSM", "AddSD"} for name in ops_of(f))
    plain = bitale.function([rows, rate], new, mode=PLAIN, on_unused_input="ignore")
    expected = plain([1, -1, 1], 0.3)
    f([1, -1, 1], 0.3)
    np.testing.assert_allclose(w.get_value(), expected, rtol=1e-6)
    with pytest.raises(IndexError):
        f([7], 0.3)


def test_rows_that_do_not_fit_are_refused():
    values, rows = T.dmatrix("values"), T.ivector("rows")
    made = S.construct_sparse_from_list(d, values, rows)
    for mode in (PLAIN, MACHINE):
        f = bitale.function([d, values, rows], [made, made + d], mode=mode)
        found, total = f(np.ones((3, 2)), [[1.0, 2], [3, 4]], [-1, -1])
        np.testing.assert_array_equal(found.toarray(), [[0, 0], [0, 0], [4, 6]])
        np.testing.assert_array_equal(total, found.toarray() + 1)
        for wrong in (np.ones((2, 3)), np.ones((1, 2))):
            with pytest.raises(ValueError, match=r"rows of a matrix|one row of values"):
                f(np.ones((3, 2)), wrong, [0, 1])
        for outside in ([3], [-4]):
            with pytest.raises((IndexError, ValueError)):
                f(np.ones((3, 2)), np.ones((1, 2)), outside)


def test_sparse_grad_beside_dense_derivatives_is_dense():
    w, rows = T.dmatrix("w"), T.ivector("rows")
    cost = T.sum(bitale.sparse_grad(w[rows])) + T.sum(w * w)
    found = bitale.function([w, rows], bitale.grad(cost, w))(np.ones((2, 2)), [1])
    np.testing.assert_array_equal(found, [[2, 2], [3, 3]])
    inner = bitale.grad(T.sum(bitale.sparse_grad(T.tanh(w)[rows])), w)
    np.testing.assert_array_equal(inner.eval({w: np.zeros((2, 1)), rows: [0, 0]}), [[2], [0]])


@pytest.mark.parametrize("wrong", [T.dmatrix(), T.dmatrix()[0], T.dvector()[[1]], 3])
def test_sparse_grad_takes_rows_of_a_matrix(wrong):
    with pytest.raises(TypeError, match="rows that were just read"):
        bitale.sparse_grad(wrong)


# Loops and choices
@pytest.mark.parametrize("mode", ["FAST_COMPILE", MACHINE], ids=["plain", "c"])
def test_a_loop_is_differentiated_by_a_matrix(mode):
    square = sp.csr_matrix(X[:5])
    outputs, _ = bitale.scan(
        lambda u, a: T.tanh(S.structured_dot(a, u)), outputs_info=[v], non_sequences=[x], n_steps=3
    )
    cost = T.sum(outputs)
    found = bitale.function([x, v], [cost, *bitale.grad(cost, [x, v])], mode=mode)
    value, gx, _ = found(square, np.ones(5))
    u, total = np.ones(5), 0.0
    for _ in range(3):
        u = np.tanh(square @ u)
        total += u.sum()
    assert np.isclose(value, total)
    step = 1e-6
    for k in range(square.nnz):
        moved = square.copy()
        moved.data[k] += step
        assert np.isclose((found(moved, np.ones(5))[0] - value) / step, gx.data[k], atol=1e-4)


def test_a_loop_reads_rows_of_a_matrix():
    square = sp.csr_matrix(X[:5])
    steps = T.arange(x.shape[0])
    sums, _ = bitale.scan(lambda k: S.sp_sum(S.sqr(x[k : k + 1])), sequences=[steps])
    products, _ = bitale.map(
        lambda k, a: S.structured_dot(a[[k, k]], v), sequences=[steps], non_sequences=[x]
    )
    cost = T.sum(sums * T.arange(5)) + T.sum(T.sqr(products))
    outputs = [sums, products, bitale.grad(cost, x)]
    f = bitale.function([x, v], outputs, mode=MACHINE)
    assert "CSM" not in ops_of(bitale.function([x], sums, mode=MACHINE))
    found = f(square, np.ones(5))
    np.testing.assert_allclose(found[0], square.multiply(square).sum(1).A1)
    np.testing.assert_allclose(found[1], np.repeat((square @ np.ones(5))[:, None], 2, axis=1))
    for one, plain in zip(found, bitale.function([x, v], outputs, mode=PLAIN)(square, np.ones(5)),
                          strict=True):  # fmt: skip
        one, plain = (o.toarray() if sp.issparse(o) else o for o in (one, plain))
        np.testing.assert_allclose(one, plain)


def test_a_choice_is_differentiated_by_a_matrix():
    c = T.bscalar("c")
    y = bitale.ifelse.ifelse(c, S.structured_exp(x), 3 * x)
    f = bitale.function([c, x], [y, bitale.grad(S.sp_sum(y, sparse_grad=True), x)])
    for chosen, slope in ((1, np.exp(X.data)), (0, np.full(X.nnz, 3.0))):
        _, g = f(chosen, X)
        np.testing.assert_allclose(g.data, slope)


def test_a_layer_learns_from_sparse_rows():
    rng = np.random.default_rng(1)
    data = sp.random(60, 20, 0.2, format="csr", random_state=5)
    truth = rng.normal(size=20)
    labels = (data @ truth > 0).astype("float64")
    w = bitale.shared(np.zeros(20))
    target = T.dvector("target")
    cost = T.nnet.binary_crossentropy(T.nnet.sigmoid(bitale.dot(x, w)), target).mean()
    train = bitale.function([x, target], cost, updates=[(w, w - 20 * bitale.grad(cost, w))])
    losses = [float(train(data, labels)) for _ in range(100)]
    assert losses[-1] < 0.3 * losses[0]
    again = pickle.loads(pickle.dumps(train))
    assert float(again(data, labels)) < losses[-1]


# Rewriting
def test_what_is_made_of_vectors_needs_no_matrix():
    data = T.dvector("data")
    made = S.CSR(data, X.indices, X.indptr, X.shape)
    scaled = -S.col_scale(S.structured_exp(made), v)
    outputs = [
        S.structured_dot(scaled, d),
        S.structured_dot(scaled.T, v[:1][T.zeros(6, "int64")]),
        S.sp_sum(scaled, 1, sparse_grad=True),
        scaled.toarray(),
        scaled + d[:1][T.zeros(6, "int64")],
        S.csm_data(scaled),
    ]
    outputs += bitale.grad(sum(T.sum(o**2) for o in outputs[:4]), [data, d, v])
    f = bitale.function([data, d, v], outputs, mode=MACHINE)
    sparse_ops = {
        name
        for name, op in vars(room).items()
        if isinstance(op, type) and issubclass(op, room.SparseOp)
    }
    assert ops_of(f) & sparse_ops == set()
    given = X.data, np.random.default_rng(0).random((5, 5)), np.arange(5.0) / 5
    plain = bitale.function([data, d, v], outputs, mode=PLAIN)(*given)
    for one, other in zip(f(*given), plain, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-12)


def test_derivatives_by_all_numbers_need_no_dense_matrix_where_few_are_asked_for():
    data = T.dvector("data")
    wide = (10**5, 10**5)  # of which a dense one would take 80 GB
    made = S.CSR(data, np.array([5, 7]), np.r_[0, 1, np.full(10**5 - 1, 2)], wide)
    cost = T.sqr(S.sp_sum(made)) + T.sum(T.sqr(S.sp_sum(-made, 0))) + T.sum(S.sp_sum(made, 1))
    f = bitale.function([data], bitale.grad(cost, data), mode=MACHINE)
    np.testing.assert_allclose(f([2.0, 3.0]), [2 * 5 + 2 * 2 + 1, 2 * 5 + 2 * 3 + 1])


def test_a_constant_matrix_is_multiplied_in_machine_code():
    for left in (True, False):
        for value in (X, X.tocsc()):
            made = S.structured_dot(value, d) if left else S.structured_dot(d, value)
            f = bitale.function([d], made, mode=MACHINE)
            assert "StoredProduct" in ops_of(f)
            given = np.random.default_rng(0).random((5, 6))
            np.testing.assert_allclose(f(given), value @ given if left else given @ value)


def test_ways_there_and_back_are_left_out():
    f = bitale.function([d], S.csr_from_dense(d).toarray(), mode=MACHINE)
    assert ops_of(f) == set()
    f = bitale.function([x], S.CSR(*S.csm_properties(x)), mode=MACHINE)
    assert ops_of(f) == {"OwnValue"}
    f = bitale.function([x], S.CSC(*S.csm_properties(x)[:3], x.T.shape), mode=MACHINE)
    assert ops_of(f) == {"Transpose"}
    n = bitale.function([x], S.structured_exp(x).T.shape, mode=MACHINE)
    assert "CSM" not in ops_of(n)
    np.testing.assert_array_equal(n(X), [5, 6])


@pytest.mark.parametrize("mode", [PLAIN, MACHINE], ids=["plain", "c"])
def test_matrices_that_share_places_do_not_leave_a_function(mode):
    outputs = [S.structured_exp(x), S.sqr(x), S.tanh(S.sqr(x)).T, S.sp_sum(S.sqr(x) + x)]
    state = bitale.shared(X)
    f = bitale.function([x], outputs, updates=[(state, S.sqr(state))], mode=mode)
    if mode is MACHINE:
        assert "WithData" in ops_of(f)
    given = X.copy()
    for found in [*f(given)[:3], state.get_value(borrow=True)]:
        for part in (found.data, found.indices, found.indptr):
            for own in (given.data, given.indices, given.indptr):
                assert not np.shares_memory(part, own)
            part[:] = 0
    np.testing.assert_array_equal(given.toarray(), X.toarray())


def test_a_pass_can_be_left_out():
    data = T.dvector("data")
    y = S.structured_dot(S.CSR(data, X.indices, X.indptr, X.shape), v)
    f = bitale.function([data, v], y, mode=bitale.Mode(linker="c").excluding("sparse"))
    assert "CSM" in ops_of(f)
    np.testing.assert_allclose(f(X.data, np.ones(5)), X @ np.ones(5))


# Products of vectors in machine code
@pytest.mark.parametrize("dtype", ["float64", "float32", "int32", "uint8", "complex128", "bool"])
@pytest.mark.parametrize("format", ["csr", "csc"])
@pytest.mark.parametrize("columns", [None, 0, 1, 3, 4, 19, 37])
def test_products_of_vectors_in_every_width(dtype, format, columns):
    value = (X * 4).astype(dtype).asformat(format)
    data = T.TensorType(dtype, (None,))("data")
    y = T.TensorType(dtype, (None,) if columns is None else (None, None))("y")
    given = np.arange(5 * (1 if columns is None else columns)).astype(dtype)
    given = given if columns is None else given.reshape(5, columns)
    made = S.CSM(format)(data, value.indices, value.indptr, value.shape)
    f = bitale.function([data, y], S.structured_dot(made, y), mode=MACHINE)
    rtol = 1e-5 if dtype == "float32" else 1e-12
    for numbers in (value.data, value.data[::-1][::-1], np.repeat(value.data, 2)[::2]):
        for operand in (given, np.asfortranarray(given), np.repeat(given, 2, axis=-1)[..., ::2]):
            found = f(numbers, operand)
            assert found.dtype == dtype
            np.testing.assert_allclose(found, value @ given, rtol=rtol)


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("format", ["csr", "csc"])
@pytest.mark.parametrize("columns", [None, 1, 3, 4, 19])
def test_a_product_that_is_scaled_and_added(dtype, format, columns):
    rank = 1 if columns is None else 2
    value = X.astype(dtype).asformat(format)
    data = T.TensorType(dtype, (None,))("data")
    y, z = (T.TensorType(dtype, (None,) * rank)(n) for n in "yz")
    alpha = T.TensorType(dtype, ())("alpha")
    shape = () if columns is None else (columns,)
    rng = np.random.default_rng(0)
    given = [
        value.data, rng.random((5, *shape)).astype(dtype), rng.random((6, *shape)).astype(dtype),
        np.asarray(0.5, dtype),
    ]  # fmt: skip
    product = S.structured_dot(S.CSM(format)(data, value.indices, value.indptr, value.shape), y)
    rtol = 1e-5 if dtype == "float32" else 1e-12
    for build in (
        lambda p: z + alpha * p,
        lambda p: p * alpha + z,
        lambda p: z - p,
        lambda p: p + z + z,
        lambda p: z - alpha * p,
    ):
        out = build(product)
        f = bitale.function([data, y, z, alpha], out, mode=MACHINE, on_unused_input="ignore")
        assert ops_of(f) >= {"Usmm"}
        plain = bitale.function([data, y, z, alpha], out, mode=PLAIN, on_unused_input="ignore")
        for zs in (given[2], np.asfortranarray(given[2]), given[2][::-1]):
            arrays = [*given[:2], zs, given[3]]
            np.testing.assert_allclose(f(*arrays), plain(*arrays), rtol=rtol, atol=rtol)
        with pytest.raises(ValueError, match="shape"):
            f(given[0], given[1], given[2][1:], given[3])


def test_products_that_others_read_or_that_stretch_are_not_added_in_place():
    data = T.dvector("data")
    product = S.structured_dot(S.CSR(data, X.indices, X.indptr, X.shape), d)
    for outputs in ([product + 1], [product + v], [product, product + d]):
        f = bitale.function([data, d, v], outputs, mode=MACHINE, on_unused_input="ignore")
        assert "Usmm" not in ops_of(f)


def test_usmm_is_differentiated():
    def usmm(data, y, alpha, z):
        return room.Usmm("csc")(data, X.tocsc().indices, X.tocsc().indptr, 6, 5, y, alpha, z)

    rng = np.random.default_rng(0)
    points = [X.data, rng.random((5, 2)), np.array(0.7), rng.random((6, 2))]
    bitale.gradient.verify_grad(usmm, points, mode=PLAIN)


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        (lambda d, i, p, y: (d, np.where(i == 4, 5, i), p, y), IndexError, "between 0 and 4"),
        (lambda d, i, p, y: (d, i - 1, p, y), IndexError, "from -1"),
        (lambda d, i, p, y: (d, i, p[::-1].copy(), y), ValueError, "does not fall"),
        (lambda d, i, p, y: (d, i, np.where(np.arange(7) == 3, 99, p), y), ValueError, "indptr"),
        (lambda d, i, p, y: (d, i, p[:-1], y), ValueError, "length 7"),
        (lambda d, i, p, y: (d[1:], i, p, y), ValueError, "numbers are given"),
        (lambda d, i, p, y: (d, i, p, y[1:]), ValueError, "shapes do not match"),
    ],
)
@pytest.mark.parametrize("what", ["product", "columns", "sampled", "sum"])
def test_places_that_are_none_are_refused(change, error, message, what):
    data, y = T.dvector("data"), T.dmatrix("y")
    indices, indptr = T.ivector("indices"), T.ivector("indptr")
    made = S.CSR(data, indices, indptr, X.shape)
    if what == "product":
        out = S.structured_dot(made, y)
    elif what == "columns":
        out = S.structured_dot(made, y[:, 0])
    elif what == "sampled":
        out = S.sampling_dot(T.ones((6, 2)), y, made).toarray()
    else:
        out = S.sp_sum(made, 1) + 0 * y.sum()
        if message == "shapes do not match":
            return
    f = bitale.function([data, indices, indptr, y], out, mode=MACHINE)
    given = X.data, X.indices, X.indptr, np.ones((5, 2))
    f(*given)
    if what == "sum" and error is IndexError:
        return  # of which nothing is read
    with pytest.raises((error, IndexError, ValueError, AssertionError)):
        f(*change(*given))


# Random matrices
def test_draws_are_those_of_their_distributions():
    means = 4 * sp.random(300, 50, 0.3, format="csr", random_state=0)
    rates = bitale.function([x], [S.Poisson(7)(x), S.Poisson(7)(x), S.poisson(x)])
    one, same, other = rates(means)
    assert (one != same).nnz == 0
    assert (one != other).nnz > 0
    again, _, _ = rates(means)
    assert (one != again).nnz > 0
    assert (one.data > 0).all()
    assert not (one.astype(bool) > means.astype(bool)).nnz
    assert abs(one.sum() / means.sum() - 1) < 0.05
    drawn = bitale.function([], S.Binomial("csc", "float32", 7)(10, 0.3, (200, 100)))()
    assert (drawn.format, drawn.dtype, drawn.shape) == ("csc", "float32", (200, 100))
    assert abs(drawn.mean() - 3) < 0.05
    p, n = sp.csr_matrix([[0.2, 0, 0.8], [0.5, 0.5, 0]]), T.lvector("n")
    chosen = bitale.function([x, n], S.Multinomial(7)(n, x))(p, [1000, 10])
    np.testing.assert_array_equal(chosen.sum(1).ravel(), [[1000, 10]])
    assert abs(chosen[0, 0] - 200) < 60
    assert chosen[0, 1] == 0
    assert S.csr_dbinomial(1, 0.5, (2, 3)).type == S.csr_dmatrix


# Random programs
STEPS = {
    # For a sparse matrix s, another one t and dense d of the same shape what is made of them; and
    # the same of dense ones.
    "neg": (lambda s, t, d: -s, lambda s, t, d: -s),
    "add": (lambda s, t, d: s + t, lambda s, t, d: s + t),
    "sub": (lambda s, t, d: s - t, lambda s, t, d: s - t),
    "twice": (lambda s, t, d: s + s, lambda s, t, d: s + s),
    "mul": (lambda s, t, d: s * t, lambda s, t, d: s * t),
    "dense": (lambda s, t, d: d * s, lambda s, t, d: d * s),
    "row": (lambda s, t, d: S.col_scale(s, d[0]), lambda s, t, d: s * d[0]),
    "column": (lambda s, t, d: S.row_scale(s, d[:, 0]), lambda s, t, d: s * d[:, :1]),
    "number": (lambda s, t, d: 0.5 * s / 2, lambda s, t, d: s / 4),
    "sin": (lambda s, t, d: S.sin(s), lambda s, t, d: np.sin(s)),
    "sqr": (lambda s, t, d: S.sqr(s), lambda s, t, d: s**2),
    "tanh": (lambda s, t, d: S.tanh(s), lambda s, t, d: np.tanh(s)),
    "clean": (lambda s, t, d: S.clean(s), lambda s, t, d: s),
    "format": (lambda s, t, d: s.tocsc().tocsr(), lambda s, t, d: s),
    "turned": (lambda s, t, d: S.sqr(s.T).T, lambda s, t, d: s**2),
    "apart": (lambda s, t, d: S.CSM(s.format)(*S.csm_properties(s)), lambda s, t, d: s),
    "dense and back": (lambda s, t, d: S.csr_from_dense(s.toarray()), lambda s, t, d: s),
    "added": (lambda s, t, d: S.csr_from_dense(s + d - d), lambda s, t, d: s + d - d),
    "rows": (lambda s, t, d: s[::-1][::-1], lambda s, t, d: s),
    "sampled": (lambda s, t, d: S.sampling_dot(d, d[:5], s), lambda s, t, d: s * (d @ d[:5].T)),
}
ENDS = {
    "dense": (lambda s, d: s.toarray(), lambda s, d: s),
    "sum": (lambda s, d: S.sp_sum(s), lambda s, d: s.sum()),
    "columns": (lambda s, d: s.sum(0), lambda s, d: s.sum(0)),
    "rows": (lambda s, d: s.sum(1), lambda s, d: s.sum(1)),
    "dot": (lambda s, d: S.structured_dot(s, d.T), lambda s, d: s @ d.T),
    "scaled": (
        lambda s, d: d @ d.T - 0.5 * S.structured_dot(s, d.T),
        lambda s, d: (d - s / 2) @ d.T,
    ),
    "left": (lambda s, d: S.structured_dot(d.T, s), lambda s, d: d.T @ s),
    "vector": (lambda s, d: s @ d[0], lambda s, d: s @ d[0]),
    "less": (lambda s, d: d - s, lambda s, d: d - s),
}


@pytest.mark.slow
@settings(max_examples=40, deadline=None)
@drawn_from(
    st.lists(st.sampled_from(sorted(STEPS)), min_size=1, max_size=6),
    st.sampled_from(sorted(ENDS)),
    st.sampled_from(["csr", "csc"]),
    st.integers(0, 99),
)
def test_random_programs_give_what_dense_ones_give(steps, end, format, seed):
    first, second = (sp.random(6, 5, 0.4, format=format, random_state=seed + k) for k in (0, 100))
    numbers = np.random.default_rng(seed).random((6, 5))
    data = T.dvector("data")
    made = S.CSM(format)(data, first.indices, first.indptr, first.shape)
    other = S.matrix(format, "other")
    s, dense = made, first.toarray()
    for name in steps:
        s = STEPS[name][0](s, other, d)
        dense = STEPS[name][1](dense, second.toarray(), numbers)
    out = ENDS[end][0](s, d)
    expected = ENDS[end][1](dense, numbers)
    slopes = bitale.grad(T.sum(T.sin(out)), [data, d], disconnected_inputs="ignore")
    given = first.data, second, numbers
    results = [
        bitale.function([data, other, d], [out, *slopes], mode=mode, on_unused_input="ignore")(
            *given
        )
        for mode in (PLAIN, MACHINE)
    ]
    np.testing.assert_allclose(results[1][0], expected, rtol=1e-9, atol=1e-9)
    for plain, compiled in zip(*results, strict=True):
        np.testing.assert_allclose(plain, compiled, rtol=1e-9, atol=1e-9)
