"""The mode that checks everything: ops, rewrites, and compiled code against NumPy."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..base.config import Flag, config
from ..base.errors import ConfigError, nearest
from ..compile.mode import Mode

if TYPE_CHECKING:
    from .debug_program import DebugLinker

LAYOUTS = ("initial", "previous", "c_contiguous", "f_contiguous", "strided", "wrong_size", "ALL")


def _check_layouts(text: str) -> None:
    for name in filter(None, text.split(":")):
        if name not in LAYOUTS:
            raise ConfigError(
                f"DebugMode.check_preallocated_output: {name!r} is none of {', '.join(LAYOUTS)}"
                f"{nearest(name, LAYOUTS)}"
            )


for _flag in (
    Flag("DebugMode.check_c", True, "whether DebugMode holds compiled code against NumPy"),
    Flag("DebugMode.check_py", True, "whether DebugMode looks at what ops do on NumPy"),
    Flag("DebugMode.check_finite", True, "whether DebugMode refuses NaN and infinity"),
    Flag("DebugMode.check_strides", 0, "about strides that differ: 0 nothing, 1 warn, 2 raise"),
    Flag(
        "DebugMode.patience", 2, "how often DebugMode rewrites a graph to see that it is the same"
    ),
    Flag("DebugMode.warn_input_not_reused", True, "of Theano: no op writes into its inputs"),
    Flag("DebugMode.check_preallocated_output_ndim", 4, "of Theano, without effect"),
    Flag(
        "DebugMode.check_preallocated_output",
        "",
        f"what outputs hold before an op runs once more: some of {', '.join(LAYOUTS)}, with colons",
        check=_check_layouts,
    ),
):
    config.register(_flag)


@dataclass(frozen=True, init=False)
class DebugMode(Mode):
    """Check everything that a call relies on, and name the culprit.

    In every call the graph as it is written runs node by node on NumPy, so that errors that
    rewriting would remove are raised; then it is rewritten once more, and what each rewrite
    replaced is compared with what it put there; then the nodes of the result are compiled, for C
    and for the device that the function runs on, and each is compared with NumPy. Loops and
    branches are looked into, at their first and last step. State changes only if all is well.

    By default for everything the flag of this name in ``config.DebugMode`` is asked.

    Parameters
    ----------
    optimizer : str
        As of `Mode`: which rewrites are checked.
    stability_patience : int, optional
        How often a graph is rewritten when the function is made; all must come out the same.
    check_c_code, check_py_code : bool, optional
        Whether to compare with compiled code, and to look at what ops do on NumPy. Not both False.
    check_isfinite : bool, optional
        Whether NaN and infinity are errors.
    check_preallocated_output : sequence of str, optional
        What outputs hold before an op runs once more: ``"initial"``, ``"previous"``,
        ``"c_contiguous"``, ``"f_contiguous"``, ``"strided"``, ``"wrong_size"``, or ``"ALL"``.
    require_matching_strides : int, optional
        About compiled code that gives other strides: 0 nothing, 1 warn, 2 raise.

    Raises
    ------
    BadThunkOutput
        In a call, if compiled code does not give what NumPy gives.
    BadOptimization
        If a rewrite changed a value by more than rounding.
    StochasticOrder
        If rewriting once more gives another graph.
    BadDestroyMap, BadViewMap
        If an op writes into an input, or gives the memory of one without saying so.
    InvalidValueError
        If an op gives what its type does not admit, or NaN or infinity.
    """

    stability_patience: int | None = None
    check_c_code: bool | None = None
    check_py_code: bool | None = None
    check_isfinite: bool | None = None
    check_preallocated_output: tuple[str, ...] | None = None
    require_matching_strides: int | None = None

    def __init__(
        self,
        optimizer: str = "fast_run",
        stability_patience: int | None = None,
        check_c_code: bool | None = None,
        check_py_code: bool | None = None,
        check_isfinite: bool | None = None,
        check_preallocated_output: Sequence[str] | None = None,
        require_matching_strides: int | None = None,
        linker: Any = None,
        include: Iterable[str] = (),
        exclude: Iterable[str] = (),
        device: str = "",
        require: Iterable[str] = (),
        own: tuple[tuple[Any, Any], ...] = (),
    ) -> None:
        if linker not in (None, "auto", "None"):
            raise ValueError(f"DebugMode has a linker of its own, and {linker!r} is not it")
        layouts = check_preallocated_output
        settings = {
            "stability_patience": stability_patience,
            "check_c_code": check_c_code,
            "check_py_code": check_py_code,
            "check_isfinite": check_isfinite,
            "check_preallocated_output": None if layouts is None else tuple(layouts),
            "require_matching_strides": require_matching_strides,
        }
        if False is check_c_code is check_py_code:
            raise ValueError("DebugMode: check_c_code and check_py_code are both False")
        _check_layouts(":".join(layouts or ()))
        for name, value in settings.items():
            object.__setattr__(self, name, value)
        super().__init__("auto", optimizer, include, exclude, device, require, own)  # type: ignore[arg-type]  # read by Mode

    def own_linker(self) -> DebugLinker:
        """The linker that the mode brings."""
        from .debug_program import DebugLinker  # only where it is used

        return DebugLinker()
