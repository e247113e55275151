"""What persons name, in generated text: an identifier or a comment, and nothing else ever."""

import re
from unittest import mock

import numpy as np
import pytest
from bitale_codegen_c.lowering import lower
from bitale_graph import In, function, scan, shared
from bitale_graph import language as T
from bitale_graph.compile.mode import Mode
from bitale_graph.core.graph import Apply, Op
from bitale_graph.plan.names import comment, identifier
from hypothesis import example, given, settings
from hypothesis import strategies as st

AS_WRITTEN = Mode(linker="c", optimizer="None")
UNCOMPILED = Mode(linker="numpy", optimizer="None")

PIECES = [
    *(
        "*/",
        "/*",
        "//",
        "*\\/",
        "/\\*",
        "\\",
        "\\\n",
        "\n",
        "\r",
        "\v",
        "\f",
        "\0",
        "\u2028",
        "\x85",
    ),
    *("??/", "??/\n", "*??/\n/", "??'", '"', "'", "#", "#define x 1\n", "#include </etc/passwd>"),
    *(
        "%:",
        "<:",
        "@",
        "$",
        ";",
        "}",
        "{",
        "`",
        '");system("',
        "\udc80",
        "\ud800",
        "\udfff",
        "\u200b",
    ),
    *(
        "BT_FAIL",
        "BT_PART",
        "main",
        "in",
        "out",
        "int",
        "owned",
        "frame",
        "arena",
        "status",
        "leave",
    ),
    *("value0", "shape1", "bitale_main", "__attribute__", "_Alignas", "NULL", "bt_take", "int64_t"),
    *("rows_of_x", "task_of_x", "system", "memcpy", "exp", "x" * 5000, "ﬁ", "ａ", "é", "𝒙", ""),
]
NAMES = st.one_of(
    st.lists(st.sampled_from(PIECES), max_size=4).map("".join),
    st.text(st.characters(exclude_categories=())),
    st.builds("{}{}{}".format, st.text(max_size=3), st.sampled_from(PIECES), st.text(max_size=3)),
)
PAYLOADS = [
    '*/ system("touch {}"); /*',
    '*\\/system("touch {}");/*',
    '*\\\\//system("touch {}");/*',
    '*\\\n/system("touch {}");/*',
    '*??/\n/system("touch {}");/*',
    '\n#define double int\n__attribute__((constructor)) void f(){{system("touch {}");}}\n',
    '*\u2028/ x; system("touch {}"); /*',
    '"); system("touch {}"); //',
]


# A small lexer of C: trigraphs, then spliced lines, then comments, then tokens.
TRIGRAPHS = dict(zip("=/'()!<>-", "#\\^[]|{}~", strict=True))
TOKEN = re.compile(
    r"(?P<comment>/\*.*?\*/|//[^\n]*)|(?P<name>[A-Za-z_$]\w*)|(?P<number>\.?\d(?:[eEpP][+-]|[\w.])*)"
    r'|(?P<string>"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\')|(?P<space>\s+)|(?P<sign>.)',
    flags=re.DOTALL,
)


def tokens(text):
    text = re.sub(r"\?\?([=/'()!<>-])", lambda m: TRIGRAPHS[m[1]], text)
    text = re.sub(r"\\[ \t]*\n", "", text)
    found = [(m.lastgroup, m[0]) for m in TOKEN.finditer(text)]
    return [(kind, word) for kind, word in found if kind not in ("comment", "space")]


def assert_same_but_for_names(text, plain):
    """Token by token the same; in the entry point one name stands for one name throughout."""
    assert text.isascii()
    given, expected = tokens(text), tokens(plain)
    assert len(given) == len(expected)
    entry = expected.index(("name", "bitale_main"))
    there, back = {}, {}
    for k, ((kind, word), (kind_expected, other)) in enumerate(zip(given, expected, strict=True)):
        assert kind == kind_expected
        if kind == "name" and k > entry:
            assert there.setdefault(word, other) == other
            assert back.setdefault(other, word) == word
        elif kind == "name" and "loop" in other:
            assert "loop" in word
        else:
            assert word == other


class Named(Op):
    """An op of a person's own, which says of itself what it was told to."""

    __props__ = ("words",)

    def __init__(self, words):
        self.words = words

    def make_node(self, x):
        return Apply(self, [x], [x.type()])

    def perform(self, node, inputs, output_storage):
        output_storage[0][0] = inputs[0] + 1

    def __str__(self):
        return self.words

    __repr__ = __str__


def program(names, mode):
    """A function in which everything that a person names has one of ``names``, round and round."""
    name = lambda k: names[k % len(names)]
    x, y, n = T.dmatrix(name(0)), T.dvector(name(1)), T.lscalar(name(2))
    state = shared(np.zeros(3), name(3))
    hidden = T.exp(x) * y
    hidden.name = name(4)
    own = Named(name(5))(hidden)
    own.name = name(6)
    rows, _ = scan(lambda a, b: T.tanh(a + b), sequences=x, outputs_info=y, name=name(7))
    rows.name = name(8)
    outputs = [own, rows, hidden.sum(axis=0), x[n], T.softmax(hidden), T.dot(x, y), hidden.T]
    outputs[2].name = outputs[3].name = name(9)
    inputs = [In(x, name=name(10)), In(y, name=name(11)), In(n, name=name(12))]
    with_name = {"updates": [(state, state + hidden.sum(axis=0))], "name": name(13), "mode": mode}
    return function(inputs, outputs, **with_name), state


def source(names):
    maker = program(names, UNCOMPILED)[0].maker
    # Long names alone would have a text compiled in two parts.
    with mock.patch("bitale_codegen_c.lowering.PARTED", 10**9):
        return lower(
            maker.fgraph, len(maker.arguments), maker.n_outputs, maker.update_targets
        ).source


PLAIN = [f"plain{'abcdefghijklmn'[k]}" for k in range(14)]


def plain_like(names):
    """Plain names, alike where these are: no name, or one that others have, is told by design."""
    alike = [identifier(name) for name in names]
    return [name and PLAIN[alike.index(identifier(name))] for name in names]


@pytest.mark.slow
@settings(max_examples=150, deadline=None)
@given(st.lists(NAMES, min_size=1, max_size=14))
@example([PAYLOADS[0]])
@example([PAYLOADS[1]])
@example(["*\\" + "/"] * 14)
@example(["\ud800*/"])
def test_whatever_is_named_only_names_and_comments_differ(names):
    assert_same_but_for_names(source(names), source(plain_like(names)))


@settings(max_examples=300, deadline=None)
@given(NAMES)
@example("a" * 39 + "_b")
@example("1" * 60)
def test_an_identifier_is_one(name):
    made = identifier(name)
    assert re.fullmatch(r"[A-Za-z][A-Za-z0-9]*(_[A-Za-z0-9]+)*_?", made)
    assert len(made) <= 41
    assert identifier(made.rstrip("_")) == made


@settings(max_examples=300, deadline=None)
@given(st.lists(NAMES, max_size=3))
def test_a_comment_is_nothing_but_a_comment(lines):
    assert tokens(f"a {comment(*lines)} b") == [("name", "a"), ("name", "b")]
    assert comment(*lines).count("*/") == 1


@pytest.mark.usefixtures("compile_quickly")
@pytest.mark.parametrize("payload", PAYLOADS)
def test_no_name_runs(payload, tmp_path):
    planted = tmp_path / "planted"
    f, state = program([payload.format(planted)], AS_WRITTEN)
    g, _ = program(PLAIN, UNCOMPILED)
    arguments = np.ones((2, 3)), np.arange(3.0), 1
    for a, b in zip(f(*arguments), g(*arguments), strict=True):
        np.testing.assert_allclose(a, b)
    assert state.get_value().any()
    assert not planted.exists()


@pytest.mark.usefixtures("compile_quickly")
@pytest.mark.parametrize("payload", PAYLOADS)
def test_no_file_s_name_and_no_docstring_runs(payload, tmp_path):
    planted = tmp_path / "planted"
    words = payload.format(planted)
    text = "def build(T):\n    x = T.dvector('x')\n    return x, T.exp(x).sum()"
    space = {"__name__": words, "__doc__": words}
    exec(compile(text, words.replace("\0", ""), "exec"), space)
    space["build"].__doc__ = words
    x, y = space["build"](T)
    f = function([x], y, mode=AS_WRITTEN)
    assert f([0.0]) == 1.0
    assert str(planted) not in f.source(headers=True)
    assert not planted.exists()


@pytest.mark.usefixtures("compile_quickly")
def test_surrogates_that_stand_alone_are_names_like_others(tmp_path):
    name = "\udc80\ud800*/"
    x = T.dvector(name)
    state = shared(np.zeros(()), name)
    f = function([x], x.sum(), updates=[(state, state + 1)], name=name, mode=AS_WRITTEN)
    assert f([1.0, 2.0]) == 3.0
    with pytest.raises(TypeError, match="Bad input argument") as caught:
        f([[1.0]])
    assert name in str(caught.value)
    str(caught.value).encode(errors="surrogatepass")


class Deceptive(str):
    """A text whose every method tells something else."""

    __slots__ = ()

    def __str__(self):
        return self

    def __format__(self, spec):
        return '*/ system("touch /");'

    replace = strip = translate = __getitem__ = lambda self, *_: '*/ system("touch /");'


class Raises:
    """Says nothing of itself."""

    def __str__(self):
        raise RuntimeError("no words")


def test_subclasses_of_text_and_of_numbers_are_taken_at_their_characters():
    names = [Deceptive("name"), Deceptive("*/")]
    assert_same_but_for_names(source(names), source(plain_like(names)))
    assert type(identifier(Deceptive("x"))) is str
    assert comment(Raises()) == "/* Raises */"
    assert comment(type("*/ x", (Raises,), {})()) == "/* __ x */"


class DeceptiveNumber(int):
    """A length that says something else than its value."""

    def __str__(self):
        return '0); system("touch /"); (0'

    __repr__ = __str__

    def __format__(self, spec):
        return str(self)


@pytest.mark.usefixtures("compile_quickly")
def test_lengths_and_axes_are_numbers_whatever_they_say():
    two, one = DeceptiveNumber(2), DeceptiveNumber(1)
    x = T.dmatrix("x")
    last, _ = scan(lambda a: a + 1, outputs_info=x, n_steps=two)
    outputs = [T.specify_shape(x, (two, None)), x[one], x[:one], x.sum(axis=one), T.join(one, x, x)]
    outputs += [x.reshape((two, one, 3)), T.alloc(1.0, two), T.eye(two, k=one), last[-one]]
    outputs += [x.dimshuffle(one, "x", 0), T.argmax(x, axis=one), x * two]
    f = function([x], outputs, mode=AS_WRITTEN)
    g = function([x], outputs, mode=UNCOMPILED)
    for a, b in zip(f(np.ones((2, 3))), g(np.ones((2, 3))), strict=True):
        np.testing.assert_array_equal(a, b)
    assert "touch" not in f.source(headers=True)


class Unhelpful(Named):
    """An op whose words raise."""

    def __str__(self):
        raise RuntimeError("no words")


@pytest.mark.usefixtures("compile_quickly")
def test_an_op_without_words_compiles():
    x = T.dvector("x")
    f = function([x], Unhelpful("*/")(x), mode=AS_WRITTEN)
    np.testing.assert_array_equal(f([1.0]), [2.0])
    assert "Unhelpful" in f.source(headers=True)
