"""What `doctor` finds of compiler, BLAS and threads, each really tried."""

import numpy as np
import pytest
from bitale_codegen_c import health
from bitale_codegen_c.library.blas import Blas, BlasError
from bitale_graph import config
from bitale_graph.health import BETTER, BROKEN, OK

AVX512_CPU = {"avx512f", "avx512dq", "avx512cd", "avx512bw", "avx512vl"}


NONSENSE = """case "$1" in
--version) echo "gcc 99 Free Software Foundation" ;;
*) while [ "$1" != -o ]; do shift; done; echo nonsense > "$2" ;;
esac"""


def lines():
    return {one.key: one for one in health.findings()}


def program(tmp_path, text):
    script = tmp_path / "cc"
    script.write_text(f"#!/bin/sh\n{text}\n", encoding="utf-8")
    script.chmod(0o755)
    return str(script)


@pytest.mark.slow
def test_a_machine_with_a_compiler_is_well(compiler):
    found = lines()
    assert found["compiler"].state == OK
    assert found["compiler"].facts["path"] == str(compiler.path)
    assert found["compiler"].facts["seconds"] > 0
    assert found["compiled"].state == OK
    x = np.linspace(-1, 1, 7, dtype=np.float32)
    assert found["compiled"].facts["result"] == pytest.approx(float((x * np.exp(x)).sum()), 1e-6)
    assert found["blas"].facts["provider"] in ("scipy", "system", "own")
    assert found["threads"].facts["threads"] >= 1
    assert all(one.state == OK or one.cure for one in found.values())


def test_without_a_compiler_the_way_to_one_is_told(monkeypatch):
    monkeypatch.setenv("PATH", "/nowhere")
    monkeypatch.delenv("CC", raising=False)
    found = lines()
    assert found["compiler"].state == BETTER
    assert "apt install gcc" in found["compiler"].cure
    assert "compiled" not in found


def test_that_none_is_wanted_is_told():
    with config.change_flags(cxx=""):
        found = lines()
    assert found["compiler"].state == BETTER
    assert "none wanted" in found["compiler"].words


def test_a_compiler_that_is_named_and_not_there_is_broken():
    with config.change_flags(cxx="/nowhere/gcc"):
        found = lines()
    assert found["compiler"].state == BROKEN
    assert "/nowhere/gcc" in found["compiler"].words


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("echo strange >&2; exit 3", "strange"),
        ('echo "gcc 99 Free Software Foundation"', "cannot be run"),
        (NONSENSE, "cannot be run"),
    ],
    ids=["that fails", "that makes nothing", "that makes no code"],
)
def test_a_compiler_that_does_not_work_is_broken(text, words, tmp_path):
    with config.change_flags(cxx=program(tmp_path, text)):
        found = lines()
    assert found["compiler"].state == BROKEN
    assert words in found["compiler"].words
    assert found["compiler"].cure
    assert "compiled" not in found


@pytest.mark.slow
def test_a_compiler_that_computes_wrong_is_broken(compiler, tmp_path):
    wrong = f'exec {compiler.path} "$@" -Dprobe=other -include {tmp_path}/probe.h'
    (tmp_path / "probe.h").write_text(
        "#undef probe\nlong probe(void) { return 7; }\n#define probe other\n", encoding="ascii"
    )
    with config.change_flags(cxx=program(tmp_path, wrong)):
        found = lines()
    assert found["compiler"].state == BROKEN
    assert "came out as 7" in found["compiler"].words


def test_plain_loops_in_the_place_of_blas_could_be_better(monkeypatch):
    monkeypatch.setattr(health, "load_blas", lambda choice: Blas("own", ""))
    (found,) = health._blas()
    assert found.state == BETTER
    assert "pip install --upgrade scipy" in found.cure


def test_a_blas_that_is_named_and_not_there_is_broken(monkeypatch):
    def refuse(choice):
        raise BlasError(f"BLAS library {choice!r} cannot be loaded")

    monkeypatch.setattr(health, "load_blas", refuse)
    with config.change_flags(blas="/nowhere/libblas.so"):
        (found,) = health._blas()
    assert found.state == BROKEN
    assert "/nowhere/libblas.so" in found.words


def test_older_kernels_than_the_processor_has_could_be_better(monkeypatch):
    zen_5 = health.this_cpu().__class__("AuthenticAMD", 26, 2, frozenset(AVX512_CPU))
    monkeypatch.setattr(health, "this_cpu", lambda: zen_5)
    for kernels, state in (("Haswell", BETTER), ("SkylakeX", OK), (None, OK)):
        blas = Blas("scipy", "lib.so", kernels, "OpenBLAS 0.3.30")
        monkeypatch.setattr(health, "load_blas", lambda choice, blas=blas: blas)
        (found,) = health._blas()
        assert found.state == state
        assert found.cure == ("export OPENBLAS_CORETYPE=SkylakeX" if state == BETTER else "")


@pytest.mark.parametrize(
    ("flags", "processors", "quota", "state", "cure"),
    [
        ({"threads": 4}, 4, None, OK, ""),
        ({"threads": 8}, 4, None, BETTER, "config.threads to 4"),
        ({"threads": 4}, 4, 1.5, BETTER, "config.threads to 2"),
        ({"threads": 1}, 4, 0.2, OK, ""),
        ({"openmp": False}, 4, None, BETTER, "config.openmp to True"),
        ({"openmp": False}, 1, None, OK, ""),
    ],
)
def test_threads_are_held_against_processors(flags, processors, quota, state, cure, monkeypatch):
    monkeypatch.setattr(health, "usable_processors", lambda: processors)
    monkeypatch.setattr(health, "processor_quota", lambda: quota)
    with config.change_flags(**flags):
        found = health._threads()
    assert found.state == state
    assert cure in found.cure
