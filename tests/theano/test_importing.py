"""``import theano`` means bitale where it is asked for, and only there."""

import subprocess
import sys

import bitale
import bitale.theano
import numpy as np
import pytest
from bitale.theano.modules import MODULES


@pytest.fixture
def installed():
    with bitale.theano.installed():
        yield


@pytest.mark.parametrize("module", sorted(MODULES))
def test_each_module_of_the_table_is_imported_and_has_its_names(installed, module):
    made = __import__(module, fromlist=["*"])
    assert made.__name__ == module
    assert all(hasattr(made, name) for name in made.__all__)


def test_a_program_runs_by_theanos_names(installed):
    import theano
    import theano.tensor as T
    from theano.tensor.signal.downsample import max_pool_2d  # noqa: F401

    x = T.fvector("x")
    f = theano.function([x], theano.tensor.grad((x * 2).sum(), x))
    assert f(np.ones(2, "float32")).dtype == "float32"
    assert isinstance(x, theano.tensor.TensorVariable)


def test_outside_there_is_no_theano():
    with bitale.theano.installed():
        import theano

        assert bitale.config.cast_policy == "custom"
    assert bitale.config.cast_policy == "weak"
    assert "theano" not in sys.modules
    with pytest.raises(ModuleNotFoundError):
        import theano  # noqa: F401


def test_what_is_missing_is_told_with_what_is_near(installed):
    import theano.tensor

    with pytest.raises(AttributeError, match="did you mean 'tan' or 'tanh'"):
        theano.tensor.tahn  # noqa: B018
    with pytest.raises(ModuleNotFoundError, match="no module and no name 'nnett'"):
        import theano.tensor.nnett


def test_the_front_door_imports_none_of_it():
    code = "import sys, bitale; print([m for m in sys.modules if 'theano' in m])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_a_program_is_run_with_its_arguments(tmp_path):
    program = tmp_path / "program.py"
    program.write_text(
        "import sys, theano, beside\nx = theano.tensor.dscalar()\n"
        "print(theano.function([x], x ** 2)(float(sys.argv[1])), beside.name)\n"
    )
    (tmp_path / "beside.py").write_text("name = 'found'\n")
    done = subprocess.run(
        [sys.executable, "-m", "bitale.theano", str(program), "3"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == "9.0 found\n"


def test_names_that_are_functions_and_modules_are_both(installed):
    import theano.compile.function
    import theano.scan_module.scan
    import theano.tensor as T
    import theano.tensor.sort
    from theano.tensor.nnet.ctc import ctc
    from theano.tensor.sort import argsort

    assert T.sort(T.vector()).ndim == 1
    assert argsort is T.argsort
    assert T.nnet.ctc is ctc
    assert theano.scan_module.scan is theano.scan
    assert theano.compile.function is theano.function
