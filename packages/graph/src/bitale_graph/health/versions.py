"""Which versions are here, and whether they fit together."""

from __future__ import annotations

import importlib
import importlib.metadata
import importlib.util
import platform
import re
import sys
from collections.abc import Iterator

from .finding import BETTER, BROKEN, OK, Finding

# Bottom first; what functions lack where one is not there.
_LAYERS = {
    "bitale-graph": "",
    "bitale-autodiff": "there are no derivatives",
    "bitale-optimize": "graphs run as they are written",
    "bitale-codegen-c": "functions run on NumPy, more slowly",
    "bitale-codegen-cuda": "functions run on the CPU alone",
    "bitale-nnet": "there are no layers of networks and no training",
    "bitale": "there is no front door with all names",
}
# Modules that layers import, and what brings them.
_DISTRIBUTIONS = {"sklearn": "scikit-learn", "scipy": "scipy", "tqdm": "tqdm", "numpy": "numpy"}
_OLDEST_PYTHON = (3, 10)
# A requirement as our packages write it: a name, extras, and bounds; a marker ends it.
_REQUIREMENT = re.compile(r"\s*([\w.-]+)\s*(?:\[[^\]]*\])?\s*\(?([^;()]*)\)?\s*(;.*)?")
_BOUND = re.compile(r"(>=|<=|==|!=|<|>)\s*(\d+(?:\.\d+)*)$")
_HOLDS = {
    ">=": lambda here, bound: here >= bound,
    "<=": lambda here, bound: here <= bound,
    "==": lambda here, bound: here == bound,
    "!=": lambda here, bound: here != bound,
    "<": lambda here, bound: here < bound,
    ">": lambda here, bound: here > bound,
}


def version_findings() -> Iterator[Finding]:
    """Python, NumPy, SciPy, and every layer."""
    yield _python()
    yield _numpy()
    yield _scipy()
    for name, lack in _LAYERS.items():
        yield _layer(name, lack)


def _python() -> Finding:
    version, system = platform.python_version(), platform.platform(terse=True)
    words = f"{version} ({platform.python_implementation()}), {system}, {platform.machine()}"
    facts = {
        "version": version,
        "executable": sys.executable,
        "system": system,
        "machine": platform.machine(),
    }
    if sys.version_info < _OLDEST_PYTHON:
        cure = f"install Python {'.'.join(map(str, _OLDEST_PYTHON))} or later"
        return Finding("python", "Python", BROKEN, words, cure, facts)
    return Finding("python", "Python", OK, words, "", facts)


def _numpy() -> Finding:
    import numpy as np

    misfits = _misfits("bitale-graph", "numpy")
    facts = {"version": np.__version__, "place": _folder(np.__file__)}
    if misfits:
        cure = f"pip install 'numpy{misfits[0]}'"
        words = f"{np.__version__}, and bitale-graph needs {misfits[0]}"
        return Finding("numpy", "NumPy", BROKEN, words, cure, facts)
    return Finding("numpy", "NumPy", OK, np.__version__, "", facts)


def _scipy() -> Finding:
    version = _version("scipy")
    facts = {"version": version}
    if version is None:
        words = "not installed: there are no sparse matrices, and no special functions in NumPy"
        return Finding("scipy", "SciPy", BETTER, words, "pip install scipy", facts)
    try:
        importlib.import_module("scipy.linalg")
    except ImportError as error:
        words = f"{version} cannot be imported: {error}"
        return Finding(
            "scipy", "SciPy", BROKEN, words, "pip install --force-reinstall scipy", facts
        )
    misfits = _misfits("bitale-codegen-c", "scipy") + _misfits("bitale-graph", "scipy")
    if misfits:
        words = f"{version}, and bitale needs {misfits[0]}"
        return Finding("scipy", "SciPy", BROKEN, words, f"pip install 'scipy{misfits[0]}'", facts)
    return Finding("scipy", "SciPy", OK, version, "", facts)


def _layer(name: str, lack: str) -> Finding:
    """One layer: whether it is there, can be imported, and admits what is installed beside it."""
    key, module = name.removeprefix("bitale-"), name.replace("-", "_")
    version = _version(name)
    facts: dict[str, object] = {"version": version, "place": None, "misfits": []}
    if version is None and not _has_code(module):
        words = f"not installed: {lack}"
        return Finding(f"layer.{key}", name, BETTER, words, f"pip install {name}", facts)
    try:
        found = importlib.import_module(module)
        if getattr(found, "__file__", None) is None:
            raise ImportError("there is a folder of its name with nothing in it")  # noqa: TRY301
    except Exception as error:  # noqa: BLE001 (whatever a broken layer raises)
        words = f"{version or 'there'}, and cannot be imported: {type(error).__name__}: {error}"
        cure = f"pip install {_missing(error) or f'--force-reinstall {name}'}"
        return Finding(f"layer.{key}", name, BROKEN, words, cure, facts)
    facts["version"] = version = version or getattr(found, "__version__", None)
    facts["place"] = place = _folder(found.__file__)
    misfits = [f"{other}{bounds}" for other in _needs(name) for bounds in _misfits(name, other)]
    facts["misfits"] = misfits
    if misfits:
        words = f"{version} needs {', '.join(misfits)}, and something else is installed"
        cure = "pip install " + " ".join(f"'{one}'" for one in misfits)
        return Finding(f"layer.{key}", name, BROKEN, words, cure, facts)
    return Finding(f"layer.{key}", name, OK, f"{version}, {place}", "", facts)


def _has_code(module: str) -> bool:
    """Whether a module can be found; a folder that happens to have its name is none."""
    found = importlib.util.find_spec(module)
    return found is not None and found.origin is not None


def _missing(error: Exception) -> str:
    """The distribution that an import lacks; empty if it lacks none that is known."""
    module = (getattr(error, "name", None) or "").partition(".")[0]
    if not isinstance(error, ModuleNotFoundError) or not module:
        return ""
    names = {**{name.replace("-", "_"): name for name in _LAYERS}, **_DISTRIBUTIONS}
    return names.get(module, "")


def _folder(file: str | None) -> str | None:
    from pathlib import Path

    return None if file is None else str(Path(file).parent)


def _version(name: str) -> str | None:
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return None


def _needs(name: str) -> list[str]:
    """What a distribution needs in any case, by name."""
    return list(dict.fromkeys(other for other, _ in _requirements(name)))


def _requirements(name: str) -> list[tuple[str, str]]:
    try:
        lines = importlib.metadata.requires(name) or []
    except importlib.metadata.PackageNotFoundError:
        return []
    parts = [_REQUIREMENT.fullmatch(line) for line in lines]
    # What has a marker belongs to an extra.
    return [(one[1], one[2].strip()) for one in parts if one is not None and not one[3]]


def _misfits(name: str, other: str) -> list[str]:
    """The bounds of ``name`` for ``other`` that what is installed does not keep."""
    here = _version(other)
    bounds = [found for needed, found in _requirements(name) if needed == other]
    if here is None:
        return bounds
    return [one for one in bounds if not keeps(here, one)]


def keeps(version: str, bounds: str) -> bool:
    """Whether a version keeps bounds such as ``>=0.1,<0.2``; one that cannot be read is kept."""
    start = re.match(r"\d+(?:\.\d+)*", version)
    if start is None:
        return True
    here = _numbers(start[0])
    for bound in filter(None, map(str.strip, bounds.split(","))):
        found = _BOUND.match(bound)
        if found is not None and not _HOLDS[found[1]](here, _numbers(found[2])):
            return False
    return True


def _numbers(text: str) -> tuple[int, ...]:
    numbers = [int(part) for part in text.split(".")]
    while len(numbers) > 1 and numbers[-1] == 0:
        numbers.pop()
    return tuple(numbers)
