"""Connectionist temporal classification."""

from bitale_nnet.connectionist import ctc as ctc
from bitale_nnet.connectionist import ctc_available as ctc_available
