"""From a function's maker to its program on a device."""

from __future__ import annotations

from bitale_graph.extend import FunctionMaker, config, load_rules
from bitale_graph.plan.host_function import plan_function

from . import emit
from .driver.driver import Driver
from .executor.program import CudaProgram
from .target import CUDA

load_rules(emit)


def made(maker: FunctionMaker, driver: Driver) -> CudaProgram:
    """Plan the host code of a function for a device."""
    given = (len(maker.arguments), maker.n_outputs, maker.update_targets)
    host = plan_function(maker.fgraph, *given, CUDA)
    return CudaProgram(maker, host, driver, config.cuda_plans)


def without_kernels(program: CudaProgram) -> list[str]:
    """The ops of a function that run on the host."""
    return list(dict.fromkeys(str(node.op) for node in program.host.callbacks))
