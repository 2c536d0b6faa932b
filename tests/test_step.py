"""A step by itself: that of a fit over one batch, whole or not at all."""

import signal

import numpy as np
import pytest
from small_models import net, rows, same

import fastsgd
from fastsgd import Sequential
from fastsgd.engines import pace
from fastsgd.engines.run import CompiledRun
from fastsgd.layers import Dense, Dropout


@pytest.mark.parametrize("weighted", [False, True])
def test_steps_are_those_of_a_fit_in_full_batches(engine, weighted):
    x, y = rows()
    weights = np.linspace(0, 2, len(x)) if weighted else None
    more = {"metrics": ["mae"], "weighted_metrics": ["mse"]}
    one, other = (net(engine, optimizer=fastsgd.optimizers.Adam(0.01), **more) for _ in range(2))
    found = [one.train_on_batch(x, y, weights) for _ in range(4)]
    history = other.fit(x, y, "full", epochs=4, verbose=0, shuffle=False, sample_weight=weights)
    assert [list(values) for values in zip(*history.values(), strict=True)] == found
    assert same(one, other)
    assert one.optimizer.iterations == other.optimizer.iterations == 4


def test_every_step_drops_others(engine):
    x, y = rows()
    model = Sequential([Dense(30, "relu"), Dropout(0.5), Dense(1)], seed=0)
    model.compile(fastsgd.optimizers.SGD(0.0), "mse", backend=engine)
    assert len({model.train_on_batch(x, y) for _ in range(5)}) == 5


def test_a_step_that_diverges_leaves_everything_as_it_was(engine):
    x, y = rows()
    model, other = (net(engine, optimizer=fastsgd.optimizers.SGD(0.01, momentum=0.9)) for _ in range(2))
    for each in (model, other):
        each.train_on_batch(x, y)
    with pytest.raises(fastsgd.DivergenceError, match="epoch 1, batch 1"):
        model.train_on_batch(x, y * 1e200)
    model.optimizer.learning_rate = 1e200
    with pytest.raises(fastsgd.DivergenceError):
        model.train_on_batch(x, y * 1e150)
    model.optimizer.learning_rate = 0.01
    assert model.optimizer.iterations == 1
    assert model.train_on_batch(x, y) == other.train_on_batch(x, y)
    assert same(model, other)


@pytest.mark.parametrize("compiled", [name for name in ("cython", "numba") if fastsgd.backends()[name]["available"]])
@pytest.mark.parametrize("ended", [False, True])
def test_ctrl_c_comes_before_the_step_or_after_it(compiled, ended, monkeypatch):
    x, y = rows(5000)
    model, expected = net(compiled), net(compiled)
    expected.build(x.shape[1])
    if ended:
        expected.train_on_batch(x, y)
    monkeypatch.setattr(pace, "CALL_SECONDS", 1e-12)  # of the kernel: one for each round of blocks
    advance = CompiledRun.advance

    def and_then(run, epoch):
        advance(run, epoch)
        if bool(run.losses) == ended:
            signal.raise_signal(signal.SIGINT)

    monkeypatch.setattr(CompiledRun, "advance", and_then)
    with pytest.raises(KeyboardInterrupt):
        model.train_on_batch(x, y)
    assert model.optimizer.iterations == expected.optimizer.iterations == ended
    assert same(model, expected)
