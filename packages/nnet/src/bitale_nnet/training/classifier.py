"""A classifier over a network, with the methods that users of scikit-learn know."""

from __future__ import annotations

import math
import os
import warnings
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np
from bitale_graph import language as T
from bitale_graph.extend import (
    DtypeError,
    Function,
    Mode,
    ShapeError,
    TensorType,
    TensorVariable,
    function,
)

from .. import losses, penalties, updates
from ..functional import ACTIVATIONS, relu
from ..initializers import HeNormal
from ..layers import Dense, Sequential
from ..layers.layer import Layer, check_shapes
from ..layers.naming import by_name, shown
from ..storage.array_file import ArrayFile, open_arrays
from ..storage.persistence import save_arrays
from ..training import samples
from .minibatches import iterate_minibatches

Array = np.ndarray[Any, Any]


class NotFittedError(ValueError, AttributeError):
    """A classifier that was asked before `fit` or `load`."""


class Classifier:
    """Minimise the cross-entropy of the softmax of a network's output, in minibatches.

    Parameters
    ----------
    network : sequence of int, or Layer
        Sizes of hidden layers, or a layer whose output is one score (logit) for each class.
    activation : callable or str
        Or its name in `functional`. Of the hidden layers, where ``network`` is a sequence of sizes.
    update : callable or str
        Or its name, such as "adam". From `updates`: called with (loss, parameters, learning_rate).
    learning_rate : float
    batch_size, epochs : int
        Samples in a step; passes over the data.
    seed : int
        Decides the first values and the order of the samples: the same seed, the same result.
    l1, l2 : float
        Factors of the penalties on weights, biases left out.
    dtype : "float32" or "float64"
        What is computed in.
    progress : bool
        Show a bar on standard error.
    mode : Mode or str, optional
        How functions are made; by default ``config.mode``.

    Attributes
    ----------
    classes : array
        The labels, sorted. After `fit` or `load`.
    history : dict of lists
        "loss" and "accuracy" by epoch, averaged over its minibatches as they were trained on, and
        "validation_loss", "validation_accuracy" if there was something to validate with.

    Examples
    --------
    >>> X = np.array([[0, 0], [0, 1], [1, 0], [1, 1]])
    >>> classifier = Classifier([16], learning_rate=0.05, epochs=100, progress=False)
    >>> classifier.fit(X, ["same", "different", "different", "same"]).predict([[1, 0]])
    array(['different'], dtype='<U9')
    """

    def __init__(
        self,
        network: Sequence[int] | Layer = (64,),
        *,
        activation: Callable[[Any], Any] | str = relu,
        update: Callable[..., Any] | str = updates.adam,
        learning_rate: float = 0.001,
        batch_size: int = 32,
        epochs: int = 50,
        seed: int = 0,
        l1: float = 0.0,
        l2: float = 0.0,
        dtype: str = "float32",
        progress: bool = True,
        mode: Mode | str | None = None,
    ) -> None:
        if batch_size < 1 or epochs < 1:
            raise ValueError(
                f"batch_size and epochs must be at least 1, and are {batch_size} and {epochs}"
            )
        if dtype not in ("float32", "float64"):
            raise ValueError(f"dtype is 'float32' or 'float64', not {dtype!r}")
        if not isinstance(network, Layer):
            if isinstance(network, str) or not isinstance(network, Iterable):
                raise TypeError(
                    "network is a list of sizes of hidden layers, such as [64], or a layer, not "
                    f"{network!r}"
                )
            network = list(network)
        self.network = network
        self.activation = by_name("activation", activation, ACTIVATIONS)
        self.update = by_name("update", update, updates.RULES)
        self.learning_rate = learning_rate
        self.batch_size = batch_size
        self.epochs = epochs
        self.seed = seed
        self.l1 = l1
        self.l2 = l2
        self.dtype = dtype
        self.progress = progress
        self.mode = mode
        self.history: dict[str, list[float]] = {}
        self._classes: Array | None = None
        self._layer: Layer | None = None
        self._n_features = 0
        self._scores: Function | None = None

    @property
    def classes(self) -> Array:
        """The labels, sorted; raises `NotFittedError` where there are none yet."""
        self._fitted()
        assert self._classes is not None
        return self._classes

    @property
    def layer(self) -> Layer:
        """The network with its parameters; raises `NotFittedError` where there are none yet."""
        return self._fitted()

    def fit(self, X: Any, y: Any, validation: tuple[Any, Any] | None = None) -> Classifier:
        """Train from new first values.

        An interruption (Ctrl-C) ends the training, as that of scikit-learn's networks: with a
        warning, and with the parameters as the last step left them. `history` then has the epochs
        that were done whole. Before the first step it is raised, and the classifier as it was.

        Parameters
        ----------
        X : matrix (samples, features)
        y : vector (samples,)
            Labels of any one kind that sorts: numbers, text.
        validation : pair of matrix and vector, optional
            Not trained on; its loss and accuracy are put into `history` after each epoch.

        Returns
        -------
        Classifier
            Itself.

        Raises
        ------
        TypeError, ValueError
            For data that cannot be used; the classifier is then as it was.
        FloatingPointError
            If the loss becomes NaN or infinite; the classifier is then as it was.
        """
        X = samples.check_features(X, self.dtype)
        y = samples.check_labels(y, len(X))
        classes = samples.find_classes(y)
        targets = samples.positions(y, classes)
        held_out = None
        if validation is not None:
            V = samples.check_features(validation[0], self.dtype, X.shape[1])
            w = samples.check_labels(validation[1], len(V))
            held_out = (V, samples.positions(w, classes))
        rng = np.random.default_rng(self.seed)
        layer = self._new_layer(X.shape[1], len(classes))
        layer.build((None, X.shape[1]), rng, self.dtype)
        history = self._train(layer, (X, targets), held_out, rng)
        self._become(layer, classes, X.shape[1])
        self.history = history
        return self

    def predict(self, X: Any) -> Array:
        """The most likely label of each row; raises `NotFittedError` before `fit`."""
        scores = self._compute_scores(X)
        return np.asarray(self.classes[scores.argmax(axis=1)])

    def predict_proba(self, X: Any) -> Array:
        """Probabilities (samples, classes), in the order of `classes`."""
        scores = self._compute_scores(X).astype("float64")
        powers = np.exp(scores - scores.max(axis=1, keepdims=True))
        return np.asarray(powers / powers.sum(axis=1, keepdims=True))

    def score(self, X: Any, y: Any) -> float:
        """The share of rows whose predicted label is that of ``y``.

        Raises
        ------
        ValueError
            For bad data, and for labels that were not there in `fit`.
        """
        scores = self._compute_scores(X)
        targets = samples.positions(samples.check_labels(y, len(scores)), self.classes)
        return float(np.mean(scores.argmax(axis=1) == targets))

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write parameters and labels as arrays: to .npz, or .safetensors if that is installed.

        This is what to give to others: unpickling a classifier trusts its source, as a pickle can
        run any code when it is read.
        """
        layer = self._fitted()
        features = {"n_features": np.array([self._n_features])}
        save_arrays(
            path, {**layer.get_values(), **samples.encode_classes(self.classes), **features}
        )

    def load(self, path: str | os.PathLike[str]) -> Classifier:
        """Take parameters and labels from a file that `save` wrote, for a network like this one.

        Returns
        -------
        Classifier
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
        with open_arrays(path) as stored:
            n_classes = samples.count_classes(stored.headers)
            n_features = self._stored_features(path, stored)
            shape = (None, n_features)
            layer = self._new_layer(n_features, n_classes)
            expected = {p.name: p.shape for p in layer.declare(shape)}
            extra = ("n_features", "classes", "classes.text")
            given = {name: h for name, h in stored.headers.items() if name not in extra}
            check_shapes(expected, {name: h.shape for name, h in given.items()})
            for name, header in given.items():
                if not np.can_cast(header.dtype, self.dtype, "safe"):
                    raise DtypeError(
                        f"{name} is stored in {header.dtype}, and this classifier computes in "
                        f"{self.dtype}; nothing was changed. Try Classifier(dtype='float64')"
                    )
            arrays = {name: stored.read(name) for name in stored.headers if name != "n_features"}
        classes = samples.decode_classes(arrays)
        layer.build(shape, dtype=self.dtype)
        layer.set_values(arrays)
        self._become(layer, classes, n_features)
        self.history = {}
        return self

    @staticmethod
    def _stored_features(path: str | os.PathLike[str], stored: ArrayFile) -> int:
        header = stored.headers.get("n_features")
        if header is not None and header.dtype.kind in "iu" and math.prod(header.shape) == 1:
            n_features = int(stored.read("n_features").item())
            if n_features >= 1:
                return n_features
        raise ValueError(f"{os.fspath(path)} does not say for how many features it is")

    # Making the functions
    def _new_layer(self, n_features: int, n_classes: int) -> Layer:
        if isinstance(self.network, Layer):
            shape = self.network.output_shape((None, n_features))
            if shape != (None, n_classes):
                raise ShapeError(
                    f"the network must give (samples, {n_classes}) scores, one for each class, "
                    f"and its output for {n_features} features has the shape {shape}"
                )
            return self.network.unbuilt()
        hidden = [Dense(units, self.activation, weights=HeNormal("relu")) for units in self.network]
        return Sequential([*hidden, Dense(n_classes)])

    def _inputs(self) -> tuple[Any, Any]:
        return TensorType(self.dtype, (None, None))("X"), T.lvector("target")

    def _loss(self, layer: Layer, scores: Any, target: Any) -> TensorVariable:
        loss: Any = T.mean(losses.softmax_crossentropy(scores, target))
        weights = layer.parameters("regularizable")
        if self.l1 and weights:
            loss = loss + self.l1 * penalties.l1(weights)
        if self.l2 and weights:
            loss = loss + self.l2 * penalties.l2(weights)
        result: TensorVariable = loss
        return result

    def _train(
        self,
        layer: Layer,
        data: tuple[Array, Array],
        held_out: tuple[Array, Array] | None,
        rng: np.random.Generator,
    ) -> dict[str, list[float]]:
        X, target = self._inputs()
        scores = layer(X)
        results = [
            self._loss(layer, scores, target),
            T.mean(losses.categorical_accuracy(scores, target)),
        ]
        changes = self.update(results[0], layer.parameters("trainable"), self.learning_rate)
        step = function([X, target], results, updates=changes, mode=self.mode, name="train")
        measure = None
        if held_out is not None:
            measure = function([X, target], results, mode=self.mode, name="validate")
        names = ["loss", "accuracy"]
        names += [f"validation_{name}" for name in names] if measure is not None else []
        history: dict[str, list[float]] = {name: [] for name in names}
        steps = 0
        with _progress_bar(self.epochs, self.progress) as bar:
            try:
                for epoch in range(self.epochs):
                    sums = np.zeros(2)
                    for batch in iterate_minibatches(data, self.batch_size, rng):
                        sums += len(batch[0]) * np.array(step(*batch), dtype="float64")
                        steps += 1
                    _record(history, "", sums / len(data[0]), epoch)
                    if measure is not None and held_out is not None:
                        _record(history, "validation_", measure(*held_out), epoch)
                    figures = {name: f"{values[-1]:.4f}" for name, values in history.items()}
                    bar.set_postfix(figures, refresh=False)  # drawn by update, ten times a second
                    bar.update()
            except KeyboardInterrupt:
                if not steps:
                    raise
                whole = min(map(len, history.values()))
                history = {name: values[:whole] for name, values in history.items()}
        if (whole := len(history["loss"])) < self.epochs:
            warnings.warn(
                f"training was interrupted after {whole} of {self.epochs} epochs; the classifier "
                "keeps what it has learnt until then, and the history of the whole epochs",
                UserWarning,
                stacklevel=3,
            )
        return history

    def __repr__(self) -> str:
        names = ("network", "activation", "update", "learning_rate", "batch_size", "epochs")
        described = ", ".join(f"{name}={shown(getattr(self, name))}" for name in names)
        fitted = "not fitted"
        if self._classes is not None:
            fitted = f"fitted to {self._n_features} features and {len(self._classes)} classes"
        return f"<Classifier: {described}; {fitted}>"

    # State
    def _become(self, layer: Layer, classes: Array, n_features: int) -> None:
        X, _ = self._inputs()
        self._scores = function([X], layer(X), mode=self.mode, name="scores")
        self._layer, self._classes, self._n_features = layer, classes, n_features

    def _fitted(self) -> Layer:
        if self._layer is None:
            raise NotFittedError("this classifier has no parameters yet; call fit or load first")
        return self._layer

    def _compute_scores(self, X: Any) -> Array:
        self._fitted()
        assert self._scores is not None
        return np.asarray(self._scores(samples.check_features(X, self.dtype, self._n_features)))


def _record(
    history: dict[str, list[float]], prefix: str, values: Iterable[Any], epoch: int
) -> None:
    for name, value in zip(("loss", "accuracy"), values, strict=True):
        if not np.isfinite(value):
            raise FloatingPointError(
                f"the {prefix.replace('_', ' ')}{name} became {value} in epoch {epoch + 1}; "
                "try a smaller learning_rate, or scale the features to about -1 to 1"
            )
        history.setdefault(prefix + name, []).append(float(value))


def _progress_bar(epochs: int, shown: bool) -> Any:
    # Not at the top: it takes 10 ms, a tenth of what importing bitale may cost.
    from tqdm import tqdm

    return tqdm(total=epochs, desc="training", unit="epoch", disable=not shown)
