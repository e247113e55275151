"""Variables, constants and apply nodes: the vertices of an expression graph."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, SupportsIndex

import numpy as np

from . import trace as tracing

if TYPE_CHECKING:
    from .op import Op
    from .type import Type


class Tag:
    """A free scratch pad for whoever holds the variable."""


class Variable:
    """A value that an expression will have.

    A leaf (input, shared, constant), or a result of an `Apply` node.

    Parameters
    ----------
    type : Type
        What values it may hold.
    owner : Apply or None
        The node that computes it.
    index : int or None
        Which output of ``owner`` it is.
    name : str or None
        For messages and printing.

    Notes
    -----
    Variables can be pickled. Unpickling trusts its source: a pickle can run any code.
    """

    _tag: Tag | None = None

    def __init__(
        self,
        type: Type,
        owner: Apply | None = None,
        index: int | None = None,
        name: str | None = None,
    ) -> None:
        if name is not None and not isinstance(name, str):
            raise TypeError(f"the name of a variable must be a str, not {name!r}")
        self.type = type
        self.owner = owner
        self.index = index
        self.name = name
        self.trace: tracing.Trace = tracing.capture() if owner is None else ()

    @property
    def tag(self) -> Tag:
        """A free scratch pad."""
        if self._tag is None:
            self._tag = Tag()
        return self._tag

    def clone(self) -> Variable:
        """A new leaf of the same type and name."""
        copy: Variable = self.type(self.name)
        copy.trace = self.trace
        return copy

    def eval(self, inputs_to_values: dict[Variable, Any] | None = None) -> Any:
        """Compute the value, given values of the inputs that it depends on.

        The compiled function is kept, so a second call with the same inputs is cheap.
        """
        from .function import function

        given = inputs_to_values or {}
        cache: dict[tuple[Variable, ...], Any] = self.__dict__.setdefault("_eval_cache", {})
        key = tuple(given)
        if key not in cache:
            cache[key] = function(list(given), self)
        return cache[key](*given.values())

    def __getstate__(self) -> dict[str, Any]:
        return {k: v for k, v in self.__dict__.items() if k != "_eval_cache"}

    def __reduce_ex__(self, protocol: SupportsIndex) -> Any:
        from .pickling import reduced_variable

        return reduced_variable(self) or super().__reduce_ex__(protocol)

    def __copy__(self) -> Variable:
        twin = type(self).__new__(type(self))
        twin.__dict__.update(self.__getstate__())
        return twin

    def __str__(self) -> str:
        if self.name is not None:
            return self.name
        if self.owner is not None:
            return f"{self.owner.op}.{self.index}"
        return f"<{self.type}>"

    def __repr__(self) -> str:
        text = str(self)
        return text if text == f"<{self.type}>" else f"{text}: {self.type}"


class Constant(Variable):
    """A leaf whose value is known; the array must not be written to."""

    def __init__(self, type: Type, data: Any, name: str | None = None) -> None:
        super().__init__(type, name=name)
        if isinstance(data, np.ndarray):
            data = data.view()
            data.flags.writeable = False
        self.data = data

    def clone(self) -> Constant:
        """The same constant once more."""
        return type(self)(self.type, self.data, self.name)

    def signature(self) -> object:
        """A hashable value that two constants share exactly if they are interchangeable."""
        data = self.data
        if isinstance(data, np.ndarray):
            return (self.type, data.shape, np.ascontiguousarray(data).tobytes())
        return (self.type, id(data))

    def __str__(self) -> str:
        if self.name is not None:
            return self.name
        data = self.data
        if isinstance(data, np.ndarray) and data.size and (data == data.flat[0]).all():
            text = str(data.flat[0])
            shown = text if data.ndim == 0 else f"{data.shape} of {text}"
        else:
            shown = str(data).replace("\n", "")
        if len(shown) > 20:
            shown = f"{shown[:10]}..{shown[-10:]}"
        return f"{type(self).__name__}{{{shown}}}"


class Apply:
    """One use of an op: the op, the variables that it reads, and those that it computes."""

    __slots__ = ("__weakref__", "inputs", "op", "outputs", "trace")

    def __init__(self, op: Op, inputs: Sequence[Variable], outputs: Sequence[Variable]) -> None:
        self.op = op
        self.inputs = list(inputs)
        self.outputs = list(outputs)
        self.trace = tracing.capture()
        tracing.record(self)
        for i, output in enumerate(self.outputs):
            if output.owner is not None:
                raise ValueError(f"{op}: output {i} is computed by another node already")
            output.owner, output.index = self, i

    @property
    def out(self) -> Any:
        """The only output; a ValueError if there are several."""
        (output,) = self.outputs
        return output

    def clone_with_new_inputs(self, inputs: Sequence[Variable]) -> Apply:
        """The same op on other inputs; the node is made anew if their types differ."""
        same = all(new.type == old.type for new, old in zip(inputs, self.inputs, strict=True))
        with tracing.inherited(self.trace):
            if same:
                copies = [o.type(o.name) for o in self.outputs]
                return Apply(self.op, inputs, copies)
            node = self.op.make_node(*inputs)
        for new, old in zip(node.outputs, self.outputs, strict=True):
            new.name = old.name
        return node

    def __reduce_ex__(self, protocol: SupportsIndex) -> Any:
        from .pickling import reduced_node

        return reduced_node(self)

    def __setstate__(self, state: tuple[tracing.Trace, list[dict[str, Any]]]) -> None:
        self.trace, said = state
        for output, attributes in zip(self.outputs, said, strict=True):
            output.__dict__.update(attributes)

    def __copy__(self) -> Apply:
        twin = Apply.__new__(Apply)
        twin.op, twin.inputs, twin.outputs, twin.trace = (
            self.op,
            self.inputs,
            self.outputs,
            self.trace,
        )
        return twin

    def __str__(self) -> str:
        return f"{self.op}({', '.join(map(str, self.inputs))})"

    def __repr__(self) -> str:
        return str(self)
