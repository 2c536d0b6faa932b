"""How a model's settings become those of an engine's run."""

import numpy as np
import pytest

import fastsgd
from fastsgd import runs
from fastsgd.callbacks import Callback, LambdaCallback
from fastsgd.layers import Dense

X = np.linspace(-1, 1, 50)[:, None]
Y = np.cos(9 * X[:, 0])


@pytest.fixture
def model():
    model = fastsgd.Sequential([Dense(3, "relu"), Dense(1)], seed=0)
    model.compile("sgd", "mse", backend="numpy")
    return model


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({}, (10, 15)),
        ({"callbacks": Callback()}, (10, 15)),
        ({"batch_size": "full"}, (50, 3)),
        ({"validation_split": 0.2}, (10, 4)),
        ({"verbose": 2}, (10, 5)),
        ({"callbacks": LambdaCallback(on_epoch_end=print)}, (10, 5)),
        ({"steps_per_epoch": 5, "epochs": 4}, (10, 20)),
        ({"steps_per_epoch": 1, "epochs": 5}, (10, 1)),
        ({"callbacks": LambdaCallback(on_train_batch_end=lambda batch, logs: None)}, (10, 1)),
    ],
)
def test_steps_that_are_done_in_one_go(model, settings, expected, monkeypatch):
    """Threads sleep in between, and to wake them takes time."""
    seen = []
    monkeypatch.setattr(runs, "training_threads", lambda _, *asked: seen.append(asked) or (1, 0))
    model.fit(X, Y, **{"batch_size": 10, "epochs": 3, "verbose": 0, **settings})
    model.train_on_batch(X, Y)
    assert seen == [(*expected, "auto"), (50, 1, "auto")]
