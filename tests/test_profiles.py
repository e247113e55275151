"""Profiles of whole programs: at exit, by settings, and what the tables tell of a training step."""

import io
import os
import pickle
import re
import subprocess
import sys

import bitale
import bitale.tensor as T
import numpy as np
import pytest
from bitale.compile import profiling

PROGRAM = """
import numpy as np, bitale, bitale.tensor as T
x = T.matrix("x")
f = bitale.function([x], T.exp(T.dot(x, x)).sum(), name="first")
f(np.ones((20, 20)))
"""


def run(program, *flags, folder=None):
    done = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        cwd=folder,
        env={**os.environ, "BITALE_FLAGS": ",".join(flags)},
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout, done.stderr


def test_nothing_is_printed_of_what_is_not_measured():
    assert run(PROGRAM) == ("", "")


def test_a_setting_measures_a_program_as_it_is():
    out, err = run(PROGRAM, "profile=True")
    assert out == ""
    assert "Message: first" in err
    for head in ("<% time>", "<#call>", "<Class name>", "Time in 1 calls to Function.__call__"):
        assert head in err
    assert "Peak of one call" not in err
    assert "All functions that were measured" not in err


def test_settings_bring_more_tables_and_other_places(tmp_path):
    flags = ("profile=True", "profile_memory=True", "profile_optimizer=True")
    out, err = run(PROGRAM, *flags, "profiling.destination=stdout", "profiling.n_apply=1")
    assert err == ""
    assert "Peak of one call" in out
    assert "<Pass name>" in out
    assert out.count("    line: ") == 1
    two = PROGRAM + "g = bitale.function([x], x + 1, name='second')\ng(np.ones((2, 2)))\n"
    assert run(two, "profile=1", "profiling.destination=here.txt", folder=tmp_path) == ("", "")
    text = (tmp_path / "here.txt").read_text(encoding="utf-8")
    assert "Message: first" in text
    assert "Message: second" in text
    assert "2 profiles, 2 calls" in text


def test_a_place_that_cannot_be_written_is_told_and_the_program_ends_well():
    out, err = run(PROGRAM, "profile=True", "profiling.destination=/nowhere/at/all.txt")
    assert out == ""
    assert err.startswith("the profile is not written: ")


def test_lines_are_cut_where_it_is_set():
    _, err = run(PROGRAM, "profile=True", "profiling.output_line_width=40")
    assert max(map(len, err.splitlines())) == 40


def test_functions_that_are_not_called_are_not_printed():
    program = "import bitale, bitale.tensor as T\nx = T.vector()\nbitale.function([x], x)"
    assert run(program, "profile=True") == ("", "")


def training(**options):
    rng = np.random.default_rng(0)
    x, y = T.fmatrix("x"), T.ivector("y")
    shapes = [(100, 200), (200, 10)]
    parameters = [bitale.shared(rng.normal(size=s).astype("float32") / 10) for s in shapes]
    hidden = T.tanh(T.dot(x, parameters[0]))
    p = T.nnet.softmax(T.dot(hidden, parameters[1]))
    cost = T.nnet.categorical_crossentropy(p, y).mean()
    updates = [(w, w - 0.1 * T.grad(cost, w)) for w in parameters]
    f = bitale.function([x, y], cost, updates=updates, **options)
    return f, rng.normal(size=(256, 100)).astype("float32"), np.zeros(256, "int32")


def test_a_training_step_is_told_by_line_with_its_gradient():
    stats = bitale.ProfileStats(atexit_print=False)
    train, data, labels = training(profile=stats)
    for _ in range(10):
        train(data, labels)
    lines = [group.name for group in stats.by_line()]
    assert all(name.startswith("test_profiles.py:") for name in lines)
    assert any("hidden = T.tanh(T.dot(x, parameters[0]))" in name for name in lines)
    assert sum(group.seconds for group in stats.by_line()) == pytest.approx(
        sum(stats.apply_time.values())
    )
    assert sum(cost.applied.total() for cost in stats.passes.values()) > 5
    assert stats.rewriter_time >= sum(cost.seconds for cost in stats.passes.values())


def test_a_measured_step_computes_what_another_does():
    ours, data, labels = training(profile=bitale.ProfileStats(atexit_print=False))
    plain, _, _ = training()
    for _ in range(3):
        assert ours(data, labels) == plain(data, labels)


def test_a_measured_function_is_pickled_without_its_profile():
    x = T.vector("x")
    f = bitale.function([x], T.exp(x), profile=bitale.ProfileStats(atexit_print=False))
    f([1.0])
    g = pickle.loads(pickle.dumps(f))
    assert g.profile is None
    assert g([0.0]) == 1.0


@pytest.mark.parametrize("mode", ["FAST_RUN", "FAST_COMPILE", "NanGuardMode", "DebugMode"])
def test_calls_are_measured_in_every_mode(mode):
    x = T.matrix("x")
    stats = bitale.ProfileStats(atexit_print=False)
    f = bitale.function([x], T.exp(x), mode=mode, profile=stats)
    f(np.zeros((2, 2)))
    assert stats.fct_callcount == 1
    text = io.StringIO()
    stats.summary(text)
    assert ("<Class name>" in text.getvalue()) == mode.startswith("FAST")


def test_a_picture_shows_the_times():
    x = T.matrix("x")
    f = bitale.function([x], T.exp(x).sum(), profile=bitale.ProfileStats(atexit_print=False))
    f(np.zeros((2, 2)))
    from bitale_graph.drawing import html

    assert re.search(r'"(seconds|time)"', html(f))


def test_theanos_names_are_there():
    assert bitale.compile.ProfileStats is profiling.ProfileStats is bitale.ProfileStats
    assert bitale.compile.profiling is profiling
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        bitale.compile.nothing  # noqa: B018 (asking is what is tested)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork here")
def test_a_forked_process_goes_on_measuring_by_itself():
    program = """
import os, threading, numpy as np, bitale, bitale.tensor as T
x = T.matrix("x")
stats = bitale.ProfileStats(atexit_print=False)
fs = [bitale.function([x], T.exp(x), profile=stats, mode=m) for m in ("FAST_RUN", "FAST_COMPILE")]
ends = threading.Event()
def call():
    while not ends.is_set():
        for f in fs:
            f(np.ones((2, 2)))
threads = [threading.Thread(target=call) for _ in range(3)]
for one in threads:
    one.start()
for _ in range(20):
    child = os.fork()
    if not child:
        before = stats.fct_callcount
        for f in fs:
            f(np.ones((2, 2)))
        os._exit(0 if stats.fct_callcount == before + 2 and stats.apply_time else 1)
    assert os.waitpid(child, 0)[1] == 0
ends.set()
"""
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", program],
        timeout=60,
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("mode", ["FAST_RUN", "FAST_COMPILE"])
def test_a_measured_function_that_calls_another_back(mode):
    x = T.dvector("x")
    inner = bitale.function([x], T.exp(x), profile=bitale.ProfileStats(atexit_print=False))
    op = bitale.wrap_py([T.dvector], [T.dvector])(lambda a: inner(a))
    stats = bitale.ProfileStats(atexit_print=False)
    f = bitale.function([x], op(x) * 2, mode=mode, profile=stats)
    np.testing.assert_allclose(f([0.0]), 2)
    assert inner.profile.fct_callcount == stats.fct_callcount == 1
    assert all("exp" not in str(node.op) for node in stats.apply_time)
