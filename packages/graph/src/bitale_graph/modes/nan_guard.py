"""A mode that stops at the first NaN, infinity or very large number."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from ..base import trace as tracing
from ..base.config import Flag, config
from ..base.errors import where_made
from ..compile.maker import FunctionMaker
from ..core.graph import Apply, Variable
from ..core.results import result_of
from ..core.run import Watch
from ..core.run_time_error import note_seen
from ..core.tree import debugprint
from .bad_numbers import BIG, contains_big, contains_inf, contains_nan
from .first_bad import bad_as_written
from .watching import WatchingMode

for _name, _doc in (
    ("nan_is_error", "whether NanGuardMode stops at NaN"),
    ("inf_is_error", "whether NanGuardMode stops at infinities"),
    ("big_is_error", f"whether NanGuardMode stops at numbers above {BIG:g}"),
):
    config.register(Flag(f"NanGuardMode.{_name}", True, _doc))
config.register(
    Flag(
        "NanGuardMode.action",
        "raise",
        "what NanGuardMode does: raise, warn, or open the debugger pdb",
        ("raise", "warn", "pdb"),
    )
)


@dataclass(frozen=True, init=False)
class NanGuardMode(WatchingMode):
    """Stop at the first node that gives a NaN, an infinity, or a very large number.

    Nodes run one by one on NumPy, those in the steps of loops and in branches too. A variable whose
    ``tag.nan_guard_mode_check`` is False is left alone.

    Parameters
    ----------
    nan_is_error, inf_is_error, big_is_error : bool, optional
        What is looked for; by default what flags of these names in ``config.NanGuardMode`` say.
        Numbers are big above 1e10.
    optimizer, include, exclude, require
        As of `Mode`.

    Raises
    ------
    AssertionError
        In a call, with the node and its inputs (``config.NanGuardMode.action`` may be ``"warn"`` or
        ``"pdb"`` instead). No update is made then.

    Examples
    --------
    >>> from bitale_graph import function, language as T
    >>> x = T.dvector("x")
    >>> f = function([x], T.log(x), mode=NanGuardMode())
    >>> f([1.0, -1.0])
    Traceback (most recent call last):
        ...
    AssertionError: NaN detected in ...
    """

    nan_is_error: bool | None = None
    inf_is_error: bool | None = None
    big_is_error: bool | None = None

    def __init__(
        self,
        nan_is_error: bool | None = None,
        inf_is_error: bool | None = None,
        big_is_error: bool | None = None,
        optimizer: str = "default",
        linker: Any = None,
        include: Iterable[str] = (),
        exclude: Iterable[str] | None = None,
        device: str = "",
        require: Iterable[str] = (),
        own: tuple[tuple[Any, Any], ...] = (),
    ) -> None:
        if False is nan_is_error is inf_is_error is big_is_error:
            raise ValueError("NanGuardMode: there is nothing to look for: all three are False")
        super().__init__(
            linker,
            optimizer,
            include,
            exclude,
            device,
            require,
            own,
            nan_is_error=nan_is_error,
            inf_is_error=inf_is_error,
            big_is_error=big_is_error,
        )

    def watch(self, maker: FunctionMaker) -> Watch:
        """What sees the nodes of a function."""
        return _Guard(self, maker)


class _Guard(Watch):
    def __init__(self, mode: NanGuardMode, maker: FunctionMaker) -> None:
        self._maker = maker
        self._graph = maker.fgraph
        self._name = maker.name
        self._given: Sequence[Any] = ()
        flags = config.NanGuardMode
        wanted = (
            ("NaN", mode.nan_is_error, flags.nan_is_error, contains_nan),
            ("Inf", mode.inf_is_error, flags.inf_is_error, contains_inf),
            ("Big value", mode.big_is_error, flags.big_is_error, contains_big),
        )
        self._tests: list[tuple[str, Callable[[Any], bool]]] = [
            (what, test) for what, own, flag, test in wanted if (flag if own is None else own)
        ]

    def begin(self, graph: Any, given: Sequence[Any]) -> None:
        if graph is not self._graph:
            return  # of a loop or a branch: its values were seen outside
        self._given = given
        for v, value in zip(graph.inputs, given, strict=True):
            if what := self._found(v, value):
                place = where_made(v)
                self._tell(
                    f"{what} detected in the input {v} of function {self._name!r}"
                    f"{f', made at {place}' if place else ''}, before any node has run"
                )

    def run(self, graph: Any, index: int, node: Apply, inputs: list[Any]) -> list[Any]:
        results = result_of(node, inputs)
        for v, value in zip(node.outputs, results, strict=True):
            if what := self._found(v, value):
                self._tell_of_node(what, node, v, inputs)
        return results

    def _found(self, v: Variable, value: Any) -> str:
        if not getattr(v.tag, "nan_guard_mode_check", True):
            return ""
        return next((what for what, test in self._tests if test(value)), "")

    def _tell_of_node(self, what: str, node: Apply, v: Variable, inputs: Sequence[Any]) -> None:
        place = where_made(v)
        had = [i for i, x in enumerate(inputs) if any(test(x) for _, test in self._tests)]
        text = (
            f"{what} detected in {_named(v)}, which {node.op} gives"
            f"{f', made at {place}' if place else ''}\n"
            f"  its inputs {'had none' if not had else f'number {had} were so before'}\n"
            f"The graph up to the node:\n{debugprint(v, depth=6, file='str')}"
        )
        text += self._as_written(what)
        if config.NanGuardMode.action != "raise" and node.trace:
            text += f"\nThe node was made here:\n{tracing.text(node.trace)}"
        self._tell(text)

    def _as_written(self, what: str) -> str:
        """What made it in the user's own words, as far as that goes wrong by itself."""
        test = dict(self._tests)[what]
        if self._maker.mode.optimizer == "None" or test is contains_big:
            return ""
        kind = "NaN" if test is contains_nan else "infinity"
        found = bad_as_written(self._maker, self._given, kind, test)
        return "" if found is None else f"As it was written, {found}\n"

    def _tell(self, text: str) -> None:
        action = config.NanGuardMode.action
        if action == "raise":
            error = AssertionError(text)
            note_seen(error)
            raise error
        if action == "warn":
            warnings.warn(text, RuntimeWarning, stacklevel=2)
            return
        print(text)  # noqa: T201 (what the debugger is opened for)
        import pdb

        pdb.set_trace()


def _named(v: Variable) -> str:
    return f"{v.name!r}" if v.name else str(v)
