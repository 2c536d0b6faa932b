"""Epochs that are parts of a pass."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from small_models import net, rows, same

from fastsgd.callbacks import Callback


class Batches(Callback):
    """The batches of every epoch, as hooks number them."""

    def __init__(self):
        super().__init__()
        self.seen = []

    def on_epoch_begin(self, epoch, logs=None):
        self.seen.append([])

    def on_train_batch_begin(self, batch, logs=None):
        self.seen[-1].append(batch)


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
