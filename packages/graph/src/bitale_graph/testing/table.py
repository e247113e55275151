"""The table of samples."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from typing import Any

from .algebra_samples import algebra_samples
from .arrangement_samples import arrangement_samples, diagonal_samples, made_samples
from .condition_samples import assertion_samples, ifelse_samples
from .convolution_samples import convolution_samples
from .cumulative_samples import cumulative_samples
from .distributed_samples import distributed_samples
from .elementwise_samples import elementwise_samples
from .fourier_samples import fourier_samples
from .graph_samples import from_graph_samples, identity_samples
from .index_samples import index_samples
from .loop_samples import loop_samples
from .numeric_samples import product_samples, reduction_samples, softmax_samples
from .place_samples import place_samples
from .pooling_samples import pooling_samples
from .random_samples import random_samples
from .sample import OpSample
from .scan_samples import scan_samples
from .shape_samples import creation_samples, join_samples, shape_samples
from .sorting_samples import sorting_samples


@cache
def _table() -> tuple[OpSample, ...]:
    return (
        *elementwise_samples(),
        *shape_samples(),
        *creation_samples(),
        *join_samples(),
        *arrangement_samples(),
        *diagonal_samples(),
        *made_samples(),
        *index_samples(),
        *place_samples(),
        *reduction_samples(),
        *product_samples(),
        *softmax_samples(),
        *sorting_samples(),
        *algebra_samples(),
        *fourier_samples(),
        *convolution_samples(),
        *loop_samples(),
        *scan_samples(),
        *assertion_samples(),
        *ifelse_samples(),
        *from_graph_samples(),
        *identity_samples(),
        *random_samples(),
        *cumulative_samples(),
        *pooling_samples(),
        *distributed_samples(),
    )


def op_samples(*subjects: Any, core: bool = False) -> list[OpSample]:
    """All samples, or those of some subjects.

    Parameters
    ----------
    subjects : ScalarOp or class of Op
        By default every scalar op and every op.
    core : bool
        Only the few that must be run even where compiling is slow.
    """
    return [s for s in _table() if (not subjects or s.subject in subjects) and (s.core or not core)]


def differentiable_samples(*subjects: Any) -> list[OpSample]:
    """The samples that can be differentiated twice by some input."""
    return [s for s in op_samples(*subjects) if any(s.differentiable)]


def samples_by_subject(samples: Iterable[OpSample] | None = None) -> dict[Any, list[OpSample]]:
    """Samples (by default all) in groups of one scalar op or op."""
    groups: dict[Any, list[OpSample]] = {}
    for s in _table() if samples is None else samples:
        groups.setdefault(s.subject, []).append(s)
    return groups


def sampled_subjects() -> set[Any]:
    """Every scalar op and every class of ops that has a sample."""
    return {s.subject for s in _table()}
