"""What NumPy's functions of order mean for variables: rows of the table in `numpy_functions`."""

from __future__ import annotations

from typing import Any

from . import sets, sorting, statistics


def _kind(kind: str | None, stable: bool | None) -> str | None:
    return "stable" if stable else kind


def _sort(a: Any, axis: Any = -1, kind: Any = None, order: Any = None, stable: Any = None) -> Any:
    return sorting.sort(a, axis, _kind(kind, stable), order)


def _argsort(
    a: Any, axis: Any = -1, kind: Any = None, order: Any = None, stable: Any = None
) -> Any:
    return sorting.argsort(a, axis, _kind(kind, stable), order)


def _unique(ar: Any, sorted: bool = True, **options: Any) -> Any:
    """``sorted`` says that any order would do."""
    return sets.unique(ar, **options)


_UNIQUE = "return_index return_inverse return_counts"
_QUANTILE = "a q | axis !out ~overwrite_input method keepdims !weights"
ROWS: dict[str, tuple[Any, str]] = {
    "searchsorted": (sorting.searchsorted, "a v | side sorter"),
    "sort": (_sort, "a | axis kind order stable"),
    "argsort": (_argsort, "a | axis kind order stable"),
    "partition": (sorting.partition, "a kth | axis !kind !order"),
    "argpartition": (sorting.argpartition, "a kth | axis !kind !order"),
    "lexsort": (sorting.lexsort, "keys | axis"),
    "unique": (_unique, f"ar | {_UNIQUE} axis equal_nan sorted"),
    "unique_values": (_unique, "x"),
    "isin": (sets.isin, "element test_elements | ~assume_unique invert ~kind"),
    "in1d": (sets.in1d, "ar1 ar2 | ~assume_unique invert ~kind"),
    "union1d": (sets.union1d, "ar1 ar2"),
    "bincount": (statistics.bincount, "x | weights minlength"),
    "digitize": (statistics.digitize, "x bins | right"),
    "histogram": (statistics.histogram, "a | bins range density weights"),
    "median": (statistics.median, "a | axis !out ~overwrite_input keepdims"),
    "quantile": (statistics.quantile, _QUANTILE),
    "percentile": (statistics.percentile, _QUANTILE),
}
