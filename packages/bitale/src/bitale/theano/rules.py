"""Theano's rules where they differ from bitale's, and the setting that carries each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Rule:
    """A rule of Theano's, ours beside it, and what makes it hold.

    That is the value of a flag of `bitale.config`, or without a flag a module of this room, whose
    function stands for the one of its name.
    """

    subject: str
    theano: str
    bitale: str
    flag: str
    value: Any


RULES: tuple[Rule, ...] = (
    Rule(
        "Names of rewrites that nothing has",
        "are passed over, in Mode().excluding(...) and its like",
        "are refused, with the nearest that is known",
        "unknown_rewrites",
        "ignore",
    ),
    Rule(
        "Python numbers",
        "take the smallest dtype that holds them: float32 * 1 is float32, int8 + 1000 is int16",
        "take the dtype of the tensors beside them, as in NumPy 2",
        "cast_policy",
        "custom",
    ),
    Rule(
        "NumPy's arrays of variables",
        "np.prod([m, n]) of lengths is their product: variables are objects to NumPy",
        "refused, with what to write instead",
        "array_of_symbols",
        "object",
    ),
    Rule(
        "Values written into a selection",
        "take the dtype of the tensor that they are written into, whatever is lost",
        "are refused where precision would be lost: cast them first",
        "lossy_writes",
        "cast",
    ),
    Rule(
        "Lists of Python floats",
        "are float64, as NumPy's arrays of them",
        "are of floatX",
        "cast_policy",
        "custom",
    ),
    Rule(
        "Functions of real numbers, of integers of 32 and 64 bits",
        "give float64: exp(int64) also where floatX is float32 (a quotient gives floatX)",
        "give floatX",
        "float_of_integers",
        "float64",
    ),
    Rule(
        "The gradient of a largest or smallest element that there are several of",
        "goes whole to the first operand of maximum and minimum, to each element of max and min",
        "is shared equally",
        "gradient_at_ties",
        "whole",
    ),
    Rule(
        "Lengths of axes",
        "are known only where they are 1: others that differ raise when a function is called",
        "are known where they can be told, and raise when an expression is built",
        "known_lengths",
        "ones",
    ),
    Rule(
        "Python floats as values of integers",
        "are taken where they are whole: f(2.0) of an lscalar, as len(x) / 2 may give",
        "are refused",
        "whole_floats",
        "take",
    ),
    Rule(
        "Softmax and logsoftmax of a vector",
        "give a row: a matrix of broadcastable (True, False)",
        "give a vector",
        "",
        "bitale.theano.nnet",
    ),
    Rule(
        "relu",
        "is a formula of absolute values: of an array an array, of integers floats",
        "is the larger of x and 0, in the dtype of x",
        "",
        "bitale.theano.nnet",
    ),
    Rule(
        "ignore_border of pool_2d and pool_3d",
        "may be left out, and is False then, with a warning",
        "has to be said",
        "",
        "bitale.theano.nnet",
    ),
    Rule(
        "Ops that write into their inputs (destroy_map)",
        "run",
        "raise, since inputs cannot be written to; here they are given copies",
        "",
        "bitale.theano.ops",
    ),
)
