"""Code from a cache that another user could write to does not run."""

import os
import subprocess
import sys
import warnings

import numpy as np
import pytest
from bitale_codegen_c import CLinker
from bitale_graph import config, function
from bitale_graph import language as T
from bitale_graph.compile.linkers import linkers
from bitale_graph.compile.mode import Mode
from bitale_graph.disk.entry import write_entry

pytestmark = pytest.mark.skipif(os.name != "posix", reason="rights of POSIX")

EVIL = """
#include <stdio.h>
__attribute__((constructor)) static void run(void) { fclose(fopen("%s", "w")); }
"""
PROGRAM = """
import sys
import bitale_codegen_c
from bitale_graph import config, function, language as T
from bitale_graph.compile.mode import Mode
config.base_compiledir = sys.argv[1]
x = T.dvector("x")
for k in range(2):
    assert function([x], T.exp(x) + k, mode=Mode("c"))([0.0]) == 1 + k
"""


def plant_in_every_entry(root, evil):
    for folder in [path for path in root.iterdir() if (path / "kernel.so").exists()]:
        files = {"kernel.so": evil.read_bytes(), "source.c": (folder / "source.c").read_bytes()}
        for file in folder.iterdir():
            file.unlink()
        write_entry(folder, folder.name, files)


def run(root):
    command = [sys.executable, "-W", "always", "-c", PROGRAM, str(root)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    return done.stderr.count("Warning:")


def test_a_planted_file_does_not_run_from_a_folder_that_others_can_write(compiler, tmp_path):
    planted, root = tmp_path / "planted", tmp_path / "cache"
    compiler.compile(EVIL % planted, tmp_path / "evil.so")
    assert run(root) == 0
    plant_in_every_entry(root, tmp_path / "evil.so")
    assert run(root) == 0
    assert planted.exists()  # the test plants well
    planted.unlink()
    plant_in_every_entry(root, tmp_path / "evil.so")
    root.chmod(0o770)
    assert run(root) == 1
    assert not planted.exists()


def test_functions_run_after_one_warning_where_the_cache_is_opened_to_others(tmp_path, monkeypatch):
    root = tmp_path / "cache"
    monkeypatch.setitem(linkers(), "c", CLinker())
    x = T.dvector("x")
    with config.change_flags(base_compiledir=str(root)):
        function([x], x + 1, mode=Mode("c"))
        root.chmod(0o777)
        with pytest.warns(RuntimeWarning, match="every user.*this process only") as caught:
            f = function([x], x + 2, mode=Mode("c"))
        assert len(caught) == 1
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            g = function([x], x + 3, mode=Mode("c"))
    np.testing.assert_array_equal([*f([1.0]), *g([1.0])], [3.0, 4.0])
    assert not list(root.glob("temporary-*"))
