"""Shapes that do not go together."""

import bitale
import bitale.tensor as T
import numpy as np

from .programs import run, wrong


@wrong
def operands_of_different_lengths(mode):
    x, y = T.dvector("x"), T.dvector("y")
    z = T.exp(x) + y  # here
    run(mode, [x, y], z, np.ones(3), np.ones(4))


@wrong
def lengths_that_are_known_to_differ(mode):
    W = T.constant(np.ones((3, 4)), "W")
    b = T.constant(np.ones(5), "b")
    W + b  # here


@wrong
def inner_sizes_of_a_product(mode):
    x, W = T.dmatrix("x"), bitale.shared(np.ones((4, 2)), "W")
    y = T.dot(x, W)  # here
    run(mode, [x], y, np.ones((5, 3)))


@wrong
def a_product_with_a_vector(mode):
    W, v = T.dmatrix("W"), T.dvector("v")
    y = T.dot(W, v)  # here
    run(mode, [W, v], y, np.ones((5, 3)), np.ones(5))


@wrong
def a_product_in_a_gradient(mode):
    x, W = T.dmatrix("x"), T.dmatrix("W")
    cost = T.dot(x, W).sum()  # here
    run(mode, [x, W], T.grad(cost, W), np.ones((5, 3)), np.ones((4, 2)))


@wrong
def a_reshape_of_another_size(mode):
    x = T.dvector("x")
    y = x.reshape((2, 3))  # here
    run(mode, [x], y, np.ones(5))


@wrong
def rows_of_different_lengths_joined(mode):
    x, y = T.dmatrix("x"), T.dmatrix("y")
    z = T.concatenate([x, y], axis=0)  # here
    run(mode, [x, y], z, np.ones((2, 3)), np.ones((2, 4)))


@wrong
def ranks_that_cannot_be_joined(mode):
    T.concatenate([T.dmatrix("x"), T.dvector("y")])  # here


@wrong
def parts_that_do_not_add_up(mode):
    x = T.dvector("x")
    first, second = T.split(x, [2, 2], 2)  # here
    run(mode, [x], [first, second], np.ones(5))


@wrong
def channels_of_a_convolution(mode):
    images, filters = T.dtensor4("images"), T.dtensor4("filters")
    y = T.nnet.conv2d(images, filters)  # here
    run(mode, [images, filters], y, np.ones((1, 3, 8, 8)), np.ones((2, 1, 3, 3)))


@wrong
def filters_larger_than_images(mode):
    images, filters = T.dtensor4("images"), T.dtensor4("filters")
    y = T.nnet.conv2d(images, filters)  # here
    run(mode, [images, filters], y, np.ones((1, 1, 4, 4)), np.ones((1, 1, 7, 7)))


@wrong
def a_part_set_to_another_length(mode):
    x, y = T.dvector("x"), T.dvector("y")
    z = T.set_subtensor(x[:3], y)  # here
    run(mode, [x, y], z, np.ones(5), np.ones(2))


@wrong
def an_axis_that_is_not_there(mode):
    T.dmatrix("x").sum(axis=2)  # here


@wrong
def the_largest_of_nothing(mode):
    x = T.dmatrix("x")
    y = x.max(axis=0)  # here
    run(mode, [x], y, np.ones((0, 3)))


@wrong
def a_negative_length(mode):
    n = T.lscalar("n")
    y = T.zeros((n,))  # here
    run(mode, [n], y, -1)


@wrong
def too_many_indices(mode):
    T.dvector("x")[0, 1]  # here


@wrong
def labels_of_another_number(mode):
    scores, labels = T.dmatrix("scores"), T.lvector("labels")
    cost = T.nnet.categorical_crossentropy(T.nnet.softmax(scores), labels).mean()  # here
    run(mode, [scores, labels], cost, np.ones((4, 3)), np.array([0, 1]))
