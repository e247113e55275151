"""`grad`: the derivatives of a scalar cost, as expressions that can be differentiated again."""

from __future__ import annotations

import warnings
from collections.abc import Container, Iterable, Mapping, Sequence
from typing import Any

from bitale_graph import language as T
from bitale_graph.extend import (
    Constant,
    DtypeError,
    ShapeError,
    TensorType,
    Variable,
    ancestors,
    describe,
    graph_replace,
    lazy_forms,
    load_rules,
    toposort,
)
from bitale_graph.extend import dtype as dtypes

from . import rules
from .errors import DisconnectedInputError, NullTypeGradError
from .markers import filled_like
from .walker import connection_pattern, cotangent_dtype, pull_back, zeros_for
from .zero import ZERO, DisconnectedType, NullType, disconnected_type

load_rules(rules)


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
        derivatives by integers are ``floatX``.

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
    variables = _read_wrt(wrt)
    constants = _read_constants(consider_constant)
    for name, value, allowed in (
        ("disconnected_inputs", disconnected_inputs, ("raise", "warn", "ignore")),
        ("return_disconnected", return_disconnected, ("zero", "none", "disconnected")),
        ("null_gradients", null_gradients, ("raise", "return")),
    ):
        if not isinstance(value, str) or value.lower() not in allowed:
            raise ValueError(f"grad: {name} is one of {', '.join(allowed)}, not {value!r}")
    if cost is None and known_grads is None:
        raise ValueError("grad: give a cost, or known_grads, or both")
    known = _read_known(known_grads)
    seeds: dict[Variable, Any] = {}
    if cost is not None:
        _check_cost(cost)
        seeds[cost] = T.constant(1, dtype=cotangent_dtype(cost))
    seeds.update(known)
    fixed = set(known)
    for v in [v for v, g in seeds.items() if isinstance(g.type, DisconnectedType)]:
        del seeds[v]
    cotangents = _pulled_back(seeds, variables, constants, fixed)
    results: list[Any] = []
    for v, ct in zip(
        variables, _connected(variables, cotangents, set(known.values())), strict=True
    ):
        if ct is None:
            _tell_disconnected(v, cost, disconnected_inputs.lower())
            ct = _for_disconnected(v, return_disconnected.lower())
        elif isinstance(ct.type, NullType) and null_gradients.lower() == "raise":
            raise NullTypeGradError(
                f"grad: the derivative by {describe(v)} is undefined: {ct.type.why_null}"
            )
        results.append(ct)
    if add_names and cost is not None:
        _name(cost, variables, results, known.values())
    return format_as(isinstance(wrt, list), isinstance(wrt, tuple), results, _is_single(wrt))


def _connected(
    variables: Sequence[Variable], cotangents: Sequence[Any], known: Container[Any]
) -> list[Any]:
    """The cotangents, each depending on the numbers of its variable, if only with derivative zero.

    Otherwise a program would lose what it differentiates by: as an input, and for a derivative of
    the derivative. What the user gave stays as it is.
    """
    cotangents = [
        T.constant(0, dtype=cotangent_dtype(v)) if ct is ZERO else ct
        for v, ct in zip(variables, cotangents, strict=True)
    ]
    computed = [ct for ct in cotangents if ct is not None and isinstance(ct.type, TensorType)]
    # One bit for each variable: which of them a node depends on.
    bits: dict[Variable, int] = {}
    for i, v in enumerate(variables):
        bits[v] = bits.get(v, 0) | 1 << i
    for node in toposort(computed):
        read = [(i, bits[v]) for i, v in enumerate(node.inputs) if v in bits]
        if read:
            pattern = connection_pattern(node)
            for j, o in enumerate(node.outputs):
                for i, mine in read:
                    if pattern[i][j]:
                        bits[o] = bits.get(o, 0) | mine
    return [
        ct
        if ct is None
        or ct in known
        or not isinstance(ct.type, TensorType)
        or bits.get(ct, 0) >> i & 1
        else filled_like(v, ct)
        for i, (v, ct) in enumerate(zip(variables, cotangents, strict=True))
    ]


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


def format_as(use_list: bool, use_tuple: bool, outputs: Any, single: bool | None = None) -> Any:
    """Give ``outputs`` the form that a caller asked for.

    Parameters
    ----------
    use_list, use_tuple : bool
        Whether a list or a tuple is wanted; not both.
    outputs : Variable, or sequence of them
    single : bool, optional
        Whether one variable is wanted; by default if neither a list nor a tuple is. If not, a list
        is given.

    Raises
    ------
    ValueError
        If both forms are asked for, or one variable is wanted and there are several.
    """
    if use_list and use_tuple:
        raise ValueError("format_as: both a list and a tuple are asked for")
    items = list(outputs) if isinstance(outputs, (list, tuple)) else [outputs]
    if use_tuple:
        return tuple(items)
    if use_list or single is False:
        return items
    if len(items) != 1:
        raise ValueError(f"format_as: one variable is asked for, and there are {len(items)}")
    return items[0]


def _is_single(wrt: Any) -> bool:
    return isinstance(wrt, Variable)


def _read_wrt(wrt: Any) -> list[Variable]:
    if isinstance(wrt, (set, frozenset)):
        raise TypeError("grad: wrt must be ordered, and a set is not; give a list")
    if isinstance(wrt, Variable):
        return [wrt]
    if isinstance(wrt, (str, bytes)) or not isinstance(wrt, Iterable):
        raise TypeError(f"grad: wrt must be a variable or a list of them, not {wrt!r}")
    variables = list(wrt)
    for v in variables:
        if not isinstance(v, Variable):
            raise TypeError(f"grad: wrt must hold variables, and holds {v!r} ({type(v).__name__})")
    return variables


def _read_constants(consider_constant: Any) -> set[Variable]:
    if consider_constant is None:
        return set()
    if isinstance(consider_constant, Variable) or not isinstance(consider_constant, Iterable):
        raise TypeError(
            f"grad: consider_constant must be a list of variables, not {consider_constant!r}"
        )
    constants = list(consider_constant)
    for v in constants:
        if not isinstance(v, Variable):
            raise TypeError(f"grad: consider_constant must hold variables, and holds {v!r}")
    return set(constants)


def _read_known(known_grads: Any) -> dict[Variable, Any]:
    if known_grads is None:
        return {}
    if not isinstance(known_grads, Mapping):
        raise TypeError(
            "grad: known_grads must map variables to derivatives, and is a "
            f"{type(known_grads).__name__}"
        )
    known: dict[Variable, Any] = {}
    for v, g in known_grads.items():
        if not isinstance(v, Variable):
            raise TypeError(f"grad: the keys of known_grads must be variables, not {v!r}")
        known[v] = _as_known(v, g)
    return known


def _as_known(v: Variable, g: Any) -> Any:
    """A derivative given by the user, checked against its variable."""
    if isinstance(g, Variable) and isinstance(g.type, (DisconnectedType, NullType)):
        return g
    g = T.as_tensor(g)
    if not dtypes.is_float(g.type.dtype):
        raise TypeError(
            f"grad: known_grads gives {describe(g)} for {v}; a derivative must be a float, null or "
            "disconnected"
        )
    if not isinstance(v.type, TensorType) or g.ndim != v.type.ndim:
        raise ShapeError(f"grad: known_grads gives {describe(g)} for {describe(v)}; ranks differ")
    return T.cast(g, cotangent_dtype(v))


def _check_cost(cost: Any) -> None:
    if not isinstance(cost, Variable):
        raise TypeError(f"grad: the cost must be a variable, not {cost!r}")
    if isinstance(cost.type, NullType):
        raise NullTypeGradError(f"grad: the cost is undefined: {cost.type.why_null}")
    if not isinstance(cost.type, TensorType):
        raise TypeError(f"grad: the cost must be a tensor, and is {describe(cost)}")
    if cost.type.ndim != 0:
        raise TypeError(
            f"grad: the cost must be a scalar, and is {describe(cost)} of rank {cost.type.ndim}\n"
            "  hint: reduce it with sum() or mean()"
        )
    if dtypes.is_complex(cost.type.dtype):
        raise DtypeError(f"grad: the cost must be real, and is {describe(cost)}")


def _tell_disconnected(v: Variable, cost: Variable | None, policy: str) -> None:
    if policy == "ignore":
        return
    message = (
        f"grad: {'what known_grads names' if cost is None else cost} does not depend on "
        f"{describe(v)}, or only through its shape or as an index\n"
        "  hint: pass disconnected_inputs='ignore' if that is meant"
    )
    if policy == "raise":
        raise DisconnectedInputError(message)
    warnings.warn(message, UserWarning, stacklevel=3)


def _for_disconnected(v: Variable, form: str) -> Any:
    if form == "none":
        return None
    if form == "disconnected" or not isinstance(v.type, TensorType):
        return disconnected_type()
    return zeros_for(v)


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
