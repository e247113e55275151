"""Text forms of expressions and functions."""

from bitale_graph.core.tree import debugprint as debugprint
from bitale_graph.debug.formula import pp as pp
from bitale_graph.debug.formula import pprint as pprint
