"""One step of a loop, pulled back: which states carry a cotangent, and what the step gives each."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from bitale_graph.extend import Body, Scan, ScanInputs, TensorType, Variable
from bitale_graph.extend import dtype as dtypes

from .pattern import dependence
from .walker import accumulate, cotangent_dtype, of_shape, pull_back
from .zero import ZERO, NullType


def cotangent_leaf(v: Any) -> Any:
    """A variable that stands for a cotangent of ``v``."""
    if not isinstance(v.type, TensorType):
        return v.type.clone(dtype=cotangent_dtype(v))()
    return TensorType(cotangent_dtype(v), v.type.shape)()


def condition_leaf(v: Any) -> Any:
    """A variable that stands for a condition such as ``v``."""
    return TensorType("bool", v.type.shape)()


def is_computed(ct: Any) -> bool:
    """Whether a cotangent is a tensor: not absent, zero or undefined."""
    return ct is not None and ct is not ZERO and not isinstance(ct.type, NullType)


def pull_back_body(
    body: Body, leaves: dict[int, Any], conditions: dict[int, Any], asked: Sequence[int]
) -> dict[Variable, Any]:
    """The cotangents of the inputs of a body, from leaves that stand for those of its outputs."""
    seeds: dict[Variable, Any] = {}
    under: dict[Variable, Any] = {}
    for k, leaf in leaves.items():
        result = body.outputs[k]
        ct = of_shape(result.type, leaf) if isinstance(result.type, TensorType) else leaf
        if result not in seeds and k in conditions:
            under[result] = conditions[k]
        else:
            under.pop(result, None)
        seeds[result] = accumulate(seeds[result], ct) if result in seeds else ct
    return pull_back(seeds, [body.inputs[i] for i in asked], conditions=under)


class StepBack:
    """The pull-back of one step of a loop.

    Carried are the states whose cotangent may be other than zero and leads to something wanted.
    What turns out zero (or undefined) is so in all steps, and the walk is made again with that.

    Parameters
    ----------
    op : Scan
    last : container of int
        States whose cotangent arrives from outside, after the last step.
    stacks : iterable of int
        Stacks whose rows receive cotangents.
    wanted : ScanInputs of bool
    chosen : container of int
        Those of ``stacks`` whose cotangents are under a condition.

    Attributes
    ----------
    states : dict
        For each carried state the leaf that stands for its cotangent after the step.
    rows : dict
        For each of ``stacks`` the leaf that stands for the cotangent of its row.
    conditions : dict
        For each of ``chosen`` the leaf that stands for the condition in its row.
    undefined : dict
        For states whose cotangent is undefined that null variable.
    found : dict
        For each input of the body its cotangent; for states that before the step.
    """

    def __init__(
        self,
        op: Scan,
        last: Mapping[int, Any],
        stacks: Iterable[int],
        wanted: ScanInputs[bool],
        chosen: Iterable[int] = (),
    ) -> None:
        self.op = op
        self._outputs = op.inner_outputs
        self.rows = {k: cotangent_leaf(self._outputs.stacks[k]) for k in stacks}
        self.conditions = {k: condition_leaf(self._outputs.stacks[k]) for k in chosen}
        states = op.inner.states
        self.states = {i: cotangent_leaf(states[i]) for i in self._carried(last, wanted)}
        self.undefined: dict[int, Variable] = {}
        self.found = self._pulled_back(last, wanted)

    def _carried(self, last: Iterable[int], wanted: ScanInputs[bool]) -> list[int]:
        depends = dependence(self.op.body)
        states = self.op.inner.states
        before = {
            i: [j for j, s in enumerate(states) if s in depends[new]]
            for i, new in enumerate(self._outputs.states)
        }
        of_rows = set[Variable]().union(*(depends[self._outputs.stacks[k]] for k in self.rows))
        arriving = _closure({*last, *(i for i, s in enumerate(states) if s in of_rows)}, before.get)
        # A discrete state lets nothing through; only what it was at first may be asked for.
        smooth = [i for i, s in enumerate(states) if not dtypes.is_discrete(s.type.dtype)]
        sources = {
            v
            for v, w in zip(
                (*self.op.inner.sequences, *self.op.inner.non_sequences),
                (*wanted.sequences, *wanted.non_sequences),
                strict=True,
            )
            if w
        }
        leading = _closure(
            {
                *(i for i, w in enumerate(wanted.states) if w),
                *(i for i in smooth if depends[self._outputs.states[i]] & sources),
            },
            lambda j: [i for i in smooth if j in before[i]],
        )
        return sorted(arriving & leading)

    def _pulled_back(self, last: Mapping[int, Any], wanted: ScanInputs[bool]) -> dict[Any, Any]:
        inner = self.op.inner
        wrt = [
            *(v for v, w in zip(inner.sequences, wanted.sequences, strict=True) if w),
            *(inner.states[i] for i in self.states),
            *(v for v, w in zip(inner.non_sequences, wanted.non_sequences, strict=True) if w),
        ]
        while True:
            seeds, under = self._seeds()
            found = pull_back(seeds, wrt, conditions=under)
            undefined = {}
            zero = []
            for i, leaf in self.states.items():
                ct = found.get(inner.states[i])
                if ct is not None and ct is not ZERO and not is_computed(ct):
                    undefined[i] = ct
                elif i not in last and (ct is None or ct is ZERO or ct is leaf):
                    zero.append(i)
            if not zero and undefined.keys() <= self.undefined.keys():
                return found
            self.undefined.update(undefined)
            for i in zero:
                del self.states[i]

    def _seeds(self) -> tuple[dict[Variable, Any], dict[Variable, Any]]:
        """Where the walk starts, and the conditions that cotangents are under."""
        given = [
            *((self._outputs.stacks[k], leaf) for k, leaf in self.rows.items()),
            *(
                (self._outputs.states[i], self.undefined.get(i, leaf))
                for i, leaf in self.states.items()
            ),
        ]
        seeds: dict[Variable, Any] = {}
        under = {self._outputs.stacks[k]: leaf for k, leaf in self.conditions.items()}
        for v, ct in given:
            if v in seeds:
                under.pop(v, None)
            seeds[v] = accumulate(seeds[v], ct) if v in seeds else ct
        return seeds, under


def _closure(start: Iterable[int], following: Callable[[int], Iterable[int] | None]) -> set[int]:
    """``start`` and what follows from it."""
    found = set(start)
    stack = list(found)
    while stack:
        more = set(following(stack.pop()) or ()) - found
        found |= more
        stack.extend(more)
    return found
