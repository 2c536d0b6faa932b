"""Learning rate schedules: frozen values of Keras and PyTorch, settings, and what optimizers make of them."""

import json
import math
import pickle
from pathlib import Path

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from fastsgd import optimizers
from fastsgd.layers import Dense
from fastsgd.models import Sequential
from fastsgd.optimizers import SGD, schedules
from fastsgd.optimizers.schedules import OneCycle

ORACLE = json.loads((Path(__file__).parent / "oracles/keras_schedules.json").read_text())
MADE = [schedules.deserialize(case) for case in ORACLE["schedules"]] + [
    OneCycle(config["max_lr"], **{k: v for k, v in config.items() if k != "max_lr"})
    for config in (case["config"] for case in ORACLE["one_cycles"])
]


@pytest.mark.parametrize("case", ORACLE["schedules"], ids=lambda case: case["class_name"])
def test_values_of_keras(case):
    assert_allclose(schedules.deserialize(case)(ORACLE["steps"]), case["rates"], rtol=1e-12, atol=1e-15)


@pytest.mark.parametrize("schedule", MADE[len(ORACLE["schedules"]) :], ids=repr)
def test_values_of_pytorch(schedule):
    expected = ORACLE["one_cycles"][MADE.index(schedule) - len(ORACLE["schedules"])]["rates"]
    assert_allclose(schedule(np.arange(len(expected))), expected, rtol=1e-12, atol=1e-15)
    assert schedule(10**6) == pytest.approx(expected[-1], rel=1e-12)


@pytest.mark.parametrize("schedule", MADE, ids=repr)
def test_one_at_a_time_or_all_at_once(schedule):
    steps = np.arange(300)
    one_by_one = [schedule(t) for t in steps.tolist()]
    assert {type(rate) for rate in one_by_one} == {float}
    assert_array_equal(schedule(steps), one_by_one)
    assert_array_equal(schedule.rates(steps), one_by_one)
    assert_array_equal(schedule.rates(steps[7:100]), one_by_one[7:100])
    assert schedule(np.float32(3)) == one_by_one[3]


@pytest.mark.parametrize("schedule", MADE, ids=repr)
def test_configs(schedule):
    config = json.loads(json.dumps(schedules.serialize(schedule)))
    other = schedules.deserialize(config)
    assert type(other) is type(schedule)
    assert other.get_config() == schedule.get_config() == type(schedule).from_config(config["config"]).get_config()
    assert repr(other) == repr(schedule)
    assert pickle.loads(pickle.dumps(schedule))(17) == schedule(17)


@pytest.mark.parametrize("m", [1.5, 3.0, 5.0, 10.0])
def test_restarts_are_on_time(m):
    """Keras's logarithms are late by one update for some lengths: 1000 for m = 10."""
    schedule = schedules.CosineDecayRestarts(0.1, 16, t_mul=m)
    starts = [16 * sum(m**j for j in range(i)) for i in range(4)]
    for start in starts:
        assert schedule(start) == pytest.approx(0.1, rel=1e-9)
        assert schedule(start - 1e-6) == pytest.approx(0.0, abs=1e-9) or start == 0


@pytest.mark.parametrize(
    ("make", "error", "match"),
    [
        (lambda: schedules.ExponentialDecay(0.1, 0, 0.9), ValueError, "decay_steps must be > 0, got 0"),
        (lambda: schedules.ExponentialDecay(-0.1, 1, 0.9), ValueError, "initial_learning_rate must be at least 0"),
        (lambda: schedules.ExponentialDecay(0.1, 1, -0.9), ValueError, "decay_rate"),
        (lambda: schedules.ExponentialDecay(0.1, 1, 0.9, staircase=1), TypeError, "staircase"),
        (lambda: schedules.PiecewiseConstantDecay([1, 2], [1.0, 2.0]), ValueError, "2 boundaries and 2 values"),
        (lambda: schedules.PiecewiseConstantDecay([2, 2], [1.0, 2.0, 3.0]), ValueError, "increase strictly"),
        (lambda: schedules.PiecewiseConstantDecay([2], [1.0, "2"]), TypeError, r"values\[1\]"),
        (lambda: schedules.PolynomialDecay(0.1, -1), ValueError, "decay_steps must be > 0"),
        (lambda: schedules.InverseTimeDecay(0.1, "10", 0.5), TypeError, "decay_steps must be a number"),
        (lambda: schedules.CosineDecay(0.1, 10, warmup_target=math.nan), ValueError, "warmup_target must be finite"),
        (lambda: schedules.CosineDecay(0.1, 10, warmup_target=0.2, warmup_steps=-1), ValueError, "warmup_steps"),
        (lambda: schedules.CosineDecayRestarts(0.1, 0), ValueError, "first_decay_steps must be > 0"),
        (lambda: schedules.CosineDecayRestarts(0.1, 10, t_mul=0.5), ValueError, "t_mul"),
        (lambda: OneCycle(0.1, 2.5), TypeError, "total_steps must be a whole number"),
        (lambda: OneCycle(0.1, 10, pct_start=1.5), ValueError, "pct_start must be from 0 to 1"),
        (lambda: OneCycle(0.1, 10, anneal_strategy="cosine"), ValueError, "anneal_strategy must be 'cos' or 'linear'"),
        (lambda: OneCycle(0.1, 10, div_factor=0), ValueError, "div_factor must be > 0"),
        (lambda: schedules.deserialize({"class_name": "CosinDecay"}), ValueError, "did you mean 'CosineDecay'"),
        (lambda: schedules.LearningRateSchedule()(0), NotImplementedError, "override __call__"),
        (lambda: schedules.LearningRateSchedule().get_config(), NotImplementedError, "override get_config"),
        (lambda: SGD(lambda a, b: 0.1), TypeError, "must take the update count alone"),
        (lambda: SGD(schedules.CosineDecay), TypeError, "learning_rate must be a number"),
    ],
)
def test_bad_settings(make, error, match):
    with pytest.raises(error, match=match):
        make()


# -- In optimizers ---------------------------------------------------------------------------------------------------
class Halving(schedules.LearningRateSchedule):
    """As Keras users write them: for one step, with Python's own control flow."""

    def __init__(self, every):
        self.every = every

    def __call__(self, step):
        return 0.1 if step < self.every else 0.05

    def get_config(self):
        return {"every": self.every}


def test_an_optimizer_knows_the_rate_of_its_next_update():
    optimizer = SGD(schedules.ExponentialDecay(0.5, 1, 0.5))
    w = np.zeros(1)
    for rate in (0.5, 0.25, 0.125):
        assert optimizer.learning_rate == optimizer.lr == rate
        before = w.copy()
        optimizer.apply([np.ones(1)], [w])
        assert before - w == rate
    assert optimizer.variables == [3]
    optimizer.learning_rate = schedules.PiecewiseConstantDecay([3], [2.0, 1.0])
    assert optimizer.learning_rate == 2.0
    with pytest.raises(
        TypeError, match=r"created with a `LearningRateSchedule`, PiecewiseConstantDecay\(.* cannot be set to 0.1"
    ):
        optimizer.learning_rate = 0.1
    assert (optimizer.decay, SGD(Halving(1), decay=0.5).rates(np.arange(3)).tolist()) == (0, [0.1, 0.05 / 1.5, 0.025])


def test_optimizers_with_schedules_have_configs():
    for optimizer in (SGD(schedules.CosineDecay(0.1, 10), momentum=0.5), SGD(lr=schedules.CosineDecay(0.1, 10))):
        config = json.loads(json.dumps(optimizers.serialize(optimizer)))
        assert config["config"]["learning_rate"]["class_name"] == "CosineDecay"
        assert optimizers.get(config).get_config() == optimizer.get_config()
    custom = schedules.deserialize(schedules.serialize(Halving(3)), custom_objects={"Halving": Halving})
    assert custom.every == 3


@pytest.mark.parametrize("bad", [-0.1, math.nan, math.inf])
def test_a_rate_that_cannot_be(bad):
    def rate(step):
        return bad if step == 7 else 0.1

    optimizer = SGD(rate)
    assert optimizer.hyper(np.arange(7)).shape == (7, 1)
    with pytest.raises(ValueError, match=r"learning_rate at update 7 must be finite and at least 0.*gave"):
        optimizer.hyper(np.arange(8))


RATES = {
    "schedule": schedules.CosineDecay(0.05, 30, warmup_target=0.1, warmup_steps=5),
    "own": Halving(12),
    "function": lambda step: 0.1 / (1 + step % 3),
    "table": [0.1 / (1 + t) for t in range(32)].__getitem__,  # has no more than the updates that are made
}


@pytest.mark.parametrize("rate", RATES.values(), ids=RATES.keys())
@pytest.mark.parametrize("batch_size", [1, 8, 300])
def test_training_by_schedule_is_training_step_by_step(engine, rate, batch_size):
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(32 * batch_size // 4, 3)), rng.normal(size=32 * batch_size // 4)
    models = []
    for _ in range(2):
        model = Sequential([Dense(4, "tanh"), Dense(1)], seed=1)
        model.compile(SGD(rate, momentum=0.9), "mse", backend=engine, dtype="float64")
        models.append(model)
    whole, steps = models
    whole.fit(x, y, batch_size, epochs=4, verbose=0, shuffle=False)
    for _ in range(4):
        for start in range(0, len(x), batch_size):
            steps.train_on_batch(x[start : start + batch_size], y[start : start + batch_size])
    assert whole.optimizer.iterations == steps.optimizer.iterations == 32
    for one, other in zip(whole.get_weights(), steps.get_weights(), strict=True):
        assert_allclose(one, other, rtol=1e-12, atol=1e-14)
