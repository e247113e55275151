import pytest
from bitale_graph import Mode, config, function
from bitale_graph import language as T
from bitale_graph.base.errors import ConfigError
from bitale_graph.compile.linkers import find_linker, linkers
from bitale_graph.compile.mode import (
    get_default_mode,
    get_mode,
    predefined_linkers,
    predefined_modes,
    predefined_optimizers,
    register_linker,
    register_mode,
    register_optimizer,
)
from bitale_graph.extend import DebugMode, MonitorMode, NanGuardMode, NumpyLinker


class Namer:
    """A rewriter that does nothing, and tells the names of what it could do."""

    def rewrite(self, graph, mode):
        pass

    def signature(self, mode):
        return "namer"

    def names(self):
        return {"one", "two", "three", "a", "b", "c", "fusion", "log_of_sigmoid"}


@pytest.fixture(autouse=True)
def known_names(monkeypatch):
    monkeypatch.setattr("bitale_graph.compile.mode.rewriter", Namer)


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


@pytest.mark.parametrize(
    ("make", "text"),
    [
        (lambda: Mode(linker="nunpy"), r"no linker 'nunpy'; installed: .*did you mean .*'numpy'"),
        (lambda: Mode(linker="julia"), "no linker 'julia'; installed: "),
        (lambda: Mode(linker=3), "no linker 3"),
        (lambda: Mode("C"), "no linker 'C'; installed: .*"),
        (lambda: Mode(optimizer="bogus"), "no optimizer 'bogus'; they are fast_run, default"),
        (lambda: Mode(optimizer="fast-run"), "no optimizer 'fast-run'.*did you mean 'fast_run'"),
        (lambda: Mode(optimizer=["None"]), "no optimizer "),
        (lambda: Mode(exclude=["fusoin"]), "no rewrite.* 'fusoin' .*did you mean 'fusion'"),
        (lambda: Mode(include="log_of_sigmod"), "did you mean 'log_of_sigmoid'"),
        (lambda: Mode().excluding("fusion", "nonsense"), "no rewrite.* 'nonsense' to add or leave"),
        (lambda: Mode().including("One"), "did you mean 'one'"),
        (lambda: get_mode("FAST_RAN"), "no mode 'FAST_RAN'; .*did you mean 'FAST_RUN'"),
        (lambda: get_mode("fast_compile"), "given as Mode.linker=.*, optimizer=.*"),
        (lambda: get_mode("py"), "no mode .py.*given as Mode.linker=.*, optimizer=.*"),
        (lambda: function([], [], mode="FAST"), "no mode 'FAST'"),
        (lambda: config.change_flags(mode="FAST_RAN").__enter__(), "did you mean 'FAST_RUN'"),
        (lambda: config.change_flags(linker="nunpy").__enter__(), "did you mean 'numpy'"),
        (lambda: config.change_flags(optimizer="fast").__enter__(), "no optimizer 'fast'"),
        (lambda: setattr(config, "optimizer_excluding", "one:fuson"), "did you mean 'fusion'"),
        (lambda: setattr(config, "optimizer_including", "tree"), "did you mean 'three'"),
        (lambda: setattr(config, "mode", "NUMPY"), "no mode 'NUMPY'; the modes are"),
        (lambda: setattr(config, "on_unused_input", "warm"), "did you mean 'warn'"),
    ],
)
def test_unknown_names_are_told_with_the_nearest_known_ones(make, text):
    with pytest.raises(ConfigError, match=text):
        make()
    assert config.optimizer_excluding == ""


def test_no_other_name_is_suggested_for_what_is_far_from_all():
    with pytest.raises(ConfigError) as caught:
        Mode(optimizer="xyzzy")
    assert "did you mean" not in str(caught.value)


@pytest.mark.parametrize("name", ["py", "vm", "vm_nogc", "numpy"])
def test_linkers_of_python_have_many_names(name):
    assert Mode(linker=name) == Mode("numpy")
    with config.change_flags(linker=name):
        assert get_mode().linker == "numpy"


@pytest.mark.parametrize(
    "name", ["c|py", "c|py_nogc", "cvm", "cvm_nogc", None, "None", "auto"], ids=repr
)
def test_linkers_that_prefer_c_are_the_best_installed(name):
    assert Mode(linker=name) == Mode()
    with config.change_flags(linker=name):
        assert get_mode().linker == "auto"


@pytest.mark.parametrize(
    ("names", "meant"),
    [
        ((None, "None"), Mode(optimizer="None")),
        (("o1", "merge", "fast_compile"), Mode(optimizer="fast_compile")),
        (("o2",), Mode(optimizer="fast_compile", include=["fusion"])),
        (("o3", "o4", "default", "fast_run", "fast_run_stable"), Mode()),
    ],
)
def test_optimizers_have_many_names(names, meant):
    for name in names:
        assert Mode(optimizer=name) == meant
        with config.change_flags(linker="auto", optimizer=name):
            assert get_mode() == meant
    assert Mode(None, names[0]) == meant
    x = T.dscalar("x")
    assert function([x], x + 1, mode=Mode("py", names[0]))(1) == 2


def test_names_are_a_collection_or_a_text_with_colons():
    assert Mode(exclude="one:two") == Mode(exclude=["one", "two"]) == Mode().excluding("one", "two")
    assert Mode(include=" one : two ").include == {"one", "two"}


@pytest.mark.parametrize(
    "use", [Mode().including, Mode().excluding, lambda names: Mode(exclude=[names])]
)
def test_a_name_is_a_text(use):
    for wrong in (["one"], None, 3):
        with pytest.raises(TypeError, match="names of rewrites are texts, such as 'fusion'"):
            use(wrong)
    with pytest.raises(TypeError, match="register_mode takes a Mode, not 'FAST_RUN'"):
        register_mode("MINE", "FAST_RUN")


@pytest.mark.parametrize("unknowing", [None, object()], ids=["no rewriter", "one without names"])
def test_names_are_taken_as_they_are_where_nothing_knows_any(monkeypatch, unknowing):
    monkeypatch.setattr("bitale_graph.compile.mode.rewriter", lambda: unknowing)
    assert Mode().excluding("whatever").exclude == {"whatever"}


def test_a_mode_that_was_pickled_elsewhere_is_read_without_questions(monkeypatch):
    import pickle

    text = pickle.dumps(Mode().excluding("one"))
    monkeypatch.setattr(
        "bitale_graph.compile.mode.rewriter", type("Other", (Namer,), {"names": set})
    )
    assert pickle.loads(text).exclude == {"one"}


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
    assert find_linker(Mode()).rank == max(one.rank for one in linkers().values())
    assert linkers()["numpy"].rank == min(one.rank for one in linkers().values())


def test_nothing_is_rewritten_without_optimizer():
    assert Mode(optimizer="None").find_rewriter() is None


class OtherLinker:
    name, rank = "other", 0

    def __init__(self):
        self.linked = []

    def link(self, maker):
        self.linked.append(maker.name)
        return NumpyLinker().link(maker)


@pytest.fixture
def names_to_add():
    """Take names out again that a test gives."""
    tables = predefined_linkers, predefined_optimizers
    before = [set(one) for one in tables]
    yield
    for one, known in zip(tables, before, strict=True):
        for name in set(one) - known:
            del one[name]


@pytest.mark.usefixtures("names_to_add")
def test_linkers_may_be_given_names():
    linker = OtherLinker()
    register_linker("mine", linker)
    register_linker("slow", "py")
    x = T.dvector("x")
    f = function([x], x * 2, mode=Mode("mine"), name="f")
    assert f([1.0]).tolist() == [2]
    assert linker.linked == ["f"]
    assert Mode("slow").linker == "numpy"
    with pytest.raises(ConfigError, match="there is a linker 'mine' already"):
        register_linker("mine", linker)
    with pytest.raises(TypeError, match=r"has a method link.maker."):
        register_linker("wrong", 3)


@pytest.mark.usefixtures("names_to_add")
def test_optimizers_may_be_given_names():
    register_optimizer("quick", "o2")
    register_optimizer("more", ("o1", ("three",)))
    assert Mode(optimizer="quick").include == {"fusion"}
    assert Mode(optimizer="more") == Mode(optimizer="fast_compile", include={"three"})
    own = Namer()
    register_optimizer("own", own)
    assert Mode(optimizer="own").find_rewriter() is own
    x = T.dvector("x")
    assert function([x], x * 2, mode=Mode("py", "own"))([1.0]).tolist() == [2]
    with pytest.raises(ConfigError, match="there is an optimizer 'own' already"):
        register_optimizer("own", own)
    with pytest.raises(TypeError, match=r"has rewrite.graph, mode."):
        register_optimizer("wrong", 3)


def test_modes_are_cloned_with_changes():
    mode = Mode("numpy", include={"a"})
    assert mode.clone() == mode
    assert mode.clone(optimizer=None) == Mode("numpy", None, include={"a"})
    assert mode.clone(link_kwargs={"allow_gc": False}, exclude={"b"}).exclude == {"b"}
    assert NanGuardMode(nan_is_error=False).clone(optimizer="o1").nan_is_error is False
    assert DebugMode(check_isfinite=False).including("a").check_isfinite is False
    assert MonitorMode(post_func=print).excluding("a").post_func is print
    with pytest.raises(TypeError, match="pairs of a rule and its place"):
        mode.register(print)


def test_names_of_rewrites_that_nothing_has_follow_the_flag():
    assert Mode().excluding("inplace", "local_elemwise_fusion").exclude == {"fusion"}
    with config.change_flags(unknown_rewrites="ignore"):
        assert "fusoin" in Mode().excluding("fusoin").exclude
    warns = config.change_flags(unknown_rewrites="warn")
    with warns, pytest.warns(UserWarning, match="did you mean 'fusion'"):
        Mode().excluding("fusoin")
