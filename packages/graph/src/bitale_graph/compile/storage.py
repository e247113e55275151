"""The values that a function keeps, looked at and set from outside."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from typing import Any

from ..core.graph import Variable
from ..tensor.shared import SharedVariable
from ..tensor.state import Container
from .maker import Argument, FunctionMaker


class Cell:
    """One place for a value.

    Attributes
    ----------
    storage : list
        The value, as the only element.
    name : str or None
    """

    def __init__(self, name: str | None = None, storage: list[Any] | None = None) -> None:
        self.name = name
        self.storage = [None] if storage is None else storage

    @property
    def value(self) -> Any:
        """The value."""
        return self.storage[0]

    @value.setter
    def value(self, new: Any) -> None:
        self.storage[0] = new

    data = value

    def __repr__(self) -> str:
        return f"<{self.value!r}>"


class InputCell(Cell):
    """The place of an argument: its default value, if it has one, or what `Stored` calls take."""

    def __init__(self, argument: Argument) -> None:
        super().__init__(argument.name, list(argument.default) or None)
        self.argument = argument

    @property
    def value(self) -> Any:
        """The value; a new one is converted to the type of the argument."""
        return self.storage[0]

    @value.setter
    def value(self, new: Any) -> None:
        self.storage[0] = self.argument.filter(new)
        if self.argument.default:
            self.argument.default = (self.storage[0],)

    data = value


class StateCell(Cell):
    """The place of state: of a shared variable, or of an input with an update."""

    def __init__(self, name: str | None, variable: Variable, container: Container) -> None:
        super().__init__(name)
        self._variable = SharedVariable(variable.type, container, name)

    @property
    def value(self) -> Any:
        """The value, copied; a new one is converted to the type of the variable."""
        return self._variable.get_value()

    @value.setter
    def value(self, new: Any) -> None:
        self._variable.set_value(new)

    data = value


class Cells:
    """The places of a function's arguments and state, by variable, name or position.

    With ``is_value`` the values themselves rather than their places.
    """

    def __init__(self, maker: FunctionMaker, cells: list[Cell], *, is_value: bool) -> None:
        self._maker = maker
        self._cells = cells
        self._is_value = is_value

    def _find(self, key: Any) -> Cell:
        if isinstance(key, int):
            return self._cells[key]
        parameters = self._maker.parameters
        if isinstance(key, SharedVariable):
            for cell, place in zip(self._cells[len(parameters) :], self._rest(), strict=True):
                if self._maker.containers[place] is key.container:
                    return cell
        for i, p in enumerate(parameters):
            known = p.written() if p.written is not None else None
            if key is known or key is p.variable or (isinstance(key, str) and key == p.name):
                return self._cells[i]
        for cell in self._cells:
            if isinstance(key, str) and cell.name == key:
                return cell
        names = [c.name or "<unnamed>" for c in self._cells]
        raise KeyError(f"{key} is none of the inputs: {', '.join(names)}")

    def _rest(self) -> list[int]:
        """The containers that belong to no parameter."""
        return other_state(self._maker)

    def __getitem__(self, key: Any) -> Any:
        found = self._find(key)
        return found.value if self._is_value else found

    def __setitem__(self, key: Any, value: Any) -> None:
        self._find(key).value = value

    def __contains__(self, key: Any) -> bool:
        try:
            self._find(key)
        except (KeyError, IndexError):
            return False
        return True

    def __len__(self) -> int:
        return len(self._cells)

    def __iter__(self) -> Iterator[Any]:
        return iter([c.value if self._is_value else c for c in self._cells])

    def __repr__(self) -> str:
        return "\n".join(f"{c.name} = {c.value!r}" for c in self._cells)


def other_state(maker: FunctionMaker) -> list[int]:
    """The positions of the containers of shared variables, not of inputs with updates."""
    own = {p.state for p in maker.parameters}
    return [k for k in range(len(maker.containers)) if k not in own]


def input_cells(maker: FunctionMaker) -> list[Cell]:
    """A place for each parameter, and then for each shared variable."""
    slots = maker.written.inputs[len(maker.arguments) :]
    cells: list[Cell] = []
    for p in maker.parameters:
        if p.state is None:
            cells.append(InputCell(p))
        else:
            cells.append(StateCell(p.name, slots[p.state], maker.containers[p.state]))
    rest = other_state(maker)
    return [*cells, *(StateCell(slots[k].name, slots[k], maker.containers[k]) for k in rest)]


class StoredCalls:
    """Calls that take what is stored for the inputs, and leave what they give in storage.

    Attributes
    ----------
    n_calls : int
        How many there have been.
    """

    def __init__(
        self,
        call: Callable[[tuple[Any, ...]], list[Any]],
        maker: FunctionMaker,
        inputs: list[Cell],
        outputs: list[Cell],
    ) -> None:
        self._call = call
        self._maker = maker
        self._inputs = inputs
        self._outputs = outputs
        self.n_calls = 0

    def __call__(self, n_calls: int = 1) -> list[Any]:
        """Call ``n_calls`` times; the results of the last one."""
        results: list[Any] = []
        for _ in range(n_calls):
            args = tuple(c.storage[0] for c in self._inputs if isinstance(c, InputCell))
            results = self._call(args)
            self.n_calls += 1
        for cell, value in zip(self._outputs, results, strict=False):
            cell.storage[0] = value
        return results

    @property
    def storage_map(self) -> dict[Variable, list[Any]]:
        """What is stored, in a list of one, for inputs, state and outputs of the rewritten graph.

        Values of state are copies. Of what is computed in between nothing is kept.
        """
        maker, graph = self._maker, self._maker.fgraph
        found = {v: c.storage for v, c in zip(graph.outputs, self._outputs, strict=False)}
        arguments = [c for c in self._inputs if isinstance(c, InputCell)]
        n = len(arguments)
        found |= {v: c.storage for v, c in zip(graph.inputs[:n], arguments, strict=True)}
        for v, container in zip(graph.inputs[n:], maker.containers, strict=True):
            found[v] = [SharedVariable(v.type, container, v.name).get_value()]
        return found


def own_copy(container: Container) -> Container:
    """A container with a copy of the value."""
    made = Container(copy.deepcopy(container.read()))
    made.device = container.device
    return made
