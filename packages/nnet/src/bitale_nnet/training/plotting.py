"""Pictures of training; they need matplotlib, which the extra ``plot`` brings."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def plot_learning_curve(
    history: Mapping[str, Sequence[float]],
    path: str | os.PathLike[str] | None = None,
    title: str = "Learning curve",
) -> Figure:
    """Draw losses, and accuracies beside them, over the epochs.

    Parameters
    ----------
    history : mapping from names to one number an epoch
        As `Classifier.history`; names that end in "accuracy" share one panel, all others another.
    path : path, optional
        Where to save the picture, in the format of its suffix (.png, .svg, .pdf).
    title : str

    Returns
    -------
    matplotlib.figure.Figure
        Made without pyplot: no window, no global state.

    Raises
    ------
    ImportError
        If matplotlib is not installed.
    ValueError
        If ``history`` is empty.
    """
    try:
        from matplotlib.figure import Figure
        from matplotlib.ticker import MaxNLocator
    except ImportError as error:
        raise ImportError(
            'a learning curve needs matplotlib: pip install "bitale-nnet[plot]"'
        ) from error
    if not any(len(values) for values in history.values()):
        raise ValueError("there is no history to draw; fit first")
    accuracies = [name for name in history if name.endswith("accuracy")]
    losses = [name for name in history if name not in accuracies]
    panels = [
        (names, label) for names, label in ((losses, "loss"), (accuracies, "accuracy")) if names
    ]
    figure = Figure(figsize=(5 * len(panels), 3.6), layout="constrained")
    figure.suptitle(title)
    for i, (names, label) in enumerate(panels):
        axes = figure.add_subplot(1, len(panels), i + 1)
        for name in names:
            shown = "validation" if name.startswith("validation") else "training"
            axes.plot(range(1, len(history[name]) + 1), history[name], label=shown)
        axes.set_xlabel("epoch")
        axes.set_ylabel(label)
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        axes.grid(alpha=0.3)
        axes.legend()
    if path is not None:
        figure.savefig(path, dpi=120)
    return figure
