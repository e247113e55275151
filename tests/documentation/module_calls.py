"""Calls of functions that modules beside the language have; see `function_calls`."""

LINALG = {
    **{
        name: f"{name}(A)"
        for name in """
            cholesky cond det eig eigh eigvals eigvalsh expm inv logdet logm lu lu_factor
            matrix_rank norm pinv qr slogdet sqrtm svd svdvals
        """.split()
    },
    "block_diag": "block_diag(A, x)",
    "cho_solve": "cho_solve((L, True), B)",
    "lstsq": "lstsq(A, B)",
    "lu_solve": "lu_solve(lu_factor(A), B)",
    "matrix_power": "matrix_power(A, 3)",
    "solve": "solve(A, B)",
    "solve_continuous_lyapunov": "solve_continuous_lyapunov(A, L)",
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
    **{
        name: f"{name}(state, (n,))"
        for name in """
            beta binomial choice exponential gamma integers normal permutation poisson
            random_integers truncated_normal uniform
        """.split()
    },
    "integers": "integers(state, (n,), 9)",
    "multinomial": "multinomial(state, (n,))",
    "permutation": "permutation(state, (), n)",
    "shuffle_row_elements": "shuffle_row_elements(state, x)",
}

NNET = {
    **{
        name: f"{name}(x)"
        for name in "elu hard_sigmoid leaky_relu logsoftmax relu selu softsign".split()
    },
    "sigmoid_binary_crossentropy": "sigmoid_binary_crossentropy(x, y)",
    "gru_step": "gru_step(v, w, concatenate([B.T[:, [0, 1, 2, 0]]] * 6).T[:, :12], "
    "concatenate([B.T[:, [0, 1, 2, 0]]] * 6).T[:, :12], concatenate([v, w, v]))",
    "lstm_step": "",
    "simple_rnn_step": "",
}

LOOPS = {
    "scan": "scan(lambda a, b: a * b, sequences=v, outputs_info=s)[0]",
    "map": "map(lambda a: a * a, v)[0]",
    "reduce": "reduce(lambda a, b: a * b, v, s)[0]",
    "foldl": "foldl(lambda a, b: a * b, v, s)[0]",
    "foldr": "foldr(lambda a, b: a * b, v, s)[0]",
    "scan_checkpoints": "scan_checkpoints(lambda a, b: a * b, [v], [s], [], save_every_N=2)[0]",
    "ifelse": "ifelse(gt(s, 0), x, y)",
}
