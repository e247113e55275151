"""Types of values that are no arrays."""

from bitale_graph.extend import NoneConst as NoneConst
from bitale_graph.extend import NoneTypeT as NoneTypeT
from bitale_graph.extend import SliceType as SliceType
from bitale_graph.extend import none_type_t as none_type_t
from bitale_graph.extend import slicetype as slicetype
