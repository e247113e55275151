"""The flags that this layer adds to ``config``."""

from bitale_graph.extend import Flag, config

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
        "auto",
        "who multiplies matrices: auto, scipy, system, own, or the path of a library",
    ),
):
    config.register(_flag)
