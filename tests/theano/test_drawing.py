"""Pictures of graphs by Theano's name for them."""

import warnings

import bitale.theano
import numpy as np
import pytest


@pytest.fixture
def T():
    with bitale.theano.installed():
        import theano.tensor

        yield theano.tensor


def test_the_picture_of_an_expression_names_its_ops_and_variables(T, tmp_path):
    from theano.printing import pydotprint

    x = T.vector("x")
    pydotprint(T.exp(x) * 2, tmp_path / "g.dot", print_output_file=False, with_ids=True)
    text = (tmp_path / "g.dot").read_text()
    assert text.startswith("digraph {")
    assert "exp} id=0" in text
    assert '"x TensorType(float64, vector)"' in text
    assert '"val=2' in text


def test_functions_are_drawn_with_what_they_share(T, tmp_path):
    import theano
    from theano.printing import pydotprint

    w = theano.shared(np.ones(2), "w")
    f = theano.function([], w.sum(), updates=[(w, w * 2)])
    picture = pydotprint(f, format="dot", return_image=True, var_with_name_simple=True)
    assert b'label="w"' in picture


def test_without_graphviz_the_text_is_written_with_a_warning(T, tmp_path, monkeypatch, capsys):
    from theano.printing import pydotprint

    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.warns(RuntimeWarning, match="Graphviz"):
        pydotprint(T.vector().sum(), tmp_path / "g.png")
    assert (tmp_path / "g.png.dot").read_text().startswith("digraph")
    assert "g.png.dot" in capsys.readouterr().out


def test_long_labels_are_cut(T):
    from theano.printing import pydotprint

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        picture = pydotprint(
            T.vector('a "long" name' * 20), format="dot", return_image=True, max_label_size=30
        )
    assert b"name" in picture
    assert b"..." in picture
