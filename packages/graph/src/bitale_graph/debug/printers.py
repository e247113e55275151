"""What writes an expression as mathematics: a printer for each op, and who finds it."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ..core.graph import Op, Variable
from ..core.order import toposort

CUT = "..."
GREEK = {name: f"\\{name}" for name in ("alpha", "beta", "gamma", "delta", "epsilon")}


class PrinterState:
    """What printers share while they write one expression.

    Attributes
    ----------
    pprinter : PPrinter
        Gives the texts of inputs: ``state.pprinter.process(v, state)``.
    memo : dict of Variable to str
        Texts so far.
    """

    pprinter: PPrinter

    def __init__(self, props: Mapping[str, Any] | PrinterState | None = None, **more: Any) -> None:
        vars(self).update(vars(props) if isinstance(props, PrinterState) else props or {}, **more)
        self.memo: dict[Variable, str] = {}


if TYPE_CHECKING:
    from typing import Protocol  # to make one takes longer than to import this module

    class Printer(Protocol):
        """What writes variables that ops compute."""

        def process(self, output: Variable, pstate: PrinterState) -> str:
            """The text of a variable."""


Condition = Callable[[PrinterState, Variable], bool]


def input_texts(printer: object, output: Variable, pstate: PrinterState) -> list[str]:
    """The texts of what the op of a variable reads; a TypeError for a leaf."""
    if output.owner is None:
        raise TypeError(
            f"{type(printer).__name__} writes what an op computes, and {output} is a leaf"
        )
    return [pstate.pprinter.process(v, pstate) for v in output.owner.inputs]


class OperatorPrinter:
    """Write an op as an operator between its inputs, in brackets.

    Parameters
    ----------
    operator : str
    precedence : number
        Taken as Theano takes it; brackets stand in any case.
    assoc : "left", "right" or "either"
    """

    def __init__(self, operator: str, precedence: float, assoc: str = "left") -> None:
        if assoc not in ("left", "right", "either"):
            raise ValueError(f"assoc is 'left', 'right' or 'either', not {assoc!r}")
        self.operator, self.precedence, self.assoc = operator, precedence, assoc

    def process(self, output: Variable, pstate: PrinterState) -> str:
        """The text of a variable."""
        parts = input_texts(self, output, pstate)
        if len(parts) == 1:
            return f"({self.operator}{parts[0]})"
        return f"({f' {self.operator} '.join(parts)})"


class PatternPrinter:
    """Write an op by a pattern, in which ``%(0)s`` is the first input.

    Parameters
    ----------
    *patterns : str, or tuple of str and numbers
        One for each output; numbers are precedences, as Theano has them.

    Examples
    --------
    >>> from bitale_graph import language as T
    >>> from bitale_graph.extend import pprint
    >>> mine = pprint.clone_assign(T.maximum, PatternPrinter("[%(0)s or %(1)s]"))
    >>> mine(T.maximum(T.dscalar("x"), T.dscalar("y")))
    '[x or y]'
    """

    def __init__(self, *patterns: str | tuple[Any, ...]) -> None:
        self.patterns = [p if isinstance(p, str) else str(p[0]) for p in patterns]

    def process(self, output: Variable, pstate: PrinterState) -> str:
        """The text of a variable."""
        parts = input_texts(self, output, pstate)
        return self.patterns[output.index or 0] % {str(i): part for i, part in enumerate(parts)}


class FunctionPrinter:
    """Write an op as a function of its inputs.

    Parameters
    ----------
    *names : str
        One for each output.
    """

    def __init__(self, *names: str) -> None:
        self.names = names

    def process(self, output: Variable, pstate: PrinterState) -> str:
        """The text of a variable."""
        parts = input_texts(self, output, pstate)
        return f"{self.names[output.index or 0]}({', '.join(parts)})"


class IgnorePrinter:
    """Write the first input of an op in its place."""

    def process(self, output: Variable, pstate: PrinterState) -> str:
        """The text of a variable."""
        return input_texts(self, output, pstate)[0]


class LeafPrinter:
    """Write a variable by its name, and five Greek letters as TeX has them."""

    def process(self, output: Variable, pstate: PrinterState) -> str:
        """The text of a variable."""
        return GREEK.get(output.name or "", str(output))


class DefaultPrinter:
    """Write an op by its own text, as a function of its inputs."""

    def process(self, output: Variable, pstate: PrinterState) -> str:
        """The text of a variable."""
        node = output.owner
        if node is None:
            return leaf_printer.process(output, pstate)
        made = f"{node.op}({', '.join(input_texts(self, output, pstate))})"
        return made if len(node.outputs) == 1 else f"{made}.{output.index}"


leaf_printer = LeafPrinter()
default_printer = DefaultPrinter()


class PPrinter:
    """Write expressions as mathematics; `pprint` is one.

    Which printer writes a variable is looked for among those assigned to its op, then among those
    assigned by a condition, the last first, and then among those assigned to the class of its op.
    """

    def __init__(self) -> None:
        self.printers: list[tuple[Condition, Printer]] = []
        self.printers_dict: dict[Any, Printer] = {}

    def assign(self, condition: Any, printer: Printer) -> None:
        """Let a printer write what an op computes.

        Parameters
        ----------
        condition : Op, function of the language that is one op, class of ops, or callable
            A callable is given the state and a variable, and tells whether the printer shall write
            it.
        printer : object
            With ``process(output, pstate)``, as `FunctionPrinter`.
        """
        op = getattr(condition, "op", condition)
        if isinstance(op, (Op, type)):
            self.printers_dict[op] = printer
        elif callable(condition):
            self.printers.insert(0, (condition, printer))
        else:
            raise TypeError(f"assign takes an op, a class of ops or a condition, not {condition!r}")

    def clone(self) -> PPrinter:
        """A printer with the same assignments, and others from then on."""
        made = copy.copy(self)
        made.printers, made.printers_dict = list(self.printers), dict(self.printers_dict)
        return made

    def clone_assign(self, condition: Any, printer: Printer) -> PPrinter:
        """A clone with one more assignment."""
        made = self.clone()
        made.assign(condition, printer)
        return made

    def _printer_of(self, v: Variable, state: PrinterState) -> Printer:
        op = None if v.owner is None else v.owner.op
        if op is not None and op in self.printers_dict:
            return self.printers_dict[op]
        for condition, printer in self.printers:
            if condition(state, v):
                return printer
        for kind in () if op is None else type(op).__mro__:
            if kind in self.printers_dict:
                return self.printers_dict[kind]
        return default_printer

    def process(
        self,
        r: Variable,
        pstate: PrinterState | Mapping[str, Any] | None = None,
        max_length: int | None = None,
    ) -> str:
        """The text of a variable.

        Its inputs are written before it, so that printers that ask for them find them: depth costs
        no stack. Of a text longer than ``max_length`` the inputs are written as ``...``.
        """
        state = pstate
        if not isinstance(state, PrinterState):
            state = PrinterState({**(state or {}), "pprinter": self})
        waiting = [r]
        while waiting:
            v = waiting[-1]
            if v in state.memo:
                waiting.pop()
                continue
            printer = self._printer_of(v, state)
            goes_on = v.owner is not None and not isinstance(printer, LeafPrinter)
            missing = (
                [u for u in v.owner.inputs if u not in state.memo] if goes_on and v.owner else []
            )
            if missing:
                waiting += reversed(missing)
                continue
            waiting.pop()
            text = printer.process(v, state)
            if max_length is not None and len(text) > max_length and goes_on and v.owner:
                text = _shortened(printer, v, v.owner.inputs, state, max_length)
            state.memo[v] = text
        return state.memo[r]

    def process_graph(
        self,
        inputs: Variable | Sequence[Variable],
        outputs: Variable | Sequence[Variable],
        updates: Mapping[Variable, Variable] | None = None,
        display_inputs: bool = False,
    ) -> str:
        """Equations, a line for each variable that has a name, each update and each output."""
        ins = [inputs] if isinstance(inputs, Variable) else list(inputs)
        outs = [outputs] if isinstance(outputs, Variable) else list(outputs)
        news = dict(updates or {})
        named = self.clone_assign(
            lambda _, v: v.name is not None and v is not current, leaf_printer
        )
        lines = [f"inputs: {', '.join(map(str, [*ins, *news]))}"] if display_inputs else []
        last: list[str] = []
        current: Variable | None = None
        given = {*ins, *news}
        for node in toposort([*outs, *news.values()], stop_at=given):
            for v in node.outputs:
                if v.name is not None and v not in outs:
                    current = v
                    lines.append(f"{v.name} = {named.process(v)}")
        for old, new in news.items():
            current = new
            last.append(f"{old} <- {named.process(new)}")
        for i, v in enumerate(outs):
            current = v
            head = "return" if len(outs) == 1 else f"{v.name or f'out[{i}]'} ="
            last.append(f"{head} {named.process(v)}")
        return "\n".join([*lines, *last])

    def __call__(self, *args: Any, max_length: int = 10_000, **keywords: Any) -> str:
        """The expression as infix mathematics, such as ``(x + y)``.

        With inputs and outputs (and updates) equations: `process_graph`.

        Parameters
        ----------
        *args : Variable, or inputs, outputs and updates
        max_length : int
            In a longer text the inputs are written as ``...``; `debugprint` shows all.
        """
        if len(args) == 1 or (len(args) == 2 and isinstance(args[1], (PrinterState, Mapping))):
            v, state = args[0], (args[1] if len(args) == 2 else None)
            if not isinstance(v, Variable):
                raise TypeError(f"pprint writes variables, not {v!r:.60}")
            return self.process(v, state, max_length)
        if len(args) > 1:
            return self.process_graph(*args, **keywords)
        raise TypeError("pprint takes a variable, or inputs and outputs")


def _shortened(
    printer: Printer, v: Variable, inputs: Iterable[Variable], state: PrinterState, limit: int
) -> str:
    """The text of a variable with its longest inputs left out, as many as need be."""
    kept = {u: state.memo[u] for u in inputs}
    text = printer.process(v, state)
    try:
        for u in sorted(kept, key=lambda u: -len(kept[u])):
            if len(text) <= limit or len(kept[u]) <= len(CUT):
                break
            state.memo[u] = CUT
            text = printer.process(v, state)
    finally:
        state.memo.update(kept)
    return text
