"""Callbacks that set the learning rate, write logs, or end a training in order; by Keras 3's rules."""

import csv
import json
import math
import pickle

import numpy as np
import pytest
from small_models import net, rows, telling

from fastsgd.callbacks import (
    Callback,
    CSVLogger,
    EarlyStopping,
    LambdaCallback,
    LearningRateScheduler,
    ReduceLROnPlateau,
    TerminateOnNaN,
)  # fmt: skip
from fastsgd.divergence import DivergenceError
from fastsgd.optimizers import schedules


class Rates(Callback):
    """The learning rate as every epoch begins."""

    def __init__(self):
        super().__init__()
        self.seen = []

    def on_epoch_begin(self, epoch, logs=None):
        self.seen.append(self.model.optimizer.learning_rate)


# -- ReduceLROnPlateau -----------------------------------------------------------------------------------------------
PLATEAUS = [
    # patience and min_delta: the rates are those during each epoch
    ({"patience": 1, "factor": 0.1, "min_delta": 100}, [9.0, 8.0, 7.0], [1.0, 1.0, 0.1]),
    ({"patience": 2, "factor": 0.5}, [5.0, 5.0, 5.0, 5.0, 5.0, 5.0], [1.0, 1.0, 1.0, 0.5, 0.5, 0.25]),
    ({"patience": 2, "factor": 0.5}, [5.0, 4.0, 4.0, 3.0, 3.0, 3.0, 3.0], [1.0] * 6 + [0.5]),
    ({"patience": 1, "factor": 0.5, "min_delta": 1}, [5.0, 4.0, 3.5, 2.9, 1.0], [1.0, 1.0, 0.5, 0.5, 0.25]),
    ({"patience": 1, "factor": 0.5}, [5.0, 5.00005, 4.99995, 4.9], [1.0, 1.0, 0.5, 0.25]),
    ({"patience": 0, "factor": 0.5}, [5.0, 5.0, 5.0], [1.0, 1.0, 0.5]),
    # cooldown
    ({"patience": 1, "factor": 0.1, "cooldown": 2}, [5.0] * 6, [1.0, 1.0, 0.1, 0.1, 0.01, 0.01]),
    ({"patience": 2, "factor": 0.5, "cooldown": 3}, [5.0] * 8, [1.0] * 3 + [0.5] * 4 + [0.25]),
    # min_lr
    ({"patience": 1, "factor": 0.1, "min_lr": 0.05}, [5.0] * 5, [1.0, 1.0, 0.1, 0.05, 0.05]),
    # max, NaN
    ({"patience": 1, "factor": 0.5, "mode": "max"}, [1.0, 2.0, 1.5, 3.0], [1.0, 1.0, 1.0, 0.5]),
    ({"patience": 1, "factor": 0.5}, [1.0, math.nan, 0.5], [1.0, 1.0, 0.5]),
]


@pytest.mark.parametrize(("settings", "losses", "rates"), PLATEAUS)
def test_plateaus(settings, losses, rates):
    x, y = rows()
    reduce = ReduceLROnPlateau(**settings)
    for _ in range(2):  # it may be used again
        watch = Rates()
        called = [watch, telling(losses), reduce]
        history = net(rate=1.0).fit(x * 0, y * 0, epochs=len(losses), verbose=0, callbacks=called)
        assert watch.seen == pytest.approx(rates)
        assert history["learning_rate"] == watch.seen


def test_a_plateau_says_what_it_does(capsys):
    x, y = rows()
    reduce = ReduceLROnPlateau("loss", patience=1, factor=0.5, min_delta=100, verbose=1)
    model = net()
    history = model.fit(x, y, epochs=2, verbose=0, callbacks=reduce)
    assert capsys.readouterr().out == "\nEpoch 2: ReduceLROnPlateau reducing learning rate to 0.025.\n"
    assert (model.optimizer.learning_rate, history["learning_rate"]) == (0.025, [0.05, 0.05])
    reduce.best, reduce.wait, reduce.cooldown_counter = 0.5, 3, 2  # Keras 3: reduce_lr_on_plateau_test.py
    reduce.on_train_begin()
    assert (reduce.best, reduce.wait, reduce.cooldown_counter) == (None, 0, 0)


def test_plateaus_where_nothing_is_monitored():
    x, y = rows()
    with pytest.warns(UserWarning, match=r"on metric `val_loss` which is not available.*loss,learning_rate\."):
        net().fit(x, y, epochs=3, verbose=0, callbacks=ReduceLROnPlateau())
    reduce = ReduceLROnPlateau(patience=1)
    net().fit(x, y, epochs=4, verbose=0, callbacks=reduce, validation_split=0.2, validation_freq=2)
    assert reduce.best is not None


@pytest.mark.parametrize(
    ("settings", "error", "match"),
    [
        ({"factor": 1.0}, ValueError, "does not support a factor >= 1.0, got factor=1.0"),
        ({"factor": -0.5}, ValueError, "factor must be at least 0"),
        ({"patience": 1.5}, TypeError, "patience must be a whole number"),
        ({"cooldown": -1}, ValueError, "cooldown must be a whole number"),
        ({"min_lr": -1}, ValueError, "min_lr must be at least 0"),
        ({"mode": "up"}, ValueError, "mode must be"),
    ],
)
def test_bad_plateaus(settings, error, match):
    with pytest.raises(error, match=match):
        ReduceLROnPlateau(**settings)


@pytest.mark.parametrize(
    "make", [lambda: ReduceLROnPlateau("loss", patience=1), lambda: LearningRateScheduler(lambda epoch: 0.1)]
)
def test_schedules_are_not_lowered(make):
    x, y = rows()
    model = net(rate=schedules.PolynomialDecay(0.1, 10, 0.1))
    lie = telling([1.0, 1.0], "loss")
    with pytest.raises(TypeError, match="This optimizer was created with a `LearningRateSchedule`"):
        model.fit(x, y, epochs=2, verbose=0, callbacks=[lie, make()])


# -- LearningRateScheduler -------------------------------------------------------------------------------------------
SCHEDULES = [
    (lambda epoch: 1.0 / (2.0 + epoch), [1 / 2, 1 / 3, 1 / 4]),
    (lambda epoch, rate: rate / 2, [0.025, 0.0125, 0.00625]),
    (lambda epoch, rate=0.5: np.float32(rate), [float(np.float32(0.05))] * 3),
    ({0: 0.5, 1: 0.25, 2: 0.125}.__getitem__, [0.5, 0.25, 0.125]),
]


@pytest.mark.parametrize(("schedule", "rates"), SCHEDULES)
def test_a_rate_for_every_epoch(engine, schedule, rates):
    x, y = rows()
    model, other, seen = net(engine), net(engine), []
    watch = LambdaCallback(on_train_batch_begin=lambda batch, logs: seen.append(model.optimizer.learning_rate))
    history = model.fit(x, y, 60, epochs=3, verbose=0, callbacks=[LearningRateScheduler(schedule), watch])
    assert seen == history["learning_rate"] == rates
    assert {type(rate) for rate in history["learning_rate"]} == {float}
    for rate in rates:
        other.optimizer.learning_rate = rate
        other.fit(x, y, 60, verbose=0)
    for w, own in zip(model.get_weights(), other.get_weights(), strict=True):
        assert (w == own).all()


def test_a_scheduler_says_what_it_does(capsys):
    x, y = rows()
    net().fit(x, y, verbose=0, callbacks=LearningRateScheduler(lambda epoch: 0.25, verbose=1))
    assert capsys.readouterr().out == "\nEpoch 1: LearningRateScheduler setting learning rate to 0.25.\n"


def test_bad_schedulers():
    x, y = rows()
    with pytest.raises(TypeError, match="schedule must be a function"):
        LearningRateScheduler(0.1)
    for bad in (1, None, "0.1"):
        with pytest.raises(ValueError, match=r"should be a float\. Got: "):
            net().fit(x, y, callbacks=LearningRateScheduler(lambda epoch, rate, bad=bad: bad))
    with pytest.raises(ValueError, match="learning_rate must be at least 0"):
        net().fit(x, y, callbacks=LearningRateScheduler(lambda epoch: -1.0))


# -- CSVLogger -------------------------------------------------------------------------------------------------------
def read(path, separator=","):
    with open(path, newline="") as file:
        return list(csv.reader(file, delimiter=separator))


def test_a_line_for_every_epoch(engine, tmp_path):
    x, y = rows()
    path, lines = tmp_path / "log.tsv", []
    called = [
        CSVLogger(path, separator="\t"),
        LambdaCallback(on_epoch_begin=lambda epoch, logs: lines.append(len(read(path)))),
    ]
    history = net(engine, metrics=["mae"]).fit(x, y, epochs=3, verbose=0, validation_split=0.2, callbacks=called)
    found = read(path, "\t")
    assert found[0] == ["epoch", "loss", "mae", "val_loss", "val_mae"]
    assert [row[0] for row in found[1:]] == ["0", "1", "2"]
    for column, name in enumerate(found[0][1:], 1):
        assert [float(row[column]) for row in found[1:]] == history[name]
    assert lines == [0, 2, 3]
    net().fit(x, y, epochs=1, verbose=0, callbacks=CSVLogger(path))
    assert len(read(path)) == 2


def test_appending(tmp_path):
    x, y = rows()
    path = tmp_path / "log.csv"
    model, logger = net(), CSVLogger(path, append=True)
    for first in (0, 2):
        model.fit(x, y, initial_epoch=first, epochs=first + 2, verbose=0, callbacks=logger)
    model.fit(x, y, epochs=1, verbose=0, callbacks=pickle.loads(pickle.dumps(logger)))
    assert [row[0] for row in read(path)] == ["epoch", "0", "1", "2", "3", "0"]


def test_what_an_epoch_lacks(tmp_path):
    x, y = rows()
    path, logs = tmp_path / "log.csv", []
    logger = CSVLogger(path)
    logger.on_train_begin()
    for epoch, extra in enumerate([np.arange(2), 7, "text"]):
        logs.append({"loss": 0.1 + epoch, "extra": extra, **({"val_loss": 0.5} if epoch == 2 else {})})
        logger.on_epoch_end(epoch, logs[-1])
    logger.on_train_end()
    assert read(path) == [
        ["epoch", "extra", "loss", "val_extra", "val_loss"],
        ["0", '"[0, 1]"', "0.1", "NA", "NA"],
        ["1", "7", "1.1", "NA", "NA"],
        ["2", "text", "2.1", "NA", "0.5"],
    ]
    with pytest.raises(FileNotFoundError):
        net().fit(x, y, verbose=0, callbacks=CSVLogger(tmp_path / "none" / "log.csv"))


# -- TerminateOnNaN --------------------------------------------------------------------------------------------------
class Ends(Callback):
    def __init__(self):
        super().__init__()
        self.seen = []

    def on_epoch_end(self, epoch, logs=None):
        self.seen.append(epoch)

    def on_train_end(self, logs=None):
        self.seen.append(logs)


def jump(step):
    return lambda t: 1e200 if t == step else 0.01


@pytest.mark.parametrize("batches", [False, True])
def test_an_orderly_end(engine, tmp_path, batches, capsys):
    x, y = rows()
    model, other, ends = net(engine, rate=jump(9)), net(engine, rate=jump(-1)), Ends()
    hooks = [LambdaCallback(on_train_batch_end=lambda batch, logs: None)] if batches else []
    called = [TerminateOnNaN(), ends, CSVLogger(tmp_path / "log.csv"), *hooks]
    history = model.fit(x, y, 8, epochs=9, verbose=0, callbacks=called)
    assert model.stop_training
    assert capsys.readouterr().out == "Batch 2: Invalid loss, terminating training\n"
    expected = other.fit(x, y, 8, epochs=1, verbose=0)
    assert history.epoch == [0, 1]
    assert history["loss"][0] == expected["loss"][0]
    assert math.isnan(history["loss"][1])
    assert json.loads(json.dumps(history))["loss"][0] == expected["loss"][0]
    assert [end if isinstance(end, int) else list(end) for end in ends.seen] == [0, 1, ["loss"]]
    assert read(tmp_path / "log.csv")[-1][1] == "nan"
    assert model.optimizer.iterations == 8
    for w, finite in zip(model.get_weights(), other.get_weights(), strict=True):
        assert (w == finite).all()


def test_an_orderly_end_of_a_fit_that_nobody_looks_at(engine, capsys):
    x, y = rows()
    history = net(engine, rate=jump(9)).fit(x, y, 8, epochs=9, verbose=0, callbacks=TerminateOnNaN())
    assert history.epoch == [0, 1]
    assert capsys.readouterr().out


def test_an_end_by_error(engine):
    x, y = rows()
    ends = Ends()
    with pytest.raises(RuntimeError, match=r"NaN or Inf loss encountered at batch 2\. Loss value: nan\."):
        net(engine, rate=jump(9)).fit(x, y, 8, epochs=9, verbose=0, callbacks=[ends, TerminateOnNaN(raise_error=True)])
    assert ends.seen == [0]
    with pytest.raises(DivergenceError):
        net(engine, rate=jump(9)).fit(x, y, 8, epochs=9, verbose=0, callbacks=ends)


@pytest.mark.parametrize("raise_error", [False, True])
def test_no_end_without_need(raise_error):
    x, y = rows()
    assert len(net().fit(x, y, epochs=3, verbose=0, callbacks=TerminateOnNaN(raise_error))["loss"]) == 3
    callback = TerminateOnNaN(raise_error)
    callback.on_train_batch_end(0, {"loss": 1.0})
    callback.on_train_batch_end(0)


def test_stopping_and_lowering_together():
    x, y = rows()
    called = [telling([5.0] * 9), ReduceLROnPlateau(patience=2, factor=0.5), EarlyStopping(patience=5)]
    history = net().fit(x, y, epochs=9, verbose=0, callbacks=called)
    assert history["learning_rate"] == [0.05, 0.05, 0.05, 0.025, 0.025, 0.0125]
