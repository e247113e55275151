"""Products with a logarithm that are 0 where the other factor is."""

from bitale_graph.language import xlogx as xlogx
from bitale_graph.language import xlogy0 as xlogy0
