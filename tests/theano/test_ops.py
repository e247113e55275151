"""Ops written for Theano: how they run, and what they are given."""

import pickle
import shutil
import threading

import bitale.theano
import numpy as np
import pytest

needs_compiler = pytest.mark.skipif(shutil.which("g++") is None, reason="there is no g++")


@pytest.fixture
def theano():
    with bitale.theano.installed():
        import theano

        yield theano


def unary(theano, **body):
    def make_node(self, x):
        return theano.Apply(self, [theano.tensor.as_tensor_variable(x)], [x.type()])

    kinds = body.pop("bases", (theano.Op,))
    return type(theano.Op)("Unary", kinds, {"make_node": make_node} | body)


@pytest.mark.parametrize("mode", ["FAST_COMPILE", "FAST_RUN"])
def test_an_op_runs_by_the_function_that_it_makes(theano, mode):
    made = []

    def make_thunk(self, node, storage_map, compute_map, no_recycling, impl=None):
        source, target = storage_map[node.inputs[0]], storage_map[node.outputs[0]]
        made.append(node)

        def thunk():
            target[0] = source[0] * 3
            compute_map[node.outputs[0]][0] = True

        return thunk

    x = theano.tensor.dvector("x")
    f = theano.function([x], unary(theano, make_thunk=make_thunk)()(x) + 1, mode=mode)
    assert f([1.0, 2.0]).tolist() == [4, 7]
    assert f([3.0]).tolist() == [10]
    assert len(made) == 1
    wrong = []

    def calls(k):
        wrong.extend(n for n in range(30) if f([k * 100.0 + n])[0] != 3 * (k * 100 + n) + 1)

    threads = [threading.Thread(target=calls, args=(k,)) for k in range(4)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert not wrong


def test_an_op_that_prepares_its_nodes_runs_by_its_perform(theano):
    prepared = []

    def prepare_node(self, node, storage_map, compute_map, impl):
        prepared.append(node)

    def perform(self, node, inputs, outputs):
        inputs[0][...] += len(prepared)
        outputs[0][0] = inputs[0]

    op = unary(theano, prepare_node=prepare_node, perform=perform, destroy_map={0: [0]})()
    x, given = theano.tensor.dvector("x"), np.zeros(2)
    f = theano.function([x], op(x))
    assert f(given).tolist() == f(given).tolist() == [1, 1]
    assert given.tolist() == [0, 0]


def test_an_op_is_given_its_parameters(theano):
    def perform(self, node, inputs, outputs, params):
        outputs[0][0] = inputs[0] * params.a + params.b

    kind = theano.gof.ParamsType(a=theano.scalar.float64, b=theano.tensor.dvector)
    op = unary(theano, perform=perform, params_type=kind, a=2.0, b=[1.0, 5.0])()
    x = theano.tensor.dvector("x")
    assert theano.function([x], op(x))([1.0, 2.0]).tolist() == [3, 9]
    own = {"params_type": theano.gof.generic, "get_params": lambda self, node: "text"}
    told = unary(
        theano,
        perform=lambda self, node, inputs, out, params: out[0].__setitem__(
            0, inputs[0] + len(params)
        ),
        **own,
    )()
    assert theano.function([x], told(x))([1.0]).tolist() == [5]
    missing = unary(theano, perform=perform, params_type=kind, a=2.0)()
    with pytest.raises(TypeError, match="parameters without a value: b"):
        theano.function([x], missing(x))([1.0])


def test_types_of_parameters(theano):
    from theano.gof import EnumList, EnumType, ParamsType

    modes = EnumList("SUM", ("MAX", "max"))
    assert (modes.MAX, modes.fromalias("max"), modes.filter("SUM"), modes.get_aliases()) == (
        1,
        1,
        0,
        ("max",),
    )
    with pytest.raises(TypeError, match="is none of SUM, MAX"):
        modes.filter("</script>")
    kind = ParamsType(mode=modes, n=theano.scalar.int64)
    found = kind.get_params(type("A", (), {"mode": "max"})(), n=5)
    assert (found.mode, found["n"], kind.MAX, kind.fields) == (1, 5, 1, ("mode", "n"))
    assert found == kind.get_params(mode=1, n=5) != kind.get_params(mode=0, n=5)
    assert kind == ParamsType(n=theano.scalar.int64, mode=EnumList("SUM", ("MAX", "max")))
    assert kind.get_field(theano.scalar.int64) == "n"
    assert kind.extended(z=theano.tensor.dvector).get_type("z") == theano.tensor.dvector
    assert EnumType(HALF=0.5).HALF == 0.5
    with pytest.raises(TypeError, match="of a type"):
        ParamsType(a=3)
    with pytest.raises(AttributeError, match="name MAX"):
        ParamsType(a=modes, b=EnumList("MIN", "MAX"))
    arrays = ParamsType(a=theano.tensor.dvector, b=theano.gof.generic)
    one, other = (arrays.get_params(a=[1.0 + d], b=np.ones(2)) for d in (0, 1e-9))
    assert one != other
    assert arrays.values_eq_approx(one, other)
    assert arrays.name != kind.name
    assert (kind.get_enum("SUM"), kind.enum_from_alias("max")) == (0, 1)
    with pytest.raises(AttributeError, match="no parameter 'k'"):
        _ = found.k
    with pytest.raises(AttributeError):
        pickle.loads(pickle.dumps(kind)).MIN  # noqa: B018 (that it is asked for)


FILE = """#section support_code
static double twice_%(k)s(double x) { return 2 * x; }
#section support_code_apply
int APPLY_SPECIFIC(run)(PyArrayObject* x, PyArrayObject** z) {
    Py_XDECREF(*z);
    *z = (PyArrayObject*)PyArray_EMPTY(1, PyArray_DIMS(x), TYPENUM_OUTPUT_0, 0);
    if (!*z) return 1;
    if (PyArray_DIMS(x)[0] == 7) { PyErr_SetString(PyExc_ValueError, "seven"); return 1; }
    for (npy_intp i = 0; i < PyArray_DIMS(x)[0]; ++i)
        ((DTYPE_OUTPUT_0*)PyArray_DATA(*z))[i] =
            twice_%(k)s(*(DTYPE_INPUT_0*)PyArray_GETPTR1(x, i));
    return 0;
}
"""
CODE = """#section code
if (PyArray_DIMS(INPUT_0)[0] == 7) { PyErr_SetString(PyExc_ValueError, "seven"); FAIL }
Py_XDECREF(OUTPUT_0);
OUTPUT_0 = (PyArrayObject*)PyArray_NewCopy(INPUT_0, NPY_CORDER);
"""


@needs_compiler
@pytest.mark.slow
@pytest.mark.parametrize(
    ("text", "name", "expected"),
    [(FILE % {"k": "x"}, "APPLY_SPECIFIC(run)", [2, 4]), (CODE, None, [1, 2])],
    ids=["function", "code"],
)
def test_an_op_has_its_c_code_in_a_file(theano, tmp_path, text, name, expected):
    file = tmp_path / "a 'name'.c"
    file.write_text(text)
    op = unary(theano, bases=(theano.gof.COp,))(str(file), name)
    x = theano.tensor.fvector("x")
    f = theano.function([x], op(x))
    assert f([1, 2]).tolist() == expected
    with pytest.raises(ValueError, match="seven"):
        f(np.zeros(7, "float32"))


@pytest.mark.parametrize(
    ("text", "match"),
    [
        ("int f() {}", "has no section"),
        ("int f();\n#section code\n", "code before its first section"),
        ("#section cod\n", "known are"),
        ("#section init_code_struct\nf();\n", "not called here"),
        ("#section code\nf();\n", "either a func_name"),
        ("#section support_code\nf();\n", "either a func_name"),
        ("THEANO_APPLY_CODE_SECTION\n#section code\n", "old and of the new"),
    ],
)
def test_files_that_are_not_understood_are_refused(theano, tmp_path, text, match):
    file = tmp_path / "code.c"
    file.write_text(text)
    with pytest.raises(ValueError, match=match):
        unary(theano, bases=(theano.gof.COp,))([str(file)], None if "support" in text else "f")


def test_ops_for_several_threads_tell_the_compiler(theano):
    op = unary(theano, bases=(theano.gof.OpenMPOp,))
    assert op(openmp=True).c_compile_args() == ["-fopenmp"]
    assert op(openmp=False).c_headers() == []
    assert isinstance(theano.tensor.exp(theano.tensor.dvector()).owner.op, theano.gof.PureOp)


def test_modes_take_rewrites_as_objects(theano):
    gof, T = theano.gof, theano.tensor
    x = T.dvector("x")
    doubled = gof.opt.out2in(gof.PatternSub((T.mul, "x", "x"), (T.exp, "x")))
    mode = theano.Mode(optimizer=doubled)
    assert theano.function([x], x * x, mode=mode)([0.0]).tolist() == [1]
    assert theano.function([x], x * x, mode=theano.Mode(optimizer=None))([0.0]).tolist() == [0]
    assert theano.Mode(optimizer=doubled) == mode
    assert isinstance(theano.compile.get_default_mode(), theano.Mode)
    assert isinstance(mode.excluding("fusion"), theano.Mode)
    with pytest.raises(TypeError, match="an optimizer is a name"):
        theano.Mode(optimizer=3)


def test_modes_take_what_is_asked_of_a_database(theano):
    x = theano.tensor.dvector("x")
    all_of_them = theano.Mode(optimizer=theano.gof.Query(include=["fast_run"], exclude=["fusion"]))
    assert all_of_them.optimizer == "fast_run"
    assert "fusion" in all_of_them.exclude
    nothing = theano.Mode(linker="py", optimizer=theano.gof.Query(include=[]))
    graph = theano.function([x], (x + 1) - 1, mode=nothing).maker.fgraph
    assert len(graph.apply_nodes) == 2
