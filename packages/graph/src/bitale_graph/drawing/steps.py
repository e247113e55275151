"""What the rewriter did to the graph of a function, pass by pass; recorded when it is asked for."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from ..core.features import PassObserver
from ..core.function_graph import FunctionGraph
from .picture import Keys, Picture, graph_of, picture_of


@dataclass
class Step:
    """One pass that changed something: its name, what it is for, and the graph after it.

    ``rules`` counts the replacements by the name of their rule.
    """

    name: str
    purpose: str
    picture: Picture
    rules: Counter[str] = field(default_factory=Counter)


class Recorder(PassObserver):
    """Keeps a picture of the graph after each pass that changes it."""

    def __init__(self, function: Any, keys: Keys) -> None:
        super().__init__()
        self.steps: list[Step] = []
        self._function, self._keys = function, keys

    def on_attach(self, fgraph: FunctionGraph) -> None:
        self._keep(fgraph, "as written", "the graph before any rewriting")

    def on_pass(self, fgraph: Any, name: str, purpose: str) -> None:
        """Keep the graph after a pass, if that has changed it."""
        if self.is_changed:
            self._keep(fgraph, name, purpose)

    def finish(self, graph: FunctionGraph) -> None:
        """Keep what became of the graph after all passes."""
        if self.is_changed:
            self._keep(graph, "as run", "what is left to do before it is run")

    def _keep(self, graph: FunctionGraph, name: str, purpose: str) -> None:
        picture = picture_of(graph_of(self._function, graph), self._keys)
        self.steps.append(Step(name, purpose, picture, self.rules))
        self.forget()


def recorded_steps(function: Any, keys: Keys) -> list[Step]:
    """Rewrite a function's graph once more, and keep what each pass makes of it."""
    recorder = Recorder(function, keys)
    recorder.finish(function.maker.rewritten(recorder))
    return recorder.steps
