"""The flags that this layer adds to ``config``."""

from typing import Any

from bitale_graph.extend import Flag, config


class _Blas(str):
    """The value of ``config.blas``, under whose name Theano has flags: ``config.blas.ldflags``."""

    __slots__ = ()

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        return getattr(config, f"blas.{name}")

    def __setattr__(self, name: str, value: Any) -> None:
        setattr(config, f"blas.{name}", value)


for _flag in (
    Flag(
        "cxx",
        "auto",
        "the C compiler: auto (gcc, cc or clang, whatever is found), a path, or empty for none",
    ),
    Flag("openmp", True, "share large loops and products among threads"),
    Flag("threads", 0, "how many threads; 0: OMP_NUM_THREADS, or else one for each core"),
    Flag(
        "blas",
        _Blas("auto"),
        "who multiplies matrices: auto, scipy, system, own, or the path of a library",
    ),
):
    config.register(_flag)
