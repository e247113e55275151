"""Pages in which one looks around in a graph, by Theano's names."""

from bitale_graph.drawing import d3viz as d3viz
from bitale_graph.drawing import d3write as d3write
