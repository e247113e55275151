import re
import subprocess
import sys
import textwrap
import warnings

import pytest
from bitale_graph import change_flags, config
from bitale_graph.base.config import Config, Flag, parse_bool
from bitale_graph.base.errors import ConfigError
from bitale_graph.base.given_settings import given_by_files


def run(code, tmp_path, files=(), **environment):
    """Run a program of its own, and give its output."""
    variables = {"BITALERC": ":".join(map(str, files)) or str(tmp_path / "none"), **environment}
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code)],
        env={
            "PYTHONPATH": ":".join(p for p in sys.path if p),
            "PATH": "/usr/bin:/bin",
            **variables,
        },
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout + done.stderr


SHOW = """
from bitale_graph import config
print(config.floatX, config.on_unused_input, config.traceback_limit)
"""


def test_defaults(tmp_path):
    assert run(SHOW, tmp_path).split() == ["float64", "raise", "8"]


def test_the_right_most_flag_wins(tmp_path):
    flags = "floatX=float32, on_unused_input=warn,floatX=float16,"
    assert run(SHOW, tmp_path, BITALE_FLAGS=flags).split() == ["float16", "warn", "8"]


def test_files_are_read_and_the_variable_wins(tmp_path):
    first, second = tmp_path / "first", tmp_path / "second"
    first.write_text("[global]\nfloatX = float32\ntraceback_limit = 3\n")
    second.write_text("[global]\ntraceback_limit = 5\n")
    found = run(SHOW, tmp_path, files=(first, second), BITALE_FLAGS="on_unused_input=ignore")
    assert found.split() == ["float32", "ignore", "5"]
    found = run(SHOW, tmp_path, files=(first,), BITALE_FLAGS="floatX=float64")
    assert found.split() == ["float64", "raise", "3"]


def test_sections_are_prefixes(tmp_path):
    file = tmp_path / "rc"
    file.write_text("[gcc]\ncxxflags = -O1\n")
    code = """
    from bitale_graph import config
    from bitale_graph.base.config import Flag
    config.register(Flag("gcc.cxxflags", "", "flags"))
    print(getattr(config, "gcc.cxxflags"))
    """
    assert run(code, tmp_path, files=(file,)).strip() == "-O1"


def test_a_wrong_value_is_told_with_the_allowed_ones(tmp_path):
    found = run(SHOW, tmp_path, BITALE_FLAGS="floatX=float8")
    assert "config.floatX takes one of 'float16', 'float32', 'float64', not 'float8'" in found
    assert "each item must read key=value" in run(SHOW, tmp_path, BITALE_FLAGS="floatX")


FUNCTIONS = """
from bitale_graph import config, function, language as T
from bitale_graph.base.config import Flag
x = T.dscalar("x")
function([x], x)
function([x], x)
config.register(Flag("late", "", "of a layer loaded late"))
print(config.late)
"""


def test_an_unknown_flag_is_warned_of_once_and_not_lost(tmp_path):
    found = run(FUNCTIONS, tmp_path, BITALE_FLAGS="nonsense=1,late=kept")
    assert found.count("sets 'nonsense', which no installed layer of bitale knows") == 1
    assert "kept" in found.splitlines()


IMPORT = "import bitale_graph; print('imp' + 'orted')"  # tracebacks show this line


def settings_of_a_new_process():
    """The flags of `config`, not read yet."""
    settings = Config()
    for name in config:
        settings.register(config.flag(name))
    return settings


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("floatx", "floatX"),
        ("FLOATX", "floatX"),
        ("float_X", "floatX"),
        ("on_unused_imput", "on_unused_input"),
        ("traceback.limits", "traceback.limit"),
        ("optimiser", "optimizer"),
        ("linkers", "linker"),
        ("exception_verbose", "exception_verbosity"),
    ],
)
def test_a_misspelt_setting_is_told_once_with_what_was_meant(monkeypatch, tmp_path, name, meant):
    monkeypatch.setenv("BITALERC", str(tmp_path / "none"))
    monkeypatch.setenv("BITALE_FLAGS", f"on_unused_input=warn,{name}=1")
    settings = settings_of_a_new_process()
    with pytest.warns(UserWarning, match=f"BITALE_FLAGS sets '{name}', .*did you mean '{meant}'"):
        settings.check_given()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        settings.check_given()
        settings.warn_of_unknown()


def test_a_misspelt_setting_is_told_at_import(tmp_path):
    found = run(IMPORT, tmp_path, BITALE_FLAGS="floatx=float32")
    assert "UserWarning: BITALE_FLAGS sets 'floatx'" in found
    assert "imported" in found


def test_what_a_layer_may_know_is_not_told_at_import(tmp_path):
    code = """
    import sys
    import bitale_graph
    print("bitale_codegen_c" in sys.modules, "configparser" in sys.modules)
    if "zzz" in bitale_graph.config._sources():
        bitale_graph.config.warn_of_unknown()
    """
    assert run(code, tmp_path, BITALE_FLAGS="cxx=").split() == ["False", "False"]
    found = run(code, tmp_path, BITALE_FLAGS="zzz=1,cxx=")
    assert found.startswith("False False")
    assert "sets 'zzz', which no installed layer of bitale knows\n" in found


def test_a_misspelt_setting_of_a_file_is_told_with_its_line(tmp_path):
    file = tmp_path / "rc"
    file.write_text("# mine\n\n[global]\nfloatX = float32\nfloatx = float16\n")
    found = run(IMPORT, tmp_path, files=(file,))
    assert f"{file}:5: UserWarning: {file}, line 5 sets 'floatx'" in found
    assert "did you mean 'floatX'" in found
    file.write_text("[gobal]\nfloatX = float32\n")
    found = run(IMPORT, tmp_path, files=(file,))
    assert f"{file}, line 2 sets 'gobal.floatX'" in found
    assert "did you mean [global]" in found


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        (
            b"floatX = float32\n",
            "line 1: 'floatX = float32' stands before any section; put [global]",
        ),
        (
            b"[global]\n\nfloatX float32\n",
            "line 3: 'floatX float32' sets nothing; write key = value",
        ),
        (b"[global\nfloatX = float32\n", "line 1: '[global' is no section; write [global]"),
        (b"[]\n", "line 1: '[]' is no section"),
        (b"[global]\n= float32\n", "line 2: '= float32' sets nothing"),
        (b"[global]\nfloatX = float8\n", "line 2: config.floatX takes one of 'float16', 'float32'"),
        (
            b"[global]\n# x\ntraceback_limit = many\n",
            "line 3: config.traceback_limit takes a value",
        ),
        (
            b"[global]\noptimizer_verbose = perhaps\n",
            "line 2: config.optimizer_verbose takes a value",
        ),
        (
            b"[global]\nfloatX = float32\nfloatX = float64\n",
            "line 3: floatX is set already, in line 2",
        ),
        (b"[global]\n\nfloatX = \xff\xfe\n", "line 3: the file of settings is not UTF-8 text"),
        (b"\xff\xfe[\x00g\x00", "line 1: the file of settings is not UTF-8 text"),
    ],
)
def test_what_is_wrong_in_a_file_is_told_with_its_line(monkeypatch, tmp_path, text, complaint):
    file = tmp_path / "rc"
    file.write_bytes(text)
    monkeypatch.setenv("BITALERC", str(file))
    with pytest.raises(ConfigError, match=re.escape(f"{file}, {complaint}")):
        settings_of_a_new_process().check_given()


def test_what_is_wrong_in_a_file_is_told_at_import(tmp_path):
    file = tmp_path / "rc"
    file.write_text("[global]\nfloatX = float8\n")
    found = run(IMPORT, tmp_path, files=(file,))
    assert f"ConfigError: {file}, line 2: config.floatX takes one of" in found
    assert "imported" not in found


def test_a_name_in_a_file_that_only_layers_know_is_told_with_its_line(tmp_path):
    file = tmp_path / "rc"
    file.write_text("[global]\nmode = FAST_RAN\n")
    code = "from bitale_graph import function; function([], [])"
    found = run(code, tmp_path, files=(file,))
    assert f"ConfigError: {file}, line 2: there is no mode 'FAST_RAN'" in found


def test_a_folder_is_no_file_of_settings(tmp_path):
    assert f"{tmp_path} is a folder, and no file" in run(IMPORT, tmp_path, files=(tmp_path,))


def test_a_file_that_may_not_be_read_is_told(tmp_path, monkeypatch):
    def refuse(path, mode):
        raise PermissionError(13, "Permission denied", path)

    monkeypatch.setattr("bitale_graph.base.given_settings.open", refuse, raising=False)
    monkeypatch.setenv("BITALERC", str(tmp_path / "rc"))
    with pytest.raises(ConfigError, match=r"rc cannot be read: Permission denied; mend it"):
        given_by_files()


def test_a_user_without_a_home_has_no_file_of_settings(monkeypatch):
    def fail(user):
        raise KeyError(user)

    monkeypatch.delenv("BITALERC", raising=False)
    monkeypatch.delenv("HOME", raising=False)
    monkeypatch.setattr("pwd.getpwuid", fail)
    assert given_by_files() == {}


def test_files_may_have_comments_marks_and_long_values(tmp_path, monkeypatch):
    file = tmp_path / "rc"
    file.write_bytes(
        b"\xef\xbb\xbf; first\r\n[global]\r\nfloatX: float32\r\nempty =\r\n"
        b"[gcc]\r\ncxxflags = -O1\r\n  -g = 1\r\n\t# not this\r\n\r\n"
    )
    monkeypatch.setenv("BITALERC", f"{tmp_path / 'none'}:{file}:")
    found = {name: (one.text, one.line) for name, one in given_by_files().items()}
    assert found == {"floatX": ("float32", 3), "empty": ("", 4), "gcc.cxxflags": ("-O1\n-g = 1", 6)}


def test_flags_change_for_a_block_and_come_back():
    with config.change_flags(floatX="float32", traceback_limit=2):
        assert (config.floatX, config.traceback_limit) == ("float32", 2)
        with change_flags(floatX="float16"):
            assert config.floatX == "float16"
        assert config.floatX == "float32"
    assert (config.floatX, config.traceback_limit) == ("float64", 8)


def test_flags_come_back_after_an_error():
    with pytest.raises(RuntimeError, match="inside"), config.change_flags(floatX="float32"):
        raise RuntimeError("inside")
    assert config.floatX == "float64"


def test_flags_can_decorate_a_function():
    @config.change_flags(floatX="float32")
    def inside(depth):
        return (config.floatX, inside(depth - 1)) if depth else config.floatX

    assert inside(1) == ("float32", "float32")
    assert config.floatX == "float64"


def test_nothing_changes_if_one_flag_is_wrong():
    with (
        pytest.raises(ConfigError, match="takes one of"),
        config.change_flags(traceback_limit=1, floatX="x"),
    ):
        pass
    assert config.traceback_limit == 8


def test_unknown_names():
    with pytest.raises(ConfigError, match=r"no flag 'florx'; the flags are: .*floatX"):
        config.florx = "float32"
    with pytest.raises(AttributeError, match="no flag 'florx'"):
        _ = config.florx
    with pytest.raises(ConfigError, match="no flag 'florx'"), config.change_flags(florx=1):
        pass
    with (
        pytest.raises(ConfigError, match="did you mean 'floatX'"),
        config.change_flags(traceback_limit=1, floatx="float32"),
    ):
        pass
    with pytest.raises(AttributeError, match="did you mean 'on_unused_input'"):
        _ = config.on_unused_inputs
    assert config.traceback_limit == 8


def test_every_flag_is_listed_with_value_and_documentation():
    text = str(config)
    for name in config:
        assert f"{name} = {getattr(config, name)!r}\n    {config.flag(name).doc}" in text


def test_the_repr_of_the_settings_shows_them():
    with config.change_flags(floatX="float16"):
        assert "floatX='float16', " in repr(config)
    assert repr(config).startswith("Config(")


def test_values_are_read_as_the_type_of_the_default():
    settings = Config()
    settings.register(Flag("some_bool", False, ""))
    settings.register(Flag("some_int", 1, ""))
    for text, value in (("True", True), ("0", False), ("yes", True), ("OFF", False)):
        settings.some_bool = text
        assert settings.some_bool is value
        assert parse_bool(text) is value
    with pytest.raises(ConfigError, match="not a truth value"):
        parse_bool("perhaps")
    settings.some_int = "12"
    assert settings.some_int == 12
    with pytest.raises(ConfigError, match="takes a value of type bool, not 'perhaps'"):
        settings.some_bool = "perhaps"
    with pytest.raises(ConfigError, match="takes a value of type int, not 'many'"):
        settings.some_int = "many"
    with pytest.raises(ConfigError, match="exists already"):
        settings.register(Flag("some_int", 2, ""))


def test_names_with_an_underscore_are_no_flags():
    with pytest.raises(AttributeError):
        _ = config._nothing
