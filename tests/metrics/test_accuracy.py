"""The accuracy family: Keras's numbers, shapes of labels, and accuracy in compile."""

import numpy as np
import pytest
import sklearn.metrics as sk
from hypothesis import given
from hypothesis import strategies as st

import fastsgd
from fastsgd import metrics

SCORES = [[0.1, 0.9, 0.8], [0.05, 0.95, 0]]
ONE_HOT = [[0, 0, 1], [0, 1, 0]]


@pytest.mark.parametrize(
    ("metric", "true", "pred", "plain", "weight", "weighted"),
    [  # Keras 3: accuracy_metrics_test.py and docstrings
        (metrics.Accuracy(), [[1], [2], [3], [4]], [[0], [2], [3], [4]], 0.75, [1, 1, 0, 0], 0.5),
        (metrics.Accuracy(), [1, 2, 3, 4], [0, 2, 3, 4], 0.75, [1, 1, 0, 0], 0.5),
        (metrics.Accuracy(), [[1, 2], [3, 4]], [[0, 2], [3, 4]], 0.75, [[1, 0], [0, 1]], 0.5),
        (metrics.BinaryAccuracy(), [1, 1, 0, 0], [[0.98], [1], [0], [0.6]], 0.75, [1, 0, 0, 1], 0.5),
        (metrics.BinaryAccuracy(), [[1, 1], [0, 0]], [[0.98, 1], [0, 0.6]], 0.75, [[1, 0]], 1.0),
        (metrics.BinaryAccuracy(threshold=0.9), [1, 1, 0, 0], [0.98, 0.5, 0.1, 0.2], 0.75, None, 0.75),
        (metrics.CategoricalAccuracy(), ONE_HOT, SCORES, 0.5, [0.7, 0.3], 0.3),
        (metrics.SparseCategoricalAccuracy(), [2, 1], SCORES, 0.5, [0.7, 0.3], 0.3),
        (metrics.SparseCategoricalAccuracy(), [[2], [1]], SCORES, 0.5, [0.7, 0.3], 0.3),
        (metrics.TopKCategoricalAccuracy(k=1), ONE_HOT, SCORES, 0.5, [0.7, 0.3], 0.3),
        (metrics.TopKCategoricalAccuracy(k=2), ONE_HOT, SCORES, 1.0, [0.7, 0.3], 1.0),
        (metrics.TopKCategoricalAccuracy(), ONE_HOT, SCORES, 1.0, None, 1.0),
        (metrics.SparseTopKCategoricalAccuracy(k=1), [[2], [1]], SCORES, 0.5, [0.7, 0.3], 0.3),
        (
            metrics.SparseTopKCategoricalAccuracy(1, from_sorted_ids=True),
            [2, 1],
            [[1, 0, 3], [1, 2, 0]],
            0.5,
            None,
            0.5,
        ),
    ],
)
def test_numbers_of_keras(metric, true, pred, plain, weight, weighted):
    assert metric(true, pred) == plain
    metric.reset_state()
    assert metric(np.array(true), np.array(pred), weight) == pytest.approx(weighted, abs=1e-15)
    made = metrics.get(metrics.serialize(metric))
    assert made.get_config() == metric.get_config()
    assert made.direction == "up"
    assert len(made.variables) == 2


@given(
    rows=st.integers(1, 40),
    classes=st.integers(2, 5),
    cut=st.integers(0, 40),
    k=st.integers(1, 4),
    weighted=st.booleans(),
    dtype=st.sampled_from(["f4", "f8"]),
    seed=st.integers(0, 99),
)
def test_agrees_with_scikit_learn_over_any_batches(rows, classes, cut, k, weighted, dtype, seed):
    rng = np.random.default_rng(seed)
    scores = rng.normal(size=(rows, classes)).astype(dtype)
    labels = rng.integers(0, classes, rows)
    weight = rng.uniform(0.1, 2, rows) if weighted else None
    one_hot = np.eye(classes)[labels]
    exact = sk.accuracy_score(labels, scores.argmax(axis=1), sample_weight=weight)
    every = np.arange(classes)
    top = 1.0
    if k < classes:
        two = {"y_score": scores[:, 1] if classes == 2 else scores}
        if classes == 2:
            two["y_score"] = (scores[:, 1] > scores[:, 0]).astype(float)
        top = sk.top_k_accuracy_score(labels, **two, k=k, labels=every, sample_weight=weight)
    for metric, true, expected in (
        (metrics.SparseCategoricalAccuracy(), labels, exact),
        (metrics.CategoricalAccuracy(), one_hot, exact),
        (metrics.compiled("accuracy")[0], labels[:, None], exact),
        (metrics.compiled("acc")[0], one_hot, exact),
        (metrics.SparseTopKCategoricalAccuracy(k), labels, top),
        (metrics.TopKCategoricalAccuracy(k), one_hot, top),
    ):
        for part in (slice(0, cut), slice(cut, rows)):
            metric.update_state(true[part], scores[part], None if weight is None else weight[part])
        assert metric.result() == pytest.approx(expected, rel=1e-12)


def test_functions():
    assert metrics.binary_accuracy([[1], [0]], [[0.6], [0.7]], threshold=0.5).tolist() == [[1.0], [0.0]]
    assert metrics.categorical_accuracy(ONE_HOT, SCORES).tolist() == [0.0, 1.0]
    assert metrics.sparse_categorical_accuracy([[2], [1]], SCORES).tolist() == [0.0, 1.0]
    assert metrics.top_k_categorical_accuracy(ONE_HOT, SCORES, k=2).tolist() == [1.0, 1.0]
    assert metrics.sparse_top_k_categorical_accuracy([2, 1], SCORES, k=1).tolist() == [0.0, 1.0]


def test_a_threshold_is_of_the_dtype_of_the_predictions():
    assert metrics.BinaryAccuracy(threshold=0.3)([0.0], np.float32([0.3])) == 1.0


def test_labels_that_are_no_class_and_scores_that_are_no_number():
    nan = [[np.nan, 1.0, 2.0]]
    assert metrics.SparseTopKCategoricalAccuracy(3)([7], [[1.0, 2.0, 3.0]]) == 0.0
    assert metrics.SparseTopKCategoricalAccuracy(2)([-1], [[1.0, 2.0, 3.0]]) == 0.0
    assert metrics.SparseTopKCategoricalAccuracy(2)([0], nan) == 0.0
    assert metrics.SparseTopKCategoricalAccuracy(1)([2], nan) == 1.0


def test_accuracy_in_compile_goes_by_the_shapes():
    x = np.random.default_rng(0).normal(size=(50, 3))
    y = (x[:, 0] > 0).astype(float)
    model = fastsgd.Sequential([fastsgd.layers.Dense(1)], seed=0)
    model.compile("sgd", "mse", metrics=["accuracy"], weighted_metrics=["acc", "accuracy"])
    history = model.fit(x, y, epochs=2, verbose=0, validation_split=0.2)
    assert model.metrics_names == ["loss", "accuracy", "acc", "weighted_accuracy"]
    assert list(history) == [*model.metrics_names, *(f"val_{name}" for name in model.metrics_names)]
    expected = np.mean((model.predict(x)[:, 0] > 0.5) == y)
    assert model.evaluate(x, y, return_dict=True)["accuracy"] == expected


def test_weights_reach_only_metrics_that_want_them():
    report = metrics.Report(metrics.compiled(["acc"]), metrics.compiled(["acc", "acc", "mae"]))
    for _ in range(2):
        report.reset()
        report.update(np.array([[0.0], [1.0]]), np.array([[0.25], [0.0]]), np.array([3.0, 1.0]))
    expected = {"acc": 0.5, "weighted_acc": 0.75, "weighted_acc_1": 0.75, "mae": 0.4375}
    assert report.results() == expected
    assert [metric.name for metric in report.metrics] == ["acc", "acc", "acc", "mae"]


def test_bad_input():
    for k in (0, -1, 2.5, True):
        with pytest.raises((TypeError, ValueError), match="k must be a whole number"):
            metrics.TopKCategoricalAccuracy(k)
    with pytest.raises(ValueError, match="threshold must be a number"):
        metrics.BinaryAccuracy(threshold=float("nan"))
    with pytest.raises(ValueError, match="y_true has 2 rows, y_pred has 1"):
        metrics.SparseCategoricalAccuracy()([1, 2], [[0.1, 0.2]])
    for metric in (metrics.SparseCategoricalAccuracy(), metrics.SparseTopKCategoricalAccuracy(1)):
        with pytest.raises(ValueError, match=r"y_true has shape \(3, 3\).* scores want one label a row"):
            metric(np.eye(3), np.eye(3))
    with pytest.raises(ValueError, match="sample_weight has 3 rows"):
        metrics.SparseCategoricalAccuracy()([1, 2], SCORES, [1, 2, 3])
    with pytest.raises(ValueError, match="shape"):
        metrics.CategoricalAccuracy()([1, 2], SCORES)


def test_sum():  # Keras 3: reduction_metrics_test.py
    assert metrics.Sum()([1, 3, 5, 7]) == 16.0
    assert metrics.Sum()([1, 3, 5, 7], sample_weight=[1, 1, 0, 0]) == 4.0
    assert metrics.Sum()([[1, 3], [5, 7]], sample_weight=[[1, 1], [1, 0]]) == 9.0
    assert metrics.Sum()([[1, 3], [5, 7]], sample_weight=[[1, 0]]) == 6.0
    total = metrics.get("sum")
    total.update_state(3)
    total.update_state([[4, 5]])
    assert total.result() == 12.0
    total.reset_state()
    assert total.result() == 0.0
