"""Measure one implementation of one workload, and print the figures as JSON; started by run.py."""

import importlib
import json
import statistics
import sys
import time
from pathlib import Path


def main(module, workload, seconds):
    """Import, build, make the first step, then time single steps for ``seconds``."""
    here = Path(__file__).parent
    sys.path[:0] = [str(here), str(here / "implementations")]
    from workloads import WORKLOADS

    row = WORKLOADS[workload]
    data = row.data()
    start = time.perf_counter()
    build = getattr(importlib.import_module(module), row.family)
    imported = time.perf_counter()
    step = build(data)
    check = step()
    called = time.perf_counter()
    for _ in range(3):
        step()
    before = time.perf_counter()
    step()
    one = max(time.perf_counter() - before, 1e-7)
    times = []
    for _ in range(int(min(max(seconds / one, 5), 20_000))):
        before = time.perf_counter()
        step()
        times.append(time.perf_counter() - before)
    figures = {
        "step": statistics.median(times),
        "first": called - imported,
        "imports": imported - start,
        "check": check,
    }
    print(json.dumps(figures))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], float(sys.argv[3]))
