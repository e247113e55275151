"""Every op of graph's table of samples, compiled, against its reference."""

import pytest
from bitale_graph.compile.mode import Mode
from bitale_graph.testing import op_samples, run_samples

AS_WRITTEN = Mode(linker="c", optimizer="None")
REWRITTEN = Mode(linker="c")

# Generated code does not depend on the Python that generates it.
pytestmark = pytest.mark.slow


@pytest.mark.usefixtures("compile_quickly")
def test_some_core_samples_as_written():
    run_samples(AS_WRITTEN, op_samples(core=True)[::4])


@pytest.mark.usefixtures("compile_quickly")
def test_some_core_samples_rewritten():
    run_samples(REWRITTEN, op_samples(core=True)[1::4])


@pytest.mark.usefixtures("refuse_what_later_compilers_refuse")
@pytest.mark.parametrize("mode", [AS_WRITTEN, REWRITTEN], ids=["as_written", "rewritten"])
def test_every_sample(mode):
    run_samples(mode)
