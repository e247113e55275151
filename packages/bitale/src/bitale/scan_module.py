"""Loops: `scan`, its relatives, and `until` to stop one."""

from bitale_graph import OrderedUpdates as OrderedUpdates
from bitale_graph import scan as scan
from bitale_graph import until as until
