import math

import pytest
from bitale_nnet import (
    ConstantRate,
    CosineDecay,
    ExponentialDecay,
    OneCycle,
    ReduceOnPlateau,
    StepDecay,
    WarmUp,
)
from bitale_nnet.training.schedules import as_schedule


@pytest.mark.parametrize(
    ("schedule", "expected"),
    [
        (ConstantRate(0.1), [0.1, 0.1, 0.1, 0.1]),
        (StepDecay(0.1, every=2), [0.1, 0.01, 0.001, 1e-6]),
        (ExponentialDecay(0.1, 0.5), [0.1, 0.1 * 0.5**2.5, 0.1 * 0.5**5, 0.1 * 0.5**10]),
        (CosineDecay(0.1), [0.1, 0.05 * (1 + math.sqrt(0.5)), 0.05, 0.0]),
        (CosineDecay(0.1, 0.02, epochs=5), [0.1, 0.06, 0.02, 0.02]),
        (WarmUp(0.1, epochs=5), [0.001, 0.05, 0.1, 0.1]),
        (WarmUp(CosineDecay(0.1), epochs=5), [0.001, 0.05, 0.1, 0.0]),
        (OneCycle(0.1, rising=0.5), [0.004, 0.052, 0.1, 1e-5]),
    ],
)
def test_rates_over_ten_epochs(schedule, expected):
    rates = [schedule.rate(epoch, 10) for epoch in (0.0, 2.5, 5.0, 10.0)]
    assert rates == pytest.approx(expected)


def test_a_plateau_reduces_the_rate_and_its_state_can_be_kept():
    schedule = ReduceOnPlateau(0.1, factor=0.5, patience=1, lowest=0.03)
    rates = []
    for loss in (3, 2, 2, 2, 1, 1, 1, 1, 1):
        schedule.observe({"loss": loss})
        rates.append(schedule.rate(0, 1))
    assert rates == [0.1, 0.1, 0.1, 0.05, 0.05, 0.05, 0.03, 0.03, 0.03]
    other = WarmUp(ReduceOnPlateau(0.1))
    other.set_state(schedule.get_state())
    assert other.rate(5, 10) == 0.03


@pytest.mark.parametrize(
    ("rate", "error"),
    [
        (-1, ValueError),
        (0, ValueError),
        (math.nan, ValueError),
        ("1", TypeError),
        (None, TypeError),
    ],
)
def test_what_is_no_rate(rate, error):
    with pytest.raises(error, match="learning_rate must be a"):
        as_schedule(rate)
    with pytest.raises(error, match="start must be a"):
        CosineDecay(rate)


def test_what_was_given_is_shown():
    assert repr(StepDecay(0.1, 2)) == "StepDecay(start=0.1, every=2.0, factor=0.1)"
