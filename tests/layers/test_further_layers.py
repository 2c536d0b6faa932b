"""Dropout, noise, normalization, activations as layers and residual blocks: settings, shapes, copies, bad input."""

import copy
import json
import pickle
import re

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

import fastsgd
from fastsgd import Sequential, activations
from fastsgd.layers import (
    ELU,
    Activation,
    ActivityRegularization,
    AlphaDropout,
    BatchNormalization,
    Dense,
    Dropout,
    Flatten,
    GaussianDropout,
    GaussianNoise,
    Input,
    LayerNormalization,
    LeakyReLU,
    Normalization,
    ReLU,
    Residual,
    Softmax,
)  # fmt: skip

LAYERS = {
    "dropout": lambda: Dropout(0.3, seed=4),
    "alpha_dropout": lambda: AlphaDropout(0.3),
    "gaussian_dropout": lambda: GaussianDropout(0.3),
    "gaussian_noise": lambda: GaussianNoise(0.2, seed=1),
    "layer_normalization": lambda: LayerNormalization(epsilon=1e-5, scale=False, name="mine"),
    "batch_normalization": lambda: BatchNormalization(momentum=0.8, center=False, gamma_initializer="zeros"),
    "softmax": lambda: Softmax(),
    "re_lu": lambda: ReLU(6, negative_slope=0.1, threshold=0.5),
    "leaky_re_lu": lambda: LeakyReLU(alpha=0.1),
    "elu": lambda: ELU(0.7),
    "flatten": lambda: Flatten(),
    "residual": lambda: Residual([Dense(9, "relu"), Residual([LayerNormalization(), Dense(9)]), Dense(4)]),
    "activity_regularization": lambda: ActivityRegularization(0.1, 0.2),
    "regularized": lambda: Dense(4, activity_regularizer="l1", name="regularized"),
    "constrained": lambda: LayerNormalization(gamma_constraint="non_neg", beta_regularizer="l2", name="constrained"),
    "dense": lambda: Dense(4, "log_softmax", trainable=False),
}


def data(rows=60, inputs=4, outputs=2, seed=0):
    rng = np.random.default_rng(seed)
    return rng.normal(size=(rows, inputs)), rng.normal(size=(rows, outputs))


@pytest.mark.parametrize("name", LAYERS)
def test_config_goes_through_json(name):
    layer = LAYERS[name]()
    config = json.loads(json.dumps(layer.get_config()))
    again = type(layer).from_config(config)
    assert again.get_config() == layer.get_config()
    assert repr(again) == repr(layer)
    assert layer.name == ("mine" if name == "layer_normalization" else name)


@pytest.mark.parametrize("name", LAYERS)
def test_copies_of_a_model_train_on_alike(name, engine):
    x, y = data()
    model = Sequential([Input((4,)), LAYERS[name](), Dense(2)], seed=3)
    model.compile("sgd", "mse", backend=engine)
    model.fit(x, y, batch_size=16, epochs=2, verbose=0)
    copies = [copy.copy(model), pickle.loads(pickle.dumps(model))]
    histories = [m.fit(x, y, batch_size=16, epochs=2, verbose=0)["loss"] for m in (model, *copies)]
    assert histories[0] == histories[1] == histories[2]
    for other in copies:
        for one, two in zip(model.get_weights(), other.get_weights(), strict=True):
            assert_array_equal(one, two)
        assert_array_equal(model.predict(x), other.predict(x))


def test_weights_and_their_numbers():
    model = Sequential([Input((3,)), BatchNormalization(), Residual([Dense(5), LayerNormalization(), Dense(3)])])
    shapes = [(3,)] * 4 + [(3, 5), (5,), (5,), (5,), (5, 3), (3,)]
    assert [w.shape for w in model.get_weights()] == shapes
    assert_array_equal(model.get_weights()[3], np.ones(3))  # moving_variance is the last, as in Keras
    assert model.count_params() == 12 + 20 + 10 + 18
    assert model.count_params(trainable=False) == 6
    model.layers[1].trainable = False
    assert model.count_params(trainable=True) == 6
    lines = []
    model.summary(lines.append)
    for text in ("residual (Residual)", "Total params: 60", "Trainable params: 6", "Non-trainable params: 54"):
        assert text in lines[0]
    inner = model.layers[1].layers[0]
    inner.set_weights([np.full((3, 5), 2.0), np.zeros(5)])
    assert_array_equal(inner.get_weights()[0], np.full((3, 5), 2.0))
    assert_array_equal(model.get_weights()[4], np.full((3, 5), 2.0))
    with pytest.raises(ValueError, match="weights has 1 arrays, layer 'dense' has 2"):
        inner.set_weights([np.zeros(5)])


def test_predictions(engine):
    x, _ = data(outputs=4)

    def predicted(layer):
        model = Sequential([Input((4,)), layer])
        model.compile(backend=engine, dtype="float64")
        return model.predict(x)

    assert_allclose(predicted(Softmax()), activations.softmax(x), rtol=1e-14)
    assert_allclose(predicted(Activation("log_softmax")), activations.log_softmax(x), rtol=1e-13)
    assert_allclose(predicted(ReLU(1, 0.2, 0.3)), activations.relu(x, 0.2, 1, 0.3), rtol=1e-14)
    assert_allclose(predicted(LeakyReLU()), np.where(x > 0, x, 0.3 * x), rtol=1e-14)
    assert_allclose(predicted(ELU(2)), activations.elu(x, 2), rtol=1e-14)
    for layer in (Flatten(), Dropout(0.5), GaussianNoise(3), GaussianDropout(0.5), AlphaDropout(0.5)):
        assert_array_equal(predicted(layer), x)
    normal = (x - x.mean(1, keepdims=True)) / np.sqrt(x.var(1, keepdims=True) + 1e-3)
    assert_allclose(predicted(LayerNormalization()), normal, rtol=1e-12)
    assert_allclose(predicted(BatchNormalization()), x / np.sqrt(1.001), rtol=1e-13)
    assert_allclose(predicted(Residual([Activation("relu")])), x + np.maximum(x, 0), rtol=1e-14)
    assert_allclose(predicted(Residual([Flatten()])), 2 * x, rtol=1e-14)


@pytest.mark.parametrize("shift", [0, 1e4, -1e4])
def test_softmax_is_stable_at_any_logit(engine, shift):
    model = Sequential([Input((3,)), Softmax()])
    model.compile(backend=engine)
    p = model.predict(np.float32([[0, 50, 100], [-1e30, 0, 1e30], [1, 1, 1]]) + np.float32(shift))
    assert_allclose(p.sum(axis=1), 1, rtol=1e-6)
    assert_allclose(p, [[0, 2e-22, 1], [0, 0, 1], [1 / 3, 1 / 3, 1 / 3]], atol=1e-6)
    assert np.isnan(model.predict(np.float32([[np.nan, 0, 1]]))).all()


# -- What draws ------------------------------------------------------------------------------------------------------
def outputs_in_training(layer, engine, x, **more):
    """What comes out of a layer in one batch of training."""
    model = Sequential([Input((x.shape[1],)), layer], **{"seed": 5, **more})
    model.compile("sgd", "mse", backend=engine, dtype="float64")
    network = model._network()
    with network.training(
        x, np.zeros_like(x), batch_size=len(x), hyper=lambda t: np.zeros((len(t), 1)), step=0, shuffle=False,
        seed=model.shuffle_seed, first_epoch=0, keep_predictions=True,
    ) as run:  # fmt: skip
        while run.epoch < 1:
            run.advance(1)
    return run.predictions


def test_dropout_keeps_the_mean_and_its_rate(engine):
    ones = np.ones((2000, 40))
    out = outputs_in_training(Dropout(0.3), engine, ones)
    assert_allclose(np.unique(out), [0, 1 / 0.7], rtol=1e-15)
    assert abs((out == 0).mean() - 0.3) < 5 * np.sqrt(0.21 / out.size)
    assert abs((out == 0).mean(axis=0) - 0.3).max() < 5 * np.sqrt(0.21 / 2000)
    neighbours = (
        np.corrcoef(out[:, :-1].ravel(), out[:, 1:].ravel())[0, 1],
        np.corrcoef(out[:-1].ravel(), out[1:].ravel())[0, 1],
    )
    assert np.abs(neighbours).max() < 5 / np.sqrt(out.size)
    assert not outputs_in_training(Dropout(1.0), engine, ones).any()
    assert_array_equal(outputs_in_training(Dropout(0), engine, ones), ones)


def test_noise_is_normal(engine):
    x = np.ones((2000, 40))
    for layer, wanted in ((GaussianNoise(0.5), 0.5), (GaussianDropout(0.2), 0.5)):
        noise = outputs_in_training(layer, engine, x) - 1
        assert abs(noise.mean()) < 5 * wanted / np.sqrt(noise.size)
        assert abs(noise.std() - wanted) < 5 * wanted / np.sqrt(2 * noise.size)
        below = [(noise < q * wanted).mean() for q in (-2.326348, -1, 0, 1, 2.326348)]
        assert_allclose(below, [0.01, 0.158655, 0.5, 0.841345, 0.99], atol=0.009)


def test_alpha_dropout_keeps_mean_and_variance(engine):
    x = np.random.default_rng(0).normal(size=(3000, 40))
    out = outputs_in_training(AlphaDropout(0.2), engine, x)
    assert abs(out.mean()) < 0.02
    assert abs(out.std() - 1) < 0.02


def test_draws_follow_from_seeds(engine):
    x = np.ones((30, 7))
    one = outputs_in_training(Dropout(0.5, seed=3), engine, x, seed=1)
    assert_array_equal(one, outputs_in_training(Dropout(0.5, seed=3), engine, x, seed=2))
    assert (one != outputs_in_training(Dropout(0.5, seed=4), engine, x, seed=1)).any()
    assert (one != outputs_in_training(Dropout(0.5), engine, x, seed=1)).any()
    assert_array_equal(one, outputs_in_training(Dropout(0.5, seed=3), "numpy", x, seed=1))


def test_every_batch_has_masks_of_its_own(engine):
    x = np.ones((40, 8))
    model = Sequential([Input((8,)), Dropout(0.5)], seed=0)
    model.compile("sgd", "mse", backend=engine)
    losses = model.fit(x, np.zeros((40, 8)), batch_size=8, epochs=6, verbose=0)["loss"]
    assert len(set(losses)) == 6


# -- Batch normalization ---------------------------------------------------------------------------------------------
def test_moving_statistics(engine):
    x, y = data(rows=50, outputs=4)
    model = Sequential([Input((4,)), BatchNormalization(momentum=0.7)])
    model.compile(fastsgd.optimizers.SGD(0.0), "mse", backend=engine, dtype="float64")
    model.fit(x, y, batch_size=20, epochs=1, shuffle=False, verbose=0)
    mean, variance = np.zeros(4), np.ones(4)
    for rows in (x[:20], x[20:40], x[40:]):
        mean = 0.7 * mean + 0.3 * rows.mean(axis=0)
        variance = 0.7 * variance + 0.3 * rows.var(axis=0)
    gamma, beta, *moving = model.get_weights()
    assert_array_equal(gamma, np.ones(4))
    assert_array_equal(beta, np.zeros(4))
    assert_allclose(moving, [mean, variance], rtol=1e-12)
    assert_allclose(model.predict(x), (x - mean) / np.sqrt(variance + 1e-3), rtol=1e-10)


def test_a_frozen_one_goes_by_its_moving_statistics(engine):
    x, y = data(outputs=4)
    model = Sequential([Input((4,)), BatchNormalization(trainable=False)])
    model.compile(fastsgd.optimizers.SGD(0.0), "mse", backend=engine, dtype="float64")
    before = model.get_weights()
    history = model.fit(x, y, batch_size=10, epochs=1, verbose=0)
    for one, other in zip(before, model.get_weights(), strict=True):
        assert_array_equal(one, other)
    assert history["loss"][0] == pytest.approx(model.evaluate(x, y), rel=1e-12)


# -- Bad input -------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda: Dropout(1.5), ValueError, "Expected a float value between 0 and 1. Received: rate=1.5"),
        (lambda: Dropout("a"), TypeError, "rate must be a number"),
        (lambda: Dropout(0.5, noise_shape=(None, 1)), NotImplementedError, "noise_shape is not supported yet"),
        (lambda: Dropout(0.5, seed=1.5), TypeError, "seed must be a whole number"),
        (lambda: Dropout(0.5, colour=3), TypeError, "colour"),
        (lambda: AlphaDropout(1.0), ValueError, "rate must be below 1"),
        (lambda: GaussianNoise(-1), ValueError, "stddev must be at least 0"),
        (lambda: LayerNormalization(axis=0), ValueError, "axis must be -1 or 1, the features, got 0"),
        (lambda: BatchNormalization(axis=[1, 2]), ValueError, "axis must be -1 or 1"),
        (lambda: BatchNormalization(momentum=1.1), ValueError, "momentum must be from 0 to 1"),
        (lambda: BatchNormalization(epsilon=-1), ValueError, "epsilon must be at least 0"),
        (lambda: BatchNormalization(renorm=True), NotImplementedError, "renorm is not supported yet"),
        (lambda: Input((3,), sparse=True), NotImplementedError, "sparse is not supported yet"),
        (lambda: LayerNormalization(center=1), TypeError, "center must be True or False"),
        (lambda: ActivityRegularization(-1), ValueError, "l1 must be at least 0"),
        (lambda: Dense(2, activity_regularizer="l7"), ValueError, "unknown regularizer 'l7'"),
        (lambda: Dense(2, activity_regularizer="orthogonal_regularizer"), NotImplementedError, "with L1"),
        (lambda: Softmax(axis=0), ValueError, "softmax: axis must be -1 or 1"),
        (lambda: LeakyReLU(0.1, alpha=0.2), ValueError, "got both"),
        (lambda: ReLU(-1), ValueError, "max_value must be at least 0"),
        (lambda: Dense(2, trainable=1), TypeError, "trainable must be True or False"),
        (lambda: Flatten("channels_last"), NotImplementedError, "data_format"),
        (lambda: Residual(Dense(3)), TypeError, "layers must be a list"),
        (lambda: Residual([]), ValueError, "one at least"),
        (lambda: Residual([3]), TypeError, "a residual block is made of layers, got 3"),
        (lambda: Residual([Input((3,))]), TypeError, "made of layers"),
        (lambda: Residual([Normalization()]), TypeError, "cannot stand in a residual block"),
        (lambda: Residual([Dense(3, name="a"), Dense(3, name="a")]), ValueError, "there is a layer 'a' already"),
        (lambda: Residual([Dense(3)], input_dim=4), ValueError, r"\(None, 4\) comes in and \(None, 3\) goes out"),
        (lambda: Residual([Dense(3, input_dim=5)], input_dim=3), ValueError, "layer 'dense' takes 5 features"),
        (lambda: Sequential([Input((4,)), Residual([Dense(3)], name="skip")]), ValueError, "layer 'skip' adds its"),
        (lambda: Sequential([Residual([Dense(3)])]).build(4), ValueError, r"\(None, 4\) comes in"),
    ],
)  # fmt: skip
def test_bad_settings(make, error, message):
    with pytest.raises(error, match=message):
        make()


def test_a_layer_belongs_to_one_block():
    layer = Dense(3)
    block = Residual([layer])
    with pytest.raises(ValueError, match="belongs to a model"):
        Residual([layer])
    with pytest.raises(ValueError, match="belongs to a model"):
        Sequential([layer])
    model = Sequential([Input((3,)), block])
    with pytest.raises(
        ValueError, match=re.escape("weights[0] has shape (3, 4), the kernel of dense of layer 'residual'")
    ):
        model.set_weights([np.zeros((3, 4)), np.zeros(3)])


def test_batch_normalization_without_epsilon(engine):
    """Columns that are there to fill vectors have no variance at all."""
    rng = np.random.default_rng(1)
    x, y = rng.normal(size=(40, 4)), rng.normal(size=(40, 2))
    losses = []
    for backend in ("numpy", engine):
        model = Sequential([Dense(5, "tanh"), BatchNormalization(epsilon=0.0), Dense(2)], seed=0)
        model.compile("sgd", "mse", backend=backend, dtype="float64")
        losses.append(model.fit(x, y, 16, epochs=3, verbose=0)["loss"])
    assert_allclose(losses[1], losses[0], rtol=1e-10)
