"""What programs ask of Theano's GPU modules before they use them: that there is none of theirs.

A graphics processor is used by `bitale.config.device`, with the programs as they are.
"""

pygpu_activated = False
cuda_available = False
cuda_enabled = False


def dnn_available(context_name: str | None = None) -> bool:
    """Whether Theano's own layer over cuDNN is there: no."""
    return False


dnn_present = dnn_available
dnn_available.msg = "bitale has no layer over cuDNN: its own convolutions run on its devices"  # type: ignore[attr-defined]
