"""Wrong programs: the class of each error, what it says first, the line it names, and its hint.

``golden/wrong_programs.txt`` holds what the errors say before they tell of the node that failed.
After a change of messages: ``python -m tests.test_wrong_programs`` writes it anew, to be read.
"""

import inspect
import re
import traceback
from pathlib import Path

import bitale
import pytest
from bitale_codegen_cuda.driver.emulated import find_compiler

from tests.wrong_programs import calls, shapes, symbols, values  # noqa: F401 (their programs)
from tests.wrong_programs.programs import PROGRAMS

GOLDEN = Path(__file__).parent / "golden" / "wrong_programs.txt"
MODES = {"numpy": bitale.Mode(linker="numpy"), "c": bitale.Mode(linker="c")}
# Places, which are told in full.
PLACES = (
    (re.compile(r"made at \S+:\d+ in \S+: `[^`]*`"), "made at PLACE"),
    (re.compile(r"made at \S+:\d+ in [^\s:)]+"), "made at PLACE"),
    (re.compile(r"'[^']*\.py:\d+'"), "'PLACE'"),
    (re.compile(r"\S+wrong_programs\S*\.py:\d+"), "PLACE"),
)


def error_of(program, mode):
    with pytest.raises(Exception) as caught:  # noqa: PT011 (its class is what is tested)
        program(mode)
    return caught.value


def said(error):
    """Class and message, up to what tells of the node, without places."""
    text = re.split(r"\n(Apply node that caused|The graph up to) ", str(error))[0]
    for pattern, name in PLACES:
        text = pattern.sub(name, text)
    return f"{type(error).__name__}: {text}"


def golden():
    """What each program is to say, by its name."""
    parts = re.split(r"^## (\w+)\n", GOLDEN.read_text(encoding="utf-8"), flags=re.M)[1:]
    return {name: text.strip() for name, text in zip(parts[::2], parts[1::2], strict=True)}


def line_of(program):
    """File and number of the line that is to be named."""
    lines, first = inspect.getsourcelines(program)
    (at,) = (k for k, line in enumerate(lines) if line.rstrip().endswith("# here"))
    return inspect.getsourcefile(program), first + at


def names_line(error, place):
    """Whether an error, or the frames that Python prints with it, name a line."""
    file, line = place
    text = str(error)
    told = (
        f"{file}:{line} " in text or f"{file}:{line}:" in text or f'{file}", line {line},' in text
    )
    frames = traceback.extract_tb(error.__traceback__)
    return told or any((f.filename, f.lineno) == place for f in frames)


@pytest.mark.parametrize("mode", MODES.values(), ids=MODES)
@pytest.mark.parametrize("name", PROGRAMS)
def test_a_wrong_program_is_told_what_is_wrong(name, mode):
    error = error_of(PROGRAMS[name], mode)
    assert said(error) == golden()[name]
    assert names_line(error, line_of(PROGRAMS[name]))


def test_forty_programs_are_held():
    assert len(PROGRAMS) >= 40
    assert list(golden()) == list(PROGRAMS)


# Of each subject one that fails when it runs, on the device.
ON_A_DEVICE = (
    "operands_of_different_lengths",
    "inner_sizes_of_a_product",
    "a_reshape_of_another_size",
    "channels_of_a_convolution",
    "an_index_out_of_range",
    "a_row_that_is_not_there",
    "a_label_out_of_range",
    "a_state_that_changes_its_shape",
)


@pytest.mark.slow
@pytest.mark.skipif(find_compiler() is None, reason="emulation needs a C++ compiler")
@pytest.mark.parametrize("name", ON_A_DEVICE)
def test_the_emulated_device_says_the_same(name):
    error = error_of(PROGRAMS[name], bitale.Mode(device="emulated"))
    assert said(error) == golden()[name]
    assert names_line(error, line_of(PROGRAMS[name]))


if __name__ == "__main__":
    texts = (f"## {n}\n{said(error_of(p, MODES['numpy']))}\n" for n, p in PROGRAMS.items())
    GOLDEN.parent.mkdir(exist_ok=True)
    GOLDEN.write_text("\n".join(texts), encoding="utf-8")
