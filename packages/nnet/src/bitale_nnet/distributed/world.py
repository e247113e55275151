"""The processes that train one network together."""

from __future__ import annotations

import pickle
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from bitale_graph import language as T
from bitale_graph.distributed import all_reduce
from bitale_graph.extend import SharedVariable, Variable, describe
from bitale_graph.extend import dtype as dtypes

from ..updates import get_or_compute_grads
from .waiting import Channel

Array = np.ndarray[Any, Any]
_NO_MPI = (
    'several processes need mpi4py and an MPI: pip install "bitale-nnet[mpi]", and the MPI of the '
    "machine, or that of PyPI: pip install mpich"
)


def _mpi() -> Any:
    try:
        from mpi4py import MPI
    except (ImportError, RuntimeError) as error:
        raise ImportError(f"{_NO_MPI} ({error})") from error
    return MPI


_of_all: dict[float | None, Channel] = {}


def _channel(comm: Any, timeout: float | None, is_world: bool) -> Channel:
    """The channel of a communicator; of that of all processes the same one each time.

    Each has a duplicate of it, of which MPI has some thousands, and which all make together.
    """
    if not is_world:
        return Channel(comm, timeout)
    if timeout not in _of_all:
        _of_all[timeout] = Channel(comm, timeout)
    return _of_all[timeout]


class World:
    """The processes of ``mpiexec -n 4 python train.py``, of which this is one.

    Each has all parameters, and its share of the rows of every minibatch. Gradients are averaged
    in one message a step, so that all make the same updates; they are those of one process with all
    rows, but for rounding. It is a `Communicator` for `bitale_graph.distributed.all_reduce`.

    All processes must build the same functions, and call them as often. An error that nobody
    catches in one of them ends all, with a message; where one is killed, mpiexec ends the others.
    Without mpiexec it is a world of one.

    Parameters
    ----------
    comm : mpi4py.MPI.Intracomm, optional
        By default ``MPI.COMM_WORLD``.
    timeout : float or None
        Seconds that a process waits for the others before it raises `TimeoutError`; None: for ever.

    Attributes
    ----------
    rank : int
        The number of this process, from 0.
    size : int
        How many there are.

    Raises
    ------
    ImportError
        If there is no mpi4py, or no MPI.

    Examples
    --------
    >>> world = World()
    >>> world
    <World: process 0 of 1>
    >>> world.rows(7)
    slice(0, 7, None)
    """

    def __init__(self, comm: Any = None, timeout: float | None = 300.0) -> None:
        MPI = _mpi()
        if comm is not None and not isinstance(comm, MPI.Intracomm):
            raise TypeError(f"World takes a communicator, such as MPI.COMM_WORLD, not {comm!r}")
        is_number = isinstance(timeout, (int, float, np.number)) and timeout is not True
        if timeout is not None and not (is_number and timeout > 0):
            raise ValueError(f"timeout is a number of seconds, or None, not {timeout!r}")
        self.comm, self.timeout = MPI.COMM_WORLD if comm is None else comm, timeout
        self.rank: int = self.comm.Get_rank()
        self.size: int = self.comm.Get_size()
        self._channel = _channel(self.comm, timeout, self.comm == MPI.COMM_WORLD)

    @property
    def is_first(self) -> bool:
        """Whether this is process 0, which shows progress and writes files for all."""
        return self.rank == 0

    # Rows
    def rows(self, count: int) -> slice:
        """Which of ``count`` rows are this process's: as many as another's, but for one."""
        return slice(count * self.rank // self.size, count * (self.rank + 1) // self.size)

    def shard(self, *arrays: Any) -> Any:
        """The rows of an array that are this process's; of several as long, a tuple."""
        counts = {len(array) for array in arrays}
        if len(counts) != 1:
            raise ValueError(f"shard takes arrays with as many rows, not {sorted(counts)}")
        rows = self.rows(counts.pop())
        found = tuple(array[rows] for array in arrays)
        return found[0] if len(found) == 1 else found

    def seed(self, seed: int) -> list[int]:
        """A seed of this process alone, such as of dropout: ``Training(world.seed(0))``."""
        return [seed, self.rank]

    # Expressions
    def average(self, x: Any, weight: Any = None) -> Any:
        """The average over all processes of a tensor, or of each one of a sequence, in one message.

        Parameters
        ----------
        x : tensor, or list or tuple of tensors
        weight : 0-d variable, optional
            How much this process counts, such as its rows; by default all count alike.
        """
        if not isinstance(x, (list, tuple)):
            return self.average([x], weight)[0]
        tensors = [_as_float(v) for v in x]
        if weight is None or self.size == 1:
            return self._divided(tensors, None)
        weight = _as_weight(weight)
        # What counts nothing may be NaN: the mean of no rows.
        counts = T.gt(weight, 0)
        weighed = [
            T.switch(counts, T.cast(weight, v.dtype) * v, np.zeros((), v.dtype)) for v in tensors
        ]
        return self._divided(weighed, weight)

    def gradients(self, loss_or_grads: Any, params: Iterable[Any], weight: Any = None) -> list[Any]:
        """The average over all processes of the gradients of a loss; see `average`.

        Parameters
        ----------
        loss_or_grads : 0-d variable, or sequence of variables
            Of this process's rows.
        params : iterable of shared variables
        weight : 0-d variable, optional
        """
        parameters = list(params)
        if weight is None or self.size == 1 or not isinstance(loss_or_grads, Variable):
            gradients = [g for _, g in get_or_compute_grads(loss_or_grads, parameters)]
            return list(self.average(gradients, weight))
        # A loss that is weighed costs one product. Without rows it is NaN, but its gradients are 0.
        weight = _as_weight(weight)
        weighed = T.cast(weight, T.as_tensor(loss_or_grads).dtype) * loss_or_grads
        return self._divided([g for _, g in get_or_compute_grads(weighed, parameters)], weight)

    def _divided(self, tensors: Sequence[Any], weight: Any) -> list[Any]:
        """The sums over all processes of what is weighed, by the sum of the weights."""
        if self.size == 1 or not tensors:
            return list(tensors)
        if weight is None:
            return [v / self.size for v in all_reduce(list(tensors), self)]
        # In the dtype of a tensor it travels with that.
        *sums, total = all_reduce([*tensors, T.cast(weight, tensors[0].dtype)], self)
        return [v / T.cast(total, v.dtype) for v in sums]

    def Allreduce(self, sendbuf: Array, recvbuf: Array) -> None:
        """Add arrays up over all processes: what `all_reduce` calls."""
        if self.size == 1:
            recvbuf[...] = sendbuf
            return
        request = self._channel.communicator.Iallreduce(sendbuf, recvbuf)
        what = f"the sum of {sendbuf.size} numbers of {sendbuf.dtype}"
        self._channel.wait(request, what, sendbuf, recvbuf)

    # Values
    def sum(self, values: Any) -> Array:
        """The sums over all processes of numbers, at once, in float64."""
        given = np.array(values, "float64")
        found = np.empty_like(given)
        self.Allreduce(given, found)
        return found

    def broadcast(self, value: Any = None) -> Any:
        """What process 0 gives, in every process; it is pickled on the way."""
        if self.size == 1:
            return value
        data = pickle.dumps(value) if self.is_first else b""
        length = np.array([len(data)], "int64")
        self._send_first(length)
        buffer = (
            np.frombuffer(data, "uint8") if self.is_first else np.empty(int(length[0]), "uint8")
        )
        self._send_first(buffer)
        return value if self.is_first else pickle.loads(buffer.tobytes())

    def _send_first(self, buffer: Array) -> None:
        request = self._channel.communicator.Ibcast(buffer, root=0)
        self._channel.wait(request, "what process 0 gives", buffer)

    def gather(self, value: Any) -> list[Any]:
        """What each process gives, by rank, in every process; it is pickled on the way."""
        if self.size == 1:
            return [value]
        data = np.frombuffer(pickle.dumps(value), "uint8")
        lengths = np.zeros(self.size, "int64")
        lengths[self.rank] = len(data)
        found = np.empty_like(lengths)
        self.Allreduce(lengths, found)
        ends = np.cumsum(found)
        buffer = np.empty(int(ends[-1]), "uint8")
        counts = (found.tolist(), (ends - found).tolist())
        request = self._channel.communicator.Iallgatherv(data, [buffer, counts])
        self._channel.wait(request, "what each process gives", data, buffer)
        parts = np.split(buffer, ends[:-1])
        return [pickle.loads(part.tobytes()) for part in parts]

    def check_alike(self, **facts: Any) -> None:
        """Raise `ValueError`, in every process, unless all give the same.

        What decides how many steps there are must be the same: else some would wait for ever.
        """
        told = self.gather(facts)
        for rank, given in enumerate(told):
            for name, value in given.items():
                if value != told[0].get(name):
                    raise ValueError(
                        f"all processes must be given alike: {name} is {told[0].get(name)} in "
                        f"process 0, and {value} in process {rank}"
                    )

    def broadcast_parameters(self, *what: Any) -> None:
        """Give layers, or shared variables, the values that they have in process 0."""
        variables: list[Any] = []
        for one in what:
            parameters = getattr(one, "parameters", None)
            if not callable(parameters) and not isinstance(one, SharedVariable):
                raise TypeError(
                    f"broadcast_parameters takes layers and shared variables, not {one!r}"
                )
            variables += [one] if parameters is None else parameters()
        values = [v.get_value(borrow=True) for v in variables] if self.is_first else None
        given = self.broadcast(values)
        for variable, value in zip(variables, given, strict=True):
            variable.set_value(value)

    # A world is a place, of which no copy makes another.
    def __copy__(self) -> World:
        return self

    def __deepcopy__(self, memo: Any) -> World:
        return self

    def __reduce__(self) -> Any:
        return World, (self.comm, self.timeout)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, World):
            return NotImplemented
        return bool(self.comm == other.comm) and self.timeout == other.timeout

    def __hash__(self) -> int:
        return hash((World, self.timeout))

    def __repr__(self) -> str:
        return f"<World: process {self.rank} of {self.size}>"


def _as_float(x: Any) -> Any:
    x = T.as_tensor(x)
    return T.cast(x, dtypes.at_least_float(x.dtype))


def _as_weight(weight: Any) -> Any:
    weight = T.as_tensor(weight)
    if weight.ndim:
        raise ValueError(f"the weight of a process is one number, not {describe(weight)}")
    return weight
