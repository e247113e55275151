"""Rules written as text: ``log(sigmoid(x))`` is found, ``-softplus(-x)`` is put in its place.

The language is that of Python expressions: names of scalar ops, of softmax and log_softmax; ``+ - *
/ ** & | ^`` and unary minus; numbers, which match constants that hold this number everywhere, of
any rank; and single letters. A letter stands for any expression (the same one wherever it is
repeated), ``c`` and ``k`` for a constant. Operands of commutative ops match in either order.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from bitale_graph.extend import (
    Apply,
    Constant,
    Elementwise,
    LogSoftmax,
    Op,
    ScalarOp,
    Softmax,
    Variable,
    scalar,
)

from ..facts.forms import dtype_of, is_uniform, kind_of, number
from .rewrite import Changes, RewriteContext, Rule, Track

Bindings = dict[str, Variable]
ALL_KINDS = "biufc"
CONSTANT_LETTERS = ("c", "k")
_OPS: dict[str, Op] = {"softmax": Softmax(), "log_softmax": LogSoftmax()}
_OPERATORS: dict[type[ast.operator], ScalarOp] = {
    ast.Add: scalar.add,
    ast.Sub: scalar.sub,
    ast.Mult: scalar.mul,
    ast.Div: scalar.true_div,
    ast.Pow: scalar.pow,
    ast.BitAnd: scalar.and_,
    ast.BitOr: scalar.or_,
    ast.BitXor: scalar.xor,
}


@dataclass(frozen=True)
class Wildcard:
    """A letter of a pattern."""

    letter: str


@dataclass(frozen=True)
class Number:
    """A literal of a pattern."""

    value: float


@dataclass(frozen=True)
class Application:
    """An op applied to patterns."""

    op: Op
    args: tuple[Term, ...]

    @property
    def is_commutative(self) -> bool:
        """Whether the arguments match in either order."""
        return isinstance(self.op, Elementwise) and self.op.scalar_op.commutative


Term = Wildcard | Number | Application


def parse(text: str) -> Term:
    """Read a pattern.

    Raises
    ------
    ValueError
        If ``text`` is no expression of the language.
    """
    try:
        return _term(ast.parse(text, mode="eval").body, text)
    except SyntaxError as error:
        raise ValueError(f"the pattern {text!r} is not an expression: {error.msg}") from error


def _term(node: ast.expr, text: str) -> Term:
    if isinstance(node, ast.Constant) and isinstance(node.value, (int, float)):
        return Number(node.value)
    if isinstance(node, ast.Name) and len(node.id) == 1:
        return Wildcard(node.id)
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        operand = _term(node.operand, text)
        if isinstance(operand, Number):
            return Number(-operand.value)
        return Application(Elementwise(scalar.neg), (operand,))
    if isinstance(node, ast.BinOp) and type(node.op) in _OPERATORS:
        op = Elementwise(_OPERATORS[type(node.op)])
        return Application(op, (_term(node.left, text), _term(node.right, text)))
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and not node.keywords:
        return Application(_op(node.func.id, text), tuple(_term(a, text) for a in node.args))
    raise ValueError(f"the pattern {text!r} holds {ast.unparse(node)!r}, which means nothing here")


def _op(name: str, text: str) -> Op:
    if name in _OPS:
        return _OPS[name]
    if name not in scalar.SCALAR_OPS:
        raise ValueError(f"the pattern {text!r} uses {name!r}, and there is no such scalar op")
    return Elementwise(scalar.SCALAR_OPS[name])


def match(term: Term, variable: Variable, bound: Bindings | None = None) -> Iterator[Bindings]:
    """Give what each letter stands for, for every way in which ``term`` matches."""
    bound = {} if bound is None else bound
    if isinstance(term, Wildcard):
        known = bound.get(term.letter)
        if known is not None:
            if known is variable or _equal_constants(known, variable):
                yield bound
        elif term.letter not in CONSTANT_LETTERS or isinstance(variable, Constant):
            yield {**bound, term.letter: variable}
        return
    if isinstance(term, Number):
        if is_uniform(variable, term.value):
            yield bound
        return
    node = variable.owner
    if node is None or node.op != term.op:
        return
    yield from _match_all(term.args, node.inputs, bound)
    if term.is_commutative:
        yield from _match_all(term.args, node.inputs[::-1], bound)


def _match_all(
    terms: tuple[Term, ...], variables: list[Variable], bound: Bindings
) -> Iterator[Bindings]:
    """Match every term; patterns are a few levels deep, so this may recurse."""
    if not terms:
        yield bound
        return
    for extended in match(terms[0], variables[0], bound):
        yield from _match_all(terms[1:], variables[1:], extended)


def _equal_constants(x: Variable, y: Variable) -> bool:
    return isinstance(x, Constant) and isinstance(y, Constant) and x.signature() == y.signature()


def build(term: Term, bound: Bindings) -> Any:
    """Make the expression of ``term``; a number takes the dtype of what it meets."""
    if isinstance(term, Wildcard):
        return bound[term.letter]
    if isinstance(term, Number):
        return term.value
    return term.op(*(build(a, bound) for a in term.args))


def letters(term: Term) -> set[str]:
    """The letters that occur."""
    if isinstance(term, Wildcard):
        return {term.letter}
    if isinstance(term, Number):
        return set()
    return set().union(*(letters(a) for a in term.args))


@dataclass(frozen=True)
class PatternRule:
    """A rule as a row of a table.

    Parameters
    ----------
    name : str
    find, replace : str
        Patterns; the letters of ``replace`` occur in ``find``.
    changes : Changes
    why : str
        What is won.
    default : bool
        Whether it is active without being included by name.
    of : str
        For results of which kinds it holds: letters of NumPy's dtype kinds, by default real floats.
        Without ``"c"`` nothing that it is made of is complex.
    """

    name: str
    find: str
    replace: str
    changes: Changes
    why: str = ""
    default: bool = True
    of: str = "f"

    @cached_property
    def found(self) -> Application:
        """What is found, parsed."""
        term = parse(self.find)
        if not isinstance(term, Application):
            raise ValueError(  # noqa: TRY004 (the text is wrong, not its type)
                f"{self.name}: the pattern {self.find!r} would match anything"
            )
        return term

    @cached_property
    def replacement(self) -> Term:
        """What replaces it, parsed."""
        term = parse(self.replace)
        unknown = letters(term) - letters(self.found)
        if unknown:
            raise ValueError(
                f"{self.name}: {self.replace!r} uses {unknown}, unknown to {self.find!r}"
            )
        return term

    def apply(self, node: Apply, context: RewriteContext) -> Variable | None:
        """Replace the output of ``node`` if it matches."""
        output = node.outputs[0]
        if kind_of(output) not in self.of:
            return None
        for bound in match(self.found, output):
            # Real results may be made of complex numbers: abs(z).
            if "c" not in self.of and any(kind_of(v) == "c" for v in bound.values()):
                continue
            new = build(self.replacement, bound)
            return new if isinstance(new, Variable) else context.fit(output, _constant(new, output))
        return None

    def rule(self) -> Rule:
        """The rule that a `RuleSet` holds."""
        op = self.found.op
        track: Track = op.scalar_op if isinstance(op, Elementwise) else op
        return Rule(
            self.name,
            self.apply,
            (track,),
            self.find,
            self.replace,
            self.changes,
            self.default,
            origin=self,
        )


def _constant(value: float, like: Variable) -> Variable:

    made: Variable = number(value, dtype_of(like))
    return made
