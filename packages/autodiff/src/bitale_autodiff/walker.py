"""The reverse walk: from cotangents of variables to those of what they were made from.

Every node on a path is visited once, last first, and asked by its rule what its inputs receive. The
walk is a loop: depth is bounded by memory alone, and time is proportional to the number of nodes.
"""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence
from typing import Any

from bitale_graph import language as T
from bitale_graph.extend import (
    Alloc,
    Apply,
    Constant,
    Elementwise,
    MissingRuleError,
    ShapeError,
    TensorType,
    Variable,
    Write,
    config,
    describe,
    toposort,
    where_made,
)
from bitale_graph.extend import dtype as dtypes
from bitale_graph.extend import trace as tracing

from .choices import (
    Choice,
    Chosen,
    Literal,
    both,
    chosen_from,
    condition_of,
    fitted_choice,
    guarded,
    through,
    with_condition,
)
from .conjugates import as_real, by_conjugates, takes_conjugates
from .table import Cotangents, Kind, connections, kinds, never_defined, vjps
from .zero import ZERO, DisconnectedType, NullType, Zero, disconnected_type

Cotangent = Any  # a variable, or ZERO


# The policies are of what users write: rules keep dtypes, and steps are made of new variables.
@config.change_flags(cast_policy="weak", compute_test_value="off")
def pull_back(
    seeds: Mapping[Variable, Cotangent],
    wrt: Sequence[Variable],
    constants: Container[Variable] = (),
    fixed: Container[Variable] = (),
    conditions: Mapping[Variable, Any] | None = None,
) -> dict[Variable, Cotangent]:
    """Carry cotangents from variables back to what they depend on.

    Parameters
    ----------
    seeds : mapping of Variable to cotangent
        Where the walk starts; a value is a variable of the shape and dtype of the key, or `ZERO`.
    wrt : sequence of Variable
        What cotangents are wanted of. Only nodes between these and the seeds are visited.
    constants : container of Variable
        Variables that the walk does not pass.
    fixed : container of Variable
        Seeds that nothing is added to.
    conditions : mapping of Variable to bool variable, optional
        For seeds that are zero where a condition does not hold that condition.

    Returns
    -------
    dict
        Cotangents of the variables of ``wrt``, among others. A variable that is missing is
        disconnected.
    """
    nodes = toposort(seeds, stop_at=constants)
    relevant = _downstream(nodes, wrt)
    cotangents: dict[Variable, Cotangent] = dict(seeds)
    choices = {v: Choice((Literal(c, True, False),)) for v, c in (conditions or {}).items()}
    for node in reversed(nodes):
        received = [
            cotangents.get(o) if o in relevant and o not in constants else None
            for o in node.outputs
        ]
        if all(ct is None for ct in received):
            continue
        with tracing.inherited(node.trace):
            chosen = [choices.get(o) for o in node.outputs] if choices else None
            terms = _terms(node, received, relevant, chosen)
            for v, (term, choice) in zip(node.inputs, terms, strict=True):
                if term is not None and v in relevant and v not in fixed:
                    _arrive(v, term, choice, cotangents, choices)
    for v in wrt:
        if v in choices:
            cotangents[v] = chosen_from(cotangents[v], choices.pop(v))
    return cotangents


def _arrive(
    v: Variable,
    term: Cotangent,
    choice: Choice | None,
    cotangents: dict[Variable, Cotangent],
    choices: dict[Variable, Choice],
) -> None:
    """Add a term, which is under a choice, to the cotangent of ``v``."""
    old = cotangents.get(v)
    if old is not None and term is ZERO:
        return
    if old is not None and old is not ZERO:
        term, choice = both((old, choices.pop(v, None)), (term, choice), accumulate)
    cotangents[v] = term
    if choice is not None:
        choices[v] = choice


def connection_pattern(node: Apply) -> Sequence[Sequence[bool]]:
    """For each input and each output, whether the output depends on the numbers in the input."""
    rule = connections.get(type(node.op))
    if rule is not None:
        return rule(node)
    method = getattr(node.op, "connection_pattern", None)
    if method is not None:
        pattern: Sequence[Sequence[bool]] = method(node)
        return pattern
    return [[True] * len(node.outputs)] * len(node.inputs)


def _downstream(nodes: Sequence[Apply], wrt: Sequence[Variable]) -> set[Variable]:
    """``wrt``, and every variable that depends on the numbers in them."""
    relevant = set(wrt)
    for node in nodes:
        hit = [i for i, v in enumerate(node.inputs) if v in relevant]
        if hit:
            pattern = connection_pattern(node)
            relevant.update(
                o for j, o in enumerate(node.outputs) if any(pattern[i][j] for i in hit)
            )
    return relevant


def _terms(
    node: Apply,
    received: Sequence[Cotangent | None],
    relevant: Container[Variable],
    choices: Sequence[Choice | None] | None,
) -> list[tuple[Cotangent | None, Choice | None]]:
    """What each input receives from one node, of the input's dtype and rank, under what choice."""
    pattern = connection_pattern(node)
    received = [in_type_of(o, ct) for o, ct in zip(node.outputs, received, strict=True)]
    null = next((ct for ct in received if ct is not None and is_null(ct)), None)
    if null is not None:
        j = list(received).index(null)
        return [(null if row[j] else None, None) for row in pattern]
    # What is discrete does not move with its inputs, so nothing passes backwards through it.
    passing = [
        ZERO if ct is not None and is_discrete(o) else ct
        for o, ct in zip(node.outputs, received, strict=True)
    ]
    zeros = [j for j, ct in enumerate(passing) if ct is ZERO]
    found: list[tuple[Cotangent | None, Choice | None]] = [
        (ZERO if any(row[j] for j in zeros) else None, None) for row in pattern
    ]
    has_method = hasattr(node.op, "L_op") or hasattr(node.op, "grad")
    no_derivative = type(node.op) in never_defined
    if all(ct is None or ct is ZERO for ct in passing) and not no_derivative:
        if has_method and all(is_discrete(o) for o in node.outputs):
            every = [True] * len(node.inputs)
            _check_discrete(node, _apply_rule(node, node.inputs, passing, every))
        return found
    choice = None
    conditions: Sequence[Any] = ()
    if choices is not None:
        passing, choice = _chosen(node, passing, choices)
        if any(choices):
            conditions = [None if c is None else condition_of(c) for c in choices]
    wanted = [v in relevant for v in node.inputs]
    terms = _apply_rule(node, guarded(node, choice), passing, wanted, conditions)
    _check_connected(node, terms, pattern)
    for i, (v, term, under) in enumerate(
        zip(node.inputs, terms, through(node, choice), strict=True)
    ):
        fitted = _fitted(node, i, term, under) if v in relevant else (None, None)
        if fitted[0] is not None:
            found[i] = fitted
    return found


def _chosen(
    node: Apply, passing: Sequence[Cotangent | None], choices: Sequence[Choice | None]
) -> tuple[list[Cotangent | None], Choice | None]:
    """The cotangents as the rule of a node takes them, and the choice that all of them are under.

    An elementwise rule takes what is still to be chosen from, and hands it on.
    """
    under = [c for ct, c in zip(passing, choices, strict=True) if ct is not None and ct is not ZERO]
    choice = under[0] if all(c == under[0] for c in under) else None
    if isinstance(node.op, Elementwise):
        return list(passing), choice
    return [
        ct if ct is None or ct is ZERO else chosen_from(ct, c)
        for ct, c in zip(passing, choices, strict=True)
    ], choice


def _apply_rule(
    node: Apply,
    inputs: Sequence[Any],
    passing: Sequence[Cotangent | None],
    wanted: Sequence[bool],
    conditions: Sequence[Any] = (),
) -> Sequence[Any]:
    """Ask the rule of the op, or the method that an op from outside carries."""
    op: Any = node.op
    rule = vjps.get(type(op))
    if rule is not None:

        def apply(cts: Sequence[Any]) -> Sequence[Any]:
            return rule(op, inputs, node.outputs, Cotangents.of(cts, wanted, conditions))

        cts = [None if ct is ZERO else ct for ct in passing]
        try:
            terms = by_conjugates(apply, cts) if takes_conjugates(node) else apply(cts)
        except MissingRuleError as error:
            raise MissingRuleError(f"{error}{place(node)}") from None
    elif hasattr(op, "L_op") or hasattr(op, "grad"):
        variables = [_as_variable(o, ct) for o, ct in zip(node.outputs, passing, strict=True)]
        if hasattr(op, "L_op"):
            terms = op.L_op(list(node.inputs), list(node.outputs), variables)
        else:
            terms = op.grad(list(node.inputs), variables)
    else:
        raise MissingRuleError(
            f"{type(op).__name__} has not a gradient rule{vjps.why_missing(type(op))}, so {op} "
            "cannot be differentiated; "
            "write one in bitale_autodiff/rules (bitale_autodiff.vjps.define), or give the op a "
            "method grad or L_op"
            f"{place(node)}"
        )
    if not isinstance(terms, (list, tuple)) or len(terms) != len(node.inputs):
        raise ValueError(
            f"the gradient rule of {op} must give a list of {len(node.inputs)} terms, "
            f"one for each input, and gave {terms!r}"
        )
    return terms


def place(node: Apply) -> str:
    """Where a node was made, as the last line of a message."""
    made = where_made(node.outputs[0])
    return f"\n  the node was made at {made}" if made else ""


def _as_variable(output: Variable, ct: Cotangent | None) -> Variable:
    """A cotangent as methods of ops expect it: always a variable."""
    if ct is None:
        return disconnected_type()
    found: Variable = zeros_for(output) if ct is ZERO else ct
    return found


def _check_connected(node: Apply, terms: Sequence[Any], pattern: Sequence[Sequence[bool]]) -> None:
    """Refuse a term for an input that no output is said to depend on."""
    for i, term in enumerate(terms):
        disconnected = term is None or isinstance(
            getattr(term, "type", None), (DisconnectedType, NullType)
        )
        if not disconnected and not any(pattern[i]):
            raise ValueError(
                f"the gradient rule of {node.op} gave a term for input {i}, and its connection "
                "pattern says that no output depends on that input"
            )


def _check_discrete(node: Apply, terms: Sequence[Any]) -> None:
    """Refuse a gradient other than zero from an op whose results are all discrete."""
    for i, term in enumerate(terms):
        if isinstance(term, Constant) and isinstance(term.type, TensorType) and term.data.any():
            raise ValueError(
                f"{node.op} has discrete outputs only, so its derivatives are zero, and its "
                f"gradient method gave {term} for input {i}"
            )


def _fitted(
    node: Apply, i: int, term: Any, choice: Choice | None
) -> tuple[Cotangent | None, Choice | None]:
    """A term in the shape and dtype of the input that it belongs to, and its choice."""
    v = node.inputs[i]
    if isinstance(term, Chosen):
        term, choice = term.ct, with_condition(choice, term)
    if term is None or term is ZERO:
        return term, None
    if not isinstance(term, Variable):
        raise TypeError(
            f"the gradient rule of {node.op} gave {term!r} for input {i}, not a variable"
        )
    if isinstance(term.type, DisconnectedType):
        return None, None
    if isinstance(term.type, NullType):
        return term, None
    if not isinstance(term.type, TensorType) or not isinstance(v.type, TensorType):
        kind = kind_of(v, term)
        fitted = None if kind is None else kind.fitted(v, term)
        if fitted is None:
            raise TypeError(
                f"the gradient rule of {node.op} gave {describe(term)} for input {i}, {describe(v)}"
            )
        return fitted, None
    if dtypes.is_discrete(term.type.dtype):
        raise TypeError(
            f"the gradient rule of {node.op} gave a term of the discrete dtype {term.type.dtype} "
            f"for input {i}; derivatives are floats, by integers as well"
        )
    if choice is not None and term.type.shape != v.type.shape:
        term = chosen_from(term, fitted_choice(choice, term.type))
        choice = fitted_choice(choice.with_due(False), v.type)
    term = as_real(_summed_to(node, i, term), v)
    return T.cast(term, cotangent_dtype(v)), fitted_choice(choice, v.type)


def _summed_to(node: Apply, i: int, term: Any) -> Any:
    """Sum over the axes along which the input was repeated."""
    wanted, given = node.inputs[i].type.shape, term.type.shape
    if given == wanted:
        return term
    extra = len(given) - len(wanted)
    stretched = [
        axis
        for axis, n in enumerate(given)
        if axis < extra or (wanted[axis - extra] == 1 and n != 1)
    ]
    fits = extra >= 0 and all(
        axis in stretched or n is None or m is None or n == m
        for axis, (n, m) in enumerate(zip(given, (*(1,) * extra, *wanted), strict=True))
    )
    if not fits:
        raise ShapeError(
            f"the gradient rule of {node.op} gave a term of shape {given} for input {i}, "
            f"{describe(node.inputs[i])}{place(node)}"
        )
    if not stretched:
        return term
    total = T.sum(term, axis=stretched)
    rest = iter(range(total.ndim))
    return T.dimshuffle(
        total, *("x" if a in stretched else next(rest) for a in range(extra, len(given)))
    )


def accumulate(total: Cotangent, term: Cotangent) -> Cotangent:
    """The sum of two cotangents of one variable.

    An undefined one stays undefined. What was written into zeros is written into the other one
    instead, so that the derivatives of many slices of one tensor fill one array.
    """
    if total is ZERO or is_null(term):
        return term
    if term is ZERO or is_null(total):
        return total
    kind = kind_of(total, term)
    if kind is not None:
        return kind.added(total, term)
    for one, other in ((total, term), (term, total)):
        writes = _writes_into_zeros(other)
        if writes is not None:
            for node in reversed(writes):
                one = node.op(one, *node.inputs[1:])
            return one
    return T.add(total, term)


def _writes_into_zeros(v: Any) -> list[Any] | None:
    """The nodes that add at indices to what was zeros, last first, if ``v`` is made so."""
    writes = []
    while v.owner is not None and isinstance(v.owner.op, Write):
        if v.owner.op.set:
            return None
        writes.append(v.owner)
        v = v.owner.inputs[0]
    if not writes or v.owner is None or type(v.owner.op) is not Alloc:
        return None
    value = v.owner.inputs[0]
    return writes if isinstance(value, Constant) and not value.data.any() else None


def cotangent_dtype(v: Variable) -> str:
    """The dtype of derivatives by ``v``: its own, or ``floatX`` if ``v`` is discrete."""
    dtype: str = v.type.dtype
    return dtypes.check("floatX") if dtypes.is_discrete(dtype) else dtype


def zeros_for(v: Variable) -> Any:
    """Zeros of the shape of ``v`` in the dtype of its derivatives; constants where it is known."""
    kind = kind_of(v)
    if kind is not None:
        return kind.zeros(v)
    lengths = [T.shape_i(v, a) for a in range(v.type.ndim)]
    zero = T.constant(0, dtype=cotangent_dtype(v))
    return T.alloc(zero, *lengths) if lengths else zero


def of_shape(type: TensorType, v: Any) -> Any:
    """``v`` with what is known of its shape as ``type`` has it."""
    return v if type.admits(v.type) else T.specify_shape(v, type.shape)


def is_null(ct: Cotangent) -> bool:
    """Whether a cotangent or tangent is undefined."""
    return not isinstance(ct, Zero) and isinstance(ct.type, NullType)


def is_discrete(v: Variable) -> bool:
    """Whether ``v`` is a tensor or matrix of bools or integers."""
    dtype = getattr(v.type, "dtype", None)
    return dtype is not None and dtypes.is_discrete(dtype)


def kind_of(*variables: Any) -> Kind | None:
    """The kind of the first of some variables that is no tensor, if it is known."""
    for v in variables:
        if isinstance(v, Variable) and not isinstance(v.type, TensorType):
            return kinds.get(type(v.type))
    return None


def has_zeros(v: Variable) -> bool:
    """Whether there is a derivative by ``v`` that is zero."""
    return isinstance(v.type, TensorType) or kind_of(v) is not None


def in_type_of(v: Variable, ct: Cotangent | None) -> Cotangent | None:
    """A cotangent of the type of its variable: dense for a tensor, sparse for a sparse matrix."""
    if ct is None or ct is ZERO or is_null(ct):
        return ct
    if isinstance(v.type, TensorType) and isinstance(ct.type, TensorType):
        return ct
    kind = kind_of(v, ct)
    return ct if kind is None else kind.passed(v, ct)
