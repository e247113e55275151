"""What Theano keeps beside its loops: copies, comparison and shapes of graphs."""

from bitale_graph.graphs import clone_replace as clone_replace
from bitale_graph.graphs import equal_computations as equal_computations
from bitale_graph.graphs import infer_shape as infer_shape
from bitale_graph.graphs import map_variables as map_variables

clone = clone_replace
