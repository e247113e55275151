"""Pictures of graphs by Theano's name for them."""

import bitale.theano
import numpy as np
import pytest


@pytest.fixture
def T():
    with bitale.theano.installed():
        import theano.tensor

        yield theano.tensor


def test_the_picture_of_a_function_names_its_ops_and_variables(T, tmp_path, capsys):
    import theano
    from theano.printing import pydotprint

    w = theano.shared(np.ones(2), "w")
    x = T.vector("x")
    f = theano.function([x], (T.exp(x) * w).sum(), updates=[(w, w * 2)])
    pydotprint(f, tmp_path / "f.svg", scan_graphs=True, var_with_name_simple=True)
    text = (tmp_path / "f.svg").read_text(encoding="utf-8")
    assert ">exp</text>" in text
    assert ">w</text>" in text
    assert "f.svg" in capsys.readouterr().out


def test_variables_are_drawn_by_either_name(T):
    from theano.printing import pydotprint, pydotprint_variables

    y = T.exp(T.vector("x"))
    assert pydotprint([y], format="svg", return_image=True) == pydotprint_variables(
        [y], format="svg", return_image=True
    )
