"""CUDA, as a target of plans: kernels on a device, host code carried out for each shape once."""

from __future__ import annotations

from bitale_graph.extend import Apply, ScalarOp
from bitale_graph.plan.calls import Routine
from bitale_graph.plan.dialect import COMPUTED, is_known
from bitale_graph.plan.node_code import has_code
from bitale_graph.plan.target import Target


class CudaTarget(Target):
    """What the device computes: as much as C does, and float16."""

    sums_in_parts = False  # the threads of a block sum up in shared memory
    keeps_numbers = True

    def computes(self, dtype: str) -> bool:
        """Complex numbers go through NumPy."""
        return dtype in COMPUTED or dtype == "float16"

    def knows(self, op: ScalarOp) -> bool:
        """Whether there is a CUDA expression for an op."""
        return is_known(op)

    def routine(self, name: str, dtype: str) -> Routine:
        """A kernel over rows, or a library's product: `executor.routines` has them by name."""
        return Routine(name, dtype, takes_runtime=False)


CUDA = CudaTarget("bitale_codegen_cuda/emit", frozenset())


def has_kernel(node: Apply) -> bool:
    """Whether a node runs on the device."""
    return has_code(CUDA, node)
