"""Short texts that tell how a variable is computed, for messages and for comparing."""

from __future__ import annotations

import re
from typing import Any

import numpy as np

from ..core.branches import letters

_MARGIN = 200
_ADDRESS = re.compile(r" at 0x[0-9a-fA-F]+")


def min_informative_str(obj: Any, indent_level: int = 0) -> str:
    """As much of an expression as it takes to tell it from constants and variables with names.

    Parameters
    ----------
    obj : Variable
    indent_level : int
        How many blanks stand before each line.

    Returns
    -------
    str
        A line for each variable, with a letter; what was shown before is its letter alone, as
        ``<D>``. What has a name is not looked behind. From 201 blanks on their number is written.

    Examples
    --------
    >>> from bitale_graph import language as T
    >>> z = T.dscalar("x") + T.dscalar("y")
    >>> z.name = "z"
    >>> print(min_informative_str(2.0 * z))
    A. Elementwise{mul}
     B. TensorConstant{2.0}
     C. z
    """
    lines: list[str] = []
    known: dict[int, str] = {}
    waiting = [(obj, indent_level)]
    while waiting:
        one, indent = waiting.pop()
        # Blanks alone would be 200 MB at a depth of 20,000.
        blanks = " " * indent if indent <= _MARGIN else f"({indent}) "
        if id(one) in known:
            lines.append(f"{blanks}<{known[id(one)]}>")
            continue
        known[id(one)] = letter = letters(len(known))
        owner = getattr(one, "owner", None)
        if isinstance(one, np.ndarray):
            text = "<ndarray>"
        elif getattr(one, "name", None) is not None:
            text = str(one.name)
        elif owner is not None:
            text = str(owner.op)
            waiting += [(v, indent + 1) for v in reversed(owner.inputs)]
        else:
            text = str(one)
        lines.append(f"{blanks}{letter}. {text}")
    return "\n".join(lines)


def var_descriptor(obj: Any) -> str:
    """A line that tells fully how a variable is computed, the same in every process.

    Names count for leaves alone, so that to name what is in between makes no difference.

    Parameters
    ----------
    obj : Variable or array

    Examples
    --------
    >>> from bitale_graph import language as T
    >>> x = T.dscalar("x")
    >>> var_descriptor(x * x)
    'A=Elementwise{mul}(B=x,<B>)'
    """
    parts: list[str] = []
    known: dict[int, str] = {}
    waiting: list[Any] = [(obj,)]  # what is to be told, each in a tuple, and texts between
    while waiting:
        item = waiting.pop()
        if isinstance(item, str):
            parts.append(item)
            continue
        (one,) = item
        if id(one) in known:
            parts.append(f"<{known[id(one)]}>")
            continue
        known[id(one)] = letter = letters(len(known))
        owner = getattr(one, "owner", None)
        if isinstance(one, np.ndarray):
            strides = ",".join(map(str, one.strides))
            text = f"<ndarray:strides=[{strides}],digest={_digest(one)}>"
        elif owner is not None:
            text = f"{owner.op}("
            waiting.append(")")
            for i, v in reversed(list(enumerate(owner.inputs))):
                waiting += [(v,), ","] if i else [(v,)]
        elif getattr(one, "name", None) is not None:
            text = str(one.name)
        else:
            text = _ADDRESS.sub("", str(one))
        parts.append(f"{letter}={text}")
    return "".join(parts).replace("\n", "\\n")


def hex_digest(x: np.ndarray[Any, Any]) -> str:
    """A digest of an array: of its bytes, with strides and shape.

    Raises
    ------
    TypeError
        For what is no array.

    Examples
    --------
    >>> hex_digest(np.zeros(2))[-26:]
    'd1|strides=[8]|shape=[2]'
    """
    if not isinstance(x, np.ndarray):
        raise TypeError(f"hex_digest takes an array, not {x!r:.60}")
    strides, shape = ",".join(map(str, x.strides)), ",".join(map(str, x.shape))
    return f"{_digest(x)}|strides=[{strides}]|shape=[{shape}]"


def _digest(x: np.ndarray[Any, Any]) -> str:
    import hashlib  # opens a library of its own, which takes longer than this module

    return hashlib.sha256(x.tobytes()).hexdigest()
