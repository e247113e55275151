import pytest
from bitale_graph import Mode, config, function
from bitale_graph import language as T
from bitale_graph.errors import ConfigError
from bitale_graph.mode import get_default_mode, get_mode, linkers, predefined_modes, register_mode


def test_the_default_mode_follows_the_flags():
    with config.change_flags(
        mode="Mode", linker="numpy", optimizer="fast_compile", optimizer_excluding="one:two"
    ):
        assert get_default_mode() == Mode(
            "numpy", "fast_compile", exclude=frozenset({"one", "two"})
        )
    with config.change_flags(mode="FAST_COMPILE", optimizer_including="three"):
        assert get_default_mode() == predefined_modes["FAST_COMPILE"].including("three")


def test_modes_include_and_exclude():
    mode = Mode().including("a", "b").excluding("b", "c")
    assert mode.include == {"a"}
    assert mode.exclude == {"b", "c"}
    assert mode.including("c").exclude == {"b"}
    assert Mode().including("a") == Mode(include=frozenset({"a"}))


@pytest.mark.parametrize("name", ["FASTEST", 3, ["Mode"]])
def test_an_unknown_mode_is_told_with_the_known_ones(name):
    with pytest.raises(ConfigError, match="the modes are Mode, FAST_RUN, FAST_COMPILE"):
        get_mode(name)


def test_a_mode_can_be_given_a_name():
    mode = Mode(linker="numpy", optimizer="None")
    register_mode("MINE", mode)
    try:
        x = T.dscalar("x")
        assert get_mode("MINE") == mode
        assert function([x], x + 1, mode="MINE")(1) == 2
        with pytest.raises(ConfigError, match="already"):
            register_mode("MINE", mode)
    finally:
        del predefined_modes["MINE"]


def test_numpy_is_always_there_and_ranks_last():
    assert "numpy" in linkers()
    assert Mode().find_linker().rank == max(one.rank for one in linkers().values())
    assert linkers()["numpy"].rank == min(one.rank for one in linkers().values())


def test_nothing_is_rewritten_without_optimizer():
    assert Mode(optimizer="None").find_rewriter() is None
