"""Calls of functions that modules beside the language have; see `function_calls`."""

OF_A_MATRIX = """
    cholesky cond det eig eigh eigvals eigvalsh expm inv logdet logm lu lu_factor
    matrix_rank norm pinv qr slogdet sqrtm svd svdvals
"""
OF_A_SIZE = """
    beta binomial choice exponential gamma integers normal permutation poisson
    random_integers truncated_normal uniform
"""
ACTIVATIONS = """
    elu gelu hard_sigmoid leaky_relu logsoftmax prepend_0_to_each_row prepend_1_to_each_row relu
    selu silu softmax_graph softsign ultra_fast_sigmoid
"""
OF_A_SPARSE_MATRIX = """
    absolute arcsin arcsinh arctan arctanh bcast ccast ceil clean conj csm_data csm_indices
    csm_indptr csm_shape dcast deg2rad dense_from_sparse ensure_sorted_indices expm1 fcast
    floor icast lcast log1p neg rad2deg remove0 rint sgn sin sinh sp_ones_like sp_sum
    sp_zeros_like sqr sqrt structured_exp structured_log structured_sigmoid tan tanh
    transpose trunc wcast zcast
"""
OF_TWO = """
    add eq ge gt le lt mul neq sub
"""
OF_A_NUMBER = """
    structured_add structured_maximum structured_minimum structured_pow
"""

LINALG = {
    **{name: f"{name}(A)" for name in OF_A_MATRIX.split()},
    "block_diag": "block_diag(A, x)",
    "cho_solve": "cho_solve((L, True), B)",
    "lstsq": "lstsq(A, B)[0]",
    "lu_solve": "lu_solve(lu_factor(A), B)",
    "matrix_power": "matrix_power(A, 3)",
    "solve": "solve(A, B)",
    "solve_continuous_lyapunov": "solve_continuous_lyapunov(A, L)",
    "solve_discrete_are": "solve_discrete_are(A, A, A, A)",
    "solve_discrete_lyapunov": "solve_discrete_lyapunov(A / 9, L)",
    "solve_lower_triangular": "solve_lower_triangular(L, B)",
    "solve_sylvester": "solve_sylvester(A, A, L)",
    "solve_symmetric": "solve_symmetric(A, B)",
    "solve_triangular": "solve_triangular(L, B, lower=True)",
    "solve_upper_triangular": "solve_upper_triangular(L.T, B)",
    "tensorinv": "tensorinv(A.reshape((3, 3, 1)), 1)",
    "tensorsolve": "tensorsolve(A, B[:, 0])",
}

RANDOM = {
    **{name: f"{name}(state, (n,))" for name in OF_A_SIZE.split()},
    "integers": "integers(state, (n,), 9)",
    "multinomial": "multinomial(state, (n,))",
    "permutation": "permutation(state, (), n)",
    "shuffle_row_elements": "shuffle_row_elements(state, x)",
}

NNET_OTHERS = """
    CrossentropyCategorical1Hot LogSoftmax Softmax SoftmaxGrad SoftmaxWithBias
    abstract_conv blocksparse bn conv conv3d2d ctc neighbours nnet sigm sigmoid_inplace
"""
NNET = {
    **{name: f"{name}(x)" for name in ACTIVATIONS.split()},
    "batch_normalization": "batch_normalization(x, v, v, v, v)",
    "batch_normalization_test": "batch_normalization_test(x, v, v, v, v)",
    "batch_normalization_train": "batch_normalization_train(x, v, v)[0]",
    "confusion_matrix": "confusion_matrix(i, i)",
    "crossentropy_categorical_1hot": "crossentropy_categorical_1hot(x, i)",
    "crossentropy_categorical_1hot_grad": "crossentropy_categorical_1hot_grad(x[:, 0], x, i)",
    "crossentropy_softmax_1hot": "crossentropy_softmax_1hot(x, i)[0]",
    **{
        name: f"{name}(x, v, i)[0]"
        for name in (
            "crossentropy_softmax_1hot_with_bias",
            "crossentropy_softmax_argmax_1hot_with_bias",
            "crossentropy_softmax_max_and_argmax_1hot_with_bias",
        )
    },
    "crossentropy_softmax_1hot_with_bias_dx": "crossentropy_softmax_1hot_with_bias_dx(v[:3], x, i)",
    "crossentropy_softmax_max_and_argmax_1hot": (
        "crossentropy_softmax_max_and_argmax_1hot(x, i)[0]"
    ),
    "h_softmax": "h_softmax(A, 3, 9, 3, 3, A, v[:3], t[:, :, :3][[0, 1, 1]], A)",
    "logsoftmax_op": "logsoftmax_op(x)",
    "prepend_scalar_to_each_row": "prepend_scalar_to_each_row(s, x)",
    "sigmoid_binary_crossentropy": "sigmoid_binary_crossentropy(x, y)",
    "softmax_grad": "softmax_grad(x, y)",
    "softmax_op": "softmax_op(x)",
    "softmax_with_bias": "softmax_with_bias(x, v)",
    "sparse_block_dot": "sparse_block_dot(t.dimshuffle('x', 0, 1, 2), A, i * 0, t[:, 0], i * 0)",
    "gru_step": "gru_step(v, w, wide(2), wide(2), wide(1), wide(1))",
    "lstm_step": "lstm_step(v, w, w, wide(4), wide(4))",
    "simple_rnn_step": "simple_rnn_step(v, w, wide(1), wide(1))",
}

IMAGES = "x.reshape((1, 1, 3, 4))"
VOLUMES = "t.reshape((1, 1, 2, 3, 4))"
CONVOLUTIONS = {
    "causal_conv1d": "causal_conv1d(t, u[:, :3, :2], (None, 3, 2))",
    "conv1d": "conv1d(t, u[:, :3, :2])",
    "conv1d_transpose": "conv1d_transpose(t, t[:1].dimshuffle(1, 0, 2), (None, 1, 7))",
    "conv2d": f"conv2d({IMAGES}, {IMAGES}, border_mode='full')",
    "conv2d_grad_wrt_inputs": f"conv2d_grad_wrt_inputs({IMAGES}, {IMAGES}, (1, 1, 5, 7))",
    "conv2d_grad_wrt_weights": (
        f"conv2d_grad_wrt_weights({IMAGES}, {IMAGES}[..., :3], (1, 1, 1, 2))"
    ),
    "conv2d_transpose": f"conv2d_transpose({IMAGES}, {IMAGES}, (1, 1, 5, 7))",
    "conv3d": f"conv3d({VOLUMES}, {VOLUMES}, border_mode='full')",
    "conv3d_grad_wrt_inputs": f"conv3d_grad_wrt_inputs({VOLUMES}, {VOLUMES}, (1, 1, 3, 5, 7))",
    "conv3d_grad_wrt_weights": (
        f"conv3d_grad_wrt_weights({VOLUMES}, {VOLUMES}[..., :3], (1, 1, 1, 1, 2))"
    ),
    "conv3d_transpose": f"conv3d_transpose({VOLUMES}, {VOLUMES}, (1, 1, 3, 5, 7))",
    "separable_conv2d": f"separable_conv2d({IMAGES}, {IMAGES}, x[:1, :1].reshape((1, 1, 1, 1)), 1)",
    "separable_conv3d": (
        f"separable_conv3d({VOLUMES}, {VOLUMES}, x[:1, :1].reshape((1, 1, 1, 1, 1)), 1)"
    ),
}
UPSAMPLING = {
    "bilinear_kernel_1D": "bilinear_kernel_1D(n)",
    "bilinear_kernel_2D": "bilinear_kernel_2D(n)",
    "bilinear_upsampling": f"bilinear_upsampling({IMAGES}, 2)",
    "frac_bilinear_upsampling": f"frac_bilinear_upsampling({IMAGES}, (3, 2))",
}
# Classes that take settings, and what computes with shapes.
CONVOLUTION_OTHERS = """
    AbstractConv2d AbstractConv2d_gradInputs AbstractConv2d_gradWeights AbstractConv3d
    AbstractConv3d_gradInputs AbstractConv3d_gradWeights assert_conv_shape border_mode_to_pad
    check_conv_gradinputs_shape get_conv_gradinputs_shape get_conv_gradweights_shape
    get_conv_output_shape
"""

SPARSE = {
    **{name: f"dense({name}(csr))" for name in OF_A_SPARSE_MATRIX.split()},
    **{name: f"dense({name}(csr, csr))" for name in OF_TWO.split()},
    **{name: f"dense({name}(csr, s))" for name in OF_A_NUMBER.split()},
    "CSC": "dense(CSC(*csm_properties(csc_from_dense(x))))",
    "CSR": "dense(CSR(*csm_properties(csr)))",
    "as_format": "dense(as_format(csr, 'csc'))",
    "as_sparse_or_tensor_variable": "dense(as_sparse_or_tensor_variable(csr))",
    "as_sparse_variable": "dense(as_sparse_variable(csr))",
    "cast": "dense(cast(csr, 'float32'))",
    "col_scale": "dense(col_scale(csr, v))",
    "constant": "dense(constant(value))",
    **{
        name: f"dense({name}(n, s, (2, 3)))"
        for name in ("csc_dbinomial", "csc_fbinomial", "csr_dbinomial", "csr_fbinomial")
    },
    "multinomial": "dense(multinomial(n, csr_from_dense(A * A / 99)))",
    "poisson": "dense(poisson(csr))",
    "construct_sparse_from_list": "dense(construct_sparse_from_list(x, y, i))",
    "csc_from_dense": "dense(csc_from_dense(x))",
    "csm_properties": "csm_properties(csr)",
    "csr_from_dense": "dense(csr_from_dense(x))",
    "diag": "dense(diag(csr_from_dense(A)))",
    "dot": "dot(csr, v)",
    "hstack": "dense(hstack([csr, csr]))",
    "row_scale": "dense(row_scale(csr, A[0]))",
    "sampling_dot": "dense(sampling_dot(x, y, csr_from_dense(A)))",
    "sparse_grad": "sparse_grad(x[i])",
    "square_diagonal": "dense(square_diagonal(v))",
    "structured_add_s_v": "dense(structured_add_s_v(csr, v))",
    "structured_dot": "dense(structured_dot(csr, x.T))",
    "true_div": "dense(true_div(csr, s))",
    "true_dot": "dense(true_dot(csr, x.T))",
    "vstack": "dense(vstack([csr, csr]))",
}
# Types, classes, and what makes variables or tests.
SPARSE_OTHERS = """
    Binomial CSM DenseFromSparse Dot Multinomial Poisson SparseConstant SparseFromDense
    SparseSharedVariable SparseType SparseVariable StructuredDot TrueDot
    bsr_dmatrix bsr_fmatrix bsr_matrix csc_dmatrix csc_fmatrix
    csc_matrix csr_dmatrix csr_fmatrix csr_matrix matrix verify_grad_sparse
"""

LOOPS = {
    "scan": "scan(lambda a, b: a * b, sequences=v, outputs_info=s)[0]",
    "map": "map(lambda a: a * a, v)[0]",
    "reduce": "reduce(lambda a, b: a * b, v, s)[0]",
    "foldl": "foldl(lambda a, b: a * b, v, s)[0]",
    "foldr": "foldr(lambda a, b: a * b, v, s)[0]",
    "scan_checkpoints": "scan_checkpoints(lambda a, b: a * b, [v], [s], [], save_every_N=2)[0]",
    "ifelse": "ifelse(gt(s, 0), x, y)",
}
