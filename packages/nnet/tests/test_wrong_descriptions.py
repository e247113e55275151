"""Layers and callbacks described by what cannot be say so at once, in words."""

import numpy as np
import pytest
from bitale_nnet import (
    GRU,
    LSTM,
    Concat,
    EarlyStopping,
    FeaturePool,
    PositionalEncoding,
    Slice,
    Sum,
    Training,
)
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
