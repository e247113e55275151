"""Sums over all processes, of which each has the result.

A call waits for the same call in all other processes: all must make the same calls in the same
order. Within a function the graph alone decides the order, so processes that build the same graph
agree. What belongs together goes through one node, which sends it in one message.
"""

from __future__ import annotations

import pickle
from collections.abc import Iterable, Sequence
from typing import Any, Protocol

import numpy as np

from ..base.errors import DtypeError, describe
from ..core.graph import Apply, Op, Storage
from ..tensor.conversion import as_tensor
from ..tensor.variable import TensorVariable

Array = np.ndarray[Any, Any]
# Numbers up to which an array travels with others: beyond, to copy it costs more than a message.
# (MPICH 5.0, two processes on one machine: 10 us for a message, 4 GB/s for copies.)
PACKED = 1 << 16


class Communicator(Protocol):
    """What adds arrays up over processes, by mpi4py's name: a communicator of it is one."""

    def Allreduce(self, sendbuf: Array, recvbuf: Array) -> Any:
        """Put into ``recvbuf`` the sum over all processes of ``sendbuf``; both are in C order."""


class AllReduce(Op):
    """For each input the sum of what it is in all processes.

    The shapes are to be the same in all of them. Inputs of one dtype travel in one message, but for
    large ones. float16 is added up in float32.

    Parameters
    ----------
    communicator : Communicator
        Of mpi4py, such as ``MPI.COMM_WORLD``, or like it. Ops are equal by it.

    Notes
    -----
    The derivative is that of the sum of what all processes compute: what is differentiated in each
    is a part of it, and the all-reduce of the cotangents goes back.

    Every process must come to the node, or none: a branch of `ifelse`, or the steps of a loop, must
    be chosen by what is the same in all.
    """

    # It does not say that it keeps nothing: after an error compiled code would call it once more.
    __props__ = ("communicator",)

    def __init__(self, communicator: Communicator) -> None:
        if not callable(getattr(communicator, "Allreduce", None)):
            raise TypeError(
                "AllReduce takes a communicator, such as mpi4py's MPI.COMM_WORLD, with a method "
                f"Allreduce(sendbuf, recvbuf), not {communicator!r:.80}"
            )
        self.communicator = communicator

    def make_node(self, *inputs: Any) -> Apply:
        """Take tensors of numbers of any shape."""
        if not inputs:
            raise TypeError("AllReduce takes at least one tensor")
        made = [as_tensor(x) for x in inputs]
        for x in made:
            if x.type.dtype == "bool":
                raise DtypeError(f"AllReduce: cast bool before it is added up: {describe(x)}")
        return Apply(self, made, [x.type() for x in made])

    def perform(self, node: Apply, inputs: Sequence[Any], output_storage: Storage) -> None:
        for places in _messages(inputs):
            arrays = [np.asarray(inputs[i]) for i in places]
            for i, found in zip(places, self._summed(arrays), strict=True):
                output_storage[i][0] = found.astype(inputs[i].dtype, copy=False)

    def _summed(self, arrays: Sequence[Array]) -> Iterable[Array]:
        dtype = np.dtype("float32") if arrays[0].dtype == np.float16 else arrays[0].dtype
        if len(arrays) == 1:
            sent = np.ascontiguousarray(arrays[0], dtype)
        else:
            sent = np.concatenate([x.ravel() for x in arrays], dtype=dtype)
        received = np.empty(sent.shape, dtype)
        self.communicator.Allreduce(sent, received)
        if len(arrays) == 1:
            return [received.reshape(arrays[0].shape)]
        ends = np.cumsum([x.size for x in arrays])[:-1]
        parts = np.split(received, ends)
        return [part.reshape(x.shape) for part, x in zip(parts, arrays, strict=True)]

    def infer_shape(self, node: Apply, input_shapes: Sequence[Sequence[Any]]) -> list[Any]:
        return [tuple(shape) for shape in input_shapes]

    def do_constant_folding(self, graph: Any, node: Apply) -> bool:
        """Say no: other processes may not be making this function at this time."""
        return False

    def __hash__(self) -> int:
        # Communicators of mpi4py are equal or not, and have no hash.
        return hash((type(self), type(self.communicator)))

    def __eq__(self, other: object) -> bool:
        return super().__eq__(other)

    def __str__(self) -> str:
        return f"AllReduce{{{type(self.communicator).__name__}}}"

    def __reduce__(self) -> Any:
        # To be told here costs another pickle, and tells what the pickle of a graph does not.
        try:
            pickle.dumps(self.communicator)
        except Exception as error:
            raise TypeError(
                f"{self} cannot be pickled, since its communicator cannot: {error}\n"
                "  hint: MPI.COMM_WORLD can, which stands for the processes of whoever unpickles"
            ) from error
        return type(self), (self.communicator,)


def _messages(inputs: Sequence[Any]) -> list[list[int]]:
    """Which inputs travel together, in an order that only dtypes and sizes decide."""
    found: list[list[int]] = []
    packed: dict[str, list[int]] = {}
    for i, x in enumerate(inputs):
        if x.size > PACKED:
            found.append([i])
            continue
        name = x.dtype.name
        if name not in packed:
            packed[name] = []
            found.append(packed[name])
        packed[name].append(i)
    return found


def all_reduce(x: Any, communicator: Communicator) -> Any:
    """The sum over all processes of a tensor, or of each one of a sequence of tensors.

    Parameters
    ----------
    x : tensor, or list or tuple of tensors
        Each of the same shape in all processes. A sequence travels in few messages.
    communicator : Communicator
        mpi4py's, such as ``MPI.COMM_WORLD``, or a `bitale_nnet.distributed.World`.

    Returns
    -------
    tensor, or list of tensors

    Notes
    -----
    See `AllReduce` for the derivative, and for what all processes must do alike.
    """
    op = AllReduce(communicator)
    if isinstance(x, (list, tuple)):
        found: list[TensorVariable] = op(*x, return_list=True) if x else []
        return found
    return op(x)
