"""PyTensor in its default mode."""

import numpy as np
import pytensor
import pytensor.tensor as pt
from workloads import L2, LEARNING_RATE, SENTENCE_L2

pytensor.config.floatX = "float32"
f32 = np.float32


def _trainer(loss, parameters, variables, values):
    gradients = pytensor.grad(loss, parameters)
    updates = [(p, p - LEARNING_RATE * g) for p, g in zip(parameters, gradients, strict=True)]
    step = pytensor.function(variables, loss, updates=updates)
    return lambda: float(step(*values))


def scalar(data):
    """exp(sin(x²)) or its derivative."""
    x = pt.dscalar("x")
    y = pt.exp(pt.sin(x**2))
    f = pytensor.function([x], y if data["wanted"] == "value" else pytensor.grad(y, x))
    return lambda: float(f(data["x"]))


def _matrix(data):
    return pt.matrix("x", dtype=data["x"].dtype.name)


def logistic(data):
    """1 / (1 + exp(-x)), as written."""
    x = _matrix(data)
    f = pytensor.function([x], 1 / (1 + pt.exp(-x)))
    return lambda: float(f(data["x"])[0, 0])


def logistic_gradient(data):
    """The gradient of its sum."""
    x = _matrix(data)
    f = pytensor.function([x], pytensor.grad((1 / (1 + pt.exp(-x))).sum(), x))
    return lambda: float(f(data["x"])[0, 0])


def three_outputs(data):
    """Difference, its size, and its square."""
    x, y = pt.dmatrix("x"), pt.dmatrix("y")
    difference = x - y
    f = pytensor.function([x, y], [difference, abs(difference), difference**2])
    return lambda: float(sum(result[0, 0] for result in f(data["x"], data["y"])))


def chain(data):
    """The tanh form of GELU, scaled, shifted and summed."""
    x, w, b = pt.fvector("x"), pt.fvector("w"), pt.fvector("b")
    inner = f32(0.7978845608) * (x + f32(0.044715) * x * x * x)
    f = pytensor.function([x, w, b], (f32(0.5) * x * (1 + pt.tanh(inner)) * w + b).sum())
    return lambda: float(f(data["x"], data["w"], data["b"]))


def _loss(scores, targets):
    rows = pt.arange(targets.shape[0])
    return -pt.special.log_softmax(scores, axis=-1)[rows, targets].mean()


def crossentropy(data):
    """Mean cross-entropy of softmax, and its gradient."""
    x, t = pt.fmatrix("x"), pt.ivector("t")
    loss = _loss(x, t)
    f = pytensor.function([x, t], [loss, pytensor.grad(loss, x)])

    def step():
        value, gradient = f(data["x"], data["t"])
        return float(value + gradient[0, 0])

    return step


def _relu(z):
    return pt.maximum(z, f32(0))


def training(data):
    """A step of gradient descent of a network."""
    activation = _relu if data["activation"] == "relu" else pt.tanh
    weights = [pytensor.shared(w, f"W{i}") for i, w in enumerate(data["weights"])]
    biases = [pytensor.shared(b, f"b{i}") for i, b in enumerate(data["biases"])]
    x, t = pt.fmatrix("x"), pt.ivector("t")
    h = x
    for w, b in zip(weights[:-1], biases[:-1], strict=True):
        h = activation(h @ w + b)
    loss = _loss(h @ weights[-1] + biases[-1], t)
    return _trainer(loss, [*weights, *biases], [x, t], [data["x"], data["t"]])


def country(data):
    """A step of the GDP classifier on one row."""
    w1, w2 = pytensor.shared(data["w1"], "w1"), pytensor.shared(data["w2"], "w2")
    x, t = pt.fvector("x"), pt.fscalar("t")
    output = pt.sigmoid(pt.sigmoid(x @ w1) @ w2)
    loss = pt.sqr(output - t).sum() + L2 * (pt.sqr(w1).sum() + pt.sqr(w2).sum())
    return _trainer(loss, [w1, w2], [x, t], [data["x"], data["t"]])


def _gru(x, first, p, units):
    def step(x, h):
        gates = pt.sigmoid(x @ p["W_xm"] + h @ p["W_hm"])
        r, z = gates[..., :units], gates[..., units:]
        candidate = pt.tanh(x @ p["W_xh"] + (r * h) @ p["W_hh"])
        return z * h + (f32(1) - z) * candidate

    return pytensor.scan(step, sequences=x, outputs_info=first, return_updates=False)[-1]


def _shared(parameters):
    units = len(parameters["W_hh"])
    return {name: pytensor.shared(value, name) for name, value in parameters.items()}, units


def sentence_learner(data):
    """A function that takes a step of gradient descent on one sentence, and gives its cost."""
    p, units = _shared(data["parameters"])
    words, label = pt.ivector("words"), pt.iscalar("label")
    h = _gru(p["embeddings"][words], pt.zeros(units, dtype="float32"), p, units)
    output = pt.special.softmax(p["W_output"] @ h, axis=0)
    cost = -pt.log(output[label]) + SENTENCE_L2 * sum(pt.sqr(w).sum() for w in p.values())
    gradients = pytensor.grad(cost, list(p.values()))
    updates = [(w, w - data["rate"] * g) for w, g in zip(p.values(), gradients, strict=True)]
    return pytensor.function([words, label], cost, updates=updates)


def sentence(data):
    """A step of gradient descent of the classifier of sentences."""
    learn = sentence_learner(data)
    return lambda: float(learn(data["words"], data["label"]))


def recurrence(data):
    """A step of gradient descent of a classifier of sequences, on a minibatch."""
    p, units = _shared(data["parameters"])
    x, t = pt.ftensor3("x"), pt.ivector("t")
    h = _gru(x, pt.zeros((x.shape[1], units), dtype="float32"), p, units)
    return _trainer(_loss(h @ p["W_output"], t), list(p.values()), [x, t], [data["x"], data["t"]])


def running_sum(data):
    """The sum of products with a factor, one number after another."""
    x, factor = pt.dvector("x"), pt.dscalar("factor")
    sums = pytensor.scan(
        lambda x, total, factor: total + x * factor,
        sequences=x,
        outputs_info=pt.as_tensor(np.float64(0)),
        non_sequences=factor,
        return_updates=False,
    )
    f = pytensor.function([x, factor], sums[-1])
    return lambda: float(f(data["x"], data["factor"]))
