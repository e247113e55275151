"""What an estimator is to tell: labels or numbers, and how much each sample weighs."""

from __future__ import annotations

import math
import sys
from collections.abc import Mapping
from typing import Any

import numpy as np
from bitale_graph.extend import DtypeError, ShapeError
from sklearn.utils import check_array, column_or_1d
from sklearn.utils.class_weight import compute_sample_weight
from sklearn.utils.multiclass import check_classification_targets

from ..storage.array_file import Header

Array = np.ndarray[Any, Any]


def check_labels(y: Any, n_samples: int, estimator: Any) -> Array:
    """Give ``y`` as a vector of labels, one for each sample.

    Raises
    ------
    ValueError
        If it is no vector of ``n_samples`` (a column is taken with a warning), or a label is
        missing, or it holds numbers with fractions.
    TypeError
        If labels cannot be sorted.
    """
    _check_given(y, estimator)
    labels = np.asarray(column_or_1d(y, warn=True))
    _check_length(labels, n_samples)
    if labels.dtype.kind == "O":
        missing = [i for i, label in enumerate(labels) if _is_missing(label)]
        if missing:
            raise ValueError(f"y has {len(missing)} missing labels, the first at row {missing[0]}")
    elif labels.dtype.kind == "f" and not np.isfinite(labels).all():
        raise ValueError("y holds labels that are NaN or infinite")
    try:
        np.unique(labels)
    except TypeError as error:
        raise TypeError(f"y holds labels that cannot be sorted: {error}") from None
    if labels.dtype.kind != "S":
        check_classification_targets(labels)
    return labels


def _is_missing(label: Any) -> bool:
    if isinstance(label, float):
        return math.isnan(label)
    return label is None or type(label).__name__ in ("NAType", "NaTType")


def find_classes(labels: Array) -> Array:
    """The different labels, sorted; raises `ValueError` if there are fewer than two."""
    classes = np.unique(labels)
    if len(classes) < 2:
        raise ValueError(
            f"y must hold two classes or more, and holds only one class: {classes.tolist()}"
        )
    return classes


def positions(labels: Array, classes: Array) -> Array:
    """For each label its place among the sorted ``classes``; raises `ValueError` if it has none."""
    try:
        places = np.searchsorted(classes, labels)
        places = np.minimum(places, len(classes) - 1)
        unknown = classes[places] != labels
    except TypeError as error:
        raise TypeError(
            f"labels of dtype {labels.dtype} cannot be compared with the classes {classes.tolist()}"
        ) from error
    if np.any(unknown):
        found = np.unique(labels[unknown]).tolist()
        raise ValueError(
            f"y holds labels that are no classes of this classifier: {found[:5]}; "
            f"the classes are {classes.tolist()}"
        )
    return np.asarray(places, dtype="int64")


def check_numbers(y: Any, n_samples: int, estimator: Any) -> Array:
    """Give ``y`` as numbers (samples,) or (samples, outputs), in float64.

    Raises
    ------
    ValueError
        If the shape does not fit, or a number is NaN or infinite.
    """
    _check_given(y, estimator)
    if not hasattr(y, "toarray") and np.asarray(y).dtype.kind in "mM":
        raise DtypeError("y holds dates or times, and a regressor learns numbers")
    try:
        numbers = check_array(
            y, ensure_2d=False, allow_nd=False, dtype="float64", input_name="y", estimator=estimator
        )
    except ValueError as error:
        if "could not convert" not in str(error):
            raise
        raise ValueError(
            f"y must hold numbers, and {str(error).removeprefix('could not convert ')[:80]} is "
            "none; a Classifier learns labels"
        ) from None
    _check_length(numbers, n_samples)
    result: Array = np.asarray(numbers)
    return result


def _check_given(y: Any, estimator: Any) -> None:
    if y is None:
        name = type(estimator).__name__
        raise ValueError(f"{name} requires y to be passed, but the target y is None")


def _check_length(y: Array, n_samples: int) -> None:
    if len(y) != n_samples:
        raise ShapeError(
            f"X and y have inconsistent numbers of samples: X has {n_samples} rows, y {len(y)}"
        )


def check_weights(weights: Any, n_samples: int) -> Array:
    """Give weights of samples as a vector in float64.

    Raises
    ------
    ValueError
        If they are no vector of ``n_samples``, negative, NaN, or all zero.
    """
    hint = "; data to validate with are validation=(X, y)" if isinstance(weights, tuple) else ""
    try:
        given = np.asarray(weights)
    except ValueError:
        raise ShapeError(f"sample_weight must be a vector of numbers{hint}") from None
    if given.dtype.kind not in "biuf":
        try:
            given = given.astype("float64")
        except (TypeError, ValueError):
            raise DtypeError(f"sample_weight must hold numbers, and has {given.dtype}") from None
    if given.shape != (n_samples,):
        raise ShapeError(
            f"sample_weight must be a vector of {n_samples} weights, one for each row of X, and "
            f"has the shape {given.shape}{hint}"
        )
    values = given.astype("float64")
    if not np.isfinite(values).all() or (values < 0).any():
        raise ValueError("sample_weight must be finite and not negative")
    if not values.any():
        raise ValueError("sample_weight must contain at least one non-zero number")
    return values


def check_class_weight(class_weight: Any) -> None:
    """Raise `TypeError` or `ValueError` unless it is "balanced", None or weights by label."""
    if class_weight is None:
        return
    if isinstance(class_weight, str) and class_weight != "balanced":
        raise ValueError(f"class_weight is 'balanced', or weights by label, not {class_weight!r}")
    if isinstance(class_weight, str):
        return
    if not isinstance(class_weight, Mapping):
        raise TypeError(
            "class_weight is a mapping from labels to weights, such as {'yes': 2, 'no': 1}, "
            f"'balanced' or None, not {class_weight!r}"
        )
    for label, weight in class_weight.items():
        if isinstance(weight, bool) or not isinstance(weight, (int, float, np.number)):
            raise TypeError(f"class_weight[{label!r}] must be a number, not {weight!r}")
        if not 0 <= weight < math.inf:
            raise ValueError(
                f"class_weight[{label!r}] must be finite and not negative, and is {weight!r}"
            )


def weights_of_classes(class_weight: Any, y: Array, classes: Array) -> Array:
    """What each label weighs; one that is not named weighs 1.

    Raises
    ------
    ValueError
        If a label is named that is none, where another one is not, or all weigh 0.
    """
    if isinstance(class_weight, str):
        return np.asarray(compute_sample_weight(class_weight, y))
    labels = list(classes)
    unknown = [label for label in class_weight if label not in labels]
    left = [label for label in labels if label not in class_weight]
    if unknown and left:  # else a part of the data has fewer classes than all of them
        raise ValueError(
            f"class_weight names {', '.join(map(repr, unknown))}, and the classes of y are "
            f"{classes.tolist()}"
        )
    table = np.array([class_weight.get(label, 1.0) for label in labels], "float64")
    if not table.any():
        raise ValueError("class_weight must not be 0 for all classes of y")
    weights: Array = table[np.searchsorted(classes, y)]
    return weights


def hold_out(strata: Array | None, n: int, share: Any, rng: np.random.Generator) -> Array:
    """Which of ``n`` rows are held out: a share of each of the ``strata``, at random.

    Raises
    ------
    TypeError, ValueError
        If the share is no number between 0 and 1, or leaves nothing.
    """
    if isinstance(share, bool) or not isinstance(share, (float, np.floating)):
        raise TypeError(
            "validation is a pair (X, y), or the share of the samples that is held out, such as "
            f"0.2, not {share!r}"
        )
    if not 0 < share < 1:
        raise ValueError(f"the share held out for validation is between 0 and 1, not {share}")
    held = np.zeros(n, dtype=bool)
    kinds = np.zeros(n, "int64") if strata is None else strata
    for kind in np.unique(kinds):
        rows = rng.permutation(np.flatnonzero(kinds == kind))
        held[rows[: min(round(share * len(rows)), len(rows) - 1)]] = True
    if not held.any():
        raise ValueError(f"a share of {share} of {n} samples is nothing to validate with")
    return held


def encode_text(values: Array) -> Array:
    """Text as numbers, a row of code points for each.

    Raises
    ------
    TypeError
        If it is none.
    """
    if values.dtype.kind == "O" and all(isinstance(value, str) for value in values):
        values = values.astype(str)
    if values.dtype.kind != "U":
        raise TypeError(f"{values.dtype} cannot be saved as text")
    text = np.ascontiguousarray(values.astype(values.dtype.newbyteorder("=")))
    return text.view(np.uint32).reshape(len(values), -1)


def decode_text(codes: Array) -> Array:
    """Text that `encode_text` made numbers of; raises `ValueError` if it is none."""
    codes = np.ascontiguousarray(codes)
    if codes.dtype != np.uint32 or codes.ndim != 2 or not codes.shape[1]:
        raise ValueError("the file holds names or classes that are no text")
    if codes.size and codes.max() > sys.maxunicode:
        raise ValueError("the file holds names or classes that are no text")
    return codes.view(f"U{codes.shape[1]}").ravel()


def encode_classes(classes: Array) -> dict[str, Array]:
    """The classes as numbers, under a name that says how to read them.

    Raises
    ------
    TypeError
        If the labels are neither numbers nor text.
    """
    if classes.dtype.kind in "biuf":
        return {"classes": classes}
    try:
        return {"classes.text": encode_text(classes)}
    except TypeError:
        raise TypeError(
            f"labels of dtype {classes.dtype} cannot be saved; use numbers or text"
        ) from None


def count_classes(headers: Mapping[str, Header]) -> int:
    """How many classes a file holds, by its headers; raises `ValueError` if there are none."""
    text, numbers = headers.get("classes.text"), headers.get("classes")
    if text is not None and text.dtype == np.uint32 and len(text.shape) == 2 and text.shape[1]:
        return text.shape[0]
    if text is None and numbers is not None and len(numbers.shape) == 1:
        return numbers.shape[0]
    raise ValueError("the file holds no classes; was it saved by a classifier?")


def decode_classes(arrays: dict[str, Array]) -> Array:
    """Take the classes, that `count_classes` found, out of ``arrays``."""
    if "classes.text" not in arrays:
        return arrays.pop("classes")
    return decode_text(arrays.pop("classes.text"))
