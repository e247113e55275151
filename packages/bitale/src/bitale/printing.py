"""Text forms of expressions and functions."""

from bitale_graph.extend import Print as Print
from bitale_graph.extend import debugprint as debugprint
from bitale_graph.extend import pp as pp
from bitale_graph.extend import pprint as pprint
