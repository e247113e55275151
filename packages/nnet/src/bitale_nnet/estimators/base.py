"""What classifier and regressor have in common."""

from __future__ import annotations

import copy
import math
import os
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from bitale_graph import language as T
from bitale_graph.extend import DtypeError, Mode, ShapeError
from sklearn.base import BaseEstimator
from sklearn.exceptions import NotFittedError as NotFittedError
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted

from ..initializers import HeNormal
from ..layers import Dense, Sequential
from ..layers.layer import Layer, check_shapes
from ..storage.array_file import ArrayFile, Header, open_arrays
from ..storage.persistence import save_arrays
from ..training.callbacks import Callback, EarlyStopping
from ..training.history import History
from ..training.schedules import Schedule
from ..training.step import Objective, RowFunction
from ..training.trainer import Trainer, check_count
from . import targets
from .features import check_features, hint_at_scale
from .parameters import check_parameters, seed_of
from .predictor import Predictor

Array = np.ndarray[Any, Any]


@dataclass(frozen=True)
class Counting:
    """Tells which steps of sequences count: those that hold anything but ``value``."""

    value: float

    def __call__(self, x: Any) -> Any:
        """A mask of the first two axes."""
        counts = T.neq(x, self.value)
        return T.any(counts, axis=-1) if x.ndim > 2 else counts


class Estimator(BaseEstimator, ABC):  # type: ignore[misc]  # scikit-learn has no types
    """The base: a subclass gives the loss, and makes targets of y."""

    network: int | Sequence[int] | Layer
    activation: Callable[[Any], Any] | str
    update: Callable[..., Any] | str
    learning_rate: float | Schedule
    batch_size: int
    epochs: int
    l1: float
    l2: float
    weight_decay: float
    clip_norm: float | None
    clip_value: float | None
    early_stopping: bool
    patience: int
    min_delta: float
    monitor: str
    validation_fraction: float
    warm_start: bool
    callbacks: Sequence[Callback]
    mask_value: float | None
    random_state: Any
    dtype: str | None
    progress: bool | None
    mode: Mode | str | None

    # What a subclass gives
    @abstractmethod
    def _row_loss(self) -> RowFunction:
        """The loss of each row."""

    def _metrics(self) -> dict[str, RowFunction]:
        return {}

    @abstractmethod
    def _n_outputs(self) -> int:
        """How many numbers the network gives for a sample."""

    @abstractmethod
    def _outputs_are(self) -> str:
        """What they are, for messages."""

    # Parameters
    def _check_parameters(self) -> None:
        """Raise `TypeError` or `ValueError` for parameters that cannot be."""
        check_parameters(self)
        self._hidden_sizes()

    def _hidden_sizes(self) -> list[int] | None:
        """The sizes of hidden layers; None where ``network`` is a layer."""
        if isinstance(self.network, Layer):
            return None
        network: Any = self.network
        if isinstance(network, (int, np.integer)) and not isinstance(network, bool):
            network = [network]
        if isinstance(network, (str, bool)) or not isinstance(network, Iterable):
            raise TypeError(
                "network is a list of sizes of hidden layers, such as [64], or a layer, not "
                f"{network!r}"
            )
        sizes = list(network)
        for size in sizes:
            check_count("each size of a hidden layer", size, 1)
        return sizes

    @property
    def _kind(self) -> str:
        """What the network takes: "float" or "int"."""
        if not isinstance(self.network, Layer):
            return "float"
        kind = self.network.input_dtype
        if isinstance(kind, tuple):
            raise TypeError(
                f"{type(self).__name__} has one input X, and {self.network} takes {len(kind)}; "
                "a Trainer takes several"
            )
        return "int" if kind == "int" else "float"

    def _features(self, X: Any, reset: bool) -> Any:
        rank = 2 if self._hidden_sizes() is not None else None
        if reset:
            self._computes_in = self.dtype
        array = check_features(
            self, X, dtype=self._computes_in, kind=self._kind, rank=rank, reset=reset
        )
        if self._computes_in is None:
            is_wide = array.dtype.kind == "f" and array.dtype.itemsize >= 8
            self._computes_in = "float64" if is_wide else "float32"
        expected = None if reset else self.__dict__.get("input_shape_")
        if expected is not None and array.shape[1:] != expected:
            raise ShapeError(
                f"X has samples of the shape {array.shape[1:]}, and {type(self).__name__} was "
                f"fitted with {expected}"
            )
        return array

    # The network
    def _described(self, input_shape: tuple[int, ...]) -> Layer:
        """An unbuilt layer for inputs of this shape; raises `ShapeError` if it does not fit."""
        n = self._n_outputs()
        sizes = self._hidden_sizes()
        if sizes is None:
            assert isinstance(self.network, Layer)
            shape = self.network.output_shape((None, *input_shape))
            if shape != (None, n):
                raise ShapeError(
                    f"the network must give (samples, {n}) {self._outputs_are()}, and its output "
                    f"for samples of the shape {input_shape} has the shape {shape}"
                )
            return self.network.unbuilt()
        hidden = [Dense(units, self.activation, weights=HeNormal("relu")) for units in sizes]
        return Sequential([*hidden, Dense(n)])

    def _objective(self, layer: Layer) -> Objective:
        return Objective(layer, self._row_loss(), self._metrics(), self.l1, self.l2, self._mask())

    def _mask(self) -> Callable[[Any], Any] | None:
        return None if self.mask_value is None else Counting(self.mask_value)

    def _trainer(self, layer: Layer, seed: int, callbacks: Sequence[Callback] = ()) -> Trainer:
        return Trainer(
            layer,
            self._row_loss(),
            update=self.update,
            learning_rate=self.learning_rate,
            metrics=self._metrics(),
            l1=self.l1,
            l2=self.l2,
            weight_decay=self.weight_decay,
            clip_norm=self.clip_norm,
            clip_value=self.clip_value,
            mask=self._mask(),
            callbacks=callbacks,
            seed=seed,
            mode=self.mode,
        )

    # Training
    def _train(
        self,
        X: Any,
        target: Array,
        weights: Array | None,
        held_out: tuple[Any, Array] | None,
        rng: np.random.Generator,
        resume: str | os.PathLike[str] | None,
    ) -> Estimator:
        """Train anew, or on with ``warm_start``, and become what was trained."""
        if self._kind == "float":
            hint_at_scale(self, X, stacklevel=5)
        shape = tuple(X.shape[1:])
        layer = self._described(shape)
        layer.build((None, *shape), rng, self._computes_in)
        if self.warm_start and "network_" in self.__dict__:
            layer.set_values(self.network_.get_values())
        callbacks = self._copied_callbacks()
        if self.early_stopping:
            monitored = self.monitor
            callbacks.append(EarlyStopping(self.patience, self.min_delta, monitored))
        trainer = self._trainer(layer, int(rng.integers(2**31)), callbacks)
        trainer.fit(
            (X, target) if weights is None else (X, target, weights),
            epochs=self.epochs,
            batch_size=self.batch_size,
            validation=held_out,
            resume=resume,
            progress=self.progress,
            stacklevel=5,
        )
        self._become(layer, shape)
        self.history_, self.callbacks_ = trainer.history, callbacks
        self.n_iter_ = trainer.history.epochs
        self._partial: Trainer | dict[str, Any] | None = None
        return self

    def _train_further(self, X: Any, target: Array, weights: Array) -> Estimator:
        """Go once through some rows, with what the update rule remembers; all or nothing."""
        shape = tuple(X.shape[1:])
        trainer = self.__dict__.get("_partial")
        if "network_" not in self.__dict__:
            rng = self._generator()
            layer = self._described(shape)
            layer.build((None, *shape), rng, self._computes_in)
            trainer = self._trainer(layer, int(rng.integers(2**31)))
        elif not isinstance(trainer, Trainer):
            layer, state = self.network_, trainer
            trainer = self._trainer(layer, 0 if state else int(self._generator().integers(2**31)))
            if state:
                trainer.set_state(state)
        layer = trainer.network
        before, values = trainer.get_state(), layer.get_values()
        try:
            trainer.fit(
                (X, target, weights), batch_size=self.batch_size, progress=False, stacklevel=4
            )
        except BaseException:
            layer.set_values(values)
            if before["form"] is not None:
                trainer.set_state(before)
            raise
        if "network_" not in self.__dict__:
            self._become(layer, shape)
            self.history_, self.n_iter_, self.callbacks_ = History(), 0, []
        self._partial = trainer
        self.history_.add({name: figures[-1] for name, figures in trainer.history.items()})
        self.n_iter_ += 1
        return self

    def _copied_callbacks(self) -> list[Callback]:
        """What looks on in one fit, which leaves parameters as they are."""
        try:
            return list(copy.deepcopy(self.callbacks))
        except (TypeError, ValueError, copy.Error) as error:
            raise TypeError(
                f"each fit takes copies of callbacks, and they cannot be copied: {error}; give "
                "them __deepcopy__, or open what cannot be copied in on_train_begin"
            ) from error

    def _generator(self) -> np.random.Generator:
        # None draws from NumPy's global numbers, as everywhere in scikit-learn.
        state = self.random_state
        return np.random.default_rng(seed_of(check_random_state(None) if state is None else state))

    def _split(
        self, validation: Any, n: int, strata: Array | None, rng: np.random.Generator
    ) -> Array | None:
        """Which rows are held out; None where there are none, or others are given."""
        if validation is None and self.early_stopping and self.monitor.startswith("validation_"):
            validation = self.validation_fraction
        if validation is None or isinstance(validation, (tuple, list)):
            return None
        return targets.hold_out(strata, n, validation, rng)

    def _held_out(self, validation: Any) -> tuple[Any, Any] | None:
        """The pair that was given to validate with, its features checked."""
        if not isinstance(validation, (tuple, list)):
            return None
        if len(validation) != 2:
            raise TypeError(f"validation is a pair (X, y), not {len(validation)} things")
        return self._features(validation[0], reset=False), validation[1]

    def _become(self, layer: Layer, shape: tuple[int, ...]) -> None:
        self.network_ = layer
        self.input_shape_ = shape
        self._predictor = Predictor(self._objective(layer), self.mode)

    def _output(self, X: Any) -> Array:
        check_is_fitted(self)
        return self._predictor(self._features(X, reset=False))

    # Files and pickles
    @abstractmethod
    def _to_store(self) -> dict[str, Array]:
        """What is saved beside the parameters."""

    @abstractmethod
    def _take_stored(self, arrays: dict[str, Array]) -> None:
        """Take that out of arrays of a file."""

    @abstractmethod
    def _expect_stored(self, stored: ArrayFile) -> set[str]:
        """The names of that, checked by the file's headers."""

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write what was learnt as arrays: to .npz, or .safetensors if that is installed.

        This is what to give to others: unpickling an estimator trusts its source, as a pickle can
        run any code when it is read.
        """
        check_is_fitted(self)
        arrays = {
            **self.network_.get_values(),
            **self._to_store(),
            "input_shape": np.array(self.input_shape_, "int64"),
        }
        names = self.__dict__.get("feature_names_in_")
        if names is not None:
            arrays["feature_names.text"] = targets.encode_text(names)
        save_arrays(path, arrays)

    def load(self, path: str | os.PathLike[str]) -> Any:
        """Take what a file holds that `save` wrote, for an estimator of the same description.

        Returns
        -------
        Estimator
            Itself.

        Raises
        ------
        ValueError
            If names or shapes differ from those of this network.
        TypeError
            If a dtype would lose precision.

        Notes
        -----
        Nothing in the file is executed. What differs is told by the file's headers, before memory
        is taken; and nothing is changed then.
        """
        self._check_parameters()
        loaded = copy.copy(self)
        for name in [name for name in vars(loaded) if name.endswith("_")]:
            delattr(loaded, name)
        with open_arrays(path) as stored:
            extra = loaded._expect_stored(stored) | {"input_shape", "feature_names.text"}
            shape = _stored_shape(path, stored)
            layer = loaded._described(shape)
            expected = {p.name: p.shape for p in layer.declare((None, *shape))}
            given = {name: h for name, h in stored.headers.items() if name not in extra}
            check_shapes(expected, {name: h.shape for name, h in given.items()})
            loaded._computes_in = _computed_in(given, self.dtype)
            arrays = {name: stored.read(name) for name in stored.headers}
        del arrays["input_shape"]
        names = arrays.pop("feature_names.text", None)
        if names is not None:
            loaded.feature_names_in_ = targets.decode_text(names).astype(object)
        loaded._take_stored(arrays)
        layer.build((None, *shape), dtype=loaded._computes_in)
        layer.set_values({name: arrays[name] for name in expected})
        loaded._become(layer, shape)
        loaded.n_features_in_ = shape[0]
        loaded.history_, loaded.n_iter_, loaded._partial = History(), 0, None
        loaded.callbacks_ = []
        self.__dict__ = loaded.__dict__
        return self

    def __getstate__(self) -> dict[str, Any]:
        state: dict[str, Any] = dict(super().__getstate__())
        trainer = state.get("_partial")
        if isinstance(trainer, Trainer):
            state["_partial"] = trainer.get_state()
        return state

    def __setstate__(self, state: dict[str, Any]) -> None:
        super().__setstate__(state)
        if "network_" in state:
            # Arrays may lie in a file that is mapped into memory, where they cannot be computed in.
            self.network_.set_values(self.network_.get_values())

    def __sklearn_is_fitted__(self) -> bool:
        return "network_" in self.__dict__


def _computed_in(headers: Mapping[str, Header], dtype: str | None) -> str:
    """The dtype to compute in with parameters from a file."""
    for name, header in headers.items():
        if not np.can_cast(header.dtype, dtype or "float64", "safe"):
            raise DtypeError(
                f"{name} is stored in {header.dtype}, and this estimator computes in {dtype}; "
                "nothing was changed. Try dtype='float64'"
            )
    if dtype is not None:
        return dtype
    return str(np.result_type("float32", *(header.dtype for header in headers.values())))


def _stored_shape(path: str | os.PathLike[str], stored: ArrayFile) -> tuple[int, ...]:
    header = stored.headers.get("input_shape")
    if (
        header is not None
        and header.dtype.kind in "iu"
        and len(header.shape) == 1
        and 1 <= math.prod(header.shape) <= 8
    ):
        shape = tuple(int(n) for n in stored.read("input_shape"))
        if all(n >= 1 for n in shape):
            return shape
    raise ValueError(f"{os.fspath(path)} does not say for what features it is")
