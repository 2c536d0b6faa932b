"""Layers called on arrays, without a model: what they give, their weights, and what training adds."""

import copy
import pickle

import numpy as np
import pytest

import fastsgd
from fastsgd import layers

MADE = {
    "dense": lambda: layers.Dense(3, "tanh"),
    "softmax": lambda: layers.Dense(3, "softmax", use_bias=False),
    "activation": lambda: layers.Activation("gelu"),
    "relu": lambda: layers.ReLU(max_value=1.0),
    "dropout": lambda: layers.Dropout(0.5),
    "layer_norm": layers.LayerNormalization,
    "batch_norm": lambda: layers.BatchNormalization(moving_variance_initializer="he_uniform", epsilon=2.0),
    "residual": lambda: layers.Residual([layers.Dense(5, "tanh"), layers.Dense(4)]),
    "normalization": lambda: layers.Normalization(mean=[1, 2, 3, 4], variance=[4, 3, 2, 1]),
    "rescaling": lambda: layers.Rescaling(2.0, [1, 2, 3, 4]),
    "activity": lambda: layers.ActivityRegularization(0.1),
}
X = np.random.default_rng(0).normal(size=(7, 4))


@pytest.mark.parametrize("name", MADE)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_it_gives_what_a_model_of_it_predicts(name, dtype):
    layer = MADE[name]()
    x = X.astype(dtype)
    found = layer(x)
    model = fastsgd.Sequential([MADE[name]()])
    model.compile("sgd", "mse", dtype=np.dtype(dtype).name, backend="numpy")
    model.build((None, 4))
    model.set_weights(layer.get_weights())
    np.testing.assert_allclose(found, model.predict(x), rtol=1e-6)
    assert found.dtype == dtype
    np.testing.assert_array_equal(layer(np.stack([x, x]))[1], found)
    np.testing.assert_allclose(model.layers[0](x), found, rtol=1e-6)
    for other in (copy.deepcopy(layer), pickle.loads(pickle.dumps(layer))):
        np.testing.assert_array_equal(other(x), found)
    assert layer.compute_output_shape((None, 4)) == (None, found.shape[1])


def test_weights_of_a_layer_by_itself():
    layer = layers.Dense(2, kernel_initializer="ones")
    assert (layer.built, layer.weights, layer.kernel) == (False, [], None)
    layer.build((None, 3))
    layer.build((None, 3))
    assert layer.built
    assert layer.kernel.shape == (3, 2)
    layer.set_weights([layer.kernel * 2, np.ones(2)])
    assert layer(np.ones((1, 3))).tolist() == [[7.0, 7.0]]
    assert [w.shape for w in layer.trainable_weights] == [(3, 2), (2,)]
    layer.trainable = False
    assert [w.shape for w in layer.non_trainable_variables] == [(3, 2), (2,)]
    norm = layers.BatchNormalization(scale=False)
    norm.build((None, 5))
    assert (len(norm.trainable_weights), len(norm.non_trainable_weights), norm.gamma) == (1, 2, None)
    with pytest.raises(ValueError, match=r"layer 'dense' takes 3 features, shape \(\.\.\., 3\), got \(2, 4\)"):
        layer(np.ones((2, 4)))
    with pytest.raises(ValueError, match="belongs to a model"):
        fastsgd.Sequential([layer])
    model = fastsgd.Sequential([layers.Dense(1, input_dim=2)])
    with pytest.raises(ValueError, match="which alone can train it"):
        model.layers[0](np.ones((1, 2)), training=True)
    assert layers.Flatten()(np.ones((2, 3, 4))).shape == (2, 12)


def test_what_a_layer_costs():
    layer = layers.Dense(2, kernel_initializer="ones", kernel_regularizer="l2", activity_regularizer="l1")
    assert layer.losses == []
    layer(np.ones((5, 3)))
    np.testing.assert_allclose(layer.losses, [0.01 * 6, 0.01 * 6])
    cost = layers.ActivityRegularization(0.2, 0.3)
    cost(2 * np.ones((1,)))
    np.testing.assert_allclose(cost.losses, [4 * 0.3 + 2 * 0.2])
    relu = layers.ReLU()
    assert relu(-np.ones((2, 3))).shape == (2, 3)
    assert relu(-np.ones((2, 3, 4))).shape == (2, 3, 4)


def test_training_of_layers_by_themselves():
    norm = layers.BatchNormalization(momentum=0.5, epsilon=0.0)
    found = norm(X, training=True)
    np.testing.assert_allclose(found, (X - X.mean(0)) / X.std(0))
    np.testing.assert_allclose(norm.moving_mean, X.mean(0) / 2, rtol=1e-6)
    np.testing.assert_allclose(norm.moving_variance, X.var(0) / 2 + 0.5, rtol=1e-6)
    dropout, x = layers.Dropout(0.25, seed=1), np.ones((50, 40))
    one, two = dropout(x, training=True), dropout(x, training=True)
    assert (one != two).any()
    assert set(np.unique(one)) == {0.0, 1 / 0.75}
    assert 0.2 < (one == 0).mean() < 0.3
    np.testing.assert_array_equal(layers.Dropout(0.25, seed=1)(x, training=True), one)


def test_a_model_as_an_array_function_and_as_a_dict():
    model = fastsgd.Sequential(
        [layers.Dense(3, "tanh"), layers.BatchNormalization(), layers.Residual([layers.Dense(3)])]
    )
    assert model.weights == []
    assert model.compute_output_shape((None, 4)) == (None, 3)
    np.testing.assert_array_equal(model(X), model.predict(X))
    assert (len(model.trainable_weights), len(model.non_trainable_variables), len(model.weights)) == (6, 2, 8)
    with pytest.raises(NotImplementedError, match="train_on_batch"):
        model(X, training=True)
    other = fastsgd.Sequential.from_config(model.get_config())
    assert other.get_config() == model.get_config()
    other.set_weights(model.get_weights())
    np.testing.assert_array_equal(other(X), model(X))
