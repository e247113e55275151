"""The graph: types, variables, apply nodes and ops, which define each other."""

from __future__ import annotations

import copy
import itertools
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Generic, SupportsIndex

import numpy as np

from ..base import late
from ..base import trace as tracing
from ..base.config import config
from ..base.errors import describe
from .observers import Observed
from .pickling import reduced_node, reduced_variable
from .shown import ShownAsFormula
from .tag import Tag
from .values import Values, type_of, typed

if TYPE_CHECKING:
    from typing_extensions import TypeVar  # of which mypy has stubs: only types see the defaults

    TypeT = TypeVar("TypeT", bound="Type", default="late.TensorType")
    OpT_co = TypeVar("OpT_co", bound="Op", default="Op", covariant=True)
else:
    from typing import TypeVar

    TypeT, OpT_co = TypeVar("TypeT"), TypeVar("OpT_co")

Storage = list[list[Any]]

_numbers = itertools.count()
_OF_THIS_PROCESS = ("_eval_cache", "_auto_name")


class Type(Values):
    """What the values of a variable have in common. Types compare and hash by value."""

    def filter_variable(self, other: Any, allow_convert: bool = True) -> Variable[Any]:
        """``other`` as a variable of this type; a value becomes a constant.

        Raises
        ------
        TypeError
            If it cannot be one, or only by a conversion and ``allow_convert`` is False.
        """
        if not isinstance(other, Variable):
            return self.make_constant(other)
        made = other if self.admits(other.type) else None
        if made is None and allow_convert:
            made = self.convert_variable(other)
        if made is None:
            raise TypeError(f"cannot make a {self} of {describe(other)}")
        return made

    def convert_variable(self, other: Variable[Any]) -> Variable[Any] | None:
        """``other`` as a variable of this type, checked when it runs; None if it is another."""
        return None

    def __call__(self, name: str | None = None) -> Variable[Any]:
        """Make a variable of this type."""
        return self.Variable(self, name=name)  # type: ignore[attr-defined, no-any-return]

    def make_variable(self, name: str | None = None) -> Variable[Any]:
        """Make a variable of this type."""
        return self(name)

    def make_constant(self, value: Any, name: str | None = None) -> Constant[Any]:
        """A constant of this type."""
        return self.Constant(self, self.filter(value), name=name)  # type: ignore[attr-defined, no-any-return]


class Variable(Observed, ShownAsFormula, Generic[TypeT]):
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
        type: TypeT,
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
        self.made_at: tracing.Trace = tracing.capture() if owner is None else ()
        for observer in self.construction_observers:
            observer(self)

    @property
    def tag(self) -> Tag:
        """A free scratch pad; it has the place in the program as ``trace``."""
        if self._tag is None:
            self._tag = Tag(self)
        return self._tag

    def clone(self) -> Variable[TypeT]:
        """A new leaf of the same type and name."""
        return copied_variable(self)

    def get_parents(self) -> list[Apply]:
        """The node that computes it, in a list; an empty list for a leaf."""
        return [] if self.owner is None else [self.owner]

    @property
    def auto_name(self) -> str:
        """A name that no other variable of this process has, given when it is first asked for."""
        found: str = self.__dict__.setdefault("_auto_name", f"auto_{next(_numbers)}")
        return found

    def eval(self, inputs_to_values: dict[Variable, Any] | None = None) -> Any:
        """Compute the value, given values of the inputs that it depends on.

        The compiled function is kept, so a second call with the same inputs is cheap.
        """
        given = inputs_to_values or {}
        cache: dict[tuple[Variable, ...], Any] = self.__dict__.setdefault("_eval_cache", {})
        key = tuple(given)
        if key not in cache:
            cache[key] = late.function(list(given), self)
        return cache[key](*given.values())

    def __getstate__(self) -> dict[str, Any]:
        return {k: v for k, v in self.__dict__.items() if k not in _OF_THIS_PROCESS}

    def __reduce_ex__(self, protocol: SupportsIndex) -> Any:
        return reduced_variable(self) or super().__reduce_ex__(protocol)

    def __copy__(self) -> Variable[TypeT]:
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
        if text != f"<{self.type}>":
            text = f"{text}: {self.type}"
        if config.print_test_value and hasattr(self.tag, "test_value"):
            text += f"\n{self.tag.test_value!r}"
        return text


def copied_variable(old: Variable[TypeT]) -> Variable[TypeT]:
    """A new leaf of the type, name and tag of another variable, made where that was."""
    made: Variable[TypeT] = old.type(old.name)
    made.made_at = old.made_at
    if old._tag is not None:
        made._tag = copy.copy(old._tag)
    return made


class Constant(Variable[TypeT]):
    """A leaf whose value is known; the array must not be written to."""

    def __init__(self, type: TypeT, data: Any, name: str | None = None) -> None:
        super().__init__(type, name=name)
        if isinstance(data, np.ndarray):
            data = data.view()
            data.flags.writeable = False
        self.data = data

    def clone(self) -> Constant[TypeT]:
        """The same constant once more."""
        return type(self)(self.type, self.data, self.name)

    def equals(self, other: object) -> bool:
        """Whether ``other`` is a constant of the same type and value."""
        return isinstance(other, Constant) and self.signature() == other.signature()

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


# What a type makes; one of a program's own may name others.
Type.Variable, Type.Constant = Variable, Constant  # type: ignore[attr-defined]


class Apply(Generic[OpT_co]):
    """One use of an op: the op, the variables that it reads, and those that it computes."""

    __slots__ = ("__weakref__", "inputs", "op", "outputs", "trace")

    def __init__(self, op: OpT_co, inputs: Sequence[Variable], outputs: Sequence[Variable]) -> None:
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

    def default_output(self) -> Variable:
        """The output that a call of the op gives; a ValueError if there are several."""
        chosen = self.op.default_output
        found: Variable = self.out if chosen is None else self.outputs[chosen]
        return found

    def clone(self) -> Apply:
        """The same op on the same inputs, with outputs of its own."""
        return self.clone_with_new_inputs(self.inputs)

    def clone_with_new_inputs(self, inputs: Sequence[Variable], strict: bool = True) -> Apply:
        """The same op on other inputs; the node is made anew if their types differ.

        ``strict`` is Theano's: what is made anew is checked in any case.
        """
        same = all(new.type == old.type for new, old in zip(inputs, self.inputs, strict=True))
        with tracing.inherited(self.trace):
            if same:
                return Apply(self.op, inputs, [copied_variable(o) for o in self.outputs])
            node = self.op.make_node(*inputs)
        for new, old in zip(node.outputs, self.outputs, strict=True):
            new.name = old.name
            new._tag = copy.copy(old._tag)
        return node

    def __reduce_ex__(self, protocol: SupportsIndex) -> Any:
        return reduced_node(self)

    def __setstate__(self, state: tuple[tracing.Trace, list[dict[str, Any]]]) -> None:
        self.trace, said = state
        for output, attributes in zip(self.outputs, said, strict=True):
            output.__dict__.update(attributes)

    def __copy__(self) -> Apply:
        twin = Apply.__new__(Apply)
        twin.op, twin.inputs = self.op, self.inputs
        twin.outputs, twin.trace = self.outputs, self.trace
        return twin

    def __str__(self) -> str:
        return f"{self.op}({', '.join(map(str, self.inputs))})"

    def __repr__(self) -> str:
        return str(self)


class Op:
    """A function of variables.

    Subclasses are small: parameters, `make_node`, `perform`, `infer_shape`, and `compared_lengths`
    where lengths of inputs must agree.

    Two ops are equal if they are of one class and agree in the attributes named by ``__props__``;
    equal ops on equal inputs are computed once. An op without ``__props__`` equals itself only. An
    op must not write into its inputs; one that gives a view of an input says so in ``view_map``.

    What other layers know of an op (gradient, rewrites, C text) is registered in those layers by op
    class. An op from outside may instead carry ``grad(inputs, output_gradients)`` or
    ``L_op(inputs, outputs, output_gradients)``, for forward derivatives
    ``R_op(inputs, eval_points)``, and `c_code`.
    """

    __props__: ClassVar[tuple[str, ...] | None] = None
    default_output: ClassVar[int | None] = None
    # Whether the first input decides which one of `bodies` runs, and the others are what they read.
    chooses: ClassVar[bool] = False
    # Whether `perform` keeps none of the arrays it is given, so that compiled code may lend them.
    keeps_nothing: ClassVar[bool] = False
    # Which output may show the memory of which input, one input each: {output: [input]}.
    view_map: ClassVar[Mapping[int, Sequence[int]]] = {}

    @property
    def bodies(self) -> tuple[Any, ...]:
        """The graphs that the op runs, as `Body`: of a loop its step, of a choice its branches."""
        return ()

    def with_bodies(self, bodies: tuple[Any, ...]) -> Op:
        """The same op with other graphs in the place of `bodies`."""
        if bodies:
            raise TypeError(f"{self} holds no graphs")
        return self

    def make_node(self, *inputs: Any) -> Apply:
        """Check the inputs and return a node with new outputs; raise early on what cannot work.

        By default for an op with attributes ``itypes`` and ``otypes``: lists of types, or of
        constructors such as ``dvector``.
        """
        itypes, otypes = getattr(self, "itypes", None), getattr(self, "otypes", None)
        if itypes is None or otypes is None:
            raise TypeError(
                f"{type(self).__name__} does not define make_node; write it, or give the types of "
                "inputs and outputs as itypes and otypes"
            )
        types = [type_of(t) for t in itypes]
        if len(inputs) != len(types):
            raise TypeError(f"{self} takes {len(types)} inputs, and got {len(inputs)}")
        made = [typed(self, t, x) for t, x in zip(types, inputs, strict=True)]
        return Apply(self, made, [type_of(t)() for t in otypes])

    def perform(self, node: Apply, inputs: Sequence[Any], output_storage: Storage) -> None:
        """Compute with NumPy: put each result into the first place of its one-element list."""
        raise TypeError(f"{type(self).__name__} does not define perform")

    def infer_shape(self, node: Apply, input_shapes: Sequence[Sequence[Any]]) -> list[Any] | None:
        """Give for each output a tuple of 0-d integer variables, or None if only computing tells.

        ``input_shapes`` holds such a tuple for every input. Return None if no output's shape can be
        told.
        """
        return None

    def c_code(self, node: Apply) -> str | None:
        """Give the body of a C function for a node, or None if there is none for its types.

        Input ``i`` is ``x0``, ``x1``...: a pointer to numbers that are not to be written, with the
        lengths ``x0_n[axis]`` and the strides ``x0_s[axis]``, which count numbers and may be 0 or
        negative. Output ``k`` is ``y0``, ``y1``...: C-contiguous room of the lengths ``y0_n`` that
        `infer_shape` tells. A number of rank 0 is a pointer alone. The types are ``x0_t``,
        ``y0_t``. What does not return a number other than 0 has succeeded; after one `perform` is
        called, to raise in words. It is called by several threads at once, and not used unless
        `infer_shape` tells the lengths of all outputs by arithmetic.
        """
        return None

    def c_code_cache_version(self) -> tuple[Any, ...]:
        """Give a version, so that functions with the op are kept for other processes.

        It stands for all that the op does and that the files of its classes do not show; their
        text counts as well. Empty: such functions are made anew in every process.
        """
        return ()

    def passed_lengths(
        self, node: Apply, input_shapes: Sequence[Sequence[Any]]
    ) -> Sequence[Sequence[Any] | None] | None:
        """What `infer_shape` gives, with None for lengths that are computed rather than passed on.

        Rewriting asks every node. An op whose `infer_shape` builds large expressions leaves them
        out here.
        """
        return self.infer_shape(node, input_shapes)

    def compared_lengths(
        self, node: Apply, input_shapes: Sequence[Sequence[Any]]
    ) -> Iterable[tuple[Any, Any]]:
        """Give the pairs of lengths of which the op checks, when it runs, that they are equal."""
        return ()

    def number_by_types(self, node: Apply) -> int | None:
        """The number that a node computes, if the types of its inputs tell it."""
        return None

    def __call__(self, *inputs: Any, **keywords: Any) -> Any:
        """Apply to variables or values; the output, or a list of them if there are several.

        With ``return_list=True`` a list in any case; ``name`` is that of the only output, or of the
        default one.
        """
        name, return_list = keywords.pop("name", None), keywords.pop("return_list", False)
        node = self.make_node(*inputs, **keywords)
        if config.compute_test_value != "off":
            late.compute_test_values(node)
        if name is not None and (len(node.outputs) == 1 or self.default_output is not None):
            node.outputs[self.default_output or 0].name = name
        if return_list:
            return list(node.outputs)
        if self.default_output is not None:
            return node.outputs[self.default_output]
        return node.outputs[0] if len(node.outputs) == 1 else node.outputs

    def props(self) -> tuple[Any, ...]:
        """Values of the attributes named by ``__props__``."""
        return tuple(getattr(self, p) for p in self.__props__ or ())

    def __eq__(self, other: object) -> bool:
        if self is other:
            return True
        if self.__props__ is None or type(self) is not type(other):
            return False
        return self.props() == other.props()

    def __hash__(self) -> int:
        if self.__props__ is None:
            return object.__hash__(self)
        return hash((type(self), self.props()))

    def __str__(self) -> str:
        if not self.__props__:
            return type(self).__name__
        values = ", ".join(f"{p}={v!s}" for p, v in zip(self.__props__, self.props(), strict=True))
        return f"{type(self).__name__}{{{values}}}"

    def __repr__(self) -> str:
        return str(self)
