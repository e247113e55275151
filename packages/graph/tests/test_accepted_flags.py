"""Flags of Theano's: other names, sections, and those that have no effect here."""

import os
import subprocess
import sys

import pytest
from bitale_graph import config
from bitale_graph import language as T
from bitale_graph.base.config import Config, Flag
from bitale_graph.base.errors import ConfigError, DtypeError


def test_flags_of_a_section_are_attributes_of_it():
    with config.change_flags(**{"gcc.cxxflags": "-O2"}):
        assert config.gcc.cxxflags == "-O2"
    assert config.gcc.cxxflags == ""
    with config.change_flags(**{"traceback.limit": 8}):
        config.traceback.limit = 3
        assert config.traceback.limit == 3
    assert "cxxflags=''" in repr(config.gcc)
    with pytest.raises(AttributeError, match=r"no flag 'gcc\.other'"):
        getattr(config.gcc, "other")  # noqa: B009 (what a program writes)
    with pytest.raises(ConfigError, match="no flag"):
        config.gcc.other = 3
    with pytest.raises(AttributeError, match="no flag 'nothing'"):
        getattr(config, "nothing")  # noqa: B009 (what a program writes)


def test_a_flag_may_have_another_name():
    with config.change_flags(**{"traceback.limit": 3}):
        assert config.traceback_limit == config.traceback.limit == 3
    with config.change_flags(traceback_limit=8):
        config.traceback.limit = 2
        assert config.traceback_limit == 2
    assert config.compiledir == config.base_compiledir


def test_values_of_flags_without_effect_are_checked():
    with config.change_flags(allow_gc=False, deterministic="more", int_division="floatX"):
        assert (config.allow_gc, config.deterministic) == (False, "more")
    with pytest.raises(ConfigError, match="deterministic"):
        config.deterministic = "most"
    assert "without effect" in config.flag("allow_gc").doc


def test_a_flag_without_effect_that_is_set_says_so_once():
    settings = Config()
    settings.register(Flag("gcc.cxxflags", "", "without effect", accepted=True))
    settings.gcc.cxxflags = ""
    with pytest.warns(UserWarning, match=r"config\.gcc\.cxxflags: without effect"):
        settings.gcc.cxxflags = "-O1"
    settings.gcc.cxxflags = "-O2"
    assert settings.gcc.cxxflags == "-O2"


def test_flags_of_history_are_taken_whatever_they_say():
    assert config.warn.sum_sum_bug is False
    with config.change_flags(**{"warn.round": True}):
        assert config.warn.round is True


def test_a_flag_with_an_effect_takes_the_place_of_one_without():
    settings = Config()
    settings.register(Flag("speed", 1, "without effect", accepted=True))
    settings.register(Flag("speed", 2, "with effect"))
    assert settings.speed == 2
    with pytest.raises(ConfigError, match="exists already"):
        settings.register(Flag("speed", 3, "once more"))


def test_all_flags_are_listed():
    assert {"allow_gc", "gcc.cxxflags", "warn_float64"} <= set(config)
    assert "allow_gc = True" in str(config)


def run(code, **environment):
    command = [sys.executable, "-W", "error", "-c", code]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)


def test_given_settings_of_theano_are_taken(tmp_path):
    path = tmp_path / "rc"
    path.write_text("[global]\nallow_gc = False\n[warn]\nsum_bug = True\n[traceback]\nlimit = 3\n")
    environment = {**os.environ, "BITALERC": str(path), "BITALE_FLAGS": "warn.round=False"}
    code = (
        "import bitale_graph as b; from bitale_graph import language as T; x = T.dscalar();"
        "f = b.function([x], x); print(b.config.traceback_limit, b.config.allow_gc)"
    )
    done = run(code, **environment)
    assert (done.stdout, done.stderr) == ("3 False\n", "")


def test_variables_of_float64_are_told_of_on_request():
    x = T.fvector()
    with config.change_flags(warn_float64="warn"):
        assert (x * 2).dtype == "float32"
        with pytest.warns(UserWarning, match="variable of float64 was made at") as caught:
            T.dvector("x")
        assert caught[0].filename == __file__
    with (
        config.change_flags(warn_float64="raise"),
        pytest.raises(DtypeError, match="variable of float64"),
    ):
        T.cast(x, "float64")
