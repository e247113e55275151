"""A builder of host code: names, arrays, buffers and checks, in the scope that is open."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from ..core.graph import Apply, Constant, Variable
from .array import Array, Buffer
from .calls import Call, Routine
from .expressions import (
    TRUE,
    Bytes,
    Element,
    Expression,
    Name,
    Number,
    all_of,
    product,
)
from .memory_plan import MemoryPlan
from .names import identifier
from .opaque import seen_type
from .scope import Scope
from .statements import (
    Assign,
    Check,
    Copy,
    Declare,
    Give,
    Guarded,
    If,
    Let,
    Mark,
    Pack,
    Statement,
    Store,
    Take,
)
from .target import Target


class Builder:
    """Writes the host code of one function.

    Attributes
    ----------
    target : Target
    scopes : list of Scope
        Where statements go: the function, loops and branches in it, innermost last.
    scalars, arrays : dicts
        The values of variables.
    nodes : list of Apply
        Nodes by the number that an error names.
    callbacks : list of Apply
        Nodes that run in Python, by their numbers.

    Parameters
    ----------
    plan : MemoryPlan
    kept : set of Variable
        Those whose buffers leave the call as outputs.
    is_read : callable
        Whether anything reads a variable.
    """

    def __init__(
        self,
        target: Target,
        plan: MemoryPlan,
        kept: set[Variable],
        is_read: Callable[[Variable], bool],
    ) -> None:
        self.target = target
        self.scopes = [Scope(plan, kept, is_read)]
        self.scalars: dict[Variable, Expression] = {}
        self.arrays: dict[Variable, Array] = {}
        self.nodes: list[Apply] = []
        self.callbacks: list[Apply] = []
        self.n_buffers = 0
        self.node_index = 0
        self._names: set[str] = set(target.words)
        self._counts: dict[str, int] = {}

    # Scopes and statements
    @property
    def scope(self) -> Scope:
        """Where statements go now."""
        return self.scopes[-1]

    @property
    def plan(self) -> MemoryPlan:
        """The memory plan of the graph whose nodes are written now."""
        return self.scope.plan

    def open(self, scope: Scope) -> None:
        """Write into ``scope`` until it is closed; what is known around it is known in it."""
        around = self.scope
        scope.depth = around.depth + (scope.steps is not None)
        scope.checked, scope.asked = set(around.checked), set(around.asked)
        scope.packed = dict(around.packed)
        scope.known = dict(around.known)
        self.scopes.append(scope)

    def close(self) -> Scope:
        """Go back to the scope around."""
        return self.scopes.pop()

    @contextmanager
    def branch(self, condition: Expression) -> Iterator[None]:
        """Write what is done only if a condition holds."""
        around = self.scope
        scope = Scope(around.plan, around.kept, around.is_read, condition=condition)
        self.open(scope)
        yield
        self.close()
        self.put(If(condition, scope.statements, []))

    @contextmanager
    def before_steps(self) -> Iterator[None]:
        """Write what is done once before the loop that is open, whatever its number of steps."""
        scope = self.scope
        was, scope.is_before = scope.is_before, True
        yield
        scope.is_before = was

    def is_fixed(self, *values: Expression | Array) -> bool:
        """Whether values, and numbers of arrays, are the same at every step of the open loop."""
        levels = [v.settled() if isinstance(v, Array) else v.level for v in values]
        return self.early(max(levels, default=0)) < self.scope.depth

    def put(self, one: Statement, level: int | None = None) -> None:
        """Add a statement; without a level it stays in the innermost loop."""
        scope = self.scope
        highest = scope.depth - scope.is_before
        one.level = highest if level is None else min(level, highest)
        scope.statements.append(one)

    def early(self, level: int) -> int:
        """The level of what may fail or takes time: no earlier than what decides if it is done."""
        for scope in reversed(self.scopes):
            if scope.condition is not None:
                level = max(level, scope.condition.level)
            elif scope.steps is not None:
                if scope.is_before:
                    level = min(level, scope.depth - 1)
                if level >= scope.depth:
                    break
                if not scope.is_before:
                    level = max(level, scope.steps.level)
        return min(level, self.scope.depth)

    def _put_guarded(self, one: Guarded, level: int) -> None:
        one.is_guarded = not self.scope.is_before
        self.put(one, level)

    # Nodes
    def begin(self, node: Apply, index: int | None = None) -> int:
        """Write for ``node`` from now on; gives its number, by which it can be taken up again."""
        if index is None:
            index = len(self.nodes)
            self.nodes.append(node)
        self.put(Mark(index, node))
        self.node_index = index
        return index

    # Names
    def name(
        self,
        hint: str | None,
        dtype: str,
        level: int | None = None,
        *,
        is_pointer: bool = False,
        is_variable: bool = False,
    ) -> Name:
        """A fresh name that resembles ``hint``."""
        if level is None:
            level = self.scope.depth - self.scope.is_before
        text = self.fresh(hint)
        return Name(text, dtype, level, is_pointer=is_pointer, is_variable=is_variable)

    def fresh(self, hint: str | None) -> str:
        """An identifier that nothing else has."""
        base = identifier(hint or "t")
        if hint and base not in self._names:
            self._names.add(base)
            return base
        while True:
            number = self._counts.get(base, 0)
            self._counts[base] = number + 1
            candidate = f"{base}{number}" if base[-1].isalpha() else f"{base}_{number}"
            if candidate not in self._names:
                self._names.add(candidate)
                return candidate

    def let(self, hint: str | None, value: Expression) -> Expression:
        """A name for a value; the value itself if it is a name or a number already."""
        if isinstance(value, Name | Number):
            return value
        return self.alias(hint, value)

    def alias(self, hint: str | None, value: Expression) -> Expression:
        """A name for a value, even for one that has a name."""
        scope = self.scope
        if value in scope.known:
            return scope.known[value]
        level = scope.depth if value.loads else min(value.level, scope.depth)
        name = self.name(hint, value.dtype, level, is_pointer=value.is_pointer)
        self.put(Let(name, value), level)
        if not value.loads and not any(n.is_variable for n in value.names()):
            scope.known[value] = name
        return name

    def variable(
        self,
        dtype: str,
        hint: str | None,
        value: Expression | None = None,
        *,
        is_pointer: bool = False,
    ) -> Name:
        """A variable, which later statements assign to."""
        name = self.name(hint, dtype, self.scope.depth, is_pointer=is_pointer, is_variable=True)
        self.put(Declare(name, value))
        return name

    def assign(self, name: Name, value: Expression) -> None:
        """Give a variable another value."""
        self.put(Assign(name, value))

    # Failing
    def check(self, condition: Expression) -> None:
        """Leave the function with an error unless ``condition`` holds."""
        scope = self.scope
        if condition == TRUE or condition in scope.checked:
            return
        if not any(n.is_variable for n in condition.names()):
            scope.checked.add(condition)
        level = scope.depth if condition.loads else condition.level
        self._put_guarded(Check(self.node_index, condition), self.early(level))

    def check_equal(self, a: Expression, b: Expression) -> None:
        """Leave the function with an error unless two lengths agree."""
        self.check(a.equals(b))

    # Values of variables
    def scalar(self, v: Variable) -> Expression:
        """The value of a 0-d variable; one that lies in memory is read there."""
        if v in self.scalars:
            return self.scalars[v]
        if v in self.arrays:
            return Element(self.arrays[v].pointer)
        assert isinstance(v, Constant)
        return Number(v.data[()], v.type.dtype)

    def is_kept(self, v: Variable) -> bool:
        """Whether a 0-d variable lies in memory, where kernels are to read it."""
        return v not in self.scalars and v in self.arrays

    def define(self, v: Variable, value: Expression) -> None:
        """Give a 0-d variable its value."""
        self.scalars[v] = self.let(v.name or "s", value)

    def show_element(self, v: Variable, source: Array) -> None:
        """Let a 0-d variable be the element that an array of one begins with."""
        if self.target.keeps_numbers:
            self.arrays[v] = Array(
                source.pointer, source.dtype, [], None, source.buffers, source.level
            )
        else:
            self.define(v, Element(source.pointer))

    def receive(self, v: Variable) -> Name:
        """A variable for a 0-d value that a kernel or a routine writes."""
        name = self.name(v.name or "s", seen_type(v).dtype, self.scope.depth)
        self.put(Declare(name))
        self.scalars[v] = name
        return name

    def array(self, v: Variable) -> Array:
        """The array of a variable that has one."""
        return self.arrays[v]

    # Memory
    def new_buffer(self) -> Buffer:
        """Memory that is given back on failure, and at the end of its life."""
        self.n_buffers += 1
        return Buffer(self.n_buffers - 1)

    def allocate(
        self,
        hint: str | None,
        dtype: str,
        lengths: Sequence[Expression],
        *,
        keep: bool = False,
        temporary: bool = False,
        lasts: bool = False,
        moves: bool = False,
        level: int | None = None,
    ) -> Array:
        """A new contiguous array; ``keep`` if it may outlive the call.

        In the body of a loop it is taken before the loop if its lengths are known there. With
        ``lasts`` what is written at one step is read after it, so that no buffer may be had that
        other nodes write at every step. With ``moves`` every step hands one over. With a level it
        is written as rarely as that says.
        """
        buffer = self.new_buffer()
        size = Bytes(lengths, dtype)
        depth = self.scope.depth
        pointer = self.name(hint, dtype, is_pointer=True)
        if level is not None:
            depth = level
        else:
            level = depth if size.loads else size.level
        if moves:
            level = depth  # each step hands one over
        elif depth and (keep or lasts):
            # One for all steps, and no more than one loop outside: each run of it has its own.
            level = max(level, depth - 1)
        pointer.level = self.early(level)
        taken = Take(self.node_index, pointer, buffer, size, keep, lasts)
        self._put_guarded(taken, pointer.level)
        if temporary:
            self.scope.temporary.append(buffer)
        return Array(pointer, dtype, list(lengths), None, frozenset([buffer]), depth)

    def result(self, v: Variable, lengths: Sequence[Expression]) -> Array:
        """The array of a new variable: a buffer taken over as the plan says, or a new one."""
        dtype = v.type.dtype
        old = self.plan.reused.get(v)
        place = self.scope.places.get(v)
        made = None
        if old is not None:
            source = self.arrays[old]
            pointer = source.pointer
            if v.name and isinstance(pointer, Name) and identifier(v.name) != pointer.text:
                pointer = self.alias(v.name, pointer)
            made = Array(pointer, dtype, list(lengths), None, source.buffers, self.scope.depth)
        elif place is not None:
            made = place(lengths)
        if made is None:
            scope = self.scope
            made = self.allocate(
                v.name, dtype, lengths, keep=v in scope.kept, moves=v in scope.moved
            )
        self.arrays[v] = made
        return made

    def release_temporaries(self) -> None:
        """Give back what was packed for one node."""
        for buffer in self.scope.temporary:
            self.put(Give(buffer))
        self.scope.temporary.clear()

    def adopt_temporaries(self, a: Array) -> None:
        """Let the copy behind ``a`` live as long as the variables that show it."""
        scope = self.scope
        scope.temporary = [one for one in scope.temporary if one not in a.buffers]

    # Work
    def copy(self, to: Array, source: Array) -> None:
        """Copy an array, which broadcasts to another by strides of 0."""
        if to.rank == 0:
            self.put(Store(to.pointer, Number(0, "int64"), Element(source.pointer)))
        else:
            self.put(Copy(to, source))

    def call(
        self,
        routine: Routine,
        arguments: Sequence[Expression | tuple[Expression, ...]],
        written: Sequence[Expression],
        result: Name | None = None,
        condition: Expression = TRUE,
        level: int | None = None,
    ) -> None:
        """Call a routine, which writes through the pointers ``written``.

        With a level it is called only as often as that says.
        """
        one = Call(routine, list(arguments), list(written), result)
        one.guard = condition
        self._put_guarded(one, self.scope.depth if level is None else level)

    # Layout
    def contiguous(self, a: Array) -> Array:
        """``a`` itself if it is C-contiguous when it runs, else a copy for as long as this node."""
        if a.strides is None:
            return a
        tests = [
            a.lengths[axis].equals(1) | a.strides[axis].equals(product(a.lengths[axis + 1 :]))
            for axis in range(a.rank)
        ]
        return self._packed_unless(a, all_of(tests), keep_strides=False)

    def unit_inner(self, a: Array) -> Array:
        """``a`` with a last axis of stride 1: itself, or a copy that lives as long as this node."""
        if a.strides is None or a.rank == 0:
            return a
        fits = a.strides[-1].equals(1) | a.lengths[-1].equals(1)
        return self._packed_unless(a, fits, keep_strides=True)

    def unit_some(self, a: Array) -> Array:
        """Matrices with stride 1 along one of their (last two) axes, as BLAS wants it."""
        if a.strides is None:
            return a
        s0, s1 = a.strides[-2:]
        n0, n1 = a.lengths[-2:]
        by_rows = (s1.equals(1) | n1.equals(1)) & (s0 >= n1)
        by_columns = (s0.equals(1) | n0.equals(1)) & (s1 >= n0)
        return self._packed_unless(a, by_rows | by_columns, keep_strides=True)

    def _packed_unless(self, a: Array, fits: Expression, *, keep_strides: bool) -> Array:
        if fits == TRUE:
            return a
        # What shows an argument is packed once for all its readers; else memory is given back soon.
        scope = self.scope
        level = self.early(max(a.settled(), fits.level))
        is_given = level < scope.depth or not (a.buffers or scope.depth)
        key = (fits, *a.expressions(), keep_strides)
        if key in scope.packed:
            return scope.packed[key]
        assert a.strides is not None
        buffer = self.new_buffer()
        base = a.pointer.text if isinstance(a.pointer, Name) else "array"
        pointer = self.name(f"{base}_packed", a.dtype, level, is_pointer=True)
        strides = [
            self.name(f"{pointer.text}_s{k}", "int64", level)
            for k in range(a.rank if keep_strides else 0)
        ]
        self._put_guarded(Pack(self.node_index, a, fits, pointer, strides, buffer), level)
        if not is_given:
            scope.temporary.append(buffer)
        made = Array(
            pointer,
            a.dtype,
            a.lengths,
            list(strides) if keep_strides else None,
            # Without a buffer nobody gives it back before the end.
            frozenset() if is_given else frozenset([buffer]),
            a.level,
        )
        if is_given:
            scope.packed[key] = made
        return made
