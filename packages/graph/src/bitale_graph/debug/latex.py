r"""Expressions in LaTeX, with what MathJax and KaTeX know."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ..core.graph import Apply, Constant, Variable
from ..ops.indexing import AdvancedSubtensor, Subtensor
from ..ops.product import BatchedDot, Dot
from ..ops.reduction import Reduce
from ..ops.shape import Dimshuffle, MakeVector
from ..tensor.elementwise import Elementwise
from ..tensor.scalar import is_cast
from .formula import index_text

# How tightly the outermost sign of a text binds.
RELATION, SUM, PRODUCT, FRACTION, POWER, ATOM = range(6)
Part = tuple[str, int]

_GREEK = frozenset(
    re.findall(
        r"\w+",
        "alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu nu xi pi rho sigma tau "
        "upsilon phi chi psi omega Gamma Delta Theta Lambda Xi Pi Sigma Upsilon Phi Psi Omega",
    )
)
_ESCAPED = {c: f"\\{c}" for c in "_$%#&{}"} | {
    "\\": r"\backslash ",
    "^": r"\wedge ",
    "~": r"\sim ",
    "<": r"\lt ",
    ">": r"\gt ",
    " ": r"\ ",
}
_LONGEST_NAME = 40
CUT: Part = (r"\ldots", ATOM)

# Signs between two operands: how they bind, and how tightly each side must.
_BETWEEN = {
    "add": ("+", SUM, SUM, SUM),
    "sub": ("-", SUM, SUM, PRODUCT),
    "mod": (r"\bmod", PRODUCT, PRODUCT, FRACTION),
    "lt": (r"\lt", RELATION, SUM, SUM),
    "le": (r"\le", RELATION, SUM, SUM),
    "gt": (r"\gt", RELATION, SUM, SUM),
    "ge": (r"\ge", RELATION, SUM, SUM),
    "eq": ("=", RELATION, SUM, SUM),
    "neq": (r"\ne", RELATION, SUM, SUM),
    "and": (r"\wedge", RELATION, SUM, SUM),
    "or": (r"\vee", RELATION, SUM, SUM),
    "xor": (r"\oplus", RELATION, SUM, SUM),
}
_FUNCTIONS = {
    **{name: f"\\{name}" for name in ("sin", "cos", "tan", "sinh", "cosh", "tanh", "log")},
    **{name: f"\\{name}" for name in ("arcsin", "arccos", "arctan")},
    "maximum": r"\max",
    "minimum": r"\min",
    "log2": r"\log_{2}",
    "log10": r"\log_{10}",
    "sigmoid": r"\sigma",
    "gamma": r"\Gamma",
    "invert": r"\lnot",
}
# Of one operand in brackets or under a sign of its own; ``{}`` is the text of the operand.
_AROUND = {
    "abs": (r"\left|{}\right|", ATOM),
    "sqrt": (r"\sqrt{{{}}}", ATOM),
    "floor": (r"\left\lfloor {} \right\rfloor", ATOM),
    "ceil": (r"\left\lceil {} \right\rceil", ATOM),
    "inv": (r"\frac{{1}}{{{}}}", FRACTION),
    "exp": (r"e^{{{}}}", POWER),
    "expm1": (r"e^{{{}}} - 1", SUM),
    "log1p": (r"\log\left(1 + {}\right)", ATOM),
    "conj": (r"\overline{{{}}}", ATOM),
    "identity": ("{}", RELATION),
}
_REDUCTIONS = {"sum": r"\sum", "prod": r"\prod", "max": r"\max", "min": r"\min"}


def latex(x: Variable, max_length: int = 4_000) -> str:
    r"""The expression in LaTeX, such as ``x + y``, without dollar signs.

    Casts are not written, and neither are axes that are added for broadcasting.

    Parameters
    ----------
    x : Variable
    max_length : int
        In a longer text the inputs are written as ``\ldots``.

    Raises
    ------
    TypeError
        For what is no variable.

    Examples
    --------
    >>> from bitale_graph import language as T
    >>> x, w = T.dvector("x"), T.dmatrix("w_h")
    >>> latex(T.exp(-T.dot(x, w)) / 2)
    '\\frac{e^{-x \\, w_{\\mathrm{h}}}}{2}'
    """
    if not isinstance(x, Variable):
        raise TypeError(f"latex writes variables, not {x!r:.60}")
    return written(x, max_length, {})


def written(x: Variable, max_length: int, memo: dict[Variable, Part]) -> str:
    """What `latex` gives; ``memo`` is added to, and what is in it is not walked."""
    waiting = [x]
    while waiting:
        v = waiting[-1]
        node = v.owner
        missing = [] if node is None else [u for u in node.inputs if u not in memo]
        if v in memo or not missing:
            waiting.pop()
            if v not in memo:
                memo[v] = (
                    _leaf(v)
                    if node is None
                    else _within(node, v, [memo[u] for u in node.inputs], max_length)
                )
        else:
            waiting += reversed(missing)
    return memo[x][0]


def _within(node: Apply, v: Variable, parts: list[Part], max_length: int) -> Part:
    """The text of what a node computes; its longest inputs are left out where it is too long."""
    made = _of_node(node, v, parts)
    for k in sorted(range(len(parts)), key=lambda k: -len(parts[k][0])):
        if len(made[0]) <= max_length:
            break
        parts[k] = CUT
        made = _of_node(node, v, parts)
    return made


def _of_node(node: Apply, v: Variable, parts: list[Part]) -> Part:
    op = node.op
    for kind, write in _WRITERS.items():
        if isinstance(op, kind):
            found = write(node, parts)
            if found is not None:
                return found
    name = str(op).split("{")[0]
    text, binding = _call(f"\\operatorname{{{escaped(name)}}}", parts)
    return (text, binding) if len(node.outputs) == 1 else (f"{text}_{{{v.index}}}", ATOM)


def _elementwise(node: Apply, parts: list[Part]) -> Part | None:
    row = node.op.scalar_op  # type: ignore[attr-defined]  # of Elementwise
    name = row.name
    if is_cast(row) or name == "second":
        return parts[-1]
    if name in _BETWEEN and len(parts) == 2:
        sign, binding, left, right = _BETWEEN[name]
        return f"{_at(parts[0], left)} {sign} {_at(parts[1], right)}", binding
    if name in _AROUND:
        pattern, binding = _AROUND[name]
        text, inside = parts[0]
        return pattern.format(text), inside if name == "identity" else binding
    if name in _WRITTEN:
        return _WRITTEN[name](node, parts)
    return _call(_FUNCTIONS.get(name) or f"\\operatorname{{{escaped(name)}}}", parts)


def _product(node: Apply, parts: list[Part]) -> Part:
    both = all(getattr(v.type, "ndim", 0) for v in node.inputs)
    sign = r"\odot" if both else r"\cdot"
    return f"{_at(parts[0], PRODUCT)} {sign} {_at(parts[1], FRACTION)}", PRODUCT


_WRITTEN: dict[str, Callable[[Apply, list[Part]], Part]] = {
    "mul": _product,
    "neg": lambda node, p: (f"-{_at(p[0], PRODUCT)}", SUM),
    "true_div": lambda node, p: (f"\\frac{{{p[0][0]}}}{{{p[1][0]}}}", FRACTION),
    "int_div": lambda node, p: (
        f"\\left\\lfloor \\frac{{{p[0][0]}}}{{{p[1][0]}}} \\right\\rfloor",
        ATOM,
    ),
    "pow": lambda node, p: (f"{{{_at(p[0], ATOM)}}}^{{{p[1][0]}}}", POWER),
    "sqr": lambda node, p: (f"{{{_at(p[0], ATOM)}}}^{{2}}", POWER),
    "switch": lambda node, p: (
        (
            f"\\begin{{cases}} {p[1][0]} & \\text{{if }} {p[0][0]} \\\\ "
            f"{p[2][0]} & \\text{{otherwise}} \\end{{cases}}"
        ),
        RELATION,
    ),
}


def _reduction(node: Apply, parts: list[Part]) -> Part:
    op: Any = node.op
    sign = _REDUCTIONS.get(op.row.name) or f"\\operatorname{{{escaped(op.row.name)}}}"
    if len(op.axes) < node.inputs[0].type.ndim:
        sign += f"_{{{', '.join(map(str, op.axes))}}}"
    if op.row.name in ("sum", "prod"):
        return f"{sign} {_at(parts[0], PRODUCT)}", SUM
    return _call(sign, parts)


def _axes(node: Apply, parts: list[Part]) -> Part | None:
    pattern: Sequence[Any] = node.op.pattern  # type: ignore[attr-defined]  # of Dimshuffle
    n = node.inputs[0].type.ndim
    while pattern and pattern[0] == "x":
        pattern = pattern[1:]
    if list(pattern) == list(range(n)):
        return parts[0]
    if list(pattern) == list(range(n))[::-1]:
        return f"{{{_at(parts[0], ATOM)}}}^{{\\top}}", POWER
    return _call(f"\\operatorname{{dimshuffle}}_{{{', '.join(map(str, pattern))}}}", parts)


def _index(node: Apply, parts: list[Part]) -> Part:
    inside = index_text(node.op, [text for text, _ in parts[1:]])
    return f"{{{_at(parts[0], ATOM)}}}_{{{inside}}}", ATOM


def _matrix_product(node: Apply, parts: list[Part]) -> Part:
    return f"{_at(parts[0], PRODUCT)} \\, {_at(parts[1], FRACTION)}", PRODUCT


def _vector(node: Apply, parts: list[Part]) -> Part:
    return f"\\left[{', '.join(text for text, _ in parts)}\\right]", ATOM


_WRITERS: dict[type, Callable[[Apply, list[Part]], Part | None]] = {
    Elementwise: _elementwise,
    Reduce: _reduction,
    Dimshuffle: _axes,
    Subtensor: _index,
    AdvancedSubtensor: _index,
    Dot: _matrix_product,
    BatchedDot: _matrix_product,
    MakeVector: _vector,
}


def _call(function: str, parts: Sequence[Part]) -> Part:
    return f"{function}\\left({', '.join(text for text, _ in parts)}\\right)", ATOM


def _at(part: Part, binding: int) -> str:
    """The text of a part, in brackets if it binds less tightly."""
    text, own = part
    return text if own >= binding else f"\\left({text}\\right)"


def _leaf(v: Variable) -> Part:
    if v.name is not None:
        return _name(v.name), ATOM
    if isinstance(v, Constant):
        return _constant(v.data)
    return f"\\langle\\mathrm{{{escaped(str(v.type))}}}\\rangle", ATOM


def _name(name: str) -> str:
    """A letter or a Greek one as it is, what follows ``_`` or is a number below it."""
    head, _, tail = name.partition("_")
    if not tail and head.rstrip("0123456789"):
        bare = head.rstrip("0123456789")
        head, tail = bare, head[len(bare) :]
    plain = head in _GREEK or (len(head) == 1 and head.isascii() and head.isalpha())
    if not plain or "_" in tail:
        return f"\\mathrm{{{escaped(name)}}}"
    head = f"\\{head}" if head in _GREEK else head
    if not tail:
        return head
    below = tail if tail.isdecimal() else f"\\mathrm{{{escaped(tail)}}}"
    return f"{head}_{{{below}}}"


def _constant(data: Any) -> Part:
    x = np.asarray(data)
    if x.dtype.kind not in "biufc":
        return f"\\mathrm{{{escaped(str(data))}}}", ATOM
    if x.size == 1 or (x.size and (x == x.flat[0]).all()):
        return _number(x.flat[0].item())
    lengths = " \\times ".join(map(str, x.shape))
    return f"\\mathrm{{array}}_{{{lengths}}}", ATOM


def _number(x: Any) -> Part:
    if isinstance(x, complex):
        real, imaginary = _number(x.real)[0], _number(abs(x.imag))[0]
        sign = "-" if math.copysign(1, x.imag) < 0 else "+"
        return f"{real} {sign} {imaginary} i", SUM
    if isinstance(x, bool):
        return f"\\mathrm{{{x}}}", ATOM
    if isinstance(x, float) and not math.isfinite(x):
        text = r"\mathrm{NaN}" if math.isnan(x) else r"\infty" if x > 0 else r"-\infty"
        return text, SUM if x < 0 else ATOM
    text = str(x) if isinstance(x, int) else f"{x:.6g}"
    if "e" in text:
        mantissa, _, exponent = text.partition("e")
        return f"{mantissa} \\times 10^{{{int(exponent)}}}", PRODUCT if x > 0 else SUM
    return text, ATOM if x >= 0 else SUM


def escaped(text: str) -> str:
    r"""A text for ``\mathrm``: signs that mean something written out, a long one cut."""
    shown = text if len(text) <= _LONGEST_NAME else text[: _LONGEST_NAME - 1]
    made = "".join(_ESCAPED.get(c, c if c.isprintable() else r"\ ") for c in shown)
    return made if shown == text else f"{made}\\ldots"
