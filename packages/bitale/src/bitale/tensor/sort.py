"""Functions that sort."""

from bitale_graph.language import argsort as argsort
from bitale_graph.language import argtopk as argtopk
from bitale_graph.language import sort as sort
from bitale_graph.language import topk as topk
from bitale_graph.language import topk_and_argtopk as topk_and_argtopk
