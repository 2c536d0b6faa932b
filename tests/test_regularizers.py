"""Penalties of weights: alone on arrays, and in the loss and the gradient of a model."""

import numpy as np
import pytest

import fastsgd
from fastsgd import regularizers
from fastsgd.layers import Dense

W = np.array([[0.5, -2.0, 0.0], [1.5, 0.25, -1.0]])


@pytest.mark.parametrize("dtype", ["f4", "f8"])
@pytest.mark.parametrize(
    ("regularizer", "penalty"),
    [
        (regularizers.L1(0.1), 0.1 * 5.25),
        (regularizers.L2(0.1), 0.1 * 7.5625),
        (regularizers.L1L2(0.1, 0.2), 0.1 * 5.25 + 0.2 * 7.5625),
        (regularizers.L1L2(), 0.0),
        (regularizers.L1(0), 0.0),
    ],
)
def test_penalties_of_arrays(regularizer, penalty, dtype):
    value = regularizer(W.astype(dtype))
    assert value == pytest.approx(penalty, rel=1e-6 if dtype == "f4" else 1e-15)
    assert value.dtype == np.dtype(dtype)
    assert regularizer(W.tolist()) == pytest.approx(penalty)


def test_orthogonal_rows_and_columns():  # Keras 3: regularizers_test.py
    units = W / np.linalg.norm(W, axis=1, keepdims=True)
    cosine = abs(units[0] @ units[1])
    assert regularizers.OrthogonalRegularizer(0.1)(W) == pytest.approx(0.1 * cosine, rel=1e-14)
    assert regularizers.OrthogonalRegularizer(0.1, mode="columns")(W.T) == pytest.approx(0.1 * cosine, rel=1e-14)
    with pytest.raises(ValueError, match="mode"):
        regularizers.OrthogonalRegularizer(0.1, mode="diagonals")
    with pytest.raises(ValueError, match="rank 2"):
        regularizers.OrthogonalRegularizer(0.1)(W[0])
    with pytest.raises(NotImplementedError, match="layers are trained with L1, L2 and L1L2"):
        Dense(1, kernel_regularizer="orthogonal_regularizer")


def test_names_dicts_and_configs():
    assert regularizers.get(None) is None
    for name, made in [("l1", regularizers.L1), ("L2", regularizers.L2), ("l1_l2", regularizers.L1L2)]:
        assert type(regularizers.get(name)) is made
    for item in (regularizers.L1(0.3), regularizers.L2(0.4), regularizers.l1_l2(0.1, 0.2)):
        again = regularizers.get(regularizers.serialize(item))
        assert type(again) is type(item)
        assert again.get_config() == item.get_config()
        assert regularizers.get(item) is item
    assert regularizers.L1().get_config() == {"l1": 0.01}
    assert regularizers.l1_l2().get_config() == {"l1": 0.0, "l2": 0.0}
    with pytest.raises(ValueError, match="unknown regularizer 'l3'"):
        regularizers.get("l3")
    with pytest.raises(TypeError, match="regularizer must be a name"):
        Dense(1, bias_regularizer=0.1)


@pytest.mark.parametrize("value", [-0.1, float("nan"), float("inf"), "0.1", True])
def test_bad_factors(value):
    for made, name in [(regularizers.L1, "l1"), (regularizers.L2, "l2"), (regularizers.L1L2, "l1")]:
        with pytest.raises((TypeError, ValueError), match=name):
            made(**{name: value})


def test_a_layers_config_has_them():
    layer = Dense(3, kernel_regularizer="l2", bias_regularizer=regularizers.L1(0.5), bias_constraint="non_neg")
    again = Dense.from_config(layer.get_config())
    assert again.get_config() == layer.get_config()
    assert again.kernel_regularizer.l2 == 0.01
    assert type(again.bias_constraint).__name__ == "NonNeg"


def test_the_gradient_of_the_penalty_is_its_central_difference(engine):
    """One step of plain descent at rate 1 shows the gradient; the loss is the engine's own."""
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(20, 4)), rng.normal(size=(20, 2))
    layers = [
        Dense(5, "tanh", kernel_regularizer=regularizers.L1L2(0.1, 0.2), bias_regularizer="l1"),
        Dense(2, kernel_regularizer="l1", bias_regularizer=regularizers.L2(0.3)),
    ]
    model = fastsgd.Sequential(layers, seed=0)
    model.compile(fastsgd.optimizers.SGD(1.0), "mse", backend=engine, dtype="float64")
    model.build(4)
    before = [w + 0.1 for w in model.get_weights()]
    model.set_weights(before)
    assert model.evaluate(x, y, verbose=0) == pytest.approx(model.train_on_batch(x, y), rel=1e-14)
    gradient = [a - b for a, b in zip(before, model.get_weights(), strict=True)]
    h = 1e-6
    for i, w in enumerate(before):
        for index in list(np.ndindex(w.shape))[:5]:
            losses = []
            for move in (h, -h):
                moved = [v.copy() for v in before]
                moved[i][index] += move
                model.set_weights(moved)
                losses.append(model.evaluate(x, y, verbose=0))
            assert gradient[i][index] == pytest.approx((losses[0] - losses[1]) / (2 * h), rel=1e-6, abs=1e-7)


def test_penalties_count_once_a_batch_and_once_in_validation(engine):
    rng = np.random.default_rng(1)
    x, y = rng.normal(size=(30, 3)), rng.normal(size=30)
    histories = []
    for factor in (0.0, 0.5):
        model = fastsgd.Sequential([Dense(1, kernel_regularizer=regularizers.L2(factor))], seed=0)
        model.compile(fastsgd.optimizers.SGD(0.0), "mse", backend=engine, dtype="float64")
        histories.append(model.fit(x, y, batch_size=7, epochs=2, validation_split=0.2, verbose=0))
    penalty = 0.5 * np.square(model.get_weights()[0]).sum()
    for name in ("loss", "val_loss"):
        np.testing.assert_allclose(np.array(histories[1][name]) - histories[0][name], penalty, rtol=1e-12)
