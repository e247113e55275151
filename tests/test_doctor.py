"""`bitale doctor` and `bitale cache` with all layers, in processes of their own."""

import importlib.metadata
import json
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import bitale
import pytest
from bitale_graph.health.command import main

PAGE = (Path(__file__).parents[1] / "docs/doctor.md").read_text(encoding="utf-8")


def run(*arguments, **environment):
    return subprocess.run(
        [sys.executable, "-m", "bitale", *arguments],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, **environment},
    )


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    return str(tmp_path_factory.mktemp("cache"))


def documented():
    rows = re.findall(r"^\| (`.*?) \|", PAGE, flags=re.MULTILINE)
    names = {name for row in rows for name in re.findall(r"`([^`]+)`", row)}
    return {re.escape(name).replace("NAME", ".+") for name in names} | {
        "layer\\..+",
        r"gpu\.cuda\d+",
    }


@pytest.mark.slow
def test_every_layer_has_its_say_and_every_key_is_documented(place):
    done = run("doctor", "--json", XDG_CACHE_HOME=place)
    assert done.stderr == ""
    told = json.loads(done.stdout)
    keys = [one["key"] for one in told["findings"]]
    assert {"layer.graph", "compiler", "blas", "gpu.driver", "networks.tqdm"} <= set(keys)
    assert len(set(keys)) == len(keys)
    assert [key for key in keys if not any(re.fullmatch(p, key) for p in documented())] == []
    assert told["state"] == "broken" or done.returncode == 0
    assert all(one["state"] == "ok" or one["cure"] for one in told["findings"])
    # The page names facts that are there.
    facts = {one["key"]: one["facts"] for one in told["findings"]}
    for key, words in re.findall(r"^\| `(\w+)` \|.*\| (.*) \|$", PAGE, flags=re.MULTILINE):
        if key in facts and not key.startswith("python"):
            missing = [f for f in re.findall(r"`(\w+)`", words) if f not in facts[key]]
            assert missing == [] or key in ("settings", "compiler"), (key, missing)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("environment", "status", "words"),
    [
        ({"PATH": "/nowhere", "CC": ""}, 0, "apt install gcc"),
        ({"BITALE_FLAGS": "device=cuda", "BITALE_LIBCUDA": "/nowhere"}, 1, "nvidia.com/drivers"),
        ({"BITALE_FLAGS": "cxx=/nowhere/gcc"}, 1, "/nowhere/gcc"),
        ({"BITALE_FLAGS": "floatX=float99"}, 1, "until then bitale cannot be imported"),
    ],
    ids=["compiler", "gpu", "named", "setting"],
)
def test_what_a_machine_lacks_is_told_with_its_cure(environment, status, words, place):
    done = run("doctor", **{"XDG_CACHE_HOME": place, **environment})
    assert done.stderr == ""
    assert words in done.stdout
    assert done.returncode == status, done.stdout
    shown = "could be better" if status == 0 else "broken"
    assert any(line.startswith(shown) for line in done.stdout.splitlines())


BROKEN_LAYER = """
import sys
class Refuse:
    def find_spec(self, name, path=None, target=None):
        if name.startswith({name!r}):
            raise ImportError("libstrange.so: cannot open shared object file")
sys.meta_path.insert(0, Refuse())
from bitale_graph.health.command import main
sys.exit(main(["doctor"]))
"""


@pytest.mark.slow
@pytest.mark.parametrize("name", ["bitale_codegen_c", "scipy"])
def test_a_layer_that_cannot_be_imported_is_a_line(name, place):
    """The script of the front door reaches the lowest layer without the others."""
    done = subprocess.run(
        [sys.executable, "-c", BROKEN_LAYER.format(name=name)],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "XDG_CACHE_HOME": place},
    )
    assert done.stderr == ""
    assert done.returncode == 1
    assert "libstrange.so" in done.stdout
    assert "pip install" in done.stdout


def test_the_script_is_the_lowest_layer_s():
    scripts = importlib.metadata.entry_points(group="console_scripts", name="bitale")
    values = [one.value for one in scripts]
    if not values:
        pytest.skip("needs bitale as it is installed")
    assert values == ["bitale_graph.health.command:main"]


def commands():
    return [line.strip() for line in re.findall(r"^    bitale cache .*", PAGE, flags=re.MULTILINE)]


def test_the_commands_of_the_page_run(tmp_path, capsys):
    assert len(commands()) == 5
    with bitale.config.change_flags(base_compiledir=str(tmp_path)):
        for command in commands():
            arguments = shlex.split(command)[1:]
            assert main(arguments) == main([*arguments, "--json"]) == 0
            out, err = capsys.readouterr()
            assert err == ""
            assert {"format", "path"} <= set(json.loads(out[out.index("{") :]))


def test_the_code_of_the_page_runs(capsys):
    names = {}
    exec(re.findall(r"^```python\n(.*?)^```", PAGE, flags=re.MULTILINE | re.DOTALL)[0], names)
    assert capsys.readouterr().out.startswith("ok               Python")
    assert isinstance(names["slow"], list)
    assert len(names["report"].findings) > 15


CLEARED = """
import sys, time
import numpy as np, bitale, bitale.tensor as T
x = T.dvector("x")
for k in range(6):
    f = bitale.function([x], (x * float(k) + T.exp(x)).sum())
    assert np.isclose(f([0.5, 1.0]), (np.array([0.5, 1.0]) * k + np.exp([0.5, 1.0])).sum())
"""


@pytest.mark.slow
def test_functions_are_made_and_called_while_the_cache_is_cleared(place):
    environment = {**os.environ, "XDG_CACHE_HOME": place}
    makers = [
        subprocess.Popen(
            [sys.executable, "-W", "error", "-c", CLEARED], env=environment, stderr=subprocess.PIPE
        )
        for _ in range(2)
    ]
    while any(one.poll() is None for one in makers):
        assert run("cache", "clear", XDG_CACHE_HOME=place).returncode == 0
    for one in makers:
        _, errors = one.communicate()
        assert (one.returncode, errors) == (0, b"")
