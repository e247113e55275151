"""Shared variables: state that outlives a call, read by functions and written by their updates."""

from __future__ import annotations

import builtins
import copy
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from ..base import dtype as dtypes
from ..base import late
from ..base.device import known_device
from ..base.errors import describe
from ..core.graph import Type, TypeT, Variable
from ..core.traversal import leaves
from .generic import generic
from .state import Container
from .variable import TensorType, TensorVariable

_NO_VALUE = "a shared variable has no attribute value; use get_value() and set_value()"


class SharedVariable(Variable[TypeT]):
    """A leaf whose value is kept between calls.

    Attributes
    ----------
    container : Container
    default_update : Variable or None
        An update that every function using this variable makes, unless it is told not to.
    strict : bool
        Whether `set_value` takes arrays of the exact dtype alone.
    allow_downcast : bool or None
        Whether it takes values that lose precision (True), never (False), or Python numbers (None).
    """

    default_update: Variable | None = None
    strict: bool = False
    allow_downcast: bool | None = None

    def __init__(self, type: TypeT, container: Container, name: str | None = None) -> None:
        super().__init__(type, name=name)
        self.container = container

    def get_value(self, borrow: bool = False, return_internal_type: bool = False) -> Any:
        """The value.

        A copy, or with ``borrow`` the storage itself: what is written there is the new value. The
        next update leaves it alone and stores another array.

        Parameters
        ----------
        borrow : bool
        return_internal_type : bool
            Where a device has the value, give an array of the device's without a transfer to the
            host, a copy or the storage. Write there before functions or `get_value` run again.
        """
        if return_internal_type:
            found = self.container.on_device(borrow)
            if found is not None:
                return found
        # While it is referred to here, no function writes into it.
        if borrow:
            return self.container.lend()
        data = self.container.read()
        return np.array(data) if isinstance(data, np.ndarray) else copy.deepcopy(data)

    def set_value(self, new_value: Any, borrow: bool = False) -> None:
        """Put another value of the same dtype and rank; lengths may change.

        With ``borrow`` the array itself becomes the storage, if it can; see `shared`. An array of a
        device is copied there, if that device has used the variable before.

        Raises
        ------
        TypeError
            If the value does not fit the type; the old value stays.
        RuntimeError
            Inside a call that updates the variable.
        """
        away = self.container.away
        try:
            moved, value = (None, new_value) if away is None else away.moved(self.type, new_value)
            checks = (self.strict, self.allow_downcast)
            data = _storable(self.type, value, borrow, *checks) if moved is None else None
        except TypeError as error:
            raise TypeError(f"set_value: a new value of {describe(self)}: {error}") from None
        self.container.store(data, describe(self), moved)

    def clone(self) -> SharedVariable[TypeT]:
        """Another variable on the same storage."""
        made = type(self)(self.type, self.container, self.name)
        made.default_update = self.default_update
        made.strict, made.allow_downcast = self.strict, self.allow_downcast
        return made

    @property
    def value(self) -> Any:
        """Refused, as Theano does."""
        raise AttributeError(_NO_VALUE)

    @value.setter
    def value(self, new_value: Any) -> None:
        raise AttributeError(_NO_VALUE)

    def __getitem__(self, index: Any) -> Any:
        held = type(self.container.read()).__name__
        raise TypeError(
            f"{describe(self)} is no tensor, and cannot be indexed: it holds a {held}\n"
            "  hint: shared() makes a tensor of a NumPy array; did you forget to make it one?"
        )


class TensorSharedVariable(TensorVariable, SharedVariable):
    """A shared variable that holds a tensor."""

    type: TensorType

    def zero(self, borrow: bool = False) -> None:
        """Set every element to 0, with ``borrow`` in the storage that is there."""
        if borrow:
            self.get_value(borrow=True)[...] = 0
        else:
            self.set_value(np.zeros_like(self.container.read()), borrow=True)


class ScalarSharedVariable(TensorSharedVariable):
    """A shared variable that was made of a number."""


# For each type whose shared variables have methods of their own their class.
shared_classes: dict[type[Type], Any] = {TensorType: TensorSharedVariable}


def shared_of(type: Type, container: Container, name: str | None) -> SharedVariable:
    """A shared variable of a type, on storage that has such a value."""
    made: SharedVariable = shared_classes.get(builtins.type(type), SharedVariable)(
        type, container, name
    )
    return made


def _storable(
    type: Type,
    value: Any,
    borrow: bool,
    strict: bool = False,
    allow_downcast: bool | None = None,
) -> Any:
    array = type.filter(value, strict, allow_downcast)
    if not isinstance(array, np.ndarray):
        return array if borrow else copy.deepcopy(array)
    flags = array.flags
    # Memory that is not the array's own may belong to others, who could see it written to.
    if borrow and flags.owndata and flags.c_contiguous and flags.writeable and flags.aligned:
        return array
    return np.array(array, order="C", copy=True)


def _state_of(value: Any) -> Any:
    """The state of random numbers that a generator of NumPy's begins, which stays as it is."""
    if not isinstance(value, (np.random.RandomState, np.random.Generator)):
        return value
    return np.array([int.from_bytes(copy.deepcopy(value).bytes(8), "little"), 0], np.uint64)


def tensor_shared_constructor(
    value: Any, name: str | None = None, borrow: bool = False, broadcastable: Any = None
) -> Any:
    """A shared tensor; of a sparse matrix of SciPy's a shared sparse matrix.

    No axis broadcasts unless ``broadcastable`` says so, because the value may change its lengths.
    """
    if builtins.type(value).__module__.startswith("scipy.sparse"):
        made: Any = late.sparse.sparse_constructor(value, name, borrow)
        return made
    if builtins.type(value).__module__.startswith("numpy.random"):
        value = _state_of(value)
    try:
        array = dtypes.as_array(value)
    except TypeError as error:
        raise TypeError(f"shared: {error}") from None
    if array.dtype.kind not in "biufc":
        raise TypeError(f"shared: cannot hold {value!r:.80}, of NumPy dtype {array.dtype}")
    pattern = (False,) * array.ndim if broadcastable is None else tuple(broadcastable)
    type = TensorType(array.dtype.newbyteorder("=").name, pattern)
    container = Container(_storable(type, array.astype(type.dtype, copy=False), borrow))
    if isinstance(value, (int, float, complex, np.generic)):
        return ScalarSharedVariable(type, container, name)
    return TensorSharedVariable(type, container, name)


def generic_constructor(
    value: Any, name: str | None = None, borrow: bool = False
) -> SharedVariable[Any]:
    """A shared variable of any object that is no array, for ops of one's own."""
    if isinstance(value, np.ndarray):
        raise TypeError(f"shared: cannot hold an array of dtype {value.dtype}")
    if isinstance(value, (list, tuple)):
        try:
            np.asarray(value)
        except ValueError as error:  # rows of different lengths, meant to be an array
            raise TypeError(f"shared: cannot hold {value!r:.80}: {error}") from None
    made = SharedVariable(generic, Container(None), name)
    made.set_value(value, borrow)
    return made


def explicit_graph_inputs(graph: Variable | Iterable[Variable]) -> list[Variable]:
    """What a function of ``graph`` must be given: its leaves, without constants and shared ones."""
    outputs = [graph] if isinstance(graph, Variable) else list(graph)
    return [v for v in leaves(outputs) if not isinstance(v, SharedVariable)]


def not_shared(target: Any) -> str:
    """Tell that ``target`` cannot be updated, and what to write instead."""
    if not isinstance(target, Variable):
        return f"updates change shared variables, and {target!r} is none"
    hint = "make it with shared(value), or compute with another variable in its place"
    node = target.owner
    source = None if node is None else node.inputs[0]
    is_read = node is not None and "Subtensor" in type(node.op).__name__
    if isinstance(source, SharedVariable) and is_read:
        hint = f"update the whole: ({source}, set_subtensor({source}[index], value))"
    return (
        f"updates change shared variables, and {target} is none\n  {describe(target)}\n"
        f"  hint: {hint}"
    )


Constructor = Callable[..., SharedVariable]
constructors: list[Constructor] = [generic_constructor, tensor_shared_constructor]


def shared_constructor(constructor: Constructor, remove: bool = False) -> Constructor:
    """Register (or remove) a function that makes shared variables of a kind of value.

    The newest is tried first.
    """
    if remove:
        constructors.remove(constructor)
    else:
        constructors.append(constructor)
    return constructor


def shared(
    value: Any,
    name: str | None = None,
    strict: bool = False,
    allow_downcast: bool | None = None,
    borrow: bool = False,
    target: str | None = None,
    **keywords: Any,
) -> Any:
    """A variable whose value is kept between calls of functions.

    Parameters
    ----------
    value : array_like
        The first value; copied unless ``borrow``. A Python int makes an int64, a float a float64
        variable, a generator of NumPy's a state of random numbers. What is no array makes a
        variable of `Generic`, for ops of one's own.
    name : str, optional
    strict : bool
        Let `set_value` take arrays of the exact dtype alone.
    allow_downcast : bool, optional
        Let `set_value` take values that lose precision (True), none (False), or only Python numbers
        (None).
    borrow : bool
        Let the variable use the array given as its storage. Views, maps of files and all that do
        not own their memory are copied in any case, as is what has another dtype or layout.
    target : str, optional
        The device, such as "cuda0", "gpu" or "cpu", on which functions run that use the variable,
        whatever ``config.device`` says. A function of variables of several devices is refused,
        unless its ``mode`` names the device.
    broadcastable : sequence of bool, optional
        Axes that broadcast, and will always have length 1.

    Raises
    ------
    TypeError
        If ``value`` is symbolic, or nothing can hold it or knows the keywords.
    ConfigError
        If ``target`` is the name of no device.
    """
    if isinstance(value, Variable):
        raise TypeError(
            f"shared takes a value, and {value} is symbolic; compute its value first, with eval()"
        )
    device = "" if target is None else known_device(target)
    problems = []
    for constructor in reversed(constructors):
        try:
            made = constructor(value, name=name, borrow=borrow, **keywords)
        except TypeError as error:
            problems.append(str(error))
        else:
            made.container.device = device
            made.strict, made.allow_downcast = strict, allow_downcast
            return made
    given = (
        f"; of what shared() is given, unknown may be: {', '.join(keywords)}" if keywords else ""
    )
    raise TypeError("; ".join(problems) + given)


shared.constructors = constructors  # type: ignore[attr-defined]  # where Theano's programs find them
