"""PyTorch on the CPU, eager; ``torch_compile`` is the same with every program compiled."""

import os

import numpy as np
import torch
import torch.nn.functional as F
from workloads import L2, LEARNING_RATE, SENTENCE_L2

COMPILED = os.environ.get("BENCHMARK_TORCH_COMPILE") == "1"


def _prepared(f):
    return torch.compile(f, dynamic=False) if COMPILED else f


def _learner(loss, parameters, rate):
    parameters = [torch.from_numpy(np.array(p)).requires_grad_() for p in parameters]
    loss = _prepared(loss)

    def learn(*batch):
        inputs = [torch.from_numpy(np.asarray(value)) for value in batch]
        value = loss(parameters, *inputs)
        gradients = torch.autograd.grad(value, parameters)
        with torch.no_grad():
            torch._foreach_add_(parameters, gradients, alpha=-float(rate))
        return float(value.detach())

    return learn


def _trainer(loss, parameters, *batch):
    learn = _learner(loss, parameters, LEARNING_RATE)
    return lambda: learn(*batch)


def scalar(data):
    """exp(sin(x²)) or its derivative."""
    f = _prepared(lambda x: torch.exp(torch.sin(x**2)))
    if data["wanted"] == "value":
        return lambda: float(f(torch.tensor(data["x"], dtype=torch.float64)))

    def step():
        x = torch.tensor(data["x"], dtype=torch.float64, requires_grad=True)
        return float(torch.autograd.grad(f(x), x)[0])

    return step


def logistic(data):
    """1 / (1 + exp(-x))."""
    f = _prepared(lambda x: 1 / (1 + torch.exp(-x)))
    return lambda: float(f(torch.from_numpy(data["x"]))[0, 0])


def logistic_gradient(data):
    """The gradient of its sum."""
    f = _prepared(lambda x: torch.sum(1 / (1 + torch.exp(-x))))

    def step():
        x = torch.from_numpy(data["x"]).requires_grad_()
        return float(torch.autograd.grad(f(x), x)[0][0, 0])

    return step


def three_outputs(data):
    """Difference, its size, and its square."""
    f = _prepared(lambda x, y: (x - y, torch.abs(x - y), (x - y) ** 2))

    def step():
        results = f(torch.from_numpy(data["x"]), torch.from_numpy(data["y"]))
        return float(sum(result[0, 0] for result in results))

    return step


def chain(data):
    """The tanh form of GELU, scaled, shifted and summed."""

    def f(x, w, b):
        inner = 0.7978845608 * (x + 0.044715 * x * x * x)
        return torch.sum(0.5 * x * (1 + torch.tanh(inner)) * w + b)

    f = _prepared(f)
    return lambda: float(f(*(torch.from_numpy(data[name]) for name in "xwb")))


def crossentropy(data):
    """Mean cross-entropy of softmax, and its gradient."""
    f = _prepared(torch.nn.functional.cross_entropy)

    def step():
        x = torch.from_numpy(data["x"]).requires_grad_()
        loss = f(x, torch.from_numpy(data["t"]).long())
        gradient = torch.autograd.grad(loss, x)[0]
        return float(loss.detach() + gradient[0, 0])

    return step


def network(data):
    """The loss of a network, its parameters, and a batch."""
    activation = torch.relu if data["activation"] == "relu" else torch.tanh
    depth = len(data["weights"])

    def loss(parameters, x, t):
        weights, biases = parameters[:depth], parameters[depth:]
        for w, b in zip(weights[:-1], biases[:-1], strict=True):
            x = activation(x @ w + b)
        return torch.nn.functional.cross_entropy(x @ weights[-1] + biases[-1], t.long())

    return loss, [*data["weights"], *data["biases"]], data["x"], data["t"]


def training(data):
    """A step of gradient descent of a network."""
    return _trainer(*network(data))


def country(data):
    """A step of the GDP classifier on one row."""

    def loss(parameters, x, t):
        w1, w2 = parameters
        output = torch.sigmoid(torch.sigmoid(x @ w1) @ w2)
        return torch.sum((output - t) ** 2) + float(L2) * (torch.sum(w1**2) + torch.sum(w2**2))

    return _trainer(loss, [data["w1"], data["w2"]], data["x"], data["t"])


def _gru(x, h, p):
    for row in x:
        gates = torch.sigmoid(row @ p["W_xm"] + h @ p["W_hm"])
        r, z = gates.chunk(2, -1)
        candidate = torch.tanh(row @ p["W_xh"] + (r * h) @ p["W_hh"])
        h = z * h + (1 - z) * candidate
    return h


def sentence_classifier(data):
    """The cost of a sentence, and the parameters."""
    names = list(data["parameters"])

    def loss(parameters, words, label):
        p = dict(zip(names, parameters, strict=True))
        x = p["embeddings"][words]
        h = _gru(x, x.new_zeros(len(p["W_hh"])), p)
        output = torch.softmax(p["W_output"] @ h, 0)
        penalty = sum(torch.sum(w**2) for w in parameters)
        return -torch.log(output[label]) + float(SENTENCE_L2) * penalty

    return loss, list(data["parameters"].values())


def sentence_learner(data):
    """A function that takes a step of gradient descent on one sentence, and gives its cost."""
    return _learner(*sentence_classifier(data), data["rate"])


def sentence(data):
    """A step of gradient descent of the classifier of sentences."""
    learn = sentence_learner(data)
    return lambda: learn(data["words"], data["label"])


def sequence_classifier(data):
    """The loss of a minibatch, the parameters, and the batch."""
    names = list(data["parameters"])

    def loss(parameters, x, t):
        p = dict(zip(names, parameters, strict=True))
        h = _gru(x, x.new_zeros(x.shape[1], len(p["W_hh"])), p)
        return torch.nn.functional.cross_entropy(h @ p["W_output"], t.long())

    return loss, list(data["parameters"].values()), data["x"], data["t"]


def recurrence(data):
    """A step of gradient descent of a classifier of sequences, on a minibatch."""
    return _trainer(*sequence_classifier(data))


def _named_trainer(loss, data):
    """A step over parameters that have names."""
    names = list(data["parameters"])

    def positional(values, x, t):
        return loss(dict(zip(names, values, strict=True)), x, t)

    return _trainer(positional, list(data["parameters"].values()), data["x"], data["t"])


def lenet(data):
    """A step of gradient descent of LeNet."""

    def loss(p, x, t):
        for K, c in ((p["K1"], p["c1"]), (p["K2"], p["c2"])):
            x = F.max_pool2d(F.conv2d(x, K), 2)
            x = torch.tanh(x + c[None, :, None, None])
        x = torch.tanh(torch.flatten(x, 1) @ p["W1"] + p["b1"])
        return F.cross_entropy(x @ p["W2"] + p["b2"], t.long())

    return _named_trainer(loss, data)


def residual(data):
    """A step of gradient descent of a small residual network."""

    def loss(p, x, t):
        def normalised(x, name):
            scale, shift = p[f"scale{name}"], p[f"shift{name}"]
            return F.batch_norm(x, None, None, scale, shift, training=True)

        x = F.relu(F.conv2d(x, p["K"], padding=1))
        for i, stride in enumerate((1, 1, 2)):
            h = F.conv2d(x, p[f"K{i}a"], stride=stride, padding=1)
            h = F.relu(normalised(h, f"{i}a"))
            h = normalised(F.conv2d(h, p[f"K{i}b"], padding=1), f"{i}b")
            x = F.relu(h + (x if stride == 1 else F.conv2d(x, p["K2s"], stride=stride)))
        return F.cross_entropy(x.mean((2, 3)) @ p["W"], t.long())

    return _named_trainer(loss, data)


def transformer(data):
    """A step of gradient descent of one transformer block, normalised before its two parts."""

    def loss(p, x, t):
        batch, steps, width = x.shape
        h = F.layer_norm(x, (width,), p["scale1"], p["shift1"])
        split = (h @ p["W_qkv"]).view(batch, steps, 3, data["heads"], -1).permute(2, 0, 3, 1, 4)
        mixed = F.scaled_dot_product_attention(*split).transpose(1, 2).reshape(x.shape)
        y = x + mixed @ p["W_out"]
        h = F.layer_norm(y, (width,), p["scale2"], p["shift2"])
        h = F.gelu(h @ p["W_up"] + p["b_up"], approximate="tanh")
        y = y + h @ p["W_down"] + p["b_down"]
        return torch.mean((y - t) ** 2)

    return _named_trainer(loss, data)


def running_sum(data):
    """The sum of products with a factor, one number after another."""
    if COMPILED:
        raise NotImplementedError("torch.compile writes every step of a loop out: 100,000 here")

    def step():
        total = torch.zeros((), dtype=torch.float64)
        for x in torch.from_numpy(data["x"]):
            total = total + x * data["factor"]
        return float(total)

    return step
