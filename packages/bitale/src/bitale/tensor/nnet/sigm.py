"""Sigmoids and softplus."""

from bitale_nnet.functional import hard_sigmoid as hard_sigmoid
from bitale_nnet.functional import sigmoid as sigmoid
from bitale_nnet.functional import sigmoid_inplace as sigmoid_inplace
from bitale_nnet.functional import softplus as softplus
from bitale_nnet.functional import ultra_fast_sigmoid as ultra_fast_sigmoid
