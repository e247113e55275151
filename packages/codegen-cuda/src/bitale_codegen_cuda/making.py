"""From a function's maker to its program on a device."""

from __future__ import annotations

from bitale_graph.extend import FunctionMaker, config, load_rules
from bitale_graph.plan.calls import Call
from bitale_graph.plan.host_function import plan_function
from bitale_graph.plan.statements import walk

from . import emit
from .driver.driver import Driver
from .executor.program import CudaProgram
from .target import CUDA

load_rules(emit)
CUDA.emits.when_asked("bitale_graph.convolution", "bitale_codegen_cuda.emit.convolution")


def made(maker: FunctionMaker, driver: Driver) -> CudaProgram:
    """Plan the host code of a function for a device.

    Raises
    ------
    NoDeviceError
        If it multiplies matrices, and the device has nothing that does.
    """
    given = (len(maker.arguments), maker.n_outputs, maker.update_targets)
    graph = maker.fgraph
    with maker.phase("lowering"):
        host = plan_function(graph, *given, CUDA)
    if any(isinstance(one, Call) and one.routine.name == "gemm" for one in walk(host.statements)):
        driver.prepare_products()
    return CudaProgram(maker, host, driver, config.cuda_plans)


def without_kernels(program: CudaProgram) -> list[str]:
    """The ops of a function that run on the host."""
    return list(dict.fromkeys(str(node.op) for node in program.host.callbacks))
