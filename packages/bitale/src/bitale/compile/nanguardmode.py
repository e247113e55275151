"""The mode that stops at NaN, infinities and very large numbers, and what finds these."""

from bitale_graph.extend import NanGuardMode as NanGuardMode
from bitale_graph.extend import contains_inf as contains_inf
from bitale_graph.extend import contains_nan as contains_nan
from bitale_graph.extend import flatten_lists as flatten_lists

flatten = flatten_lists
