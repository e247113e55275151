"""Layers that read a sequence step by step: simple recurrence, GRU, LSTM."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

from bitale_autodiff import grad_clip
from bitale_graph import language as T
from bitale_graph.extend import ShapeError, TensorVariable, as_tensor, carry_scan, describe
from bitale_graph.extend import dtype as dtypes

from ..cells import gru_step, lstm_step, simple_rnn_step
from ..functional import ACTIVATIONS
from ..initializers import (
    Constant,
    Given,
    GlorotUniform,
    Initial,
    Initializer,
    Normal,
    Orthogonal,
    SideBySide,
    as_initializer,
    first_values,
)
from .arguments import check_integer, check_number
from .layer import WEIGHTS, Layer, Parameter, Shape, check_units, product_of_lengths
from .masks import steps_that_count, without_padding
from .naming import by_name
from .passes import Training

ZERO = Constant(0.0)


class Recurrent(Layer):
    """The base. A subclass gives `gates`, `step`, and what `declare` lists beside first states.

    Parameters
    ----------
    units : int
        Length of the output of a step.
    return_sequences : bool
        Give the output of every step, rather than that of the last one alone, which takes memory
        that does not grow with the steps.
    backwards : bool
        Read from the last step to the first. With ``return_sequences`` the output at a step is
        still found at the place of that step.
    truncate_gradient : int
        Over how many steps derivatives are carried back; -1 means all.
    clip_gradient : float, optional
        Hold what comes back to each state at each step between this and its negative; by default
        nothing is held.
    learn_first_states : bool
        Make the states before the first step parameters, rather than zeros.
    weights, recurrent_weights : Initializer, optional
        First values of what inputs and states are multiplied by, for each gate; by default
        `GlorotUniform` and `Orthogonal`. A `SideBySide` has one for each gate, in their order.
    bias : Initializer
        First values; ``bias=None`` leaves biases out.
    name : str, optional

    Shapes
    ------
    input   (batch, steps, features), or one sequence (steps, features); ``features`` must be known
    mask    (batch, steps) or (steps,): where it is 0 (or False) the states stay as they are, and
            NaN and infinity are read as 0
    output  (batch, units) or (units,); with ``return_sequences`` (batch, steps, units) or
            (steps, units)

    Without any step, the output is the first state.

    Raises
    ------
    ValueError
        If ``units`` is less than 1.
    ShapeError
        If the input is neither matrix nor of rank 3, ``features`` is unknown, or the mask or first
        states do not fit.
    """

    state_names: tuple[str, ...] = ("h",)
    gate_names: tuple[str, ...] = ("h",)

    def __init__(
        self,
        units: int,
        *,
        return_sequences: bool = False,
        backwards: bool = False,
        truncate_gradient: int = -1,
        clip_gradient: float | None = None,
        learn_first_states: bool = False,
        weights: Initial | None = None,
        recurrent_weights: Initial | None = None,
        bias: Initial | None = ZERO,
        name: str | None = None,
    ) -> None:
        super().__init__(name)
        self.units = check_units(self, units)
        self.return_sequences = return_sequences
        self.backwards = backwards
        self.truncate_gradient = check_integer(self, "truncate_gradient", truncate_gradient, -1)
        if not self.truncate_gradient:
            raise ValueError(
                f"{self}: truncate_gradient is a number of steps, or -1 for all, not 0"
            )
        self.clip_gradient: float | None = None
        if clip_gradient is not None:
            self.clip_gradient = check_number(self, "clip_gradient", clip_gradient)
            if not self.clip_gradient > 0:
                raise ValueError(f"{self}: clip_gradient must be more than 0, not {clip_gradient}")
        self.learn_first_states = learn_first_states
        self.weights = first_values("weights", weights, GlorotUniform())
        self.recurrent_weights = first_values("recurrent_weights", recurrent_weights, Orthogonal())
        self.bias = None if bias is None else as_initializer("bias", bias)

    # What a subclass gives
    def gates(self, features: int) -> list[Parameter]:
        """List weights and biases."""
        raise TypeError(f"{type(self).__name__} does not define gates")

    def step(self, x: Any, states: tuple[Any, ...]) -> tuple[Any, ...]:
        """Give the new states from a row and the states; the first of them is the output."""
        raise TypeError(f"{type(self).__name__} does not define step")

    # For subclasses
    def side_by_side(
        self, n: int, name: str, features: int | None = None, first: int = 0
    ) -> Parameter:
        """Weights of ``n`` gates, for the states or, where ``features`` are told, for inputs.

        The first of them is the gate ``first`` of all.
        """
        initial = self.recurrent_weights if features is None else self.weights
        rows = self.units if features is None else features
        parts = self.of_gates(initial, first, n)
        return Parameter(name, (rows, n * self.units), parts, WEIGHTS)

    def of_gates(self, initial: Initializer, first: int, n: int) -> Initializer:
        """First values of some gates: of each by itself, where a `SideBySide` tells them."""
        total = len(self.gate_names)
        if isinstance(initial, Given) and initial.values.ndim and n == total:
            return initial
        if not isinstance(initial, SideBySide):
            return SideBySide(*[initial] * n)
        if len(initial.parts) != total:
            raise ValueError(
                f"{self} has the gates {', '.join(self.gate_names)}, and {len(initial.parts)} "
                "first values were given side by side"
            )
        return SideBySide(*initial.parts[first : first + n])

    def optional(self, name: str) -> Any:
        """The variable of a bias, or None where there are no biases."""
        return None if self.bias is None else self.variable(name)

    # The layer
    def declare(self, input_shape: Shape) -> list[Parameter]:
        declared = self.gates(self._features(input_shape))
        if self.learn_first_states:
            declared += [Parameter(f"{s}0", (self.units,), ZERO) for s in self.state_names]
        return declared

    def _features(self, input_shape: Shape) -> int:
        if len(input_shape) not in (2, 3) or not isinstance(input_shape[-1], int):
            raise ShapeError(
                f"{self} takes inputs (batch, steps, features) or (steps, features) with a known "
                f"number of features, and got the shape {input_shape}"
            )
        return input_shape[-1]

    def output_shape(self, input_shape: Shape) -> Shape:
        self._features(input_shape)
        kept = input_shape[:-1] if self.return_sequences else input_shape[:-2]
        return (*kept, self.units)

    def multiplications(self, input_shape: Shape) -> int | None:
        gates = self.gates(self._features(input_shape))
        weights = sum(math.prod(p.shape) for p in gates if len(p.shape) > 1)
        return product_of_lengths([input_shape[-2], weights])

    def __call__(
        self,
        x: Any,
        mask: Any = None,
        first_states: Any = None,
        *,
        training: Training | None = None,
    ) -> Any:
        """The output for ``x``, as described for the class; raises `ValueError` before `build`."""
        return self._called(x, training, mask=mask, first_states=first_states)

    def expression(
        self,
        x: Any,
        training: Training | None = None,
        mask: Any = None,
        first_states: Any = None,
    ) -> TensorVariable:
        outputs, last = self.run(x, mask, first_states)
        return outputs if self.return_sequences else last[0]

    def run(
        self, x: Any, mask: Any = None, first_states: Sequence[Any] | None = None
    ) -> tuple[TensorVariable, tuple[TensorVariable, ...]]:
        """Read a sequence, or a batch of them.

        Parameters
        ----------
        x : tensor (batch, steps, features) or (steps, features)
        mask : tensor (batch, steps) or (steps,), optional
        first_states : sequence of tensors (batch, units) or (units,), optional
            One for each state; by default zeros, or what is learnt.

        Returns
        -------
        tensor (batch, steps, units) or (steps, units)
            The outputs of all steps; not computed where it is not used.
        tuple of tensors (batch, units) or (units,)
            The states after the last step.
        """
        self._needs_building()
        x = as_tensor(x)
        if x.ndim not in (2, 3):
            raise ShapeError(
                f"{self} takes (batch, steps, features) or (steps, features), and got {describe(x)}"
            )
        is_batch = x.ndim == 3
        counting = None if mask is None else steps_that_count(self, x, mask)
        if counting is not None:
            x = without_padding(x, counting)
            counting = counting.dimshuffle(1, 0, "x") if is_batch else counting
        rows: Any = x.dimshuffle(1, 0, 2) if is_batch else x
        parameters: list[Any] = list(self._variables.values())
        dtype = dtypes.upcast(x.dtype, *(v.dtype for v in parameters))

        def step(states: Any, row: Any) -> Any:
            row, counts = row if mask is not None else (row, None)
            new = [self._clipped(T.cast(s, dtype)) for s in self.step(row, states)]
            if counts is not None:
                new = [T.switch(counts, s, old) for s, old in zip(new, states, strict=True)]
            return tuple(new), new[0]

        last, outputs = carry_scan(
            step,
            self._first(x, first_states, dtype),
            sequences=rows if counting is None else (rows, counting),
            reverse=self.backwards,
            name=self.name or type(self).__name__,
            truncate=self.truncate_gradient,
        )
        return (outputs.dimshuffle(1, 0, 2) if is_batch else outputs), tuple(last)

    def _clipped(self, state: Any) -> Any:
        if self.clip_gradient is None:
            return state
        return grad_clip(state, -self.clip_gradient, self.clip_gradient)

    def _first(self, x: Any, given: Sequence[Any] | None, dtype: str) -> tuple[Any, ...]:
        if given is not None:
            states = [as_tensor(s) for s in given]
            if len(states) != len(self.state_names) or any(s.ndim != x.ndim - 1 for s in states):
                names = ", ".join(self.state_names)
                raise ShapeError(
                    f"{self} takes first states ({names}), each of rank {x.ndim - 1}, and got "
                    + (", ".join(describe(s) for s in states) or "none")
                )
            return tuple(T.cast(s, dtype) for s in states)
        shape = (x.shape[0], self.units) if x.ndim == 3 else (self.units,)
        zeros = T.zeros(shape, dtype=dtype)
        if not self.learn_first_states:
            return (zeros,) * len(self.state_names)
        return tuple(zeros + self.variable(f"{s}0") for s in self.state_names)


class SimpleRNN(Recurrent):
    """The simplest recurrence; for formulas see `simple_rnn_step`, for parameters `Recurrent`.

    Parameters
    ----------
    activation : callable or str
        Or its name in `functional`; by default tanh.
    described
        The parameters of `Recurrent`.

    Shapes
    ------
    W_x  (features, units), W_h  (units, units): tagged trainable and regularizable
    b    (units,): tagged trainable
    """

    def __init__(
        self, units: int, activation: Callable[[Any], Any] | str = T.tanh, **described: Any
    ) -> None:
        super().__init__(units, **described)
        self.activation = by_name("activation", activation, ACTIVATIONS)

    def gates(self, features: int) -> list[Parameter]:
        declared = [self.side_by_side(1, "W_x", features), self.side_by_side(1, "W_h")]
        if self.bias is not None:
            declared.append(Parameter("b", (self.units,), self.of_gates(self.bias, 0, 1)))
        return declared

    def step(self, x: Any, states: tuple[Any, ...]) -> tuple[Any, ...]:
        W_x, W_h = self.variable("W_x"), self.variable("W_h")
        return (simple_rnn_step(x, states[0], W_x, W_h, self.optional("b"), self.activation),)


class GRU(Recurrent):
    """Gated recurrent units; for formulas see `gru_step`, for parameters `Recurrent`.

    Shapes
    ------
    W_xm  (features, 2 units), W_hm  (units, 2 units): reset and update gates, in this order
    W_xh  (features, units), W_hh  (units, units): the candidate
    b_m   (2 units,), b_h  (units,)

    All are tagged trainable, the matrices regularizable too.
    """

    gate_names = ("reset", "update", "candidate")

    def gates(self, features: int) -> list[Parameter]:
        declared = [
            self.side_by_side(2, "W_xm", features),
            self.side_by_side(2, "W_hm"),
            self.side_by_side(1, "W_xh", features, 2),
            self.side_by_side(1, "W_hh", None, 2),
        ]
        if self.bias is not None:
            gates, candidate = self.of_gates(self.bias, 0, 2), self.of_gates(self.bias, 2, 1)
            declared.append(Parameter("b_m", (2 * self.units,), gates))
            declared.append(Parameter("b_h", (self.units,), candidate))
        return declared

    def step(self, x: Any, states: tuple[Any, ...]) -> tuple[Any, ...]:
        W_xm, W_hm = self.variable("W_xm"), self.variable("W_hm")
        W_xh, W_hh = self.variable("W_xh"), self.variable("W_hh")
        b_m, b_h = self.optional("b_m"), self.optional("b_h")
        return (gru_step(x, states[0], W_xm, W_hm, W_xh, W_hh, b_m, b_h),)


class LSTM(Recurrent):
    """Long short-term memory; for formulas see `lstm_step`, for parameters `Recurrent`.

    The states are h, the output, and c, the memory.

    Parameters
    ----------
    forget_bias : float
        First value of the bias of forget gates, whatever ``bias`` is for the others, unless that is
        a `SideBySide` or an array.
    peepholes : bool or Initializer
        Let gates read the memory too; an initialiser draws the first values, by default normal of
        standard deviation 0.1.
    described
        The parameters of `Recurrent`.

    Shapes
    ------
    W_x  (features, 4 units), W_h  (units, 4 units): input, forget, output gate, and candidate
    b    (4 units,)
    p    (3 units,): with peepholes, of the input, forget and output gate

    All are tagged trainable, the matrices regularizable too.
    """

    state_names = ("h", "c")
    gate_names = ("input", "forget", "output", "candidate")

    def __init__(
        self,
        units: int,
        forget_bias: float = 1.0,
        peepholes: bool | Initial = False,
        **described: Any,
    ) -> None:
        super().__init__(units, **described)
        self.forget_bias = check_number(self, "forget_bias", forget_bias)
        self.peepholes: Initializer | None = None
        if peepholes is not False:
            given = Normal(0.1) if peepholes is True else peepholes
            self.peepholes = as_initializer("peepholes", given)

    def gates(self, features: int) -> list[Parameter]:
        declared = [self.side_by_side(4, "W_x", features), self.side_by_side(4, "W_h")]
        if self.bias is not None:
            initial = self.of_gates(self.bias, 0, 4)
            if isinstance(initial, SideBySide) and not isinstance(self.bias, SideBySide):
                forget = Constant(self.forget_bias)
                initial = SideBySide(initial.parts[0], forget, *initial.parts[2:])
            declared.append(Parameter("b", (4 * self.units,), initial))
        if self.peepholes is not None:
            declared.append(Parameter("p", (3 * self.units,), self.peepholes))
        return declared

    def step(self, x: Any, states: tuple[Any, ...]) -> tuple[Any, ...]:
        h, c = states
        W_x, W_h = self.variable("W_x"), self.variable("W_h")
        p = None if self.peepholes is None else self.variable("p")
        return lstm_step(x, h, c, W_x, W_h, self.optional("b"), p)
