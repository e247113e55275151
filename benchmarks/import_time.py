"""Measure what ``import bitale`` costs beyond ``import numpy``, and show its dearest modules.

python benchmarks/import_time.py
"""

import statistics
import subprocess
import sys

ROUNDS = 11
TIMED = """
import time
start = time.perf_counter()
import numpy
middle = time.perf_counter()
import bitale
print(middle - start, time.perf_counter() - middle)
"""


def main():
    """Print medians over fresh processes, then the modules by their own time."""
    rounds = []
    for _ in range(ROUNDS):
        done = subprocess.run([sys.executable, "-c", TIMED], capture_output=True, check=True)
        rounds.append([float(text) for text in done.stdout.split()])
    numpy, bitale = (statistics.median(column) for column in zip(*rounds, strict=True))
    print(f"import numpy {numpy * 1e3:.1f} ms; import bitale {bitale * 1e3:.1f} ms more")

    report = subprocess.run(
        [sys.executable, "-X", "importtime", "-c", "import numpy, bitale"],
        capture_output=True,
        text=True,
        check=True,
    )
    lines = [line.split("|") for line in report.stderr.splitlines()[1:]]
    names = [name.strip() for _, _, name in lines]
    after = lines[names.index("numpy") + 1 :]
    own = sorted(((int(own.split()[-1]), name.strip()) for own, _, name in after), reverse=True)
    for microseconds, name in own[:12]:
        print(f"{microseconds / 1e3:7.1f} ms  {name}")


if __name__ == "__main__":
    main()
