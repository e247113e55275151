"""The rewriter that a mode finds by entry point."""

from __future__ import annotations

import contextlib
import gc
import hashlib
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

import numpy as np
from bitale_graph.extend import FunctionGraph, Mode, config

from . import pipeline
from .engine.phases import PHASES, rules_of_mode, source_digest
from .engine.rewrite import RewriteContext


class FunctionGraphRewriter:
    """Rewrites graphs by the passes of `bitale_optimize.pipeline`."""

    def rewrite(self, graph: FunctionGraph, mode: Mode) -> None:
        """Improve ``graph`` in place, as much as ``mode.optimizer`` says.

        With ``config.optimizer_verbose`` each replacement is printed.
        """
        context = RewriteContext(graph, mode, [] if config.optimizer_verbose else None)
        # Rules look at the numbers that they make; that one overflows is no news.
        with _without_collection(), np.errstate(all="ignore"):
            pipeline.run(graph, context)
        for firing in context.log or ():
            print(firing)  # noqa: T201 (what the flag asks for)

    def names(self) -> set[str]:
        """Every name that `Mode.including` and `Mode.excluding` have an effect by here."""
        return pipeline.names()

    def keeps_every_number(self, reason: object) -> bool:
        """Whether what a rule or pass of this name does leaves NaN and infinities as they are."""
        return reason in pipeline.exact_rules()

    def signature(self, mode: Mode) -> str | None:
        """A text that changes with the rules, the passes and the mode.

        None where a registered rule or pass cannot be told by its source.
        """
        if pipeline.own_passes():
            return None
        parts = [_own_source(), mode.optimizer, *sorted(mode.include), "-", *sorted(mode.exclude)]
        parts += ["of", *sorted(mode.require)]
        for rules in PHASES.values():
            for rule in (*rules, *rules_of_mode(mode, rules.name)):
                if rule.registered:
                    told = source_digest(rule)
                    if told is None:
                        return None
                    parts.append(f"{rules.name} {rule.name} {rule.default} {told}")
        return hashlib.sha256("\n".join(parts).encode(errors="surrogatepass")).hexdigest()


@contextlib.contextmanager
def _without_collection() -> Iterator[None]:
    """Put garbage collection off: the many new nodes set it off, and it took 40% of the time.

    Measured on the training step of a perceptron, 70 to 6,000 nodes.
    """
    if not gc.isenabled():
        yield
        return
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


@lru_cache(maxsize=1)
def _own_source() -> str:
    """A digest of this package: its names of passes and rules, and what they do."""
    digest = hashlib.sha256()
    folder = Path(__file__).parent
    for path in sorted(folder.glob("**/*.py")):
        digest.update(path.relative_to(folder).as_posix().encode())
        digest.update(path.read_bytes())
    for one in pipeline.PASSES:
        digest.update(one.name.encode())
    return digest.hexdigest()
