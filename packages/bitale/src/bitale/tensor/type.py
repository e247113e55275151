"""The type of tensors, and when two of their values count as equal."""

from bitale_graph import TensorType as TensorType
from bitale_graph.extend import values_eq_approx as values_eq_approx
from bitale_graph.extend import values_eq_approx_always_true as values_eq_approx_always_true
from bitale_graph.extend import values_eq_approx_remove_inf as values_eq_approx_remove_inf
from bitale_graph.extend import values_eq_approx_remove_inf_nan as values_eq_approx_remove_inf_nan
from bitale_graph.extend import values_eq_approx_remove_nan as values_eq_approx_remove_nan
