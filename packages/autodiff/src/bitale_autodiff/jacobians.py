"""Whole Jacobians and Hessians, row by row."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from bitale_graph import language as T
from bitale_graph import scan
from bitale_graph.extend import DtypeError, TensorType, Variable, ancestors, describe, graph_replace
from bitale_graph.extend import dtype as dtypes

from .arguments import in_form_of, read_constants, read_cost, read_variables
from .grad import grad
from .products import Rop, Words, pull, push
from .walker import cotangent_dtype


def jacobian(
    expression: Variable,
    wrt: Any,
    consider_constant: Iterable[Variable] | None = None,
    disconnected_inputs: str = "raise",
    vectorize: bool = False,
) -> Any:
    """All derivatives of the elements of a tensor.

    Parameters
    ----------
    expression : Variable
        What is differentiated; of any rank.
    wrt : Variable, or an ordered collection of them
        What it is differentiated by.
    consider_constant : iterable of Variable, optional
        Variables that derivatives do not flow through.
    disconnected_inputs : "raise", "warn" or "ignore"
        What happens if ``expression`` does not depend on a variable of ``wrt``; ignored, its
        derivatives are zero.
    vectorize : bool
        Accepted for others' sake: rows are computed at once wherever rewriting knows how.

    Returns
    -------
    Variable, list or tuple
        In the form of ``wrt``, each of the shape ``(*expression.shape, *variable.shape)``.

    Raises
    ------
    TypeError
        If ``expression`` is no real tensor.
    DisconnectedInputError
        If it does not depend on a variable of ``wrt``.

    Notes
    -----
    The rows are those of a loop over `Lop`. What they share, such as the value of ``expression``,
    is computed once; of what is left, the rewriter makes operations on all rows at once, such as
    one product of matrices, where it can.

    Examples
    --------
    >>> from bitale_graph import language as T
    >>> x = T.dvector("x")
    >>> jacobian(x**2, x).eval({x: [4.0, 4.0]})
    array([[8., 0.],
           [0., 8.]])
    """
    _check_expression(expression)
    variables = read_variables("jacobian", "wrt", wrt)
    if expression.type.ndim == 0:
        return grad(expression, wrt, consider_constant, disconnected_inputs)
    flat = expression if expression.type.ndim == 1 else T.flatten(expression)
    seed = _leaf(flat)
    words = Words("jacobian", str(expression))
    terms = pull(words, flat, variables, seed, consider_constant, disconnected_inputs)
    pairs = zip(_stacks(flat, seed, terms), variables, strict=True)
    return in_form_of(wrt, [_shaped(stack, expression, v) for stack, v in pairs])


def hessian(
    cost: Variable,
    wrt: Any,
    consider_constant: Iterable[Variable] | None = None,
    disconnected_inputs: str = "raise",
) -> Any:
    """All second derivatives of a scalar, by one variable at a time.

    Parameters
    ----------
    cost : 0-d Variable
        What is differentiated twice.
    wrt : Variable, or an ordered collection of them
        What it is differentiated by; of any rank.
    consider_constant : iterable of Variable, optional
        Variables that derivatives do not flow through.
    disconnected_inputs : "raise", "warn" or "ignore"
        What happens if the cost does not depend on a variable of ``wrt``; ignored, its derivatives
        are zero.

    Returns
    -------
    Variable, list or tuple
        In the form of ``wrt``, for each variable a tensor of the shape
        ``(*variable.shape, *variable.shape)``: the Jacobian of its gradient.

    See Also
    --------
    hessian_vector_product : Without making the matrix.

    Examples
    --------
    >>> from bitale_graph import language as T
    >>> x = T.dvector("x")
    >>> hessian(T.sum(x**2), x).eval({x: [4.0, 4.0]})
    array([[2., 0.],
           [0., 2.]])
    """
    read_cost("hessian", cost)
    variables = read_variables("hessian", "wrt", wrt)
    constants = read_constants("hessian", consider_constant)
    slopes = grad(cost, variables, constants, disconnected_inputs)
    pairs = zip(slopes, variables, strict=True)
    return in_form_of(wrt, [_jacobian_forwards(slope, v, constants) for slope, v in pairs])


def hessian_vector_product(cost: Variable, wrt: Any, p: Any, **options: Any) -> Any:
    """The Hessian of a scalar times a vector, without making the Hessian.

    Parameters
    ----------
    cost : 0-d Variable
        What is differentiated twice.
    wrt : Variable, or an ordered collection of them
        What it is differentiated by; the Hessian is that by all of them together.
    p : tensor, or as many as there are in ``wrt``
        What the Hessian is multiplied with, of the shapes of ``wrt``.
    **options
        What `grad` takes.

    Returns
    -------
    Variable, list or tuple
        In the form of ``wrt``, each of the shape of its variable.

    Notes
    -----
    It is the forward product `Rop` of the gradient, about twice as dear as that.

    Examples
    --------
    >>> from bitale_graph import language as T
    >>> x, v = T.dvectors("x", "v")
    >>> hessian_vector_product(T.sum(x**2), x, v).eval({x: [4.0, 4.0], v: [2.0, 2.0]})
    array([4., 4.])
    """
    name = "hessian_vector_product"
    read_cost(name, cost)
    variables = read_variables(name, "wrt", wrt)
    slopes = grad(cost, variables, **options)
    products = push(
        Words(name, points="p"),
        slopes,
        variables,
        p,
        disconnected_outputs="ignore",
        consider_constant=options.get("consider_constant"),
    )
    return in_form_of(wrt, products)


def _jacobian_forwards(expression: Any, v: Any, constants: set[Variable]) -> Any:
    """Column by column, which for the derivative of a derivative is the cheaper way."""
    options: Any = {"disconnected_outputs": "ignore", "consider_constant": constants}
    if v.type.ndim == 0:
        return Rop(expression, v, T.constant(1, dtype=cotangent_dtype(v)), **options)
    flat = v if v.type.ndim == 1 else T.flatten(v)
    unit = _leaf(flat)
    along = unit if flat is v else T.reshape(unit, _lengths(v))
    (columns,) = _stacks(flat, unit, [Rop(expression, v, along, **options)])
    last = range(1, columns.ndim)
    return _shaped(T.dimshuffle(columns, *last, 0), expression, v)


def _check_expression(expression: Any) -> None:
    if not isinstance(expression, Variable):
        raise TypeError(f"jacobian: the expression must be a variable, not {expression!r}")
    if not isinstance(expression.type, TensorType):
        raise TypeError(f"jacobian: the expression must be a tensor, and is {describe(expression)}")
    if dtypes.is_complex(expression.type.dtype):
        raise DtypeError(f"jacobian: the expression must be real, and is {describe(expression)}")


def _leaf(v: Any) -> Any:
    return TensorType(cotangent_dtype(v), v.type.shape)()


def _stacks(flat: Any, seed: Any, terms: Sequence[Any]) -> list[Any]:
    """Stack what ``terms`` are for each unit vector in the place of ``seed``.

    One that does not read it is zero.
    """
    n = T.shape_i(flat, 0)
    moving = [term for term in terms if seed in ancestors([term])]
    found: dict[Any, Any] = {}
    if moving:
        known = flat.type.shape[0]
        stacks, _ = scan(
            lambda unit: graph_replace(moving, {seed: unit}),
            sequences=[T.eye(n if known is None else known, dtype=seed.dtype)],
            return_list=True,
            name="unit_vectors",
        )
        found = dict(zip(moving, stacks, strict=True))
    return [found[t] if t in found else T.alloc(t, n, *_lengths(t)) for t in terms]


def _lengths(v: Any) -> list[Any]:
    return [T.shape_i(v, a) for a in range(v.type.ndim)]


def _shaped(derivative: Any, expression: Any, v: Any) -> Any:
    """A matrix, or a stack of the shapes of ``v``, with the axes of ``expression`` before those."""
    if derivative.type.ndim != expression.type.ndim + v.type.ndim:
        derivative = T.reshape(derivative, [*_lengths(expression), *_lengths(v)])
    return T.specify_shape(derivative, (*expression.type.shape, *v.type.shape))
