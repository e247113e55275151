"""The modes of this room by name, for ``mode=`` and ``config.mode``."""

from __future__ import annotations

from ..compile.mode import predefined_modes
from .debug_mode import DebugMode
from .nan_guard import NanGuardMode

FAST_RUN = predefined_modes["FAST_RUN"]
FAST_COMPILE = predefined_modes["FAST_COMPILE"]

predefined_modes.setdefault("DEBUG_MODE", DebugMode())
predefined_modes.setdefault("DebugMode", DebugMode())
predefined_modes.setdefault("NanGuardMode", NanGuardMode())
