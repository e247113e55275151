"""Measure bitale beside its peers, one process for each pair of workload and implementation.

    python benchmarks/run.py
    python benchmarks/run.py --implementation bitale,jax --workload mlp_train,gdp_train --rounds 5

Peers that are not installed are left out. Implementations take turns within a round, so that noise
of the machine meets all of them; a figure is the median over the rounds. Only ratios within one run
mean something. Every implementation must give the same check value, else the exit status is 1.
"""

import argparse
import importlib.util
import json
import math
import os
import platform
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from workloads import WORKLOADS

HERE = Path(__file__).parent
# Implementation: its module, the package it needs, and what is set in its environment.
IMPLEMENTATIONS = {
    "bitale": ("with_bitale", "bitale", {}),
    "numpy": ("with_numpy", "numpy", {}),
    "jax": ("with_jax", "jax", {}),
    "torch": ("with_torch", "torch", {}),
    "torch_compile": ("with_torch", "torch", {"BENCHMARK_TORCH_COMPILE": "1"}),
    "pytensor": ("with_pytensor", "pytensor", {}),
}


def environment(settings, caches):
    """What a measured process runs in; its caches of compiled code are under ``caches``."""
    return {
        **os.environ,
        "XDG_CACHE_HOME": str(caches),
        "TORCHINDUCTOR_CACHE_DIR": str(caches / "torch"),
        "PYTENSOR_FLAGS": f"base_compiledir={caches / 'pytensor'}",
        **settings,
    }


def limited(threads):
    """Settings for so many threads; none for 0."""
    names = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
    return dict.fromkeys(names, str(threads)) if threads else {}


def measured(implementation, workload, seconds, caches, threads):
    """Run one pair in a process of its own; its figures, or None where it has no such program."""
    module, _, settings = IMPLEMENTATIONS[implementation]
    settings = {**settings, **limited(threads)}
    done = subprocess.run(
        [sys.executable, HERE / "measure.py", module, workload, str(seconds)],
        env=environment(settings, caches),
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    if done.returncode:
        last = (done.stderr.strip().splitlines() or ["no message"])[-1]
        print(f"# {workload}, {implementation}: {last}", file=sys.stderr)
        return None
    return json.loads(done.stdout.splitlines()[-1])


def measure_row(workload, implementations, arguments):
    """All implementations of one workload, taking turns; the first round finds the caches empty."""
    found = {name: [] for name in implementations}
    with tempfile.TemporaryDirectory(prefix="bitale-benchmark-") as folder:
        for _ in range(arguments.rounds):
            for name in list(found):
                caches = Path(folder, name)
                caches.mkdir(exist_ok=True)
                figures = measured(name, workload, arguments.seconds, caches, arguments.threads)
                if figures is None:
                    del found[name]
                else:
                    found[name].append(figures)
    return {name: summary(rounds) for name, rounds in found.items() if rounds}


def summary(rounds):
    """Medians over the rounds; the first call with empty caches, and with full ones."""
    later = rounds[1:] or rounds
    return {
        "step": statistics.median(r["step"] for r in rounds),
        "cold": rounds[0]["first"],
        "warm": statistics.median(r["first"] for r in later),
        "imports": statistics.median(r["imports"] for r in later),
        "check": rounds[0]["check"],
    }


def disagreements(row):
    """Pairs of implementations whose check values differ by more than rounding explains."""
    items = list(row.items())
    return [
        f"{a}: {x['check']:.7g}, {b}: {y['check']:.7g}"
        for i, (a, x) in enumerate(items)
        for b, y in items[i + 1 :]
        if not math.isclose(x["check"], y["check"], rel_tol=2e-4, abs_tol=1e-6)
    ]


def shown(seconds):
    """A time with three digits and its unit."""
    for unit, scale in (("s", 1), ("ms", 1e-3), ("µs", 1e-6)):
        if seconds >= scale:
            return f"{seconds / scale:.3g} {unit}"
    return f"{seconds * 1e9:.3g} ns"


def table(rows, implementations):
    """Lay the steps out in Markdown, and how many times as fast as the best peer bitale is."""
    lines = ["| workload | " + " | ".join(implementations) + " | against the best peer |"]
    lines.append("|---" * (len(implementations) + 2) + "|")
    ratios = []
    for name, row in rows.items():
        cells = [shown(row[i]["step"]) if i in row else "" for i in implementations]
        peers = [figures["step"] for i, figures in row.items() if i != "bitale"]
        ratio = min(peers) / row["bitale"]["step"] if "bitale" in row and peers else None
        ratios += [ratio] if ratio else []
        cells.append(f"{ratio:.2f} ×" if ratio else "")
        lines.append(f"| {WORKLOADS[name].what} | " + " | ".join(cells) + " |")
    if ratios:
        mean = statistics.geometric_mean(ratios)
        lines.append("| geometric mean" + " |" * (len(implementations) + 1) + f" {mean:.2f} × |")
    return "\n".join(lines)


def first_calls(rows):
    """Lay out what bitale's first call takes, imports left out, in Markdown."""
    lines = ["| workload | first call, empty cache | full cache |", "|---|---|---|"]
    for name, row in rows.items():
        if "bitale" in row:
            cold, warm = shown(row["bitale"]["cold"]), shown(row["bitale"]["warm"])
            lines.append(f"| {WORKLOADS[name].what} | {cold} | {warm} |")
    return "\n".join(lines)


def chosen(text, known, what):
    """Read a list of names separated by commas."""
    names = text.split(",") if text else list(known)
    unknown = [name for name in names if name not in known]
    if unknown:
        sys.exit(f"unknown {what}: {', '.join(unknown)}; there are {', '.join(known)}")
    return names


def main():
    """Measure, print tables, and tell by the exit status whether all check values agree."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--implementation", default="", help="names separated by commas")
    parser.add_argument("--workload", default="", help="names separated by commas")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=0.5, help="of steps in a round")
    parser.add_argument("--threads", type=int, default=0, help="0: what each chooses")
    parser.add_argument("--out", type=Path, help="file for all figures, as JSON")
    arguments = parser.parse_args()
    workloads = chosen(arguments.workload, WORKLOADS, "workload")
    wanted = chosen(arguments.implementation, IMPLEMENTATIONS, "implementation")
    present = [name for name in wanted if importlib.util.find_spec(IMPLEMENTATIONS[name][1])]
    for name in wanted:
        if name not in present:
            print(f"# {name} is left out: {IMPLEMENTATIONS[name][1]} is not installed")
    print(f"# {platform.platform()}, {os.cpu_count()} CPUs, Python {platform.python_version()}")

    rows, wrong = {}, []
    for name in workloads:
        rows[name] = measure_row(name, present, arguments)
        steps = ", ".join(f"{i} {shown(f['step'])}" for i, f in rows[name].items())
        print(f"{name}: {steps}", flush=True)
        wrong += [f"{name}: {pair}" for pair in disagreements(rows[name])]
    print(f"\n{table(rows, present)}\n\n{first_calls(rows)}")
    if arguments.out:
        arguments.out.write_text(json.dumps(rows, indent=1), encoding="utf-8")
    for line in wrong:
        print(f"check values differ: {line}", file=sys.stderr)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
