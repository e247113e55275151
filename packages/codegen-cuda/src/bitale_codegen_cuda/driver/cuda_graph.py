"""Commands that the driver recorded once and launches as a whole."""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Iterable, Sequence

from .commands import Command, CopyBytes, Launch, Product
from .cuda_library import KernelNodeParams
from .cuda_queue import CudaQueue
from .driver import Counts, Graph


class CudaGraph(Graph):
    """A graph made by capturing a stream.

    Parameters
    ----------
    queue : CudaQueue
    counts : Counts
        Of the device; a launch adds to them.
    commands : sequence of Command
    forget : callable
        Called with the graph when it is closed.
    """

    def __init__(
        self,
        queue: CudaQueue,
        counts: Counts,
        commands: Sequence[Command],
        forget: Callable[[CudaGraph], None],
    ) -> None:
        self._queue = queue
        self._counts = counts
        self._tally = Counts()
        tally(commands, self._tally)
        self._forget = forget
        self._launches = {
            index: command for index, command in enumerate(commands) if isinstance(command, Launch)
        }
        with queue as library:
            queue.prepare(commands)
            # The nodes are those of the recorded graph, which therefore has to stay.
            self._recorded, self._nodes = queue.record(commands)
            try:
                self._executable = library.make("cuGraphInstantiateWithFlags", self._recorded, 0)
            except BaseException:
                library.attempt("cuGraphDestroy", self._recorded)
                raise

    def launch(self) -> None:
        """Start all commands, behind what the device was asked before."""
        counts, own = self._counts, self._tally
        with self._queue as library:
            library.call("cuGraphLaunch", self._alive(), self._queue.stream)
            counts.graphs += 1
            counts.launches += own.launches
            counts.products += own.products
            counts.copies += own.copies

    def update(self, index: int, command: Command) -> None:
        """Replace command number ``index``, a launch, by one of the same kernel and kinds.

        What was started before runs as it was.

        Raises
        ------
        ValueError
            If it is not such a launch.
        """
        before = self._launches.get(index)
        if before is None:
            raise ValueError(f"command {index} of the graph is no launch")
        if not (
            isinstance(command, Launch)
            and command.kernel == before.kernel
            and command.kinds == before.kinds
        ):
            raise ValueError(
                f"command {index} of the graph launches {before.kernel!r} with arguments "
                f"{before.kinds!r}, and cannot become {command!r}"
            )
        queue = self._queue
        with queue as library:
            queue.check(command)
            parameters = KernelNodeParams(
                func=queue.kernels[command.kernel],
                grid=(*command.grid, 1),
                block=(command.block, 1, 1),
                kernel_params=queue.arguments(command),
            )
            library.call(
                "cuGraphExecKernelNodeSetParams_v2",
                self._alive(),
                self._nodes[index],
                ctypes.addressof(parameters),
            )

    def close(self) -> None:
        """Give back what the driver keeps for it; a launch that has begun runs to its end."""
        queue = self._queue
        with queue.lock:
            executable, self._executable = self._executable, 0
            if not executable:
                return
            self._forget(self)
            if queue.usable:
                with queue as library:
                    library.attempt("cuGraphExecDestroy", executable)
                    library.attempt("cuGraphDestroy", self._recorded)

    def _alive(self) -> int:
        if not self._executable:
            raise ValueError("the graph was closed")
        return self._executable


def tally(commands: Iterable[Command], counts: Counts) -> None:
    """Add commands to what a device was asked for."""
    for command in commands:
        if isinstance(command, Launch):
            counts.launches += 1
        elif isinstance(command, Product):
            counts.products += 1
        elif isinstance(command, CopyBytes):
            counts.copies += 1
