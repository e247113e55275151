"""Loops: `scan`, its relatives, and `until` to stop one."""

from bitale_graph import OrderedUpdates as OrderedUpdates
from bitale_graph import carry_scan as carry_scan
from bitale_graph import foldl as foldl
from bitale_graph import foldr as foldr
from bitale_graph import map as map
from bitale_graph import reduce as reduce
from bitale_graph import scan as scan
from bitale_graph import scan_checkpoints as scan_checkpoints
from bitale_graph import until as until
