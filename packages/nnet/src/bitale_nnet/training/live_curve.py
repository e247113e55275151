"""The learning curve of a training that runs, in a notebook."""

from __future__ import annotations

import importlib.util
import io
import sys
import time
from typing import Any

from .callbacks import Callback
from .plotting import plot_learning_curve

# Drawing takes some 100 ms: at most a fifth of the time goes to it.
_PAUSE = 0.5


class LiveCurve(Callback):
    """Shows the figures of all epochs so far as curves, under the cell of a notebook that trains.

    `Trainer.fit` adds one by itself where ``progress`` is not False, in a notebook in which
    Matplotlib is installed.

    Raises
    ------
    ImportError
        When training begins, without IPython or Matplotlib.
    """

    # After those that may stop.
    order = 1

    def __init__(self) -> None:
        self._shown: Any = None
        self._drawn = 0.0

    def on_train_begin(self, run: Any) -> None:
        from IPython.display import display

        self._shown = display({"text/plain": "training ..."}, raw=True, display_id=True)

    def on_epoch_end(self, run: Any) -> None:
        if time.monotonic() - self._drawn > _PAUSE:
            self._draw(run)

    def on_train_end(self, run: Any) -> None:
        if run.history.epochs:
            self._draw(run)

    def _draw(self, run: Any) -> None:
        file = io.StringIO()
        figure = plot_learning_curve(run.history, title=f"{run.epoch} of {run.epochs} epochs")
        figure.savefig(file, format="svg")
        data = {"image/svg+xml": file.getvalue(), "text/plain": repr(run.history)}
        self._shown.update(data, raw=True)
        self._drawn = time.monotonic()


def can_show_curve() -> bool:
    """Whether this is a notebook in which curves can be drawn."""
    return "ipykernel" in sys.modules and importlib.util.find_spec("matplotlib") is not None
