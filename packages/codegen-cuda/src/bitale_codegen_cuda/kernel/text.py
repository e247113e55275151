"""A kernel as text: its name is what it says, so that equal kernels are compiled once."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass

from bitale_graph.plan.library.sections import in_order, portable_sections

# The first parameter of a kernel that does nothing unless what it points to is 0.
GUARD = "int *guard"


@dataclass(frozen=True)
class KernelText:
    """The definition of a kernel.

    Attributes
    ----------
    name : str
    source : str
    kinds : str
        For each parameter a character of `struct`.
    is_guarded : bool
        Whether its first parameter is the address of its guard.
    """

    name: str
    source: str
    kinds: str
    is_guarded: bool = False


def kernel_text(
    hint: str,
    parameters: Sequence[tuple[str, str]],
    lines: Sequence[str],
    *,
    is_guarded: bool = False,
) -> KernelText:
    """Name and define a kernel.

    Parameters
    ----------
    hint : str
        An identifier, which begins its name.
    parameters : sequence of (declaration, kind)
    lines : sequence of str
        Its body.
    is_guarded : bool
        Whether it does nothing once a check has failed.
    """
    if is_guarded:
        parameters = [(GUARD, "P"), *parameters]
        lines = ["if (*guard) return;", *lines]
    declared = ", ".join(text for text, _ in parameters)
    body = "\n".join(["{", *(f"    {line}" for line in lines), "}"])
    digest = hashlib.sha256(f"{declared}\0{body}".encode()).hexdigest()[:16]
    name = f"bt_{hint}_{digest}"
    kinds = "".join(kind for _, kind in parameters)
    source = f'{_library(body)}extern "C" __global__ void {name}({declared}) {body}'
    return KernelText(name, source, kinds, is_guarded)


_NAME = re.compile(r"\bbt_\w+")


def _library(body: str) -> str:
    """The definitions for all dialects that a body uses; several kernels may bring one of them."""
    sections = portable_sections()
    used = [name for name in set(_NAME.findall(body)) if name in sections]
    texts = in_order(used, sections)
    guards = (f"HAS_{hashlib.sha256(text.encode()).hexdigest()[:16]}" for text in texts)
    return "".join(
        f"#ifndef {guard}\n#define {guard}\n{text}#endif\n"
        for guard, text in zip(guards, texts, strict=True)
    )


KINDS = {
    "bool": "B", "int8": "b", "int16": "h", "int32": "i", "int64": "q",
    "uint8": "B", "uint16": "H", "uint32": "I", "uint64": "Q", "float16": "e",
    "float32": "f", "float64": "d",
}  # fmt: skip
"""The character of `struct` for a number of a dtype."""
