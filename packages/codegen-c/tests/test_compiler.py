"""Finding and running the C compiler."""

import ctypes
import os
import stat
import subprocess

import pytest
from bitale_codegen_c.toolchain.compiler import CompileError, Compiler, find_compiler
from bitale_codegen_c.toolchain.stored import kernel_key
from bitale_graph.disk.cache import Cache

COMPILER = find_compiler()
needs_compiler = pytest.mark.skipif(COMPILER is None, reason="needs a C compiler")


def script(path, text):
    """Write a program that stands for a compiler."""
    path.write_text("#!/bin/sh\n" + text)
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return path


@needs_compiler
def test_compiled_function_runs(tmp_path):
    output = tmp_path / "a folder; $(touch x)" / "kernel.so"
    output.parent.mkdir()
    COMPILER.compile("int answer(void) { return 42; }", output)
    assert ctypes.CDLL(str(output)).answer() == 42
    assert output.with_suffix(".c").read_text().startswith("int answer")


@needs_compiler
def test_flags_keep_the_meaning_of_numpy(tmp_path):
    source = """
        #include <math.h>
        int is_nan(float x) { return isnan(x); }
        int wraps(int x) { return x + 1 < x; }
        int keeps_the_sign_of_zero(double x) { return signbit(x + -0.0) != 0; }
    """
    COMPILER.compile(source, tmp_path / "kernel.so")
    library = ctypes.CDLL(str(tmp_path / "kernel.so"))
    library.is_nan.argtypes = [ctypes.c_float]
    library.keeps_the_sign_of_zero.argtypes = [ctypes.c_double]
    assert library.is_nan(float("nan"))
    assert library.wraps(2**31 - 1)
    assert library.keeps_the_sign_of_zero(-0.0)


@needs_compiler
def test_error_shows_command_message_and_lines(tmp_path):
    source = "int f(void)\n{\n    return nonsense;\n}\n"
    with pytest.raises(CompileError) as caught:
        COMPILER.compile(source, tmp_path / "kernel.so")
    text = str(caught.value)
    assert str(COMPILER.path) in text
    assert "-O2" in text
    assert "nonsense" in caught.value.messages
    assert "     3 |     return nonsense;" in text
    assert caught.value.command[-1] == "-lm"


def test_no_compiler_is_none(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("CC", raising=False)
    assert find_compiler() is None
    assert find_compiler("") is None


@needs_compiler
def test_empty_choice_means_none():
    assert find_compiler("") is None


def test_named_compiler_that_is_not_there_is_an_error(tmp_path):
    with pytest.raises(CompileError, match="no such program"):
        find_compiler(str(tmp_path / "gcc"))


def test_named_compiler_that_fails_is_an_error(tmp_path):
    broken = script(tmp_path / "cc", 'echo "out of order" >&2\nexit 3\n')
    with pytest.raises(CompileError, match="out of order"):
        find_compiler(str(broken))


@needs_compiler
def test_environment_names_the_compiler_and_its_arguments(monkeypatch):
    monkeypatch.setenv("CC", f"{COMPILER.path} -std=gnu11")
    found = find_compiler()
    assert found.command == (str(COMPILER.path), "-std=gnu11")
    assert found.version == COMPILER.version


@needs_compiler
def test_extra_flags_come_last():
    assert find_compiler(extra_flags=["-O1"]).flags == (*COMPILER.flags, "-O1")


@needs_compiler
def test_known_compiler_is_not_run_again(tmp_path, monkeypatch):
    cache = Cache(tmp_path / "cache")
    first = find_compiler(str(COMPILER.path), cache=cache)

    def refuse(*args, **kwargs):
        raise AssertionError(args)

    monkeypatch.setattr(subprocess, "run", refuse)
    assert find_compiler(str(COMPILER.path), cache=cache) == first == COMPILER


@needs_compiler
def test_changed_compiler_is_asked_again(tmp_path):
    cache = Cache(tmp_path / "cache")
    path = script(tmp_path / "cc", f'echo "one"\nexec {COMPILER.path} "$@"\n')
    first = find_compiler(str(path), cache=cache)
    script(path, f'echo "second"\nexec {COMPILER.path} "$@"\n')
    second = find_compiler(str(path), cache=cache)
    assert (first.version, second.version) == ("one", "second")


@needs_compiler
@pytest.mark.parametrize("lacking", ["-fopenmp", "-march=native"])
def test_flags_that_a_compiler_lacks_are_left_out(tmp_path, lacking):
    text = f"""
if [ "$1" = --version ]; then echo "another compiler 1.0"; echo "Target: here"; exit; fi
for word in "$@"; do
    if [ "$word" = {lacking} ]; then echo "unknown option" >&2; exit 1; fi
done
exec {COMPILER.path} "$@"
"""
    found = find_compiler(str(script(tmp_path / "cc", text)))
    assert found.version == "another compiler 1.0\nTarget: here"
    assert found.flags == tuple(flag for flag in COMPILER.flags if flag != lacking)


def test_compiler_that_cannot_be_started(tmp_path):
    with pytest.raises(CompileError, match="nowhere"):
        Compiler((os.fspath(tmp_path / "nowhere"),), "", ()).compile("", tmp_path / "a.so")


def test_compiler_ended_by_a_signal(tmp_path):
    path = script(tmp_path / "cc", "kill -9 $$\n")
    with pytest.raises(CompileError, match="signal 9"):
        Compiler((str(path),), "", ()).compile("", tmp_path / "a.so")


def test_the_key_of_a_kernel_depends_on_text_compiler_and_flags():
    given = [("s", "v", ["-O3"]), ("t", "v", ["-O3"]), ("s", "w", ["-O3"]), ("s", "v", ["-O2"])]
    assert len({kernel_key(*one) for one in given}) == len(given)
    assert kernel_key("s", "v", ["-O3"]) == kernel_key("s", "v", ("-O3",))
