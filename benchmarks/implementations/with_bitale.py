"""bitale through its front door, in its default mode."""

import bitale
import bitale.tensor as T
import numpy as np
from workloads import L2, LEARNING_RATE, SENTENCE_L2

f32 = np.float32


def _trainer(loss, parameters, variables, values):
    gradients = T.grad(loss, parameters)
    updates = [(p, p - LEARNING_RATE * g) for p, g in zip(parameters, gradients, strict=True)]
    step = bitale.function(variables, loss, updates=updates)
    return lambda: float(step(*values))


def scalar(data):
    """exp(sin(x²)) or its derivative."""
    x = T.dscalar("x")
    y = T.exp(T.sin(x**2))
    f = bitale.function([x], y if data["wanted"] == "value" else T.grad(y, x))
    return lambda: float(f(data["x"]))


def _matrix(data):
    return T.matrix("x", dtype=data["x"].dtype.name)


def logistic(data):
    """1 / (1 + exp(-x)), as written."""
    x = _matrix(data)
    f = bitale.function([x], 1 / (1 + T.exp(-x)))
    return lambda: float(f(data["x"])[0, 0])


def logistic_gradient(data):
    """The gradient of its sum."""
    x = _matrix(data)
    f = bitale.function([x], T.grad(T.sum(1 / (1 + T.exp(-x))), x))
    return lambda: float(f(data["x"])[0, 0])


def three_outputs(data):
    """Difference, its size, and its square."""
    x, y = T.dmatrices("x", "y")
    difference = x - y
    f = bitale.function([x, y], [difference, abs(difference), difference**2])
    return lambda: float(sum(result[0, 0] for result in f(data["x"], data["y"])))


def chain(data):
    """The tanh form of GELU, scaled, shifted and summed."""
    x, w, b = T.fvectors("x", "w", "b")
    inner = f32(0.7978845608) * (x + f32(0.044715) * x * x * x)
    f = bitale.function([x, w, b], T.sum(f32(0.5) * x * (1 + T.tanh(inner)) * w + b))
    return lambda: float(f(data["x"], data["w"], data["b"]))


def _loss(scores, targets):
    return T.mean(T.nnet.categorical_crossentropy(T.nnet.softmax(scores), targets))


def crossentropy(data):
    """Mean cross-entropy of softmax, and its gradient."""
    x, t = T.fmatrix("x"), T.ivector("t")
    loss = _loss(x, t)
    f = bitale.function([x, t], [loss, T.grad(loss, x)])

    def step():
        value, gradient = f(data["x"], data["t"])
        return float(value + gradient[0, 0])

    return step


def network(data):
    """The loss of a network, its parameters, the variables of a batch, and their values."""
    activation = T.nnet.relu if data["activation"] == "relu" else T.tanh
    weights = [bitale.shared(w, f"W{i}") for i, w in enumerate(data["weights"])]
    biases = [bitale.shared(b, f"b{i}") for i, b in enumerate(data["biases"])]
    x, t = T.fmatrix("x"), T.ivector("t")
    h = x
    for w, b in zip(weights[:-1], biases[:-1], strict=True):
        h = activation(T.dot(h, w) + b)
    loss = _loss(T.dot(h, weights[-1]) + biases[-1], t)
    return loss, [*weights, *biases], [x, t], [data["x"], data["t"]]


def training(data):
    """A step of gradient descent of a network."""
    return _trainer(*network(data))


def country(data):
    """A step of the GDP classifier on one row."""
    w1, w2 = bitale.shared(data["w1"], "w1"), bitale.shared(data["w2"], "w2")
    x, t = T.fvector("x"), T.fscalar("t")
    output = T.nnet.sigmoid(T.dot(T.nnet.sigmoid(T.dot(x, w1)), w2))
    loss = T.sum(T.sqr(output - t)) + L2 * (T.sum(T.sqr(w1)) + T.sum(T.sqr(w2)))
    return _trainer(loss, [w1, w2], [x, t], [data["x"], data["t"]])


def _gru(x, first, p, units):
    def step(x, h):
        gates = T.nnet.sigmoid(T.dot(x, p["W_xm"]) + T.dot(h, p["W_hm"]))
        r, z = gates[..., :units], gates[..., units:]
        candidate = T.tanh(T.dot(x, p["W_xh"]) + T.dot(r * h, p["W_hh"]))
        return z * h + (1 - z) * candidate

    states, _ = bitale.scan(step, sequences=x, outputs_info=first)
    return states[-1]


def _shared(parameters):
    units = len(parameters["W_hh"])
    return {name: bitale.shared(value, name) for name, value in parameters.items()}, units


def sentence_classifier(data):
    """The cost of a sentence, the parameters, and the variables of the sentence."""
    p, units = _shared(data["parameters"])
    words, label = T.ivector("words"), T.iscalar("label")
    h = _gru(p["embeddings"][words], T.zeros(units, dtype="float32"), p, units)
    output = T.nnet.softmax(T.dot(p["W_output"], h).dimshuffle("x", 0))[0]
    cost = -T.log(output[label]) + SENTENCE_L2 * sum(T.sqr(w).sum() for w in p.values())
    return cost, list(p.values()), [words, label]


def sentence_learner(data):
    """A function that takes a step of gradient descent on one sentence, and gives its cost."""
    cost, parameters, variables = sentence_classifier(data)
    gradients = T.grad(cost, parameters)
    updates = [(w, w - data["rate"] * g) for w, g in zip(parameters, gradients, strict=True)]
    return bitale.function(variables, cost, updates=updates)


def sentence(data):
    """A step of gradient descent of the classifier of sentences."""
    learn = sentence_learner(data)
    return lambda: float(learn(data["words"], data["label"]))


def sequence_classifier(data):
    """The loss of a minibatch, the parameters, the variables of the batch, and their values."""
    p, units = _shared(data["parameters"])
    x, t = T.ftensor3("x"), T.ivector("t")
    h = _gru(x, T.zeros((x.shape[1], units), dtype="float32"), p, units)
    loss = _loss(T.dot(h, p["W_output"]), t)
    return loss, list(p.values()), [x, t], [data["x"], data["t"]]


def recurrence(data):
    """A step of gradient descent of a classifier of sequences, on a minibatch."""
    return _trainer(*sequence_classifier(data))


def _learned(data):
    return {name: bitale.shared(value, name) for name, value in data["parameters"].items()}


def _along_channels(v):
    return v.dimshuffle("x", 0, "x", "x")


def lenet(data):
    """A step of gradient descent of LeNet."""
    p = _learned(data)
    x, t = T.ftensor4("x"), T.ivector("t")
    h = x
    for K, c in ((p["K1"], p["c1"]), (p["K2"], p["c2"])):
        h = T.nnet.conv2d(h, K, filter_flip=False)
        h = T.signal.pool.pool_2d(h, (2, 2), ignore_border=True)
        h = T.tanh(h + _along_channels(c))
    h = T.tanh(T.dot(h.flatten(2), p["W1"]) + p["b1"])
    loss = _loss(T.dot(h, p["W2"]) + p["b2"], t)
    return _trainer(loss, list(p.values()), [x, t], [data["x"], data["t"]])


def _batch_normalised(x, scale, shift):
    mean = x.mean(axis=(0, 2, 3), keepdims=True)
    variance = x.var(axis=(0, 2, 3), keepdims=True)
    normal = (x - mean) / T.sqrt(variance + f32(1e-5))
    return normal * _along_channels(scale) + _along_channels(shift)


def residual(data):
    """A step of gradient descent of a small residual network."""
    p = _learned(data)
    x, t = T.ftensor4("x"), T.ivector("t")

    def convolved(x, K, stride=1, pad=1):
        return T.nnet.conv2d(x, K, border_mode=pad, subsample=(stride, stride), filter_flip=False)

    def block(x, i, stride):
        h = convolved(x, p[f"K{i}a"], stride)
        h = T.nnet.relu(_batch_normalised(h, p[f"scale{i}a"], p[f"shift{i}a"]))
        h = convolved(h, p[f"K{i}b"])
        h = _batch_normalised(h, p[f"scale{i}b"], p[f"shift{i}b"])
        return T.nnet.relu(h + (x if stride == 1 else convolved(x, p["K2s"], stride, 0)))

    h = T.nnet.relu(convolved(x, p["K"]))
    for i, stride in enumerate((1, 1, 2)):
        h = block(h, i, stride)
    loss = _loss(T.dot(h.mean(axis=(2, 3)), p["W"]), t)
    return _trainer(loss, list(p.values()), [x, t], [data["x"], data["t"]])


def _layer_normalised(x, scale, shift):
    mean, variance = x.mean(axis=-1, keepdims=True), x.var(axis=-1, keepdims=True)
    return (x - mean) / T.sqrt(variance + f32(1e-5)) * scale + shift


def _attention(x, W_qkv, W_out, heads):
    batch, steps, width = x.shape
    split = T.dot(x, W_qkv).reshape((batch, steps, 3, heads, width // heads))
    q, k, v = (split[:, :, i].dimshuffle(0, 2, 1, 3) for i in range(3))
    scores = T.matmul(q, k.dimshuffle(0, 1, 3, 2)) / T.sqrt(T.cast(q.shape[-1], "float32"))
    mixed = T.matmul(T.nnet.softmax(scores, axis=-1), v)
    return T.dot(mixed.dimshuffle(0, 2, 1, 3).reshape((batch, steps, width)), W_out)


def _gelu(x):
    return f32(0.5) * x * (1 + T.tanh(f32(0.7978845608) * (x + f32(0.044715) * x * x * x)))


def transformer(data):
    """A step of gradient descent of one transformer block, normalised before its two parts."""
    p = _learned(data)
    x, t = T.ftensor3("x"), T.ftensor3("t")
    h = _layer_normalised(x, p["scale1"], p["shift1"])
    y = x + _attention(h, p["W_qkv"], p["W_out"], data["heads"])
    h = _layer_normalised(y, p["scale2"], p["shift2"])
    y = y + T.dot(_gelu(T.dot(h, p["W_up"]) + p["b_up"]), p["W_down"]) + p["b_down"]
    return _trainer(T.mean(T.sqr(y - t)), list(p.values()), [x, t], [data["x"], data["t"]])


def running_sum(data):
    """The sum of products with a factor, one number after another."""
    x, factor = T.dvector("x"), T.dscalar("factor")
    sums, _ = bitale.scan(
        lambda x, total, factor: total + x * factor,
        sequences=x,
        outputs_info=T.constant(np.float64(0)),
        non_sequences=factor,
    )
    f = bitale.function([x, factor], sums[-1])
    return lambda: float(f(data["x"], data["factor"]))
