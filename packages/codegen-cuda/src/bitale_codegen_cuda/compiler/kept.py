"""Binaries on disk: what was compiled before, in any process, is read."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from bitale_graph.disk import CacheError, cache_key, open_cache
from bitale_graph.extend import config

from .nvrtc import Compiled, Nvrtc

_NAME = "kernels"


def kept_binary(parts: Sequence[str], make: Callable[[], bytes]) -> tuple[bytes, Path | None]:
    """A binary, from the disk if it is there.

    Parameters
    ----------
    parts : sequence of str
        All that it depends on.
    make : callable
        Compiles it.

    Returns
    -------
    binary : bytes
    path : Path or None
        Where it lies on the disk; None if it cannot be kept.
    """
    key = cache_key(*parts)
    try:
        cache = open_cache(config.base_compiledir or None)
        folder = cache.get(key)
        if folder is None:
            folder = cache.put(key, {_NAME: make()})
        return (folder / _NAME).read_bytes(), folder / _NAME
    except (CacheError, OSError):
        return make(), None


class KeptNvrtc:
    """The compiler, with what it made before.

    Parameters
    ----------
    compiler : Nvrtc
    """

    def __init__(self, compiler: Nvrtc) -> None:
        self.compiler = compiler
        self._version = ".".join(map(str, compiler.version))

    def compile(self, source: str, architecture: str, options: Sequence[str] = ()) -> Compiled:
        """Compile a source, or read what it became."""

        def make() -> bytes:
            return self.compiler.compile(source, architecture, options).cubin

        parts = ("cubin", source, architecture, self._version, *options)
        binary, _ = kept_binary(parts, make)
        return Compiled(binary, "")
