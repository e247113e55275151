"""Who makes functions in this process: the mode, its rewriter and linker, and the device."""

from __future__ import annotations

from collections.abc import Iterator

from ..base.config import config
from ..base.device import known_device
from ..base.errors import ConfigError
from ..compile.linkers import find_linker, linkers
from ..compile.mode import get_default_mode
from .finding import BETTER, BROKEN, OK, Finding


def making_findings() -> Iterator[Finding]:
    """What `function` would use, as settings and layers are."""
    try:
        device = known_device(config.device)
        mode = get_default_mode()
        rewriter, linker = mode.find_rewriter(), find_linker(mode, device)
        facts = {
            "rewriter": None if rewriter is None else type(rewriter).__name__,
            "linker": linker.name,
            "linkers": sorted(linkers()),
            "device": device,
            "floatX": config.floatX,
            "mode": config.mode,
        }
    except (ConfigError, ImportError) as error:
        cure = "give another value" if isinstance(error, ConfigError) else "install that layer anew"
        words = f"no function can be made: {error}"
        yield Finding("functions", "functions", BROKEN, words, cure)
        return
    shown = ("rewriter", "linker", "device", "floatX")
    words = ", ".join(f"{name} {facts[name] or 'none'}" for name in shown)
    if facts["linkers"] == ["numpy"]:
        cure = "pip install bitale-codegen-c"
        yield Finding("functions", "functions", BETTER, f"{words}: node by node", cure, facts)
    else:
        yield Finding("functions", "functions", OK, words, "", facts)
