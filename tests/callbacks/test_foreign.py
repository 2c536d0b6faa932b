"""Callbacks of Keras's own make, by doubles that do what those do: through documented names of the model alone."""

import numpy as np
import pytest

from fastsgd import callbacks
from fastsgd.divergence import DivergenceError
from fastsgd.layers import Dense
from fastsgd.models import Sequential
from fastsgd.optimizers import SGD


def is_default(method):
    method._is_default = True
    return method


class KerasCallback:
    """The base as Keras 3 has it; nothing of it is fastsgd's."""

    def __init__(self):
        self.params, self._model = None, None

    def set_params(self, params):
        self.params = params

    def set_model(self, model):
        self._model = model

    @property
    def model(self):
        return self._model

    @is_default
    def on_batch_begin(self, batch, logs=None):
        pass

    @is_default
    def on_batch_end(self, batch, logs=None):
        pass

    @is_default
    def on_epoch_begin(self, epoch, logs=None):
        pass

    @is_default
    def on_epoch_end(self, epoch, logs=None):
        pass

    @is_default
    def on_train_batch_begin(self, batch, logs=None):
        self.on_batch_begin(batch, logs=logs)

    @is_default
    def on_train_batch_end(self, batch, logs=None):
        self.on_batch_end(batch, logs=logs)

    @is_default
    def on_train_begin(self, logs=None):
        pass

    @is_default
    def on_train_end(self, logs=None):
        pass


class BestWeights(KerasCallback):
    """As Keras's EarlyStopping."""

    def on_train_begin(self, logs=None):
        self.best, self.weights = np.inf, None

    def on_epoch_end(self, epoch, logs=None):
        if logs["val_loss"] < self.best:
            self.best, self.weights = logs["val_loss"], self.model.get_weights()
        elif epoch > 0:
            self.model.stop_training = True

    def on_train_end(self, logs=None):
        self.model.set_weights(self.weights)


class Lowering(KerasCallback):
    """As Keras's ReduceLROnPlateau: it makes an array of the rate and a float of that."""

    def on_epoch_end(self, epoch, logs=None):
        assert not hasattr(self.model.optimizer, "optimizers")
        logs["learning_rate"] = float(np.asarray(self.model.optimizer.learning_rate))
        self.model.optimizer.learning_rate = logs["learning_rate"] * 0.5


class OnNaN(KerasCallback):
    """As Keras's TerminateOnNaN."""

    def on_batch_end(self, batch, logs=None):
        if not np.isfinite(logs["loss"]):
            self.model.stop_training = True


class List(KerasCallback):
    """Keras's CallbackList: it has every hook and passes them on."""

    def __init__(self, *callbacks):
        super().__init__()
        self.callbacks = callbacks

    def set_model(self, model):
        for callback in self.callbacks:
            callback.set_model(model)

    def on_train_begin(self, logs=None):
        for callback in self.callbacks:
            callback.on_train_begin(logs)

    def on_epoch_end(self, epoch, logs=None):
        for callback in self.callbacks:
            callback.on_epoch_end(epoch, logs)

    def on_train_end(self, logs=None):
        for callback in self.callbacks:
            callback.on_train_end(logs)


def fit(callback, rate=0.05, epochs=6, engine="numpy"):
    rng = np.random.default_rng(0)
    x = rng.normal(size=(60, 5))
    model = Sequential([Dense(7, "tanh"), Dense(1)], seed=1)
    model.compile(SGD(rate, momentum=0.95), "mse", backend=engine, dtype="float64")
    y = np.tanh(x.sum(axis=1)) + rng.normal(size=60)
    return model, model.fit(x, y, 8, epochs=epochs, verbose=0, validation_split=0.3, callbacks=callback)


@pytest.mark.parametrize(
    ("foreign", "own"),
    [
        (BestWeights(), callbacks.EarlyStopping(restore_best_weights=True)),
        (List(BestWeights()), callbacks.EarlyStopping(restore_best_weights=True)),
        (Lowering(), callbacks.LearningRateScheduler(lambda epoch: 0.05 * 0.5**epoch)),
    ],
    ids=["EarlyStopping", "CallbackList", "ReduceLROnPlateau"],
)
def test_they_do_what_ours_do(engine, foreign, own):
    (one, first), (other, second) = fit(foreign, engine=engine, epochs=20), fit(own, engine=engine, epochs=20)
    assert first == second
    assert "learning_rate" in first or len(first["loss"]) < 20
    for w, own_w in zip(one.get_weights(), other.get_weights(), strict=True):
        assert (w == own_w).all()


def test_they_hear_of_a_loss_that_is_not_finite(engine):
    def rate(step):
        return 1e200 if step == 9 else 0.01

    _, history = fit(OnNaN(), rate, engine=engine)
    assert history.epoch == [0, 1]
    assert np.isnan(history["loss"][1])
    with pytest.raises(DivergenceError):
        fit(KerasCallback(), rate, engine=engine)


def test_they_are_told_what_keras_tells():
    callback = KerasCallback()
    fit(callback, epochs=2)
    assert {"epochs": 2, "steps": 6, "verbose": 0}.items() <= callback.params.items()
    assert not callbacks.CallbackList(callback).has_batch_hooks
    assert callbacks.CallbackList(OnNaN()).has_batch_hooks
