"""Matrix products as ops, and as functions of stacks."""

from bitale_graph.extend import BatchedDot as BatchedDot
from bitale_graph.extend import Dot as Dot22
from bitale_graph.extend import Gemm as Gemm
from bitale_graph.language import batched_dot as batched_dot
from bitale_graph.language import batched_tensordot as batched_tensordot

__all__ = ["BatchedDot", "Dot22", "Gemm", "batched_dot", "batched_tensordot"]
