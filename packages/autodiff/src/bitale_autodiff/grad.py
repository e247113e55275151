"""`grad`: the derivatives of a scalar cost, as expressions that can be differentiated again."""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping, Sequence
from typing import Any

from bitale_graph import language as T
from bitale_graph.extend import (
    Constant,
    TensorType,
    Variable,
    ancestors,
    complete_test_values,
    describe,
    graph_replace,
    lazy_forms,
    toposort,
)

from .arguments import (
    FORMS,
    POLICIES,
    for_disconnected,
    in_form_of,
    not_reached,
    read_choice,
    read_constants,
    read_cost,
    read_known,
    read_variables,
    tell_disconnected,
)
from .choices import choice_rules, guard_rules
from .errors import NullTypeGradError
from .markers import filled_like
from .table import connections, jvps, kinds, reduction_vjps, scalar_vjps, vjps
from .walker import connection_pattern, cotangent_dtype, pull_back, zeros_for
from .zero import ZERO, DisconnectedType, NullType

for table in (
    *(vjps, jvps, scalar_vjps, reduction_vjps),
    *(connections, kinds, choice_rules, guard_rules),
):
    table.when_asked("bitale_graph", "bitale_autodiff.rules")
    for room in ("sparse", "linalg", "fft", "convolution", "pooling", "distributed"):
        table.when_asked(f"bitale_graph.{room}", f"bitale_autodiff.rules.{room}")


def grad(
    cost: Variable | None,
    wrt: Any,
    consider_constant: Iterable[Variable] | None = None,
    disconnected_inputs: str = "raise",
    add_names: bool = True,
    known_grads: Mapping[Variable, Variable] | None = None,
    return_disconnected: str = "zero",
    null_gradients: str = "raise",
) -> Any:
    """Differentiate ``cost``, in reverse mode.

    Parameters
    ----------
    cost : 0-d Variable or None
        What is differentiated; None if ``known_grads`` says where the walk starts.
    wrt : Variable, or an ordered collection of them
        What it is differentiated by. Intermediate variables are allowed.
    consider_constant : iterable of Variable, optional
        Variables that derivatives do not flow through.
    disconnected_inputs : "raise", "warn" or "ignore"
        What happens if the cost does not depend on a variable of ``wrt``.
    add_names : bool
        Name a derivative ``(dcost/dwrt)`` if both variables have names.
    known_grads : mapping of Variable to Variable, optional
        Derivatives by intermediate variables, used instead of computing them.
    return_disconnected : "zero", "none" or "disconnected"
        What stands for the derivative by such a variable: zeros, None, or a variable of
        `DisconnectedType`.
    null_gradients : "raise" or "return"
        What happens with a derivative that is undefined: an error, or a variable of `NullType`.

    Returns
    -------
    Variable, list or tuple
        In the form of ``wrt``: one variable, a list or a tuple of them, and a list for other
        collections. A derivative has the shape of its variable, and its dtype if that is a float;
        derivatives by integers are ``floatX``. That by a complex z is
        ``dC / d real(z) + i dC / d imag(z)``.

    Raises
    ------
    TypeError
        If the cost is not 0-d, ``wrt`` is not an ordered collection of variables, or known
        derivatives are not floats.
    DisconnectedInputError
        If the cost does not depend on a variable of ``wrt``.
    NullTypeGradError
        If a derivative is undefined.
    MissingRuleError
        If an op on the way has no gradient rule.

    Examples
    --------
    >>> from bitale_graph import language as T
    >>> x = T.dscalar("x")
    >>> grad(x**3, x).eval({x: 2.0})
    array(12.)
    """
    variables = read_variables("grad", "wrt", wrt)
    constants = read_constants("grad", consider_constant)
    policy = read_choice("grad", "disconnected_inputs", disconnected_inputs, POLICIES)
    form = read_choice("grad", "return_disconnected", return_disconnected, FORMS)
    null = read_choice("grad", "null_gradients", null_gradients, ("raise", "return"))
    if cost is None and known_grads is None:
        raise ValueError("grad: give a cost, or known_grads, or both")
    known = read_known("grad", "known_grads", known_grads)
    seeds: dict[Variable, Any] = {}
    if cost is not None:
        read_cost("grad", cost)
        seeds[cost] = T.constant(1, dtype=cotangent_dtype(cost))
    seeds.update(known)
    cotangents = cotangents_of(variables, seeds, constants, set(known))
    found = depending(variables, cotangents, set(known.values()))
    what = "what known_grads names" if cost is None else str(cost)
    results = []
    for v, ct in zip(variables, found, strict=True):
        if ct is None:
            tell_disconnected(not_reached("grad", what, v), policy)
            ct = for_disconnected(v, form)
        elif null == "raise":
            refuse_null("grad", v, ct)
        results.append(ct)
    complete_test_values(results)
    if add_names and cost is not None:
        _name(cost, variables, results, known.values())
    return in_form_of(wrt, results)


def cotangents_of(
    variables: Sequence[Variable],
    seeds: Mapping[Variable, Any],
    constants: set[Variable],
    fixed: set[Variable],
) -> list[Any]:
    """The cotangents of ``variables``: a variable, `ZERO`, or None where there is no path.

    Parameters
    ----------
    variables : sequence of Variable
    seeds : mapping of Variable to cotangent
        Where the walk starts; of what is disconnected it does not.
    constants : set of Variable
        Variables that the walk does not pass.
    fixed : set of Variable
        Seeds that nothing is added to.
    """
    connected = {v: ct for v, ct in seeds.items() if not isinstance(ct.type, DisconnectedType)}
    return _pulled_back(connected, variables, constants, fixed)


def depending(
    variables: Sequence[Variable], cotangents: Sequence[Any], known: Container[Any]
) -> list[Any]:
    """The cotangents, each depending on the numbers of its variable, if only with derivative zero.

    Otherwise a program would lose what it differentiates by: as an input, and for a derivative of
    the derivative. What the user gave stays as it is.
    """
    cotangents = [
        _zero(v) if ct is ZERO else ct for v, ct in zip(variables, cotangents, strict=True)
    ]
    computed = [ct for ct in cotangents if ct is not None and isinstance(ct.type, TensorType)]
    bits = dependence_bits(variables, computed)
    return [
        ct
        if ct is None
        or ct in known
        or not isinstance(ct.type, TensorType)
        or not isinstance(v.type, TensorType)
        or bits.get(ct, 0) >> i & 1
        else filled_like(v, ct)
        for i, (v, ct) in enumerate(zip(variables, cotangents, strict=True))
    ]


def dependence_bits(
    variables: Sequence[Variable], outputs: Sequence[Variable]
) -> dict[Variable, int]:
    """Which of ``variables`` what ``outputs`` are made from depends on: bit ``i`` for number i."""
    bits: dict[Variable, int] = {}
    for i, v in enumerate(variables):
        bits[v] = bits.get(v, 0) | 1 << i
    for node in toposort(outputs):
        read = [(i, bits[v]) for i, v in enumerate(node.inputs) if v in bits]
        if read:
            pattern = connection_pattern(node)
            for j, o in enumerate(node.outputs):
                for i, mine in read:
                    if pattern[i][j]:
                        bits[o] = bits.get(o, 0) | mine
    return bits


def refuse_null(name: str, v: Variable, derivative: Any) -> None:
    """Raise `NullTypeGradError` for a derivative by ``v``, or of it, that is undefined."""
    if isinstance(derivative.type, NullType):
        raise NullTypeGradError(
            f"{name}: the derivative by {describe(v)} is undefined: {derivative.type.why_null}"
        )


def _zero(v: Variable) -> Any:
    """A derivative that is zero: a number to be stretched, or a matrix that stores nothing."""
    if isinstance(v.type, TensorType):
        return T.constant(0, dtype=cotangent_dtype(v))
    return zeros_for(v)


def _pulled_back(
    seeds: Mapping[Variable, Any],
    variables: Sequence[Variable],
    constants: set[Variable],
    fixed: set[Variable],
) -> list[Any]:
    """The cotangents of ``variables``, None where there is no path.

    Choices are differentiated as they run, with the work of a branch inside of it.
    """
    forms = lazy_forms([*seeds, *variables], stop_at=constants)
    if not forms:
        found = pull_back(seeds, variables, constants, fixed)
        return [found.get(v) for v in variables]
    found = pull_back(
        {forms.get(v, v): ct for v, ct in seeds.items()},
        [forms.get(v, v) for v in variables],
        constants,
        {forms.get(v, v) for v in fixed},
    )
    cotangents = [found.get(forms.get(v, v)) for v in variables]
    # What the derivatives read of the expression is the user's own, and is computed once.
    own = {new: old for old, new in forms.items()}
    computed = [ct for ct in cotangents if isinstance(ct, Variable)]
    replaced = iter(graph_replace(computed, own))
    return [next(replaced) if isinstance(ct, Variable) else ct for ct in cotangents]


def _name(
    cost: Variable, wrt: Sequence[Variable], results: Sequence[Any], known: Iterable[Any]
) -> None:
    """Name what was made here; a variable of the user keeps its name, or its lack of one."""
    if cost.name is None or all(v.name is None for v in wrt):
        return
    users = {*ancestors([cost, *wrt]), *known}
    for v, g in zip(wrt, results, strict=True):
        if v.name is None or g is None or g.name is not None or g in users:
            continue
        if not isinstance(g, Constant):
            g.name = f"(d{cost.name}/d{v.name})"
