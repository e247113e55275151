"""One section for one implementation, in a process of its own; started by gpu.py.

    python benchmarks/gpu_job.py '{"section": "overhead", "implementation": "bitale", ...}'

Each row is appended to a file of JSON as soon as it is known.
"""

import importlib
import importlib.metadata
import importlib.util
import json
import os
import platform
import shutil
import subprocess
import sys
import time
import traceback
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE), str(HERE / "implementations")]

from gpu_work import (  # noqa: E402 (beside this file)
    CHAIN_SHAPE,
    CHAINS,
    NUMPY,
    STEPS,
    TRAINING,
    LeftOutError,
    chain,
    counted,
    kernels,
    numbers,
    timed,
    training_data,
)

# Implementation: its module and its variant.
IMPLEMENTATIONS = {
    "bitale": ("gpu_bitale", ""),
    "torch": ("gpu_torch", ""),
    "torch_compile": ("gpu_torch", "compile"),
    "torch_reduce": ("gpu_torch", "reduce"),
    "jax": ("gpu_jax", ""),
}
# The status of a process whose device is lost.
LOST = 75
VERSIONS = ("numpy", "torch", "triton", "jax", "jaxlib", "jax-cuda13-plugin", "cupy-cuda13x")


@dataclass
class Job:
    """What is to be done.

    Attributes
    ----------
    section, implementation, device, size : str
    seconds : float
        Of each measurement, about.
    results : str
        The file of rows.
    progress : str
        A file that tells which sample is being run.
    start, every : int
        The first sample, and how many there are from one to the next.
    """

    section: str
    implementation: str
    device: str
    size: str
    seconds: float
    results: str
    progress: str
    start: int = 0
    every: int = 1

    def write(self, row, **told):
        """Append a row."""
        line = {"section": self.section, "implementation": self.implementation, "row": row, **told}
        with Path(self.results).open("a", encoding="utf-8") as file:
            file.write(json.dumps(line) + "\n")

    def made(self):
        """The implementation, started on its device."""
        module, variant = IMPLEMENTATIONS[self.implementation]
        return importlib.import_module(module).Implementation(self.device, variant)

    def each(self, rows, measure):
        """Write what is measured of each row, or what went wrong."""
        for row, thing in rows:
            start = time.perf_counter()
            try:
                told = measure(thing)
            except Exception as error:  # noqa: BLE001 (told in the row)
                traceback.print_exc()
                told = {"error": f"{type(error).__name__}: {error}"[:500]}
            self.write(row, **told, took=time.perf_counter() - start)


def environment(job):
    """What there is on this machine."""
    from bitale_codegen_cuda import doctor

    versions = {"python": platform.python_version()}
    for name in VERSIONS:
        if importlib.util.find_spec(name.partition("-")[0]):
            try:
                versions[name] = importlib.metadata.version(name)
            except importlib.metadata.PackageNotFoundError:
                continue
    driver = ""
    if shutil.which("nvidia-smi"):
        query = "--query-gpu=name,driver_version,memory.total,clocks.max.sm,clocks.max.memory"
        asked = ["nvidia-smi", query, "--format=csv,noheader"]
        done = subprocess.run(asked, capture_output=True, text=True, timeout=30, check=False)
        driver = done.stdout.strip()
    machine = f"{platform.platform()}, {os.cpu_count()} CPUs"
    job.write("machine", machine=machine, versions=versions, driver=driver, doctor=doctor())


def correctness(job):
    """All samples of ops, and whether what is computed twice is the same."""
    import gpu_samples

    gpu_samples.run(job, LOST)
    made = job.made()
    programs = [(k.name, made.kernel, [k]) for k in kernels(job.size) if not k.name.endswith("128")]
    programs += [(row, made.training, training_data(row, job.size)) for row in TRAINING]
    job.each(
        [(f"twice: {name}", (make, of)) for name, make, of in programs],
        lambda thing: {"differs": gpu_samples.differs(*thing)},
    )


def bandwidth(job):
    """Kernels on large arrays, and a copy to hold them against."""
    made, rows = job.made(), kernels(job.size)

    def copy(_):
        array = numbers(rows[0].shape)
        program = made.copy(array)
        seconds = timed(program, job.seconds)
        error = float(abs(program.result() - array).max())
        return {"bytes": 2 * array.nbytes, "seconds": seconds, "error": error}

    def measure(kernel):
        program = made.kernel(kernel)
        seconds, counts = timed(program, job.seconds), counted(program)
        error = kernel.error(program.result())
        return {"bytes": kernel.nbytes, "seconds": seconds, "counts": counts, "error": error}

    job.each([("copy", None)], copy)
    job.each([(k.name, k) for k in rows], measure)


def training(job):
    """Steps of gradient descent; before them, by bitale, what the losses must be."""
    if job.implementation == "bitale":
        expected(job)
    made = job.made()

    def measure(row):
        program = made.training(*training_data(row, job.size))
        start = time.perf_counter()
        losses = [float(program.call()) for _ in range(STEPS)]
        first = time.perf_counter() - start
        seconds, counts = timed(program, job.seconds), counted(program)
        return {"losses": losses, "seconds": seconds, "counts": counts, "first": first}

    job.each([(row, row) for row in TRAINING], measure)


def expected(job):
    """Write the losses on the CPU."""
    import bitale
    import with_bitale

    steps = {
        "network": with_bitale.training,
        "sentence": with_bitale.sentence,
        "sequences": with_bitale.recurrence,
    }
    bitale.config.device = "cpu"
    for row in TRAINING:
        family, data = training_data(row, job.size)
        step = steps[family](data)
        job.write(f"{row} on the CPU", losses=[step() for _ in range(STEPS)])


def overhead(job):
    """Small kernels in a row."""
    made = job.made()

    def measure(n):
        program = made.chain(n)
        seconds, counts = timed(program, job.seconds), counted(program)
        wanted = chain(NUMPY, numbers(CHAIN_SHAPE).astype("float64"), n)
        error = float(abs(program.result() / wanted - 1).max())
        return {"seconds": seconds, "counts": counts, "error": error}

    job.each([(str(n), n) for n in CHAINS], measure)


SECTIONS = {f.__name__: f for f in (environment, correctness, bandwidth, training, overhead)}


def main(text):
    """Do a job."""
    job = Job(**json.loads(text))
    try:
        SECTIONS[job.section](job)
    except LeftOutError as error:
        job.write("left out", why=str(error))


if __name__ == "__main__":
    main(sys.argv[1])
