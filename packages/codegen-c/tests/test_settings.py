"""Flags of this layer."""

import pickle

import pytest
from bitale_codegen_c.base import settings  # noqa: F401 (it registers the flags)
from bitale_graph import config


def test_flags_that_theano_has_under_the_name_of_one_are_reached():
    assert config.blas == "auto"
    assert config.blas.ldflags == getattr(config, "blas.ldflags")
    assert not hasattr(config.blas, "nothing")
    assert pickle.loads(pickle.dumps(config.blas)) == "auto"
    with config.change_flags(blas="own"):
        assert (config.blas, type(config.blas.ldflags)) == ("own", str)
    with (
        config.change_flags(**{"blas.ldflags": ""}),
        pytest.warns(UserWarning, match="blas.ldflags.*without effect"),
    ):
        config.blas.ldflags = "-lblas"
