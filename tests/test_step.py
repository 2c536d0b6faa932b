"""A step by itself: that of a fit over one batch, whole or not at all."""

import signal

import numpy as np
import pytest
from small_models import net, rows, same

import fastsgd
from fastsgd import Sequential
from fastsgd.engines import pace
from fastsgd.engines.reference import ReferenceRun
from fastsgd.engines.reference import run as reference
from fastsgd.engines.run import CompiledRun
from fastsgd.engines.single import SingleRun
from fastsgd.engines.workspace import Workspace
from fastsgd.layers import Dense, Dropout, Normalization
from fastsgd.optimizers import SGD, Adam


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("scaled", [False, True])
def test_steps_are_those_of_a_fit_in_full_batches(engine, weighted, scaled):
    x, y = rows()
    x, y = 3 * x + 1, 10 * y - 4
    weights = np.linspace(0, 2, len(x)) if weighted else None
    more = {"metrics": ["mae"], "weighted_metrics": ["mse"], "scale_target": scaled}
    one, other = (net(engine, before=[Normalization()] * scaled, optimizer=Adam(0.01), **more) for _ in range(2))
    found = [one.train_on_batch(x, y, weights) for _ in range(4)]
    history = other.fit(x, y, "full", epochs=4, verbose=0, shuffle=False, sample_weight=weights)
    assert [list(values) for values in zip(*history.values(), strict=True)] == found
    assert same(one, other)
    assert one.optimizer.iterations == other.optimizer.iterations == 4
    assert one.epochs_begun == 0


def test_a_metric_of_several_numbers(engine):
    x, y = rows(outputs=3)
    model = Sequential([Dense(3, "softmax")], seed=0)
    model.compile("sgd", "categorical_crossentropy", [fastsgd.metrics.F1Score()], backend=engine)
    found = model.train_on_batch(x, np.eye(3)[y.argmax(axis=1)], return_dict=True)["f1_score"]
    assert isinstance(found, list)
    assert len(found) == 3


def test_every_step_drops_others(engine):
    x, y = rows()
    model = Sequential([Dense(30, "relu"), Dropout(0.5), Dense(1)], seed=0)
    model.compile(SGD(0.0), "mse", backend=engine)
    assert len({model.train_on_batch(x, y) for _ in range(5)}) == 5


def test_a_step_that_diverges_leaves_everything_as_it_was(engine):
    x, y = rows()
    model, other = (net(engine, optimizer=SGD(0.01, momentum=0.9)) for _ in range(2))
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


@pytest.fixture
def advance(engine, monkeypatch):
    """Have something be called with the run after each call of its `advance`, of which a step of 5000 rows has some."""

    def patch(kind, called):
        whole = kind.advance

        def advance(run, epoch):
            whole(run, epoch)
            called(run)

        monkeypatch.setattr(kind, "advance", advance)

    monkeypatch.setattr(pace, "CALL_SECONDS", 1e-12)
    monkeypatch.setattr(reference, "MOMENT", 0.0)
    kinds = (ReferenceRun,) if engine == "numpy" else (CompiledRun, SingleRun)
    return lambda called: [patch(kind, called) for kind in kinds]


@pytest.mark.parametrize(("ended", "n"), [(False, 5000), (True, 5000), (True, 60)])
def test_ctrl_c_comes_before_the_step_or_after_it(engine, ended, n, advance):
    x, y = rows(n)
    model, expected = net(engine), net(engine)
    expected.build(x.shape[1])
    if ended:
        expected.train_on_batch(x, y)
    advance(lambda run: signal.raise_signal(signal.SIGINT) if bool(run.losses) == ended else None)
    with pytest.raises(KeyboardInterrupt):
        model.train_on_batch(x, y)
    assert model.optimizer.iterations == expected.optimizer.iterations == ended
    assert same(model, expected)


def test_ctrl_c_while_kernels_are_looked_for_comes_before_the_step(monkeypatch):
    """Numba compiles them at first use, which takes seconds."""
    x, y = rows()
    model = net(None)
    model.build(x.shape[1])
    weights, find = model.get_weights(), Workspace.take_path
    monkeypatch.setattr(Workspace, "take_path", lambda *args: (signal.raise_signal(signal.SIGINT), find(*args)))
    with pytest.raises(KeyboardInterrupt):
        model.train_on_batch(x, y)
    assert model.optimizer.iterations == 0
    assert all((a == b).all() for a, b in zip(model.get_weights(), weights, strict=True))


@pytest.mark.parametrize("n", [60, 5000])
def test_what_is_raised_after_the_step_leaves_it_counted(engine, n, advance):
    def late(run):
        if run.losses:
            raise TimeoutError

    x, y = rows(n)
    model, expected = net(engine), net(engine)
    expected.train_on_batch(x, y)
    advance(late)
    with pytest.raises(TimeoutError):
        model.train_on_batch(x, y)
    assert model.optimizer.iterations == 1
    assert same(model, expected)


def test_a_limit_of_threads_that_is_none(monkeypatch):
    model = fastsgd.Sequential([Dense(1)])
    model.compile("sgd", "mse")
    monkeypatch.setenv("FASTSGD_NUM_THREADS", "many")
    with pytest.raises(ValueError, match="FASTSGD_NUM_THREADS must be a whole number"):
        model.train_on_batch(np.ones((4, 2)), np.ones(4))
    assert model.optimizer.steps == 0
