"""What it costs to measure the functions of the training workloads, and how much of it has a row.

    python benchmarks/profiling.py
    python benchmarks/profiling.py --workload mlp_train,lenet_train --rounds 9

Each workload is built twice in one process, measured and not, and both make steps in turn: a figure
is the median over the rounds of the best step. ``rows`` is the share of a call that the tables of
its profile tell by node.
"""

import argparse
import importlib
import statistics
import sys
import time
from pathlib import Path

import bitale

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE), str(HERE / "implementations")]
from workloads import WORKLOADS  # noqa: E402


def steps_of(workload):
    """A step that is not measured, one that is, and the profile of its function."""
    row = WORKLOADS[workload]
    data = row.data()
    build = getattr(importlib.import_module("with_bitale"), row.family)
    plain = build(data)
    stats = bitale.ProfileStats(atexit_print=False)
    function = bitale.function
    bitale.function = lambda *given, **options: function(*given, **options, profile=stats)
    try:
        return plain, build(data), stats
    finally:
        bitale.function = function


def best(step, seconds):
    """The seconds of the fastest step."""
    least, end = float("inf"), time.perf_counter() + seconds
    while True:
        before = time.perf_counter()
        step()
        after = time.perf_counter()
        least = min(least, after - before)
        if after > end:
            return least


def main():
    """Measure, and print a row for each workload."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    known = [name for name in WORKLOADS if name.endswith("_train")]
    parser.add_argument("--workload", default=",".join(known))
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--seconds", type=float, default=0.5, help="of one round")
    options = parser.parse_args()
    for name in options.workload.split(","):
        plain, measured, stats = steps_of(name)
        for step in (plain, measured):
            step()
        stats.reset()
        ratios = []
        for _ in range(options.rounds):
            before = best(plain, options.seconds)
            ratios.append(best(measured, options.seconds) / before)
        rows = sum(cost.seconds for cost in stats.node_costs()) / stats.fct_call_time
        print(
            f"{name}: {1e6 * before:.1f} µs, "
            f"measured {100 * statistics.median(ratios) - 100:+.1f} %, "
            f"rows {100 * rows:.1f} % of calls, peak {stats.peak_memory / 1024:.0f} KiB",
            flush=True,
        )


if __name__ == "__main__":
    main()
