"""What modules of Theano hold that nothing else here has: small helpers by their old paths."""

import io
import pdb
import pickle

import bitale.theano
import numpy as np
import pytest
from bitale.theano import scalar_classes


@pytest.fixture(autouse=True)
def installed():
    with bitale.theano.installed():
        yield


def test_modules_hold_those_that_theanos_import():
    import theano
    import theano.tensor as T

    assert T.theano is theano
    assert T.printing is theano.printing
    assert T.nnet.nnet.gof is theano.gof
    with pytest.raises(ModuleNotFoundError):
        import theano.tensor.printing


def test_an_op_may_be_made_of_the_class_that_tensor_lends():
    import theano
    import theano.tensor as tt

    class Likelihood(tt.Op):
        itypes = (tt.dvector,)
        otypes = (tt.dscalar,)

        def perform(self, node, inputs, outputs):
            outputs[0][0] = np.array(-(inputs[0] ** 2).sum())

    x = tt.dvector()
    assert theano.function([x], Likelihood()(x))([1.0, 2.0]) == -5
    assert isinstance(x.owner, (type(None), tt.Apply))


def test_six_by_theanos_path():
    from theano.compat import six
    from theano.compat.six.moves import cPickle, reduce, xrange

    assert (xrange, cPickle) == (range, pickle)
    assert reduce(lambda a, b: a + b, [1, 2]) == 3
    assert list(six.iteritems({1: 2})) == [(1, 2)]
    assert (list(six.iterkeys({1: 2})), list(six.itervalues({1: 2}))) == ([1], [2])
    assert isinstance("x", six.string_types)
    assert six.b(six.u("é")) == b"\xe9"

    class Kind(type):
        pass

    @six.add_metaclass(Kind)
    class Made:
        k = 1

    assert (type(Made), Made.k) == (Kind, 1)
    assert type(type("Sub", (six.with_metaclass(Kind, Made),), {})) is Kind
    with pytest.raises(KeyError, match="7"):
        six.reraise(KeyError, KeyError(7))


def test_ordered_sets_keep_their_order():
    from theano.misc.ordered_set import OrderedSet

    made = OrderedSet([3, 1])
    made.update([2, 3])
    made.add(0)
    made.discard(9)
    assert list(made) == [3, 1, 2, 0]
    assert list(reversed(made)) == [0, 2, 1, 3]
    assert (made.pop(), made.pop(last=False)) == (0, 3)
    assert made == OrderedSet([1, 2])
    assert made != OrderedSet([2, 1])
    assert made == {1, 2}
    assert list(made.union([5])) == [1, 2, 5]
    made.difference_update([1])
    assert repr(made.copy()) == "OrderedSet([2])"
    made.intersection_update([1])
    with pytest.raises(KeyError, match="empty"):
        made.pop()


def test_a_dict_that_does_not_change_has_a_hash():
    from theano.misc.frozendict import frozendict

    made = frozendict(a=1)
    assert {made: 2}[frozendict({"a": 1})] == 2
    assert dict(made.copy(b=2)) == {"a": 1, "b": 2}
    with pytest.raises(TypeError):
        made["a"] = 2


def test_pickles_of_python_2_are_read():
    from theano.misc.pkl_utils import DEFAULT_PROTOCOL, CompatUnpickler

    of_python2 = b"\x80\x02U\x01\xe9q\x00."
    assert CompatUnpickler(io.BytesIO(of_python2)).load() == "é"
    assert pickle.loads(pickle.dumps(1, DEFAULT_PROTOCOL)) == 1


def test_selections_are_taken_and_written_by_functions():
    import theano.tensor as T
    from theano.tensor import subtensor as s

    x = T.constant(np.zeros((3, 2)))
    rows = T.constant([0, 0, 2])
    assert s.advanced_subtensor1(x, rows).eval().shape == (3, 2)
    assert s.advanced_inc_subtensor1(x, 1.0, rows).eval()[:, 0].tolist() == [2, 0, 1]
    assert s.advanced_set_subtensor1(x, 1.0, rows).eval()[:, 0].tolist() == [1, 0, 1]
    assert s.advanced_subtensor(x, rows, [1, 1, 0]).eval().shape == (3,)
    assert s.advanced_inc_subtensor(x, 1.0, rows, [1, 1, 0]).eval().tolist() == [
        [0, 2],
        [0, 0],
        [1, 0],
    ]
    assert s.advanced_set_subtensor(x, 3.0, rows, [1, 1, 0]).eval()[2].tolist() == [3, 0]
    assert T.advanced_boolean_subtensor(x, x.eval() == 0).eval().shape == (6,)


def test_scalar_ops_of_a_program_say_their_types_as_theanos():
    import theano
    import theano.scalar as s
    import theano.tensor as tt

    class Half(s.UnaryScalarOp):
        def impl(self, x):
            return x / 2

        def grad(self, inputs, gradients):
            assert inputs[0].type not in s.complex_types
            return [gradients[0] / 2]

    half = tt.Elemwise(Half(s.upgrade_to_float_no_complex, name="half"))
    x = tt.dvector()
    value, slope = theano.function([x], [half(x), theano.grad(half(x).sum(), x)])([4.0])
    assert (value.tolist(), slope.tolist()) == ([2], [0.5])
    with pytest.raises(TypeError, match="not taken: real numbers are"):
        half(tt.zvector())


@pytest.mark.parametrize(
    ("name", "given", "result"),
    [
        ("float_out", ["float32"], "float64"),
        ("float_out_nocomplex", ["float32"], "float64"),
        ("int_out", ["float32"], "int64"),
        ("int_out_nocomplex", ["float32"], "int64"),
        ("real_out", ["complex64"], "float32"),
        ("real_out", ["complex128"], "float64"),
        ("real_out", ["int8"], "int8"),
        ("same_out_float_only", ["float32"], "float32"),
        ("same_out_min8", ["bool"], "int8"),
        ("same_out_nobool", ["int16"], "int16"),
        ("same_out_nocomplex", ["int16"], "int16"),
        ("upcast_out_min8", ["bool", "bool"], "int8"),
        ("upcast_out_no_complex", ["int8", "float32"], "float32"),
        ("upcast_out_nobool", ["bool", "int8"], "int8"),
        ("upgrade_to_float64", ["float32"], "float64"),
        ("float_out_nocomplex", ["complex64"], None),
        ("int_out_nocomplex", ["complex64"], None),
        ("same_out_float_only", ["int8"], None),
        ("same_out_nobool", ["bool"], None),
        ("same_out_nocomplex", ["complex64"], None),
        ("upcast_out_no_complex", ["complex64", "int8"], None),
        ("upcast_out_nobool", ["bool", "bool"], None),
    ],
)
def test_the_type_of_a_result(name, given, result):
    import theano.scalar as s

    rule, types = getattr(s, name), [s.get_scalar_type(t) for t in given]
    if result is None:
        with pytest.raises(TypeError):
            rule(*types)
    else:
        assert rule(*types) == (s.get_scalar_type(result),)


@pytest.mark.parametrize("name", scalar_classes.CLASSES)
def test_classes_of_scalar_ops_by_theanos_names(name):
    import theano.scalar as s

    row = getattr(s, name)()
    assert isinstance(row, getattr(s, name))
    assert not isinstance(s.exp, getattr(s, name))


def test_functions_are_made_of_classes_of_scalar_ops():
    import theano.tensor as tt
    from theano import scalar
    from theano.scalar.basic_scipy import GammaLn

    gammaln = tt.Elemwise(GammaLn(scalar.upgrade_to_float, name="scalar_gammaln"), name="gammaln")
    assert gammaln(tt.constant(np.array([4.0]))).eval() == pytest.approx(np.log(6))


@pytest.mark.parametrize("mode", ["FAST_COMPILE", "FAST_RUN"])
def test_a_breakpoint_stops_where_its_condition_holds(monkeypatch, capsys, mode):
    import theano
    import theano.tensor as T
    from theano.tests.breakpoint import PdbBreakpoint

    stops = []
    monkeypatch.setattr(pdb, "set_trace", lambda: stops.append(1))
    x, y = T.dvectors("xy")
    error = (x - y) ** 2
    error, seen, _ = PdbBreakpoint("too large")(T.gt(error.sum(), 100), error, x, y)
    f = theano.function([x, y], [error, T.grad(error.sum(), x), seen], mode=mode)
    assert f([10, 0], [10, 5])[0].tolist() == [0, 25]
    assert stops == []
    value, slope, seen = f([0, 0], [10, 5])
    assert (value.tolist(), slope.tolist(), seen.tolist()) == ([100, 25], [-20, -10], [0, 0])
    assert stops == [1]
    assert "PdbBreakpoint 'too large': the condition is True" in capsys.readouterr().out
    with pytest.raises(ValueError, match="the condition is one number"):
        PdbBreakpoint("b")(x > 1, x)
