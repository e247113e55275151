"""NumPy by hand, derivatives written out, temporaries reused where a careful user would."""

import numpy as np
from workloads import L2, LEARNING_RATE, SENTENCE_L2


def scalar(data):
    """exp(sin(x²)) or its derivative."""
    x = data["x"]
    if data["wanted"] == "value":
        return lambda: float(np.exp(np.sin(x**2)))
    return lambda: float(np.exp(np.sin(x**2)) * np.cos(x**2) * 2 * x)


def logistic(data):
    """1 / (1 + exp(-x))."""
    return lambda: float((1 / (1 + np.exp(-data["x"])))[0, 0])


def logistic_gradient(data):
    """Its derivative, s (1 - s)."""

    def step():
        s = 1 / (1 + np.exp(-data["x"]))
        return float((s * (1 - s))[0, 0])

    return step


def three_outputs(data):
    """Difference, its size, and its square."""

    def step():
        difference = data["x"] - data["y"]
        results = difference, np.abs(difference), np.square(difference)
        return float(sum(result[0, 0] for result in results))

    return step


def chain(data):
    """The tanh form of GELU, scaled, shifted and summed."""

    def step():
        x = data["x"]
        inner = np.float32(0.7978845608) * (x + np.float32(0.044715) * x * x * x)
        return float((np.float32(0.5) * x * (1 + np.tanh(inner)) * data["w"] + data["b"]).sum())

    return step


def _loss_and_cotangent(scores, targets):
    rows = np.arange(len(targets))
    shifted = scores - scores.max(axis=1, keepdims=True)
    powers = np.exp(shifted)
    sums = powers.sum(axis=1, keepdims=True)
    loss = (np.log(sums[:, 0]) - shifted[rows, targets]).mean()
    powers /= sums
    powers[rows, targets] -= 1
    powers /= len(targets)
    return loss, powers


def crossentropy(data):
    """Mean cross-entropy of softmax, and its gradient."""

    def step():
        loss, gradient = _loss_and_cotangent(data["x"], data["t"])
        return float(loss + gradient[0, 0])

    return step


def training(data):
    """A step of gradient descent of a network."""
    weights, biases, is_relu = data["weights"], data["biases"], data["activation"] == "relu"
    last = len(weights) - 1

    def step():
        layers = [data["x"]]
        for w, b in zip(weights[:-1], biases[:-1], strict=True):
            z = layers[-1] @ w + b
            layers.append(np.maximum(z, 0) if is_relu else np.tanh(z))
        loss, ct = _loss_and_cotangent(layers[-1] @ weights[-1] + biases[-1], data["t"])
        for i in range(last, -1, -1):
            w_gradient, b_gradient = layers[i].T @ ct, ct.sum(axis=0)
            if i:
                ct = (ct @ weights[i].T) * (layers[i] > 0 if is_relu else 1 - layers[i] ** 2)
            weights[i] -= LEARNING_RATE * w_gradient
            biases[i] -= LEARNING_RATE * b_gradient
        return float(loss)

    return step


def country(data):
    """A step of the GDP classifier on one row."""
    w1, w2 = data["w1"], data["w2"]

    def step():
        h = 1 / (1 + np.exp(-(data["x"] @ w1)))
        o = 1 / (1 + np.exp(-(h @ w2)))
        loss = ((o - data["t"]) ** 2).sum() + L2 * ((w1**2).sum() + (w2**2).sum())
        ct = 2 * (o - data["t"]) * o * (1 - o)
        inner = (w2 @ ct) * h * (1 - h)
        w2_gradient = np.outer(h, ct) + 2 * L2 * w2
        w1_gradient = np.outer(data["x"], inner) + 2 * L2 * w1
        w1[...] -= LEARNING_RATE * w1_gradient
        w2[...] -= LEARNING_RATE * w2_gradient
        return float(loss)

    return step


def _gru(x, p):
    """The last state, and what gives the gradients from the cotangent of that state."""
    units, steps, batch = len(p["W_hh"]), x.shape[0], x.shape[1]
    x_gates, x_candidate = x @ p["W_xm"], x @ p["W_xh"]
    states = np.zeros((steps + 1, batch, units), "float32")
    gates = np.empty((steps, batch, 2 * units), "float32")
    candidates = np.empty((steps, batch, units), "float32")
    for i in range(steps):
        h = states[i]
        gates[i] = 1 / (1 + np.exp(-(x_gates[i] + h @ p["W_hm"])))
        r, z = gates[i, :, :units], gates[i, :, units:]
        candidates[i] = np.tanh(x_candidate[i] + (r * h) @ p["W_hh"])
        states[i + 1] = z * h + (1 - z) * candidates[i]

    def backwards(ct):
        gates_ct, candidates_ct = np.empty_like(gates), np.empty_like(candidates)
        for i in range(steps - 1, -1, -1):
            h, c = states[i], candidates[i]
            r, z = gates[i, :, :units], gates[i, :, units:]
            candidates_ct[i] = ct * (1 - z) * (1 - c * c)
            inner = candidates_ct[i] @ p["W_hh"].T
            gates_ct[i, :, :units] = inner * h * r * (1 - r)
            gates_ct[i, :, units:] = ct * (h - c) * z * (1 - z)
            ct = ct * z + inner * r + gates_ct[i] @ p["W_hm"].T
        flat = lambda v: v.reshape(steps * batch, -1)
        gradients = {
            "W_xm": flat(x).T @ flat(gates_ct),
            "W_hm": flat(states[:-1]).T @ flat(gates_ct),
            "W_xh": flat(x).T @ flat(candidates_ct),
            "W_hh": flat(gates[:, :, :units] * states[:-1]).T @ flat(candidates_ct),
        }
        return gradients, gates_ct @ p["W_xm"].T + candidates_ct @ p["W_xh"].T

    return states[-1], backwards


def sentence_learner(data):
    """A function that takes a step of gradient descent on one sentence, and gives its cost."""
    p = {name: w.copy() for name, w in data["parameters"].items()}
    rate = data["rate"]

    def learn(words, label):
        h, backwards = _gru(p["embeddings"][words][:, None], p)
        loss, ct = _loss_and_cotangent(h @ p["W_output"].T, np.array([label]))
        loss += SENTENCE_L2 * sum(np.vdot(w, w) for w in p.values())
        gradients, x_ct = backwards(ct @ p["W_output"])
        gradients["W_output"] = ct.T @ h
        for w in p.values():
            w *= 1 - 2 * rate * SENTENCE_L2
        for name, gradient in gradients.items():
            p[name] -= rate * gradient
        np.subtract.at(p["embeddings"], words, rate * x_ct[:, 0])
        return float(loss)

    return learn


def sentence(data):
    """A step of gradient descent of the classifier of sentences."""
    learn = sentence_learner(data)
    return lambda: learn(data["words"], data["label"])


def recurrence(data):
    """A step of gradient descent of a classifier of sequences, on a minibatch."""
    p = {name: w.copy() for name, w in data["parameters"].items()}

    def step():
        h, backwards = _gru(data["x"], p)
        loss, ct = _loss_and_cotangent(h @ p["W_output"], data["t"])
        gradients, _ = backwards(ct @ p["W_output"].T)
        gradients["W_output"] = h.T @ ct
        for name, gradient in gradients.items():
            p[name] -= LEARNING_RATE * gradient
        return float(loss)

    return step


def running_sum(data):
    """The sum of products with a factor, one number after another."""

    def step():
        total = 0.0
        for x in data["x"]:
            total += x * data["factor"]
        return float(total)

    return step
