"""The contract of an op: a type rule, a meaning in NumPy, and a shape rule."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from .variable import Apply, Variable

if TYPE_CHECKING:
    import numpy as np

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
        """Check the inputs and return a node with new outputs; raise early on what cannot work."""
        raise TypeError(f"{type(self).__name__} does not define make_node")

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


def result_of(node: Apply, inputs: Sequence[Any]) -> list[np.ndarray[Any, Any]]:
    """Run a node on arrays, and give the arrays that it computes."""
    storage: Storage = [[None] for _ in node.outputs]
    node.op.perform(node, inputs, storage)
    return [cell[0] for cell in storage]


__all__ = ["Apply", "Op", "Storage", "Variable", "result_of"]
