"""What may go wrong when a derivative is asked for; each class refines the builtin a caller would expect."""

from __future__ import annotations


class DisconnectedInputError(ValueError):
    """A derivative with respect to a variable that the cost does not depend on."""


class NullTypeGradError(TypeError):
    """A derivative that is not defined, or that nobody has written down."""
