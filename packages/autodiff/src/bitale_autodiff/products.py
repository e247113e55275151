"""Products with Jacobians, which are never made: backwards `Lop`, forwards `Rop`."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import numpy as np
from bitale_graph import language as T
from bitale_graph.extend import TensorType, Variable, complete_test_values, describe

from .arguments import (
    FORMS,
    POLICIES,
    as_derivative,
    for_disconnected,
    in_form_of,
    not_reached,
    read_choice,
    read_constants,
    read_variables,
    tell_disconnected,
)
from .forward import push_forward
from .grad import cotangents_of, dependence_bits, grad, refuse_null
from .markers import filled_like
from .walker import accumulate, cotangent_dtype, has_zeros, zeros_for
from .zero import ZERO, DisconnectedType


class Words(NamedTuple):
    """What a function calls itself and its arguments, for messages."""

    name: str
    of: str = "f"
    by: str = "wrt"
    points: str = "eval_points"


def Lop(  # noqa: N802 (Theano's name)
    f: Any,
    wrt: Any,
    eval_points: Any,
    consider_constant: Iterable[Variable] | None = None,
    disconnected_inputs: str = "raise",
    return_disconnected: str = "zero",
) -> Any:
    """Row vector times Jacobian: the cotangents of ``f`` carried back to ``wrt``.

    Parameters
    ----------
    f : Variable, or an ordered collection of them
        What is differentiated; of any rank.
    wrt : Variable, or an ordered collection of them
        What it is differentiated by.
    eval_points : tensor, or as many as there are in ``f``
        What the Jacobian of each of ``f`` is multiplied with from the left, of its shape. Floats,
        or variables of `DisconnectedType`.
    consider_constant : iterable of Variable, optional
        Variables that derivatives do not flow through.
    disconnected_inputs : "raise", "warn" or "ignore"
        What happens if ``f`` does not depend on a variable of ``wrt``.
    return_disconnected : "zero", "none" or "disconnected"
        What stands for the product with such a variable.

    Returns
    -------
    Variable, list or tuple
        In the form of ``wrt``, each of the shape of its variable: the sum of ``eval_points`` times
        the Jacobians of ``f``.

    Raises
    ------
    ValueError
        If there are not as many ``eval_points`` as there are in ``f``, or shapes differ.
    DisconnectedInputError
        If ``f`` does not depend on a variable of ``wrt``.
    NullTypeGradError
        If a derivative is undefined.

    See Also
    --------
    Rop : The product from the right.

    Examples
    --------
    >>> from bitale_graph import language as T
    >>> x, W, v = T.dvector("x"), T.dmatrix("W"), T.dvector("v")
    >>> left = Lop(T.dot(x, W), W, v)
    >>> left.eval({x: [0.0, 1.0], v: [2.0, 2.0]})
    array([[0., 0.],
           [2., 2.]])
    """
    return pull(
        Words("Lop"),
        f,
        wrt,
        eval_points,
        consider_constant,
        disconnected_inputs,
        return_disconnected,
    )


def pullback(
    outputs: Any,
    inputs: Any,
    output_cotangents: Any,
    consider_constant: Iterable[Variable] | None = None,
    disconnected_inputs: str = "raise",
    return_disconnected: str = "zero",
) -> Any:
    """`Lop`, by the name that others have for it."""
    return pull(
        Words("pullback", "outputs", "inputs", "output_cotangents"),
        outputs,
        inputs,
        output_cotangents,
        consider_constant,
        disconnected_inputs,
        return_disconnected,
    )


def Rop(  # noqa: N802 (Theano's name)
    f: Any,
    wrt: Any,
    eval_points: Any,
    disconnected_outputs: str = "raise",
    return_disconnected: str = "zero",
    consider_constant: Iterable[Variable] | None = None,
) -> Any:
    """Jacobian times vector: the tangents of ``wrt`` carried forward to ``f``.

    It costs about as much as ``f`` itself, and nothing of it is kept for a way back.

    Parameters
    ----------
    f : Variable, or an ordered collection of them
        What is differentiated; of any rank.
    wrt : Variable, or an ordered collection of them
        What it is differentiated by. Where one of them is made from another, each moves by its own
        tangent alone.
    eval_points : tensor, or as many as there are in ``wrt``
        The tangent of each of ``wrt``, of its shape. Floats, or variables of `DisconnectedType`.
    disconnected_outputs : "raise", "warn" or "ignore"
        What happens with one of ``f`` that depends on none of ``wrt``.
    return_disconnected : "zero", "none" or "disconnected"
        What stands for its product.
    consider_constant : iterable of Variable, optional
        Variables that derivatives do not flow through.

    Returns
    -------
    Variable, list or tuple
        In the form of ``f``, each of its shape: the sum of the Jacobians times ``eval_points``.

    Raises
    ------
    ValueError
        If there are not as many ``eval_points`` as there are in ``wrt``, or shapes differ.
    DisconnectedInputError
        If one of ``f`` depends on none of ``wrt``.
    NullTypeGradError
        If a derivative is undefined.
    MissingRuleError
        If an op on the way has no rule, forward or backward.

    Notes
    -----
    Ops have a forward rule (``bitale_autodiff.jvps``) or a method ``R_op(inputs, eval_points)``;
    those that have neither are differentiated backwards twice. A loop is differentiated over all
    its steps, also where ``truncate_gradient`` cuts the way back. `grad_clip` clips what comes
    back, and not what goes forward.

    See Also
    --------
    Lop : The product from the left.

    Examples
    --------
    >>> from bitale_graph import language as T
    >>> x, W, v = T.dvector("x"), T.dmatrix("W"), T.dmatrix("v")
    >>> right = Rop(T.dot(x, W), W, v)
    >>> right.eval({x: [0.0, 1.0], W: [[1.0, 1.0], [1.0, 1.0]], v: [[2.0, 2.0], [2.0, 2.0]]})
    array([2., 2.])
    """
    return push(
        Words("Rop"),
        f,
        wrt,
        eval_points,
        disconnected_outputs,
        return_disconnected,
        consider_constant,
    )


def pushforward(
    outputs: Any,
    inputs: Any,
    input_tangents: Any,
    disconnected_outputs: str = "raise",
    return_disconnected: str = "zero",
    consider_constant: Iterable[Variable] | None = None,
) -> Any:
    """`Rop`, by the name that others have for it."""
    return push(
        Words("pushforward", "outputs", "inputs", "input_tangents"),
        outputs,
        inputs,
        input_tangents,
        disconnected_outputs,
        return_disconnected,
        consider_constant,
    )


def value_and_grad(cost: Variable, wrt: Any, **options: Any) -> tuple[Any, Any]:
    """``cost``, and its derivatives: what `grad` gives for these arguments.

    Examples
    --------
    >>> from bitale_graph import function
    >>> from bitale_graph import language as T
    >>> x = T.dscalar("x")
    >>> value, slope = value_and_grad(x**3, x)
    >>> function([x], [value, slope])(2.0)
    [array(8.), array(12.)]
    """
    return cost, grad(cost, wrt, **options)


def pull(
    words: Words,
    f: Any,
    wrt: Any,
    points: Any,
    consider_constant: Any = None,
    disconnected_inputs: str = "raise",
    return_disconnected: str = "zero",
) -> Any:
    """`Lop` of a function of this package."""
    name = words.name
    outputs = read_variables(name, words.of, f)
    variables = read_variables(name, words.by, wrt)
    constants = read_constants(name, consider_constant)
    policy = read_choice(name, "disconnected_inputs", disconnected_inputs, POLICIES)
    form = read_choice(name, "return_disconnected", return_disconnected, FORMS)
    seeds = _seeds(words, words.of, outputs, points)
    results = []
    found = cotangents_of(variables, seeds, constants, set())
    # What is linear does not read what it is differentiated by, and then need not be given it.
    zeros = [_zero(v) if ct is ZERO else ct for v, ct in zip(variables, found, strict=True)]
    for v, ct in zip(variables, zeros, strict=True):
        if ct is None:
            tell_disconnected(not_reached(name, words.of, v), policy, inside=2)
            ct = for_disconnected(v, form)
        else:
            refuse_null(name, v, ct)
        results.append(ct)
    return in_form_of(wrt, results)


def push(
    words: Words,
    f: Any,
    wrt: Any,
    points: Any,
    disconnected_outputs: str = "raise",
    return_disconnected: str = "zero",
    consider_constant: Any = None,
) -> Any:
    """`Rop` of a function of this package."""
    name = words.name
    outputs = read_variables(name, words.of, f)
    variables = read_variables(name, words.by, wrt)
    constants = read_constants(name, consider_constant)
    policy = read_choice(name, "disconnected_outputs", disconnected_outputs, POLICIES)
    form = read_choice(name, "return_disconnected", return_disconnected, FORMS)
    seeds = _seeds(words, words.by, variables, points)
    found = push_forward(seeds, outputs, constants)
    complete_test_values(found.values())
    tangents = _depending(outputs, list(seeds), [found.get(o) for o in outputs])
    results = []
    for o, t in zip(outputs, tangents, strict=True):
        if t is None:
            tell_disconnected(
                f"{name}: {describe(o)} does not depend on {words.by}, or only through shapes or "
                "indices\n  hint: pass disconnected_outputs='ignore' if that is meant",
                policy,
                inside=2,
            )
            t = for_disconnected(o, form)
        else:
            refuse_null(name, o, t)
        results.append(t)
    return in_form_of(f, results)


def _seeds(
    words: Words, argument: str, variables: list[Variable], points: Any
) -> dict[Variable, Any]:
    """What is given for each variable; nothing where that is None or disconnected."""
    is_value = len(variables) == 1 and not _holds_one(points, variables[0])
    is_single = isinstance(points, Variable) or not isinstance(points, Iterable)
    points = [points] if is_value or is_single else list(points)
    if len(points) != len(variables):
        raise ValueError(
            f"{words.name}: {words.points} holds {len(points)} tensors, and there are "
            f"{len(variables)} in {argument}"
        )
    if points and all(g is None for g in points):
        raise ValueError(
            f"{words.name}: {words.points} is None; give a tensor of the shape of {argument}"
        )
    seeds: dict[Variable, Any] = {}
    for v, g in zip(variables, points, strict=True):
        if not has_zeros(v):
            raise TypeError(f"{words.name}: {argument} must hold tensors, and holds {describe(v)}")
        if g is None:
            continue
        g = as_derivative(words.name, words.points, v, g)
        if not isinstance(g.type, DisconnectedType):
            seeds[v] = accumulate(seeds[v], g) if v in seeds else g
    return seeds


def _holds_one(points: Any, v: Any) -> bool:
    """Whether a list is not the value for one variable, but holds values."""
    if not isinstance(points, (list, tuple)):
        return False
    if any(isinstance(p, Variable) or p is None for p in points):
        return True
    return len(points) == 1 and np.ndim(points[0]) == v.type.ndim


def _depending(
    outputs: Sequence[Variable], variables: Sequence[Variable], tangents: Sequence[Any]
) -> list[Any]:
    """The tangents, each depending on all that its output depends on, if only with derivative zero.

    So a product has derivatives by what it was taken at, as a gradient has.
    """
    tangents = [_zero_of(o) if t is ZERO else t for o, t in zip(outputs, tangents, strict=True)]
    computed = [t for t in tangents if t is not None and isinstance(t.type, TensorType)]
    bits = dependence_bits(variables, [*outputs, *computed])
    return [
        filled_like(o, t) if t in computed and bits.get(o, 0) & ~bits.get(t, 0) else t
        for o, t in zip(outputs, tangents, strict=True)
    ]


def _zero(v: Variable) -> Any:
    is_tensor = isinstance(v.type, TensorType)
    return filled_like(v, _zero_of(v)) if is_tensor else _zero_of(v)


def _zero_of(v: Variable) -> Any:
    """A number for a tensor, and for others zeros of their type."""
    is_tensor = isinstance(v.type, TensorType)
    return T.constant(0, dtype=cotangent_dtype(v)) if is_tensor else zeros_for(v)
