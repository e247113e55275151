"""Measure all there is to measure on a GPU, beside PyTorch and JAX, and print it as tables.

    python benchmarks/gpu.py --device cuda0 --out results
    python benchmarks/gpu.py --device cuda0 --sections training,overhead --total 300
    python benchmarks/gpu.py --device emulated        # a dry run: every section, no figure claimed

Each section runs in a process of its own for each implementation, and ends when its time is over;
what it has found by then is kept. ``--out`` has all rows as they came (gpu.jsonl), what the
processes printed (gpu.log) and the tables (gpu.txt). The exit status tells whether all results
are right.
"""

import argparse
import importlib.util
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict
from pathlib import Path

from gpu_job import HERE, IMPLEMENTATIONS, LOST, SECTIONS, Job
from gpu_tables import REPORTS, wrongs

# For each section the implementations that it is measured for, and the seconds that one may take.
WANTED = {
    "environment": (("bitale",), 60),
    "correctness": (("bitale",), 240),
    "bandwidth": (("bitale", "torch", "torch_compile", "jax"), 75),
    "training": (("bitale", "torch", "torch_reduce", "torch_compile", "jax"), 120),
    "overhead": (("bitale", "torch", "torch_reduce", "jax"), 60),
}
# How often correctness goes on behind a sample at which the process ended.
RESTARTS = 10


class Runner:
    """Runs jobs, one after the other.

    Parameters
    ----------
    folder : Path
        For results.
    deadline : float
        When all is over, by the monotonic clock.
    """

    def __init__(self, folder, deadline):
        self.folder, self.deadline = folder, deadline
        self.results = folder / "gpu.jsonl"
        self.log = folder / "gpu.log"
        self.results.write_text("", encoding="utf-8")
        self.log.write_text("", encoding="utf-8")

    def run(self, job, limit):
        """Run a job; the status it ended with, or words where there is none."""
        limit = min(limit, self.deadline - time.monotonic())
        if limit < 5:
            return "no time was left"
        command = [sys.executable, HERE / "gpu_job.py", json.dumps(asdict(job))]
        with self.log.open("a", encoding="utf-8") as log:
            log.write(f"\n# {job.section}, {job.implementation}\n")
            log.flush()
            # In a session of its own, so that it can be ended with all that it has started.
            process = subprocess.Popen(command, stdout=log, stderr=log, start_new_session=True)
            try:
                return process.wait(limit)
            except subprocess.TimeoutExpired:
                return f"stopped after {limit:.0f} s"
            finally:
                _end(process)

    def go_through(self, job, limit):
        """Run a job, again behind a sample of correctness where it ended; write how it ended."""
        until = time.monotonic() + limit
        progress = Path(job.progress)
        for _ in range(RESTARTS):
            progress.unlink(missing_ok=True)
            ended = self.run(job, until - time.monotonic())
            if ended == 0:
                return
            if not progress.exists():
                break
            reached = json.loads(progress.read_text(encoding="utf-8"))
            job.write("samples", ran=reached["ran"], replayed=reached["replayed"])
            if isinstance(ended, str):
                break
            if ended != LOST:
                job.write(
                    "sample",
                    name=f"the one behind {reached['name']}",
                    told=[f"the process ended with status {ended}"],
                )
            job.start = reached["sample"] + (ended != LOST)
        told = ended if isinstance(ended, str) else f"ended with status {ended}"
        job.write("ended", why=told)

    def rows(self):
        """All rows so far."""
        lines = self.results.read_text(encoding="utf-8").splitlines()
        return [json.loads(line) for line in lines]


def _end(process):
    """End a process, and all of its session."""
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        return
    finally:
        process.wait()


def parsed():
    """The arguments."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--device", default="cuda0", help="cuda0, ... or emulated")
    parser.add_argument("--sections", default=",".join(WANTED), help="names separated by commas")
    parser.add_argument("--implementations", default=",".join(IMPLEMENTATIONS), help="likewise")
    parser.add_argument("--size", choices=("full", "small"), help="small on an emulated device")
    parser.add_argument("--seconds", type=float, help="of each measurement, about")
    parser.add_argument("--every", type=int, help="run one of so many samples of ops")
    parser.add_argument("--total", type=float, default=570, help="seconds for all; no job after")
    parser.add_argument(
        "--out", type=Path, help="folder for all rows, what was printed, the tables"
    )
    arguments = parser.parse_args()
    is_dry = not arguments.device.startswith("cuda")
    arguments.is_dry = is_dry
    arguments.size = arguments.size or ("small" if is_dry else "full")
    arguments.seconds = arguments.seconds or (0.01 if is_dry else 0.3)
    arguments.every = arguments.every or (50 if is_dry else 1)
    for given, known in (
        (arguments.sections, SECTIONS),
        (arguments.implementations, IMPLEMENTATIONS),
    ):
        unknown = [name for name in given.split(",") if name not in known]
        if unknown:
            parser.error(f"there is no {', '.join(unknown)}; there are {', '.join(known)}")
    return arguments


def measure(arguments, folder):
    """Run all jobs; the rows."""
    runner = Runner(folder, time.monotonic() + arguments.total)
    chosen = arguments.implementations.split(",")
    for section in arguments.sections.split(","):
        implementations, limit = WANTED[section]
        for implementation in implementations:
            if implementation not in chosen:
                continue
            job = Job(
                section,
                implementation,
                arguments.device,
                arguments.size,
                arguments.seconds,
                str(runner.results),
                str(folder / "progress.json"),
                every=arguments.every,
            )
            package = implementation.partition("_")[0]
            start = time.monotonic()
            if importlib.util.find_spec(package) is None:
                job.write("left out", why=f"{package} is not installed")
            else:
                runner.go_through(job, limit)
            took = time.monotonic() - start
            print(f"# {section}, {implementation}: {took:.1f} s", flush=True)
    Path(folder, "progress.json").unlink(missing_ok=True)
    return runner.rows()


def main():
    """Measure, print the tables, and tell by the exit status whether all results are right."""
    arguments = parsed()
    with tempfile.TemporaryDirectory(prefix="bitale-gpu-") as temporary:
        folder = arguments.out or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        rows = measure(arguments, folder)
        parts = [
            report([row for row in rows if row["section"] == section])
            for section, report in REPORTS.items()
            if section in arguments.sections.split(",")
        ]
        if arguments.is_dry:
            parts.insert(0, f"A dry run on {arguments.device}: no figure below means anything.")
        wrong = wrongs(rows)
        parts.append("\n".join(["## Wrong", *wrong]) if wrong else "Nothing is wrong.")
        text = "\n\n".join(parts)
        print(f"\n{text}")
        if arguments.out:
            (folder / "gpu.txt").write_text(text + "\n", encoding="utf-8")
        elif wrong:
            print(f"\n{(folder / 'gpu.log').read_text(encoding='utf-8')[-4000:]}", file=sys.stderr)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
