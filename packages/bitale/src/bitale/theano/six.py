"""What Theano's copy of six had of Python 3's names, for programs that ran on both Pythons."""

import builtins
import importlib
import sys
from collections.abc import Callable, Iterator
from io import BytesIO as BytesIO
from io import StringIO as StringIO
from typing import Any

PY2, PY3 = False, True
MAXSIZE = sys.maxsize
binary_type, text_type = bytes, str
class_types = (type,)
integer_types = (int,)
string_types = (str,)
next = advance_iterator = builtins.next
reload_module = importlib.reload


def iteritems(d: Any, **keywords: Any) -> Iterator[Any]:
    """The pairs of a dict."""
    return iter(d.items(**keywords))


def iterkeys(d: Any, **keywords: Any) -> Iterator[Any]:
    """The keys of a dict."""
    return iter(d.keys(**keywords))


def itervalues(d: Any, **keywords: Any) -> Iterator[Any]:
    """The values of a dict."""
    return iter(d.values(**keywords))


def b(text: str) -> bytes:
    """Bytes of a text in latin-1."""
    return text.encode("latin-1")


def u(text: str) -> str:
    """The text."""
    return text


def reraise(tp: Any, value: Any, tb: Any = None) -> None:
    """Raise an error again with its traceback."""
    raise (tp() if value is None else value).with_traceback(tb)


def with_metaclass(meta: Any, *bases: type) -> Any:
    """A base whose subclasses are of a metaclass."""
    return meta("base", bases, {})


def add_metaclass(metaclass: Any) -> Callable[[type], Any]:
    """A decorator that makes a class again, of a metaclass."""

    def made(cls: type) -> Any:
        names = {k: v for k, v in vars(cls).items() if k not in ("__dict__", "__weakref__")}
        return metaclass(cls.__name__, cls.__bases__, names)

    return made


# fmt: off
__all__ = [
    "MAXSIZE", "PY2", "PY3", "BytesIO", "StringIO", "add_metaclass", "advance_iterator", "b",
    "binary_type", "class_types", "integer_types", "iteritems", "iterkeys", "itervalues", "next",
    "reload_module", "reraise", "string_types", "text_type", "u", "with_metaclass",
]
# fmt: on
