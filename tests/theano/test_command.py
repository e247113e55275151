"""The command that runs Theano's programs, reads those of Python 2, and checks names."""

import os
import subprocess
import sys

import pytest

PYTHON2 = """\
import cPickle, os, theano
import theano.tensor as T
import beside

print "a", 7 / 2, 7 / 2., -7 / 2
a = 7
a /= 2
x = T.iscalar('x')
f = theano.function([x], x / 2)
y = x * 1.
y /= 2
print y.eval({x: 7})
print a, f(7), beside.half(9)
print [k for k, v in sorted({1: 2}.iteritems())], map(abs, [-1])
"""


def run(*arguments, folder=None, **environment):
    return subprocess.run(
        [
            sys.executable,
            "-W",
            "ignore::DeprecationWarning",
            "-m",
            "bitale.theano",
            *map(str, arguments),
        ],
        capture_output=True,
        text=True,
        check=False,
        cwd=folder,
        env={**os.environ, **environment},
    )


@pytest.fixture
def program(tmp_path):
    def write(text, name="program.py"):
        path = tmp_path / name
        path.write_text(text)
        return path

    return write


needs_translator = pytest.mark.skipif(
    sys.version_info >= (3, 13), reason="Python 3.13 has no lib2to3; fissix may not be installed"
)


@needs_translator
def test_a_program_of_python_2_runs_with_its_meaning(program):
    program("def half(x):\n    print 'half of', x\n    return x / 2\n", "beside.py")
    done = run("--py2", program(PYTHON2))
    assert done.stderr == ""
    assert done.stdout == "a 3 3.5 -4\n3.5\nhalf of 9\n3 3 4\n[1] [1]\n"


@needs_translator
def test_true_division_of_python_2_is_kept(program):
    done = run("--py2", program("from __future__ import division\nprint 7 / 2\n"))
    assert done.stdout == "3.5\n"


@needs_translator
def test_pickles_of_python_2_go_through_files_of_text(program, tmp_path):
    text = """\
import cPickle as pkl
pkl.dump([1, u'\xe9'], file('kept', 'w'))
print pkl.load(file('kept')) == [1, u'\xe9'], cmp(1, 2), pkl.loads(pkl.dumps(3))
"""
    done = run("--py2", program(text), folder=tmp_path)
    assert (done.stdout, done.returncode) == ("True -1 3\n", 0)


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        ("x = 1\nprint x\n", 2, "'print x' is Python 2"),
        ("try:\n    pass\nexcept ValueError, e:\n    pass\n", 3, "is Python 2"),
        ("import cPickle\n", 1, "the module cPickle is of Python 2"),
        ("\n\nfor i in xrange(3):\n    pass\n", 3, "the name xrange is of Python 2"),
        ("d = {}\nd.iteritems()\n", 2, "the method iteritems is of Python 2"),
    ],
)
def test_a_program_of_python_2_is_told_with_its_line(program, text, line, said):
    path = program(text)
    done = run(path)
    assert done.returncode == 1
    last = done.stderr.splitlines()[-1]
    assert last.startswith(f"{path}, line {line}: ")
    assert said in last
    assert last.endswith("run it with --py2, or translate it with 2to3")


def test_an_error_of_the_program_is_its_own(program):
    done = run(program("import theano\ntheano.tensor.nothing\n"))
    assert done.returncode == 1
    assert "line 2" in done.stderr
    assert done.stderr.splitlines()[-1].startswith(
        "AttributeError: module 'theano.tensor' has no attribute 'nothing'"
    )


def test_names_of_theano_are_listed_with_what_is_missing(program):
    done = run(
        "--check",
        program(
            "import theano.tensor as T\nfrom theano import function, gof\nimport theano.nowhere\n"
            "f = function([], T.nnet.sigmoid(T.zeros(3)))\nT.nothing\ngof.graph.inputs\n"
        ),
    )
    assert done.returncode == 1
    lines = {line.split()[0]: line for line in done.stdout.splitlines()}
    assert "MISSING" in lines["theano.tensor.nothing"]
    assert "MISSING" in lines["theano.nowhere"]
    assert lines["theano.tensor.nnet.sigmoid"].endswith("(line 4)")
    assert "MISSING" not in lines["theano.gof.graph.inputs"]
    assert done.stdout.endswith(", 2 missing\n")


def test_a_program_without_missing_names_checks_well(program):
    done = run("--check", program("import theano\nx = theano.tensor.dscalar()\n"))
    assert (done.returncode, done.stdout.splitlines()[-1]) == (0, "2 names of Theano, 0 missing")


@needs_translator
def test_a_file_that_is_no_python_is_told_and_the_others_are_checked(program, tmp_path):
    program("import theano\nprint 1 +\n", "bad.py")
    program("\0import theano\n", "nul.py")
    program("import theano\ntheano.function\n", "x'<script>é.py")
    done = run("--check", tmp_path)
    assert (done.returncode, done.stderr) == (1, "")
    assert done.stdout.count("CANNOT BE READ: neither Python 3 nor Python 2") == 2
    assert "theano.function  (line 2)" in done.stdout
    assert done.stdout.endswith("2 names of Theano, 0 missing, 2 files not read\n")


def test_settings_are_taken_from_theanos_variables(program, tmp_path):
    show = program(
        "import theano\nc = theano.config\nprint(c.floatX, c.cast_policy, c.openmp, c.allow_gc)\n"
    )
    rc = tmp_path / "rc"
    rc.write_text("[global]\nfloatX = float32\nopenmp = False\n")
    none = str(tmp_path / "none")
    assert run(show, THEANORC=none).stdout == "float64 custom True True\n"
    assert run(show, THEANORC=str(rc)).stdout == "float32 custom False True\n"
    flags = "floatX=float16,cast_policy=numpy+floatX"
    assert run(show, THEANORC=str(rc), THEANO_FLAGS=flags).stdout.startswith("float16 numpy+floatX")
    done = run(show, THEANORC=none, THEANO_FLAGS=flags, BITALE_FLAGS="cast_policy=weak")
    assert done.stdout.startswith("float16 weak")


def test_a_setting_without_effect_is_told_and_one_that_is_none(program, tmp_path):
    show = program("import theano\nprint(theano.config.allow_gc)\n")
    done = run(show, THEANORC=str(tmp_path / "none"), THEANO_FLAGS="allow_gc=False,nowhere=1")
    assert done.stdout == "False\n"
    assert "config.allow_gc: of Theano's, without effect" in done.stderr
    assert "THEANO_FLAGS sets 'nowhere', which bitale does not know" in done.stderr
    done = run(show, THEANO_FLAGS="floatX=flot")
    assert done.returncode == 1
    assert "THEANO_FLAGS: config.floatX takes one of" in done.stderr


def test_a_suite_runs_with_the_plugin(program, tmp_path):
    program(
        "import theano\n\ndef test_it():\n    assert theano.__version__ == '1.0.5'\n", "test_it.py"
    )
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "bitale.theano.plugin", "-q", str(tmp_path)],
        capture_output=True,
        text=True,
        check=False,
        cwd=tmp_path,
    )
    assert "1 passed" in done.stdout, done.stdout


def test_names_that_numpy_and_python_have_lost_are_there(program):
    text = """\
import collections, fractions, inspect, time
import numpy as np
assert time.clock() >= 0
print(np.cast["float32"](1).dtype, np.float(2), np.product([2, 3]), np.asfarray([1]).dtype)
print(issubclass(dict, collections.Mapping), fractions.gcd(4, 6))
print(inspect.getargspec(lambda a, b=1: a), np.in1d([1, 2], [2]), np.trapz([1, 1]))
"""
    done = run(program(text))
    assert done.stderr == ""
    assert done.stdout.splitlines()[:2] == ["float32 2.0 6 float64", "True 2"]
    assert "keywords=None, defaults=(1,)" in done.stdout
