"""What a person wrote, as it may stand in generated text: an identifier, or a comment.

Names, ops in words, dtypes and file names reach generated text through these two functions and in
no other way. What lets characters through names them one by one, so there is nothing to forget:
no quote, slash, backslash, star, question mark (of which trigraphs are made), number sign or end of
line is among them, and nothing outside ASCII.
"""

from __future__ import annotations

import re
from pathlib import Path

from ..core.graph import Apply

LONGEST_NAME = 40
LONGEST_COMMENT = 800
_IN_IDENTIFIERS = re.compile(r"[^A-Za-z0-9]+")
_IN_COMMENTS = re.compile(r"[^A-Za-z0-9 _.,:;=+<>(){}\[\]-]")

# Words that cannot name a variable: keywords of C from C11 to C23 and GNU C, what <stdint.h> and
# <stddef.h> define, and names that the generated text uses itself.
_KEYWORDS = """
alignas alignof asm auto bool break case char const constexpr continue default do double else enum
extern false float for goto if inline int long nullptr register restrict return short signed sizeof
static static_assert struct switch thread_local true typedef typeof typeof_unqual union unsigned
void volatile while
i386 linux unix NULL offsetof size_t ptrdiff_t wchar_t max_align_t nullptr_t unreachable
"""
_TAKEN = """
in out rt call frame arena owned status leave main i j k n e p s o q c lo hi part all row line best
item where value ins outs
"""
_RESERVED = frozenset((_KEYWORDS + _TAKEN).split())
_ALSO_RESERVED = re.compile(
    r"(i|value|shape|strides)\d+|(?i:bt|bitale)_\w*|u?int\w+_t"
    r"|(U?INT|SIZE_|PTRDIFF_|WCHAR_|WINT_|SIG_)[A-Z0-9_]+"
)


def identifier(name: object, otherwise: str = "t") -> str:
    """Return a C identifier that resembles ``name`` and means nothing to C or to our own text.

    ``otherwise`` is the identifier for a name of which nothing is left.
    """
    base = _IN_IDENTIFIERS.sub("_", plain(name)).strip("_")
    base = (f"v{base}" if base[:1].isdigit() else base)[:LONGEST_NAME].rstrip("_") or otherwise
    if base in _RESERVED or _ALSO_RESERVED.fullmatch(base):
        base += "_"  # no other name ends so
    return base


def comment(*lines: object) -> str:
    """Return a C comment of these lines, which are shortened."""
    shown = [_IN_COMMENTS.sub("_", plain(line)) for line in lines]
    return f"/* {f'{chr(10)} * '.join(shown)} */"


def plain(words: object) -> str:
    """Return what an object says of itself, cut off where it is long; not fit for text of C yet."""
    try:
        text = str(words)
    except Exception:  # noqa: BLE001 (a person's own class: it must not stand in the way)
        text = type(words).__name__
    # Of a subclass of str the characters are taken, and none of its methods.
    return str.__getitem__(text, slice(LONGEST_COMMENT))


def described(node: Apply, number: int, *, with_line: bool = False) -> str:
    """A node in words, with the user's names and line: for comments."""
    inputs = ", ".join(map(plain, node.inputs))
    outputs = ", ".join(plain(v.name or "_") for v in node.outputs)
    told = f"{number}: {outputs} = {plain(node.op)}({inputs})"[:200]
    trace = node.outputs[0].made_at or node.trace
    if not (with_line and trace):
        return told
    filename, line, _ = trace[0]
    return f"{told}, {Path(filename).name}:{line}"
