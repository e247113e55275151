"""What one pass through layers in training carries."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bitale_graph.extend import SharedVariable
from bitale_graph.random import RandomStreams

if TYPE_CHECKING:
    from ..distributed.world import World

Updates = dict[Any, Any]


class Training:
    """One pass in training: layers called with it drop, add noise, and gather statistics.

    Nothing is hidden: what layers would remember is put into ``updates``, which the caller hands to
    ``function(updates=...)`` beside those of the update rule. A layer called without it predicts.

    Parameters
    ----------
    seed : int or sequence of int, optional
        Of the random numbers: the same seed, the same numbers. None: from the system.
    world : bitale_nnet.distributed.World, optional
        Processes, of which each has its rows of the batch: statistics are those of all rows.

    Attributes
    ----------
    streams : RandomStreams
        What layers draw from; each variable drawn has a state that every call moves on by itself.
    updates : dict
        From running statistics, and other variables tagged "state", to their new values.

    Examples
    --------
    >>> from bitale_graph import function
    >>> from bitale_graph import language as T
    >>> from bitale_nnet import Dense, Sequential, Training, sgd
    >>> network = Sequential([Dense(4, "relu"), Dense(1)])
    >>> _ = network.build((None, 3))
    >>> x, training = T.matrix("x"), Training(seed=0)
    >>> loss = T.mean(network(x, training=training) ** 2)
    >>> rule = sgd(loss, network.parameters("trainable"))
    >>> learn = function([x], loss, updates={**rule, **training.updates})
    """

    def __init__(self, seed: Any = None, world: World | None = None) -> None:
        try:
            self.streams = RandomStreams(seed)
        except (TypeError, ValueError) as error:
            raise type(error)(
                f"the seed of a Training is an integer, not negative, or a sequence of them, not "
                f"{seed!r}"
            ) from None
        self.world = world
        self.updates: Updates = {}

    def latest(self, variable: SharedVariable) -> Any:
        """What a variable has become so far in this pass: a layer may be called several times."""
        return self.updates.get(variable, variable)


def check_training(layer: Any, training: Any) -> None:
    """Raise `TypeError`, with what to pass, unless it is a `Training` or None."""
    if training is not None and not isinstance(training, Training):
        raise TypeError(
            f"{layer}: training is None (predicting) or a Training, not {training!r}; pass "
            "training=Training(seed), and its updates to function(updates=...)"
        )
