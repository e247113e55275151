"""Memory in which the elements lie side by side, in row-major order."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np

from ..core.graph import Apply, Storage
from ..tensor.conversion import as_tensor
from ..tensor.op import TensorOp


class CpuContiguous(TensorOp):
    """The input itself if it is C-contiguous when it runs, else a copy that is."""

    __props__ = ()
    view_map: ClassVar = {0: [0]}

    def make_node(self, x: Any) -> Apply:
        """The type stays."""
        x = as_tensor(x)
        return Apply(self, [x], [x.type()])

    def perform(self, node: Apply, inputs: Sequence[Any], output_storage: Storage) -> None:
        x = inputs[0]
        output_storage[0][0] = x if x.flags.c_contiguous else np.array(x, order="C")

    def infer_shape(self, node: Apply, input_shapes: Sequence[Sequence[Any]]) -> list[Any]:
        return [tuple(input_shapes[0])]


cpu_contiguous = CpuContiguous()
