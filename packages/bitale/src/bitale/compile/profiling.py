"""What calls of functions took: Theano's module of this name."""

from bitale_graph.profiling import ProfileStats as ProfileStats
from bitale_graph.profiling import ScanProfileStats as ScanProfileStats
from bitale_graph.profiling import register_profiler_printer as register_profiler_printer
