"""Lists of values of one type."""

import pickle

import numpy as np
import pytest
from bitale_graph import In, function, scan
from bitale_graph import language as T
from bitale_graph.typed_list import Append, Reverse, TypedListType, length, make_list

VECTORS = TypedListType(T.fvector)
A = [np.float32([1, 2]), np.float32([3]), np.float32([1, 2])]


def listed(values):
    return [v.tolist() for v in values]


@pytest.fixture
def a():
    return VECTORS("a")


def run(expression, *pairs):
    inputs = dict(pairs)
    return function(list(inputs), expression)(*inputs.values())


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (lambda a, v: a.append(v), [[1, 2], [3], [1, 2], [5]]),
        (lambda a, v: a.extend(a[:1]), [[1, 2], [3], [1, 2], [1, 2]]),
        (lambda a, v: a.insert(-1, v), [[1, 2], [3], [5], [1, 2]]),
        (lambda a, v: a.remove(np.float32([1, 2])), [[3], [1, 2]]),
        (lambda a, v: a.remove(v), [[1, 2], [3], [1, 2]]),
        (lambda a, v: a.reverse(), [[1, 2], [3], [1, 2]]),
        (lambda a, v: a[1:], [[3], [1, 2]]),
        (lambda a, v: a[::-2], [[1, 2], [1, 2]]),
        (lambda a, v: a[: T.argmax(v)], []),
        (lambda a, v: a[:0].append(v).append(v * 2), [[5], [10]]),
    ],
)
def test_a_list_that_differs_from_another(a, change, expected):
    v = T.fvector("v")
    f = function([a, v], change(a, v), on_unused_input="ignore")
    assert listed(f(A, [5])) == expected
    assert listed(A) == [[1, 2], [3], [1, 2]]


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        (length, 3),
        (lambda a: a.count(np.float32([1, 2])), 2),
        (lambda a: a.count(np.float32([1])), 0),
        (lambda a: a.ind(np.float32([3])), 1),
        (lambda a: a[-2], [3]),
        (lambda a: a[T.constant(0)], [1, 2]),
    ],
)
def test_what_is_read_of_a_list(a, question, expected):
    found = run(question(a), (a, A))
    assert found.tolist() == expected


def test_nan_is_found_where_the_type_finds_it_equal(a):
    same = T.fvector.values_eq(np.float32([np.nan]), np.float32([np.nan]))
    assert run(a.count(np.float32([np.nan])), (a, [[np.nan]])) == same


def test_a_list_is_made_of_variables_and_values():
    v = T.dvector("v")
    made = make_list([v, v[:1] * 2, np.array([7.0, 8, 9])])
    assert made.type == TypedListType(T.dvector)
    assert (made.dtype, made.ndim, made.ttype) == ("float64", 2, T.dvector)
    assert listed(run(made, (v, [1, 2]))) == [[1, 2], [2], [7, 8, 9]]
    assert run(make_list([1, 2])[1]) == 2
    with pytest.raises(TypeError, match="of one type"):
        make_list([v, T.dmatrix()])
    with pytest.raises(TypeError, match="one element or more"):
        make_list([])
    with pytest.raises(TypeError, match="a list of variables"):
        make_list(v)


def test_lists_of_lists():
    t = TypedListType(T.fvector, depth=2)
    assert t.get_depth() == 2
    assert t == TypedListType(TypedListType(VECTORS))
    x = t("x")
    assert run(x[0][1][0], (x, [[[[1]], [[2, 3]]]])).tolist() == [2, 3]
    assert TypedListType(T.fvector, depth=3000).get_depth() == 3000


def test_ops_take_inplace_and_change_nothing_in_place(a):
    f = function([a], [Append(inplace=True)(a, np.float32([7])), Reverse(True)(a)])
    longer, reversed_ = f(A)
    assert (len(longer), len(reversed_), len(A)) == (4, 3, 3)
    assert Append(True) == Append()


def test_types_compare_and_are_pickled():
    assert pickle.loads(pickle.dumps(VECTORS)) == VECTORS
    assert len({VECTORS, TypedListType(T.fvector), TypedListType(T.dvector)}) == 2
    assert VECTORS.admits(TypedListType(T.TensorType("float32", (3,))))
    assert str(VECTORS) == "TypedList <TensorType(float32, vector)>"
    with pytest.raises(ValueError, match="0 or more"):
        TypedListType(T.fvector, depth=-1)
    with pytest.raises(TypeError, match="is none"):
        TypedListType("float32")


@pytest.mark.parametrize("value", [3, "ab", [[[1.0]]], [1], [[1], ["<script>"]], None])
def test_what_is_no_list_of_the_elements_is_refused(a, value):
    with pytest.raises(TypeError, match="a list of TensorType"):
        function([a], length(a))(value)


def test_strict_inputs_take_lists_alone(a):
    f = function([In(a, strict=True)], length(a))
    assert f(A) == 3
    with pytest.raises(TypeError, match="expected a list"):
        f(tuple(A))
    with pytest.raises(TypeError, match="element 0"):
        f([[1.0]])


@pytest.mark.parametrize(
    ("wrong", "match"),
    [
        (lambda a: a["x"], "of NumPy dtype"),
        (lambda a: a[T.dscalar()], "0-d integer or a slice"),
        (lambda a: a[T.lvector()], "0-d integer or a slice"),
        (lambda a: a.append(T.fmatrix()), "an element of a is of"),
        (lambda a: a.extend(T.fmatrix()), "cannot make"),
        (lambda a: length(T.fmatrix()), "takes a typed list"),
        (len, "symbolic length"),
        (list, "cannot iterate"),
    ],
    ids=["text", "real", "vector", "rank", "no_list", "tensor", "len", "iter"],
)
def test_what_does_not_go_with_a_list_is_refused_when_it_is_written(a, wrong, match):
    with pytest.raises(TypeError, match=match):
        wrong(a)


def test_what_is_not_there_is_told_when_it_runs(a):
    with pytest.raises(IndexError, match="out of range"):
        run(a[3], (a, A))
    with pytest.raises(ValueError, match="no element of the list equals"):
        run(a.ind(np.float32([9])), (a, A))


def test_outputs_share_no_memory_with_inputs_or_state(a):
    v = T.fvector("v")
    f = function([a, v], [a, a.append(v), a.reverse(), a[0], make_list([v])])
    given, element = [np.float32([1, 2])], np.float32([3])
    for out in f(given, element):
        for x in out if isinstance(out, list) else [out]:
            x += 100
    assert listed([*given, element]) == [[1, 2], [3]]
    add = function([v, In(a, name="state", value=[], update=a.append(v))], length(a))
    assert (add(element), add(element)) == (0, 1)
    element += 100
    add["state"][0][0] = 7
    assert listed(add["state"]) == [[3], [3]]


def test_a_loop_reads_a_list(a):
    n = length(a)
    sums, _ = scan(lambda i, given: given[i].sum(), T.arange(n), non_sequences=[a])
    f = function([a], sums)
    assert f(A).tolist() == [3, 3, 3]
    assert f([]).tolist() == []


def test_functions_of_lists_are_pickled_and_copied(a):
    f = function([a], a[0] * 2)
    assert pickle.loads(pickle.dumps(f))(A).tolist() == [2, 4]
    assert f.copy()(A).tolist() == [2, 4]
