"""Seconds for a pass over sentences by the classifier of examples/sentences.py, beside its peers.

    python benchmarks/sentence_epoch.py
    python benchmarks/sentence_epoch.py --implementation bitale,jax --train train.txt

Without a file (a sentence a line, after its label from 0 to 4), sentences of about 20 words are
invented, and the table of embeddings is filled up to 8,000 rows. Every implementation begins with
the same parameters and takes the same sentences in the same order, one a step, in a process of its
own; it takes one pass to compile, then two that are timed. Implementations take turns for so many
rounds. The exit status is 1 if their mean costs differ.
"""

import argparse
import importlib
import json
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from run import IMPLEMENTATIONS, chosen, environment, limited, shown
from workloads import gates

HERE = Path(__file__).parent
PASSES = 3


def sentences(path):
    """Numbers of words and a label for each sentence, and the rows of the table of embeddings."""
    sys.path.append(str(HERE.parent / "examples"))
    from opinions import encoded, invent, read, vocabulary

    if path:
        rows = read(Path(path))
    else:
        pairs = zip(invent(8000, seed=1), invent(8000, seed=2), strict=True)
        rows = [(label, f"{first} {second}") for (_, first), (label, second) in pairs]
    numbers = vocabulary(rows)
    return encoded(rows, numbers), max(len(numbers) + 1, 0 if path else 8000)


def train(module, path):
    """Train in this process; seconds of the passes, and the mean cost of the last."""
    samples, n_words = sentences(path)
    rng = np.random.default_rng(20)
    weights = {
        "embeddings": rng.standard_normal((n_words, 200), dtype="float32"),
        **gates(rng, 200, 100),
        "W_output": rng.standard_normal((5, 100), dtype="float32"),
    }
    # Deviations of 0.1, as in the example; `gates` gives 1 / sqrt(rows).
    parameters = {name: np.float32(0.1) * w / np.std(w) for name, w in weights.items()}
    sys.path.append(str(HERE / "implementations"))
    start = time.perf_counter()
    make = importlib.import_module(module).sentence_learner
    learn = make({"parameters": parameters, "rate": np.float32(0.1)})
    seconds = []
    for _ in range(PASSES):
        order = rng.permutation(len(samples))
        cost = sum(float(learn(samples[i][0], np.int32(samples[i][1]))) for i in order)
        seconds.append(time.perf_counter() - start)
        start = time.perf_counter()
    print(json.dumps({"first": seconds[0], "pass": seconds[1:], "cost": cost / len(samples)}))


def measured(name, arguments, caches):
    """Train with one implementation, in a process of its own."""
    module, _, settings = IMPLEMENTATIONS[name]
    caches.mkdir(exist_ok=True)
    done = subprocess.run(
        [sys.executable, __file__, "--run", module, "--train", arguments.train],
        env=environment({**settings, **limited(arguments.threads)}, caches),
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        sys.exit(f"{name}: {done.stderr.strip()}")
    return json.loads(done.stdout.splitlines()[-1])


def main():
    """Measure in turns, and print a table in Markdown."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--implementation", default="bitale,numpy,jax,pytensor")
    parser.add_argument("--train", default="", help="file of sentences")
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--threads", type=int, default=0, help="0: what each chooses")
    parser.add_argument("--run", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.run:
        return train(arguments.run, arguments.train)
    names = chosen(arguments.implementation, IMPLEMENTATIONS, "implementation")
    found = {name: [] for name in names}
    with tempfile.TemporaryDirectory(prefix="bitale-benchmark-") as folder:
        for _ in range(arguments.rounds):
            for name in names:
                found[name].append(measured(name, arguments, Path(folder, name)))
    print(f"{len(sentences(arguments.train)[0])} sentences a pass")
    print("| | a pass | the first, which compiles | mean cost of the last |\n|---|---|---|---|")
    for name, rounds in found.items():
        a_pass = shown(statistics.median(t for r in rounds for t in r["pass"]))
        print(f"| {name} | {a_pass} | {shown(rounds[0]['first'])} | {rounds[0]['cost']:.4f} |")
    costs = [r["cost"] for rounds in found.values() for r in rounds]
    # Rounding grows over thousands of steps, each of which goes on from the one before.
    if max(costs) - min(costs) > 0.01 * min(costs):
        print("the mean costs differ", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
