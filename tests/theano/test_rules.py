"""Each rule of the table holds where `install` has been called, and ours where it has not."""

from __future__ import annotations

from collections.abc import Iterator
from types import SimpleNamespace

import numpy as np
import pytest
from bitale.theano import installed
from bitale.theano.rules import RULES
from bitale_graph import config


@pytest.fixture
def theano() -> Iterator[SimpleNamespace]:
    """Theano's modules under its rules."""
    with installed(), config.change_flags(floatX="float32", mode="FAST_COMPILE"):
        import theano
        import theano.tensor as T

        yield SimpleNamespace(top=theano, T=T)


@pytest.mark.parametrize("rule", [r for r in RULES if r.flag], ids=lambda r: r.subject)
def test_the_flag_of_a_rule_has_its_value_while_installed_and_another_one_otherwise(
    rule: object,
) -> None:
    before = getattr(config, rule.flag)
    assert before != rule.value
    with installed():
        assert getattr(config, rule.flag) == rule.value
    assert getattr(config, rule.flag) == before


def test_numbers_take_the_smallest_dtype_that_holds_them(theano: SimpleNamespace) -> None:
    T = theano.T
    c, f, b = T.scalar(dtype="bool"), T.fvector(), T.bvector()
    assert (f * T.switch(c, 1, 0)).dtype == "float32"
    assert (b + 1000).dtype == "int16"
    assert (f * 0.1).dtype == (f * 2).dtype == "float32"
    assert (T.lvector() * 1.0).dtype == "float64"
    assert T.constant(1).dtype == T.constant(True).dtype == "int8"
    assert T.as_tensor_variable(2.0).dtype == "float32"
    assert (f * np.float64(2)).dtype == T.add(f, [1.0]).dtype == "float64"


def test_numbers_keep_their_dtype_in_loops_gradients_and_compiled_functions(
    theano: SimpleNamespace,
) -> None:
    T = theano.T
    x = T.fvector()
    steps, _ = theano.top.scan(
        lambda s: T.switch(s > 0, 1, 0) * s * 0.5 + 2, outputs_info=[x], n_steps=3
    )
    tangent = theano.top.tensor.Rop(T.log2(x) * 0.1, x, x)
    made = [steps, theano.top.grad((0.1 * T.log2(x) / 3).sum(), x), tangent]
    assert [v.dtype for v in made] == ["float32"] * 3
    for mode in ("FAST_COMPILE", None):
        values = theano.top.function([x], made, mode=mode)(np.float32([1, 2]))
        assert [v.dtype for v in values] == [np.float32] * 3


def test_functions_of_real_numbers_give_float64_for_int64(theano: SimpleNamespace) -> None:
    T = theano.T
    n = T.lvector()
    assert T.exp(n).dtype == T.sqrt(n).dtype == T.mean(n).dtype == "float64"
    assert T.exp(T.bvector()).dtype == (n / n).dtype == "float32"


def test_of_equal_elements_the_gradient_is_whole(theano: SimpleNamespace) -> None:
    T = theano.T
    x, y = T.fvectors("xy")
    larger = theano.top.grad(T.maximum(x, y).sum(), [x, y])
    smaller = theano.top.grad(T.minimum(x, y).sum(), [x, y])
    top, low = theano.top.grad(x.max(), x), theano.top.grad(T.min(x, axis=0), x)
    tangent = T.Rop(x.max(), x, T.ones_like(x))
    f = theano.top.function([x, y], [*larger, *smaller, top, low, tangent])
    found = [v.tolist() for v in f([2, 1, 2], [2, 2, 1])]
    assert found == [
        [1, 0, 1],
        [0, 1, 0],
        [1, 1, 0],
        [0, 0, 1],
        [1, 0, 1],
        [0, 1, 0],
        1,
    ]


def test_lengths_that_differ_raise_when_the_function_is_called(theano: SimpleNamespace) -> None:
    T = theano.T
    one = T.constant(np.ones((1, 3)))
    assert one.type.shape == (1, None)
    assert T.zeros((2, 3)).type == T.fmatrix
    for wrong in (
        T.zeros((2, 3)) + T.zeros((3, 2)),
        T.dot(T.zeros((2, 3)), T.zeros((2, 3))),
        T.concatenate([T.zeros((2, 3)), T.zeros((2, 4))]),
        T.zeros((2, 3)).reshape((4, 2)),
        T.set_subtensor(T.zeros(3)[:2], np.ones(3)),
    ):
        f = theano.top.function([], wrong)
        with pytest.raises(ValueError, match="Apply node"):
            f()


def test_a_shape_may_be_written_as_a_vector_of_any_known_length(theano: SimpleNamespace) -> None:
    T = theano.T
    x, n = T.fmatrix(), T.lscalar()
    assert x.reshape(T.stack([1, n])).ndim == x.reshape(x.shape[::-1]).ndim == 2
    assert x.reshape(T.concatenate([[1], x.shape])).ndim == T.zeros(x.shape * 2 + 1).ndim + 1 == 3
    rows, columns = x.shape
    assert (rows.ndim, columns.ndim, len(T.stack([n, n, n])), len(list(T.constant([1, 2])))) == (
        0,
        0,
        3,
        2,
    )
    with pytest.raises(ValueError, match="not known"):
        T.get_vector_length(T.lvector())


@pytest.mark.parametrize("mode", ["FAST_COMPILE", None])
def test_whole_floats_are_values_of_integers(theano: SimpleNamespace, mode: str | None) -> None:
    T = theano.T
    n, v = T.lscalar(), T.bvector()
    f = theano.top.function([n, v], [n + 1, v + 1], mode=mode)
    assert [x.tolist() for x in f(2.0, [3.0, 4])] == [3, [4, 5]]
    for wrong in ((2.5, [1]), (1, [0.5]), (1, [300.0]), (float("nan"), [1]), (1, np.ones(1))):
        with pytest.raises(TypeError):
            f(*wrong)
    count = theano.top.shared(1)
    count.set_value(2.0)
    assert count.get_value() == 2


def test_softmax_of_a_vector_is_a_row(theano: SimpleNamespace) -> None:
    T = theano.T
    x = T.fvector()
    for made in (T.nnet.softmax(x), T.nnet.logsoftmax(x), T.nnet.nnet.softmax([x])):
        assert made.broadcastable == (True, False)
    assert isinstance(T.nnet.softmax(x).owner.op, T.nnet.Softmax)
    assert T.nnet.softmax(T.fmatrix()).broadcastable == (False, False)
    assert np.allclose(T.nnet.softmax(x).eval({x: [1, 1]}), [[0.5, 0.5]])


def test_relu_of_an_array_is_an_array(theano: SimpleNamespace) -> None:
    T = theano.T
    assert T.nnet.relu(np.array([-1.0, 2.0])).tolist() == [0, 2]
    assert T.nnet.relu(np.array([-1.0, 2.0]), 0.5).eval().tolist() == [-0.5, 2]
    assert T.nnet.relu(T.bvector()).dtype == "float32"
    x = T.fvector()
    slope = theano.top.grad(T.nnet.relu(x, 0.5).sum(), x)
    assert slope.eval({x: [-1, 0, 1]}).tolist() == [0.5, 0.75, 1]


def test_windows_of_pools_count_what_is_there_unless_told_otherwise(
    theano: SimpleNamespace,
) -> None:
    from theano.tensor.signal.pool import pool_2d, pool_3d

    x = theano.T.constant(np.ones((1, 1, 5, 5), "float32"))
    with pytest.warns(UserWarning, match="pool_2d: ignore_border is not given"):
        made = pool_2d(x, (2, 2))
    assert made.eval().shape == (1, 1, 3, 3)
    assert pool_2d(x, ws=(2, 2), ignore_border=True).eval().shape == (1, 1, 2, 2)
    with pytest.warns(UserWarning, match="pool_3d"):
        made = pool_3d(x, (1, 2, 2), stride=(1, 2, 2), mode="sum")
    assert made.eval().sum() == 25


def test_a_function_is_not_hidden_by_the_module_of_its_name(theano: SimpleNamespace) -> None:
    import theano.tensor.sort as _sort  # noqa: F401 (that it is imported is what is tested)
    from theano.tensor.var import TensorVariable

    T = theano.T
    x = T.fvector()
    assert isinstance(T.var(x), TensorVariable)
    assert isinstance(T.sort(x), TensorVariable)
    assert theano.top.compile.function is theano.top.function


def test_operands_are_taken_by_the_names_that_they_have_in_theano(
    theano: SimpleNamespace,
) -> None:
    T = theano.T
    x = T.constant(np.float32([[1, 2], [3, 4]]))
    assert float(T.sum(input=x, axis=None).eval()) == 10
    assert T.dot(a=x, b=x).eval().tolist() == theano.top.dot(l=x, r=x).eval().tolist()
    assert T.stack(tensors=[x, x], axis=1).ndim == T.concatenate(tensor_list=[x], axis=0).ndim + 1
    assert T.set_subtensor(x=x[0, 0], y=5).eval().tolist() == [[5, 2], [3, 4]]
    assert theano.top.gradient.grad_clip(x, lower_bound=-1, upper_bound=1).ndim == 2
    assert T.nlinalg.trace(X=x).eval() == 5
