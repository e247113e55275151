import numpy as np
import pytest
from bitale_autodiff import verify_grad
from bitale_graph import function
from bitale_graph import language as T
from bitale_graph.base.errors import ShapeError
from bitale_nnet.hierarchical import h_softmax

RNG = np.random.default_rng(2)
BATCH, FEATURES, OUTPUTS, CLASSES, PER_CLASS = 5, 3, 10, 4, 3
VALUES = [
    RNG.normal(size=shape)
    for shape in (
        (BATCH, FEATURES),
        (FEATURES, CLASSES),
        (CLASSES,),
        (CLASSES, FEATURES, PER_CLASS),
        (CLASSES, PER_CLASS),
    )
]
TARGETS = np.array([0, 9, 4, 5, 3])
SIZES = (BATCH, OUTPUTS, CLASSES, PER_CLASS)


def softmax(z):
    e = np.exp(z - z.max(-1, keepdims=True))
    return e / e.sum(-1, keepdims=True)


def probabilities():
    x, W1, b1, W2, b2 = VALUES
    of_class, result = softmax(x @ W1 + b1), np.empty((BATCH, OUTPUTS))
    for row in range(BATCH):
        for k in range(OUTPUTS):
            group, within = divmod(k, PER_CLASS)
            inner = softmax(x[row] @ W2[group] + b2[group])
            result[row, k] = of_class[row, group] * inner[within]
    return result


def test_all_outputs_and_those_asked_for_agree():
    v = [T.as_tensor(a).type() for a in VALUES]
    t = T.lvector()
    f = function([*v, t], [h_softmax(v[0], *SIZES, *v[1:]), h_softmax(v[0], *SIZES, *v[1:], t)])
    every, asked = f(*VALUES, TARGETS)
    assert np.allclose(every, probabilities(), rtol=1e-12)
    assert np.allclose(asked, probabilities()[np.arange(BATCH), TARGETS], rtol=1e-12)


def test_sizes_may_be_symbolic():
    x, n = T.dmatrix(), T.lscalar()
    f = function([x, n], h_softmax(x, x.shape[0], n, CLASSES, PER_CLASS, *VALUES[1:]))
    assert np.allclose(f(VALUES[0][:2], 7), probabilities()[:2, :7])


@pytest.mark.parametrize("target", [None, TARGETS])
def test_derivatives_of_the_probabilities(target):
    weights = RNG.normal(size=(BATCH, OUTPUTS) if target is None else BATCH)
    verify_grad(
        lambda x, *p: T.sum(weights * T.log(h_softmax(x, *SIZES, *p, target))),
        VALUES,
        rng=np.random.default_rng(0),
    )


def test_classes_have_room_for_the_outputs():
    with pytest.raises(ValueError, match="no room for 13 outputs"):
        h_softmax(VALUES[0], BATCH, 13, CLASSES, PER_CLASS, *VALUES[1:])
    with pytest.raises(ShapeError, match="h_softmax takes"):
        h_softmax(VALUES[0], *SIZES, VALUES[1], VALUES[2], VALUES[4], VALUES[4])
