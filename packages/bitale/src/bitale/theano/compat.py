"""What Theano kept for Python 2, by the names of Python 3."""

import builtins
import configparser as configparser
from collections import OrderedDict as OrderedDict
from collections import defaultdict
from collections.abc import Callable as Callable
from collections.abc import Iterable as Iterable
from collections.abc import Iterator
from collections.abc import Mapping as Mapping
from collections.abc import MutableMapping as DictMixin
from collections.abc import MutableSet as MutableSet
from collections.abc import ValuesView as ValuesView
from functools import partial as partial
from importlib import reload as reload
from io import BytesIO as BytesIO
from operator import truediv as operator_div
from typing import Any

PY3 = True
imap = map
izip = zip
ifilter = filter
next = builtins.next
DefaultOrderedDict = defaultdict  # which keeps its order, as every dict now


def b(text: str) -> bytes:
    """Bytes of a text in latin-1."""
    return text.encode("latin-1")


def cmp(x: Any, y: Any) -> int:
    """-1, 0 or 1, as x is smaller than y, equal, or larger."""
    return int(x > y) - int(x < y)


def exc_message(e: BaseException) -> Any:
    """The message of an error: its first argument, or the first of that where it is a pair."""
    message = e.args[0]
    return message[0] if isinstance(message, tuple) else message


def get_unbound_function(unbound: Any) -> Any:
    """The function of a method."""
    return getattr(unbound, "__func__", unbound)


def decode(x: bytes) -> str:
    """A text of bytes in UTF-8."""
    return x.decode()


def decode_iter(items: Iterable[bytes]) -> Iterator[str]:
    """Texts of bytes in UTF-8."""
    return map(decode, items)


def decode_with(x: bytes, encoding: str) -> str:
    """A text of bytes."""
    return x.decode(encoding)


__all__ = [
    "PY3",
    "BytesIO",
    "Callable",
    "DefaultOrderedDict",
    "DictMixin",
    "Iterable",
    "Mapping",
    "MutableSet",
    "OrderedDict",
    "ValuesView",
    "b",
    "cmp",
    "configparser",
    "decode",
    "decode_iter",
    "decode_with",
    "exc_message",
    "get_unbound_function",
    "ifilter",
    "imap",
    "izip",
    "next",
    "operator_div",
    "partial",
    "reload",
]
