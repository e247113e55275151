"""Python's search for garbage goes on after a function is compiled, whatever happens meanwhile."""

import gc
import os

import pytest
from bitale_graph import function
from bitale_graph import language as T
from bitale_graph.base.collection import collection_paused


def test_it_goes_on_after_a_function_is_made():
    x = T.dscalar("x")
    assert gc.isenabled()
    function([x], x + 1)
    assert gc.isenabled()


def test_it_is_paused_inside_and_goes_on_after_an_error():
    def fail():
        with collection_paused():
            assert not gc.isenabled()
            raise KeyError

    with pytest.raises(KeyError):
        fail()
    assert gc.isenabled()


def test_a_user_who_turned_it_off_keeps_it_off():
    gc.disable()
    try:
        with collection_paused():
            assert not gc.isenabled()
        assert not gc.isenabled()
    finally:
        gc.enable()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_it_goes_on_in_a_child_that_is_forked_meanwhile():
    with collection_paused():
        child = os.fork()
        if not child:
            os._exit(0 if gc.isenabled() else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
