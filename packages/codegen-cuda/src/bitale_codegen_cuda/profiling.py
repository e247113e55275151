"""Where the time of a function on a device goes, kernel by kernel."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from bitale_graph import Function


@dataclass(frozen=True)
class KernelTime:
    """What the kernels of one name for one node took.

    Attributes
    ----------
    kernel : str
    op : str
        The node, in words.
    seconds : float
        Of all calls.
    count : int
        How often they ran, in all calls.
    """

    kernel: str
    op: str
    seconds: float
    count: int


@dataclass(frozen=True)
class Profile:
    """Where the time went; printed, a table.

    Attributes
    ----------
    name, device : str
        Of the function.
    calls : int
    kernels : tuple of KernelTime
        Those that took longest first.
    """

    name: str
    device: str
    calls: int
    kernels: tuple[KernelTime, ...]

    @property
    def seconds(self) -> float:
        """Of all kernels in all calls."""
        return sum(one.seconds for one in self.kernels)

    def __str__(self) -> str:
        head = f"{self.name} on {self.device}: {1e6 * self.seconds / self.calls:.1f} us a call"
        lines = [head, f"{'us a call':>10} {'%':>5} {'launches':>9}  kernel and op"]
        for one in self.kernels:
            share = 100 * one.seconds / self.seconds if self.seconds else 0.0
            took, often = 1e6 * one.seconds / self.calls, one.count / self.calls
            lines.append(f"{took:10.1f} {share:5.1f} {often:9g}  {one.kernel}: {one.op:.100}")
        return "\n".join(lines)


def profile(function: Function, *args: Any, calls: int = 10) -> Profile:
    """Call a function on a device, and time each of its kernels by the device's own clock.

    Kernels are started one by one, so that a call takes longer than it does otherwise. The calls
    make their updates.

    Parameters
    ----------
    function : Function
    *args
        What it is called with.
    calls : int
        How often; one more comes first, so that nothing is compiled while time is taken.

    Raises
    ------
    TypeError
        If the function does not run on a device.
    ValueError
        If it is called less than once.
    """
    from .executor.program import CudaProgram  # loads what only this asks for

    program = getattr(function.executable, "executable", function.executable)  # if it is measured
    if not isinstance(program, CudaProgram):
        raise TypeError(f"{function.name} runs on {type(program).__name__}, which is no device")
    if calls < 1:
        raise ValueError(f"profile: calls must be at least 1, and is {calls}")
    function(*args)
    timer = program.timed([args] * calls)
    nodes = program.host.nodes
    found = [
        KernelTime(name, str(nodes[node]), seconds, count)
        for (node, name), (seconds, count) in timer.seconds.items()
    ]
    found.sort(key=lambda one: -one.seconds)
    return Profile(function.name, program.driver.name, calls, tuple(found))
