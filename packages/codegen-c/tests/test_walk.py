"""Entry points as data give what those in text give."""

import numpy as np
import pytest
from bitale_codegen_c import lowering
from bitale_graph import config, function, ifelse, scan, shared
from bitale_graph import language as T
from bitale_graph.compile.mode import Mode
from bitale_graph.testing import op_samples, run_samples

pytestmark = pytest.mark.slow


@pytest.fixture(autouse=True)
def all_is_data(monkeypatch, quick, tmp_path):
    """Write every entry point as data, whatever its size; nothing is taken from other runs."""
    monkeypatch.setattr(lowering, "LARGE_ENTRY", -1)
    with config.change_flags(base_compiledir=str(tmp_path / "compiled"), cxx=str(quick)):
        yield


def test_samples():
    run_samples(Mode(linker="c", optimizer="None"), op_samples(core=True))


def test_loops_branches_and_updates():
    x, w = T.dvector("w"), shared(np.arange(3.0), "r")
    n, k = T.lscalar("k"), T.lscalar("n")
    states = scan(lambda h: T.tanh(h * x + w), outputs_info=x, n_steps=k)[0]
    nested = scan(
        lambda h: scan(lambda g: g * 0.5 + x, outputs_info=h, n_steps=n)[0][-1],
        outputs_info=x,
        n_steps=k,
    )[0]
    outputs = [states, nested[-1], ifelse(n > 1, x + 1, x[:2]), x[n], x[::-1].sum() / 2]
    outputs += [T.arange(n), T.concatenate([x, w]), x.reshape((-1, 1)), T.dot(x, w)]
    updates = [(w, w + x.sum())]
    results = []
    for linker in ("c", "numpy"):
        w.set_value(np.arange(3.0))
        f = function([x, n, k], outputs, updates=updates, mode=Mode(linker=linker))
        assert linker == "numpy" or "bt_walk_through" in f.source(headers=True)
        for _ in range(2):
            found = f(np.array([0.5, -1.0, 2.0]), 2, 3)
        results.append([*found, w.get_value()])
    for one, other in zip(*results, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-12)


def test_errors_are_those_of_numpy():
    x, y, n = T.dvector("x"), T.dvector("y"), T.lscalar("n")
    f = function([x, y, n], [x + y, x[n], T.alloc(1.0, n)])
    with pytest.raises(ValueError, match="mis-match"):
        f([1.0, 2.0], [1.0], 0)
    with pytest.raises(IndexError):
        f([1.0], [1.0], 5)
    with pytest.raises(MemoryError):
        function([n], T.alloc(1.0, n, n) + 1)(2**31)
    assert f([1.0, 2.0], [1.0, 2.0], 1)[1] == 2


def test_ten_thousand_nodes_compile_in_proportion():
    x = T.dvector("x")
    y = x
    for i in range(3000):
        y = T.tanh(y * (1 + 1e-9 * i)) + x[i % 3]
    f = function([x], y, mode=Mode(linker="c", optimizer="None"))
    g = function([x], y, mode=Mode(linker="numpy", optimizer="None"))
    argument = np.array([0.5, 1.0, 2.0])
    np.testing.assert_allclose(f(argument), g(argument), rtol=1e-12)
