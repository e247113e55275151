"""Functions stored with all layers, and read by processes that lack something."""

import copy
import io
import json
import os
import pickle
import shutil
import subprocess
import sys

import bitale
import bitale.tensor as T
import numpy as np
import pytest
from bitale.misc.pkl_utils import dump, load

MODES = {
    "default": None,
    "c": bitale.Mode("c"),
    "numpy": bitale.Mode("numpy"),
    "debug": "DebugMode",
    "emulated": bitale.Mode(device="emulated0"),
}
LAYERS = ["autodiff", "optimize", "codegen_c", "codegen_cuda", "nnet"]
# Reads functions where some modules are not installed, and shows what each comes to.
READER = """
import importlib.metadata, json, pickle, sys, warnings
refused = sys.argv[2].split(",")
class Refuse:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in refused:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
sys.meta_path.insert(0, Refuse())
real = importlib.metadata.entry_points
importlib.metadata.entry_points = lambda **given: [
    e for e in real(**given) if e.value.partition(":")[0].partition(".")[0] not in refused
]
found = {}
for name, data in pickle.load(open(sys.argv[1], "rb")).items():
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            f, W = pickle.loads(data)
            result = float(f([0.0, 1.0]))
            found[name] = [type(f.executable).__name__, result, W.get_value().tolist()]
        except Exception as error:
            found[name] = [type(error).__name__, str(error), None]
    found[name].append([str(one.message) for one in caught])
print(json.dumps(found))
"""


@pytest.fixture(scope="module")
def stored(tmp_path_factory):
    """A file of one function for each mode, with its shared variable; and its result."""
    x, made = T.dvector("x"), {}
    for name, mode in MODES.items():
        if name == "emulated" and not shutil.which("g++"):
            continue
        W = bitale.shared(np.array([1.0, 2.0]), "W")
        cost = T.log(1 + T.exp(x * W)).sum()
        updates = [(W, W - T.grad(cost, W))]
        with bitale.config.change_flags(print_active_device=False):
            made[name] = pickle.dumps((bitale.function([x], cost, updates=updates, mode=mode), W))
    path = tmp_path_factory.mktemp("stored") / "functions.pkl"
    path.write_bytes(pickle.dumps(made))
    return path


def read(path, refused="", **environment):
    done = subprocess.run(
        [sys.executable, "-c", READER, str(path), refused],
        capture_output=True,
        text=True,
        check=False,
        env={
            **os.environ,
            "BITALE_FLAGS": "print_active_device=False",
            "XDG_CACHE_HOME": str(path.parent),
            **environment,
        },
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


WANTED = pytest.approx(np.log(2) + np.log1p(np.exp(2)))


@pytest.mark.slow
def test_another_process_runs_what_this_one_would(stored):
    kinds = {"default": "Program", "c": "Program", "numpy": "NumpyProgram", "debug": "DebugProgram"}
    for name, (kind, result, state, told) in read(stored).items():
        assert kind == kinds.get(name, "CudaProgram")
        assert result == WANTED
        assert state == pytest.approx([1.0, 2.0 - 1 / (1 + np.exp(-2))])
        assert told == []


@pytest.mark.slow
def test_without_a_compiler_functions_run_on_numpy(stored, tmp_path):
    found = read(stored, PATH="/nowhere", CC="", XDG_CACHE_HOME=str(tmp_path))
    for name, (kind, result, _, _told) in found.items():
        assert kind == ("DebugProgram" if name == "debug" else "NumpyProgram")
        assert result == WANTED
    assert "found no C compiler" in found["default"][3][0]
    if "emulated" in found:
        assert "C++ compiler" in found["emulated"][3][0]


@pytest.mark.slow
def test_with_the_lowest_layer_alone_functions_run_on_numpy(stored):
    found = read(stored, ",".join(["bitale", *(f"bitale_{name}" for name in LAYERS)]))
    kind, words, _, _ = found.pop("c")
    assert kind == "ConfigError"
    assert "it comes with bitale-codegen-c" in words
    for name, (kind, result, _, _told) in found.items():
        assert kind == ("DebugProgram" if name == "debug" else "NumpyProgram")
        assert result == WANTED


@pytest.mark.slow
def test_what_a_device_has_is_stored_as_it_is_there():
    if not shutil.which("g++"):
        pytest.skip("needs a C++ compiler for the emulated device")
    x = T.fvector("x")
    W = bitale.shared(np.zeros(3, np.float32), "W", target="emulated0")
    with bitale.config.change_flags(print_active_device=False):
        f = bitale.function([x], (W * 2).sum(), updates=[(W, W + x)])
        f([1, 2, 3])
        for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
            g, V = pickle.loads(pickle.dumps((f, W), protocol))
            assert V.get_value().tolist() == [1, 2, 3]
            assert float(g([1, 1, 1])) == 12
            assert V.get_value().tolist() == [2, 3, 4]
        h = copy.deepcopy(f)
        h([1, 1, 1])
        assert h.get_shared()[0].get_value().tolist() == [2, 3, 4]
        assert type(h.executable) is type(f.executable)
        f([1, 1, 1])
        file = io.BytesIO()
        dump({"f": f, "W": W}, file)
        with np.load(io.BytesIO(file.getvalue())) as arrays:
            assert arrays["W"].tolist() == [2, 3, 4]
        assert float(load(file)["f"]([0, 0, 0])) == 18
    assert W.get_value().tolist() == [2, 3, 4]


OWN_OP = """
import bitale, bitale.tensor as T
class Twice(bitale.Op):
    __props__ = ()
    itypes = [T.dvector]
    otypes = [T.dvector]
    def perform(self, node, inputs, outputs):
        outputs[0][0] = inputs[0] * 2
"""


def test_an_op_of_which_the_module_is_missing_is_named(tmp_path, monkeypatch):
    (tmp_path / "module_of_mine.py").write_text(OWN_OP, encoding="ascii")
    monkeypatch.syspath_prepend(str(tmp_path))
    import module_of_mine

    x = T.dvector("x")
    f = bitale.function([x], module_of_mine.Twice()(x), mode="FAST_COMPILE")
    data = pickle.dumps(f)
    assert pickle.loads(data)([1.0]).tolist() == [2.0]
    monkeypatch.undo()
    sys.modules.pop("module_of_mine")
    (tmp_path / "module_of_mine.py").unlink()
    with pytest.raises(ModuleNotFoundError, match="module_of_mine"):
        pickle.loads(data)
