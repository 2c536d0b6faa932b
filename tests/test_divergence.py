"""Losses and weights that are not finite."""

import pickle

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from small_models import Recorder, rows, same

import fastsgd
from fastsgd.callbacks import LambdaCallback
from fastsgd.divergence import DivergenceError
from fastsgd.layers import Dense
from fastsgd.models import Sequential


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("watched", [False, True])
def test_divergence(engine, dtype, watched):
    x, y = rows(outputs=2)
    model = Sequential([Dense(2)], seed=1)
    model.compile(fastsgd.optimizers.SGD(2.5), "mse", backend=engine, dtype=dtype)
    kept = []
    hook = LambdaCallback(on_epoch_end=lambda epoch, logs: kept.append(model.get_weights()))
    with pytest.raises(
        ArithmeticError, match=r"loss or weights are not finite in epoch \d+, batch \d+. Try a smaller learning_rate"
    ) as caught:
        model.fit(x, y, 8, epochs=100, initial_epoch=10, verbose=0, callbacks=hook if watched else None)
    error = caught.value
    assert isinstance(error, DivergenceError)
    finished = len(model.history["loss"])
    assert finished > 0
    assert error.epoch == 10 + finished + 1
    assert 1 <= error.batch <= 8
    assert np.isfinite(model.history["loss"]).all()
    assert all(np.isfinite(w).all() for w in model.get_weights())
    assert model.optimizer.iterations == 8 * finished
    if watched:
        for w, last in zip(model.get_weights(), kept[finished - 1], strict=True):
            assert_array_equal(w, last)
    model.optimizer.learning_rate = 1e-9
    model.set_weights([np.ones_like(w) / 10 for w in model.get_weights()])
    assert len(model.fit(x, y, 8, epochs=3, verbose=0)["loss"]) == 3
    again = pickle.loads(pickle.dumps(error))
    assert (again.epoch, again.batch, str(again)) == (error.epoch, error.batch, str(error))


class Jump(fastsgd.optimizers.SGD):
    """One step of infinite length."""

    def __init__(self, step):
        super().__init__(0.01, momentum=0.5)
        self.step = step

    def numbers(self, t):
        return {**super().numbers(t), "lr": np.where(t == self.step, np.inf, 0.01)}


@pytest.mark.parametrize("looking", ["straight on", "epochs", "batches"])
@pytest.mark.parametrize(
    ("step", "epoch", "batch", "finished"),
    [
        (10, 2, 4, 1),  # amid an epoch: the next batch has no finite loss
        (15, 3, 1, 1),  # after the last batch of an epoch, whose loss was finite
        (31, 4, 8, 3),  # after the last batch of all
        (7, 2, 1, 0),
    ],
)
def test_divergence_is_of_the_first_batch_whose_loss_is_not_finite(engine, step, epoch, batch, finished, looking):
    x, y = rows()
    models = []
    for jump in (step, -1):
        model = Sequential([Dense(7, "tanh", input_dim=5), Dense(1)], seed=1)
        model.compile(Jump(jump), "mse", backend=engine, dtype="float64")
        models.append(model)
    model, other = models
    hooks = {"straight on": None, "epochs": Recorder(batches=False), "batches": Recorder()}[looking]
    with pytest.raises(DivergenceError) as caught:
        model.fit(x, y, 8, epochs=4, verbose=0, callbacks=hooks)
    assert (caught.value.epoch, caught.value.batch) == (epoch, batch)
    assert model.history == other.fit(x, y, 8, epochs=finished, verbose=0)
    assert model.history.epoch == list(range(finished))
    assert model.optimizer.iterations == model.epochs_begun * 8 == finished * 8
    assert same(model, other)


def test_batches_after_single_rows_that_diverged(engine):
    """The transposed copies that only batches need are those of the weights that were put back."""
    x, y = rows(20)
    models = []
    for jump in (450, -1):  # epoch 23: behind the last look at the weights
        model = Sequential([Dense(7, "tanh", input_dim=5), Dense(8, "tanh"), Dense(8)], seed=1)
        model.compile(Jump(jump), "mse", backend=engine, dtype="float64")
        models.append(model)
    model, other = models
    targets = np.tile(y, 8)
    with pytest.raises(DivergenceError):
        model.fit(x, targets, 1, epochs=50, verbose=0)
    other.fit(x, targets, 1, epochs=22, verbose=0)
    assert same(model, other)
    model.optimizer.step = -1
    for m in models:
        m.fit(x, targets, 5, epochs=2, verbose=0)
    assert same(model, other)
