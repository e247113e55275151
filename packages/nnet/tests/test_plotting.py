import builtins

import pytest
from bitale_nnet import plot_learning_curve

HISTORY = {
    "loss": [2.0, 1.0, 0.5],
    "accuracy": [0.3, 0.6, 0.8],
    "validation_loss": [2.1, 1.2, 0.9],
    "validation_accuracy": [0.3, 0.5, 0.7],
}


def test_a_picture_is_saved(tmp_path):
    pytest.importorskip("matplotlib")
    path = tmp_path / "curve.png"
    figure = plot_learning_curve(HISTORY, path)
    assert path.read_bytes().startswith(b"\x89PNG")
    assert [axes.get_ylabel() for axes in figure.axes] == ["loss", "accuracy"]
    assert all(len(axes.lines) == 2 for axes in figure.axes)


def test_losses_alone_have_one_panel():
    pytest.importorskip("matplotlib")
    assert len(plot_learning_curve({"loss": [1.0]}).axes) == 1


def test_nothing_to_draw_is_told():
    pytest.importorskip("matplotlib")
    with pytest.raises(ValueError, match="no history to draw"):
        plot_learning_curve({"loss": []})


def test_without_matplotlib_the_cure_is_named(monkeypatch):
    known = builtins.__import__

    def without(name, *arguments, **keywords):
        if name.startswith("matplotlib"):
            raise ImportError(name)
        return known(name, *arguments, **keywords)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(ImportError, match=r'pip install "bitale-nnet\[plot\]"'):
        plot_learning_curve(HISTORY)
