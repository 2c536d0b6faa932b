import copy
import pickle
import threading

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

import fastsgd
from fastsgd.callbacks import LambdaCallback
from fastsgd.layers import Activation, Dense, Input
from fastsgd.models import NotReadyError, Sequential


def rows(n=60, inputs=5, outputs=1, seed=0):
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(n, inputs))
    return x, np.tanh(x @ rng.normal(size=(inputs, outputs))) + 0.1 * rng.normal(size=(n, outputs))


def net(engine="numpy", *, seed=1, dtype="float64", optimizer=None, metrics=None, outputs=1, **options):
    model = Sequential([Dense(7, "tanh"), Dense(outputs)], seed=seed)
    optimizer = optimizer or fastsgd.optimizers.SGD(0.05, momentum=0.9, nesterov=True, decay=0.01)
    model.compile(optimizer, "mse", metrics, backend=engine, dtype=dtype, **options)
    return model


def same(one, other):
    return all((a == b).all() for a, b in zip(one.get_weights(), other.get_weights(), strict=True))


# -- Structure -------------------------------------------------------------------------------------------------------
def test_shapes_are_known_as_soon_as_they_can_be():
    model = Sequential([Dense(3), Activation("relu"), Dense(2)])
    assert (model.inputs, model.outputs, model.built) == (None, 2, False)
    model.build((None, 4))
    assert (model.inputs, model.outputs, model.built) == (4, 2, True)
    assert (model.input_shape, model.output_shape) == ((None, 4), (None, 2))
    assert [w.shape for w in model.get_weights()] == [(4, 3), (3,), (3, 2), (2,)]
    assert model.count_params() == 23


@pytest.mark.parametrize("first", [[Input((4,)), Dense(3)], [Dense(3, input_dim=4)], [Dense(3, input_shape=(4,))]])
def test_models_that_say_their_inputs_are_built_at_once(first):
    model = Sequential(first)
    assert model.built
    model.add(Dense(2))
    assert [w.shape for w in model.get_weights()] == [(4, 3), (3,), (3, 2), (2,)]
    assert len(model.layers) == 2


@pytest.mark.parametrize("shape", [(None, 4), (4,), [None, 4], 4, np.int64(4)])
def test_build(shape):
    model = Sequential([Dense(3)])
    model.build(shape)
    model.build()
    assert model.inputs == 4


def test_a_linear_model():
    x, _ = rows(200, 3)
    model = Sequential([Dense(1)], seed=0)
    model.compile(fastsgd.optimizers.SGD(0.1), "mse")
    model.fit(x, x @ [1, 2, 3] + 4, epochs=50, verbose=0)
    kernel, bias = model.get_weights()
    assert_allclose(kernel[:, 0], [1, 2, 3], atol=1e-3)
    assert_allclose(bias, 4, atol=1e-3)


def test_pop():
    model = Sequential([Input((4,)), Dense(3), Dense(2)], seed=0)
    kept = model.get_weights()[:2]
    assert model.pop().units == 2
    assert (model.outputs, model.count_params()) == (3, 15)
    for w, before in zip(model.get_weights(), kept, strict=True):
        assert_array_equal(w, before)
    model.pop()
    with pytest.raises(ValueError, match="there is no layer to take off"):
        model.pop()


def test_changing_layers_after_training():
    x, y = rows()
    model = net()
    model.fit(x, y, epochs=2, verbose=0)
    below = model.get_weights()[:2]
    model.pop()
    model.add(Dense(3, "relu"))
    model.add(Dense(1))
    assert_array_equal(model.get_weights()[0], below[0])
    assert len(model.fit(x, y, epochs=2, verbose=0)["loss"]) == 2


def test_wrong_layers():
    with pytest.raises(TypeError, match="a model is made of layers, got 'relu' of type str"):
        Sequential(["relu"])
    for layers in (Dense(4), "dense", 4):
        with pytest.raises(TypeError, match=r"layers must be a list, as in Sequential\(\[Dense\(1\)\]\), got"):
            Sequential(layers)
    with pytest.raises(ValueError, match="an Input comes first in a model, and once"):
        Sequential([Dense(3), Input((3,))])
    with pytest.raises(ValueError, match="an Input comes first in a model, and once"):
        Sequential([Input((3,)), Input((3,))])
    with pytest.raises(
        ValueError, match=r"layer 'last' takes 5 features, shape \(None, 5\), but gets 3, shape \(None, 3\)"
    ):
        Sequential([Dense(3), Dense(2, input_dim=5, name="last")])
    with pytest.raises(ValueError, match="layer 'dense' takes 5 features"):
        Sequential([Activation("relu"), Dense(2, input_dim=5)]).build(4)
    with pytest.raises(ValueError, match=r"the model takes 5 features, build got input_shape=\(None, 4\)"):
        Sequential([Dense(2, input_dim=5)]).build((None, 4))


def test_get_layer():
    model = Sequential([Dense(3), Dense(2, name="top")])
    assert model.get_layer("top") is model.get_layer(index=-1) is model.layers[1]
    with pytest.raises(ValueError, match="unknown layer 'topp': did you mean 'top'"):
        model.get_layer("topp")
    with pytest.raises(ValueError, match="there is no layer at index 2"):
        model.get_layer(index=2)
    with pytest.raises(ValueError, match="a name or an index"):
        model.get_layer()


def test_summary(capsys):
    model = Sequential([Input((4,)), Dense(300), Activation("relu"), Dense(1)], name="mine")
    model.summary()
    shown = capsys.readouterr().out
    for text in ("'mine'", "dense (Dense)", "(None, 300)", "1,500", "activation (Activation)", "Total params: 1,801"):
        assert text in shown
    lines = []
    Sequential([Dense(3)]).summary(print_fn=lines.append)
    assert "(the model is not built)" in lines[0]


def test_models_are_shown_briefly():
    assert repr(Sequential()) == "<Sequential 'sequential': no layers>"
    model = Sequential([Input((4,)), Dense(300), Activation("relu"), Dense(1, "tanh")], name="mine")
    assert str(model) == "<Sequential 'mine': Dense(300), Activation('relu'), Dense(1, 'tanh')>"


# -- Weights ---------------------------------------------------------------------------------------------------------
def test_weights_are_set_and_read_back(engine):
    model = net(engine, outputs=2)
    with pytest.raises(NotReadyError, match="not built"):
        model.get_weights()
    model.build(5)
    wanted = [np.full(w.shape, i + 0.5) for i, w in enumerate(model.get_weights())]
    model.set_weights(wanted)
    for network_exists in (False, True):
        for w, value in zip(model.get_weights(), wanted, strict=True):
            assert_array_equal(w, value)
            w[:] = 9  # a copy
        if not network_exists:
            model.predict(np.ones((3, 5)))
    with pytest.raises(ValueError, match=r"weights\[1\] has shape \(6,\), the bias of layer 'dense' has shape \(7,\)"):
        model.set_weights([wanted[0], np.zeros(6), *wanted[2:]])
    with pytest.raises(ValueError, match=r"weights has 3 arrays, wanted are 4: the kernel of layer 'dense' \(5, 7\)"):
        model.set_weights(wanted[:3])
    with pytest.raises(TypeError, match=r"weights\[0\] must hold real numbers"):
        model.set_weights([wanted[0] * 1j, *wanted[1:]])
    assert_array_equal(model.get_weights()[0], wanted[0])


def test_a_seed_is_no_name():
    with pytest.raises(TypeError, match="name of a model must be text, got 0"):
        Sequential([Dense(1)], 0)


def test_the_seed_makes_the_weights():
    weights = [net(seed=seed) for seed in (3, 3, 4)]
    for model in weights:
        model.build(5)
    assert same(weights[0], weights[1])
    assert not same(weights[0], weights[2])
    for model in (one := net(seed=None)), (other := net(seed=None)):
        model.build(5)
    assert not same(one, other)


def test_an_initializer_s_own_seed_wins():
    def kernel(seed):
        maker = fastsgd.initializers.GlorotUniform(seed=5)
        return Sequential([Input((4,)), Dense(3, kernel_initializer=maker)], seed=seed).get_weights()[0]

    assert_array_equal(kernel(1), kernel(2))
    maker = fastsgd.initializers.GlorotUniform(seed=5)
    assert_array_equal(kernel(1), maker((4, 3), "float32"))


def test_nothing_global_is_touched():
    x, y = rows()
    np.random.seed(0)  # noqa: NPY002
    before = pickle.dumps(np.random.get_state())  # noqa: NPY002
    model = net(seed=None)
    model.fit(x, y, epochs=2, verbose=0, validation_split=0.2, validation_shuffle=True)
    assert pickle.dumps(np.random.get_state()) == before  # noqa: NPY002


def test_float32_begins_with_the_rounded_weights_of_float64():
    models = [net(dtype=dtype) for dtype in ("float32", "float64")]
    for model in models:
        model.build(5)
    for single, double in zip(*(model.get_weights() for model in models), strict=True):
        assert_array_equal(single, double.astype(np.float32))


@pytest.mark.parametrize("seed", [-1, 2.5, "x", True])
def test_no_seed(seed):
    with pytest.raises(ValueError if seed == -1 else TypeError, match="seed must be a whole number, at least 0"):
        Sequential(seed=seed)


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
    once, twice = net(engine), net(engine)
    whole = once.fit(x, y, 8, epochs=10, verbose=0)
    first = twice.fit(x, y, 8, epochs=5, verbose=0)
    second = twice.fit(x, y, 8, epochs=10, initial_epoch=5, verbose=0)
    assert same(once, twice)
    assert whole["loss"] == first["loss"] + second["loss"]
    assert whole.epoch == first.epoch + second.epoch
    assert once.optimizer.iterations == twice.optimizer.iterations == 80
    assert twice.history is second


def test_compiling_again_keeps_weights_and_forgets_the_rest(engine):
    x, y = rows()
    model, fresh = net(engine), net(engine)
    model.fit(x, y, 8, epochs=3, verbose=0)
    before = model.get_weights()
    model.compile(fastsgd.optimizers.SGD(0.05, momentum=0.9), "mse", backend=engine, dtype="float64")
    fresh.build(5)
    fresh.set_weights(before)
    fresh.compile(fastsgd.optimizers.SGD(0.05, momentum=0.9), "mse", backend=engine, dtype="float64")
    for m in (model, fresh):
        m.fit(x, y, 8, epochs=2, verbose=0, shuffle=False)
    assert same(model, fresh)
    assert model.optimizer.iterations == 16


def test_the_optimizer_s_settings_may_change_between_fits(engine):
    x, y = rows()
    model = net(engine, optimizer=fastsgd.optimizers.SGD(0.05, momentum=0.9))
    model.fit(x, y, epochs=2, verbose=0)
    model.optimizer.learning_rate = 0.0
    model.optimizer.momentum = 0.0
    before = model.get_weights()
    model.fit(x, y, epochs=2, verbose=0)
    for w, kept in zip(model.get_weights(), before, strict=True):
        assert_array_equal(w, kept)


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


# -- Evaluation and prediction ---------------------------------------------------------------------------------------
def test_evaluate(engine, capsys):
    x, y = rows(outputs=2)
    model = net(engine, outputs=2, metrics=["mae", fastsgd.metrics.RootMeanSquaredError(name="root")])
    model.build(5)
    p = model.predict(x)
    loss, mae, root = model.evaluate(x, y)
    assert loss == pytest.approx(np.mean((p - y) ** 2), rel=1e-12)
    assert mae == pytest.approx(np.abs(p - y).mean(), rel=1e-12)
    assert root == pytest.approx(np.sqrt(loss), rel=1e-12)
    assert model.metrics_names == ["loss", "mae", "root"]
    assert list(model.evaluate(x, y, return_dict=True)) == model.metrics_names
    assert model.evaluate(x, y, return_dict=True) == {"loss": loss, "mae": mae, "root": root}
    assert capsys.readouterr().out == ""
    model.evaluate(x, y, verbose=1)
    assert capsys.readouterr().out == f"loss: {loss:.4f} - mae: {mae:.4f} - root: {root:.4f}\n"


def test_evaluation_by_batches_for_callbacks():
    x, y = rows()
    model = net(metrics=["mae"])
    model.build(5)
    seen = []
    hooks = LambdaCallback(
        on_test_begin=lambda logs: seen.append("begin"),
        on_test_batch_end=lambda batch, logs: seen.append((batch, *logs)),
        on_test_end=lambda logs: seen.append("end"),
    )
    assert_allclose(model.evaluate(x, y, 25, callbacks=hooks), model.evaluate(x, y), rtol=1e-12)
    assert seen == ["begin", (0, "loss", "mae"), (1, "loss", "mae"), (2, "loss", "mae"), "end"]
    p = model.predict(x, 25, callbacks=LambdaCallback(on_predict_batch_end=lambda batch, logs: seen.append(batch)))
    assert seen[-3:] == [0, 1, 2]
    assert_allclose(p, model.predict(x), rtol=1e-12)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_predict(engine, dtype):
    x, _ = rows(outputs=2)
    model = net(engine, dtype=dtype, outputs=2)
    model.build(5)
    w1, b1, w2, b2 = model.get_weights()
    wanted = np.tanh(x @ w1 + b1) @ w2 + b2
    for variant in (x, x.astype(dtype), np.asfortranarray(x.astype(dtype)), x.tolist(), x.astype(dtype)[::-1][::-1]):
        p = model.predict(variant)
        assert p.dtype == dtype
        assert_allclose(p, wanted, rtol=1e-5 if dtype == "float32" else 1e-12, atol=1e-6)
    assert model.predict(x[:1].astype(dtype)).shape == (1, 2)
    assert_array_equal(model.predict_on_batch(x), model.predict(x, batch_size=7, verbose=1))


def test_predict_before_compile():
    model = Sequential([Input((3,)), Dense(2)], seed=0)
    p = model.predict(np.ones((4, 3)))
    assert (p.shape, p.dtype) == ((4, 2), np.float32)
    model.compile("sgd", "mse", dtype="float64")
    assert model.predict(np.ones((4, 3))).dtype == np.float64


def test_a_row_with_nan_gives_nan(engine):
    x, _ = rows()
    model = net(engine)
    model.build(5)
    clean = model.predict(x)
    x[3, 1] = np.nan
    p = model.predict(x)
    assert np.isnan(p[3]).all()
    assert_allclose(np.delete(p, 3, axis=0), np.delete(clean, 3, axis=0), rtol=1e-12)


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
    model = net(engine, seed=None, dtype="float32", metrics=["mae"])
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
