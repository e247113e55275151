"""Features of a graph that know the lengths of its variables, and which of its nodes are equal."""

from __future__ import annotations

from typing import Any

from ..core.features import Feature
from ..core.graph import Apply, Variable
from ..core.same import equal_computations
from .lengths import shapes_of


class ShapeFeature(Feature):
    """Tells lengths, as expressions of those of the inputs; the graph has it as ``shape_feature``.

    Examples
    --------
    >>> from bitale_graph import language as T
    >>> from bitale_graph.graphs import FunctionGraph, ShapeFeature
    >>> x = T.dmatrix("x")
    >>> graph = FunctionGraph([x], [x.T * 2], clone=False, features=[ShapeFeature()])
    >>> graph.shape_feature.same_shape(graph.outputs[0], x.T)
    True
    """

    def on_attach(self, fgraph: Any) -> None:
        self.fgraph = fgraph
        self._found: dict[Variable, tuple[Any, ...]] | None = None
        fgraph.shape_feature = self

    def on_detach(self, fgraph: Any) -> None:
        del fgraph.shape_feature

    def on_import(self, fgraph: Any, node: Apply, reason: Any) -> None:
        self._found = None

    def on_change_input(
        self, fgraph: Any, node: Any, i: int, r: Variable, new_r: Variable, reason: Any = None
    ) -> None:
        self._found = None

    @property
    def shape_of(self) -> dict[Variable, tuple[Any, ...]]:
        """For each tensor of the graph its lengths, in variables of rank 0."""
        if self._found is None:
            self._found = shapes_of(self.fgraph.outputs, {})
        return self._found

    def get_shape(self, variable: Variable, axis: int) -> Any:
        """One length of a tensor, also of one outside the graph."""
        known = self.shape_of
        return (known if variable in known else shapes_of([variable], {}))[variable][axis]

    def same_shape(
        self, x: Variable, y: Variable, dim_x: int | None = None, dim_y: int | None = None
    ) -> bool:
        """Whether two tensors (or one axis of each) are known to have equal lengths."""
        ranks = [range(v.type.ndim) for v in (x, y)]
        axes_x = ranks[0] if dim_x is None else [dim_x]
        axes_y = ranks[1] if dim_y is None else [dim_y]
        if len(axes_x) != len(axes_y):
            return False
        pairs = zip(axes_x, axes_y, strict=True)
        return all(
            equal_computations([self.get_shape(x, a)], [self.get_shape(y, b)]) for a, b in pairs
        )


class MergeFeature(Feature):
    """Knows the nodes that compute what another one of the graph does.

    Attributes
    ----------
    scheduled : list of pairs
        A node, and an earlier one that is equal to it.
    """

    def on_attach(self, fgraph: Any) -> None:
        self.fgraph = fgraph
        fgraph.merge_feature = self

    def on_detach(self, fgraph: Any) -> None:
        del fgraph.merge_feature

    @property
    def scheduled(self) -> list[tuple[Apply, Apply]]:
        """Equal nodes, each with the one that can stand for it."""
        seen: dict[Any, Apply] = {}
        first: dict[Variable, Variable] = {}
        found = []
        for node in self.fgraph.toposort():
            key = (node.op, tuple(_signature(first.get(v, v)) for v in node.inputs))
            earlier = seen.setdefault(key, node)
            if earlier is not node:
                found.append((node, earlier))
                first.update(zip(node.outputs, earlier.outputs, strict=True))
        return found


def _signature(v: Variable) -> Any:
    signature = getattr(v, "signature", None)  # constants alone
    return v if signature is None else signature()
