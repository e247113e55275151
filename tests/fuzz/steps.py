"""What the next line of a random program may be, and how often it is that."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from . import steps_of_algebra as algebra
from . import steps_of_arrangements as arrangements
from . import steps_of_elements as elements
from . import steps_of_functions as functions
from . import steps_of_graphs as graphs
from . import steps_of_places as places
from . import steps_of_random as random_numbers
from . import steps_of_shapes as shapes
from . import steps_of_sparse as sparse
from . import steps_of_windows as windows

WEIGHTS: dict[Callable[[Any], None], int] = {
    elements.elementwise: 20,
    elements.smooth: 6,
    elements.arithmetic: 8,
    elements.cast: 4,
    elements.choice: 5,
    elements.idiom: 12,
    shapes.reduction: 9,
    shapes.read: 6,
    shapes.write: 5,
    shapes.written_and_read: 3,
    arrangements.arranged: 4,
    arrangements.diagonal: 2,
    arrangements.same: 1,
    places.masked: 3,
    places.along_axis: 2,
    shapes.reshape: 7,
    shapes.join: 4,
    shapes.create: 3,
    windows.pooled: 3,
    windows.convolved: 3,
    graphs.product: 6,
    algebra.order: 5,
    graphs.products: 3,
    algebra.matrices: 6,
    algebra.transform: 3,
    random_numbers.draw: 3,
    sparse.sparse: 4,
    functions.function: 6,
    graphs.softmax: 4,
    graphs.scan: 5,
    graphs.ifelse: 2,
    graphs.from_graph: 2,
    graphs.assertion: 1,
    graphs.gradient: 6,
    graphs.jacobian_product: 3,
    elements.mistake: 2,
}
MAKERS = list(WEIGHTS)
