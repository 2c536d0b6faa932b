import json
import os
import pickle
import signal
import threading
import time
import warnings

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

import fastsgd
from fastsgd.callbacks import Callback, EarlyStopping, LambdaCallback
from fastsgd.engines.reference import ReferenceRun
from fastsgd.layers import Dense
from fastsgd.models import Sequential
from fastsgd.training import DivergenceError


def rows(n=60, inputs=5, outputs=1, seed=0):
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(n, inputs))
    return x, np.tanh(x @ rng.normal(size=(inputs, outputs))) + 0.1 * rng.normal(size=(n, outputs))


def net(engine="numpy", *, seed=1, dtype="float64", rate=0.05, metrics=None, outputs=1):
    model = Sequential([Dense(7, "tanh"), Dense(outputs)], seed=seed)
    optimizer = fastsgd.optimizers.SGD(rate, momentum=0.9, nesterov=True)
    model.compile(optimizer, "mse", metrics, backend=engine, dtype=dtype)
    return model


def same(one, other):
    return all((a == b).all() for a, b in zip(one.get_weights(), other.get_weights(), strict=True))


class Recorder(Callback):
    """Writes down every call."""

    def __init__(self, batches=True):
        super().__init__()
        self.calls = []
        hooks = ["train_begin", "train_end", "epoch_begin", "epoch_end", "test_begin", "test_end"]
        for hook in hooks + ["train_batch_begin", "train_batch_end"] * batches:
            setattr(self, f"on_{hook}", self.note(hook))

    def note(self, hook):
        return lambda *args, **kwargs: self.calls.append((hook, *[a for a in args if isinstance(a, int)]))


# -- The loop --------------------------------------------------------------------------------------------------------
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


# -- Stopping --------------------------------------------------------------------------------------------------------
def test_stopping_after_an_epoch(engine):
    x, y = rows()
    model = net(engine)
    stop = LambdaCallback(on_epoch_end=lambda epoch, logs: setattr(model, "stop_training", epoch == 2))
    assert len(model.fit(x, y, 8, epochs=10, verbose=0, callbacks=stop)["loss"]) == 3
    assert model.optimizer.iterations == 24
    assert len(model.fit(x, y, 8, epochs=2, verbose=0)["loss"]) == 2


def test_stopping_after_a_batch(engine):
    x, y = rows()
    model = net(engine, metrics=["mae"])
    seen = []

    def stop(batch, logs):
        seen.append(dict(logs))
        model.stop_training = len(seen) == 11

    history = model.fit(
        x, y, 8, epochs=10, verbose=0, validation_data=(x, y), callbacks=LambdaCallback(on_train_batch_end=stop)
    )
    assert model.optimizer.iterations == 11
    assert [len(values) for values in history.values()] == [2, 2, 2, 2]
    assert (history["loss"][1], history["mae"][1]) == (seen[-1]["loss"], seen[-1]["mae"])


def test_stopping_from_another_thread(engine):
    x, y = rows()
    model = net(engine, rate=1e-4)
    timer = threading.Timer(0.2, lambda: setattr(model, "stop_training", True))
    timer.start()
    history = model.fit(x, y, 8, epochs=10_000_000, verbose=0)
    assert 0 < len(history["loss"]) < 10_000_000
    timer.join()


def test_early_stopping_restores_the_best_weights(engine):
    x, y = rows()
    model = net(engine)
    losses = iter([0.5, 0.3, 0.4, 0.6, 0.7, 0.8])
    weights = []
    watch = LambdaCallback(
        on_epoch_end=lambda epoch, logs: (logs.update(mine=next(losses)), weights.append(model.get_weights()))
    )
    stopping = EarlyStopping("mine", patience=2, mode="min", restore_best_weights=True)
    history = model.fit(x, y, epochs=10, verbose=0, callbacks=[watch, stopping])
    assert history["mine"] == [0.5, 0.3, 0.4, 0.6]
    for w, best in zip(model.get_weights(), weights[1], strict=True):
        assert_array_equal(w, best)


def test_an_error_in_a_callback_leaves_the_model_fit_to_go_on(engine):
    x, y = rows()
    model = net(engine)

    def fail(epoch, logs):
        if epoch == 2:
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        model.fit(x, y, 8, epochs=5, verbose=0, callbacks=LambdaCallback(on_epoch_end=fail))
    assert [len(values) for values in model.history.values()] == [2]
    assert model.optimizer.iterations == 24
    model.fit(x, y, 8, epochs=5, verbose=0)


def interrupted(model, x, y, seconds, **more):
    """Ctrl-C after so many seconds of a long fit; how long it took to come through."""
    sent = []

    def send():
        sent.append(time.perf_counter())
        os.kill(os.getpid(), signal.SIGINT)

    timer = threading.Timer(seconds, send)
    timer.start()
    with pytest.raises(KeyboardInterrupt):
        model.fit(x, y, 8, epochs=10_000_000, verbose=0, **more)
    timer.join()
    return time.perf_counter() - sent[0]


@pytest.mark.parametrize("kind", ["straight on", "epochs", "batches", "validation"])
def test_ctrl_c(engine, kind):
    x, y = rows()
    more = {
        "straight on": {},
        "epochs": {"callbacks": Recorder(batches=False)},
        "batches": {"callbacks": Recorder()},
        "validation": {"validation_data": (x, y)},
    }[kind]
    model, other = net(engine, rate=1e-4), net(engine, rate=1e-4)
    model.fit(x, y, 8, epochs=1, verbose=0)
    assert interrupted(model, x, y, 0.15, **more) < 1
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    history = model.history
    assert len({len(values) for values in history.values()}) == 1
    assert len(history.epoch) == len(history["loss"])
    steps = model.optimizer.iterations
    assert 0 <= steps - 8 - 8 * len(history["loss"]) <= 8  # whole epochs, and what was done of the one that broke

    other.fit(x, y, 8, epochs=steps // 8, verbose=0)  # to the same step without any interruption
    if steps % 8:
        stop = LambdaCallback(
            on_train_batch_end=lambda batch, logs: setattr(other, "stop_training", batch + 1 == steps % 8)
        )
        other.fit(x, y, 8, verbose=0, callbacks=stop)
    assert same(model, other)
    assert len(model.fit(x, y, 8, epochs=2, verbose=0)["loss"]) == 2


def test_ctrl_c_elsewhere_than_in_the_main_thread_is_not_ours():
    x, y = rows()
    model = net()
    thread = threading.Thread(target=model.fit, args=(x, y, 8, 20, 0))
    thread.start()
    thread.join()
    assert len(model.history["loss"]) == 20


# -- Divergence ------------------------------------------------------------------------------------------------------
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


# -- Validation ------------------------------------------------------------------------------------------------------
def test_the_last_rows_validate(engine):
    x, y = rows(61)
    model, other = net(engine, metrics=["mae"]), net(engine, metrics=["mae"])
    history = model.fit(x, y, 8, epochs=2, verbose=0, validation_split=0.3)
    assert history == other.fit(x[:42], y[:42], 8, epochs=2, verbose=0, validation_data=(x[42:], y[42:, 0]))
    assert same(model, other)
    loss, mae = model.evaluate(x[42:], y[42:])
    assert (history["val_loss"][-1], history["val_mae"][-1]) == (loss, mae)


def test_class_weight_is_not_for_validation(engine):
    x, y = rows(61)
    y = (y > 0).astype(float)
    model, other = net(engine), net(engine)
    history = model.fit(x, y, verbose=0, validation_split=0.3, class_weight={0: 5.0})
    data = {"validation_data": (x[42:], y[42:])}
    assert history == other.fit(x[:42], y[:42], verbose=0, class_weight={0: 5.0}, **data)


def test_validation_data_goes_before_validation_split():
    x, y = rows()
    model, other = net(), net()
    history = model.fit(x, y, verbose=0, validation_data=(x[:7], y[:7]), validation_split=0.5)
    assert history == other.fit(x, y, verbose=0, validation_data=[x[:7], y[:7]])


@pytest.mark.parametrize(("freq", "after"), [(1, [1, 2, 3, 4, 5]), (2, [2, 4]), (7, []), ([1, 4], [1, 4]), ({5}, [5])])
def test_validation_freq(freq, after):
    x, y = rows()
    seen = []
    hook = LambdaCallback(on_epoch_end=lambda epoch, logs: seen.append(epoch + 1) if "val_loss" in logs else None)
    net().fit(x, y, epochs=5, verbose=0, validation_split=0.2, validation_freq=freq, callbacks=hook)
    assert seen == after


def test_validation_shuffle_takes_the_same_rows_every_time(monkeypatch):
    x = np.arange(50.0)[:, None] / 50
    y = x[:, 0]
    seen = []
    monkeypatch.setattr(
        fastsgd.training, "evaluate", lambda network, part, *rest: seen.append(part.x[:, 0] * 50) or {"loss": 0.0}
    )
    for seed in (1, 1, 2):
        model = net(seed=seed)
        for _ in range(2):
            model.fit(x, y, epochs=1, verbose=0, validation_split=0.2, validation_shuffle=True)
    assert len(set(seen[0])) == 10
    assert (np.diff(seen[0]) > 0).all()
    assert seen[0].min() < 40
    for again in seen[1:4]:
        assert_array_equal(again, seen[0])
    assert set(seen[4]) != set(seen[0])


def test_sorted_rows_are_warned_of():
    x, y = rows()
    order = np.argsort(y[:, 0])
    with pytest.warns(UserWarning, match="the data seem to be sorted.*validation_shuffle=True") as caught:
        net().fit(x[order], y[order], verbose=0, validation_split=0.2)
    assert caught[0].filename == __file__
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        net().fit(x, y, verbose=0, validation_split=0.2)
        net().fit(x[order], y[order], verbose=0, validation_split=0.2, validation_shuffle=True)
        net().fit(x[order], y[order], verbose=0)


@pytest.mark.parametrize("part", [0.001, 0.999])
def test_a_split_that_leaves_no_rows(part):
    x, y = rows(20)
    match = rf"validation_split={part} of 20 rows leaves {0 if part > 0.5 else 19} to train on"
    if part > 0.5:
        with pytest.raises(ValueError, match=match):
            net().fit(x, y, validation_split=part)
    else:
        net().fit(x, y, verbose=0, validation_split=part)
