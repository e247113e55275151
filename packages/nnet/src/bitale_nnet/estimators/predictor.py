"""What a fitted estimator computes with: functions that are made when they are needed."""

from __future__ import annotations

from typing import Any

import numpy as np
from bitale_graph.extend import Function, Mode, function

from ..training.sources import Rows, evaluation_size
from ..training.step import Form, Objective, variables_of
from ..training.trainer import fit_batch

Array = np.ndarray[Any, Any]


class Predictor:
    """The output of a network for arrays; pickles have its description, and no compiled code."""

    def __init__(self, objective: Objective, mode: Mode | str | None) -> None:
        self.objective, self.mode = objective, mode
        self._functions: dict[Form, Function] = {}

    def __call__(self, X: Any) -> Array:
        """The output for all rows, some at a time."""
        size = evaluation_size(1, (X,))
        pieces = []
        for (part,) in Rows((X,), size, False).batches(np.random.default_rng(0), 0, 0):
            form = self.objective.form([part, np.empty(0, "int64")], True)
            form = Form(form.parts[:1], False)
            compute = self._functions.get(form)
            if compute is None:
                inputs = variables_of(self.objective, form)
                output = self.objective.output(inputs)
                compute = function(inputs, output, mode=self.mode, name="predict")
                self._functions[form] = compute
            pieces.append(compute(*fit_batch(form, (part,))))
        return np.concatenate(pieces) if len(pieces) > 1 else np.asarray(pieces[0])

    def __getstate__(self) -> dict[str, Any]:
        return {**vars(self), "_functions": {}}
