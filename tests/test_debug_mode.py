"""Wrong ops, wrong rewrites and wrong C texts, planted one at a time: each is found by name."""

import bitale
import bitale.tensor as T
import bitale_optimize
import numpy as np
import pytest
from bitale import compile as modes
from bitale_graph.extend import Apply, Elementwise, Op, as_tensor, scalar
from bitale_graph.plan import dialect
from bitale_optimize import Changes, PatternRule

X = np.array([0.3, -0.7, 1.9])
ONLY_NUMPY = modes.DebugMode(check_c_code=False)


def expression(name):
    """Something that the rewriter would not change, with its input."""
    x = T.dvector("x")
    return {
        "tanh(x)": T.tanh(x),
        "sin(x)": T.sin(x) + 1.0,
        "cos(x)": T.cos(x) * x,
        "arctan(x)": T.arctan(T.exp(x)),
        "erf(x)": T.erf(x).sum(),
        "cosh(x)": T.grad(T.sinh(x).sum(), x),
        "sinh(x)": T.exp(T.sinh(x)).mean(),
        "expm1(x)": T.expm1(x)[0],
    }[name], x


WRONG_RULES = [
    ("tanh(x)", "sin(x)"),
    ("sin(x)", "cos(x)"),
    ("cos(x)", "-sin(x)"),
    ("arctan(x)", "tanh(x)"),
    ("erf(x)", "tanh(x)"),
    ("cosh(x)", "exp(x)"),
    ("sinh(x)", "1.0002 * x"),
    ("expm1(x)", "exp(x)"),
]


@pytest.fixture
def plant():
    """Register a rewrite for a while."""
    planted = []

    def add(rule, **facts):
        planted.append(facts.pop("name", None) or rule.name)
        if callable(rule):
            facts["name"] = planted[-1]
        bitale_optimize.register("specialize", rule, **facts)
        return planted[-1]

    yield add
    for name in planted:
        bitale_optimize.unregister(name)


@pytest.mark.parametrize(("find", "replace"), WRONG_RULES)
def test_a_wrong_pattern_is_named(plant, find, replace):
    wrong = plant(PatternRule("planted", find, replace, Changes.DOMAIN))
    y, x = expression(find)
    f = bitale.function([x], y, mode=ONLY_NUMPY)
    with pytest.raises(modes.BadOptimization, match="the rewrite planted changed the value") as e:
        f(X)
    assert e.value.reason == wrong
    assert "test_debug_mode.py" in str(e.value)


def wrong_step(x):
    steps, _ = bitale.scan(lambda u, h: T.tanh(u + 0.5 * h), x, T.constant(0.0))
    return steps


def test_a_wrong_rewrite_of_a_step_is_named(plant):
    plant(PatternRule("planted", "tanh(x)", "sin(x)", Changes.DOMAIN))
    x = T.dvector("x")
    f = bitale.function([x], wrong_step(x), mode=ONLY_NUMPY)
    with pytest.raises(modes.BadOptimization, match="the rewrite planted changed"):
        f(X)


def matrix_product():
    A = T.dmatrix("A")
    return A, T.dot(A, A * 2), np.arange(4.0).reshape(2, 2)


def of_vector(write):
    x = T.dvector("x")
    return x, write(x), X


@pytest.mark.parametrize(
    ("made", "wrong"),
    [
        (lambda: of_vector(lambda x: x[0]), lambda x, *_: x[-1]),
        (lambda: of_vector(lambda x: x.max()), lambda x: x.min()),
        (lambda: of_vector(lambda x: x.sum()), lambda x: x.prod()),
        (lambda: of_vector(T.arcsinh), lambda x: x * 1.01),
        (matrix_product, lambda a, b: T.dot(b.T, a.T)),
    ],
    ids=["item", "max", "sum", "arcsinh", "dot"],
)
def test_a_wrong_function_is_named(plant, made, wrong):
    x, y, given = made()
    y.name = "planted"

    def once(node, context):
        return wrong(*node.inputs) if node.outputs[0].name == "planted" else None

    def replaced(node, context):
        made = once(node, context)
        if made is not None:
            made.name = "done"
        return made

    plant(replaced, name="once", tracks=(type(y.owner.op),))
    f = bitale.function([x], y, mode=ONLY_NUMPY)
    with pytest.raises(
        modes.BadOptimization, match="the rewrite once changed the value of planted"
    ):
        f(given)


def test_a_rewrite_that_says_it_changes_nothing_leaves_nan_alone(plant):
    plant(
        PatternRule("planted", "arccosh(x)", "log(abs(x) + sqrt(abs(x * x - 1)))", Changes.NOTHING)
    )
    x = T.dvector("x")
    mode = modes.DebugMode(check_c_code=False, check_isfinite=False)
    f = bitale.function([x], T.arccosh(x) * 2, mode=mode)
    with pytest.raises(modes.BadOptimization, match=r"planted changed .*NaN"):
        f(X)


def test_a_rewriter_that_changes_its_mind_is_found(plant):
    seen = []

    def moody(node, context):
        seen.append(node)
        return T.tan(node.inputs[0]) if len(seen) == 1 else None

    plant(moody, name="moody", tracks=(Elementwise,))
    x = T.dvector("x")
    with pytest.raises(modes.StochasticOrder, match="once more gave another graph"):
        bitale.function([x], T.arctan(x), mode=ONLY_NUMPY)


# C texts
class Doubled(Op):
    """Twice a vector, by a C text that may be wrong."""

    __props__ = ("text",)

    def __init__(self, text):
        self.text = text

    def make_node(self, x):
        x = as_tensor(x)
        return Apply(self, [x], [x.type()])

    def perform(self, node, inputs, output_storage):
        output_storage[0][0] = 2 * inputs[0]

    def infer_shape(self, node, input_shapes):
        return [input_shapes[0]]

    def c_code(self, node):
        return f"for (int64_t i = 0; i < x0_n[0]; i++) {{ {self.text} }}"


RIGHT = "y0[i] = 2 * x0[i * x0_s[0]];"
WRONG_TEXTS = [
    "y0[i] = 3 * x0[i * x0_s[0]];",
    "y0[i] = 2 * x0[0];",
    "y0[i] = 2 * x0[i * x0_s[0]] + 1e-3;",
    "y0[i] = (float)(2.2 * x0[i * x0_s[0]] / 1.1001);",
    "if (i != 1) y0[i] = 2 * x0[i * x0_s[0]]; else y0[i] = 7;",
    'y0[i] = i == 2 ? __builtin_nan("") : 2 * x0[i * x0_s[0]];',
    "y0[i] = 2 * x0[i * x0_s[0]]; if (i == 1) return 1;",
    "y0[i] = 2 * nothing_of_this_name;",
]


@pytest.fixture(scope="module", autouse=True)
def cache_of_this_module(tmp_path_factory):
    with bitale.config.change_flags(base_compiledir=str(tmp_path_factory.mktemp("compiled"))):
        yield


def test_a_right_text_passes():
    x = T.dvector("x")
    f = bitale.function([x], Doubled(RIGHT)(T.exp(x)) + 1, mode="DEBUG_MODE")
    assert np.allclose(f(X), 2 * np.exp(X) + 1)


@pytest.mark.parametrize("text", WRONG_TEXTS)
def test_a_wrong_text_is_named(text):
    x = T.dvector("x")
    total = bitale.shared(0.0)
    y = T.tanh(Doubled(text)(T.exp(x)))
    f = bitale.function([x], y, updates=[(total, total + 1)], mode="DEBUG_MODE")
    with pytest.raises(modes.BadThunkOutput, match=r"C does not give what NumPy.*Doubled") as e:
        f(X)
    assert e.value.offending_op() is Doubled
    assert "test_debug_mode.py" in str(e.value)
    assert total.get_value() == 0.0


@pytest.mark.parametrize("is_argument", [True, False])
def test_a_text_that_writes_into_its_input_is_named(is_argument):
    x = T.dvector("x")
    given = x if is_argument else T.exp(x)
    y = Doubled(f"{RIGHT} ((double *)x0)[i * x0_s[0]] = 5;")(given)
    f = bitale.function([x], [y, given * 2], mode=modes.DebugMode(optimizer="None"))
    before = X.copy()
    with pytest.raises(modes.BadDestroyMap, match=r"C of Doubled.*wrote into input 0"):
        f(before)
    assert np.array_equal(before, X)


def test_a_wrong_text_in_a_step_is_named():
    A = T.dmatrix("A")
    steps, _ = bitale.scan(lambda row: Doubled(WRONG_TEXTS[0])(row) * row.sum(), A)
    f = bitale.function([A], steps, mode=modes.DebugMode(optimizer="None"))
    with pytest.raises(modes.BadThunkOutput, match="Doubled"):
        f(np.ones((3, 2)))


@pytest.mark.parametrize("name", ["tanh", "expm1", "sqrt"])
def test_a_wrong_spelling_of_a_function_is_named(name, monkeypatch):
    rules = dialect.spellings._rules
    monkeypatch.setitem(rules, getattr(scalar, name), rules[scalar.exp])
    x = T.dvector("x")
    f = bitale.function([x], getattr(T, name)(x) * 3, mode="DEBUG_MODE")
    with pytest.raises(modes.BadThunkOutput, match="C does not give what NumPy"):
        f(np.abs(X))


@pytest.mark.parametrize("name", ["arctan", "sinh", "log1p", "sqr"])
def test_a_wrong_spelling_for_a_device_is_named(monkeypatch, name):
    rules = dialect.spellings._rules
    right, wrong = rules[getattr(scalar, name)], rules[scalar.exp]

    def spelled(d, *facts):
        return (wrong if "Cuda" in type(d).__name__ else right)(d, *facts)

    monkeypatch.setitem(rules, getattr(scalar, name), spelled)
    x = T.dvector("x")
    with bitale.config.change_flags(device="emulated"):
        f = bitale.function([x], getattr(T, name)(x) * 3, mode="DEBUG_MODE")
    with pytest.raises(
        modes.BadThunkOutput, match="the device emulated0 does not give what NumPy"
    ) as caught:
        f(np.abs(X))
    assert name in str(caught.value)


# Ops
class Faulty(Op):
    """What ops may do wrong on NumPy."""

    __props__ = ("fault",)

    def __init__(self, fault):
        self.fault = fault

    def make_node(self, x):
        x = as_tensor(x)
        return Apply(self, [x], [x.type()])

    def perform(self, node, inputs, output_storage):
        (x,) = inputs
        if self.fault == "writes":
            x += 1
        elif self.fault == "writes by force":
            np.lib.stride_tricks.as_strided(x.base, x.shape)[...] = 0
        output_storage[0][0] = {
            "shows": x[::-1] if x.ndim else x,
            "another type": [1, "a"],
            "nothing": None,
            "infinite": x / 0.0 if self.fault == "infinite" else x,
        }.get(self.fault, x + 1)


@pytest.mark.filterwarnings("ignore:divide by zero")
@pytest.mark.parametrize(
    ("fault", "error"),
    [
        ("writes", modes.BadDestroyMap),
        ("writes by force", modes.BadDestroyMap),
        ("shows", modes.BadViewMap),
        ("another type", modes.InvalidValueError),
        ("nothing", modes.InvalidValueError),
        ("infinite", modes.InvalidValueError),
    ],
)
def test_an_op_that_breaks_a_promise_is_named(fault, error):
    x = T.dvector("x")
    f = bitale.function([x], Faulty(fault)(T.exp(x)) * 2, mode=ONLY_NUMPY)
    with pytest.raises(error, match="Faulty"):
        f(X)


def test_output_storage_that_is_not_empty_is_tried():
    class Adds(Op):
        __props__ = ()
        itypes, otypes = [T.dvector], [T.dvector]

        def perform(self, node, inputs, output_storage):
            if output_storage[0][0] is None:
                output_storage[0][0] = inputs[0] + 0
            else:
                output_storage[0][0] += inputs[0]

    x = T.dvector("x")
    mode = modes.DebugMode(check_c_code=False, check_preallocated_output=["initial"])
    with pytest.raises(modes.BadThunkOutput, match="initial output storage"):
        bitale.function([x], Adds()(x), mode=mode)(X)


# All is well
def test_errors_that_rewriting_removes_are_raised():
    x, y = T.dvectors("x", "y")
    z = x + T.zeros_like(y)
    given = np.ones(2), np.ones(3)
    for mode in ("FAST_COMPILE", "DEBUG_MODE"):
        with pytest.raises(ValueError, match="mis-match"):
            bitale.function([x, y], z, mode=mode)(*given)


def test_training_goes_on_as_it_should():
    rng = np.random.default_rng(0)
    x, t = T.dmatrix("x"), T.ivector("t")
    W = bitale.shared(rng.normal(size=(3, 4)))
    loss = T.nnet.categorical_crossentropy(T.nnet.softmax(T.dot(x, W)), t).mean()
    updates = [(W, W - 0.1 * T.grad(loss, W))]
    given = rng.normal(size=(5, 3)), np.array([0, 1, 2, 3, 0], "int32")
    f = bitale.function([x, t], loss, updates=updates, mode="DEBUG_MODE")
    first = f(*given)
    after = W.get_value()
    W.set_value(after + 0.1 * (after - after))
    assert f(*given) < first


def test_what_prints_does_so_once(capsys):
    x = T.dvector("x")
    f = bitale.function([x], bitale.printing.Print("seen")(T.exp(x)) * 2, mode="DEBUG_MODE")
    f(X)
    assert capsys.readouterr().out.count("seen") == 1


def test_the_emulated_device_is_compared_too():
    x = T.dvector("x")
    with bitale.config.change_flags(device="emulated"):
        f = bitale.function([x], T.tanh(x) * 2, mode="DEBUG_MODE")
        assert np.allclose(f(X), np.tanh(X) * 2)


@pytest.mark.parametrize("name", ["DEBUG_MODE", "DebugMode", "NanGuardMode"])
def test_modes_have_names(name):
    with bitale.config.change_flags(mode=name):
        x = T.dvector("x")
        assert np.allclose(bitale.function([x], x * 2)(X), 2 * X)


def test_what_prints_stands_between_the_parts_of_a_softmax():
    x = T.dvector("x")
    e = T.exp(x)
    seen = bitale.printing.Print("e", global_fn=lambda op, value: None)(e)
    low = np.full(3, -1000.0)
    assert np.allclose(bitale.function([x], e / e.sum(), mode="FAST_RUN")(low), 1 / 3)
    with np.errstate(invalid="ignore"):
        assert np.isnan(bitale.function([x], seen / seen.sum(), mode="FAST_RUN")(low)).all()


def test_a_hook_sees_every_node_with_its_values():
    x = T.dvector("x")
    seen = []
    mode = modes.MonitorMode(
        pre_func=lambda i, node, thunk: seen.append((i, str(node.op), thunk.inputs[0][0].copy())),
        post_func=lambda i, node, thunk: seen.append(thunk.outputs[0][0].copy()),
        optimizer="None",
    )
    f = bitale.function([x], T.tanh(T.exp(x)), mode=mode)
    y = f(X)
    (i, first, given), e, (j, second, between), result = seen
    assert [i, j] == [0, 1]
    assert ("exp" in first, "tanh" in second) == (True, True)
    assert np.array_equal(given, X)
    assert np.array_equal(e, between)
    assert np.array_equal(result, y)


def test_a_hook_may_change_what_a_node_gives():
    def change(i, node, thunk):
        thunk.outputs[0][0] = thunk.outputs[0][0] + 1

    x = T.dvector("x")
    f = bitale.function([x], x * 2, mode=modes.MonitorMode(post_func=change))
    assert np.array_equal(f(X), 2 * X + 1)


def test_nan_may_be_printed_as_it_comes(capsys):
    from bitale.compile.monitormode import detect_nan

    x = T.dvector("x")
    mode = modes.MonitorMode(post_func=detect_nan)
    bitale.function([x], T.log(x), mode=mode)(X)
    shown = capsys.readouterr().out
    assert "*** NaN detected ***" in shown
    assert "log" in shown
