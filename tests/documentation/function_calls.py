"""A call of every public function, by the module that has it; names are those of `function_states`."""

# For functions that take so many matrices (or arrays of the same kind) and nothing else.
PLAIN = {
    "x": """
        abs_ absolute arccos arcsin arcsinh arctan arctanh cbrt ceil conj cos cosh cumprod cumsum
        deg2rad digamma erf erfc erfcinv erfcx erfinv exp exp2 expit expm1 factorial floor gamma
        gammaln identity_like i0 i1 iround isfinite isinf isnan isneginf isposinf inv j0 j1 k0 k1
        log log10 log1mexp log1p log1pexp log2 log_softmax logit logsumexp matrix_transpose max
        mean median min nan_to_num nanmax nanmin ndtri ndtri_exp neg nonzero ones_like prod psi
        rad2deg real reciprocal round round_half_away_from_zero round_half_to_even sgn shape
        sigmoid sign signbit sin sinc sinh softmax softplus sqr sqrt square squeeze std sum tan
        tanh tensor_copy transpose tri_gamma trunc var zeros_like flatten
    """,
    "x, y": """
        add arctan2 beta betaln ceil_intdiv copysign divmod eq equal fill floor_div fmax fmin
        float_power ge greater greater_equal gt heaviside hypot int_div isclose largest le less
        less_equal logaddexp lt maximum minimum mod mul neq not_equal pow power second smallest sub
        true_div xlog1py xlogy0 allclose
    """,
    "m, b": "and_ bitwise_and bitwise_or bitwise_xor or_ xor",
    "m": "all any argwhere flatnonzero bitwise_not invert",
    "k, k": "gcd lcm left_shift right_shift",
    "v, w": "vdot vecdot inner outer",
    "z": "angle imag conjugate",
}

# What is called with something else.
CALLS = {
    "xlogx": "xlogx.xlogx(x)",
    "addbroadcast": "addbroadcast(t[:1], 0)",
    "alloc": "alloc(s, n, 4)",
    "arange": "arange(n)",
    "arccosh": "arccosh(x + 1)",
    "argmax": "argmax(x, 1)",
    "argmin": "argmin(x, 1)",
    "argpartition": "argpartition(v, 2)",
    "argsort": "argsort(x)",
    "argtopk": "argtopk(v, 2)",
    "as_tensor": "as_tensor(x)",
    "as_tensor_variable": "as_tensor_variable(x)",
    "batched_dot": "batched_dot(t, u)",
    "batched_tensordot": "batched_tensordot(t, u, [[2], [1]])",
    "betainc": "betainc(x, y, s)",
    "binary_crossentropy": "binary_crossentropy(x, y)",
    "bincount": "bincount(i)",
    "cast": "cast(x, 'float32')",
    "categorical_crossentropy": "categorical_crossentropy(softmax(x), i)",
    "chi2sf": "chi2sf(x, y)",
    "choose": "choose(i, [i, i + 1, i + 2])",
    "clip": "clip(x, 0.3, 0.6)",
    "complex": "complex(x, y)",
    "complex_from_polar": "complex_from_polar(x, y)",
    "compress": "compress(m[0], x, axis=1)",
    "concatenate": "concatenate([x, y])",
    "constant": "constant(1.5)",
    "digitize": "digitize(v, [0.2, 0.5])",
    "dimshuffle": "dimshuffle(x, 1, 0)",
    "dot": "dot(x, v)",
    "einsum": "einsum('ij,kj->ik', x, y)",
    "eye": "eye(n)",
    "fill_diagonal": "fill_diagonal(x, s)",
    "fill_diagonal_offset": "fill_diagonal_offset(x, s, 1)",
    "full": "full((n, 2), s)",
    "full_like": "full_like(x, s)",
    "gammainc": "gammainc(x, y)",
    "gammaincc": "gammaincc(x, y)",
    "gammainccinv": "gammainccinv(x, y)",
    "gammaincinv": "gammaincinv(x, y)",
    "gammal": "gammal(x, y)",
    "gammau": "gammau(x, y)",
    "histogram": "histogram(v, 3)",
    "horizontal_stack": "horizontal_stack(x, y)",
    "hyp2f1": "hyp2f1(x, y, x + 1, x)",
    "in1d": "in1d(i, j)",
    "inc_subtensor": "inc_subtensor(x[1:], s)",
    "inverse_permutation": "inverse_permutation(i)",
    "isin": "isin(i, j)",
    "iv": "iv(x, y)",
    "ive": "ive(x, y)",
    "join": "join(1, x, y)",
    "jv": "jv(x, y)",
    "kn": "kn(n, y)",
    "kron": "kron(x, y)",
    "kv": "kv(x, y)",
    "kve": "kve(x, y)",
    "lexsort": "lexsort([j, v])",
    "matmul": "matmul(t, u)",
    "matrix_dot": "matrix_dot(A, L, A)",
    "matvec": "matvec(x, v)",
    "max_and_argmax": "max_and_argmax(x, 1)",
    "multi_dot": "multi_dot([A, L, A])",
    "nonzero_values": "nonzero_values(x)",
    "ones": "ones((n, 2))",
    "owens_t": "owens_t(x, y)",
    "partition": "partition(v, 2)",
    "percentile": "percentile(v, 30)",
    "permute_row_elements": "permute_row_elements(x, j[:4] * 0 + arange(4))",
    "poch": "poch(x, y)",
    "polygamma": "polygamma(n, y)",
    "put_along_axis": "put_along_axis(x[:2], k * 0, s, 1)",
    "quantile": "quantile(v, 0.3)",
    "ravel_multi_index": "ravel_multi_index((i, i), (3, 3))",
    "reshape": "reshape(x, (4, 3))",
    "searchsorted": "searchsorted(v, x)",
    "set_subtensor": "set_subtensor(x[1:], s)",
    "shape_i": "shape_i(x, 0)",
    "shape_padaxis": "shape_padaxis(x, 1)",
    "shape_padleft": "shape_padleft(x)",
    "shape_padright": "shape_padright(x)",
    "sort": "sort(x)",
    "specify_shape": "specify_shape(x, (3, 4))",
    "stack": "stack([x, y])",
    "stacklists": "stacklists([[s, s], [s, s]])",
    "swapaxes": "swapaxes(x, 0, 1)",
    "switch": "switch(m, x, y)",
    "take": "take(x, i, 1)",
    "take_along_axis": "take_along_axis(x[:2], k * 0, 1)",
    "tensordot": "tensordot(t, u, [[0, 2], [0, 1]])",
    "topk": "topk(v, 2)",
    "topk_and_argtopk": "topk_and_argtopk(v, 2)",
    "transfer": "transfer(x, 'cpu')",
    "union1d": "union1d(i, j)",
    "unique": "unique(j)",
    "unravel_index": "unravel_index(i, (2, 2))",
    "vecmat": "vecmat(v, x.T)",
    "vertical_stack": "vertical_stack(x, y)",
    "where": "where(m, x, y)",
    "zeros": "zeros((n, 2))",
}

# No functions of tensors: types, lists of dtypes, what tells something of a variable at once.
OTHERS = """
    TensorConstant TensorType TensorVariable all_dtypes complex_dtypes continuous_dtypes
    discrete_dtypes float_dtypes int_dtypes integer_dtypes uint_dtypes get_vector_length
    register_transfer tensor
"""
