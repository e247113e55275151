"""Functions and their calls, loops, and matrices."""

import bitale
import bitale.tensor as T
import numpy as np
import scipy.sparse
from bitale import sparse

from .programs import run, wrong


@wrong
def an_input_that_is_left_out(mode):
    x, y = T.dvector("x"), T.dvector("y")  # here
    bitale.function([x], x + y, mode=mode)


@wrong
def an_input_given_twice(mode):
    x = T.dvector("x")  # here
    bitale.function([x, x], x + 1, mode=mode)


@wrong
def an_input_that_is_not_used(mode):
    x, y = T.dvector("x"), T.dvector("y")  # here
    bitale.function([x, y], x + 1, mode=mode)


@wrong
def too_few_arguments(mode):
    x, y = T.dvector("x"), T.dvector("y")
    f = bitale.function([x, y], x + y, mode=mode)
    f(np.ones(2))  # here


@wrong
def a_name_that_is_no_argument(mode):
    x = T.dvector("x")
    f = bitale.function([x], x + 1, mode=mode)
    f(x=np.ones(2), y=3)  # here


@wrong
def an_update_of_what_is_not_shared(mode):
    x = T.dvector("x")  # here
    bitale.function([x], x, updates=[(x, x + 1)], mode=mode)


@wrong
def a_state_that_changes_its_shape(mode):
    x = T.dvector("x")
    states, _ = bitale.scan(lambda s: T.concatenate([s, s]), outputs_info=x, n_steps=3)  # here
    run(mode, [x], states, np.ones(2))


@wrong
def a_state_that_changes_its_dtype(mode):
    bitale.scan(lambda s: s * 1.5, outputs_info=T.constant(1), n_steps=3)  # here


@wrong
def a_loop_that_never_says_how_long(mode):
    x = T.dscalar("x")
    bitale.scan(lambda s: s * 2, outputs_info=x)  # here


@wrong
def a_singular_matrix(mode):
    A = T.dmatrix("A")
    inverse = T.nlinalg.matrix_inverse(A)  # here
    run(mode, [A], inverse, np.ones((2, 2)))


@wrong
def a_matrix_that_is_not_positive_definite(mode):
    A = T.dmatrix("A")
    factor = T.slinalg.cholesky(A)  # here
    run(mode, [A], factor, -np.eye(2))


@wrong
def a_sparse_matrix_of_other_lengths(mode):
    S, W = sparse.csr_matrix("S"), T.dmatrix("W")
    y = sparse.dot(S, W)  # here
    run(mode, [S, W], y, scipy.sparse.csr_matrix(np.eye(3)), np.ones((4, 2)))


@wrong
def an_assertion(mode):
    x = T.dscalar("x")
    y = T.opt.assert_op(x, x > 0) * 2  # here
    run(mode, [x], y, -1.0)
