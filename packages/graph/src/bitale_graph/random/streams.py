"""Streams of random numbers, whose states are kept between calls."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ..base.errors import describe
from ..core.graph import Variable
from ..tensor.shared import SharedVariable, shared
from . import choices, distributions
from .state import new_state

# The modulus of Theano's generator, below which its seeds lie.
_MODULUS = 2147462579


class RandomStreams:
    """Random variables, each with a state of its own that every call of a function moves on.

    A variable that is drawn has one value in a call, however often it is used. Its state is a
    shared variable with a default update: a function with ``no_default_updates=True`` draws the
    same numbers at each call.

    Parameters
    ----------
    seed : int or sequence of int, optional
        The same seed gives the same numbers, whatever computes them. None: from the system.

    Attributes
    ----------
    state_updates : list of pairs
        The state of each variable, and what it becomes.

    Examples
    --------
    >>> from bitale_graph import function
    >>> streams = RandomStreams(seed=234)
    >>> x = streams.uniform((2, 2))
    >>> f = function([], [x, x - x])
    >>> f()[1]
    array([[0., 0.],
           [0., 0.]])
    """

    def __init__(self, seed: Any = None) -> None:
        self.default_instance_seed = _fresh(seed)
        self.state_updates: list[tuple[SharedVariable[Any], Any]] = []
        self._streams: list[int] = []
        self._next = 0

    def gen(self, draw: Callable[..., tuple[Any, Any]], *args: Any, **keywords: Any) -> Any:
        """A variable that ``draw`` draws: a function from a state to the next one and a variable.

        It has the attributes ``rng``, its state, and ``update``, the pair of that and the next one.
        """
        stream = self._next
        state = shared(new_state(self.default_instance_seed, stream), f"random_state_{stream}")
        after, drawn = draw(state, *args, **keywords)
        state.default_update = after
        drawn.rng, drawn.update = state, (state, after)
        self.state_updates.append((state, after))
        self._streams.append(stream)
        self._next += 1
        return drawn

    def updates(self) -> list[tuple[SharedVariable, Any]]:
        """The pairs of states and what they become."""
        return list(self.state_updates)

    def seed(self, seed: Any = None) -> None:
        """Begin anew: every state as if the streams had been made with this seed.

        None: with the seed that they were made with.
        """
        if seed is not None:
            self.default_instance_seed = _fresh(seed)
        for stream, (state, _) in zip(self._streams, self.state_updates, strict=True):
            state.set_value(new_state(self.default_instance_seed, stream))

    def __getitem__(self, state: Any) -> np.ndarray[Any, Any]:
        """The value of the state of a variable, ``streams[x.rng]``."""
        found: np.ndarray[Any, Any] = self._own(state).get_value()
        return found

    def __setitem__(self, state: Any, value: Any) -> None:
        self._own(state).set_value(value)

    def _own(self, state: Any) -> SharedVariable[Any]:
        own: SharedVariable[Any] | None = next(
            (one for one, _ in self.state_updates if one is state), None
        )
        if own is not None:
            return own
        shown = describe(state) if isinstance(state, Variable) else repr(state)
        raise KeyError(f"{shown} is no state of these streams")

    def uniform(
        self,
        size: Any = None,
        low: Any = 0.0,
        high: Any = 1.0,
        ndim: int | None = None,
        dtype: str | None = None,
        **placing: Any,
    ) -> Any:
        """See `distributions.uniform`."""
        return self._drawn(placing, distributions.uniform, size, low, high, ndim, dtype)

    def normal(
        self,
        size: Any = None,
        avg: Any = 0.0,
        std: Any = 1.0,
        ndim: int | None = None,
        dtype: str | None = None,
        truncate: bool = False,
        **placing: Any,
    ) -> Any:
        """See `distributions.normal`; with ``truncate`` `distributions.truncated_normal`."""
        draw = distributions.truncated_normal if truncate else distributions.normal
        return self._drawn(placing, draw, size, avg, std, ndim, dtype)

    def truncated_normal(
        self,
        size: Any = None,
        avg: Any = 0.0,
        std: Any = 1.0,
        ndim: int | None = None,
        dtype: str | None = None,
        **placing: Any,
    ) -> Any:
        """See `distributions.truncated_normal`."""
        return self._drawn(placing, distributions.truncated_normal, size, avg, std, ndim, dtype)

    def exponential(
        self, size: Any = None, scale: Any = 1.0, ndim: int | None = None, dtype: str | None = None
    ) -> Any:
        """See `distributions.exponential`."""
        return self.gen(distributions.exponential, size, scale, ndim, dtype)

    def gamma(
        self,
        size: Any = None,
        shape: Any = 1.0,
        scale: Any = 1.0,
        ndim: int | None = None,
        dtype: str | None = None,
    ) -> Any:
        """See `distributions.gamma`."""
        return self.gen(distributions.gamma, size, shape, scale, ndim, dtype)

    def beta(
        self,
        size: Any = None,
        a: Any = 1.0,
        b: Any = 1.0,
        ndim: int | None = None,
        dtype: str | None = None,
    ) -> Any:
        """See `distributions.beta`."""
        return self.gen(distributions.beta, size, a, b, ndim, dtype)

    def poisson(
        self, size: Any = None, lam: Any = 1.0, ndim: int | None = None, dtype: str = "int64"
    ) -> Any:
        """See `distributions.poisson`."""
        return self.gen(distributions.poisson, size, lam, ndim, dtype)

    def binomial(
        self,
        size: Any = None,
        n: Any = 1,
        p: Any = 0.5,
        ndim: int | None = None,
        dtype: str = "int64",
        **placing: Any,
    ) -> Any:
        """See `distributions.binomial`."""
        return self._drawn(placing, distributions.binomial, size, n, p, ndim, dtype)

    def integers(
        self,
        size: Any = None,
        low: Any = 0,
        high: Any = None,
        ndim: int | None = None,
        dtype: str = "int64",
        endpoint: bool = False,
    ) -> Any:
        """See `distributions.integers`."""
        return self.gen(distributions.integers, size, low, high, ndim, dtype, endpoint)

    def random_integers(
        self,
        size: Any = None,
        low: Any = 0,
        high: Any = 1,
        ndim: int | None = None,
        dtype: str = "int64",
    ) -> Any:
        """See `distributions.random_integers`."""
        return self.gen(distributions.random_integers, size, low, high, ndim, dtype)

    def multinomial(
        self,
        size: Any = None,
        n: Any = 1,
        pvals: Any = (0.5, 0.5),
        ndim: int | None = None,
        dtype: str = "int64",
        **placing: Any,
    ) -> Any:
        """See `choices.multinomial`."""
        return self._drawn(placing, choices.multinomial, size, n, pvals, ndim, dtype)

    def choice(
        self,
        size: Any = None,
        a: Any = None,
        replace: bool = True,
        p: Any = None,
        ndim: int | None = None,
        dtype: str | None = None,
        **placing: Any,
    ) -> Any:
        """See `choices.choice`."""
        return self._drawn(placing, choices.choice, size, a, replace, p, ndim, dtype)

    def permutation(
        self, size: Any = None, n: Any = 1, ndim: int | None = None, dtype: str = "int64"
    ) -> Any:
        """See `choices.permutation`."""
        return self.gen(choices.permutation, size, n, ndim, dtype)

    def shuffle_row_elements(self, input: Any) -> Any:
        """See `choices.shuffle_row_elements`."""
        return self.gen(choices.shuffle_row_elements, input)

    def _drawn(self, placing: dict[str, Any], draw: Callable[..., Any], *args: Any) -> Any:
        if placing:
            raise TypeError(f"{draw.__name__} has no parameter {next(iter(placing))!r}")
        return self.gen(draw, *args)


class MRG_RandomStreams(RandomStreams):  # noqa: N801 (Theano's name)
    """`RandomStreams` in the calling form of Theano's generator for devices.

    The numbers are those of `RandomStreams`: Philox 4x32-10, not Theano's MRG31k3p. What tells how
    to share its work (``nstreams``, ``target``) is accepted and changes nothing.

    Parameters
    ----------
    seed : int or sequence of six int
        Not 0, and below 2147462579.
    """

    def __init__(self, seed: Any = 12345) -> None:
        super().__init__(_checked_seed(seed))

    @property
    def rstate(self) -> np.ndarray[Any, Any]:
        """The state of the next variable."""
        return new_state(self.default_instance_seed, self._next)

    def set_rstate(self, seed: Any) -> None:
        """The seed of variables that are drawn from now on."""
        self.default_instance_seed = _checked_seed(seed)

    def inc_rstate(self) -> None:
        """Leave out a stream."""
        self._next += 1

    def seed(self, seed: Any = None) -> None:
        """Begin anew; see `RandomStreams.seed`."""
        super().seed(None if seed is None else _checked_seed(seed))

    def multinomial_wo_replacement(
        self,
        size: Any = None,
        n: Any = 1,
        pvals: Any = None,
        ndim: int | None = None,
        dtype: str = "int64",
        **placing: Any,
    ) -> Any:
        """``n`` places of each row of ``pvals``, no two equal: `choice` without replacement."""
        if size is not None:
            raise ValueError("multinomial_wo_replacement: n of each row are drawn; give no size")
        return self.choice(n, None, False, pvals, ndim, dtype, **placing)

    def _drawn(self, placing: dict[str, Any], draw: Callable[..., Any], *args: Any) -> Any:
        rest = {k: v for k, v in placing.items() if k not in ("nstreams", "target")}
        return super()._drawn(rest, draw, *args)


def _fresh(seed: Any) -> Any:
    """A seed as it was given; one from the system if there is none."""
    return np.random.SeedSequence(seed).entropy


def _checked_seed(seed: Any) -> Any:
    numbers = [seed] if isinstance(seed, (int, np.integer)) else seed
    if not isinstance(numbers, Sequence) or len(numbers) not in (1, 6):
        raise TypeError(f"a seed is an int or six of them, and not {seed!r:.60}")
    if not any(numbers) or any(not 0 <= n < _MODULUS for n in numbers):
        raise ValueError(f"a seed is not 0, and below {_MODULUS}, and not {seed!r:.60}")
    return [int(n) for n in numbers]
