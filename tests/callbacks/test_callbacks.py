"""Callbacks and their list; EarlyStopping case by case, by Keras 3's rules."""

import math
import types

import numpy as np
import pytest

from fastsgd import metrics
from fastsgd.callbacks import Callback, CallbackList, EarlyStopping, LambdaCallback, MonitorCallback, SwapEMAWeights
from fastsgd.callbacks.base import HOOKS, default
from fastsgd.layers import Dense
from fastsgd.models import Sequential
from fastsgd.optimizers import SGD


class Model:
    """What callbacks may use of a model; its weights are the epoch after which they were asked for."""

    def __init__(self, *names):
        self.stop_training, self.weights, self.metrics = False, None, metrics.compiled(list(names))

    def get_weights(self):
        return [self.weights]

    def set_weights(self, weights):
        self.weights = weights[0]


def train(stopper, values, model=None, monitor="val_loss", first=0):
    """Epochs with these values of the monitored number; returns how many were run and the weights at the end."""
    model = model or Model()
    model.stop_training = False
    stopper.set_model(model)
    stopper.on_train_begin()
    for epoch, value in enumerate(values, first):
        model.weights = epoch
        stopper.on_epoch_end(epoch, {"loss": 0.0, monitor: value})
        if model.stop_training:
            break
    stopper.on_train_end()
    return epoch - first + 1, model.weights


# Settings, values of val_loss, epochs run, epoch whose weights are restored with restore_best_weights (from 0).
CASES = [
    # patience, from Keras 3's early_stopping_test.py: 0 acts as 1
    ({"patience": 0}, [10.0, 9.0, 8.0, 9.0, 8.9, 8.8, 8.7, 8.6, 8.5], 4, 2),
    ({"patience": 1}, [10.0, 9.0, 8.0, 9.0, 8.9, 8.8, 8.7, 8.6, 8.5], 4, 2),
    ({"patience": 2}, [10.0, 9.0, 8.0, 9.0, 8.9, 8.8, 8.7, 8.6, 8.5], 5, 2),
    ({"patience": 3}, [10.0, 9.0, 8.0, 9.0, 8.9, 8.8, 8.7, 8.6, 8.5], 6, 2),
    # never after the first epoch; equal is no improvement
    ({"patience": 0}, [1.0, 1.0, 0.5], 2, 0),
    ({"patience": 2}, [1.0, 1.0, 1.0, 0.5], 3, 0),
    # the waiting starts again after an improvement
    ({"patience": 2}, [1.0, 1.1, 0.9, 1.0, 0.8, 0.9, 0.9, 0.1], 7, 4),
    # not stopped: the best weights come back all the same
    ({"patience": 5}, [3.0, 1.0, 2.0, 2.5], 4, 1),
    # min_delta: current + min_delta < best; its sign does not matter
    ({"patience": 1, "min_delta": 0.5}, [3.0, 2.0, 1.5, 0.0], 3, 1),
    ({"patience": 1, "min_delta": -0.5}, [3.0, 2.0, 1.5, 0.0], 3, 1),
    ({"patience": 2, "min_delta": 0.5}, [3.0, 2.75, 2.25, 2.0, 1.9, 0.1], 5, 2),
    # max
    ({"patience": 1, "mode": "max"}, [1.0, 2.0, 3.0, 2.5, 9.0], 4, 2),
    ({"patience": 1, "mode": "max", "min_delta": 1.0}, [1.0, 2.5, 3.0, 9.0], 3, 1),
    ({"patience": 1, "mode": "min"}, [1.0, 2.0, 0.5], 2, 0),
    # baseline: improvements that do not beat it do not restart the waiting
    ({"patience": 5, "baseline": 0.5}, [0.9, 0.8, 0.7, 0.71, 0.72, 0.73], 5, 2),
    ({"patience": 3, "baseline": 0.5}, [0.9, 0.8, 0.4, 0.41, 0.42, 0.43, 0.44], 6, 2),
    ({"patience": 2, "baseline": 0.5}, [0.9, 0.8, 0.7, 0.8, 0.1], 4, 2),
    # start_from_epoch: what comes before is not looked at
    ({"patience": 1, "start_from_epoch": 2}, [1.0, 5.0, 4.0, 4.5, 3.0], 4, 2),
    ({"patience": 0, "start_from_epoch": 3}, [1.0, 2.0, 3.0, 4.0, 5.0, 0.5], 5, 3),
    ({"patience": 0, "start_from_epoch": 9}, [1.0, 2.0, 3.0], 3, None),
    # NaN never improves
    ({"patience": 2}, [1.0, math.nan, math.nan, 0.5], 3, 0),
]


@pytest.mark.parametrize(("settings", "values", "epochs", "best"), CASES)
def test_early_stopping(settings, values, epochs, best):
    stopper = EarlyStopping(**settings)
    assert train(stopper, values) == (epochs, epochs - 1)
    assert stopper.best_weights is None
    restored = epochs - 1 if best is None else best
    stopper = EarlyStopping(**settings, restore_best_weights=True)
    for _ in range(2):  # it may be used again
        assert train(stopper, values) == (epochs, restored)
        if best is not None:
            assert (stopper.best, stopper.best_epoch) == (values[best], best)
    assert stopper.stopped_epoch == (epochs - 1 if epochs < len(values) else 0)


def test_stopped_epoch_counts_from_the_first_of_all():
    stopper = EarlyStopping(patience=1, restore_best_weights=True)
    assert train(stopper, [1.0, 2.0, 3.0], first=10) == (2, 10)
    assert stopper.stopped_epoch == 11


def test_weights_come_back_when_another_callback_stops():  # Keras 3: early_stopping_test.py
    model = Model()
    stopper = EarlyStopping(patience=5, baseline=0.5, restore_best_weights=True)
    stopper.set_model(model)
    stopper.on_train_begin()
    for epoch, value in enumerate([0.9, 0.8, 0.7, 0.71]):
        model.weights = epoch
        stopper.on_epoch_end(epoch=epoch, logs={"val_loss": value})
    model.stop_training = True
    stopper.on_train_end()
    assert model.weights == 2


@pytest.mark.parametrize(
    ("monitor", "mode", "better"),
    [
        ("val_loss", "auto", "less"),
        ("loss", "auto", "less"),
        ("val_mse", "auto", "less"),
        ("val_r2", "auto", "greater"),
        ("r2", "auto", "greater"),
        ("val_mse", "max", "greater"),
        ("r2", "min", "less"),
        ("whatever", "max", "greater"),
    ],
)
def test_direction(monitor, mode, better):
    stopper = EarlyStopping(monitor=monitor, mode=mode)
    train(stopper, [1.0], Model("mse", "r2"), monitor)
    assert stopper.monitor_op.__name__ == better


def test_a_direction_that_cannot_be_told():
    with pytest.raises(ValueError, match=r"'val_mea' should rise or fall.*Available: loss, val_loss"):
        train(EarlyStopping(monitor="val_mea"), [1.0], Model("mae"))
    with pytest.raises(ValueError, match="mode must be"):
        EarlyStopping(mode="maximum")


def test_a_missing_number_is_told_once_a_training():
    stopper = EarlyStopping()
    for _ in range(2):
        with pytest.warns(UserWarning, match=r"`val_loss` which is not available.*: loss,mse") as caught:
            assert train(stopper, [1.0, 2.0, 3.0], monitor="mse") == (3, 2)
        assert len(caught) == 1


@pytest.mark.parametrize("frequency", [2, [2, 4]])
def test_epochs_without_validation_are_left_out_silently(frequency):
    stopper, model = EarlyStopping(patience=1), Model()
    callbacks = CallbackList([stopper], model=model, validation_freq=frequency)
    callbacks.on_train_begin()
    for epoch, logs in enumerate([{}, {"val_loss": 1.0}, {}, {"val_loss": 2.0}]):
        assert not model.stop_training
        callbacks.on_epoch_end(epoch, logs)
    assert (model.stop_training, stopper.stopped_epoch) == (True, 3)


def test_early_stopping_says_what_it_does(capsys):
    train(EarlyStopping(patience=1, verbose=1, restore_best_weights=True), [1.0, 2.0])
    assert capsys.readouterr().out == (
        "Epoch 2: early stopping\nRestoring model weights from the end of the best epoch: 1.\n"
    )


def test_monitor():  # Keras 3: monitor_callback_test.py
    callback = MonitorCallback(mode="max", min_delta=0.5)
    callback._set_monitor_op()
    assert callback._is_improvement(0.75, 0)
    assert callback._is_improvement(0.5, None)
    assert not callback._is_improvement(0.5, 0)
    assert not callback._is_improvement(0.2, 0.5)


# -- The list ---------------------------------------------------------------------------------------------------------
ARGUMENTS = {hook: ((3, {"loss": 1.0}) if "epoch" in hook or "batch" in hook else ({"loss": 1.0},)) for hook in HOOKS}


def test_every_hook_reaches_every_callback_in_order():
    called = []

    def recorder(name):
        return LambdaCallback(**{h: lambda *a, h=h, **k: called.append((name, h, a, k)) for h in HOOKS})

    callbacks = CallbackList([recorder("a"), (recorder("b"),)])
    callbacks.append(recorder("c"))
    for hook in HOOKS:
        if hook in ("on_batch_begin", "on_batch_end"):  # reached through their new names
            continue
        called.clear()
        getattr(callbacks, hook)(*ARGUMENTS[hook])
        assert [(name, h) for name, h, _, _ in called] == [(name, hook) for name in "abc"]
        for _, _, args, kwargs in called:
            assert (args, kwargs) == (((3,), {"logs": {"loss": 1.0}}) if "batch" in hook else (ARGUMENTS[hook], {}))


def test_logs_are_shared_so_that_a_callback_can_add_to_them():
    logs = {"loss": 1.0}
    adder = LambdaCallback(on_epoch_end=lambda epoch, logs: logs.update(rate=0.1))
    CallbackList([adder]).on_epoch_end(0, logs)
    assert logs == {"loss": 1.0, "rate": 0.1}


class OldEnd(Callback):
    def on_batch_end(self, batch, logs=None):
        self.seen = batch, logs


class NewBegin(Callback):
    def on_train_batch_begin(self, batch, logs=None):
        self.seen = batch


class Duck:
    """Some other library's callback, of hooks alone."""

    def on_batch_end(self, batch, logs=None):
        self.seen = batch


class KerasLike(Callback):
    """Keras marks its defaults as we do."""

    @default
    def on_train_batch_end(self, batch, logs=None):
        raise AssertionError


@pytest.mark.parametrize(
    ("callback", "batches", "epochs"),
    [
        (Callback(), False, False),
        (KerasLike(), False, False),
        (EarlyStopping(), False, True),
        (LambdaCallback(), False, False),
        (LambdaCallback(on_train_end=print), False, False),
        (LambdaCallback(on_epoch_begin=print), False, True),
        (LambdaCallback(on_train_batch_end=print), True, False),
        (LambdaCallback(on_batch_begin=print), True, False),
        (LambdaCallback(on_test_batch_end=print), False, False),
        (OldEnd(), True, False),
        (NewBegin(), True, False),
        (Duck(), True, False),
    ],
)
def test_the_list_knows_who_must_be_called(callback, batches, epochs):
    callbacks = CallbackList([EarlyStopping(), callback])
    assert callbacks.has_batch_hooks is batches
    assert CallbackList(callback).has_epoch_hooks is epochs
    assert CallbackList(callback).overrides("on_test_batch_end") is (
        callback.__dict__.get("on_test_batch_end") is print
    )


def test_old_and_foreign_batch_hooks_are_called():
    old, new, duck = OldEnd(), NewBegin(), Duck()
    callbacks = CallbackList([old, new, duck], model=Model(), epochs=1)
    callbacks.on_train_begin()
    callbacks.on_train_batch_begin(7)
    callbacks.on_train_batch_end(7, {"loss": 1.0})
    assert (old.seen, new.seen, duck.seen) == ((7, {"loss": 1.0}), 7, 7)
    assert old.model is new.model
    assert old.params == {"epochs": 1}


def test_what_a_list_takes():
    assert CallbackList().callbacks == []
    assert not CallbackList().has_batch_hooks
    one = Callback()
    assert CallbackList(one).callbacks == CallbackList([[one]]).callbacks == [one]
    with pytest.raises(TypeError, match=r"write EarlyStopping\(\.\.\.\)"):
        CallbackList([EarlyStopping])
    for bad in ("early", 3, types.SimpleNamespace()):
        with pytest.raises(TypeError, match="hooks"):
            CallbackList([bad])


def test_lambda_callback_names():
    assert LambdaCallback(custom_method=print).custom_method is print  # Keras 3: lambda_callback_test.py
    with pytest.raises(ValueError, match="did you mean 'on_epoch_end'"):
        LambdaCallback(on_epoch_ned=print)


# -- SwapEMAWeights --------------------------------------------------------------------------------------------------
def averaging(engine, **more):
    model = Sequential([Dense(7, "tanh"), Dense(1)], seed=1)
    model.compile(SGD(0.1, **{"use_ema": True, "ema_momentum": 0.8, **more}), "mse", backend=engine, dtype="float64")
    return model


class Kept(Callback):
    """The weights at the end of every epoch."""

    def on_train_begin(self, logs=None):
        self.seen = []

    def on_epoch_end(self, epoch, logs=None):
        self.seen.append(self.model.get_weights())


@pytest.mark.parametrize("on_epoch", [False, True])
def test_averages_are_validated_and_weights_trained(engine, on_epoch):
    rng = np.random.default_rng(0)
    x = rng.normal(size=(40, 3))
    y = np.tanh(x.sum(axis=1))
    plain, model = averaging(engine), averaging(engine)
    before, after, own = Kept(), Kept(), Kept()
    settings = {"batch_size": 40, "epochs": 4, "verbose": 0, "validation_data": (x, y)}
    first = plain.fit(x, y, callbacks=own, **settings)
    second = model.fit(x, y, callbacks=[before, SwapEMAWeights(on_epoch), after], **settings)
    assert first["loss"] == second["loss"]
    averages = own.seen[0]
    for epoch in range(4):
        averages = [0.8 * a + 0.2 * w for a, w in zip(averages, own.seen[epoch], strict=True)] if epoch else averages
        assert all((a == b).all() for a, b in zip(before.seen[epoch], own.seen[epoch], strict=True))
        for a, b in zip(after.seen[epoch], averages if on_epoch else own.seen[epoch], strict=True):
            np.testing.assert_allclose(a, b, rtol=1e-12, atol=1e-14)
        plain.set_weights(averages)
        assert second["val_loss"][epoch] == pytest.approx(plain.evaluate(x, y), rel=1e-12)
    for a, b in zip(model.get_weights(), averages, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-12, atol=1e-14)


def test_averages_that_are_not_there():
    x = np.ones((4, 3))
    with pytest.raises(ValueError, match="must be used when `use_ema=True`"):
        averaging("numpy", use_ema=False).fit(x, x[:, 0], validation_split=0.5, verbose=0, callbacks=SwapEMAWeights())
    model = averaging("numpy")
    model.build((None, 3))
    loss = model.evaluate(x, x[:, 0], callbacks=SwapEMAWeights())  # nothing was learned yet
    assert loss == model.evaluate(x, x[:, 0]) > 0
    model.fit(x, x[:, 0], epochs=3, verbose=0)
    expected = model.predict(x)
    model.set_weights([w * 2 for w in model.get_weights()])
    assert (model.predict(x, callbacks=SwapEMAWeights()) == expected).all()
