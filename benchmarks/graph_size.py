"""Show that time grows in proportion to the graph: a long chain and a deep tree.

    python benchmarks/graph_size.py [--size 1000,3000,10000]

Seconds to build the expression, to differentiate it, to rewrite, and to compile and call it.
"""

import argparse
import time

import bitale
import bitale.tensor as T
import numpy as np

X = np.linspace(-1, 1, 64)


def chain(x, n):
    """Apply n operations one after another, no two of them alike, so that nothing merges."""
    y = x
    for i in range(n):
        y = T.tanh(y) if i % 2 else y * (1 - 1e-7 * i) + x
    return y


def tree(x, n):
    """Join n levels, each of a new leaf and what is under it."""
    y = T.sin(x)
    for i in range(n):
        y = x * (1.0 + i) - y
    return y


def timed(step):
    """Run a step; its result and its seconds."""
    start = time.perf_counter()
    result = step()
    return result, time.perf_counter() - start


def measure(shape, n):
    """Time each stage for one size."""
    x = T.dvector("x")
    cost, build = timed(lambda: T.sum(shape(x, n)))
    gradient, differentiate = timed(lambda: T.grad(cost, x))
    made, total = timed(lambda: bitale.function([x], [cost, gradient]))
    _, called = timed(lambda: made(X))
    # The maker rewrites a copy once more, so that rewriting is told from compiling.
    graph = made.maker.written.clone()
    rewriter = made.maker.mode.find_rewriter()
    rewrite = timed(lambda: rewriter.rewrite(graph, made.maker.mode))[1] if rewriter else 0.0
    return build, differentiate, rewrite, total + called - rewrite


def main():
    """Print one line for each shape and size."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--size", default="1000,3000,10000", help="sizes separated by commas")
    sizes = [int(n) for n in parser.parse_args().size.split(",")]
    print(f"{'':5} {'nodes':>6} {'build':>7} {'grad':>7} {'rewrite':>8} {'compile':>8}  µs a node")
    for shape in (chain, tree):
        for n in sizes:
            stages = measure(shape, n)
            figures = "{:7.2f} {:7.2f} {:8.2f} {:8.2f}".format(*stages)
            print(f"{shape.__name__:5} {n:6d} {figures}  {sum(stages) / n * 1e6:9.0f}", flush=True)


if __name__ == "__main__":
    main()
