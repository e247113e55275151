"""Convolutions and their adjoints, by the rules for all targets."""

from __future__ import annotations

from bitale_graph.plan.convolution import EMITS

from ...target import CUDA

for _op, _rule in EMITS.items():
    CUDA.emits.define(_op)(_rule)
