"""The choice between two computations, of which one runs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..base import dtype as dtypes
from ..base.errors import DtypeError, ShapeError, describe
from ..core.body import Body
from ..core.graph import Apply, Op, Storage, Variable
from ..core.order import toposort
from ..tensor.conversion import as_tensor, as_variable, is_python_number
from ..tensor.elementwise import Elementwise
from ..tensor.variable import TensorType
from .lengths import lengths_of_outputs
from .math import switch
from .shape import ShapeI


class IfElse(Op):
    """The outputs of one of two bodies.

    Inputs are the condition, 0-d and true if it is not zero, then what the bodies read: both have
    the same inputs, and each reads those that it needs. Outputs have the lengths on which the
    bodies agree by their types.

    `ifelse` makes nodes that read the results of both branches. When a function is made, whatever
    only one branch needs moves into its body (see `bitale_graph.lazy`).

    Parameters
    ----------
    then_body, else_body : Body
    name : str
        For printing alone.
    """

    __props__ = ("bodies",)
    chooses = True

    def __init__(self, then_body: Body, else_body: Body, name: str = "") -> None:
        self.then_body, self.else_body = then_body, else_body
        self.name = name
        if len(then_body.inputs) != len(else_body.inputs):
            raise ValueError("ifelse: both bodies must have the same inputs")
        if len(then_body.outputs) != len(else_body.outputs):
            raise ValueError(
                f"ifelse: {len(then_body.outputs)} results if the condition holds, and "
                f"{len(else_body.outputs)} if not"
            )
        pairs = zip(then_body.outputs, else_body.outputs, strict=True)
        self._output_types = [_joined(then, other) for then, other in pairs]

    @property
    def bodies(self) -> tuple[Body, ...]:
        """What runs if the condition holds, and what runs if not."""
        return (self.then_body, self.else_body)

    def with_bodies(self, bodies: tuple[Body, ...]) -> IfElse:
        """The same choice between other bodies."""
        then_body, else_body = bodies
        return IfElse(then_body, else_body, self.name)

    def between(
        self, captured: Sequence[Variable], then: Sequence[Variable], other: Sequence[Variable]
    ) -> IfElse:
        """A choice of this name between expressions of ``captured``."""
        return self.with_bodies((Body(captured, then), Body(captured, other)))

    def make_node(self, condition: Any, *captured: Any) -> Apply:
        """Check the inputs against those of the bodies.

        Raises
        ------
        ShapeError
            If the condition is not 0-d.
        TypeError
            If it is complex, or an input not of the type that a body reads.
        """
        condition = as_tensor(condition)
        if condition.ndim:
            raise ShapeError(
                f"ifelse: the condition must be 0-d, and is {describe(condition)}\n"
                "  hint: all() and any() make one of many; switch() chooses element by element"
            )
        if dtypes.is_complex(condition.type.dtype):
            raise DtypeError(f"ifelse: the condition must be real, and is {describe(condition)}")
        given = [as_variable(v) for v in captured]
        for body in self.bodies:
            if len(given) != len(body.inputs):
                raise TypeError(f"ifelse: {len(body.inputs)} inputs expected, {len(given)} given")
            types: list[Any] = [v.type for v in body.inputs]
            looser = [
                t if _is_no_tensor(v) else t.loosened(v.type)
                for t, v in zip(types, given, strict=True)
            ]
            if looser != types:
                made_anew = [b.with_input_types(looser) for b in self.bodies]
                return self.with_bodies((made_anew[0], made_anew[1])).make_node(condition, *given)
            for v, inner in zip(given, body.inputs, strict=True):
                if not inner.type.admits(v.type):
                    raise TypeError(
                        f"ifelse: a branch reads {describe(inner)}, and got {describe(v)}"
                    )
        return Apply(self, [condition, *given], [type() for type in self._output_types])

    def perform(self, node: Apply, inputs: Sequence[Any], output_storage: Storage) -> None:
        condition, *captured = inputs
        body = self.then_body if condition else self.else_body
        for cell, value in zip(output_storage, body.run(captured), strict=True):
            cell[0] = value

    def infer_shape(self, node: Apply, input_shapes: Sequence[Sequence[Any]]) -> list[Any]:
        condition, *captured = node.inputs
        told = []
        for body in self.bodies:
            known = dict(zip(body.inputs, input_shapes[1:], strict=True))
            values = dict(zip(body.inputs, captured, strict=True))
            told.append(lengths_of_outputs(body, known, values))
        given = {*node.inputs, *(n for lengths in input_shapes for n in lengths)}
        result: list[Any] = []
        for out, then, other in zip(node.outputs, *told, strict=True):
            static: Any = out.type
            if then is None or other is None or _is_no_tensor(out):
                result.append(None)
                continue
            triples = zip(static.shape, then, other, strict=True)
            lengths = [_chosen(condition, *triple, given) for triple in triples]
            result.append(None if None in lengths else tuple(lengths))
        return result

    def passed_lengths(
        self, node: Apply, input_shapes: Sequence[Sequence[Any]]
    ) -> Sequence[Sequence[Any] | None] | None:
        # To tell them both branches are walked, and what is in them.
        return None

    def __str__(self) -> str:
        return f"IfElse{{{self.name}}}" if self.name else "IfElse"


def _is_no_tensor(v: Any) -> bool:
    return isinstance(v, Variable) and not isinstance(v.type, TensorType)


def _joined(then: Any, other: Any) -> Any:
    """The type of a result that comes from either branch."""
    if _is_no_tensor(then) or _is_no_tensor(other):
        if then.type != other.type:
            raise TypeError(
                "ifelse: the branches must agree in type: if the condition holds the result is "
                f"{describe(then)}, and if not {describe(other)}"
            )
        return then.type
    if then.type.dtype != other.type.dtype or then.type.ndim != other.type.ndim:
        raise TypeError(
            "ifelse: the branches must agree in dtype and rank: if the condition holds the result "
            f"is {describe(then)}, and if not {describe(other)}\n"
            "  hint: cast() one of them, or add axes with dimshuffle()"
        )
    pairs = zip(then.type.shape, other.type.shape, strict=True)
    return TensorType(then.type.dtype, [n if n == m else None for n, m in pairs])


def _chosen(condition: Any, static: int | None, then: Any, other: Any, given: set[Any]) -> Any:
    """The length of a result; None if only the branch that runs can tell."""
    if static is not None:
        return as_tensor(static, dtype="int64")
    if then is other:
        return then
    nodes = toposort([then, other], stop_at=given)
    # The length that is not chosen is computed too, so it must not fail.
    if all(isinstance(node.op, (Elementwise, ShapeI)) for node in nodes):
        return switch(condition, then, other)
    return None


def ifelse(condition: Any, then_branch: Any, else_branch: Any, name: str | None = None) -> Any:
    """Compute one of two things.

    What is needed for one branch alone is computed only if that branch is chosen; what something
    else needs too is computed in any case.

    Parameters
    ----------
    condition : 0-d tensor
        True if it is not zero.
    then_branch, else_branch : tensor, or list or tuple of them
        As many in one as in the other, of equal dtypes and ranks. Lengths that differ, or are known
        on one side alone, are not known of the result. A Python number takes the dtype beside it.
    name : str, optional
        For printing.

    Returns
    -------
    Variable, list or tuple
        In the form of ``then_branch``.

    Raises
    ------
    TypeError
        If dtypes or ranks differ.
    ValueError
        If one branch has more variables than the other.

    See Also
    --------
    bitale_graph.language.switch : Chooses element by element, and computes both.

    Examples
    --------
    >>> from bitale_graph import function
    >>> from bitale_graph import language as T
    >>> x, n = T.dvector("x"), T.iscalar("n")
    >>> f = function([x, n], ifelse(n > 1, x * n, x))
    >>> f([1.0, 2.0], 3), f([1.0, 2.0], 0)
    (array([3., 6.]), array([1., 2.]))
    """
    many = isinstance(then_branch, (list, tuple)), isinstance(else_branch, (list, tuple))
    then_items = list(then_branch) if many[0] else [then_branch]
    else_items = list(else_branch) if many[1] else [else_branch]
    if len(then_items) != len(else_items):
        raise ValueError(
            f"ifelse: {len(then_items)} variables if the condition holds, and {len(else_items)} if "
            "not; there must be as many in both branches"
        )
    if not then_items:
        raise ValueError("ifelse: the branches are empty")
    pairs = [_as_pair(a, b) for a, b in zip(then_items, else_items, strict=True)]
    thens, others = [a for a, _ in pairs], [b for _, b in pairs]
    given = [*thens, *others]
    then_body, else_body = Body(given, thens), Body(given, others)
    op = IfElse(then_body, else_body, name or "")
    outputs = op(condition, *thens, *others, return_list=True)
    if isinstance(then_branch, tuple):
        return tuple(outputs)
    return list(outputs) if any(many) else outputs[0]


def _as_pair(then: Any, other: Any) -> tuple[Any, Any]:
    if is_python_number(then) != is_python_number(other):
        if is_python_number(then):
            other = as_tensor(other)
            return as_tensor(then, dtype=dtypes.weak(then, other.type.dtype)), other
        then = as_tensor(then)
        return then, as_tensor(other, dtype=dtypes.weak(other, then.type.dtype))
    return as_variable(then), as_variable(other)
