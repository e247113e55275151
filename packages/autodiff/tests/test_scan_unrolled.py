"""Loops drawn at random, against the same steps written out one by one."""

from dataclasses import dataclass

import numpy as np
from bitale_autodiff import grad, zero_grad
from bitale_graph import function, scan
from bitale_graph import language as T
from hypothesis import given, settings
from hypothesis import strategies as st


@dataclass
class Case:
    """A recurrence drawn at random."""

    rows: int
    size: int
    sequence_taps: list
    state_taps: list
    plain: bool
    backwards: bool
    n_steps: int | None
    truncate: int
    read: str

    def usable(self):
        return self.rows - max(0, *self.sequence_taps) + min(0, *self.sequence_taps)

    def steps(self):
        return self.usable() if self.n_steps is None else min(self.usable(), self.n_steps)

    def step(self, rows, earlier, w):
        total = T.sum(T.stack(rows), axis=0)
        every = T.add(*(v for taps in earlier for v in taps))
        new = []
        for k, taps in enumerate(earlier):
            mixed = T.dot(taps[0], w) + every * (0.3 + k)
            new.append(T.tanh(mixed + total * taps[-1] * 0.5))
        return new + [T.exp(0.3 * new[-1] * total)] * self.plain

    def inputs(self):
        depths = [-min(taps) for taps in self.state_taps]
        return [
            T.dmatrix("xs"),
            *(T.dvector(f"h{k}") if d == 1 else T.dmatrix(f"h{k}") for k, d in enumerate(depths)),
            T.dmatrix("w"),
        ]

    def values(self, rng):
        depths = [-min(taps) for taps in self.state_taps]
        shapes = [(d, self.size) if d > 1 else (self.size,) for d in depths]
        shapes = [(self.rows, self.size), *shapes, (self.size, self.size)]
        return [rng.normal(size=s) for s in shapes]

    def looped(self, xs, *rest):
        *firsts, w = rest
        counts = [len(taps) for taps in self.state_taps]

        def fn(*args):
            rows, flat = args[: len(self.sequence_taps)], iter(args[len(self.sequence_taps) :])
            return self.step(list(rows), [[next(flat) for _ in range(n)] for n in counts], w)

        return scan(
            fn,
            {"input": xs, "taps": self.sequence_taps},
            [
                *({"initial": f, "taps": t} for f, t in zip(firsts, self.state_taps, strict=True)),
                *[None] * self.plain,
            ],
            n_steps=self.n_steps,
            go_backwards=self.backwards,
            truncate_gradient=self.truncate,
            return_list=True,
        )[0]

    def unrolled(self, xs, *rest):
        *firsts, w = rest
        n, usable = self.steps(), self.usable()
        behind = -min(0, *self.sequence_taps)
        known = [
            [f[i] for i in range(-min(taps))] if min(taps) < -1 else [f]
            for f, taps in zip(firsts, self.state_taps, strict=True)
        ]
        depths = [len(k) for k in known]
        plain = []
        for t in range(n):
            cut = self.truncate > 0 and t < n - self.truncate
            at = behind + (usable - 1 - t if self.backwards else t)
            rows = [xs[at + tap] for tap in self.sequence_taps]
            earlier = [
                [known[k][d + t + tap] for tap in taps]
                for k, (taps, d) in enumerate(zip(self.state_taps, depths, strict=True))
            ]
            new = self.step(rows, earlier, w)
            if cut:
                new = [zero_grad(v) for v in new]
            for k in range(len(known)):
                known[k].append(new[k])
            if self.plain:
                plain.append(new[-1])
            if self.truncate > 0 and t + 1 == n - self.truncate:
                known = [[zero_grad(v) for v in k] for k in known]
        stacks = [k[d:] for k, d in zip(known, depths, strict=True)]
        return [T.stack(s) for s in [*stacks, *[plain] * self.plain]]

    def cost(self, outputs):
        terms = []
        for k, y in enumerate(outputs):
            if self.read in ("all", "both"):
                terms.append(T.sum(T.sqr(y)) * (k + 1.0))
            if self.read in ("last", "both"):
                terms.append(T.sum(T.sin(y[-1])) * (k + 0.5))
        return T.add(*terms)


taps = st.sampled_from([[0], [-1], [-1, 0], [0, 1], [-2, 0, 1]])
earlier_taps = st.lists(st.sampled_from([[-1], [-2], [-2, -1], [-3, -1]]), min_size=1, max_size=2)
cases = st.builds(
    Case,
    st.integers(4, 7),
    st.integers(1, 2),
    taps,
    earlier_taps,
    st.booleans(),
    st.booleans(),
    st.sampled_from([None, 1]),
    st.just(-1),
    st.sampled_from(["all", "last", "both"]),
)
truncated_cases = st.builds(
    Case,
    st.integers(4, 7),
    st.integers(1, 2),
    st.sampled_from([[0], [-1, 0]]),
    st.sampled_from([[[-1]], [[-1], [-1]], [[-2, -1]], [[-1], [-3, -1]]]),
    st.booleans(),
    st.booleans(),
    st.sampled_from([None, 3]),
    st.integers(1, 7),
    st.sampled_from(["all", "last", "both"]),
)


def agrees(case, seed, second=False):
    inputs = case.inputs()
    values = case.values(np.random.default_rng(seed))
    results = []
    for form in (case.looped, case.unrolled):
        outputs = form(*inputs)
        cost = case.cost(outputs)
        if second:
            first = grad(cost, inputs, disconnected_inputs="ignore")
            cost = T.add(*(T.sum(T.sin(g) * (1.0 + i)) for i, g in enumerate(first)))
        gradient = grad(cost, inputs, disconnected_inputs="ignore")
        results.append(function(inputs, [*outputs, *gradient], on_unused_input="ignore")(*values))
    for found, expected in zip(*results, strict=True):
        assert found.shape == expected.shape
        assert np.allclose(found, expected, rtol=1e-9, atol=1e-10)


@settings(max_examples=20, deadline=None)
@given(cases, st.integers(0, 1000))
def test_a_loop_agrees_with_its_steps_written_out(case, seed):
    agrees(case, seed)


@settings(max_examples=20, deadline=None)
@given(truncated_cases, st.integers(0, 1000))
def test_truncation_agrees_with_steps_that_count_as_constant(case, seed):
    agrees(case, seed)


@settings(max_examples=8, deadline=None)
@given(cases, st.integers(0, 1000))
def test_second_derivatives_agree_with_steps_written_out(case, seed):
    agrees(case, seed, second=True)
