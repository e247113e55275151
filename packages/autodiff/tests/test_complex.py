"""The gradient of a real cost by a complex z is dC / d real(z) + i dC / d imag(z)."""

import numpy as np
import pytest
from bitale_autodiff import Rop, grad
from bitale_graph import Elementwise, function, scan
from bitale_graph import language as T
from bitale_graph.extend import TensorType, scalar


def numeric(f, *points, eps=1e-6):
    """The gradient by central differences, part by part."""
    gradients = []
    for k, point in enumerate(points):
        found = np.zeros(point.shape, point.dtype)
        for i in np.ndindex(point.shape):
            for part in (1, 1j) if point.dtype.kind == "c" else (1,):
                sides = []
                for step in (eps, -eps):
                    moved = point.copy()
                    moved[i] += step * part
                    sides.append(f(*points[:k], moved, *points[k + 1 :]))
                found[i] += (sides[0] - sides[1]) / (2 * eps) * part
        gradients.append(found)
    return gradients


def real_cost(y):
    """A real number that depends on every part of ``y``."""
    if np.dtype(y.dtype).kind != "c":
        return T.sum(T.sqr(y) + 3 * y)
    return T.sum(T.sqr(T.real(y)) + 2 * T.imag(y) - T.real(y) * T.imag(y))


def check(build, *points):
    inputs = [TensorType(p.dtype, (None,) * p.ndim)() for p in points]
    cost = real_cost(build(*inputs))
    assert np.dtype(cost.dtype).kind == "f"
    gradients = grad(cost, inputs)
    assert [g.dtype for g in gradients] == [v.dtype for v in inputs]
    run = function(inputs, [cost, *gradients])
    _, *found = run(*points)
    again = [T.sum(T.sqr(T.real(g)) + 3 * T.imag(g)) for g in gradients]
    second = function(
        inputs, [T.add(*again), *grad(T.add(*again), inputs, disconnected_inputs="ignore")]
    )
    # Forward too: the gradient is what all tangents see.
    tangents = [
        T.constant(d if np.iscomplexobj(p) else d.real)
        for d, p in zip(DIRECTIONS, points, strict=False)
    ]
    slope = function(inputs, Rop(cost, inputs, tangents))(*points)
    sums = (np.real(np.conj(g) * t.data).sum() for g, t in zip(found, tangents, strict=True))
    np.testing.assert_allclose(slope, sum(sums), rtol=1e-12)
    for g, expected in zip(found, numeric(lambda *v: run(*v)[0], *points), strict=True):
        np.testing.assert_allclose(g, expected, rtol=2e-6, atol=2e-6)
    twice = numeric(lambda *v: second(*v)[0], *points)
    for g, expected in zip(second(*points)[1:], twice, strict=True):
        np.testing.assert_allclose(g, expected, rtol=2e-5, atol=2e-5)


Z = np.array([0.7 + 0.4j, -1.2 + 0.9j, 0.3 - 1.1j])
DIRECTIONS = np.array([[0.3 + 1j, -0.4 - 0.2j, 1.5 + 0.7j], [1.2 - 1j, 0.9j, -0.6 + 0.1j]])
W = np.array([1.1 - 0.6j, 0.5 + 0.8j, -0.9 - 0.7j])
X = np.array([0.6, 1.3, 2.1])

SKIPPED = {"erf", "erfc", "identity"}


def differentiable():
    for name, op in scalar.SCALAR_OPS.items():
        if scalar.is_cast(op) or op.arity > 2 or name in ("second", "maximum", "minimum"):
            continue
        if {"complex128"} & set(op.refuses) or op.operand("complex128") != "complex128":
            continue
        if op.result("complex128") != "bool" and name not in ("and", "or", "xor", "invert"):
            yield name


@pytest.mark.parametrize("name", list(differentiable()))
def test_every_function_of_complex_numbers_has_its_gradient(name):
    op = scalar.SCALAR_OPS[name]
    check(Elementwise(op), *(Z, W)[: op.arity])


MIXED = {
    "product": lambda x, z: x * z,
    "power": lambda x, z: z**x,
    "constant powers": lambda x, z: z**3 + z ** (1 + 2j) - (x * z) ** 2 + z**0,
    "phase": lambda x, z: x / z + T.exp(1j * x) * T.conj(z),
    "parts": lambda x, z: T.complex(x, T.sqr(x)) * z,
    "polar": lambda x, z: T.complex_from_polar(x, 2 * x) - z.real,
    "angle": lambda x, z: T.abs_(z) * x + T.angle(z),
    "choice": lambda x, z: T.switch(x > 1, z, x),
    "reductions": lambda x, z: T.sum(z) * T.mean(z * x) + T.prod(z),
    "dot": lambda x, z: T.dot(z, T.conj(z)) + T.dot(x, z),
    "matrix": lambda x, z: T.outer(z, x)[1:, ::-1].T.dot(z[:2]) + T.stack([z, x])[0],
    "parts of arrays": lambda x, z: T.set_subtensor(z[1:], x[1:] * 2j) + T.join(0, z, x)[2:5],
}


@pytest.mark.parametrize("name", MIXED)
def test_real_and_complex_numbers_mix(name):
    check(MIXED[name], X, Z)


def test_a_recurrence_of_complex_numbers_has_its_gradient():
    def turned(z, w):
        return scan(lambda z, y: y * z + T.conj(y), z, w[0])[0][-1]

    check(turned, Z, W)


def test_the_gradient_of_a_square_is_twice_the_number():
    z = T.zvector()
    for cost in (T.sum(T.sqr(T.abs_(z))), T.sum(T.real(z * T.conj(z)))):
        np.testing.assert_allclose(function([z], grad(cost, z))(Z), 2 * Z)


def test_absolute_value_has_the_gradient_zero_at_zero():
    z = T.zvector()
    zero = np.zeros(2, "complex128")
    for f in (T.abs_, T.angle):
        np.testing.assert_array_equal(function([z], grad(T.sum(f(z)), z))(zero), zero)


def test_single_precision_stays_single():
    z = T.cvector()
    gradient = grad(T.sum(T.abs_(T.exp(z))), z)
    assert gradient.dtype == "complex64"
    found = function([z], gradient)(Z.astype("complex64"))
    np.testing.assert_allclose(found, np.abs(np.exp(Z)), rtol=1e-5)


def test_known_gradients_may_be_complex():
    x, z = T.dvector(), T.zvector()
    y = x * z
    gx, gz = grad(None, [x, z], known_grads={y: T.constant(W)})
    by_x, by_z = function([x, z], [gx, gz])(X, Z)
    np.testing.assert_allclose(by_x, np.real(W * np.conj(Z)))
    np.testing.assert_allclose(by_z, W * X)
    with pytest.raises(TypeError, match="complex128"):
        grad(None, x, known_grads={T.sqr(x): T.constant(W)})
