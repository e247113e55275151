"""Batch normalisation."""

from bitale_nnet.normalization import batch_normalization as batch_normalization
from bitale_nnet.normalization import batch_normalization_test as batch_normalization_test
from bitale_nnet.normalization import batch_normalization_train as batch_normalization_train
