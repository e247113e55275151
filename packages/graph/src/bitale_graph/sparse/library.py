"""SciPy, which has the values of sparse variables; imported when one is used, and not before."""

from __future__ import annotations

import sys
from typing import Any

MISSING = (
    "sparse matrices need SciPy, which is not installed: pip install 'bitale-graph[scipy]' "
    "(or scipy alone)"
)


def scipy_sparse() -> Any:
    """The module ``scipy.sparse``; an `ImportError` that tells what to install without it."""
    try:
        import scipy.sparse
    except ImportError as error:
        raise ImportError(MISSING) from error
    return scipy.sparse


def is_scipy(value: Any) -> bool:
    """Whether a value is a sparse matrix or array of SciPy's."""
    found = sys.modules.get("scipy.sparse")
    return found is not None and bool(found.issparse(value))
