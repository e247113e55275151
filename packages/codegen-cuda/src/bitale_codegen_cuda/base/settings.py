"""Flags of this layer."""

from __future__ import annotations

from bitale_graph.extend import Flag, config

for _flag in (
    Flag(
        "cuda_precision",
        "ieee",
        "how products of float32 are computed: ieee, or tf32 (10 bits of 23)",
        admits=("ieee", "tf32"),
    ),
    Flag("cuda_plans", 16, "for so many different shapes a function keeps its commands"),
):
    config.register(_flag)
