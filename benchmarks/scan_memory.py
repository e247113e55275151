"""Peak memory of a loop over a state of 100 numbers: the last state, all states, and derivatives.

    python benchmarks/scan_memory.py [--steps 1000,10000,100000]

Each figure is that of a process of its own: how much the peak grew by the call, beyond what the
process had reached after compiling and a call of 200 steps. All states take 800 bytes a step; what
a derivative needs of them is kept, or with checkpoints at every hundredth step computed again.
"""

import argparse
import subprocess
import sys

PROGRAMS = {
    "last": "the last state",
    "all": "all states",
    "gradient": "derivative of the last state",
    "checkpoints": "the same with checkpoints",
}
MEASURED = """
import resource, sys
import bitale, numpy as np
import bitale.tensor as T

def step(h):
    return T.tanh(h * 0.5) + 1

wanted = sys.argv[1]
h0, n = T.dvector("h0"), T.lscalar("n")
if wanted == "checkpoints":
    states, _ = bitale.scan_checkpoints(step, outputs_info=h0, n_steps=n, save_every_N=100)
else:
    states, _ = bitale.scan(step, outputs_info=h0, n_steps=n)
result = states if wanted == "all" else states[-1]
if wanted in ("gradient", "checkpoints"):
    result = T.grad(result.sum(), h0)
f = bitale.function([h0, n], result)
first = np.zeros(100)
f(first, 200)
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
f(first, int(sys.argv[2]))
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
"""


def grown(wanted, steps):
    """The growth of the peak in MB."""
    done = subprocess.run(
        [sys.executable, "-c", MEASURED, wanted, str(steps)],
        capture_output=True,
        text=True,
        check=True,
    )
    return int(done.stdout) * (1 if sys.platform == "darwin" else 1024) / 1e6


def main():
    """Print a table in Markdown, in MB."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--steps", default="1000,10000,100000", help="numbers by commas")
    steps = [int(n) for n in parser.parse_args().steps.split(",")]
    print("| MB | " + " | ".join(f"{n:,} steps" for n in steps) + " |")
    print("|---" * (len(steps) + 1) + "|")
    for wanted, what in PROGRAMS.items():
        print(f"| {what} | " + " | ".join(f"{grown(wanted, n):.1f}" for n in steps) + " |")
    print("| size of all states | " + " | ".join(f"{n * 800 / 1e6:.1f}" for n in steps) + " |")


if __name__ == "__main__":
    main()
