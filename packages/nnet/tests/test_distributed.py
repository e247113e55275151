"""Training by several processes: the numbers of one, and the end of all where one ends.

Each start of mpiexec takes a second or two, so that every program checks much.
"""

import importlib.util
import json
import os
import shutil
import subprocess
import sys
import textwrap
from pathlib import Path

import numpy as np
import pytest
from bitale_graph import function
from bitale_graph import language as T
from bitale_nnet import (
    BatchNorm,
    Callback,
    Checkpoint,
    Dense,
    Dropout,
    Sequential,
    Trainer,
    adam,
)
from bitale_nnet.losses import softmax_crossentropy

PLACES = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
MPIEXEC = shutil.which("mpiexec", path=PLACES)
with_mpi = pytest.mark.skipif(
    MPIEXEC is None or importlib.util.find_spec("mpi4py") is None,
    reason="needs mpi4py and mpiexec: pip install mpi4py mpich",
)
# MPICH needs none of it; Open MPI refuses to start more processes than cores, and root's.
ALLOWED = {
    "OMPI_ALLOW_RUN_AS_ROOT": "1",
    "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1",
    "OMPI_MCA_rmaps_base_oversubscribe": "1",
    "PRTE_MCA_rmaps_default_mapping_policy": ":oversubscribe",
}
HEAD = """
import json, os, signal, sys, time
import numpy as np
from bitale_graph import function, language as T
from bitale_graph.distributed import all_reduce
from bitale_nnet.distributed import World, distributed
"""


def run(count, program, folder, *arguments):
    path = folder / "program.py"
    path.write_text(HEAD + textwrap.dedent(program), encoding="utf-8")
    return subprocess.run(
        [MPIEXEC, "-n", str(count), sys.executable, "-W", "error", path, *arguments],
        capture_output=True,
        text=True,
        env={**os.environ, **ALLOWED, "OMP_NUM_THREADS": "1"},
        check=False,
        timeout=120,
    )


def train(world=None, rows=3):
    """Train a small network; with a world each process by its rows of every batch."""
    network = Sequential([Dense(6, "tanh"), Dense(3)])
    network.build((None, 4), np.random.default_rng(0), "float64")
    rng = np.random.default_rng(1)
    X, y = rng.normal(size=(23, 4)), rng.integers(0, 3, size=23)
    x, target = T.dmatrix("x"), T.lvector("target")
    loss = T.mean(softmax_crossentropy(network(x), target))
    loss = loss + 0.01 * sum(T.sum(p**2) for p in network.parameters("regularizable"))
    rule = adam
    if world is not None:
        from bitale_nnet.distributed import distributed

        rule = distributed(adam, world, weight=x.shape[0])
        if not world.is_first:
            network.set_values({k: v + 1 for k, v in network.get_values().items()})
        world.broadcast_parameters(network)
    learn = function([x, target], loss, updates=rule(loss, network.parameters("trainable")))
    losses = []
    for _ in range(2):
        order, total = rng.permutation(23), 0.0
        for start in range(0, 23, rows):
            taken = order[start : start + rows]
            batch = X[taken], y[taken]
            batch = batch if world is None else world.shard(*batch)
            if len(batch[0]):
                total += len(batch[0]) * float(learn(*batch))
            else:
                learn(*batch)
        losses.append(total if world is None else float(world.sum(total)))
    return losses, [v.tolist() for v in network.get_values().values()]


def make_trainer(world=None, *layers, **given):
    """A trainer of a network that normalises batches; first values differ between processes."""
    network = Sequential([Dense(6, "tanh"), BatchNorm(), *layers, Dense(3)])
    seed = 0 if world is None else world.rank
    network.build((None, 4), np.random.default_rng(seed), "float64")
    given = {"learning_rate": 0.01, "seed": 3, "world": world, **given}
    return Trainer(network, softmax_crossentropy, l2=1e-3, clip_norm=0.5, **given)


def fit(world=None, batch_size=8):
    """What a trainer of 25 rows gives; the last batch has one row, which one process has."""
    rng = np.random.default_rng(1)
    data = rng.normal(size=(25, 4)), rng.integers(0, 3, size=25)
    held_out, weights = (data[0][:7], data[1][:7]), rng.uniform(0.5, 2, size=25)
    trainer = make_trainer(world)
    history = trainer.fit(
        (*data, weights), epochs=2, batch_size=batch_size, validation=held_out, progress=False
    )
    trainer.fit(lambda epoch: [(*data, weights), (*held_out, weights[:7])], progress=False)
    told = [trainer.step(*held_out, weights[:7])["loss"], trainer.evaluate(data)["loss"]]
    figures = [*history["loss"], *history["validation_loss"], *told]
    return figures, [v.tolist() for v in trainer.network.get_values().values()]


def resume(world, path):
    """Stop within the second epoch, go on from what was written last: the same as undisturbed."""
    rng = np.random.default_rng(1)
    data = rng.normal(size=(25, 4)), rng.integers(0, 3, size=25)
    settings = {"epochs": 3, "batch_size": 8, "progress": False}
    found = []
    for stops in (False, True):
        trainer = make_trainer(world, Dropout(0.5))
        if stops:
            trainer.callbacks = [Checkpoint(path, steps=2), StopAt(7)]
            trainer.fit(data, **settings)
            trainer = make_trainer(world, Dropout(0.5))
        history = trainer.fit(data, **settings, resume=path if stops else None)
        found.append((dict(history), [v.tolist() for v in trainer.network.get_values().values()]))
    return found


def differ(world):
    """What is said where one process alone would write checkpoints, or has other rows."""
    data, said = [np.zeros((9, 4)), np.zeros(9, "int64")], []
    for count, callbacks in [
        (9, [Checkpoint("unused.npz")] * world.is_first),
        (9 - world.rank, []),
    ]:
        trainer = make_trainer(world, callbacks=callbacks)
        try:
            trainer.fit((data[0][:count], data[1][:count]), progress=False)
        except ValueError as error:
            said.append(str(error))
    return said


class StopAt(Callback):
    def __init__(self, step):
        self.step = step

    def on_step_end(self, run):
        if run.total_steps == self.step:
            run.stop("enough")


@with_mpi
@pytest.mark.slow
@pytest.mark.parametrize(("count", "rows"), [(2, 8), (4, 3)])
def test_several_processes_give_the_numbers_of_one(tmp_path, count, rows):
    # Of 3 rows a batch one of 4 processes has none; of the last batch most have none.
    program = f"""
    import importlib.util
    spec = importlib.util.spec_from_file_location("this", {__file__!r})
    this = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(this)
    world = World(timeout=60)
    again = this.resume(world, {str(tmp_path / "checkpoint.npz")!r}) if world.size == 2 else None
    said = this.differ(world)
    assert len(said) == 2, said
    assert "callbacks is [('Checkpoint', None)] in process 0, and [] in process 1" in said[0]
    assert "rows is 9 in process 0, and 8 in process 1" in said[1]
    found = world.gather([this.train(world, {rows}), this.fit(world, {rows}), again])
    if world.is_first:
        print(json.dumps(found))
    """
    done = run(count, program, tmp_path)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert len(found) == count
    assert all(each == found[0] for each in found)
    *trained, again = found[0]
    wanted = [train(rows=rows), fit(batch_size=rows)]
    for (losses, values), (right, others) in zip(trained, wanted, strict=True):
        np.testing.assert_allclose(losses, right, rtol=1e-11)
        for one, other in zip(values, others, strict=True):
            np.testing.assert_allclose(one, other, rtol=1e-8, atol=1e-11)
    if count == 2:
        (history, values), (resumed, others) = again
        assert others == values
        # The loss of an epoch that was cut is added up in another order.
        np.testing.assert_allclose(resumed["loss"], history["loss"], rtol=1e-12)


@with_mpi
@pytest.mark.slow
def test_values_and_sums_go_between_processes(tmp_path):
    program = """
    import copy, pickle
    from mpi4py import MPI
    world = World(timeout=60)
    rank, size = world.rank, world.size
    assert (size, world.is_first) == (3, rank == 0)
    assert world.gather({"rank": rank, "text": "x" * rank}) == [
        {"rank": r, "text": "x" * r} for r in range(3)]
    assert world.broadcast([rank + 7, "a"]) == [7, "a"]
    assert world.sum([1, rank]).tolist() == [3.0, 3.0]
    assert np.concatenate(world.gather(world.shard(np.arange(7)))).tolist() == list(range(7))
    assert world.seed(5) == [5, rank]

    # Dtypes, by a world and by a communicator of mpi4py itself; a large array beside small ones.
    dtypes = ["int8", "int64", "float16", "float32", "float64", "complex64"]
    given = [T.matrix(dtype=dtype) for dtype in dtypes]
    arrays = [np.full((2, 3), rank + 1, dtype) for dtype in dtypes]
    arrays[3] = np.full((300, 300), rank + 1, "float32")
    for communicator in (world, MPI.COMM_WORLD):
        f = function(given, all_reduce(given, communicator))
        for array, found in zip(arrays, f(*arrays)):
            assert found.dtype == array.dtype and found.shape == array.shape
            assert (found == 6).all()
        f = pickle.loads(pickle.dumps(f))
        assert (f(*arrays)[0] == 6).all()
    x = T.dscalar("x")
    f = function([x], [world.average(x), world.average(x, weight=x), *world.average([x, 2 * x])])
    np.testing.assert_allclose(f(rank + 1.0), [2, 14 / 6, 2, 4])
    n = T.lscalar("n")
    f = function([n], [world.average(n), world.average(n, weight=0.5), all_reduce(n, world)])
    np.testing.assert_allclose(f(rank), [1, 1, 3])
    f = function([x], all_reduce(T.zeros((0, 3)) + x, world))
    assert f(1.0).shape == (0, 3)
    # Of the empty mean of the one that counts nothing comes nothing.
    f = function([x], world.average(1 / x, weight=x))
    with np.errstate(all="ignore"):
        np.testing.assert_allclose(f(float(rank)), 2 / 3)

    world.check_alike(rows=5)
    try:
        world.check_alike(rows=5 + rank // 2)
    except ValueError as error:
        assert "rows is 5 in process 0, and 6 in process 2" in str(error)
    else:
        raise AssertionError

    assert copy.deepcopy(world) is world and pickle.loads(pickle.dumps(world)) == world
    # A thousand worlds are one channel: MPI has not so many communicators to give.
    assert all(World(timeout=60).sum(1.0) == 3 for _ in range(3000))
    pair = MPI.COMM_WORLD.Split(rank < 2)
    part = World(pair)
    assert part != world and part.size == (2 if rank < 2 else 1)
    assert part.sum(1.0) == part.size
    if rank < 2:
        try:
            pickle.dumps(function([x], all_reduce(x, part)))
        except TypeError as error:
            assert "MPI.COMM_WORLD can" in str(error)
        else:
            raise AssertionError
    print("well")
    """
    done = run(3, program, tmp_path)
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("well") == 3


FAILING = """
world = World(timeout=1 if sys.argv[1] == "hang" else 60)
for step in range(4):
    if step == 2 and world.rank == 1:
        if sys.argv[1] == "raise":
            raise ValueError("row 7 is bad")
        if sys.argv[1] == "exit":
            sys.exit(0)
        if sys.argv[1] == "kill":
            os.kill(os.getpid(), signal.SIGKILL)
        time.sleep(60)
    world.sum(1.0)
print("through")
"""
SAID = {
    "raise": [
        "ValueError: row 7 is bad",
        "process 1 of 2 ended by ValueError, and ends",
    ],
    "exit": ["EndedError: process 1 of 2 has ended, after 3 messages, and process 0 waits"],
    "kill": [],
    "hang": [
        "TimeoutError: process 0 of 2 has waited 1 s for the others in its message 4: the sum"
    ],
}


@with_mpi
@pytest.mark.slow
@pytest.mark.parametrize("how", SAID)
def test_all_end_with_an_error_where_one_ends(tmp_path, how):
    done = run(2, FAILING, tmp_path, how)
    assert done.returncode != 0
    assert "through" not in done.stdout
    for text in SAID[how]:
        assert text in done.stderr
    if how == "kill":
        # What tells of it is the MPI's own starter.
        assert "signal 9" in (done.stdout + done.stderr).lower()


def test_without_mpi4py_the_error_says_what_to_install(monkeypatch):
    from bitale_nnet.distributed import World

    monkeypatch.setitem(sys.modules, "mpi4py", None)
    with pytest.raises(ImportError, match=r"pip install \"bitale-nnet\[mpi\]\""):
        World()


@with_mpi
def test_a_process_alone_is_a_world_of_one():
    program = """
    from mpi4py import MPI
    world = World()
    assert repr(world) == "<World: process 0 of 1>" and world.rows(3) == slice(0, 3)
    assert world.gather(5) == [5] and world.broadcast(6) == 6 and world.sum([7]).tolist() == [7.0]
    x = T.dvector("x")
    assert world.average([x]) == [x] and all_reduce(x, world).eval({x: [1.0]}).tolist() == [1.0]
    for wrong, text in [
        (lambda: World("a"), "World takes a communicator, such as MPI.COMM_WORLD, not 'a'"),
        (lambda: World(timeout=0), "timeout is a number of seconds, or None, not 0"),
        (lambda: World(timeout="1"), "timeout is a number of seconds, or None, not '1'"),
        (lambda: distributed("adam", world), "takes a rule of bitale_nnet.updates, not 'adam'"),
        (lambda: distributed(len, MPI.COMM_WORLD), "distributed takes a rule and a World"),
        (lambda: world.shard([1], [1, 2]), "shard takes arrays with as many rows, not [1, 2]"),
        (lambda: world.broadcast_parameters(x), "takes layers and shared variables, not x"),
    ]:
        try:
            wrong()
        except (TypeError, ValueError) as error:
            assert text in str(error), error
        else:
            raise AssertionError(text)
    """
    done = subprocess.run(
        [sys.executable, "-c", HEAD + textwrap.dedent(program)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
