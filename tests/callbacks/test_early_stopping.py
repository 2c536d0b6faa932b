"""EarlyStopping case by case, by Keras 3's rules."""

import math

import pytest

from fastsgd import metrics
from fastsgd.callbacks import CallbackList, EarlyStopping, MonitorCallback


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
