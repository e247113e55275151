"""The CUDA linker: plan the host code, and hand it to a device."""

from __future__ import annotations

import sys
import threading
import warnings

from bitale_graph.extend import (
    Executable,
    FunctionGraph,
    FunctionMaker,
    TensorType,
    change_linker,
    config,
    trace,
)

from .base import settings as settings
from .base.errors import NoDeviceError
from .devices import device_of
from .driver.driver import Driver

_lock = threading.Lock()


def _has_only_arrays(graph: FunctionGraph) -> bool:
    """Whether all variables are tensors, in the bodies of loops and choices as well."""
    graphs = [graph]
    for one in graphs:
        if not all(isinstance(v.type, TensorType) for v in one.variables):
            return False
        graphs += [body.graph for node in one.apply_nodes for body in node.op.bodies]
    return True


class CudaLinker:
    """Makes functions run on a device; without one, as they run without this package."""

    name = "cuda"
    rank = 0

    def __init__(self) -> None:
        self._told: set[str] = set()

    def link(self, maker: FunctionMaker) -> Executable:
        """Plan a function for the device of its mode.

        Raises
        ------
        NoDeviceError
            If there is no such device and ``config.force_device`` says that there must be.
        """
        try:
            driver = device_of(maker.device)
        except NoDeviceError as error:
            return self._without(maker, error)
        self._announce(driver)
        # Rewriting may leave nothing of a sparse matrix but vectors.
        if not _has_only_arrays(maker.written) and not _has_only_arrays(maker.fgraph):
            self._tell(f"{maker.name} has values that are no arrays, and runs on the CPU")
            return change_linker(maker)
        from .making import made, without_kernels  # costs all who never ask for a device

        try:
            program = made(maker, driver)
        except NoDeviceError as error:
            return self._without(maker, error)
        ops = without_kernels(program)
        if ops:
            self._tell(
                f"{maker.name} on {driver.name}: no kernel is known for {', '.join(ops)}. They run "
                "on the host: at every call their inputs leave the device and their results come "
                "back, and the function is no longer one launch"
            )
        return program

    def _without(self, maker: FunctionMaker, error: NoDeviceError) -> Executable:
        """The function on the CPU, after a warning, unless that is an error."""
        if config.force_device:
            raise error
        self._tell(
            f"device={maker.device}: {error}. Functions run on the CPU instead; "
            "config.force_device=True makes an error of this, and "
            "bitale_codegen_cuda.doctor() tells more"
        )
        return change_linker(maker)

    def _tell(self, text: str) -> None:
        """Warn of something once, at the user's line."""
        with _lock:
            if text in self._told:
                return
            self._told.add(text)
        file, line, _ = next(iter(trace.capture()), ("bitale", 1, ""))
        warnings.warn_explicit(text, UserWarning, file, line)

    def _announce(self, driver: Driver) -> None:
        """Say once which device is in use."""
        with _lock:
            if driver.name in self._told or not config.print_active_device:
                return
            self._told.add(driver.name)
        print(f"Using {driver.name}: {driver.properties.title}", file=sys.stderr)  # noqa: T201
