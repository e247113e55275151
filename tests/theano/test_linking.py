"""Linkers as Theano's programs make them."""

import bitale.theano
import numpy as np
import pytest


@pytest.fixture(autouse=True)
def _installed():
    with bitale.theano.installed():
        yield


class NegativeError(Exception):
    pass


def test_a_linker_calls_functions_of_ones_own_around_every_node():
    import theano
    import theano.tensor as T

    def no_negatives(i, node, fn):
        fn()
        if any(cell[0].min() < 0 for cell in fn.inputs + fn.outputs):
            raise NegativeError

    class Checked(theano.Mode):
        def __init__(self):
            wrap = theano.gof.WrapLinkerMany([theano.gof.OpWiseCLinker()], [no_negatives])
            super().__init__(wrap, optimizer="fast_run")

    x = T.scalar("x")
    assert theano.function([x], T.exp(x), mode=Checked())(0.0) == 1
    with pytest.raises(NegativeError):
        theano.function([x], -T.exp(x), mode=Checked())(0.0)


def test_all_thunks_of_all_linkers_are_given():
    import theano
    import theano.tensor as T
    from theano.gof.link import PerformLinker, WrapLinker

    seen = []

    def both(i, node, one, two):
        one()
        two()
        seen.append((one.outputs[0][0], two.outputs[0][0]))

    x = T.vector("x")
    linker = WrapLinker([PerformLinker(), theano.gof.vm.VM_Linker()], both)
    f = theano.function([x], T.exp(x), mode=theano.Mode(linker))
    assert np.allclose(f([0, 1]), np.exp([0, 1]))
    assert np.allclose(*seen[0])


def test_a_wrapper_that_is_no_function_is_refused():
    import theano

    with pytest.raises(TypeError, match="calls its wrappers"):
        theano.gof.WrapLinkerMany([], [3])


@pytest.mark.parametrize("name", ["CLinker", "OpWiseCLinker", "DualLinker", "PerformLinker"])
def test_linkers_by_class_are_those_of_their_names(name):
    import theano

    x = theano.tensor.vector()
    mode = theano.Mode(linker=getattr(theano.gof, name)(), optimizer="fast_compile")
    assert theano.function([x], x * 2, mode=mode)([1, 2]).tolist() == [2, 4]


def test_a_callback_that_would_not_be_called_is_refused():
    from theano.gof.vm import VM_Linker

    assert str(VM_Linker(False, callback=None)) == "auto"
    with pytest.raises(TypeError, match="MonitorMode"):
        VM_Linker(callback=print)
