"""Old classes of the arguments of functions."""

from __future__ import annotations

from typing import Any

from bitale import In, Out, Variable

SymbolicInput = In
SymbolicOutput = Out


def Param(  # noqa: N802 (Theano's name)
    variable: Variable,
    default: Any = None,
    name: str | None = None,
    mutable: bool = False,
    update: Variable | None = None,
    strict: bool = False,
    allow_downcast: bool | None = None,
    implicit: bool | None = None,
    borrow: bool | None = None,
) -> In:
    """An input of a function with a default, which today is `In`."""
    return In(
        variable,
        name=name,
        value=default,
        update=update,
        mutable=mutable,
        strict=strict,
        allow_downcast=allow_downcast,
        implicit=implicit,
        borrow=borrow,
    )


__all__ = ["Param", "SymbolicInput", "SymbolicOutput"]
