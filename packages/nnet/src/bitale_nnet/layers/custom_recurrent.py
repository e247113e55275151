"""A recurrence of any step."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from .layer import Parameter
from .recurrent import Recurrent


def _are_texts(values: Sequence[Any]) -> bool:
    return all(isinstance(value, str) for value in values)


class CustomRecurrent(Recurrent):
    """A recurrence whose step is a function, such as `gru_step` or one's own.

    Parameters
    ----------
    step : callable
        From a row, the states, and the variables of the parameters, in this order, to the new
        state, or a tuple of them; the first is the output. Rows and states are (features,) and
        (units,), or of a batch (batch, features) and (batch, units).
    units : int
        Length of each state.
    parameters : callable, optional
        From the number of features to a list of `Parameter`; by default there are none.
    states : sequence of str
        Their names; by default one, "h".
    described
        The parameters of `Recurrent` but for initialisers, which parameters have themselves.

    Raises
    ------
    TypeError
        If ``step`` or ``parameters`` is not callable, or ``states`` are no names.
    ValueError
        When called, if the step gives another number of states.

    Examples
    --------
    >>> from bitale_graph import language as T
    >>> from bitale_nnet import CustomRecurrent, Parameter
    >>> from bitale_nnet.initializers import Constant
    >>> def leak(x, h, kept):
    ...     return kept * h + (1 - kept) * x
    >>> layer = CustomRecurrent(leak, 3, lambda features: [Parameter("kept", (3,), Constant(0.9))])
    >>> layer.build((None, None, 3))
    (None, 3)
    """

    def __init__(
        self,
        step: Callable[..., Any],
        units: int,
        parameters: Callable[[int], list[Parameter]] | None = None,
        states: Sequence[str] = ("h",),
        **described: Any,
    ) -> None:
        super().__init__(units, **described)
        for what, given in (("step", step), ("parameters", parameters)):
            if not callable(given) and not (what == "parameters" and given is None):
                raise TypeError(f"{self}: {what} must be a function, not {given!r}")
        is_text = isinstance(states, str)
        if not is_text and not (isinstance(states, (tuple, list)) and _are_texts(states)):
            raise TypeError(f"{self}: states are names such as ('h', 'c'), not {states!r}")
        if is_text or not states or len(set(states)) < len(states):
            raise ValueError(f"{self}: states are names such as ('h', 'c'), not {states!r}")
        self.function = step
        self.parameter_rule = parameters
        self.state_names = tuple(states)

    def gates(self, features: int) -> list[Parameter]:
        return [] if self.parameter_rule is None else list(self.parameter_rule(features))

    def step(self, x: Any, states: tuple[Any, ...]) -> tuple[Any, ...]:
        first_states = {f"{s}0" for s in self.state_names}
        variables = [v for name, v in self._variables.items() if name not in first_states]
        new = self.function(x, *states, *variables)
        given = tuple(new) if isinstance(new, (tuple, list)) else (new,)
        if len(given) != len(states):
            raise ValueError(
                f"{self}: the step gives {len(given)} states, and there are {len(states)}: "
                f"{', '.join(self.state_names)}"
            )
        return given
