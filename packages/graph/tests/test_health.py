"""What `doctor` finds with this layer: its lines, whatever the machine is like."""

import json
import os
import subprocess
import sys
import types

import pytest
from bitale_graph import health
from bitale_graph.base.config import config
from bitale_graph.base.errors import ConfigError
from bitale_graph.disk.cache import CacheError
from bitale_graph.health import cache_state, examination, given, making, processors, versions
from bitale_graph.health.finding import plain

OWN = ["python", "numpy", "scipy", "layer.graph", "settings", "environment", "functions", "cache"]


def found(findings):
    return {one.key: one for one in findings}


def entry(name, load, value="bitale_layer.health:findings"):
    return types.SimpleNamespace(name=name, load=load, value=value)


def test_a_report_has_a_line_for_each_thing_and_the_worst_state():
    with config.change_flags(linker="numpy"):
        report = health.doctor()
    assert set(OWN) <= set(found(report.findings))
    assert len(found(report.findings)) == len(report.findings)
    told = json.loads(report.as_json())
    assert told["format"] == 1
    assert told["state"] == report.state
    assert [one["key"] for one in told["findings"]] == [one.key for one in report.findings]
    for one in told["findings"]:
        assert set(one) == {"key", "subject", "state", "words", "cure", "facts"}
        # What is not well says what would be better.
        assert one["state"] == health.OK or one["cure"], one
    lines = str(report).splitlines()
    assert len([line for line in lines if line.startswith(("ok", "could be", "broken"))]) == len(
        report.findings
    )


def test_the_worst_state_is_that_of_the_whole():
    def one(state):
        return health.Finding("k", "s", state, "words", "cure")

    assert health.Report([]).state == health.OK
    assert str(health.Report([])).strip() == "All is well."
    assert health.Report([one("ok"), one("could be better")]).state == health.BETTER
    both = health.Report([one("broken"), one("could be better"), one("ok")])
    assert both.state == health.BROKEN
    assert str(both).endswith("1 broken, 1 could be better, 1 ok.")
    with pytest.raises(ValueError, match="the state of 'k' is one of"):
        one("fine")


def test_a_line_is_one_line_without_commands_for_the_terminal():
    assert plain("a\nb\t c\x1b[31m\u202e") == "a b c\\x1b[31m\\u202e"
    line = str(health.Finding("k", "s", health.OK, "two\nlines\x07"))
    assert "\n" not in line
    assert line.isprintable()


def test_layers_add_their_own_and_one_that_fails_is_a_line(monkeypatch):
    def missing():
        raise ImportError("libgone.so: no such file")

    def fails():
        raise ZeroDivisionError("odd\nmachine")

    def half():
        yield health.Finding("layer.half", "half", health.OK, "fine")
        raise OSError(28, "No space left on device")

    mine = health.Finding("own", "own", health.OK, "here")
    hooks = [
        entry("good", lambda: lambda: [mine]),
        entry("gone", missing),
        entry("odd", lambda: fails),
        entry("half", lambda: half),
    ]
    monkeypatch.setattr(examination, "entries_of", lambda group: hooks)
    report = health.doctor()
    lines = found(report.findings)
    assert lines["own"] is mine
    assert report.state == health.BROKEN
    assert lines["gone.error"].cure == "pip install --force-reinstall bitale-layer"
    assert "libgone.so" in lines["gone.error"].words
    assert lines["odd.error"].facts == {"error": "ZeroDivisionError"}
    assert "No space left" in lines["half.error"].words


@pytest.mark.parametrize(
    ("version", "bounds", "fits"),
    [
        ("0.1.0", ">=0.1,<0.2", True),
        ("0.2.0", ">=0.1,<0.2", False),
        ("0.2.0rc1", "<0.2,>=0.1", False),
        ("2.4.1", ">=2.0", True),
        ("1.26.4", ">=2.0", False),
        ("2", ">=2.0.0", True),
        ("1.13.0", "==1.13", True),
        ("1.13", "!=1.13.0", False),
        ("10.0", "<9", False),
        ("2.0", "", True),
        ("unknown", ">=1", True),
        ("1.0", "~=0.9", True),  # nothing that our packages write
    ],
)
def test_versions_are_held_against_bounds(version, bounds, fits):
    assert versions.keeps(version, bounds) is fits


def test_neighbours_that_do_not_fit_are_broken(monkeypatch):
    wanted = ["numpy>=2.0", "bitale-graph<0.2,>=0.1", "scipy>=1.13; extra == 'scipy'"]
    monkeypatch.setattr(versions.importlib.metadata, "requires", lambda name: wanted)
    installed = {"bitale-graph": "0.7.0", "numpy": "1.26.0", "scipy": "1.0"}
    monkeypatch.setattr(versions, "_version", installed.get)
    lines = found(versions.version_findings())
    assert lines["layer.graph"].state == health.BROKEN
    assert lines["layer.graph"].cure == "pip install 'numpy>=2.0' 'bitale-graph<0.2,>=0.1'"
    assert lines["numpy"].state == health.BROKEN
    assert lines["scipy"].state == health.OK  # an extra may be of any version


def test_layers_and_libraries_that_are_not_there_are_told(monkeypatch):
    monkeypatch.setattr(versions, "_version", {"bitale-graph": "0.1.0"}.get)
    # A folder of that name, such as a clone, is found as well.
    nothing = types.SimpleNamespace(origin=None)
    monkeypatch.setattr(
        versions.importlib.util, "find_spec", lambda name: None if "cuda" in name else nothing
    )
    lines = found(versions.version_findings())
    assert lines["layer.codegen-cuda"].state == lines["layer.bitale"].state == health.BETTER
    assert lines["scipy"].cure == "pip install scipy"
    assert lines["layer.codegen-c"].state == health.BETTER
    assert lines["layer.codegen-c"].cure == "pip install bitale-codegen-c"
    assert "NumPy" in lines["layer.codegen-c"].words


def test_a_layer_that_cannot_be_imported_is_broken(monkeypatch):
    monkeypatch.setattr(versions, "_version", lambda name: "0.1.0")

    def refused(name):
        if name == "bitale_graph":
            raise ImportError("numpy.core.multiarray failed to import")
        if name == "bitale":
            raise ModuleNotFoundError("No module named 'bitale_autodiff'", name="bitale_autodiff")
        made = types.ModuleType(name)
        made.__file__ = f"/somewhere/{name}/__init__.py" if name != "bitale_nnet" else None
        return made

    monkeypatch.setattr(versions.importlib, "import_module", refused)
    lines = found(versions.version_findings())
    assert lines["layer.graph"].state == health.BROKEN
    assert lines["layer.graph"].cure == "pip install --force-reinstall bitale-graph"
    assert "nothing in it" in lines["layer.nnet"].words
    assert lines["layer.bitale"].cure == "pip install bitale-autodiff"


def settings_with(monkeypatch, tmp_path, flags="", file=""):
    rc = tmp_path / "rc"
    rc.write_text(file, encoding="utf-8")
    monkeypatch.setenv("BITALE_FLAGS", flags)
    monkeypatch.setenv("BITALERC", str(rc))
    return found(given.settings_findings())


def test_settings_by_which_no_function_can_be_made_are_broken(monkeypatch):
    def refuse(mode, device):
        raise ConfigError("there is no linker 'gone'")

    monkeypatch.setattr(making, "find_linker", refuse)
    (line,) = making.making_findings()
    assert line.state == health.BROKEN
    assert line.words == "no function can be made: there is no linker 'gone'"


def test_settings_are_shown_with_their_places(monkeypatch, tmp_path):
    lines = settings_with(monkeypatch, tmp_path, "floatX=float32", "[global]\nmode = FAST_RUN\n")
    assert set(lines) == {"settings"}
    assert "floatX=float32 (BITALE_FLAGS)" in lines["settings"].words
    assert f"mode=FAST_RUN ({tmp_path / 'rc'}, line 2)" in lines["settings"].words
    assert set(lines["settings"].facts["given"]) == {"floatX", "mode"}


def test_settings_that_say_nothing_or_cannot_be_read_are_lines(monkeypatch, tmp_path):
    flags = "floatx=float32,floatX=float99,allow_gc=False,warn.identify_1pexp_bug=True,<b>=\x1b[31m"
    lines = settings_with(monkeypatch, tmp_path, flags)
    states = {key: one.state for key, one in lines.items()}
    assert states == {
        "settings": health.OK,
        "settings.floatx": health.BETTER,
        "settings.floatX": health.BROKEN,
        "settings.allow_gc": health.BETTER,
        "settings.<b>": health.BETTER,
    }
    assert "floatX" in lines["settings.floatx"].cure
    assert "\x1b" not in str(lines["settings"])


def test_text_that_is_no_settings_is_a_line(monkeypatch, tmp_path):
    lines = settings_with(monkeypatch, tmp_path, "floatX", "floatX = float32\n")
    assert lines["settings.flags"].state == lines["settings.files"].state == health.BROKEN
    assert "key=value" in lines["settings.flags"].words
    monkeypatch.setenv("BITALERC", str(tmp_path))
    assert "is a folder" in found(given.settings_findings())["settings.files"].words


def test_numbers_of_threads_are_held_against_processors(monkeypatch):
    monkeypatch.setattr(given, "usable_processors", lambda: 4)
    for name in given._COUNTS:
        monkeypatch.delenv(name, raising=False)
    assert set(found(given.environment_findings())) == {"environment"}
    for text, state in (("64", health.BETTER), ("many", health.BETTER), ("0", health.BETTER)):
        monkeypatch.setenv("OMP_NUM_THREADS", text)
        lines = found(given.environment_findings())
        assert lines["environment.OMP_NUM_THREADS"].state == state
        assert "export OMP_NUM_THREADS=4" in lines["environment.OMP_NUM_THREADS"].cure
    monkeypatch.setenv("OMP_NUM_THREADS", "4,2")
    assert set(found(given.environment_findings())) == {"environment"}


@pytest.mark.parametrize(
    ("files", "quota"),
    [
        ({"cpu.max": "150000 100000\n"}, 1.5),
        ({"cpu.max": "max 100000\n"}, None),
        ({"cpu.max": "nonsense"}, None),
        ({"cpu/cpu.cfs_quota_us": "200000\n", "cpu/cpu.cfs_period_us": "100000\n"}, 2.0),
        ({"cpu/cpu.cfs_quota_us": "-1\n", "cpu/cpu.cfs_period_us": "100000\n"}, None),
        ({"cpu.max": "1 0"}, None),
        ({}, None),
    ],
)
def test_a_container_s_share_of_time_is_read(files, quota, tmp_path):
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text, encoding="ascii")
    assert processors.processor_quota(str(tmp_path)) == quota


def test_the_cache_is_tried_and_left_as_it_was(tmp_path):
    with config.change_flags(base_compiledir=str(tmp_path / "cache")):
        (line,) = cache_state.cache_findings()
    assert line.state == health.OK
    assert line.facts["place"] == str(tmp_path / "cache")
    assert line.facts["entries"] == line.facts["bytes"] == 0
    assert line.facts["writable"]
    assert line.facts["free_bytes"] > 0


def test_a_cache_that_cannot_be_used_is_told_with_the_cure(tmp_path, monkeypatch):
    (tmp_path / "file").write_text("", encoding="ascii")
    with config.change_flags(base_compiledir=str(tmp_path / "file" / "cache")):
        (line,) = cache_state.cache_findings()
        assert line.state == health.BETTER
        assert "kept for one process alone" in line.words
        assert "base_compiledir=" in line.cure
        assert line.facts["writable"] is False
        monkeypatch.setattr(cache_state.tempfile, "TemporaryDirectory", refuse)
        (line,) = cache_state.cache_findings()
    assert line.state == health.BROKEN
    assert "No space left" in line.words


def refuse(*arguments, **keywords):
    raise OSError(28, "No space left on device")


def test_a_full_disk_is_told(tmp_path, monkeypatch):
    def check_room(self):
        raise CacheError("cannot write to the cache folder: No space left on device")

    monkeypatch.setattr(cache_state.Cache, "check_room", check_room)
    with config.change_flags(base_compiledir=str(tmp_path)):
        (line,) = cache_state.cache_findings()
    assert line.state == health.BETTER
    assert "No space left" in line.words
    # What was tried is gone.
    assert [path.name for path in tmp_path.iterdir() if len(path.name) == 64] == []


def run(*arguments, **environment):
    return subprocess.run(
        [sys.executable, "-m", "bitale_graph", *arguments],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, **environment},
        encoding="utf-8",
    )


@pytest.mark.slow
@pytest.mark.parametrize(
    ("environment", "status", "words"),
    [
        ({"BITALE_FLAGS": "floatX=float99"}, 1, "floatX takes one of"),
        ({"BITALERC": "/", "BITALE_FLAGS": "nothing"}, 1, "is a folder"),
        ({"BITALE_FLAGS": "linker=nunpy"}, 1, "there is no linker 'nunpy'"),
        ({"HOME": "/nowhere", "XDG_CACHE_HOME": "/proc/nowhere"}, 0, "one process alone"),
        ({"PYTHONIOENCODING": "ascii", "BITALE_FLAGS": "flöte=1"}, 0, "fl\\xf6te"),
    ],
)
def test_the_command_runs_on_machines_that_lack_something(environment, status, words, tmp_path):
    environment = {"XDG_CACHE_HOME": str(tmp_path), "BITALE_FLAGS": "", **environment}
    done = run("doctor", **environment)
    assert words in done.stdout
    assert "Traceback" not in done.stderr
    assert done.returncode == status
