"""What training may use beside NumPy: for ``bitale doctor``."""

from __future__ import annotations

import importlib.metadata
import importlib.util
from collections.abc import Iterator

from bitale_graph.health import BROKEN, OK, Finding

# The module, what it is for, and the extra that brings it; none: it is needed in any case.
_PARTS = {
    "scikit-learn": ("sklearn", "estimators", ""),
    "tqdm": ("tqdm", "progress bars", ""),
    "matplotlib": ("matplotlib", "curves of training", "plot"),
    "mpi4py": ("mpi4py", "several processes", "mpi"),
    "safetensors": ("safetensors", "files of parameters in that format", "safetensors"),
}


def findings() -> Iterator[Finding]:
    """Which of the libraries beside this layer are there, and what each is for."""
    for name, (module, use, extra) in _PARTS.items():
        key = f"networks.{name}"
        if importlib.util.find_spec(module) is not None:
            version = _version(name)
            words = f"{version or 'of unknown version'}, for {use}"
            yield Finding(key, name, OK, words, "", {"version": version, "extra": extra})
        elif extra:
            words = f"not installed; only needed for {use}: pip install 'bitale-nnet[{extra}]'"
            yield Finding(key, name, OK, words, "", {"version": None, "extra": extra})
        else:
            words = f"not installed, and {use} need it"
            told = {"version": None, "extra": extra}
            yield Finding(key, name, BROKEN, words, f"pip install {name}", told)


def _version(name: str) -> str | None:
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return None
