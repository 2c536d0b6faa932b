"""What losses are for, trained: classes, intervals; and targets that are refused before anything is trained."""

import numpy as np
import pytest
from sklearn.datasets import load_digits

from fastsgd import Input, Sequential, losses, optimizers
from fastsgd.layers import Dense


def test_digits(engine):
    """97 % of unseen digits, pixels divided by 16."""
    x, y = load_digits(return_X_y=True)
    order = np.random.default_rng(0).permutation(len(x))
    train, test = order[:1437], order[1437:]
    model = Sequential([Input((64,)), Dense(64, "relu"), Dense(10, "softmax")], seed=0)
    optimizer = optimizers.SGD(0.1, momentum=0.9, nesterov=True)
    model.compile(optimizer, "sparse_categorical_crossentropy", backend=engine)
    model.fit(x[train] / 16, y[train], epochs=30, verbose=0)
    assert (model.predict(x[test] / 16).argmax(axis=1) == y[test]).mean() >= 0.97


def test_an_interval_of_80_percent():
    rng = np.random.default_rng(0)
    x = rng.uniform(-2, 2, (4000, 1))
    y = np.sin(2 * x[:, 0]) + rng.normal(size=4000) * (0.2 + 0.15 * abs(x[:, 0]))
    model = Sequential([Input((1,)), Dense(32, "tanh"), Dense(32, "tanh"), Dense(2)], seed=0)
    model.compile(optimizers.SGD(0.02, momentum=0.9), losses.Quantile([0.1, 0.9]))
    model.fit(x[:3000], y[:3000], epochs=100, verbose=0)
    low, high = model.predict(x[3000:]).T
    assert ((low < y[3000:]) & (y[3000:] < high)).mean() == pytest.approx(0.8, abs=0.03)


def test_a_mean_by_weights_is_for_rows_without(engine):
    x = np.linspace(-1, 1, 20)[:, None]
    model = Sequential([Input((1,)), Dense(1)], seed=0)
    model.compile("sgd", losses.MeanSquaredError("mean_with_sample_weight"), backend=engine)
    model.fit(x, x, verbose=0)
    for call in (model.fit, model.evaluate, model.train_on_batch):
        with pytest.raises(ValueError, match=r"mean_squared_error.*take 'sum_over_batch_size'"):
            call(x, x, sample_weight=np.ones(20))


X = np.zeros((4, 2))
HOT = np.eye(4)[:, :3]
REFUSED = {
    "one-hot for labels": (
        "sparse_categorical_crossentropy",
        3,
        HOT,
        r"3 columns.*for one-hot rows take 'categorical_c",
    ),
    "labels for one-hot": ("categorical_crossentropy", 3, [0, 1, 2, 1], r"1 column,.*take 'sparse_categorical_crossen"),
    "label too large": ("sparse_categorical_crossentropy", 3, [0, 1, 3, 1], "y holds 3 in row 2.*from 0 to 2, the cla"),
    "negative label": ("sparse_categorical_crossentropy", 3, [0, -1, 2, 1], "y holds -1 in row 1.*from 0 to 2"),
    "half a label": ("sparse_categorical_crossentropy", 3, [0, 0.5, 2, 1], "y holds 0.5 in row 1.*whole numbers"),
    "no probability": ("binary_crossentropy", 1, [0, 2, 1, 0], "y holds 2; the loss 'binary_cross.*from 0 to 1"),
    "no shares": ("categorical_crossentropy", 3, -HOT, "y holds -1; the loss 'categorical_.*from 0 to 1"),
    "no sign": ("hinge", 1, [0, 2, 1, 0], "y holds .*; the loss 'hinge' takes -1 and 1, or 0 and 1"),
    "no count": ("poisson", 1, [0, -2, 1, 0], "y holds -2; the loss 'poisson' takes targets of at least 0"),
    "odd outputs": ("gaussian_nll", 3, [0, 1, 1, 0], "needs 2 outputs for each column of y, the model has 3"),
    "too many means": (
        "gaussian_nll",
        2,
        X,
        r"y has 2 columns.*the model has 2 outputs, the loss takes a column for e",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_targets_are_checked_before_training(case):
    loss, outputs, y, message = REFUSED[case]
    model = Sequential([Input((2,)), Dense(outputs)], seed=0)
    model.compile("sgd", loss)
    before = model.get_weights()
    for call in (model.fit, model.evaluate, model.train_on_batch):
        with pytest.raises(ValueError, match=message):
            call(X, np.asarray(y))
    np.testing.assert_array_equal(model.get_weights()[0], before[0])


def test_losses_that_cannot_be_trained_with():
    with pytest.raises(ValueError, match="loss must have axis=-1 to be trained with"):
        losses.compiled(losses.Dice())
    with pytest.raises(TypeError, match="has no formula"):
        losses.compiled(losses.SparseCategoricalCrossentropy(ignore_class=-1))
