"""Calls of NumPy's functions on variables: what the table says, with the arguments of NumPy's."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..core.graph import Variable
from ..ops import numpy_functions as table


def call_function(function: Any, types: Any, args: Any, keywords: dict[str, Any]) -> Any:
    """Answer ``function(*args, **keywords)``, a function of NumPy of which a variable was asked."""
    if not all(issubclass(t, (Variable, np.ndarray)) for t in types):
        return NotImplemented
    found = table._row_of(function)
    if found is None:
        module = getattr(function, "__module__", None) or "numpy"
        full = f"{module}.{getattr(function, '__name__', function)}".removeprefix("numpy.")
        table._refuse(full, "", [*args, *keywords.values()])
    return _bound(*found, args, keywords)


def call_ufunc(ufunc: Any, method: str, inputs: tuple[Any, ...], keywords: dict[str, Any]) -> Any:
    """Answer a ufunc, or one of its methods, of which a variable was asked."""
    name = ufunc.__name__
    if method == "reduce" and name in table._REDUCING and getattr(np, name) is ufunc:
        return _bound(f"{name}.reduce", table._REDUCING[name], inputs, {"axis": 0, **keywords})
    found = table._ufuncs().get(ufunc)
    if method != "__call__" or found is None:
        table._refuse(name if method == "__call__" else f"{name}.{method}", "", inputs)
    for keyword, value in keywords.items():
        if keyword not in ("order", "subok") and not _is_neutral(keyword, value):
            table._refuse(name, f"({keyword}=...)", [*inputs, value])
    return found(*inputs)


def _is_neutral(parameter: str, value: Any) -> bool:
    if value is None or value is np._NoValue:
        return True
    neutral = table._NEUTRAL.get(parameter)
    return neutral is not None and type(value) is type(neutral) and value == neutral


def _bound(name: str, row: table.Row, args: Sequence[Any], keywords: dict[str, Any]) -> Any:
    """Call the counterpart of a function with the arguments that NumPy's would have."""
    function, parameters = row
    required, _, optional = parameters.partition("|")
    if required.split() == ["*"]:
        # As many as are given.
        required = " ".join(f"*{i}" for i in range(len(args)))
    names = [*required.split(), *optional.split()]
    given = dict(zip(names, args, strict=False))
    problem = "(...) with so many arguments" if len(args) > len(names) else ""
    for keyword, value in keywords.items():
        token = next((n for n in names if keyword in n.strip("!~").split("/")), None)
        if token is None or token in given:
            problem = f"({keyword}=...)"
        else:
            given[token] = value
    for token in names[: len(required.split())]:
        if token not in given:
            problem = f"(...) without {token}"
    for token, value in given.items():
        if token.startswith("!") and not _is_neutral(token[1:], value):
            problem = f"({token[1:]}=...)"
    if problem:
        table._refuse(name, problem, [*args, *keywords.values()])
    chosen = {
        token: value
        for token, value in given.items()
        if token in optional.split() and token[0] not in "!~" and value is not np._NoValue
    }
    return function(*(given[t] for t in required.split()), **chosen)
