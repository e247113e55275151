"""What a classifier is given: rows of features and their labels, checked."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Any

import numpy as np
from bitale_graph.extend import ShapeError

from ..storage.array_file import Header

Array = np.ndarray[Any, Any]


def check_features(X: Any, dtype: str, n_features: int | None = None) -> Array:
    """Give ``X`` as a matrix (rows, features) of ``dtype``, C-contiguous.

    Raises
    ------
    TypeError
        If it holds anything but numbers.
    ShapeError
        If it is no matrix, has no rows or no features, or not ``n_features`` of them.
    ValueError
        If an element is NaN or infinite, or overflows ``dtype``.
    """
    given = np.asarray(X)
    if given.dtype.kind not in "biuf":
        raise TypeError(f"X must hold numbers, and has the dtype {given.dtype}")
    if given.ndim != 2:
        hint = "; one sample is X[None, :]" if given.ndim == 1 else ""
        raise ShapeError(
            f"X must be a matrix (samples, features), and has the shape {given.shape}{hint}"
        )
    if 0 in given.shape:
        raise ShapeError(f"X has no samples or no features: its shape is {given.shape}")
    if n_features is not None and given.shape[1] != n_features:
        raise ShapeError(
            f"X has {given.shape[1]} features, and the classifier was fitted with {n_features}"
        )
    with np.errstate(over="ignore"):
        array = np.ascontiguousarray(given, dtype=dtype)
    bad = np.argwhere(~np.isfinite(array))
    if len(bad):
        row, column = bad[0].tolist()
        raise ValueError(
            f"X holds {len(bad)} values that are NaN, infinite or too large for {dtype}; "
            f"the first is {given[row, column]} at row {row}, column {column}"
        )
    return array


def check_labels(y: Any, n_samples: int) -> Array:
    """Give ``y`` as a vector of labels, one for each sample.

    Raises
    ------
    ShapeError
        If it is no vector of ``n_samples``.
    ValueError
        If a label is NaN.
    """
    labels = np.asarray(y)
    if labels.shape != (n_samples,):
        hint = "; a column is made flat by y.ravel()" if labels.ndim == 2 else ""
        raise ShapeError(
            f"y must be a vector of {n_samples} labels, one for each row of X, "
            f"and has the shape {labels.shape}{hint}"
        )
    if labels.dtype.kind == "f" and not np.isfinite(labels).all():
        raise ValueError("y holds labels that are NaN or infinite")
    return labels


def find_classes(labels: Array) -> Array:
    """The different labels, sorted; raises `ValueError` if there are fewer than two."""
    try:
        classes = np.unique(labels)
    except TypeError as error:
        raise TypeError(f"y holds labels that cannot be sorted: {error}") from None
    if len(classes) < 2:
        raise ValueError(f"y must hold two classes or more, and holds only {classes.tolist()}")
    return classes


def positions(labels: Array, classes: Array) -> Array:
    """For each label its place among the sorted ``classes``; raises `ValueError` if it has none."""
    try:
        places = np.searchsorted(classes, labels)
    except TypeError as error:
        raise TypeError(
            f"labels of dtype {labels.dtype} cannot be compared with the classes {classes.tolist()}"
        ) from error
    places = np.minimum(places, len(classes) - 1)
    unknown = classes[places] != labels
    if np.any(unknown):
        found = np.unique(labels[unknown]).tolist()
        raise ValueError(
            f"y holds labels that were not there in fit: {found[:5]}; "
            f"the classes are {classes.tolist()}"
        )
    return np.asarray(places, dtype="int64")


def encode_classes(classes: Array) -> dict[str, Array]:
    """The classes as numbers, under a name that says how to read them; text by code points.

    Raises
    ------
    TypeError
        If the labels are neither numbers nor text.
    """
    if classes.dtype.kind == "O" and all(isinstance(label, str) for label in classes):
        classes = classes.astype(str)
    if classes.dtype.kind == "U":
        text = np.ascontiguousarray(classes.astype(classes.dtype.newbyteorder("=")))
        return {"classes.text": text.view(np.uint32).reshape(len(classes), -1)}
    if classes.dtype.kind in "biuf":
        return {"classes": classes}
    raise TypeError(f"labels of dtype {classes.dtype} cannot be saved; use numbers or text")


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
    codes = np.ascontiguousarray(arrays.pop("classes.text"))
    if codes.size and codes.max() > sys.maxunicode:
        raise ValueError("the file holds classes that are no text")
    return codes.view(f"U{codes.shape[1]}").ravel()
