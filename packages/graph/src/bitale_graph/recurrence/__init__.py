"""Loops as users write them: `scan` and its relatives, which trace a function into a `Scan`."""

from .result import until as until
from .scan import scan as scan
from .updates import OrderedUpdates as OrderedUpdates
