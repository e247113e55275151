"""A regressor over a network."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from bitale_graph.extend import Mode, ShapeError
from sklearn.base import RegressorMixin

from .. import losses
from ..layers.layer import Layer
from ..layers.naming import by_name
from ..storage.array_file import ArrayFile
from ..training.callbacks import Callback
from ..training.schedules import Schedule
from ..training.sources import Chosen
from ..training.step import RowFunction
from . import targets
from .base import Array, Estimator
from .parameters import check_flag

LOSSES: dict[str, Any] = {
    "squared_error": losses.squared_error,
    "absolute_error": losses.absolute_error,
    "huber_loss": losses.huber_loss,
}


class Regressor(RegressorMixin, Estimator):  # type: ignore[misc]
    """Minimise the error of a network's output, in minibatches: one number a sample, or several.

    An estimator of scikit-learn, with the parameters of `Classifier` and these:

    Parameters
    ----------
    network : int, sequence of int, or Layer
        Size of a hidden layer, sizes of several, or a layer whose output is (samples, outputs).
    loss : callable or str
        "squared_error", "absolute_error", "huber_loss", or a function of output and target.
    scale_targets : bool
        Learn targets of mean 0 and variance 1, made from those given, and turn predictions back: a
        network begins near 0 and learns slowly what is far from there. Losses in ``history_`` are
        of the scaled targets. With `partial_fit` the first samples decide.

    Attributes
    ----------
    history_ : History
        "loss" by epoch, averaged over its minibatches as they were trained on, and
        "validation_loss" if there was something to validate with.
    target_mean_, target_scale_ : arrays (outputs,)
        Predictions are ``output * target_scale_ + target_mean_``.
    callbacks_, n_iter_, network_, n_features_in_, feature_names_in_, input_shape_
        As of `Classifier`.

    Examples
    --------
    >>> X = np.linspace(-2, 2, 200)[:, None]
    >>> y = 100 + 10 * np.sin(2 * X[:, 0])
    >>> regressor = Regressor([32, 32], epochs=100, learning_rate=0.01, random_state=0)
    >>> regressor.fit(X, y).score(X, y) > 0.9
    True
    """

    def __init__(
        self,
        network: int | Sequence[int] | Layer = (64,),
        *,
        loss: Callable[[Any, Any], Any] | str = "squared_error",
        scale_targets: bool = True,
        activation: Callable[[Any], Any] | str = "relu",
        update: Callable[..., Any] | str = "adam",
        learning_rate: float | Schedule = 0.001,
        batch_size: int = 32,
        epochs: int = 50,
        l1: float = 0.0,
        l2: float = 0.0,
        weight_decay: float = 0.0,
        clip_norm: float | None = None,
        clip_value: float | None = None,
        early_stopping: bool = False,
        patience: int = 10,
        min_delta: float = 0.0,
        monitor: str = "validation_loss",
        validation_fraction: float = 0.1,
        warm_start: bool = False,
        callbacks: Sequence[Callback] = (),
        mask_value: float | None = None,
        random_state: Any = None,
        dtype: str | None = None,
        progress: bool | None = None,
        mode: Mode | str | None = None,
    ) -> None:
        self.network = network
        self.loss = loss
        self.scale_targets = scale_targets
        self.activation = activation
        self.update = update
        self.learning_rate = learning_rate
        self.batch_size = batch_size
        self.epochs = epochs
        self.l1 = l1
        self.l2 = l2
        self.weight_decay = weight_decay
        self.clip_norm = clip_norm
        self.clip_value = clip_value
        self.early_stopping = early_stopping
        self.patience = patience
        self.min_delta = min_delta
        self.monitor = monitor
        self.validation_fraction = validation_fraction
        self.warm_start = warm_start
        self.callbacks = callbacks
        self.mask_value = mask_value
        self.random_state = random_state
        self.dtype = dtype
        self.progress = progress
        self.mode = mode

    def fit(
        self,
        X: Any,
        y: Any,
        sample_weight: Any = None,
        *,
        validation: Any = None,
        resume: str | os.PathLike[str] | None = None,
    ) -> Regressor:
        """Train from new first values, or with ``warm_start`` from those of the last time.

        Parameters
        ----------
        X, sample_weight, validation, resume
            As for `Classifier.fit`.
        y : array (samples,) or (samples, outputs)
            Finite numbers.

        Returns
        -------
        Regressor
            Itself.

        Raises
        ------
        TypeError, ValueError
            For data or parameters that cannot be used; the regressor is then as it was.
        FloatingPointError
            If the loss becomes NaN or infinite; the regressor is then as it was.
        """
        self._check_parameters()
        before = self.__dict__.copy()
        try:
            return self._fit(X, y, sample_weight, validation, resume)
        except BaseException:
            self.__dict__ = before
            raise

    def _fit(self, X: Any, y: Any, sample_weight: Any, validation: Any, resume: Any) -> Regressor:
        X = self._features(X, reset=True)
        y = targets.check_numbers(y, X.shape[0], self)
        if self.warm_start and "network_" in self.__dict__:
            self._check_outputs(y)
        weights = None if sample_weight is None else targets.check_weights(sample_weight, len(y))
        if weights is not None and not weights.all():
            kept = weights > 0
            X, y, weights = Chosen(X, kept), y[kept], weights[kept]
        rng = self._generator()
        held_out = self._held_out(validation)
        held = self._split(validation, len(y), None, rng)
        if held is not None:
            held_out = (Chosen(X, held), y[held])
            X, y = Chosen(X, ~held), y[~held]
            weights = None if weights is None else weights[~held]
        if not (self.warm_start and "network_" in self.__dict__):
            self._take_scale(y, weights)
        if held_out is not None:
            given = targets.check_numbers(held_out[1], held_out[0].shape[0], self)
            self._check_outputs(given)
            held_out = (held_out[0], self._scaled(given))
        if weights is not None:
            weights = weights / weights.mean()
        self._train(X, self._scaled(y), weights, held_out, rng, resume)
        return self

    def partial_fit(self, X: Any, y: Any, sample_weight: Any = None) -> Regressor:
        """Go once through some samples, in minibatches, from the parameters as they are."""
        self._check_parameters()
        before = self.__dict__.copy()
        try:
            is_first = "network_" not in self.__dict__
            X = self._features(X, reset=is_first)
            y = targets.check_numbers(y, X.shape[0], self)
            weights = np.ones(len(y))
            if sample_weight is not None:
                weights = targets.check_weights(sample_weight, len(y))
            if is_first:
                self._take_scale(y, weights)
            self._check_outputs(y)
            self._train_further(X, self._scaled(y), weights)
        except BaseException:
            self.__dict__ = before
            raise
        return self

    def predict(self, X: Any) -> Array:
        """Numbers of the shape of ``y`` in `fit`, in float64."""
        values = self._output(X) * self.target_scale_ + self.target_mean_
        return values if self._is_matrix else values[:, 0]

    def _take_scale(self, y: Array, weights: Array | None) -> None:
        """Note what targets are like: their number, mean and spread."""
        self._is_matrix = y.ndim == 2
        columns = y.reshape(len(y), -1)
        self.target_mean_ = np.zeros(columns.shape[1])
        self.target_scale_ = np.ones(columns.shape[1])
        if self.scale_targets:
            # Not larger than 1, so that no square overflows, or becomes zero.
            largest = np.abs(columns).max(axis=0)
            largest[largest == 0] = 1.0
            parts = columns / largest
            mean = np.average(parts, axis=0, weights=weights)
            spread = np.sqrt(np.average(np.square(parts - mean), axis=0, weights=weights))
            self.target_mean_ = mean * largest
            # Where all are alike, up to rounding, there is nothing to scale.
            self.target_scale_ = np.where(spread > 1e-12, spread, 1.0) * largest

    def _check_outputs(self, y: Array) -> None:
        expected = (len(self.target_mean_),) if self._is_matrix else ()
        if y.shape[1:] != expected:
            raise ShapeError(
                f"y has the shape {y.shape}, and this regressor was fitted with "
                f"{('samples', *expected)}".replace("'", "")
            )

    def _scaled(self, y: Array) -> Array:
        scaled: Array = (y.reshape(len(y), -1) - self.target_mean_) / self.target_scale_
        return scaled

    # What the base asks for
    def _check_parameters(self) -> None:
        super()._check_parameters()
        by_name("loss", self.loss, LOSSES)
        check_flag("scale_targets", self.scale_targets)

    def _row_loss(self) -> RowFunction:
        return by_name("loss", self.loss, LOSSES)

    def _n_outputs(self) -> int:
        return len(self.target_mean_)

    def _outputs_are(self) -> str:
        return "numbers, one for each column of y"

    def _to_store(self) -> dict[str, Array]:
        return {
            "target_mean": self.target_mean_,
            "target_scale": self.target_scale_,
            "target_is_matrix": np.array([self._is_matrix]),
        }

    def _expect_stored(self, stored: ArrayFile) -> set[str]:
        names = ("target_mean", "target_scale", "target_is_matrix")
        shapes = [stored.headers[name].shape for name in names if name in stored.headers]
        if len(shapes) < 3 or any(len(shape) != 1 for shape in shapes):
            raise ValueError("the file holds no scale of targets; was it saved by a regressor?")
        if shapes[0] != shapes[1] or shapes[2] != (1,):
            raise ValueError("the file holds means and scales of targets of different lengths")
        self.target_mean_ = np.broadcast_to(np.zeros(1), shapes[0])
        return set(names)

    def _take_stored(self, arrays: dict[str, Array]) -> None:
        self.target_mean_ = arrays.pop("target_mean").astype("float64")
        self.target_scale_ = arrays.pop("target_scale").astype("float64")
        self._is_matrix = bool(arrays.pop("target_is_matrix")[0])

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        tags.target_tags.multi_output = True
        return tags
