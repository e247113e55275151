"""Sparse matrices as vectors, where a graph has any."""

from __future__ import annotations

import sys

from bitale_graph.extend import FunctionGraph

from ..engine.fixed_point import to_fixed_point
from ..engine.rewrite import RewriteContext


def sparse_matrices(graph: FunctionGraph, context: RewriteContext) -> None:
    """Work on the vectors that sparse matrices are made of."""
    room = sys.modules.get("bitale_graph.sparse")
    if room is None or not any(map(room.is_sparse, graph.clients)):
        return
    from ..rules.sparse.matrices import places, sparse  # most programs have no sparse matrix
    from ..rules.sparse.rows import rows

    # First what needs no matrix at all, since the vectors of one would hide that.
    for rules in (rows, sparse, places):
        to_fixed_point(rules)(graph, context)
