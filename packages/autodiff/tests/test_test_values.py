import numpy as np
from bitale_autodiff import Rop, grad
from bitale_graph import config, function, scan
from bitale_graph import language as T


def test_gradients_have_values_of_the_example():
    x = T.dvector("x")
    x.tag.test_value = np.array([0.1, 0.2, 0.3])
    with config.change_flags(compute_test_value="raise"):
        steps, _ = scan(lambda u, h: T.tanh(u + h), x, T.constant(0.0))
        g = grad((steps**2).sum(), x)
        moved = Rop(steps, x, T.ones_like(x))
    f = function([x], [g, moved])
    for found, v in zip(f(x.tag.test_value), (g, moved), strict=True):
        assert np.allclose(found, v.tag.test_value)
