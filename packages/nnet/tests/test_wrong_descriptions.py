"""Layers and callbacks described by what cannot be say so at once, in words."""

import numpy as np
import pytest
from bitale_graph.base.errors import ShapeError
from bitale_nnet import (
    GRU,
    LSTM,
    Checkpoint,
    Classifier,
    Concat,
    CustomRecurrent,
    Dense,
    EarlyStopping,
    FeaturePool,
    PositionalEncoding,
    ReduceOnPlateau,
    Sequential,
    Slice,
    Sum,
    Trainer,
    Training,
)
from bitale_nnet.initializers import Constant, HeNormal, Normal, Sparse, TruncatedNormal, Uniform
from bitale_nnet.losses import squared_error
from bitale_nnet.storage.persistence import save_arrays


@pytest.mark.parametrize(
    ("make", "given", "error"),
    [
        (GRU, {"units": 2, "truncate_gradient": "a"}, TypeError),
        (GRU, {"units": 2, "truncate_gradient": 0}, ValueError),
        (GRU, {"units": 2, "clip_gradient": "a"}, TypeError),
        (GRU, {"units": 2, "clip_gradient": 0}, ValueError),
        (LSTM, {"units": 2, "forget_bias": "a"}, TypeError),
        (Concat, {"axis": "a"}, TypeError),
        (Concat, {"cropping": 1}, ValueError),
        (Sum, {"cropping": 1}, ValueError),
        (Sum, {"weights": 1}, TypeError),
        (Sum, {"weights": ["a"]}, TypeError),
        (FeaturePool, {"size": 2, "axis": []}, TypeError),
        (Slice, {"indices": 0, "axis": ()}, TypeError),
        (PositionalEncoding, {"base": "a"}, TypeError),
        (EarlyStopping, {"patience": "a"}, TypeError),
        (EarlyStopping, {"min_delta": "a"}, TypeError),
        (EarlyStopping, {"min_delta": np.nan}, ValueError),
        (EarlyStopping, {"monitor": 3}, TypeError),
        (Checkpoint, {"path": "a.npz", "epochs": "a"}, TypeError),
        (Checkpoint, {"path": "a.npz", "steps": 1.5}, TypeError),
        (ReduceOnPlateau, {"start": 0.1, "monitor": 3}, TypeError),
        (CustomRecurrent, {"step": max, "units": 3, "states": 3}, TypeError),
        (Constant, {"value": "a"}, TypeError),
        (Normal, {"mean": "a"}, TypeError),
        (Normal, {"std": None}, TypeError),
        (Uniform, {"range": (1,)}, ValueError),
        (Uniform, {"range": "a"}, TypeError),
        (Uniform, {"std": "a"}, TypeError),
        (TruncatedNormal, {"bound": None}, TypeError),
        (Sparse, {"sparsity": "a"}, TypeError),
        (HeNormal, {"gain": None}, TypeError),
        (HeNormal, {"gain": np.nan}, ValueError),
        (Training, {"seed": "a"}, TypeError),
        (Training, {"seed": -1}, ValueError),
    ],
)
def test_the_argument_is_named(make, given, error):
    with pytest.raises(error, match=list(given)[-1]):
        make(**given)


def test_a_folder_that_does_not_exist_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"cannot write .*a\.npz: the folder .*none does"):
        save_arrays(tmp_path / "none" / "a.npz", {})


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"metrics": {"a": 3}}, "metrics has functions by name, and 'a': 3 is none"),
        ({"metrics": {1: squared_error}}, "metrics has functions by name"),
        ({"mask": 3}, "mask is a function of the input, not 3"),
        ({"seed": "a"}, "seed must be an integer"),
        ({"l1": None}, "l1 must be a number"),
    ],
)
def test_a_trainer_names_its_argument_too(given, message):
    layer = Dense(1)
    layer.build((None, 2))
    with pytest.raises(TypeError, match=message):
        Trainer(layer, squared_error, **given)


def test_a_function_of_data_that_gives_nothing_is_told():
    layer = Dense(1)
    layer.build((None, 2))
    with pytest.raises(TypeError, match="gives an iterable of batches, and gave None"):
        Trainer(layer, squared_error).fit(lambda epoch: None)


def test_random_numbers_of_first_values():
    with pytest.raises(TypeError, match="Dense: rng is a NumPy Generator"):
        Dense(1).build((None, 2), "a")


def test_a_plateau_of_what_the_history_lacks_is_told():
    schedule = ReduceOnPlateau(0.1, monitor="validation_los")
    with pytest.raises(ValueError, match="watches 'validation_los', and the history has loss"):
        schedule.observe({"loss": 1.0})


def test_functions_that_return_nothing_are_told():
    layer = Dense(1)
    layer.build((None, 1))
    data = ([[0.0], [1.0]], [[0.0], [1.0]])
    with pytest.raises(TypeError, match="function of the loss gives None"):
        Trainer(layer, lambda output, target: None).fit(data)
    with pytest.raises(TypeError, match="function of the error gives None"):
        Trainer(layer, squared_error, metrics={"error": lambda output, target: None}).fit(data)
    with pytest.raises(TypeError, match="update rule gives None"):
        Trainer(layer, squared_error, update=lambda loss, parameters, rate: None).fit(data)


@pytest.mark.parametrize("network", [[4], Sequential([GRU(3), Dense(2)])])
def test_samples_of_different_lengths_are_told(network):
    with pytest.raises(ShapeError, match=r"samples of X have different lengths; .* mask_value"):
        Classifier(network).fit([[[1.0], [2.0]], [[1.0]]], [0, 1])
