"""The arguments of functions, in the forms that Theano has for them."""

from __future__ import annotations

import functools
from typing import Any

import bitale
from bitale import Constant, In, Out, Variable


class _Kind(type):
    """A class of Theano's that made what is made by another today: its instances are those."""

    made: type

    def __instancecheck__(cls, x: Any) -> bool:
        return isinstance(x, cls.made)

    def __subclasscheck__(cls, one: type) -> bool:
        return issubclass(one, cls.made)


class SymbolicInput(metaclass=_Kind):
    """An input of a function, which today is `In`."""

    made = In

    def __new__(
        cls,
        variable: Variable,
        name: str | None = None,
        update: Variable | None = None,
        mutable: bool | None = None,
        strict: bool = False,
        allow_downcast: bool | None = None,
        autoname: bool = True,
        implicit: bool = False,
    ) -> Any:
        return In(
            variable,
            name=name,
            update=update,
            mutable=mutable,
            strict=strict,
            allow_downcast=allow_downcast,
            autoname=autoname,
            implicit=implicit,
        )


class SymbolicOutput(metaclass=_Kind):
    """An output of a function, which today is `Out`."""

    made = Out

    def __new__(cls, variable: Variable, borrow: bool = False) -> Any:
        return Out(variable, borrow)


def Param(  # noqa: N802 (Theano's name)
    variable: Variable,
    default: Any = None,
    name: str | None = None,
    mutable: bool = False,
    strict: bool = False,
    allow_downcast: bool | None = None,
    implicit: bool | None = None,
    borrow: bool | None = None,
    update: Variable | None = None,
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


def convert_function_input(given: Any) -> In:
    """An input of a function, from any form that Theano had for one.

    A variable, an `In`, or a list or tuple: ``(variable, value)``,
    ``((variable, update), value)``, either with a name before them, or ``(In, value)``.

    Raises
    ------
    TypeError
        For another form.
    """
    if isinstance(given, In):
        return given
    if isinstance(given, Constant):
        raise TypeError(f"a constant is no input of a function: {given}")
    if isinstance(given, Variable):
        return In(given)
    parts = list(given) if isinstance(given, (list, tuple)) else []
    name = parts.pop(0) if parts and isinstance(parts[0], str) else None
    if not 1 <= len(parts) <= 2:
        raise _no_input(given)
    first, value = parts[0], (parts[1] if len(parts) == 2 else None)
    if isinstance(first, In):
        first.name = name or first.name
        first.value = value if len(parts) == 2 else first.value
        return first
    update = None
    if isinstance(first, (list, tuple)) and len(first) == len(parts) == 2:
        first, update = first
    if not isinstance(first, Variable):
        raise _no_input(given)
    return In(first, name=name, value=value, update=update)


def _no_input(given: Any) -> TypeError:
    return TypeError(
        f"an input of a function is a variable, an In, (variable, value) or "
        f"((variable, update), value), each with or without a name before it, and not {given!r:.80}"
    )


@functools.wraps(bitale.function)
def function(inputs: Any, outputs: Any = None, *args: Any, **keywords: Any) -> Any:
    """`bitale.function`, which takes inputs in old forms as well."""
    if isinstance(inputs, (list, tuple)):
        inputs = [convert_function_input(i) if isinstance(i, (list, tuple)) else i for i in inputs]
    keywords.pop("output_keys", None)
    return bitale.function(inputs, outputs, *args, **keywords)


def pfunc(
    params: Any, outputs: Any = None, *args: Any, output_keys: Any = None, **keywords: Any
) -> Any:
    """`function`, by the name that it has for Theano itself; ``output_keys`` make a dict."""
    if output_keys is not None:
        outputs = dict(zip(output_keys, outputs, strict=True))
    return function(params, outputs, *args, **keywords)


def orig_function(
    inputs: Any,
    outputs: Any,
    mode: Any = None,
    accept_inplace: bool = False,
    name: str | None = None,
    profile: Any = None,
    on_unused_input: str | None = None,
    output_keys: Any = None,
) -> Any:
    """`function` without updates of shared variables: those of inputs are in the `In`."""
    return pfunc(
        inputs,
        outputs,
        mode=mode,
        no_default_updates=True,
        name=name,
        profile=profile,
        on_unused_input=on_unused_input,
        output_keys=output_keys,
    )


__all__ = [
    "Param",
    "SymbolicInput",
    "SymbolicOutput",
    "convert_function_input",
    "function",
    "orig_function",
    "pfunc",
]
