"""Text forms of expressions and functions."""

from bitale_graph.printing import debugprint as debugprint
from bitale_graph.printing import pp as pp
from bitale_graph.printing import pprint as pprint
