"""Indices, dtypes and numbers that cannot be."""

import bitale
import bitale.tensor as T
import numpy as np

from .programs import run, wrong


@wrong
def an_index_out_of_range(mode):
    x, i = T.dvector("x"), T.lscalar("i")
    y = x[i]  # here
    run(mode, [x, i], y, np.ones(3), 3)


@wrong
def a_row_that_is_not_there(mode):
    x, rows = T.dmatrix("x"), T.lvector("rows")
    y = x[rows]  # here
    run(mode, [x, rows], y, np.ones((3, 2)), np.array([0, 7]))


@wrong
def a_label_out_of_range(mode):
    scores, labels = T.dmatrix("scores"), T.lvector("labels")
    cost = T.nnet.categorical_crossentropy(T.nnet.softmax(scores), labels).mean()  # here
    run(mode, [scores, labels], cost, np.ones((2, 3)), np.array([0, 3]))


@wrong
def an_index_that_is_a_float(mode):
    x = T.dvector("x")
    x[T.dscalar("i")]  # here


@wrong
def a_mask_of_another_length(mode):
    x, mask = T.dvector("x"), T.bvector("mask")
    y = x[mask > 0]  # here
    run(mode, [x, mask], y, np.ones(3), np.array([1, 0], "int8"))


@wrong
def float64_for_float32(mode):
    x = T.fvector("x")  # here
    run(mode, [x], x * 2, np.array([0.1, 0.2]))


@wrong
def a_matrix_for_a_vector(mode):
    x = T.dvector("x")  # here
    run(mode, [x], x * 2, np.ones((2, 2)))


@wrong
def an_update_of_another_dtype(mode):
    W = bitale.shared(np.float32(1), "W")
    step = W * np.float64(0.1)  # here
    bitale.function([], W, updates=[(W, step)], mode=mode)


@wrong
def bits_of_floats(mode):
    T.dvector("x") & T.dvector("y")  # here


@wrong
def a_text_as_an_operand(mode):
    T.dvector("x") + "1"  # here


@wrong
def an_integer_divided_by_zero(mode):
    n = T.lvector("n")
    y = 10 ** (n - 5)  # here
    run(mode, [n], y, np.array([1]))


@wrong
def a_nan_is_born(mode):
    x = T.dvector("x")
    y = T.log(x) + 1  # here
    guarded = bitale.compile.nanguardmode.NanGuardMode()
    run(guarded, [x], y, np.array([1.0, -1.0]))
