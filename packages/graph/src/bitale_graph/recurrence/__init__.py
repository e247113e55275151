"""Loops as users write them: `scan` and its relatives, which trace a function into a `Scan`."""

from .carry import carry_scan as carry_scan
from .checkpoints import scan_checkpoints as scan_checkpoints
from .fold import foldl as foldl
from .fold import foldr as foldr
from .fold import map as map
from .fold import reduce as reduce
from .result import until as until
from .scan import scan as scan
from .updates import OrderedUpdates as OrderedUpdates
