"""Which states of a loop are equal at every step, and what is then computed twice."""

from __future__ import annotations

from collections.abc import Sequence

from bitale_graph.extend import Constant, Elementwise, Variable

from .scan_parts import State


class Lockstep:
    """The states of a loop in classes of those that stay equal.

    Those that start alike are taken for equal until a step tells them apart (partition refinement,
    as in J. Hopcroft, An n log n algorithm for minimizing states in a finite automaton, 1971).
    """

    def __init__(self, states: Sequence[State]) -> None:
        self.states = states
        self.numbers: dict[object, int] = {}
        self.values: dict[Variable, object] = {}
        self.classes: dict[State, object] = {s: _start(s) for s in states}
        count = 0
        while count < len(set(self.classes.values())):
            count = len(set(self.classes.values()))
            self._number()
            if count == len(states):
                break
            keys = {s: (self.classes[s], self.value(s.new)) for s in states}
            order: dict[object, int] = {}
            self.classes = {s: order.setdefault(key, len(order)) for s, key in keys.items()}

    def _number(self) -> None:
        self.numbers = {}
        self.values = {s.old: ("state", self.classes[s]) for s in self.states}

    def repeated(self) -> list[tuple[State, State]]:
        """States that equal an earlier one, each with that."""
        first: dict[object, State] = {}
        found = [(s, first.setdefault(self.classes[s], s)) for s in self.states]
        return [(s, same) for s, same in found if s is not same]

    def value(self, variable: Variable) -> object:
        """A key for what is computed inside: variables of one key have one value at every step."""
        stack = [variable]
        while stack:
            v = stack[-1]
            if v in self.values:
                stack.pop()
                continue
            if v.owner is None:
                self.values[v] = v.signature() if isinstance(v, Constant) else v
                continue
            missing = [u for u in v.owner.inputs if u not in self.values]
            if missing:
                stack.extend(missing)
                continue
            read = [self.values[u] for u in v.owner.inputs]
            op = v.owner.op
            if isinstance(op, Elementwise) and op.scalar_op.commutative:
                read.sort(key=hash)
            key = (op, *read)
            for out in v.owner.outputs:
                number = self.numbers.setdefault((key, out.index), len(self.numbers))
                self.values[out] = ("computed", number)
        return self.values[variable]


def _start(state: State) -> object:
    first = state.first
    known: object = first.signature() if isinstance(first, Constant) else first
    return (known, state.old.type)
