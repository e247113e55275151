"""Names of the package come from modules that are imported when a name is asked for."""

import ast
import subprocess
import sys
from pathlib import Path

import bitale_nnet
import pytest


def test_what_type_checkers_read_is_what_is_there():
    tree = ast.parse(Path(bitale_nnet.__file__).read_text(encoding="utf-8"))
    (block,) = (n for n in tree.body if isinstance(n, ast.If))
    told = {a.asname for n in block.body if isinstance(n, ast.ImportFrom) for a in n.names}
    assert set(bitale_nnet.__all__) == told
    for name in bitale_nnet.__all__:
        assert getattr(bitale_nnet, name).__name__ == name
    assert told <= set(dir(bitale_nnet))


def test_modules_are_there_without_an_import_of_their_own():
    program = "import bitale_nnet as nn; nn.updates.adam, nn.layers.Dense, nn.losses, nn.functional"
    subprocess.run([sys.executable, "-W", "error", "-c", program], check=True)
    with pytest.raises(AttributeError, match="has no attribute 'nothing'"):
        bitale_nnet.nothing  # noqa: B018 (asking is what is tested)


def test_functions_of_networks_wait_for_no_layers():
    program = "import sys, bitale_nnet.losses; sys.exit('bitale_nnet.layers' in sys.modules)"
    subprocess.run([sys.executable, "-c", program], check=True)


def test_all_names_can_be_imported_at_once():
    program = "from bitale_nnet import *\nDense, Classifier, adam, Trainer, summary"
    subprocess.run([sys.executable, "-W", "error", "-c", program], check=True)
