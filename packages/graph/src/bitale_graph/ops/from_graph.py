"""A graph used as an op."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from ..base.errors import DuplicateInputError, describe
from ..core.body import Body
from ..core.graph import Apply, Constant, Op, Storage, Type, Variable
from ..core.traversal import clone_nodes, leaves
from ..tensor.conversion import as_tensor
from ..tensor.shared import SharedVariable
from ..tensor.variable import TensorType
from .lengths import lengths_of_outputs
from .shape import SpecifyShape

DEFAULT = "default"


class Overrides(NamedTuple):
    """What stands for the derivatives of the graph; lists became tuples.

    ``lop`` and ``grad`` are both of reverse mode; what they are called with differs.
    """

    lop: Any = DEFAULT
    grad: Any = DEFAULT
    rop: Any = DEFAULT
    connections: tuple[tuple[bool, ...], ...] | None = None


class OpFromGraph(Op):
    """An op that computes what a graph computes; it is called with variables in place of inputs.

    Shared variables in the graph are found, and need not be among its inputs. Derivatives are those
    of the graph, in ops such as this one, unless they are overridden. Rewriting puts the graph in
    the place of the op, so that nothing is lost in speed.

    Parameters
    ----------
    inputs, outputs : list of Variable
        The graph; it is copied. Inputs that nothing needs are allowed.
    inline : bool
        Put the graph in the place of the op also where little else is rewritten, on the NumPy
        linker under ``"FAST_COMPILE"``.
    lop_overrides, grad_overrides : "default", callable, type, or list of these
        What is taken for the derivative in reverse mode. ``lop_overrides`` is called with the lists
        of inputs, of outputs, and of derivatives by the outputs; ``grad_overrides`` without the
        outputs. One for all gives a list, one term for each input; in a list each gives the term of
        one input. An `OpFromGraph` is called with all these variables, one by one. The types
        ``DisconnectedType()`` and ``NullType()``, or variables of them, stand for no derivative and
        for one that is not defined; None for the first.
    rop_overrides : "default", callable, type, or list of these
        The same in forward mode, called with the lists of inputs and of their directions; the terms
        are those of the outputs.
    connection_pattern : list of list of bool, optional
        For each input and each output, whether a derivative passes; by default found in the graph.
    name : str, optional
        For printing.
    **kwargs
        ``mode``, ``on_unused_input`` and the like of Theano's, which have no effect.

    Raises
    ------
    TypeError
        If inputs or outputs are no lists of variables, an input is a constant, or an override is
        none of the above.
    MissingInputError
        If the graph needs a variable that is neither an input nor shared.

    Examples
    --------
    >>> from bitale_graph import function
    >>> from bitale_graph import language as T
    >>> x, y = T.dscalars("x", "y")
    >>> norm = OpFromGraph([x, y], [T.sqrt(x**2 + y**2)], name="norm")
    >>> function([x, y], norm(norm(x, y), 12.0))(3.0, 4.0)
    array(13.)
    """

    __props__ = ("body", "is_inline", "overrides")

    def __init__(
        self,
        inputs: Sequence[Variable],
        outputs: Sequence[Variable],
        inline: bool = False,
        lop_overrides: Any = DEFAULT,
        grad_overrides: Any = DEFAULT,
        rop_overrides: Any = DEFAULT,
        connection_pattern: Sequence[Sequence[bool]] | None = None,
        name: str | None = None,
        **kwargs: Any,
    ) -> None:
        for unfit in ("updates", "givens"):
            if kwargs.get(unfit):
                raise TypeError(f"OpFromGraph takes no {unfit}: an op changes no state")
        inputs, outputs = _variables("inputs", inputs), _variables("outputs", outputs)
        _check_inputs(inputs)
        shared = leaves(outputs, stop_at=set(inputs))
        self.shared_inputs = [
            v for v in shared if isinstance(v, SharedVariable) and v not in set(inputs)
        ]
        self.body = Body([*inputs, *self.shared_inputs], outputs)
        self._n_given = len(inputs)
        self.is_inline = bool(inline)
        self.name = name
        if not isinstance(lop_overrides, str) and not isinstance(grad_overrides, str):
            raise TypeError("OpFromGraph: lop_overrides and grad_overrides exclude each other")
        self.overrides = Overrides(
            _override("lop_overrides", lop_overrides, len(inputs)),
            _override("grad_overrides", grad_overrides, len(inputs)),
            _override("rop_overrides", rop_overrides, len(outputs)),
            _pattern(connection_pattern, len(inputs), len(outputs)),
        )

    @property
    def bodies(self) -> tuple[Body, ...]:
        """The graph."""
        return (self.body,)

    def with_bodies(self, bodies: tuple[Body, ...]) -> OpFromGraph:
        """The same op with another graph, which may read more."""
        made = OpFromGraph.__new__(OpFromGraph)
        made.__dict__.update(self.__dict__)
        (made.body,) = bodies
        return made

    @property
    def local_inputs(self) -> list[Variable]:
        """The inputs of the graph, shared variables left out."""
        return self.body.inputs[: self._n_given]

    @property
    def local_outputs(self) -> list[Variable]:
        """The outputs of the graph."""
        return self.body.outputs

    @property
    def fgraph(self) -> Any:
        """The graph, which is not to be changed."""
        return self.body.graph

    def make_node(self, *inputs: Any) -> Apply:
        """Check what is given against the inputs of the graph; shared variables may be left out.

        What more is known of the lengths that are given is known of the outputs, too.
        """
        own = self.body.inputs
        if len(inputs) == self._n_given < len(own):
            inputs = (*inputs, *self.shared_inputs)
        if len(inputs) != len(own):
            raise TypeError(f"{self} takes {self._n_given} inputs, and got {len(inputs)}")
        given = [self._given(i, v, x) for i, (v, x) in enumerate(zip(own, inputs, strict=True))]
        return Apply(self, given, [v.type() for v in self.specialized(given).outputs])

    def specialized(self, given: Sequence[Variable]) -> Body:
        """The graph with all that is known of the lengths of what it is given."""
        types = [v.type for v in given]
        if types == [v.type for v in self.body.inputs]:
            return self.body
        return self.body.with_input_types(types)

    def _given(self, i: int, inner: Variable, x: Any) -> Variable:
        if isinstance(x, Apply) or not isinstance(x, Variable):
            try:
                x = x.out if isinstance(x, Apply) else _constant(inner.type, x)
            except TypeError as error:
                raise TypeError(f"{self}: input {i} is {describe(inner)}: {error}") from None
        types = inner.type, x.type
        if all(isinstance(t, TensorType) for t in types):
            same = types[0].dtype == types[1].dtype and types[0].ndim == types[1].ndim
            if same and not types[0].admits(types[1]):
                return SpecifyShape(types[0].shape)(x)
        if not inner.type.admits(x.type):
            raise TypeError(
                f"{self}: input {i} is {describe(inner)}, and got\n  {describe(x)}\n"
                "  hint: cast it, or add axes with dimshuffle()"
            )
        found: Variable = x
        return found

    def perform(self, node: Apply, inputs: Sequence[Any], output_storage: Storage) -> None:
        for cell, value in zip(output_storage, self.body.run(inputs), strict=True):
            cell[0] = value

    def infer_shape(self, node: Apply, input_shapes: Sequence[Sequence[Any]]) -> list[Any]:
        body = self.specialized(node.inputs)
        known = dict(zip(body.inputs, input_shapes, strict=True))
        values = dict(zip(body.inputs, node.inputs, strict=True))
        tensors = [isinstance(v.type, TensorType) for v in body.outputs]
        if not all(tensors):
            return [None] * len(tensors)
        return list(lengths_of_outputs(body, known, values))

    def passed_lengths(
        self, node: Apply, input_shapes: Sequence[Sequence[Any]]
    ) -> Sequence[Sequence[Any] | None] | None:
        # To tell them the whole graph is walked, which takes the place of the node anyway.
        return None

    def expanded(self, given: Sequence[Variable]) -> list[Variable]:
        """The outputs as expressions of what is given, every node copied."""
        own, results = self.body.inputs, self.body.outputs
        memo = clone_nodes(results, dict(zip(own, given, strict=True)))
        return [memo[v] for v in results]

    def __str__(self) -> str:
        return f"OpFromGraph{{{self.name or f'inline={self.is_inline}'}}}"


def _variables(what: str, given: Any) -> list[Variable]:
    if isinstance(given, Variable) or not isinstance(given, Iterable):
        raise TypeError(f"OpFromGraph: {what} must be a list of variables, not {given!r}")
    found = list(given)
    if what == "outputs":
        found = [v if isinstance(v, Variable) else as_tensor(v) for v in found]
        if not found:
            raise TypeError("OpFromGraph: there must be an output")
    return found


def _constant(type: Type, value: Any) -> Variable:
    if isinstance(type, TensorType):
        return as_tensor(type.filter(value))
    return type.make_constant(value)


def _check_inputs(inputs: Sequence[Any]) -> None:
    seen: set[Variable] = set()
    for v in inputs:
        if not isinstance(v, Variable) or isinstance(v, Constant):
            raise TypeError(f"OpFromGraph: an input must be a variable, and {v!r} is none")
        if v in seen:
            raise DuplicateInputError(
                f"OpFromGraph: {describe(v)} is listed twice among the inputs"
            )
        seen.add(v)


def _override(what: str, given: Any, count: int) -> Any:
    """An override as a value that can be compared; lists as tuples."""
    if not isinstance(given, (list, tuple)):
        return _one_override(what, given)
    if len(given) != count:
        raise ValueError(f"OpFromGraph: {what} must have {count} entries, and has {len(given)}")
    return tuple(_one_override(what, one) for one in given)


def _one_override(what: str, given: Any) -> Any:
    if isinstance(given, str) and given == DEFAULT:
        return given
    if given is None or callable(given) or isinstance(given, (Variable, Type)):
        return given
    raise TypeError(
        f"OpFromGraph: {what} takes 'default', something to call, DisconnectedType() or "
        f"NullType(), or a list of these, and not {given!r}"
    )


def _pattern(given: Any, rows: int, columns: int) -> tuple[tuple[bool, ...], ...] | None:
    if given is None:
        return None
    found = tuple(tuple(map(bool, row)) for row in given)
    if len(found) != rows or any(len(row) != columns for row in found):
        raise ValueError(
            f"OpFromGraph: connection_pattern must have {rows} rows, one for each input, of "
            f"{columns} entries, one for each output"
        )
    return found
