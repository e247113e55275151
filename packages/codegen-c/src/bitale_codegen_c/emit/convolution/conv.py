"""Convolutions and their adjoints, by the rules for all targets."""

from __future__ import annotations

from bitale_graph.plan.convolution import EMITS

from ...host.target import C

for _op, _rule in EMITS.items():
    C.emits.define(_op)(_rule)
