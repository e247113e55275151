"""What programs ask of Theano's GPU modules before they use them: that there is none of theirs.

A graphics processor is used by `bitale.config.device`, with the programs as they are.
"""

from __future__ import annotations

from typing import Any

from bitale_graph import config

import bitale.tensor as T

pygpu_activated = False
cuda_available = False
cuda_enabled = False


def dnn_available(context_name: str | None = None) -> bool:
    """Whether Theano's own layer over cuDNN is there: no."""
    return False


dnn_present = dnn_available
dnn_available.msg = "bitale has no layer over cuDNN: its own convolutions run on its devices"  # type: ignore[attr-defined]


def use(device: str, *_: Any, **__: Any) -> None:
    """Let functions that are made from now on run on a device."""
    config.device = device


def gpu_contiguous(x: Any) -> Any:
    """``x``: where memory lies, and how, is the compiler's business."""
    return T.as_tensor_variable(x)


host_from_gpu = gpu_from_host = as_cuda_ndarray_variable = as_gpuarray_variable = gpu_contiguous
