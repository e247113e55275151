"""Shapes of graphs, told without running them."""

from bitale_graph.graphs import shape_of_variables as shape_of_variables
