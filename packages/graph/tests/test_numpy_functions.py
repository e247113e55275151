import operator
import warnings

import numpy as np
import pytest
from bitale_graph import Variable, function
from bitale_graph import language as T

v, w = T.dvector("v"), T.dvector("w")
M = T.dmatrix("M")
i = T.lvector("i")
f32 = T.fvector("f32")
b = T.TensorType("bool", (None,))("b")
s = T.dscalar("s")
VALUES = {
    v: np.array([0.5, -2.0, 3.25]),
    w: np.array([1.5, 2.0, np.nan]),
    M: np.array([[1.0, -5.0, 2.0], [0.25, 3.0, -1.0]]),
    i: np.array([2, -1, 7]),
    f32: np.array([0.5, 1.5, -2.5], "float32"),
    b: np.array([True, False, True]),
    s: np.array(1.5),
}


def value_of(x):
    if isinstance(x, Variable):
        return VALUES[x]
    return type(x)(map(value_of, x)) if isinstance(x, (list, tuple)) else x


def check(call, *operands):
    found = call(*operands)
    expected = call(*(value_of(x) for x in operands))
    parts = found if isinstance(found, tuple) else (found,)
    wholes = expected if isinstance(expected, tuple) else (expected,)
    assert len(parts) == len(wholes)
    for part, whole in zip(parts, wholes, strict=True):
        assert isinstance(part, Variable)
        f = function(list(VALUES), part, on_unused_input="ignore")
        result = f(*VALUES.values())
        assert result.shape == np.shape(whole)
        np.testing.assert_allclose(result, whole, rtol=1e-6)


EXPRESSIONS = [
    (np.dot, M, v),
    (np.dot, v, w),
    (np.dot, s, v),
    (np.dot, VALUES[M], v),
    (np.inner, v, w),
    (np.inner, M, v),
    (np.inner, M, M),
    (np.inner, s, M),
    (np.outer, v, w),
    (lambda x, y: np.outer(x, b=y), M, v),
    (np.tensordot, M, v, 1),
    (lambda x: np.tensordot(x, x, axes=([0, 1], [0, 1])), M),
    (np.matmul, M, v),
    (lambda x: np.ones((1, 2)) @ x, M),
    (np.linalg.norm, M),
    (np.linalg.norm, v),
    (np.linalg.norm, i),
    (np.linalg.norm, M, "fro"),
    (np.linalg.norm, v, 1),
    (np.linalg.norm, v, np.inf),
    (np.linalg.norm, v, -np.inf),
    (np.linalg.norm, v, 0),
    (np.linalg.norm, v, -2),
    (lambda x: np.linalg.norm(x, ord=3, axis=1, keepdims=True), M),
    (lambda x: np.linalg.norm(x, axis=(0, 1)), M),
    (lambda x: np.linalg.vector_norm(x, ord=1), M),
    (np.sum, M),
    (np.sum, M, 1),
    (lambda x: np.sum(a=x, axis=-1, keepdims=True), M),
    (lambda x: np.sum(x, dtype=np.float32), M),
    (lambda x: np.sum(x, None, None, None), M),
    (np.sum, b),
    (np.prod, M, 0),
    (np.mean, M, (0, 1)),
    (np.mean, i),
    (np.var, M, 1),
    (lambda x: np.std(x, axis=0, ddof=1), M),
    (np.max, M, 1),
    (np.amax, M, 0),
    (np.min, w),
    (np.amin, M),
    (np.max, b),
    (np.all, b),
    (np.any, M, 0),
    (np.argmax, M),
    (np.argmax, M, 1),
    (np.argmin, M, 0),
    (np.add.reduce, M),
    (np.multiply.reduce, M, 1),
    (lambda x: np.maximum.reduce(x, axis=None), M),
    (np.logical_or.reduce, M),
    (np.size, M),
    (np.size, M, 0),
    (np.reshape, M, (3, 2)),
    (lambda x: np.reshape(x, (3, -1), order="C"), M),
    (np.ravel, M),
    (np.transpose, M),
    (np.transpose, M, (1, 0)),
    (np.swapaxes, M, 0, -1),
    (np.moveaxis, M, 0, 1),
    (np.matrix_transpose, M),
    (np.expand_dims, M, 1),
    (np.expand_dims, v, (0, 2)),
    (np.squeeze, M),
    (np.zeros_like, M),
    (np.ones_like, v, np.int32),
    (np.full_like, M, 3.5),
    (np.full_like, M, s),
    (np.copy, M),
    (np.concatenate, (v, w)),
    (np.concatenate, [M, M], 1),
    (lambda x: np.concatenate([x, np.zeros((1, 3))], axis=0), M),
    (lambda x, y: np.concatenate((x, y), axis=None), M, v),
    (np.stack, [v, w]),
    (lambda x, y: np.stack((x, y), axis=-1), v, w),
    (np.hstack, (v, w)),
    (np.hstack, (M, M)),
    (np.vstack, (v, w, M)),
    (np.column_stack, (v, w)),
    (np.where, b, v, w),
    (np.where, i, 0.0, v),
    (np.where, b, VALUES[v], 1),
    (np.clip, v, 0, 1),
    (np.clip, v, None, 1.0),
    (lambda x: np.clip(x, a_min=-1.0, a_max=None), v),
    (np.clip, v, s, 2),
    (np.round, v),
    (np.round, i),
    (np.isclose, v, w),
    (np.take, v, [0, 2]),
    (np.take, M, (1, 0), 1),
    (np.take, M, 1),
    (np.exp, v),
    (np.add, v, w),
    (np.add, VALUES[v], w),
    (np.multiply, np.float32(2), f32),
    (lambda x: np.float32(2) * x, f32),
    (lambda x: np.float64(2) ** x, v),
    (lambda x: np.zeros(3) + x, v),
    (lambda x: x + np.zeros(3), v),
    (lambda x: np.zeros(3) < x, v),
    (np.divmod, v, 2.0),
    (np.logical_and, v, b),
    (np.logical_not, M),
    (np.deg2rad, v),
    (np.degrees, v),
    (np.positive, v),
    (np.conjugate, v),
    (np.sign, v),
    (np.bitwise_xor, i, 3),
    (lambda x: np.add(x, 1, where=True, casting="same_kind"), v),
    (abs, v),
    (lambda x: np.polynomial.polynomial.polyval(x, [1.0, 2.0]), v),
]


@pytest.mark.parametrize("case", EXPRESSIONS, ids=map(str, range(len(EXPRESSIONS))))
def test_numpys_functions_mean_for_variables_what_they_mean_for_arrays(case):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        check(*case)


def in_place(x):
    array = np.zeros(3)
    array += x


REFUSED = [
    lambda: np.sum([v, w]),
    lambda: np.mean((v, w)),
    lambda: np.max([v, 1.0]),
    lambda: np.asarray(v),
    lambda: np.array([v, w]),
    lambda: np.array([[v], [w]], dtype=object),
    lambda: np.array([s, 1.0]),
    lambda: np.float64(s),
    lambda: np.int32(i),
    lambda: np.bool_(b),
    lambda: np.full(3, s),
    lambda: np.zeros(s),
    lambda: np.arange(s),
    lambda: np.eye(i),
    lambda: np.convolve(v, w),
    lambda: np.sum(v, out=np.zeros(())),
    lambda: np.sum(v, where=np.ones(3, bool)),
    lambda: np.sum(v, initial=3.0),
    lambda: np.add(v, w, out=np.zeros(3)),
    lambda: np.exp(v, where=np.ones(3, bool)),
    lambda: np.exp(v, dtype="float32"),
    lambda: np.add.accumulate(v),
    lambda: np.add.outer(v, w),
    lambda: np.add.at(v, 0, 1.0),
    lambda: np.add.at(np.zeros(3), 0, s),
    lambda: np.nancumsum(v),
    lambda: np.einsum("i,i", v, w, casting="unsafe"),
    lambda: np.linalg.svd(M, hermitian=True),
    lambda: np.linalg.multi_dot([M, M], out=np.zeros((3, 3))),
    lambda: np.fft.hfft(v),
    lambda: np.random.default_rng(0).normal(s),
    lambda: np.random.default_rng(0).shuffle(v),
    lambda: np.random.default_rng(0).permutation(v),
    lambda: np.ma.array(v),
    lambda: np.ma.sum(np.ma.array([1.0, 2.0])) * np.ma.asarray(v),
    lambda: np.polyfit(v, w, 1),
    lambda: np.unwrap(v),
    lambda: np.where(b, s),
    lambda: np.round(v, 2),
    lambda: np.round(v, decimals=np.ones(3)),
    lambda: np.reshape(M, (3, 2), order="F"),
    lambda: np.take(v, [0], out=np.zeros(1)),
    lambda: np.fill_diagonal(M, 0),
    lambda: np.put_along_axis(M, np.array([[0]]), 0, 1),
    lambda: np.sum(v, no_such_keyword=1),
    lambda: np.nextafter(v, w),
    lambda: np.frompyfunc(lambda x: x, 1, 1)(v),
    lambda: np.vectorize(lambda x: x)(v),
    lambda: np.apply_along_axis(sum, 0, M),
    lambda: np.copyto(np.zeros(3), v),
    lambda: np.array_equal(v, w),
    lambda: np.r_[v, w],
    lambda: np.zeros(3).__setitem__(slice(None), v),
    lambda: np.zeros(3)[s],
    lambda: np.zeros(3)[i],
    lambda: np.array2string(v),
    lambda: np.mean(v, dtype=w),
    lambda: in_place(v),
    lambda: operator.iadd(np.zeros(3), v),
]


@pytest.mark.parametrize("call", REFUSED, ids=map(str, range(len(REFUSED))))
def test_numpys_other_functions_are_a_type_error(call):
    with pytest.raises(TypeError):
        call()


@pytest.mark.parametrize(
    "call",
    [
        lambda: np.nancumsum(v),
        lambda: np.sum(v, out=np.zeros(())),
        lambda: np.sum([v, w]),
        lambda: np.nextafter(v, 2.0),
        lambda: np.unwrap(v),
        lambda: in_place(v),
        lambda: np.asarray(v),
        lambda: np.fft.hfft([v]),
    ],
    ids=["nancumsum", "out", "sum", "nextafter", "unwrap", "in_place", "asarray", "hfft"],
)
def test_the_error_names_the_variable_and_the_ways_out(call):
    with pytest.raises(TypeError) as caught:
        call()
    for part in ("v  TensorType(float64, vector)", "eval()", "bitale.function()", "tensor module"):
        assert part in str(caught.value)


MODULES = (
    *(np, np.linalg, np.fft, np.random, np.ma, np.strings, np.emath),
    *(np.lib.stride_tricks, np.lib.scimath, np.polynomial.polynomial),
)
# Here a variable is asked for no value: a class, a flag, text, or what is known of the variable.
NO_VALUE = {
    *("ndim", "isscalar", "iterable", "bmat", "str_", "isMA", "isMaskedArray", "isarray"),
    *("getmask", "is_mask", "is_masked", "clump_masked", "clump_unmasked", "get_state"),
    *("flatnotmasked_contiguous", "ndenumerate", "test", "info", "source", "set_fill_value"),
    *("seterr", "seterrcall", "setbufsize", "set_printoptions", "printoptions"),
    *("set_bit_generator", "set_state"),
    # NumPy before 2.4 takes what has a dtype for that dtype.
    *("issubdtype", "make_mask_descr", "promote_types"),
}
FUNCTIONS = sorted(
    {
        f"{module.__name__}.{name}"
        for module in MODULES
        for name in dir(module)
        if not name.startswith("_")
        and name not in NO_VALUE
        and callable(getattr(module, name))
        and not isinstance(getattr(module, name), type)
    }
)
OPERANDS = [(v,), (M,), (v, w), (M, M), (M, v), (v, np.ones(3)), (M, 0), (v, 0.0, 1.0), (M, 0, 1)]


def is_symbolic(found):
    return isinstance(found, Variable) or (
        isinstance(found, (tuple, list)) and all(map(is_symbolic, found)) and len(found) > 0
    )


@pytest.mark.parametrize("name", FUNCTIONS)
def test_no_function_of_numpy_gives_a_number_or_an_array_of_objects(name):
    module, _, last = name.rpartition(".")
    call = getattr(next(m for m in MODULES if m.__name__ == module), last)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for operands in OPERANDS:
            try:
                found = call(*operands)
            except Exception:  # noqa: BLE001 (what does not fit may be told in any class)
                continue
            assert is_symbolic(found)


def test_what_numpy_knows_of_a_variable_is_its_rank_and_its_symbolic_shape():
    assert np.ndim(M) == 2
    assert function([M], np.shape(M))(np.ones((4, 5))).tolist() == [4, 5]


def test_every_function_of_the_language_is_reached_by_its_name_in_numpy():
    from bitale_graph.ops import numpy_functions

    known = {*numpy_functions._rows(""), *numpy_functions._ufuncs()}
    # They make tensors of numbers alone, and lengths that are symbolic cannot reach NumPy.
    # NumPy's write into what they are given.
    writers = {"fill_diagonal", "put_along_axis"}
    makers = {"arange", "bartlett", "empty", "eye", "full", "identity", "indices", "ones", "tri",
              "tril_indices", "triu_indices", "zeros"}  # fmt: skip
    missing = [
        name
        for name in dir(T)
        if not name.startswith("_")
        and name not in makers | writers
        and callable(getattr(T, name))
        and hasattr(np, name)
        and type(getattr(np, name)).__name__ in ("_ArrayFunctionDispatcher", "ufunc", "function")
        and getattr(np, name) not in known
    ]
    assert missing == []
