"""A classifier over a network."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np
from bitale_graph.extend import Mode
from sklearn.base import ClassifierMixin

from .. import losses
from ..layers.layer import Layer
from ..storage.array_file import ArrayFile
from ..training.callbacks import Callback
from ..training.schedules import Schedule
from ..training.sources import Chosen
from ..training.step import RowFunction
from . import targets
from .base import Array, Estimator


class Classifier(ClassifierMixin, Estimator):  # type: ignore[misc]
    """Minimise the cross-entropy of the softmax of a network's output, in minibatches.

    An estimator of scikit-learn: for pipelines, searches and cross-validation. Parameters are
    checked by `fit`.

    Parameters
    ----------
    network : int, sequence of int, or Layer
        Size of a hidden layer, sizes of several, or a layer whose output is one score (logit) for
        each class; that is taken as a description, and left as it is.
    activation : callable or str
        Or its name in `functional`. Of the hidden layers, where ``network`` tells sizes.
    update : callable or str
        Or its name, such as "adam". From `updates`: called with (loss or gradients, parameters,
        learning_rate).
    learning_rate : float or Schedule
        Such as `CosineDecay`.
    batch_size, epochs : int
        Samples in a step; passes over the data.
    l1, l2 : float
        Factors of the penalties on weights, biases left out.
    weight_decay : float
        Decoupled: each step takes ``learning_rate * weight_decay`` times the weights off them.
    clip_norm, clip_value : float, optional
        The longest gradient (of all parameters together), the largest element of it.
    class_weight : mapping or "balanced", optional
        How much samples of each class weigh; "balanced": the rarer, the more.
    label_smoothing : float
        The share of each target that is spread evenly over all classes.
    early_stopping : bool
        Stop when ``monitor`` (a name in ``history_``) has not got better by more than
        ``min_delta`` for ``patience`` epochs, and keep the best parameters. Without data to
        validate with, ``validation_fraction`` of the samples are held out.
    warm_start : bool
        Begin with the parameters of the last `fit`.
    callbacks : sequence of Callback
        Each `fit` takes copies of them, as parameters of estimators stay what they are:
        ``callbacks_`` has seen the training.
    mask_value : number, optional
        Steps of a sequence that hold it do not count: layers that take a mask get one.
    random_state : int, RandomState or None
        Decides first values, order, dropout and what is held out: the same integer, the same
        result, bit for bit.
    dtype : "float32" or "float64", optional
        What is computed in; by default float64 where ``X`` is that, else float32, which is about
        twice as fast.
    progress : bool, optional
        Show a bar on standard error; by default where that is a terminal, or in a notebook.
    mode : Mode or str, optional
        How functions are made; by default ``config.mode``.

    Attributes
    ----------
    classes_ : array
        The labels, sorted.
    history_ : History
        "loss" and "accuracy" by epoch, averaged over its minibatches as they were trained on, and
        "validation_loss", "validation_accuracy" if there was something to validate with.
    callbacks_ : list of Callback
        Copies of ``callbacks``, as the last `fit` left them, and the `EarlyStopping` of
        ``early_stopping``, which comes last.
    n_iter_ : int
        Epochs done.
    network_ : Layer
        The network with its parameters.
    n_features_in_, feature_names_in_, input_shape_
        Length of axis 1 of ``X``, names of its columns (of a dataframe), shape of a sample.

    Examples
    --------
    >>> X = np.array([[0, 0], [0, 1], [1, 0], [1, 1]])
    >>> classifier = Classifier([16], learning_rate=0.05, epochs=100, random_state=0)
    >>> classifier.fit(X, ["same", "different", "different", "same"]).predict([[1, 0]])
    array(['different'], dtype='<U9')
    """

    classes_: Array

    def __init__(
        self,
        network: int | Sequence[int] | Layer = (64,),
        *,
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
        class_weight: Mapping[Any, float] | str | None = None,
        label_smoothing: float = 0.0,
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
        self.class_weight = class_weight
        self.label_smoothing = label_smoothing
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
    ) -> Classifier:
        """Train from new first values, or with ``warm_start`` from those of the last time.

        An interruption (Ctrl-C) ends the training, as that of scikit-learn's networks: with a
        warning, and with the parameters as the last step left them. `history_` then has the epochs
        that were done whole. Before the first step it is raised, and the classifier as it was.

        Parameters
        ----------
        X : array, sparse matrix or dataframe (samples, features)
            Numbers. Of more axes, such as images (samples, channels, rows, columns), or of symbols
            for an `Embedding`, where ``network`` is a layer that takes them. Sparse matrices, and
            files mapped into memory, are read by minibatches.
        y : vector (samples,)
            Labels of any one kind that sorts: integers, text, truth values.
        sample_weight : vector (samples,), optional
            How much each sample counts.
        validation : pair (X, y), or float, optional
            Not trained on: other samples, or the share of these that is held out, of each class
            alike. Their loss and accuracy are put into ``history_`` after each epoch.
        resume : path, optional
            A file that the callback `Checkpoint` wrote in a training of the same data and
            parameters: go on from there, bit for bit.

        Returns
        -------
        Classifier
            Itself.

        Raises
        ------
        TypeError, ValueError
            For data or parameters that cannot be used; the classifier is then as it was.
        FloatingPointError
            If the loss becomes NaN or infinite; the classifier is then as it was.
        """
        self._check_parameters()
        before = self.__dict__.copy()
        try:
            return self._fit(X, y, sample_weight, validation, resume)
        except BaseException:
            self.__dict__ = before
            raise

    def _fit(self, X: Any, y: Any, sample_weight: Any, validation: Any, resume: Any) -> Classifier:
        X = self._features(X, reset=True)
        y = targets.check_labels(y, X.shape[0], self)
        weights = self._weights(y, sample_weight, np.unique(y))
        if weights is not None and not weights.all():
            kept = weights > 0
            X, y, weights = Chosen(X, kept), y[kept], weights[kept]
        classes = targets.find_classes(y)
        is_warm = self.warm_start and "network_" in self.__dict__
        if is_warm and not np.array_equal(classes, self.classes_):
            raise ValueError(
                f"warm_start goes on with the classes {self.classes_.tolist()}, and y has "
                f"{classes.tolist()}"
            )
        self.classes_ = classes
        target = targets.positions(y, classes)
        rng = self._generator()
        held_out = self._held_out(validation)
        if held_out is not None:
            given = targets.check_labels(held_out[1], held_out[0].shape[0], self)
            held_out = (held_out[0], targets.positions(given, classes))
        held = self._split(validation, len(target), target, rng)
        if held is not None:
            held_out = (Chosen(X, held), target[held])
            X, target = Chosen(X, ~held), target[~held]
            weights = None if weights is None else weights[~held]
        if weights is not None:
            weights = weights / weights.mean()
        self._train(X, target, weights, held_out, rng, resume)
        return self

    def partial_fit(
        self, X: Any, y: Any, classes: Any = None, sample_weight: Any = None
    ) -> Classifier:
        """Go once through some samples, in minibatches, from the parameters as they are.

        The first call decides on the network, the update rule and the learning rate: what
        `set_params` changes afterwards is seen by the next `fit`.

        Parameters
        ----------
        X, y, sample_weight
            As for `fit`.
        classes : sequence, optional
            All labels that will ever come; needed by the first call.

        Raises
        ------
        ValueError
            Without classes at first, or for labels that are not among them.
        """
        self._check_parameters()
        if self.class_weight == "balanced":
            raise ValueError(
                "class_weight='balanced' needs all samples, and partial_fit has only some; "
                "give weights by class"
            )
        before = self.__dict__.copy()
        try:
            is_first = "network_" not in self.__dict__
            X = self._features(X, reset=is_first)
            y = targets.check_labels(y, X.shape[0], self)
            self._take_classes(classes, is_first)
            weights = self._weights(y, sample_weight, self.classes_)
            target = targets.positions(y, self.classes_)
            self._train_further(X, target, np.ones(len(y)) if weights is None else weights)
        except BaseException:
            self.__dict__ = before
            raise
        return self

    def _take_classes(self, classes: Any, is_first: bool) -> None:
        if classes is None:
            if is_first:
                raise ValueError("the first call of partial_fit needs classes, all there will be")
            return
        found = targets.find_classes(np.asarray(classes))
        if is_first:
            self.classes_ = found
        elif not np.array_equal(found, self.classes_):
            raise ValueError(
                f"classes are {found.tolist()}, and those of the first call were "
                f"{self.classes_.tolist()}"
            )

    def _weights(self, y: Array, sample_weight: Any, classes: Array) -> Array | None:
        weights = None if sample_weight is None else targets.check_weights(sample_weight, len(y))
        if self.class_weight is None:
            return weights
        by_class = targets.weights_of_classes(self.class_weight, y, classes)
        result: Array = by_class if weights is None else weights * by_class
        return result

    def predict(self, X: Any) -> Array:
        """The most likely label of each row; raises `NotFittedError` before `fit`."""
        scores = self._output(X)
        return np.asarray(self.classes_[scores.argmax(axis=1)])

    def predict_proba(self, X: Any) -> Array:
        """Probabilities (samples, classes), in the order of ``classes_``, in ``dtype``."""
        scores = self._output(X)
        powers = np.exp(scores - scores.max(axis=1, keepdims=True))
        return np.asarray(powers / powers.sum(axis=1, keepdims=True))

    # What the base asks for
    def _check_parameters(self) -> None:
        super()._check_parameters()
        targets.check_class_weight(self.class_weight)
        share = self.label_smoothing
        if isinstance(share, bool) or not isinstance(share, (int, float)) or not 0 <= share < 1:
            raise ValueError(f"label_smoothing is a share from 0 to below 1, not {share!r}")

    def _row_loss(self) -> RowFunction:
        share = float(self.label_smoothing)
        loss = losses.softmax_crossentropy
        return partial(loss, label_smoothing=share) if share else loss

    def _metrics(self) -> dict[str, RowFunction]:
        return {"accuracy": losses.categorical_accuracy}

    def _n_outputs(self) -> int:
        return len(self.classes_)

    def _outputs_are(self) -> str:
        return "scores, one for each class"

    def _to_store(self) -> dict[str, Array]:
        return targets.encode_classes(self.classes_)

    def _expect_stored(self, stored: ArrayFile) -> set[str]:
        self.classes_ = np.empty(0)
        n = targets.count_classes(stored.headers)
        # Only how many there are is known before memory is taken.
        self.classes_ = np.broadcast_to(np.zeros(1, "int8"), (n,))
        return {"classes", "classes.text"}

    def _take_stored(self, arrays: dict[str, Array]) -> None:
        self.classes_ = targets.decode_classes(arrays)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        return tags
