"""What a notebook shows, by IPython itself: places in cells, and objects as results of cells."""

import sys
import types

import pytest
from bitale_graph import function
from bitale_graph import language as T
from bitale_graph.base.cells import cell_of, place
from IPython.core.interactiveshell import InteractiveShell
from traitlets.config import Config


@pytest.fixture
def shell(tmp_path, monkeypatch):
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path))
    config = Config()
    config.HistoryManager.enabled = False
    config.InteractiveShell.colors = "nocolor"
    made = InteractiveShell.instance(config=config)
    run(made, "import numpy as np\nimport bitale_graph\nfrom bitale_graph import language as T")
    yield made
    made.restore_sys_module_state()
    InteractiveShell.clear_instance()


def run(shell, cell):
    """The result of a cell, or what it raised; and its number, where that is asked for."""
    done = shell.run_cell(cell, store_history=True)
    return done.result if done.success else done.error_in_exec


def test_errors_name_the_cell_in_which_a_variable_was_made(shell):
    n = shell.execution_count
    run(shell, "# a comment\na = T.TensorType('float64', (2,))('a')")
    run(shell, "def make():\n    return T.TensorType('float64', (3,))('b')")
    told = str(run(shell, "a + make()"))
    assert f"made at Cell In[{n}], line 2: `a = T.TensorType(" in told
    assert f"made at Cell In[{n + 1}], line 2 in make: `return T.TensorType(" in told


def test_errors_at_run_time_name_the_cell_and_not_what_runs_cells(shell):
    n = shell.execution_count
    run(shell, "x, y = T.dvector('x'), T.dmatrix('y')\ndef product():\n    return T.dot(y, x)")
    run(shell, "f = bitale_graph.function([x, y], product(), mode='FAST_COMPILE')")
    assert run(shell, "f.name") == f"Cell In[{n + 1}], line 1"
    error = run(shell, "f([1.0], [[1.0, 2.0]])")
    told = "\n".join([str(error), *getattr(error, "__notes__", [])])
    made = told.partition("made here")[2].partition("HINT")[0]
    assert made.split("\n")[1:5] == [
        f"  Cell In[{n + 1}], line 1",
        "    f = bitale_graph.function([x, y], product(), mode='FAST_COMPILE')",
        f"  Cell In[{n}], line 3, in product",
        "    return T.dot(y, x)",
    ]
    assert "interactiveshell" not in made


def test_results_of_cells_are_shown_as_they_ask(shell):
    run(shell, "v = T.exp(T.dvector('x'))\nf = bitale_graph.function([v], v * 2)")
    forms = shell.display_formatter.format
    data, _ = forms(run(shell, "v"))
    assert data["text/latex"] == r"$\displaystyle e^{x}$"
    assert "<table>" in data["text/html"]
    assert data["text/plain"] == "Elementwise{exp}.0: TensorType(float64, vector)"
    assert "Inputs" in forms(run(shell, "f"))[0]["text/html"]
    assert "Outputs" in forms(run(shell, "f.maker.fgraph"))[0]["text/html"]
    data, _ = forms(run(shell, "from bitale_nnet import *\nSequential([Dense(3)])"))
    assert "Dense" in data["text/plain"]


def test_files_stay_files(monkeypatch):
    assert cell_of(__file__) is None
    assert place("program.py", 3) == "program.py:3"
    monkeypatch.setitem(sys.modules, "IPython", types.ModuleType("IPython"))
    assert place("program.py", 3) == "program.py:3"
    assert function([], T.constant(1.0)).name.startswith(f"{__file__}:")


TRAINING = """
import bitale_nnet, sklearn.datasets
X, y = sklearn.datasets.make_classification(100, random_state=0)
learner = bitale_nnet.Classifier([4], epochs=3, random_state=0)
"""


def displayed(shell, monkeypatch):
    """What cells show from now on, as (data, whether it takes the place of something)."""
    seen = []

    def publish(data, metadata=None, *, transient=None, update=False, **others):
        seen.append((data, update, (transient or {}).get("display_id")))

    monkeypatch.setattr(shell.display_pub, "publish", publish)
    return seen


def test_training_shows_its_curve_as_it_grows(shell, monkeypatch):
    seen = displayed(shell, monkeypatch)
    monkeypatch.setitem(sys.modules, "ipykernel", types.ModuleType("ipykernel"))
    run(shell, TRAINING)
    error = run(shell, "learner.fit(X, y)")
    assert not isinstance(error, Exception)
    (_, is_update, place), *updates = seen
    assert not is_update
    assert updates
    assert all(update and shown == place for _, update, shown in updates)
    last = updates[-1][0]
    assert last["image/svg+xml"].lstrip().startswith("<?xml")
    assert "3 of 3 epochs" in last["image/svg+xml"]
    assert last["text/plain"].startswith("<History: 3 epochs; loss ")


def test_training_shows_no_curve_elsewhere_or_where_it_shall_show_nothing(shell, monkeypatch):
    seen = displayed(shell, monkeypatch)
    run(shell, TRAINING)
    run(shell, "learner.fit(X, y)")
    monkeypatch.setitem(sys.modules, "ipykernel", types.ModuleType("ipykernel"))
    run(shell, "learner.set_params(progress=False).fit(X, y)")
    assert seen == []
