"""Rescaling, Normalization and scaled targets: what the first fit learns, and units."""

import copy
import pickle

import numpy as np
import pytest

import fastsgd
from fastsgd import regularizers
from fastsgd.callbacks import LambdaCallback
from fastsgd.layers import Activation, BatchNormalization, Dense, Input, Normalization, Rescaling


def rows(n=200, seed=0):
    """Four columns: far from zero beside their spread, tiny, constant, plain; and a target with an offset."""
    rng = np.random.default_rng(seed)
    z = rng.normal(size=(n, 4))
    x = np.column_stack([1.6e9 + 100 * z[:, 0], 1e-9 * z[:, 1], np.full(n, 3.3), z[:, 3]])
    return x, 5e4 + 1e3 * (z[:, 0] - 2 * z[:, 1] + 0.5 * z[:, 3])


def fitted(x, y, layers=(), engine="cython", metrics=None, epochs=5, fit=None, **options):
    model = fastsgd.Sequential([*layers, Dense(8, "tanh"), Dense(np.ndim(y) if np.ndim(y) < 2 else y.shape[1])], seed=3)
    optimizer = fastsgd.optimizers.SGD(0.05, momentum=0.9, nesterov=True)
    model.compile(optimizer, "mse", metrics, backend=engine, **options)
    model.fit(x, y, epochs=epochs, verbose=0, **(fit or {}))
    return model


# -- Layers alone
def test_normalization_of_arrays():  # Keras 3: docstring of Normalization
    layer = Normalization(mean=3.0, variance=2.0)
    np.testing.assert_allclose(layer(np.float32([[1], [2], [3]])), [[-1.4142135], [-0.70710677], [0.0]], rtol=1e-6)
    data = np.array([[0.0, 7.0, 4.0], [2.0, 9.0, 6.0], [0.0, 7.0, 4.0], [2.0, 9.0, 6.0]])
    layer = Normalization(axis=-1, invert=True)
    layer.adapt(data)
    assert layer([[1.0, 2.0, 3.0]]).tolist() == [[2.0, 10.0, 8.0]]
    every = Normalization(axis=None)
    every.adapt(data)
    assert every.mean.tolist() == [pytest.approx(data.mean())]
    assert every.variance.tolist() == [pytest.approx(data.var())]
    parts = Normalization()
    parts.adapt(iter([data[:1], data[1:]]))
    assert parts.mean.tolist() == pytest.approx(data.mean(axis=0).tolist(), rel=1e-15)
    assert parts.variance.tolist() == pytest.approx(data.var(axis=0).tolist(), rel=1e-15)
    assert layer([[1.0, 2.0, 3.0]]).dtype == np.float64
    assert layer(np.float32([[1.0, 2.0, 3.0]])).dtype == np.float32
    assert Normalization()([[1.0, 5.0]]).tolist() == [[1.0, 5.0]]  # knows nothing yet


def test_adapted_columns_have_mean_0_and_variance_1_and_constant_ones_are_0():
    x, _ = rows()
    layer = Normalization()
    layer.adapt(x)
    z = layer(x)
    np.testing.assert_allclose(z.mean(axis=0), 0, atol=1e-9)
    np.testing.assert_allclose(z.var(axis=0), [1, 1, 0, 1], atol=1e-9)
    assert layer(x + np.array([0, 0, 0.5, 0]))[0, 2] == pytest.approx(0.5)


def test_rescaling_of_arrays():
    assert Rescaling(1 / 127.5, offset=-1)([[0.0, 127.5, 255.0]]).tolist() == [[-1.0, 0.0, 1.0]]
    assert Rescaling([1.0, 2.0], [0.0, 1.0])([[3.0, 3.0]]).tolist() == [[3.0, 7.0]]


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Normalization(axis=0), "axis must be -1 or 1"),
        (lambda: Normalization(axis=3), "axis must be -1 or 1"),
        (lambda: Normalization(mean=0.5), "both `mean` and `variance` must be set"),
        (lambda: Normalization(variance=0.5), "both `mean` and `variance` must be set"),
        (lambda: Normalization(mean=[1, 2], variance=[1]), "must have the same shape"),
        (lambda: Normalization(mean=0, variance=-1), "variance must be at least 0"),
        (lambda: Normalization(mean=np.nan, variance=1), "mean must be finite"),
        (lambda: Normalization(mean=0, variance=1).adapt([[1.0]]), "nothing to adapt"),
        (lambda: Normalization().adapt([1.0, 2.0]), "data must have shape"),
        (lambda: Normalization().adapt([[1.0, np.nan]]), "data holds nan in row 0, column 1"),
        (lambda: Normalization().adapt(iter([])), "no rows at all"),
        (lambda: Normalization().adapt(iter([np.ones((2, 2)), np.ones((2, 3))])), "data has 3 features"),
        (lambda: Normalization(input_dim=3).adapt([[1.0, 2.0]]), "data has 2 features"),
        (lambda: Normalization(mean=[1, 2], variance=[1, 2])([[1.0, 2.0, 3.0]]), "of 2 features"),
        (lambda: Rescaling("1"), "scale must be real numbers"),
        (lambda: Rescaling(np.inf), "scale must be finite"),
        (lambda: Rescaling([1, 2])([[1.0, 2.0, 3.0]]), "scale of layer 'rescaling' has shape"),
        (lambda: fitted(*rows(), [Rescaling([1, 2])]), "scale of layer 'rescaling' has shape"),
        (
            lambda: fitted(*rows(), [Rescaling(1e300)]),
            "x holds 16.* in row 0, column 0: what the layers 'rescaling' make",
        ),
        (lambda: fitted(*rows(), scale_target=1), "scale_target must be True or False"),
    ],
)
def test_bad_input(make, message):
    with pytest.raises((TypeError, ValueError), match=message):
        make()


# -- In a model
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_a_model_that_begins_with_layers_is_one_of_rows_that_went_through_them(engine, dtype):
    x, y = rows()
    layers = [Input((4,)), Rescaling(0.5, 1.0), Normalization()]
    model = fitted(x, y / 1e4, layers, engine, dtype=dtype, fit={"validation_split": 0.25})
    z = 0.5 * x + 1.0
    mean, deviation = z[:150].mean(axis=0), z[:150].std(axis=0)
    deviation[2] = 1.0
    np.testing.assert_allclose(model.layers[1].mean, mean, rtol=1e-14)
    ready = ((z - model.layers[1].mean) / np.where(deviation == 1, 1, np.sqrt(model.layers[1].variance))).astype(dtype)
    twin = fitted(ready, y / 1e4, [Input((4,))], engine, dtype=dtype, fit={"validation_split": 0.25})
    assert model.history == twin.history
    for ours, theirs in zip(model.get_weights()[3:], twin.get_weights(), strict=True):
        np.testing.assert_array_equal(ours, theirs)
    np.testing.assert_array_equal(model.predict(x), twin.predict(ready))
    np.testing.assert_array_equal(model.predict(x[:1]), model.predict(x)[:1])
    assert model.evaluate(x, y / 1e4, verbose=0) == twin.evaluate(ready, y / 1e4, verbose=0)
    assert model.train_on_batch(x[:9], y[:9]) == twin.train_on_batch(ready[:9], y[:9])


def test_what_the_first_fit_learned_stays_until_adapt():
    x, y = rows()
    model = fitted(x, y / 1e4, [Normalization()], fit={"validation_data": (x + 100, y / 1e4)})
    layer = model.layers[0]
    mean = layer.mean.copy()
    assert mean[0] == pytest.approx(x[:, 0].mean(), rel=1e-14)
    model.fit(x + np.array([1, 0, 0, 0]), y / 1e4, verbose=0)
    assert layer.mean.tolist() == mean.tolist()
    layer.adapt(x + np.array([1, 0, 0, 0]))
    assert layer.mean[0] == pytest.approx(mean[0] + 1, rel=1e-14)
    before = fastsgd.Sequential([Normalization(mean=layer.mean, variance=layer.variance), Dense(1)], seed=0)
    before.compile("sgd", "mse")
    before.fit(x, y / 1e4, verbose=0)
    assert before.layers[0].mean.tolist() == layer.mean.tolist()


class Own(regularizers.Regularizer):
    """One of arrays, which no engine knows."""


def with_an_own_regularizer():
    layer = Dense(3)
    layer.activity_regularizer = Own()
    return layer


@pytest.mark.parametrize(
    "refused, threads, error",
    [(lambda: Dense(3, dtype="float64"), "", "dtype"), (with_an_own_regularizer, "", "Own is for arrays"),
     (lambda: Dense(3), "many", "FASTSGD_NUM_THREADS must be a whole number")],
)  # fmt: skip
def test_a_fit_that_is_refused_teaches_nothing(refused, threads, error, monkeypatch):
    """What cannot be trained, be it hidden, is found before rows are looked at and callbacks called."""
    x, y = rows()
    model = fastsgd.Sequential([Normalization(), Dense(3)])
    model.compile("sgd", "mse", scale_target=True)
    called = LambdaCallback(on_train_begin=lambda logs: pytest.fail("a callback was called"))
    model.add(refused())
    model.add(Dense(1))
    monkeypatch.setenv("FASTSGD_NUM_THREADS", threads)
    with pytest.raises((ValueError, NotImplementedError), match=error):
        model.fit(x, y, verbose=0, callbacks=[called])
    monkeypatch.delenv("FASTSGD_NUM_THREADS")
    assert not model.layers[0].adapted
    assert model.target_scale.standard is None
    model.pop()
    model.pop()
    model.add(Dense(1))
    losses = model.fit(x, y, epochs=5, verbose=0).history["loss"]
    assert losses[-1] < losses[0]


def test_weights_copies_and_configs():
    x, y = rows()
    model = fitted(x, y, [Normalization()], scale_target=True)
    predicted = model.predict(x)
    for twin in (pickle.loads(pickle.dumps(model)), copy.copy(model), copy.deepcopy(model)):
        np.testing.assert_array_equal(twin.predict(x), predicted)
        assert twin.preprocessing == [twin.layers[0]]
        twin.fit(x, y, verbose=0)
        assert twin.layers[0].mean.tolist() == model.layers[0].mean.tolist()
    shapes = [w.shape for w in model.get_weights()]
    assert shapes == [(4,), (4,), (), (4, 8), (8,), (8, 1), (1,)]
    assert model.count_params() == 9 + 40 + 9
    fresh = fastsgd.Sequential([Input((4,)), Normalization(), Dense(8, "tanh"), Dense(1)])
    assert [w.shape for w in fresh.get_weights()] == shapes
    fresh.set_weights(fresh.get_weights())
    assert not fresh.layers[0].adapted
    fresh.set_weights(model.get_weights())
    np.testing.assert_array_equal(fresh.layers[0](x), model.layers[0](x))
    fresh.layers[0].set_weights([np.zeros(4), np.ones(4), 0])
    assert not fresh.layers[0].adapted
    for layer in (model.layers[0], Normalization(None, 1.0, 4.0, True), Rescaling([1.0, 2.0], 3.0)):
        made = type(layer).from_config(layer.get_config())
        assert made.get_config() == layer.get_config()
    with pytest.raises(ValueError, match="weights has 2 arrays, wanted are 3"):
        model.layers[0].set_weights([np.zeros(4), np.ones(4)])
    with pytest.raises(ValueError, match="the variance of layer 'normalization' has shape"):
        model.layers[0].set_weights([np.zeros(4), np.ones(3), 0])
    assert model.layers[0].mean is not None


def test_scaled_targets_have_their_units_everywhere_but_in_the_loss(engine):
    x, y = rows()
    model = fitted(
        x, y, [Normalization()], engine, ["mae", "r2"], 40, scale_target=True, fit={"validation_split": 0.25}
    )
    mean, deviation = y[:150].mean(), y[:150].std()
    history = model.history
    predicted = model.predict(x)
    assert history["loss"][-1] < 0.02 < history["loss"][0]
    assert history["val_mae"][-1] == pytest.approx(np.abs(predicted[150:, 0] - y[150:]).mean(), rel=1e-6)
    assert history["r2"][-1] > 0.95 < history["val_r2"][-1]
    scaled = np.mean(((predicted[150:, 0] - y[150:]) / deviation) ** 2)
    assert history["val_loss"][-1] == pytest.approx(scaled, rel=1e-3)
    assert model.evaluate(x[150:], y[150:], verbose=0)[1] == pytest.approx(history["val_mae"][-1], rel=1e-12)
    assert model.target_scale.standard.mean[0] == pytest.approx(mean, rel=1e-14)
    np.testing.assert_array_equal(model.predict(x[:1]), predicted[:1])
    np.testing.assert_array_equal(model.predict(x, batch_size=7), predicted)


def test_a_scaled_fit_is_one_of_standardised_targets(engine):
    x, y = rows()
    both = np.column_stack([y, -3e-8 * y, np.full(len(y), 7.0)])
    layers = Normalization()
    layers.adapt(x)
    model = fitted(layers(x), both, (), engine, ["mae"], dtype="float64", scale_target=True)
    spread = np.where(np.arange(3) == 2, 1.0, both.std(axis=0))
    twin = fitted(layers(x), (both - both.mean(axis=0)) / spread, (), engine, dtype="float64")
    np.testing.assert_allclose(model.history["loss"], twin.history["loss"], rtol=1e-12)
    for ours, theirs in zip(model.get_weights(), twin.get_weights(), strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(
        model.predict(layers(x)), twin.predict(layers(x)) * spread + both.mean(axis=0), rtol=1e-12
    )


def test_batches_see_metrics_in_units():
    x, y = rows(50)
    seen = []

    class Watch(fastsgd.callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            seen.append(logs["mae"])

    layer = Normalization()
    layer.adapt(x)
    fitted(layer(x), y, (), metrics=["mae"], epochs=1, scale_target=True, fit={"callbacks": [Watch()]})
    assert len(seen) == 2
    assert 100 < seen[0] < 1e4


def test_the_scale_of_targets_stays_with_the_weights():
    x, y = rows()
    model = fitted(x, y, [Normalization()], scale_target=True)
    standard, predicted = model.target_scale.standard, model.predict(x)
    model.fit(x, 2 * y, verbose=0)
    assert model.target_scale.standard is standard
    model = fitted(x, y, [Normalization()], scale_target=True)
    model.compile("sgd", "mae", scale_target=True)
    np.testing.assert_array_equal(model.predict(x), predicted)
    model.compile("sgd", "mae")
    assert abs(model.predict(x)).max() < 10
    unfitted = fastsgd.Sequential([Dense(1)], seed=0)
    unfitted.compile("sgd", "mse", ["mae"], scale_target=True)
    unfitted.build((None, 2))
    loss, mae = unfitted.evaluate(np.ones((2, 2)), [1.0, 2.0], verbose=0)
    assert loss > 0 < mae
    with pytest.raises(ValueError, match="scale_target wants one of the losses mse"):
        model.compile("sgd", "poisson", scale_target=True)


def test_scaling_amid_a_model_and_nothing_but_scaling():
    model = fastsgd.Sequential([Dense(3), Rescaling(2.0, 1.0), Activation("relu")], seed=0)
    model.build((None, 4))
    x = np.random.default_rng(0).normal(size=(5, 4))
    expected = np.maximum(x @ model.get_weights()[0] * 2 + 1, 0)
    np.testing.assert_allclose(model.predict(x), expected, rtol=1e-5, atol=1e-6)
    y = np.random.default_rng(1).normal(size=(40, 1)) * 10 + 100
    model = fastsgd.Sequential([Dense(1), Normalization(mean=100.0, variance=100.0, invert=True)], seed=0)
    model.compile(fastsgd.optimizers.SGD(1e-3), "mse")
    model.fit(np.ones((40, 1)), y, epochs=400, verbose=0)
    assert model.predict([[1.0]])[0, 0] == pytest.approx(y.mean(), abs=0.5)
    alone = fastsgd.Sequential([Rescaling(2.0, 1.0)])
    alone.build((None, 2))
    assert alone.predict([[1.0, 2.0]]).tolist() == [[3.0, 5.0]]


def test_numbers_of_other_features_are_refused_as_soon_as_both_are_known():
    model = fastsgd.Sequential([Dense(2)])
    with pytest.raises(ValueError, match="'normalization' has mean and variance of 3 features, its inputs have 2"):
        model.add(Normalization(mean=[1, 2, 3], variance=[3, 4, 5]))
    model.build((None, 4))
    assert model.predict(np.ones((1, 4))).shape == (1, 2)
    model = fastsgd.Sequential([Rescaling([1, 2, 3]), Dense(2)])
    with pytest.raises(ValueError, match=r"scale of layer 'rescaling' has shape \(3,\), its inputs have 2 features"):
        model.build((None, 2))
    model.build((None, 3))
    assert model.predict([[1.0, 2.0, 3.0]]).shape == (1, 2)
    model = fastsgd.Sequential([Dense(3)])
    for wrong in (np.ones((5, 3)), np.ones((3, 1))):
        with pytest.raises(ValueError, match="offset of layer 'rescaling' has shape"):
            model.add(Rescaling(1.0, wrong))
    model.add(Rescaling(1.0, np.ones((1, 3))))
    model = fastsgd.Sequential()
    with pytest.raises(ValueError, match="mean and variance of 3 features, its inputs have 4"):
        model.add(Normalization(mean=[1, 2, 3], variance=[1, 1, 1], input_shape=(4,)))
    assert model.layers == model.preprocessing == []


@pytest.mark.parametrize("invert", [False, True])
def test_features_of_differing_scale_amid_a_model(invert, engine):
    """As a batch normalization (without epsilon) that is not trained; another adapt counts from then on."""
    rng = np.random.default_rng(2)
    x, y, hidden = rng.normal(size=(30, 4)), rng.normal(size=(30, 2)), rng.normal(size=(50, 6)) * np.arange(1, 7)
    scaled, twin = (
        fastsgd.Sequential([Dense(6, "tanh"), layer, Dense(2)], seed=0)
        for layer in (Normalization(invert=invert), BatchNormalization(epsilon=0.0, trainable=False))
    )
    for model in (scaled, twin):
        model.compile(fastsgd.optimizers.SGD(0.01, momentum=0.9), "mse", backend=engine, dtype="float64")
        model.build((None, 4))
    for data in (hidden, hidden * 3 + 1):
        scaled.layers[1].adapt(data)
        mean, variance, _ = scaled.layers[1].get_weights()
        if invert:
            twin.layers[1].set_weights([np.sqrt(variance), mean, np.zeros(6), np.ones(6)])
        else:
            twin.layers[1].set_weights([np.ones(6), np.zeros(6), mean, variance])
        losses = [model.fit(x, y, 8, epochs=2, verbose=0)["loss"] for model in (scaled, twin)]
        np.testing.assert_allclose(*losses, rtol=1e-12)
        np.testing.assert_allclose(scaled.predict(x), twin.predict(x), rtol=1e-11)
    np.testing.assert_array_equal(scaled.layers[1].get_weights()[0], mean)


def test_rescaling_by_feature_amid_a_model():
    model = fastsgd.Sequential([Activation("tanh"), Rescaling([2.0, 0.0, 3.0], offset=[[0.0, 1.0, -1.0]])])
    model.build((None, 3))
    x = np.random.default_rng(0).normal(size=(5, 3))
    np.testing.assert_allclose(model.predict(x), np.tanh(x) * [2, 0, 3] + [0, 1, -1], rtol=1e-5, atol=1e-6)


def test_rows_of_any_kind_are_never_written_to_and_nan_stays():
    x = np.arange(40, dtype=np.uint8).reshape(10, 4)
    y = np.arange(10.0)
    model = fitted(x, y, [Rescaling(1 / 255)])
    expected = model.predict(x)
    for kind in (x.astype(">i2"), x.astype(float), np.asfortranarray(x), x.tolist(), np.repeat(x, 2, axis=0)[::2]):
        np.testing.assert_array_equal(model.predict(kind), expected)
    read_only = x.astype(np.float32)
    read_only.flags.writeable = False
    model.fit(read_only, y, verbose=0)
    holed = x.astype(float)
    holed[3, 1] = np.nan
    assert np.isnan(model.predict(holed)[:, 0]).tolist() == [i == 3 for i in range(10)]


def test_the_best_weights_come_back_with_their_scale():
    x, y = rows()
    early = fastsgd.callbacks.EarlyStopping("val_mae", patience=0, restore_best_weights=True)
    options = {"validation_split": 0.25, "callbacks": [early]}
    model = fitted(x, y, [Normalization()], metrics=["mae"], epochs=60, fit=options, scale_target=True)
    best = min(model.history["val_mae"])
    assert model.evaluate(x[150:], y[150:], verbose=0)[1] == pytest.approx(best, rel=1e-9)
