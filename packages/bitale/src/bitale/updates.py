"""New values of shared variables, in order."""

from bitale_graph import OrderedUpdates as OrderedUpdates
