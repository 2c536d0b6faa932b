"""The loop: callbacks, history, logs."""

import json
import time

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from small_models import Recorder, net, rows, same

from fastsgd.callbacks import LambdaCallback, Timer
from fastsgd.engines.reference import ReferenceRun


def test_callbacks_are_called_in_the_order_of_keras(engine):
    x, y = rows(20)
    recorder = Recorder()
    net(engine).fit(x, y, 8, epochs=2, verbose=0, validation_split=0.5, callbacks=recorder, validation_freq=2)
    batches = [("train_batch_begin", 0), ("train_batch_end", 0), ("train_batch_begin", 1), ("train_batch_end", 1)]
    assert recorder.calls == [
        ("train_begin",),
        ("epoch_begin", 0), *batches, ("epoch_end", 0),
        ("epoch_begin", 1), *batches, ("test_begin",), ("test_end",), ("epoch_end", 1),
        ("train_end",),
    ]  # fmt: skip


def test_who_looks_on_changes_nothing(engine):
    x, y = rows()
    settings = [
        {},
        {"callbacks": Recorder(batches=False)},
        {"callbacks": Recorder()},
        {"validation_data": (x, y)},
    ]
    models = [net(engine) for _ in settings]
    histories = [model.fit(x, y, 8, epochs=4, verbose=0, **more) for model, more in zip(models, settings, strict=True)]
    for model, history in zip(models[1:], histories[1:], strict=True):
        assert same(model, models[0])
        assert history["loss"] == histories[0]["loss"]
        assert model.optimizer.iterations == 32


def test_history_is_that_of_keras(engine):
    x, y = rows()
    history = net(engine, metrics=["mae", "r2"]).fit(
        x, y, 8, epochs=6, initial_epoch=2, verbose=0, validation_split=0.25, validation_freq=2
    )
    assert list(history) == ["loss", "mae", "r2", "val_loss", "val_mae", "val_r2"]
    assert [len(values) for values in history.values()] == [4, 4, 4, 2, 2, 2]
    assert history.epoch == [2, 3, 4, 5]
    assert history.history is history
    assert {"epochs": 6, "steps": 6, "batch_size": 8, "samples": 45}.items() <= history.params.items()
    assert json.loads(json.dumps(history)) == history


@pytest.mark.parametrize(("epochs", "initial"), [(0, 0), (3, 3), (3, 5)])
def test_no_epochs(epochs, initial):
    x, y = rows()
    recorder = Recorder()
    history = net().fit(x, y, epochs=epochs, initial_epoch=initial, verbose=0, callbacks=recorder)
    assert history == {}
    assert recorder.calls == [("train_begin",), ("train_end",)]
    assert net().fit(x, y, epochs=epochs, initial_epoch=initial, verbose=0) == {}


def test_old_name_of_epochs():
    x, y = rows()
    assert len(net().fit(x, y, nb_epoch=3, verbose=0)["loss"]) == 3
    with pytest.raises(ValueError, match="nb_epoch is the old name of epochs: got both"):
        net().fit(x, y, nb_epoch=3, epochs=2)


def test_loss_of_an_epoch_is_that_before_each_update(engine):
    x, y = rows(50)
    model, other = net(engine, metrics=["mae"]), net(engine, metrics=["mae"])
    history = model.fit(x, y, 8, epochs=1, verbose=0, shuffle=False)
    losses, errors, sizes = [], [], []
    for start in range(0, 50, 8):
        batch = slice(start, start + 8)
        loss, mae = other.train_on_batch(x[batch], y[batch])
        losses.append(loss)
        errors.append(mae)
        sizes.append(len(x[batch]))
    assert history["loss"][0] == pytest.approx(np.average(losses, weights=sizes), rel=1e-12)
    assert history["mae"][0] == pytest.approx(np.average(errors, weights=sizes), rel=1e-12)
    for one, two in zip(model.get_weights(), other.get_weights(), strict=True):
        assert_allclose(one, two, rtol=1e-12)


def test_logs_of_batches_are_those_of_the_epoch_so_far(engine):
    x, y = rows(50)
    seen = []
    hook = LambdaCallback(on_train_batch_end=lambda batch, logs: seen.append(dict(logs)))
    model = net(engine, metrics=["mae"])
    history = model.fit(x, y, 8, epochs=2, verbose=0, callbacks=hook)
    assert len(seen) == 14
    assert seen[6]["loss"] == history["loss"][0]
    assert seen[13]["mae"] == history["mae"][1]
    assert history["mae"] == pytest.approx(net(engine, metrics=["mae"]).fit(x, y, 8, epochs=2, verbose=0)["mae"])


def test_shuffling(engine):
    x, y = rows()
    plain, shuffled = net(engine), net(engine)
    plain.fit(x, y, 8, epochs=2, verbose=0, shuffle=False)
    shuffled.fit(x, y, 8, epochs=2, verbose=0)
    assert not same(plain, shuffled)


@pytest.mark.parametrize(("batch_size", "matters"), [("full", False), (200, False), (49, True)])
def test_a_single_batch_is_not_shuffled(engine, batch_size, matters):
    x, y = rows(50)
    shuffled, other = net(engine), net(engine)
    shuffled.fit(x, y, batch_size, epochs=3, verbose=0)
    other.fit(x, y, batch_size, epochs=3, verbose=0, shuffle=False)
    assert same(shuffled, other) != matters


def test_engines_agree(engine):
    x, y = rows()
    model, reference = net(engine), net("numpy")
    histories = [m.fit(x, y, 8, epochs=5, verbose=0, validation_split=0.2) for m in (model, reference)]
    for name in histories[0]:
        assert_allclose(histories[0][name], histories[1][name], rtol=1e-10)
    for one, two in zip(model.get_weights(), reference.get_weights(), strict=True):
        assert_allclose(one, two, rtol=1e-9, atol=1e-12)


def test_python_is_not_entered_at_every_epoch(monkeypatch):
    x, y = rows()
    stretches = []
    advance = ReferenceRun.advance
    monkeypatch.setattr(ReferenceRun, "advance", lambda run, *args: (stretches.append(args), advance(run, *args)))
    history = net().fit(x, y, epochs=100, verbose=0)
    assert len(history["loss"]) == 100
    assert len(stretches) < 50


@pytest.mark.parametrize("batch_size", [1, 8, 60])
def test_weights_that_a_callback_sets_are_gone_on_from(engine, batch_size):
    x, y = rows()
    weights = []

    def fit(model, epochs):
        halve = LambdaCallback(
            on_epoch_end=lambda epoch, logs: model.set_weights([w * 0.5 for w in model.get_weights()])
        )
        history = model.fit(x, y, batch_size, epochs=epochs, verbose=0, shuffle=False, callbacks=halve)
        weights.append(model.get_weights())
        return history["loss"]

    at_once, one_by_one = net(engine, rate=0.01), net(engine, rate=0.01)
    assert fit(at_once, 3) == fit(one_by_one, 1) + fit(one_by_one, 1) + fit(one_by_one, 1)
    for w, own in zip(weights[0], weights[-1], strict=True):
        assert_array_equal(w, own)


def test_moments(engine):
    x, y = rows()
    losses = []
    hook = LambdaCallback(on_moment=lambda logs: losses.append(logs["loss"]))
    history = net(engine).fit(x, y, epochs=200, verbose=0, callbacks=hook)
    assert 0 < len(losses) < 200
    assert losses[-1] == history["loss"][-1]


def test_timer(engine):
    x, y = rows()
    timer = Timer()
    sleep = LambdaCallback(on_train_batch_begin=lambda batch, logs: time.sleep(0.01))
    for _ in range(2):
        net(engine).fit(x, y, 30, epochs=3, verbose=0, callbacks=[timer, sleep])
        assert len(timer.epoch_times) == 3
        assert min(timer.epoch_times) >= 0.02
        assert timer.total_time >= sum(timer.epoch_times)
