"""Where minibatches come from: arrays, files mapped into memory, sparse matrices, and iterators.

A batch is flat here: the inputs, the target, and perhaps weights, one after another.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from bitale_graph.extend import ShapeError

if TYPE_CHECKING:
    from ..distributed.world import World

Batch = tuple[Any, ...]
# Rows beyond these bring nothing more, and take memory for all that is between.
_EVALUATED_ELEMENTS, _EVALUATED_ROWS = 1 << 22, 4096


class Source(Protocol):
    """Something that gives the batches of one epoch after another."""

    steps: int | None
    is_slow: bool

    def first(self, epoch: int) -> Batch:
        """Give a batch, as an example, of the epoch that is begun next."""

    def batches(self, rng: np.random.Generator, epoch: int, skip: int) -> Iterator[Batch]:
        """Give the batches of an epoch but the first ``skip``."""


class Chosen:
    """Some rows of an array or a sparse matrix, which are read when they are asked for."""

    def __init__(self, array: Any, rows: Any) -> None:
        self.array, self.rows = array, np.flatnonzero(rows) if rows.dtype == bool else rows
        self.shape = (len(self.rows), *array.shape[1:])
        self.dtype, self.ndim = array.dtype, array.ndim

    def __getitem__(self, rows: Any) -> Any:
        return self.array[self.rows[rows]]


class Rows:
    """Some rows at a time of arrays of one length, in a new order each epoch.

    In a world, of each batch the rows of this process.
    """

    def __init__(
        self, parts: Batch, batch_size: int, shuffle: bool, world: World | None = None
    ) -> None:
        self.parts = tuple(map(_indexable, parts))
        lengths = [part.shape[0] for part in self.parts]
        if len(set(lengths)) > 1:
            raise ShapeError(f"inputs, targets and weights have different lengths: {lengths}")
        self.rows = lengths[0]
        if not self.rows:
            raise ShapeError("there are no rows to go through")
        self.batch_size, self.shuffle, self.world = batch_size, shuffle, world
        self.steps = -(-self.rows // batch_size)
        self.is_slow = any(map(_is_slow, self.parts))

    def first(self, epoch: int) -> Batch:
        return tuple(_rows(part, slice(0, 1)) for part in self.parts)

    def batches(self, rng: np.random.Generator, epoch: int, skip: int) -> Iterator[Batch]:
        order = rng.permutation(self.rows) if self.shuffle else None
        for start in range(skip * self.batch_size, self.rows, self.batch_size):
            rows = slice(start, start + self.batch_size)
            if self.world is not None:
                own = self.world.rows(min(self.batch_size, self.rows - start))
                rows = slice(start + own.start, start + own.stop)
            yield tuple(_rows(part, rows if order is None else order[rows]) for part in self.parts)


class Calls:
    """What a function gives for each epoch: an iterable of batches."""

    def __init__(self, make: Callable[[int], Iterable[Any]], world: World | None = None) -> None:
        self.make, self.world = make, world
        self.steps: int | None = None
        self.is_slow = True
        self._begun: dict[int, Iterator[Any]] = {}

    def first(self, epoch: int) -> Batch:
        made = self.make(epoch)
        if not isinstance(made, Iterable):
            raise TypeError(f"a function of data gives an iterable of batches, and gave {made!r}")
        batches = iter(made)
        try:
            batch = next(batches)
        except StopIteration:
            raise ValueError(f"the data of epoch {epoch + 1} have no batches") from None
        self._begun = {epoch: itertools.chain([batch], batches)}
        return self._arrays(batch)

    def batches(self, rng: np.random.Generator, epoch: int, skip: int) -> Iterator[Batch]:
        batches = self._begun.pop(epoch) if epoch in self._begun else iter(self.make(epoch))
        for batch in itertools.islice(batches, skip, None):
            arrays = self._arrays(batch)
            yield arrays if self.world is None else self.world.shard(*arrays)

    @staticmethod
    def _arrays(batch: Any) -> Batch:
        return tuple(part.toarray() if is_sparse(part) else _array(part) for part in flat(batch))


def as_source(
    data: Any, batch_size: int, shuffle: bool = True, world: World | None = None
) -> Source:
    """Make a source of ``(x, target)``, ``(x, target, weights)``, or a function of the epoch.

    Raises
    ------
    TypeError
        For anything else.
    ShapeError
        If lengths differ, or there are no rows.
    """
    if callable(data):
        return Calls(data, world)
    if isinstance(data, (tuple, list)):
        return Rows(flat(data), batch_size, shuffle, world)
    hint = ""
    if isinstance(data, Iterator):
        hint = "; an iterator is used up by one epoch: give a function that makes a new one"
    raise TypeError(
        "data is (x, target), (x, target, weights), or a function of the epoch's number that gives "
        f"an iterable of such, not {type(data).__name__}{hint}"
    )


def flat(batch: Any) -> Batch:
    """The parts of ``(x, target)`` or ``(x, target, weights)``; x may be a tuple of inputs."""
    if not isinstance(batch, (tuple, list)) or len(batch) not in (2, 3):
        raise TypeError(
            "a batch is a pair (x, target), or (x, target, weights); several inputs are a tuple "
            f"in the place of x; this is {_shown(batch)}"
        )
    x, *others = batch
    return (*x, *others) if isinstance(x, tuple) else tuple(batch)


def evaluation_size(batch_size: int, parts: Batch) -> int:
    """How many rows at a time to compute without learning: as many as fit."""
    elements = sum(int(np.prod(part.shape[1:])) for part in parts)
    most = min(_EVALUATED_ROWS, _EVALUATED_ELEMENTS // max(1, elements))
    return max(batch_size, most)


def is_sparse(part: Any) -> bool:
    """Whether it is a sparse matrix of SciPy."""
    return hasattr(part, "tocsr") and hasattr(part, "nnz")


def _array(part: Any) -> Any:
    return part if isinstance(part, np.ndarray) else np.asarray(part)


def _indexable(part: Any) -> Any:
    return part if is_sparse(part) or isinstance(part, Chosen) else _array(part)


def _rows(part: Any, rows: Any) -> Any:
    taken = part[rows]
    return taken.toarray() if is_sparse(taken) else np.asarray(taken)


def _is_slow(part: Any) -> bool:
    """Whether rows are taken from a sparse matrix, or a file that is mapped into memory."""
    part = part.array if isinstance(part, Chosen) else part
    if is_sparse(part):
        return True
    while part is not None:
        if isinstance(part, np.memmap):
            return True
        part = getattr(part, "base", None)
    return False


def _shown(batch: Any) -> str:
    if isinstance(batch, (tuple, list)):
        return f"a {type(batch).__name__} of {len(batch)}"
    return f"{type(batch).__name__}"
