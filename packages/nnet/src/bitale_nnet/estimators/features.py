"""What an estimator is given to learn from or to judge: rows of features, checked."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
from bitale_graph.extend import DtypeError, ShapeError
from sklearn.utils.validation import validate_data

from ..training.sources import is_sparse

Array = np.ndarray[Any, Any]
# Inputs whose columns are as large as this on average (root of the mean square) make the first
# steps too long for usual learning rates: pixels from 0 to 255 and plain money do, those of a
# StandardScaler have 1, and the 16 grey levels of scikit-learn's digits train well.
_LARGE = 30.0
_CHUNK = 1 << 17


class UnscaledFeaturesWarning(UserWarning):
    """Features are so large that training will hardly succeed; to be filtered like any warning."""


def check_features(
    estimator: Any, X: Any, *, dtype: str | None, kind: str, rank: int | None, reset: bool
) -> Any:
    """Give ``X`` as an array or a sparse matrix of numbers, in its own dtype.

    Parameters
    ----------
    estimator : BaseEstimator
        Gets ``n_features_in_`` and ``feature_names_in_`` with ``reset``, else is held against them.
    dtype : str, optional
        What is computed in; None: float64 is, where ``X`` is that.
    kind : "float" or "int"
        What the network takes.
    rank : int, optional
        The rank there must be.

    Raises
    ------
    TypeError
        If it holds anything but numbers; columns of a dataframe are named.
    ValueError
        If the shape does not fit, or an element is missing, NaN, infinite, or overflows ``dtype``.
    """
    _check_columns(X)
    names = getattr(X, "columns", None)
    if isinstance(X, np.ndarray) and X.dtype.kind in "USMm":
        raise DtypeError(f"X must hold numbers, and has the dtype {X.dtype}")
    try:
        array = validate_data(
            estimator,
            X,
            reset=reset,
            accept_sparse="csr",
            ensure_all_finite=False,
            allow_nd=rank != 2,
        )
    except ValueError as error:
        if "setting an array element with a sequence" not in str(error):
            raise
        raise ShapeError(
            "the samples of X have different lengths; fill them up to one, and tell a network that "
            "takes masks by what: mask_value"
        ) from None
    if array.dtype.kind not in "biuf":
        raise DtypeError(f"X must hold numbers, and has the dtype {array.dtype}")
    if rank is not None and array.ndim != rank:
        raise ShapeError(f"X must have {rank} axes, and has the shape {array.shape}")
    if 0 in array.shape:
        raise ShapeError(f"X has no elements: its shape is {array.shape}")
    _check_finite(array, dtype or str(array.dtype), names)
    return _as_symbols(array) if kind == "int" else array


def _check_columns(X: Any) -> None:
    """Name the columns of a dataframe that hold no numbers, or have missing values."""
    if not hasattr(X, "iloc") or not hasattr(X, "columns"):
        return
    texts, missing = [], []
    for i, (name, dtype) in enumerate(zip(X.columns, X.dtypes, strict=True)):
        column = X.iloc[:, i]
        if shown := _no_numbers(column, dtype):
            texts.append(f"{name!r} ({shown})")
        elif n := int(column.isna().sum()):
            missing.append(f"{name!r} ({n})")
    if texts:
        raise DtypeError(
            f"X must hold numbers, and these columns do not: {', '.join(texts)}; make numbers of "
            "them by make_column_transformer((OneHotEncoder(), names), remainder=StandardScaler()) "
            "of scikit-learn, or leave them out"
        )
    if missing:
        raise ValueError(
            f"X has missing values (NaN) in the columns {', '.join(missing)}; fill them, such as "
            "by SimpleImputer of scikit-learn"
        )


def _no_numbers(column: Any, dtype: Any) -> str:
    """What a column holds, where it does not hold numbers."""
    name = str(dtype)
    if name == "category":
        return "categories"
    if getattr(dtype, "kind", "O") in "biuf":
        return ""
    if name != "object":
        return f"dtype {name}"
    value = next((v for v in column if isinstance(v, (str, bytes))), None)
    return "" if value is None else f"text, such as {value!r}"


def _check_finite(X: Any, dtype: str, names: Any) -> None:
    values = X.data if is_sparse(X) else X
    if values.dtype.kind != "f":
        return
    limit = min(float(np.finfo(dtype).max), float(np.finfo(values.dtype).max))
    flat = values.reshape(-1) if values.flags.c_contiguous else values
    step = _CHUNK if flat.ndim == 1 else max(1, _CHUNK // max(1, flat[0].size))
    for start in range(0, len(flat), step):
        part = flat[start : start + step]
        # NaN is not less than anything.
        if not np.all(np.abs(part) <= limit):
            raise ValueError(_where(X.toarray() if is_sparse(X) else X, dtype, limit, names))


def _where(X: Array, dtype: str, limit: float, names: Any) -> str:
    bad = np.argwhere(~(np.abs(X) <= limit))
    place = tuple(bad[0].tolist())
    row, *others = place
    where = f"column {others[0]}" if len(others) == 1 else f"place {tuple(others)}"
    if names is not None and len(others) == 1:
        where = f"column {names[others[0]]!r}"
    return (
        f"X holds {len(bad)} values that are NaN, infinity or too large for {dtype}; "
        f"the first is {X[place]} at row {row}, {where}"
    )


def _as_symbols(X: Any) -> Any:
    if is_sparse(X):
        raise DtypeError("this network looks rows up by integers, which a sparse matrix is not for")
    symbols = X if X.dtype.kind in "iu" else X.astype("int64")
    if not np.array_equal(symbols, X):
        raise DtypeError(
            f"this network looks rows up by integers (it begins with an Embedding), and X holds "
            f"{X.dtype} that are no whole numbers"
        )
    if symbols.min() < 0:
        raise ValueError(
            f"this network looks rows up by numbers from 0 on, and X holds {symbols.min()}"
        )
    return symbols


def hint_at_scale(estimator: Any, X: Any, stacklevel: int) -> None:
    """Warn of features that are far larger than networks learn from."""
    rows = X[:: max(1, X.shape[0] // 256)]
    sizes = _sizes(rows.toarray() if is_sparse(rows) else rows)
    column = int(sizes.argmax())
    if not sizes[column] > _LARGE:
        return
    names = getattr(estimator, "feature_names_in_", None)
    where = f"column {column if names is None else repr(str(names[column]))} has values"
    cure = f"make_pipeline(StandardScaler(), {type(estimator).__name__}(...))"
    if X.ndim > 2:
        where, cure = "they have values", "dividing X by its largest value"
    warnings.warn(
        f"features are large: {where} of about {sizes[column]:.4g}, and networks learn "
        f"from about -1 to 1; try {cure}",
        UnscaledFeaturesWarning,
        stacklevel=stacklevel,
    )


def _sizes(rows: Array) -> Array:
    """The root of the mean square of each column, or of all where there are more axes."""
    flat = rows.reshape(len(rows), -1).astype("float64")
    squares = np.square(flat).mean(axis=0)
    sizes: Array = np.sqrt(squares if rows.ndim == 2 else squares.mean(keepdims=True))
    return sizes
