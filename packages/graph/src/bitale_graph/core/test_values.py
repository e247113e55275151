"""Values of an example, computed with each expression as it is written.

``config.compute_test_value`` says whether, and what a leaf without a ``tag.test_value`` does.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable
from typing import Any

from ..base import trace as tracing
from ..base.config import config
from ..base.errors import where_made
from .graph import Apply, Constant, Variable
from .results import result_of


def get_test_value(v: Any) -> Any:
    """The value of an example that a variable has.

    Of a constant and a shared variable that is its value, of others ``tag.test_value``; of what is
    computed from such, what comes out. Values that are no variables stand for themselves.

    Raises
    ------
    AttributeError
        If there is none.
    TypeError
        If the one given does not fit the type of its variable.
    """
    if not isinstance(v, Variable):
        return v
    missing = _compute_up_to([v])
    if missing is not None:
        raise AttributeError(f"{_told(missing)} has no test value")
    return _known(v)


def _known(v: Variable) -> Any:
    """The value that a variable has as it is; an AttributeError if it has none."""
    if isinstance(v, Constant):
        return v.data
    container = getattr(v, "container", None)
    if container is not None and v._tag is None:
        return container.read()
    try:
        given = v.tag.test_value
    except AttributeError:
        if container is None:
            raise
        return container.read()
    if v.owner is not None and v.type.holds(given):
        return given
    try:
        return v.type.filter(given)
    except (TypeError, ValueError) as error:
        raise type(error)(f"the test value of {_told(v)} does not fit it: {error}") from None


def _has(v: Variable) -> bool:
    return (
        isinstance(v, Constant)
        or getattr(v, "container", None) is not None
        or (v._tag is not None and "test_value" in vars(v._tag))
    )


def _compute_up_to(wanted: list[Variable]) -> Variable | None:
    """Compute what variables are made of, as far as it is not; or a leaf that has no value."""
    stack = [v for v in wanted if not _has(v)]
    while stack:
        v = stack[-1]
        if _has(v):
            stack.pop()
            continue
        if v.owner is None:
            return v
        above = [u for u in v.owner.inputs if not _has(u)]
        if above:
            stack += above
        else:
            _compute(v.owner)
    return None


def _compute(node: Apply) -> None:
    results = result_of(node, [_known(v) for v in node.inputs])
    for v, x in zip(node.outputs, results, strict=True):
        v.tag.test_value = x


def compute_test_values(node: Apply) -> None:
    """Run a new node on the example, or do what the flag says where there is none.

    Raises
    ------
    ValueError
        With the policy ``"raise"``, if a leaf that it depends on has no value.
    Exception
        What the op raises on the example, at the line that writes the expression.
    """
    missing = _compute_up_to(node.inputs)
    if missing is None:
        _compute(node)
        return
    policy = config.compute_test_value
    text = f"compute_test_value: {node.op} depends on {_told(missing)}, which has no test value"
    if policy == "raise":
        raise ValueError(f"{text}\n  hint: set its tag.test_value to an array of its type")
    if policy == "warn":
        file, line, _ = next(iter(tracing.capture()), ("bitale", 1, ""))
        warnings.warn_explicit(text, UserWarning, file, line)
    elif policy == "pdb":
        print(text)  # noqa: T201 (what the debugger is opened for)
        import pdb

        pdb.set_trace()


def complete_test_values(variables: Iterable[Any]) -> None:
    """Compute values of the example for what was made without them, where that is asked for."""
    if config.compute_test_value != "off":
        for v in variables:
            if isinstance(v, Variable):
                _compute_up_to([v])


def _told(v: Variable) -> str:
    place = where_made(v)
    return f"{v!r}{f', made at {place}' if place else ''}"


def stand_in(inside: Variable, outside: Variable, part: Callable[[Any], Any] | None = None) -> Any:
    """Give what stands in a step for a variable, or for a part of it, a value of the example."""
    if config.compute_test_value != "off" and _compute_up_to([outside]) is None:
        try:
            value = _known(outside)
            inside.tag.test_value = value if part is None else part(value)
        except (IndexError, ValueError):
            pass  # there is no such part
    return inside


def missing_test_message(msg: str) -> None:
    """Tell that a value is missing, as ``config.compute_test_value`` says: raise, warn, or not."""
    if config.compute_test_value == "raise":
        raise AttributeError(msg)
    if config.compute_test_value == "warn":
        warnings.warn(msg, UserWarning, stacklevel=2)


def debug_error_message(msg: str) -> None:
    """Tell that a value of the example is wrong: raise, or warn if the flag says ``"warn"``."""
    if config.compute_test_value == "warn":
        warnings.warn(msg, UserWarning, stacklevel=2)
    else:
        raise ValueError(msg)


def debug_assert(condition: Any, msg: str = "debug_assert failed") -> None:
    """Raise, or warn, if a condition on values of the example does not hold."""
    if condition:
        return
    if config.compute_test_value == "warn":
        warnings.warn(msg, UserWarning, stacklevel=2)
    else:
        raise AssertionError(msg)


def get_debug_values(*args: Any) -> list[Any]:
    """The values of an example, for a loop that runs once where all are known, and else not.

    Examples
    --------
    >>> from bitale_graph import config, language as T
    >>> x = T.dvector("x")
    >>> x.tag.test_value = [1.0, 2.0]
    >>> with config.change_flags(compute_test_value="raise"):
    ...     for value in get_debug_values(x):
    ...         print(value.shape)
    (2,)
    """
    if config.compute_test_value == "off":
        return []
    found = []
    for i, arg in enumerate(args):
        try:
            found.append(get_test_value(arg))
        except AttributeError:
            name = getattr(arg, "name", None)
            called = f" ({name!r})" if name else ""
            missing_test_message(f"argument {i}{called} has no test value")
            return []
    return found if len(found) == 1 else [tuple(found)]
