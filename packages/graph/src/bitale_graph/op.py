"""The contract of an op: a type rule, a meaning in NumPy, and a shape rule."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from .errors import describe
from .type import Type
from .variable import Apply, Variable

if TYPE_CHECKING:
    from .body import Body

Storage = list[list[Any]]


class Op:
    """A function of variables.

    Subclasses are small: parameters, `make_node`, `perform`, `infer_shape`.

    Two ops are equal if they are of one class and agree in the attributes named by ``__props__``;
    equal ops on equal inputs are computed once. An op without ``__props__`` equals itself only. An
    op must not write into its inputs.

    What other layers know of an op (gradient, rewrites, C text) is registered in those layers by op
    class. An op from outside may instead carry ``grad(inputs, output_gradients)`` or
    ``L_op(inputs, outputs, output_gradients)``.
    """

    __props__: ClassVar[tuple[str, ...] | None] = None
    default_output: ClassVar[int | None] = None
    # Whether the first input decides which one of `bodies` runs, and the others are what they read.
    chooses: ClassVar[bool] = False

    @property
    def bodies(self) -> tuple[Body, ...]:
        """The graphs that the op runs: of a loop its step, of a choice its branches."""
        return ()

    def with_bodies(self, bodies: tuple[Body, ...]) -> Op:
        """The same op with other graphs in the place of `bodies`."""
        if bodies:
            raise TypeError(f"{self} holds no graphs")
        return self

    def make_node(self, *inputs: Any) -> Apply:
        """Check the inputs and return a node with new outputs; raise early on what cannot work.

        By default for an op with attributes ``itypes`` and ``otypes``: lists of types, or of
        constructors such as ``dvector``.
        """
        itypes, otypes = getattr(self, "itypes", None), getattr(self, "otypes", None)
        if itypes is None or otypes is None:
            raise TypeError(
                f"{type(self).__name__} does not define make_node; write it, or give the types of "
                "inputs and outputs as itypes and otypes"
            )
        types = [_type_of(t) for t in itypes]
        if len(inputs) != len(types):
            raise TypeError(f"{self} takes {len(types)} inputs, and got {len(inputs)}")
        made = [_typed(self, t, x) for t, x in zip(types, inputs, strict=True)]
        return Apply(self, made, [_type_of(t)() for t in otypes])

    def perform(self, node: Apply, inputs: Sequence[Any], output_storage: Storage) -> None:
        """Compute with NumPy: put each result into the first place of its one-element list."""
        raise TypeError(f"{type(self).__name__} does not define perform")

    def infer_shape(self, node: Apply, input_shapes: Sequence[Sequence[Any]]) -> list[Any] | None:
        """Give for each output a tuple of 0-d integer variables, or None if only computing tells.

        ``input_shapes`` holds such a tuple for every input. Return None if no output's shape can be
        told.
        """
        return None

    def number_by_types(self, node: Apply) -> int | None:
        """The number that a node computes, if the types of its inputs tell it."""
        return None

    def __call__(self, *inputs: Any, **keywords: Any) -> Any:
        """Apply to variables or values; the output, or a list of them if there are several."""
        name = keywords.pop("name", None)
        node = self.make_node(*inputs, **keywords)
        if name is not None and len(node.outputs) == 1:
            node.outputs[0].name = name
        if self.default_output is not None:
            return node.outputs[self.default_output]
        return node.outputs[0] if len(node.outputs) == 1 else node.outputs

    def props(self) -> tuple[Any, ...]:
        """Values of the attributes named by ``__props__``."""
        return tuple(getattr(self, p) for p in self.__props__ or ())

    def __eq__(self, other: object) -> bool:
        if self is other:
            return True
        if self.__props__ is None or type(self) is not type(other):
            return False
        return self.props() == other.props()

    def __hash__(self) -> int:
        if self.__props__ is None:
            return object.__hash__(self)
        return hash((type(self), self.props()))

    def __str__(self) -> str:
        if not self.__props__:
            return type(self).__name__
        values = ", ".join(f"{p}={v!s}" for p, v in zip(self.__props__, self.props(), strict=True))
        return f"{type(self).__name__}{{{values}}}"

    def __repr__(self) -> str:
        return str(self)


def _type_of(given: Any) -> Any:
    """A type, or that of the variables that a constructor makes."""
    return given if isinstance(given, Type) else given().type


def _typed(op: Op, type: Type, x: Any) -> Variable:
    if not isinstance(x, Variable):
        try:
            x = type.make_constant(x)  # type: ignore[attr-defined]
        except (AttributeError, TypeError) as error:
            raise TypeError(f"{op} takes an input of {type}: {error}") from None
    if not type.admits(x.type):
        raise TypeError(
            f"{op} takes an input of {type}, and got\n  {describe(x)}\n"
            "  hint: cast it, or give it the rank that the op asks for"
        )
    return x  # type: ignore[no-any-return]


def result_of(node: Apply, inputs: Sequence[Any]) -> list[Any]:
    """Run a node on arrays, and give the arrays that it computes.

    Raises
    ------
    ValueError
        From NumPy, if the op writes into an input: all are read-only.
    TypeError
        If what it gives is not what its node promises, and does not convert to that safely.
    """
    storage: Storage = [[None] for _ in node.outputs]
    node.op.perform(node, [_read_only(x) for x in inputs], storage)
    results = []
    for v, cell in zip(node.outputs, storage, strict=True):
        if not v.type.holds(cell[0]):
            results.append(_converted(v, cell[0]))
        elif _is_kept(cell) and cell[0].flags.writeable:
            # The op has the array too, and may write to it in another call.
            results.append(cell[0].copy())
        else:
            results.append(cell[0])
    return results


def _is_kept(cell: list[Any]) -> bool:
    """Whether others than its cell refer to an array, or to the one that it is a view of."""
    value = cell[0]
    if type(value) is not np.ndarray:
        return False
    base = value.base
    return sys.getrefcount(value) > _ALONE or (base is not None and sys.getrefcount(base) > _ALONE)


def _references(cell: list[Any]) -> int:
    value = cell[0]
    return sys.getrefcount(value)


_ALONE = _references([np.empty(1)])  # of an array that nothing but its cell refers to


def _read_only(x: Any) -> Any:
    """The same array for an op that others read too, or that is the caller's."""
    if type(x) is not np.ndarray or not x.flags.writeable:
        return x
    shown = x.view()
    # By position: by keyword it takes three times as long.
    shown.setflags(False)  # type: ignore[call-arg]
    return shown


def _converted(variable: Variable, value: Any) -> Any:
    """What an op left in its storage, as an array of the type that it promised."""
    if value is not None:
        try:
            return variable.type.filter(value)
        except TypeError:
            pass
    given = f"{type(value).__name__} {value!r:.60}"
    if value is None:
        given = "nothing"
    elif isinstance(value, np.ndarray):
        given = f"an array of dtype {value.dtype} and shape {value.shape}"
    raise TypeError(
        f"{variable.owner and variable.owner.op}: perform gave no value of its output "
        f"{variable.index}, which make_node says is {variable.type}: it gave {given}\n"
        f"  hint: put such an array into output_storage[{variable.index}][0]; "
        "np.asarray(result, dtype=node.outputs[i].dtype) is one, if the rank is right"
    )


__all__ = ["Apply", "Op", "Storage", "Variable", "result_of"]
