"""What calls of functions take, node by node, and what it took to make them."""

from .costs import Costs as Costs
from .costs import NodeCost as NodeCost
from .loops import ScanProfileStats as ScanProfileStats
from .printers import register_profiler_printer as register_profiler_printer
from .stats import ProfileStats as ProfileStats
