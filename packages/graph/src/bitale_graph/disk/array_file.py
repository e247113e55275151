"""Arrays that are read from files when a function runs."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ..core.graph import Apply, Constant, Op, Storage, Variable
from ..tensor.generic import Generic, generic
from ..tensor.variable import TensorType


class LoadFromDisk(Op):
    """The array in a file ``.npy``, read whenever it is computed; see `load`."""

    __props__ = ("dtype", "broadcastable", "mmap_mode")

    def __init__(
        self, dtype: str, broadcastable: Sequence[bool], mmap_mode: str | None = None
    ) -> None:
        self.dtype = np.dtype(dtype).name
        self.broadcastable = tuple(map(bool, broadcastable))
        if mmap_mode not in (None, "c"):
            raise ValueError(f"load: mmap_mode is None or 'c', not {mmap_mode!r}")
        self.mmap_mode = mmap_mode

    def make_node(self, path: Any) -> Apply:
        """Take the path as a text or `Path`, or a variable of `Generic`."""
        if isinstance(path, (str, Path)):
            path = Constant(generic, str(path))
        if not isinstance(path, Variable) or not isinstance(path.type, Generic):
            raise TypeError(f"load: the path must be a text or a Generic variable, not {path!r}")
        return Apply(self, [path], [TensorType(self.dtype, self.broadcastable)()])

    def perform(self, node: Apply, inputs: Sequence[Any], output_storage: Storage) -> None:
        path = str(inputs[0])
        if path.endswith(".npz"):
            raise ValueError(f"load: expected a file .npy, and got {path}")
        found = np.load(path, mmap_mode="c" if self.mmap_mode else None)
        if found.dtype != self.dtype or found.ndim != len(self.broadcastable):
            raise TypeError(
                f"load: expected an array of dtype {self.dtype} and rank "
                f"{len(self.broadcastable)}, and {path} holds {found.dtype} of shape {found.shape}"
            )
        output_storage[0][0] = np.asarray(found)

    def do_constant_folding(self, graph: Any, node: Apply) -> bool:
        """Say no: the file is read when the function runs."""
        return False


def load(path: Any, dtype: str, broadcastable: Sequence[bool], mmap_mode: str | None = None) -> Any:
    """The array in a file ``.npy``, read whenever it is computed.

    Parameters
    ----------
    path : str, Path, or variable of Generic
    dtype : str
    broadcastable : sequence of bool
        For each axis whether it has length 1.
    mmap_mode : None or "c"
        Whether to map the file into memory, as `numpy.load` does.

    Raises
    ------
    TypeError
        When it runs, if the file holds another dtype or rank.
    """
    return LoadFromDisk(dtype, broadcastable, mmap_mode)(path)
