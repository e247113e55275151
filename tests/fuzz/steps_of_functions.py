"""Lines of functions that are put together of others, by the name and the meaning of NumPy's."""

from __future__ import annotations

from typing import Any

import numpy as np

# By least rank; ``np.`` in the place of ``T.`` gives what must come out.
_LIKE_NUMPY = (
    (1, "T.diff({0})"),
    (1, "T.diff({0}, 2, 0)"),
    (1, "T.ediff1d({0})"),
    (1, "T.ptp({0}, 0)"),
    (1, "T.flip({0}, 0)"),
    (1, "T.array_split({0}, 3)[1]"),
    (1, "T.nan_to_num({0}, nan=1.0)"),
    (1, "T.compress([True, False], {0}, 0)"),
    (1, "T.average({0}, 0)"),
    (1, "T.signbit({0})"),
    (1, "T.isposinf({0})"),
    (1, "T.digitize({0}, [-1.0, 0.0, 2.0])"),
    (1, "T.interp({0}, [-1.0, 0.0, 2.0], [3.0, -1.0, 0.5])"),
    (1, "T.heaviside({0}, 0.5)"),
    (1, "T.sinc({0})"),
    (1, "T.atleast_2d({0})"),
    (1, "T.expand_dims({0}, 0)"),
    (1, "T.moveaxis({0}, 0, -1)"),
    (1, "T.broadcast_to({0}, (2, *{0}.shape))"),
    (1, "T.percentile({0}, 30)"),
    (1, "T.quantile({0}, 0.7, axis=0)"),
    (2, "T.fliplr({0})"),
    (2, "T.rot90({0})"),
    (2, "T.trace({0})"),
    (2, "T.kron({0}, {0})"),
    (2, "T.vstack([{0}, {0}])"),
    (2, "T.dstack([{0}, {0}])"),
)
_OURS = (
    *(f"T.nnet.{name}({{0}})" for name in ("relu", "elu", "selu", "softsign", "hard_sigmoid")),
    "T.nnet.leaky_relu({0}, 0.1)",
    "T.nnet.sigmoid_binary_crossentropy({0}, T.sigmoid({0}))",
    "T.logsumexp({0})",
    "T.logsumexp({0}, axis=0)",
    "T.log1mexp(-T.abs_({0}))",
    "T.xlogx.xlogx(T.abs_({0}))",
    "T.xlogy0({0}, T.abs_({0}))",
    "T.logit(T.sigmoid({0}))",
    "T.to_one_hot(T.cast({0}.flatten() > 0, 'int64'), 2)",
    "T.fill_diagonal({0}.reshape(({0}.shape[0], -1)), 1.5)",
    "T.choose(T.cast({0} > 0, 'int64'), [{0}, -{0}])",
    "T.vander({0}.flatten()[:3], 3)",
    "T.meshgrid({0}.flatten(), {0}.flatten())[0]",
    "T.unravel_index(T.argmax({0}), {0}.shape)[0]",
    "T.lexsort([{0}.flatten(), T.round({0}.flatten())])",
    "T.cov({0}.reshape(({0}.shape[0], -1)))",
    "T.corrcoef({0}.reshape(({0}.shape[0], -1)))",
    "T.cross({0}.flatten()[:3], {0}.flatten()[-3:])",
    "T.multi_dot([{0}.reshape((1, -1)), {0}.reshape((-1, 1)), [[2.0]]])",
)


def function(b: Any) -> None:
    """A function on floats, or its derivative where that is one."""
    rng = b.rng
    x = b.pick("f", least=1, most=3)
    value = b.values[x]
    if not value.size or value.dtype == "float16":
        return
    if rng.random() < 0.4:
        text = rng.choice(_OURS)
        if rng.random() < 0.3:
            text = f"T.grad(T.sum(T.tanh({text})), {{0}}, disconnected_inputs='ignore')"
        b.add(text, x)
        return
    text = rng.choice([text for rank, text in _LIKE_NUMPY if rank <= value.ndim])
    plain = np.isfinite(value).all() and np.abs(value).max() < 1e6
    b.add(text, x, reference=_reference(text) if plain else None)


def _reference(text: str) -> Any:
    called = text.replace("T.", "np.").replace("{0}", "x")
    return lambda x: eval(called, {"np": np, "x": x})
