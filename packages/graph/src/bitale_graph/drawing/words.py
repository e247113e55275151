"""Names, types, numbers and places in the few words that a picture has room for."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..base.errors import source_line
from ..base.trace import Trace
from ..core.graph import Constant, Op, Type
from ..ops.loop import Load, Loop
from ..tensor.elementwise import Elementwise

LONGEST_OP = 2_000


def plain(text: str) -> str:
    """The text with a sign in the place of what cannot be shown, line breaks among it."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else " " if c.isspace() else "\ufffd" for c in text)


def cut(text: str, longest: int) -> str:
    """The text, with an ellipsis for the end of a long one."""
    return text if len(text) <= longest else text[: max(longest - 1, 0)] + "…"


def op_name(op: Op) -> str:
    """The name of an op, without what is long in it."""
    if isinstance(op, Elementwise):
        return plain(op.scalar_op.name.partition("{")[0])
    if isinstance(op, Loop):
        names = ["load" if isinstance(s, Load) else s.op.name for s in op.steps]
        names += [reduced_name(r.reduce) for r in op.results if r.reduce is not None]
        names = list(dict.fromkeys(name.partition("{")[0] for name in names)) or ["copy"]
        return plain(" · ".join([*names[:3], "…"] if len(names) > 4 else names))
    text = plain(str(op))
    return text.partition("{")[0] if len(text) > 24 and "{" in text else cut(text, 40)


_REDUCED = {"add": "sum", "mul": "prod", "maximum": "max", "minimum": "min"}


def reduced_name(op: Any) -> str:
    """What a reduction by a scalar op is called."""
    return _REDUCED.get(op.name, f"{op.name}-reduce")


def op_text(op: Op) -> str:
    """All of an op, up to what nobody reads."""
    return cut(plain(str(op)), LONGEST_OP)


def type_text(type: Type) -> str:
    """A type as dtype and lengths."""
    shape = getattr(type, "shape", None)
    if shape is None:
        return cut(plain(str(type)), 40)
    dtype = plain(str(getattr(type, "dtype", type)))
    if not shape:
        return dtype
    return f"{dtype} {' × '.join('?' if n is None else str(n) for n in shape)}"


def constant_text(v: Constant[Any]) -> str:
    """The value of a constant where it is short, else its type."""
    if v.name is not None:
        return plain(v.name)
    data: Any = v.data
    if not isinstance(data, np.ndarray):
        return cut(plain(str(data)), 20)
    if data.size == 1:
        return cut(plain(str(data.reshape(-1)[0])), 20)
    if 1 < data.size <= 4:
        text = plain(str(data.tolist()))
        if len(text) <= 20:
            return text
    return type_text(v.type)


def line_of(trace: Trace) -> dict[str, Any] | None:
    """Where something was made: the file, the line, the function and the line's text."""
    if not trace:
        return None
    name, line, function = trace[0]
    text = cut(plain(source_line(name, line) or ""), 200)
    return {"file": plain(name), "line": line, "function": plain(function), "text": text}
