"""What fit makes of an epoch: parts of a pass, time limits, and what is recorded of it."""

import threading
import time

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from fastsgd.callbacks import Callback, LambdaCallback, TimeLimit, Timer
from fastsgd.engines.reference import ReferenceNetwork
from fastsgd.evaluation import Rows
from fastsgd.layers import Dense
from fastsgd.models import Sequential
from fastsgd.optimizers import SGD, schedules
from fastsgd.program import Finish, Op, Program
from fastsgd.recording import gradient_norm


def rows(n=60, inputs=5, seed=0):
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(n, inputs))
    return x, np.tanh(x @ rng.normal(size=(inputs, 1))) + 0.1 * rng.normal(size=(n, 1))


def net(engine="numpy", *, rate=0.05, metrics=None, width=7, dtype="float64"):
    model = Sequential([Dense(width, "tanh"), Dense(1)], seed=1)
    model.compile(SGD(rate, momentum=0.9), "mse", metrics, backend=engine, dtype=dtype)
    return model


def same(one, other):
    return all((a == b).all() for a, b in zip(one.get_weights(), other.get_weights(), strict=True))


class Batches(Callback):
    """The batches of every epoch, as hooks number them."""

    def __init__(self):
        super().__init__()
        self.seen = []

    def on_epoch_begin(self, epoch, logs=None):
        self.seen.append([])

    def on_train_batch_begin(self, batch, logs=None):
        self.seen[-1].append(batch)


# -- steps_per_epoch, validation_steps -------------------------------------------------------------------------------
@pytest.mark.parametrize("watched", [False, True])
@pytest.mark.parametrize("metrics", [None, ["mae"]])
def test_parts_of_a_pass_go_on_where_the_last_ended(engine, watched, metrics):
    x, y = rows()
    whole, parts = net(engine, metrics=metrics), net(engine, metrics=metrics)
    history = whole.fit(x, y, 10, epochs=2, verbose=0)
    watch = Batches()
    part = parts.fit(x, y, 10, epochs=6, steps_per_epoch=2, verbose=0, callbacks=watch if watched else None)
    assert same(whole, parts)
    assert parts.optimizer.iterations == 12
    assert (part.epoch, part.params["steps"]) == ([0, 1, 2, 3, 4, 5], 2)
    for name in history:
        assert_allclose(np.reshape(part[name], (2, 3)).mean(axis=1), history[name], rtol=1e-12)
    assert watch.seen == ([[0, 1]] * 6 if watched else [])


def test_a_pass_that_ends_within_an_epoch(engine):
    """As in Keras: the epoch ends there, and a warning says so."""
    x, y = rows(55)
    model, watch = net(engine), Batches()
    with pytest.warns(UserWarning, match="steps_per_epoch=4 does not divide the 6 batches of a pass.* has only 2"):
        history = model.fit(x, y, 10, epochs=4, steps_per_epoch=4, verbose=0, callbacks=watch)
    assert watch.seen == [[0, 1, 2, 3], [0, 1]] * 2
    other = net(engine)
    by_pass = other.fit(x, y, 10, epochs=2, verbose=0)
    assert same(model, other)
    assert_allclose(np.average(np.reshape(history["loss"], (2, 2)), axis=1, weights=[40, 15]), by_pass["loss"])


def test_more_steps_than_there_are(engine):
    x, y = rows(20)
    model, other = net(engine), net(engine)
    with pytest.warns(UserWarning, match="does not divide the 2 batches of a pass over all rows"):
        history = model.fit(x, y, 10, epochs=3, steps_per_epoch=5, verbose=0)
    assert history == other.fit(x, y, 10, epochs=3, verbose=0)


@pytest.mark.parametrize("jump", [7, 10])
def test_divergence_in_a_part_of_a_pass(engine, jump):
    x, y = rows()

    def rate(step):
        return 1e200 if step == jump else 0.01

    model = net(engine, rate=rate)
    with pytest.raises(ArithmeticError) as caught:
        model.fit(x, y, 10, epochs=9, steps_per_epoch=2, verbose=0)
    assert (caught.value.epoch, caught.value.batch) == ((jump + 1) // 2 + 1, (jump + 1) % 2 + 1)
    assert model.history.epoch == [0, 1, 2]  # the last pass that ended finite
    assert model.optimizer.iterations == 6


@pytest.mark.parametrize(("steps", "size", "used"), [(2, 5, 10), (1, None, 8), (3, 10, 30)])
def test_validation_by_its_first_batches(engine, steps, size, used):
    x, y = rows()
    settings = {"validation_steps": steps, "validation_batch_size": size, "verbose": 0}
    history = net(engine).fit(x, y, 8, epochs=2, validation_data=(x, y), **settings)
    assert history == net(engine).fit(x, y, 8, epochs=2, validation_data=(x[:used], y[:used]), verbose=0)


def test_more_validation_than_there_is():
    x, y = rows()
    with pytest.warns(UserWarning, match="validation_steps=3 batches of 20 rows are more than there are: 30 rows"):
        net().fit(x, y, 8, validation_split=0.5, validation_steps=3, validation_batch_size=20, verbose=0)


def test_evaluation_and_prediction_by_first_batches(engine):
    x, y = rows()
    model = net(engine)
    model.fit(x, y, verbose=0)
    assert model.evaluate(x, y, 8, steps=3) == model.evaluate(x[:24], y[:24])
    assert_array_equal(model.predict(x, steps=1), model.predict(x[:32]))
    for ask in (lambda: model.predict(x, 30, steps=3), lambda: model.evaluate(x, y, 30, steps=3)):
        with pytest.warns(UserWarning, match="steps=3 batches of 30 rows are more than there are: 60 rows"):
            ask()


# -- Stopping in time ------------------------------------------------------------------------------------------------
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
    begun = time.perf_counter()
    history = model.fit(x, y, 64, epochs=1000, verbose=0, max_seconds=0.2, **LIMITED[kind])
    assert 0.2 <= time.perf_counter() - begun < 2  # within 0.1 where nothing else runs
    steps = model.optimizer.iterations - 2
    assert len({len(values) for values in history.values()}) == 1
    assert len(history["loss"]) == -(-steps // 313) > 0
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


def test_stopping_before_the_first_batch_stops_after_it(engine):
    """As in Keras, where stop_training is looked at after batches."""
    x, y = rows()
    for hook in ("on_train_begin", "on_epoch_begin"):
        model = net(engine)
        stop = LambdaCallback(**{hook: lambda *args, model=model: setattr(model, "stop_training", True)})
        history = model.fit(x, y, 10, epochs=3, verbose=0, callbacks=stop)
        assert (model.optimizer.iterations, len(history["loss"])) == (1, 1)


def test_stopping_from_another_thread_within_an_epoch(engine):
    x, y = rows(20_000, 30)
    model = net(engine, width=300, rate=1e-4)
    timer = threading.Timer(0.2, lambda: setattr(model, "stop_training", True))
    timer.start()
    history = model.fit(x, y, 64, epochs=1000, verbose=0, callbacks=Timer())
    timer.join()
    assert len(history["loss"]) == -(-model.optimizer.iterations // 313)


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


# -- record ----------------------------------------------------------------------------------------------------------
def test_what_can_be_recorded(engine):
    x, y = rows()
    model, other = net(engine), net(engine)
    weights, seen = [], []
    keep = LambdaCallback(
        on_epoch_end=lambda epoch, logs: (weights.append(model.get_weights()), seen.append(dict(logs)))
    )
    names = ("learning_rate", "grad_norm", "epoch_time", "loss_end")
    history = model.fit(x, y, 8, epochs=3, verbose=0, validation_split=0.2, record=names, callbacks=keep)
    plain = other.fit(x, y, 8, epochs=3, verbose=0, validation_split=0.2)
    assert list(history) == ["loss", "val_loss", *names]
    assert (history["loss"], history["val_loss"]) == (plain["loss"], plain["val_loss"])
    assert same(model, other)
    assert history["learning_rate"] == [0.05] * 3
    assert all(0 < seconds < 5 for seconds in history["epoch_time"])
    assert [[logs[name] for logs in seen] for name in names] == [history[name] for name in names]
    for i, after in enumerate(weights):
        other.set_weights(after)
        assert history["loss_end"][i] == other.evaluate(x[:48], y[:48])
        assert history["grad_norm"][i] == pytest.approx(slope_norm(other, x[:48], y[:48]), rel=1e-6)


def slope_norm(model, x, y):
    """Norm of the gradient of the loss, by central differences."""
    weights, total = model.get_weights(), 0.0
    for w in weights:
        for i in np.ndindex(w.shape):
            kept, values = w[i], []
            for sign in (1, -1):
                w[i] = kept + sign * 1e-6
                model.set_weights(weights)
                values.append(model.evaluate(x, y))
            w[i] = kept
            total += ((values[0] - values[1]) / 2e-6) ** 2
    model.set_weights(weights)
    return total**0.5


def test_the_gradient_of_penalties_frozen_layers_clipping_and_dropout():
    """Penalties are in it, layers that are not trained and clipping are not, and nothing is dropped."""
    ops = (
        Op("dense", 5, 4, True, "tanh", penalties=((0.1, 0.0), (0.0, 0.2))),
        Op("dropout", 4, 4, constants=(0.5,)),
        Op("dense", 4, 3, True, "tanh", trainable=False),
        Op("dense", 3, 1),
    )
    program = Program(ops, np.dtype("f8"), "mse", (), "momentum", finish=Finish(clip="clipnorm"))
    network = ReferenceNetwork(program)
    rng = np.random.default_rng(0)
    weights = [rng.normal(size=shape) for shape in program.weight_shapes()]
    network.set_weights(weights)
    x, y = rows()
    found = gradient_norm(network, Rows(x, y))
    total = 0.0
    for w, trained in zip(weights, program.trained(), strict=True):
        for i in np.ndindex(w.shape) if trained else ():
            kept, values = w[i], []
            for sign in (1, -1):
                w[i] = kept + sign * 1e-6
                network.set_weights(weights)
                values.append(network.evaluate(x, y)[0] + network.penalty())
            w[i] = kept
            total += ((values[0] - values[1]) / 2e-6) ** 2
    assert found == pytest.approx(total**0.5, rel=1e-7)


def test_a_single_record():
    x, y = rows()
    assert list(net().fit(x, y, verbose=0, record="loss_end")) == ["loss", "loss_end"]
    assert list(net().fit(x, y, verbose=0, record=["grad_norm", "grad_norm"])) == ["loss", "grad_norm"]
    assert list(net().fit(x, y, verbose=0, record=None)) == ["loss"]


def test_the_rate_that_is_recorded_is_that_of_the_next_update():
    x, y = rows()
    history = net(rate=schedules.ExponentialDecay(0.1, 1, 0.5)).fit(
        x, y, 30, epochs=2, verbose=0, record="learning_rate"
    )
    assert_array_equal(history["learning_rate"], [0.025, 0.00625])
    model = net()
    model.optimizer.decay = 0.5
    assert model.fit(x, y, 30, verbose=0, record="learning_rate")["learning_rate"] == [0.05 / 2]
