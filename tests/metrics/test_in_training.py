"""Metrics in fit and evaluate: labels beside several outputs, weights, batches."""

import numpy as np
import pytest
import sklearn.metrics as sk

import fastsgd
from fastsgd.layers import Dense


def digits(n=240, classes=3, seed=0):
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, classes, n)
    return (2 * np.eye(5)[labels] + rng.normal(size=(n, 5))).astype("f4"), labels, rng.uniform(0, 2, n)


def classifier(engine, loss, outputs=3, activation="softmax", **options):
    model = fastsgd.Sequential([Dense(8, "tanh"), Dense(outputs, activation)], seed=1)
    model.compile(fastsgd.optimizers.SGD(0.1, momentum=0.9), loss, backend=engine, **options)
    return model


def test_labels_in_fit(engine):
    x, labels, _ = digits()
    names = ["accuracy", "sparse_categorical_accuracy", "sparse_top_k_categorical_accuracy"]
    names += ["sparse_categorical_crossentropy"]
    model = classifier(engine, "sparse_categorical_crossentropy", metrics=names)
    history = model.fit(x, labels, epochs=8, verbose=0, validation_split=0.25)
    assert history["accuracy"] == history["sparse_categorical_accuracy"]
    assert history["sparse_top_k_categorical_accuracy"] == [1.0] * 8
    assert history["val_sparse_categorical_crossentropy"] == pytest.approx(history["val_loss"], rel=1e-5)
    assert history["sparse_categorical_crossentropy"] == pytest.approx(history["loss"], rel=1e-5)
    found = model.predict(x[180:]).argmax(axis=1)
    assert history["val_accuracy"][-1] == sk.accuracy_score(labels[180:], found) > 0.7


def test_one_hot_targets_are_the_same(engine):
    x, labels, _ = digits()
    sparse = classifier(engine, "sparse_categorical_crossentropy", metrics=["acc"])
    one_hot = classifier(engine, "categorical_crossentropy", metrics=["acc", "f1_score", "auc", "precision"])
    histories = [m.fit(x, y, epochs=3, verbose=0) for m, y in ((sparse, labels), (one_hot, np.eye(3)[labels]))]
    assert histories[0]["acc"] == histories[1]["acc"]
    assert histories[0]["loss"] == pytest.approx(histories[1]["loss"], rel=1e-5)
    last = histories[1]["f1_score"][-1]
    assert len(last) == 3 and all(isinstance(value, float) for value in last)
    assert 0 < histories[1]["auc"][-1] <= 1


def test_weights_reach_weighted_metrics(engine):
    x, labels, weights = digits()
    model = classifier(
        engine, "sparse_categorical_crossentropy", metrics=["accuracy"],
        weighted_metrics=["accuracy", "sparse_categorical_crossentropy"],
    )  # fmt: skip
    model.fit(x, labels, sample_weight=weights, epochs=2, verbose=0)
    found = model.evaluate(x, labels, sample_weight=weights, verbose=0, return_dict=True)
    right = model.predict(x).argmax(axis=1) == labels
    assert found["accuracy"] == right.mean()
    assert found["weighted_accuracy"] == pytest.approx((weights * right).sum() / weights.sum(), rel=1e-6)
    by_class = {0: 1.0, 1: 3.0}
    history = model.fit(x, labels, class_weight=by_class, epochs=1, verbose=0)
    same = classifier(
        engine, "sparse_categorical_crossentropy", metrics=["accuracy"],
        weighted_metrics=["accuracy", "sparse_categorical_crossentropy"],
    )  # fmt: skip
    same.fit(x, labels, sample_weight=weights, epochs=2, verbose=0)
    rows = np.array([by_class.get(int(label), 1.0) for label in labels])
    assert same.fit(x, labels, sample_weight=rows, epochs=1, verbose=0) == history
    assert history["weighted_accuracy"] != history["accuracy"]


def test_two_classes_and_batch_hooks():
    x, labels, _ = digits(classes=2)
    seen = []

    class Watch(fastsgd.callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            seen.append(logs)

    names = ["accuracy", "auc", fastsgd.metrics.ExactAUC(name="exact"), "precision", "recall", "binary_crossentropy"]
    model = classifier("cython", "binary_crossentropy", 1, "sigmoid", metrics=names)
    history = model.fit(x, labels, epochs=2, verbose=0, callbacks=[Watch()])
    assert len(seen) == 16
    assert seen[-1]["exact"] == history["exact"][-1] == pytest.approx(history["auc"][-1], abs=0.02)
    assert history["binary_crossentropy"] == pytest.approx(history["loss"], rel=1e-5)
    found = model.predict(x)[:, 0] > 0.5
    _, accuracy, _, _, precision, recall, _ = model.evaluate(x, labels, verbose=0)
    expected = sk.accuracy_score(labels, found), sk.precision_score(labels, found), sk.recall_score(labels, found)
    assert (accuracy, precision, recall) == pytest.approx(expected, rel=1e-12)


def test_a_printed_evaluation_shows_what_is_a_number(capsys):
    x, labels, _ = digits()
    model = classifier("cython", "categorical_crossentropy", metrics=["f1_score", "accuracy"])
    model.fit(x, np.eye(3)[labels], epochs=1, verbose=0)
    model.evaluate(x, np.eye(3)[labels], verbose=1)
    assert "accuracy: 0." in capsys.readouterr().out
