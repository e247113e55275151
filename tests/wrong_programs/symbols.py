"""Symbols that are taken for numbers, and derivatives that are not there."""

import bitale.tensor as T
import numpy as np

from .programs import wrong


@wrong
def a_condition_on_a_symbol(mode):
    x = T.dscalar("x")
    if x > 0:  # here
        x = -x


@wrong
def a_chain_of_comparisons(mode):
    x = T.dscalar("x")
    T.switch(0 < x < 1, x, 0)  # here


@wrong
def a_number_of_a_symbol(mode):
    x = T.dscalar("x")
    float(x)  # here


@wrong
def a_range_of_a_symbol(mode):
    n = T.lscalar("n")
    for _ in range(n):  # here
        pass


@wrong
def a_loop_over_a_symbol(mode):
    x = T.dvector("x")
    for _ in x:  # here
        pass


@wrong
def the_length_of_a_symbol(mode):
    x = T.dvector("x")
    len(x)  # here


@wrong
def a_symbol_in_an_array(mode):
    x = T.dscalar("x")
    np.array([x, 1.0])  # here


@wrong
def an_element_assigned(mode):
    x = T.dvector("x")
    x[0] = 1.0  # here


@wrong
def the_gradient_of_a_vector(mode):
    x = T.dvector("x")
    y = x**2  # here
    T.grad(y, x)


@wrong
def the_gradient_by_what_is_not_used(mode):
    x, w = T.dvector("x"), T.dvector("w")  # here
    T.grad((x**2).sum(), w)


@wrong
def the_gradient_through_rounded_indices(mode):
    x = T.dvector("x")  # here
    n = T.cast(x.sum(), "int64")
    T.grad(T.arange(n).sum(), x)
