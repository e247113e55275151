"""Whatever became of what is cached: it is thrown away and made again, with right results."""

import errno
import json
import os
import shutil
import subprocess
import sys
import tempfile
import warnings
from pathlib import Path

import numpy as np
import pytest
from bitale_codegen_c import CLinker
from bitale_codegen_c.toolchain.compiler import find_compiler
from bitale_graph import config, function, shared
from bitale_graph import language as T
from bitale_graph.compile.linkers import linkers
from bitale_graph.compile.mode import Mode
from bitale_graph.disk.cache import Cache
from bitale_graph.disk.entry import write_entry

C = Mode(linker="c")
FILES = ("kernel.so", "plan.json", "unit.o", "compiler.json")


@pytest.fixture(scope="module")
def filled(quick, tmp_path_factory):
    """A cache that knows what `build` makes."""
    folder = tmp_path_factory.mktemp("filled") / "cache"
    kept = linkers()["c"]
    with config.change_flags(base_compiledir=str(folder), cxx=str(quick)):
        run()
    linkers()["c"] = kept
    return folder


@pytest.fixture
def root(tmp_path, quick, filled, monkeypatch):
    """A copy of it that a new linker uses."""
    monkeypatch.setitem(linkers(), "c", CLinker())
    shutil.copytree(filled, tmp_path / "cache")
    with config.change_flags(base_compiledir=str(tmp_path / "cache"), cxx=str(quick)):
        yield tmp_path / "cache"


def build():
    """A function with a constant, an update in place and a support file, from a new linker."""
    linkers()["c"] = CLinker()
    x, state = T.dmatrix("x"), shared(np.ones((3, 3)), "state")
    table = T.as_tensor(np.arange(9.0).reshape(3, 3))
    updates = [(state, state - 0.5 * T.dot(x.T, x))]
    return function([x], [T.dot(x, table) + 1, state.sum()], updates=updates, mode=C)


def run():
    """Make the function and call it; any warning is an error."""
    f = build()
    x = np.arange(6.0).reshape(2, 3)
    for total in (9, 9 - 0.5 * np.sum(x.T @ x)):
        product, found = f(x)
        np.testing.assert_allclose(product, x @ np.arange(9.0).reshape(3, 3) + 1)
        assert found == total
    return f


def entries(root, name):
    return [path.parent for path in root.glob(f"*/{name}")]


def each_file(change):
    def damage(folder):
        for file in list(folder.iterdir()):
            # Another file in its place: what is mapped into this process stays.
            content = file.read_bytes()
            file.unlink()
            change(file, content)

    return damage


def one_file(name, change):
    def damage(folder):
        for file in list(folder.glob(name)):
            content = file.read_bytes()
            file.unlink()
            change(file, content)

    return damage


def nothing(file, content):
    file.write_bytes(b"")


def half(file, content):
    file.write_bytes(content[: len(content) // 2])


def noise(file, content):
    file.write_bytes(np.random.default_rng(1).bytes(len(content)))


def zeros(file, content):
    file.write_bytes(bytes(len(content)))


def folder_instead(file, content):
    (file / "inner").mkdir(parents=True)


def pipe_instead(file, content):
    os.mkfifo(file)


def dangling(file, content):
    file.symlink_to(file.with_name("missing"))


def gone(file, content):
    pass


def unreadable(file, content):
    file.write_bytes(content)
    file.chmod(0)


def replaced(change):
    def damage(folder):
        folder.rename(folder.parents[1] / f"moved-{folder.name}")
        change(folder, b"")

    return damage


def future(folder):
    for path in (*folder.iterdir(), folder):
        os.utime(path, (4e9, 4e9))


def first_line_of_digests(folder):
    digests = folder / "digests"
    digests.write_text(digests.read_text().splitlines()[0] + "\n")


DAMAGES = {
    **{f"files: {c.__name__}": each_file(c) for c in (nothing, half, noise, zeros, gone)},
    **{f"files: {c.__name__}": each_file(c) for c in (folder_instead, dangling, unreadable)},
    "files: pipe": each_file(pipe_instead),
    **{f"digests: {c.__name__}": one_file("digests", c) for c in (nothing, half, noise, gone)},
    **{f"folder: {c.__name__}": replaced(c) for c in (nothing, noise, dangling, pipe_instead)},
    "folder: empty": replaced(lambda folder, _: folder.mkdir()),
    "folder: closed": lambda folder: folder.chmod(0),
    "future": future,
    "first line": first_line_of_digests,
}


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_entry_is_made_again(root, name, damage):
    run()
    before = {n: len(entries(root, n)) for n in FILES}
    assert min(before.values()) > 0
    damaged = entries(root, name)
    for folder in damaged:
        DAMAGES[damage](folder)
    if name == "unit.o":  # asked for where a function is compiled
        for folder in entries(root, "plan.json") + entries(root, "kernel.so"):
            Cache(root).discard(folder.name)
    run()
    assert {n: len(entries(root, n)) for n in FILES} == before
    assert all(Cache(root).get(folder.name) for folder in damaged)
    run()


ODD = [
    *("", "{}", "[]", "null", "3", "[" * 99_999, "\ud800", "NaN"),
    *('{"kernel": "KERNEL"}', '{"kernel": "../cache/KERNEL", "constants": 0}'),
]
PLANS = [
    *({"in_place": [k]} for k in (10**9, -1, 0, "x", True, None)),
    *({"constants": k} for k in (-1, 0, 7, "x", None, True, [])),
    *({"uses_blas": k} for k in (None, "yes")),
    *({"kernel": k} for k in ("", "../x", "/", None, 3, "0" * 64, [], "KERNEL\n")),
    {"in_place": 3},
]


def rewrite(folder, **files):
    """An entry whose digests fit what is in it."""
    kept = {f.name: f.read_bytes() for f in folder.iterdir() if f.name != "digests"}
    for file in folder.iterdir():
        file.unlink()
    changed = {name.replace("_", "."): content for name, content in files.items()}
    files = {n: c for n, c in {**kept, **changed}.items() if c is not None}
    write_entry(folder, folder.name, files)


@pytest.mark.parametrize("odd", [*ODD, *PLANS], ids=repr)
def test_an_odd_plan_is_made_again(root, odd):
    run()
    (plan,) = entries(root, "plan.json")
    (kernel,) = entries(root, "kernel.so")
    given = (plan / "plan.json").read_text()
    text = odd if isinstance(odd, str) else json.dumps({**json.loads(given), **odd})
    text = text.replace("KERNEL", kernel.name)
    rewrite(plan, plan_json=text.encode(errors="surrogatepass"))
    run()
    assert (plan / "plan.json").read_text() == given


@pytest.mark.parametrize("content", [None, b"", b"noise", b"PK\x05\x06" + bytes(18), b"\x93NUMPY"])
def test_odd_constants_are_made_again(root, content):
    shutil.rmtree(root)
    x = T.dvector("x")
    for _ in range(2):
        linkers()["c"] = CLinker()
        f = function([x], x * np.array([1.0, 2, 3]), mode=C)
        np.testing.assert_array_equal(f(np.ones(3)), [1, 2, 3])
        (plan,) = entries(root, "plan.json")
        rewrite(plan, constants_npz=content)


@pytest.mark.parametrize("name", ["kernel.so", "unit.o"])
@pytest.mark.parametrize("content", [None, b"", b"noise", b"\x7fELF" + bytes(100)])
def test_code_that_is_none_is_made_again(root, name, content):
    run()
    for folder in entries(root, name):
        rewrite(folder, **{name.replace(".", "_"): content})
    if name == "unit.o":
        for folder in entries(root, "plan.json") + entries(root, "kernel.so"):
            Cache(root).discard(folder.name)
    run()
    assert all((folder / name).stat().st_size > 500 for folder in entries(root, name))


@pytest.mark.parametrize(
    "text",
    [
        *("", "{}", "[]", "null", "[" * 99_999, "\ud800"),
        *('{"version": 3, "flags": []}', '{"version": "x", "flags": ["-fplugin=evil.so"]}'),
        *('{"version": "x", "flags": [["-O2"]]}', '{"version": "x", "flags": "-O2"}'),
    ],
)
def test_an_odd_record_of_the_compiler_is_made_again(tmp_path, compiler, text):
    cache = Cache(tmp_path / "cache")
    known = find_compiler(str(compiler.path), cache=cache)
    (entry,) = entries(cache.root, "compiler.json")
    rewrite(entry, compiler_json=text.encode(errors="surrogatepass"))
    assert find_compiler(str(compiler.path), cache=cache) == known
    assert find_compiler(str(compiler.path), cache=cache) == known
    assert json.loads((entry / "compiler.json").read_text())["version"] == known.version


def path_of(handle):
    return Path(f"/proc/self/fd/{handle}").readlink()


def no_space(*_, **__):
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def read_only(*_, dir=None, **__):
    raise OSError(errno.EROFS, os.strerror(errno.EROFS), str(dir))


@pytest.mark.parametrize("fault", ["full", "read-only", "lost", "file"])
def test_functions_run_after_one_warning_where_the_cache_cannot_be_written(
    root, monkeypatch, fault
):
    shutil.rmtree(root)
    x = T.dvector("x")
    function([x], x + 1, mode=C)
    make, sync = tempfile.mkdtemp, os.fsync
    if fault == "full":
        monkeypatch.setattr(
            os, "fsync", lambda h: no_space() if root in path_of(h).parents else sync(h)
        )
    elif fault == "read-only":
        monkeypatch.setattr(
            tempfile,
            "mkdtemp",
            lambda **k: read_only(**k) if k.get("dir") == root else make(**k),
        )
    elif fault == "lost":
        root.rename(root.with_name("elsewhere"))
        root.parent.chmod(0o777)
    else:
        root.rename(root.with_name("elsewhere"))
        root.touch()
    with pytest.warns(RuntimeWarning, match="for this process only") as caught:
        made = [function([x], x * k, mode=C) for k in range(2, 5)]
    assert len(caught) == 1
    assert [f([1.0])[0] for f in made] == [2, 3, 4]
    assert "bitale_main" in made[-1].source(headers=True)


def test_a_folder_that_was_removed_is_made_again(root):
    x = T.dvector("x")
    function([x], x + 1, mode=C)
    root.rename(root.with_name("elsewhere"))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        f = function([x], x + 2, mode=C)
    assert f([1.0]) == [3.0]
    assert entries(root, "kernel.so")


PROGRAM = """
import resource, signal, sys
import bitale_codegen_c
from bitale_graph import config, function, language as T
from bitale_graph.compile.mode import Mode
config.base_compiledir = sys.argv[1]
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (2000, 2000))
x = T.dvector("x")
for k in range(3):
    assert function([x], T.exp(x) + k, mode=Mode("c"))([0.0]) == 1 + k
"""


@pytest.mark.skipif(sys.platform != "linux", reason="limits of Linux")
def test_functions_run_on_numpy_after_one_warning_where_nothing_can_be_written(tmp_path, compiler):
    command = [sys.executable, "-W", "always", "-c", PROGRAM, str(tmp_path / "cache")]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stderr.count("Warning:") == 1, done.stderr
    assert "run on NumPy" in done.stderr


@pytest.mark.usefixtures("compile_quickly")
def test_a_compiler_that_fails_is_still_an_error(tmp_path, monkeypatch):
    script = tmp_path / "cc"
    script.write_text(
        '#!/bin/sh\n[ "$1" = --version ] && echo 1 && exit\n'
        '[ -f "$0.on" ] && exit 1\nexec gcc "$@"\n'
    )
    script.chmod(0o755)
    monkeypatch.setitem(linkers(), "c", CLinker())
    x = T.dvector("x")
    with config.change_flags(base_compiledir=str(tmp_path / "cache"), cxx=str(script)):
        function([x], x + 1, mode=C)
        (tmp_path / "cc.on").touch()
        with pytest.raises(RuntimeError, match="the C compiler failed"):
            function([x], x + 2, mode=C)
