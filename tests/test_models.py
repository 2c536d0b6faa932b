"""Models that are trained: again, compiled anew, copied, on several threads."""

import copy
import pickle
import threading

import pytest
from numpy.testing import assert_array_equal
from small_models import net, rows, same

import fastsgd
from fastsgd.callbacks import LambdaCallback
from fastsgd.layers import Activation, Dense
from fastsgd.models import Sequential


# -- Training --------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("batch_size", [1, 7, 32, 60, "full", 1000])
def test_training_lowers_the_loss(engine, batch_size):
    x, y = rows()
    model = net(engine, optimizer="sgd")
    history = model.fit(x, y, batch_size, epochs=5, verbose=0)
    assert len(history["loss"]) == 5
    assert history["loss"][-1] < history["loss"][0]
    assert all(type(loss) is float for loss in history["loss"])


def test_all_spellings_of_a_full_batch_are_one():
    x, y = rows()
    models = [net() for _ in range(3)]
    for model, size in zip(models, (60, "full", 61), strict=True):
        model.fit(x, y, size, epochs=3, verbose=0)
    assert same(models[0], models[1])
    assert same(models[0], models[2])


def test_both_spellings_of_one_output(engine):
    x, y = rows()
    results = []
    for targets in (y, y[:, 0], y[:, 0].tolist()):
        model = net(engine, dtype="float32", metrics=["mae", "r2"])
        history = model.fit(x, targets, epochs=3, verbose=0, validation_split=0.2)
        results.append((model, dict(history), model.evaluate(x, targets)))
    for model, history, evaluation in results[1:]:
        assert same(model, results[0][0])
        assert (history, evaluation) == results[0][1:]


def test_a_second_fit_goes_on(engine):
    x, y = rows()
    once, twice = net(engine, decay=0.01), net(engine, decay=0.01)
    whole = once.fit(x, y, 8, epochs=10, verbose=0)
    first = twice.fit(x, y, 8, epochs=5, verbose=0)
    second = twice.fit(x, y, 8, epochs=10, initial_epoch=5, verbose=0)
    assert same(once, twice)
    assert whole["loss"] == first["loss"] + second["loss"]
    assert whole.epoch == first.epoch + second.epoch
    assert once.optimizer.iterations == twice.optimizer.iterations == 80
    assert twice.history is second


def test_averages_that_are_wanted_later_begin_with_the_weights(engine):
    x, y = rows()
    model = net(engine)
    model.fit(x, y, epochs=2, verbose=0)
    before = model.get_weights()
    model.optimizer.use_ema, model.optimizer.ema_momentum = True, 1.0
    model.fit(x, y, epochs=2, verbose=0)
    for w, kept in zip(model.get_weights(), before, strict=True):
        assert_array_equal(w, kept)


def test_the_update_rule_may_not_change_within_a_fit():
    x, y = rows()
    model = net(optimizer=fastsgd.optimizers.SGD(0.05, momentum=0.9))
    change = LambdaCallback(on_epoch_end=lambda epoch, logs: setattr(model.optimizer, "momentum", 0.0))
    with pytest.raises(ValueError, match="need another update rule"):
        model.fit(x, y, epochs=2, verbose=0, callbacks=change)
    model.fit(x, y, epochs=2, verbose=0)


def test_train_on_batch():
    x, y = rows()
    model, other = net(metrics=["mae"]), net(metrics=["mae"])
    for _ in range(3):
        loss, mae = model.train_on_batch(x, y)
    assert other.fit(x, y, "full", epochs=3, verbose=0, shuffle=False)["loss"][-1] == loss
    assert same(model, other)
    assert model.optimizer.iterations == 3
    assert model.evaluate(x, y) == model.test_on_batch(x, y)
    named = model.train_on_batch(x, y, return_dict=True)
    assert set(named) == {"loss", "mae"}
    assert named["mae"] < mae
    assert model.history is None
    plain = net()
    assert isinstance(plain.train_on_batch(x, y), float)


def test_without_weights_to_learn():
    model = Sequential([Activation("relu")])
    model.compile("sgd", "mse")
    assert model.fit([[1.0], [-2.0]], [1, 1], verbose=0)["loss"] == [0.5]


# -- Copies ----------------------------------------------------------------------------------------------------------
COPIES = {
    "pickle": lambda model: pickle.loads(pickle.dumps(model)),
    "copy": copy.copy,
    "deepcopy": copy.deepcopy,
}


@pytest.mark.parametrize("how", COPIES)
@pytest.mark.parametrize("epochs", [0, 3])
def test_copies_go_on_bit_for_bit(engine, how, epochs):
    x, y = rows()
    model = net(engine, seed=None, dtype="float32", decay=0.01, metrics=["mae"])
    if epochs:
        model.fit(x, y, 8, epochs=epochs, verbose=0)
    other = COPIES[how](model)
    histories = [m.fit(x, y, 8, epochs=3, verbose=0, validation_split=0.2) for m in (model, other)]
    assert histories[0] == histories[1]
    assert same(model, other)
    assert model.optimizer is not other.optimizer
    assert model.optimizer.iterations == other.optimizer.iterations
    assert all(layer.model is other for layer in other.layers)
    before = model.get_weights()
    other.fit(x, y, verbose=0)
    for w, kept in zip(model.get_weights(), before, strict=True):
        assert_array_equal(w, kept)


def test_copies_of_what_is_not_compiled():
    model = Sequential([Dense(3), Dense(1)], seed=None)
    other = copy.copy(model)
    for m in (model, other):
        m.build(4)
    assert same(model, other)
    assert "Dense" in repr(other)


# -- Threads ---------------------------------------------------------------------------------------------------------
def test_one_model_is_trained_by_one_at_a_time():
    x, y = rows()
    model = net()
    caught = []

    def use_it(epoch, logs):
        def elsewhere():
            for call in (lambda: model.fit(x, y), lambda: model.train_on_batch(x, y), lambda: model.compile()):
                try:
                    call()
                except RuntimeError as error:
                    caught.append(str(error))
            caught.append(model.predict(x).shape)

        thread = threading.Thread(target=elsewhere)
        thread.start()
        thread.join()
        with pytest.raises(RuntimeError, match="fit: this model is being trained; call it after the training"):
            model.fit(x, y)

    model.fit(x, y, verbose=0, callbacks=LambdaCallback(on_epoch_end=use_it))
    assert [str(c)[:40] for c in caught[:3]] == [
        "fit: another thread is training this mod",
        "train_on_batch: another thread is traini",
        "compile: another thread is training this",
    ]
    assert caught[3] == (60, 1)
    model.fit(x, y, verbose=0)


def test_many_threads_predict_at_a_time(engine):
    x, _ = rows(500)
    model = net(engine)
    model.build(5)
    wanted = copy.deepcopy(model).predict(x)
    results = []
    threads = [threading.Thread(target=lambda: results.extend(model.predict(x) for _ in range(20))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(results) == 80
    assert all((p == wanted).all() for p in results)


def test_different_models_are_trained_at_a_time(engine):
    x, y = rows(300)
    wanted, models = net(engine), [net(engine) for _ in range(4)]
    wanted.fit(x, y, 8, epochs=10, verbose=0)
    threads = [threading.Thread(target=model.fit, args=(x, y, 8, 10, 0)) for model in models]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(same(model, wanted) for model in models)


def test_threads_do_not_change_results(engine):
    x, y = rows(300)
    models = [net(engine, dtype="float32", num_threads=count) for count in (1, 3)]
    histories = [model.fit(x, y, 64, epochs=3, verbose=0, validation_split=0.2) for model in models]
    assert histories[0] == histories[1]
    assert same(*models)
