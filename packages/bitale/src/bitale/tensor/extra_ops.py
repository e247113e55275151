"""Theano's names for what sorts, counts and gathers."""

from bitale_graph.extend import SearchSorted as SearchSorted
from bitale_graph.extend import Unique as Unique
from bitale_graph.language import CpuContiguous as CpuContiguous
from bitale_graph.language import bartlett as bartlett
from bitale_graph.language import bincount as bincount
from bitale_graph.language import broadcast_arrays as broadcast_arrays
from bitale_graph.language import broadcast_to as broadcast_to
from bitale_graph.language import compress as compress
from bitale_graph.language import cpu_contiguous as cpu_contiguous
from bitale_graph.language import cumprod as cumprod
from bitale_graph.language import cumsum as cumsum
from bitale_graph.language import diff as diff
from bitale_graph.language import fill_diagonal as fill_diagonal
from bitale_graph.language import fill_diagonal_offset as fill_diagonal_offset
from bitale_graph.language import geomspace as geomspace
from bitale_graph.language import linspace as linspace
from bitale_graph.language import logspace as logspace
from bitale_graph.language import ravel_multi_index as ravel_multi_index
from bitale_graph.language import repeat as repeat
from bitale_graph.language import searchsorted as searchsorted
from bitale_graph.language import squeeze as squeeze
from bitale_graph.language import to_one_hot as to_one_hot
from bitale_graph.language import unique as unique
from bitale_graph.language import unravel_index as unravel_index

SearchsortedOp = SearchSorted
