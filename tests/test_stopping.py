"""Training that ends early: told to, by Ctrl-C, by an error, by a time limit."""

import os
import signal
import threading
import time

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from small_models import Recorder, net, rows, same

from fastsgd.callbacks import EarlyStopping, LambdaCallback, TimeLimit, Timer


# -- stop_training ---------------------------------------------------------------------------------------------------
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


def test_stopping_before_the_first_batch_stops_after_it(engine):
    """As in Keras, where stop_training is looked at after batches."""
    x, y = rows()
    for hook in ("on_train_begin", "on_epoch_begin"):
        model = net(engine)
        stop = LambdaCallback(**{hook: lambda *args, model=model: setattr(model, "stop_training", True)})
        history = model.fit(x, y, 10, epochs=3, verbose=0, callbacks=stop)
        assert (model.optimizer.iterations, len(history["loss"])) == (1, 1)


def test_stopping_from_another_thread(engine):
    x, y = rows()
    model = net(engine, rate=1e-4)
    timer = threading.Timer(0.2, lambda: setattr(model, "stop_training", True))
    timer.start()
    history = model.fit(x, y, 8, epochs=10_000_000, verbose=0)
    assert 0 < len(history["loss"]) < 10_000_000
    timer.join()


def test_stopping_from_another_thread_within_an_epoch(engine):
    x, y = rows(20_000, 30)
    model = net(engine, width=300, rate=1e-4)
    timer = threading.Timer(0.2, lambda: setattr(model, "stop_training", True))
    timer.start()
    history = model.fit(x, y, 64, epochs=1000, verbose=0, callbacks=Timer())
    timer.join()
    assert len(history["loss"]) == -(-model.optimizer.iterations // 313)


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


# -- Errors and Ctrl-C -----------------------------------------------------------------------------------------------
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
    model.evaluate(x, y)  # which Numba may have to compile, and that takes longer than the time until Ctrl-C
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


# -- Time limits -----------------------------------------------------------------------------------------------------
LIMITED = {
    "straight on": {},
    "epochs": {"callbacks": LambdaCallback(on_epoch_end=lambda epoch, logs: None)},
    "batches": {"callbacks": LambdaCallback(on_train_batch_end=lambda batch, logs: None)},
    "validation": {"validation_split": 0.01},
}


@pytest.mark.parametrize("kind", LIMITED)
def test_time_limit_within_an_epoch(engine, kind):
    x, y = rows(20_000, 30)
    model = net(engine, width=300, rate=1e-4)
    model.fit(x[:64], y[:64], verbose=0)  # what is compiled at first does not count
    model.evaluate(x[:64], y[:64], verbose=0)
    begun = time.perf_counter()
    history = model.fit(x, y, 64, epochs=1000, verbose=0, max_seconds=0.2, **LIMITED[kind])
    assert 0.2 <= time.perf_counter() - begun < 2  # within 0.1 where nothing else runs
    steps = model.optimizer.iterations - 2
    assert len({len(values) for values in history.values()}) == 1
    batches = 310 if kind == "validation" else 313
    assert len(history["loss"]) == -(-steps // batches) > 0
    assert np.isfinite(history["loss"]).all()


def test_time_limit_ends_after_a_whole_batch(engine):
    x, y = rows()
    model, limit = net(engine, metrics=["mae"]), TimeLimit(0.0)
    history = model.fit(x, y, "full", epochs=100, verbose=0, callbacks=limit)
    assert limit.stopped
    steps = model.optimizer.iterations
    other = net(engine, metrics=["mae"])
    assert history == other.fit(x, y, "full", epochs=steps, verbose=0)
    assert same(model, other)
    model.fit(x, y, epochs=1, verbose=0)
    assert len(model.fit(x, y, epochs=2, verbose=0, max_seconds=100)["loss"]) == 2


def test_a_part_of_an_epoch_is_logged_as_it_stands():
    x, y = rows(30_000)
    model, seen = net(metrics=["mae"]), []
    hook = LambdaCallback(on_epoch_end=lambda epoch, logs: seen.append(dict(logs)))
    history = model.fit(x, y, 1, epochs=100, verbose=0, max_seconds=0.1, validation_data=(x[:9], y[:9]), callbacks=hook)
    steps = model.optimizer.iterations
    other, batch = net(metrics=["mae"]), []
    stop = LambdaCallback(
        on_train_batch_end=lambda i, logs: (batch.append(1), setattr(other, "stop_training", len(batch) == steps))
    )
    expected = other.fit(x, y, 1, epochs=100, verbose=0, validation_data=(x[:9], y[:9]), callbacks=stop)
    assert same(model, other)
    assert list(history) == ["loss", "mae", "val_loss", "val_mae"]
    for name in history:
        assert_allclose(history[name], expected[name], rtol=1e-10)
    assert [logs["loss"] for logs in seen] == history["loss"]
