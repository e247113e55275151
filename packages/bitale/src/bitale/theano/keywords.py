"""Functions whose operands Theano calls by other names: those names are taken as well."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from typing import Any

_CSM = {"csm": "x"}
_STATE = {"random_state": "state"}
_STATES = dict.fromkeys(
    ("choice", "multinomial", "normal", "permutation", "poisson", "random_integers", "uniform"),
    _STATE,
)
_SOLVE = {"A": "a"}

# By module of Theano and function, for each name that an operand has there its name here: "" for
# what says nothing here and is left out, "*" for what is given by position. The key "()" has
# Theano's names in the order of positions, where that is another. A module within has the rows of
# the one that it lies in.
KEYWORDS: dict[str, dict[str, Mapping[str, str]]] = {
    "theano": {
        "clone": {"copy_inputs": "share_inputs"},
        "dot": {"l": "x", "r": "y"},
        "sparse_grad": {"var": "x"},
    },
    "theano.compile": {"get_mode": {"orig_string": "mode"}},
    "theano.compile.ops": {"shape_i": {"var": "x", "i": "axis"}},
    "theano.compile.sharedvalue": {"shared_constructor": {"ctor": "constructor"}},
    "theano.gof.graph": {
        "clone": {"copy_orphans": ""},
        "general_toposort": {
            "debug_print": "",
            "compute_deps_cache": "",
            "deps_cache": "",
            "()": "outputs deps debug_print compute_deps_cache deps_cache clients",
        },
        "is_same_graph": {"debug": ""},
    },
    "theano.gradient": {"grad_clip": {"lower_bound": "lower", "upper_bound": "upper"}},
    "theano.sparse": {
        "as_sparse_or_tensor_variable": {"name": ""},
        "cast": {"variable": "x"},
        "construct_sparse_from_list": {"ilist": "rows"},
        "csm_data": _CSM,
        "csm_indices": _CSM,
        "csm_indptr": _CSM,
        "csm_properties": _CSM,
        "csm_shape": _CSM,
        "square_diagonal": {"diag": "diagonal"},
    },
    "theano.tensor": {
        "alloc": {"val": "value"},
        "batched_dot": {"a": "x", "b": "y"},
        "choose": {"out": "", "()": "a choices out mode"},
        "concatenate": {"tensor_list": "tensors"},
        "diag": {"x": "v"},
        "diagonal": {"a": "x"},
        "dot": {"a": "x", "b": "y", "l": "x", "r": "y"},
        "get_scalar_constant_value": {"orig_v": "v", "max_recur": ""},
        "inc_subtensor": {"x": "selection"},
        "iround": {"a": "x"},
        "is_flat": {"var": "x"},
        "isinf": {"a": "*"},
        "isnan": {"a": "*"},
        "max_and_argmax": {"a": "x"},
        "mean": {"input": "x"},
        "ones_like": {"model": "x"},
        "power": {"x": "*", "y": "*"},
        "prod": {"input": "x"},
        "ptp": {"a": "x"},
        "round": {"a": "x"},
        "scalar_from_tensor": {"t": "x"},
        "set_subtensor": {"x": "selection"},
        "shape_padaxis": {"t": "x"},
        "shape_padleft": {"t": "x"},
        "shape_padright": {"t": "x"},
        "stack": {"tensors": "*"},
        "stacklists": {"arg": "nested"},
        "std": {"input": "x"},
        "sum": {"input": "x"},
        "swapaxes": {"y": "x"},
        "tensor_from_scalar": {"s": "x"},
        "tensordot": {"a": "x", "b": "y"},
        "transfer": {"var": "x"},
        "var": {"input": "x"},
        "zeros_like": {"model": "x"},
    },
    "theano.tensor.nlinalg": {
        "alloc_diag": {"_x": "v"},
        "det": {"x": "a"},
        "diag": {"x": "v"},
        "eig": {"x": "a"},
        "matrix_inverse": {"x": "a"},
        "pinv": {"x": "a"},
        "trace": {"X": "x"},
    },
    "theano.tensor.nnet": {
        "crossentropy_categorical_1hot": {"coding_dist": "*", "true_one_of_n": "*"},
        "crossentropy_softmax_1hot_with_bias_dx": {"dy": "*", "sm": "*", "y_idx": "*"},
        "prepend_0_to_each_row": {"mat": "matrix"},
        "prepend_1_to_each_row": {"mat": "matrix"},
        "prepend_scalar_to_each_row": {"val": "value", "mat": "matrix"},
        "softmax_grad": {"dy": "*", "sm": "*"},
    },
    "theano.tensor.nnet.abstract_conv": {
        "conv2d": {
            "()": "input filters input_shape filter_shape border_mode subsample filter_flip "
            "filter_dilation num_groups unshared"
        },
    },
    "theano.tensor.nnet.conv": {
        "conv2d": {"()": "input filters image_shape filter_shape border_mode subsample"},
    },
    "theano.tensor.opt": {
        "assert_": {"value": "x"},
        "assert_op": {"value": "x"},
    },
    "theano.tensor.raw_random": {**_STATES, "binomial": {**_STATE, "prob": "p"}},
    "theano.tensor.sharedvar": {"shared_constructor": {"ctor": "constructor"}},
    "theano.tensor.slinalg": {
        "cholesky": {"x": "a"},
        "expm": _SOLVE,
        "kron": {"a": "x", "b": "y"},
        "solve": _SOLVE,
        "solve_lower_triangular": _SOLVE,
        "solve_symmetric": _SOLVE,
        "solve_upper_triangular": _SOLVE,
    },
}


def renamed(module: str, name: str, value: Any) -> Any:
    """What a module of Theano has by a name, taking the operands as it does there."""
    for place in (module, module.rpartition(".")[0]):
        names = KEYWORDS.get(place, {}).get(name)
        if names is not None and callable(value):
            return renaming(value, tuple(names.items()))
    return value


@functools.cache
def renaming(function: Callable[..., Any], names: tuple[tuple[str, str], ...]) -> Any:
    """``function``, which takes keywords by other names too."""
    order = dict(names).get("()", "").split()

    @functools.wraps(function)
    def called(*args: Any, **keywords: Any) -> Any:
        if order:
            args, keywords = (), _by_name(function.__name__, order, args, keywords)
        given = []
        for old, new in names:
            if old in keywords:
                value = keywords.pop(old)
                if new == "*":
                    given.append(value)
                elif new:
                    keywords[new] = value
        return function(*given, *args, **keywords)

    return called


def _by_name(
    function: str, order: list[str], args: tuple[Any, ...], keywords: dict[str, Any]
) -> dict[str, Any]:
    """What a call gives, by the names that positions have."""
    by_place = dict(zip(order, args, strict=False))
    twice = [name for name in by_place if name in keywords]
    if len(args) > len(order) or twice:
        got = f"{twice[0]} twice" if twice else f"{len(args)} operands"
        raise TypeError(f"{function} takes {', '.join(order)}, and got {got}")
    return {**by_place, **keywords}
