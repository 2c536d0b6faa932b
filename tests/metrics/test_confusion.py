"""Precision, recall, AUC and F scores: Keras's numbers, scikit-learn's, and what cannot be."""

import time

import numpy as np
import pytest
import sklearn.metrics as sk
from hypothesis import given
from hypothesis import strategies as st

from fastsgd import metrics

TRUE, PRED = [0, 0, 1, 1], [0, 0.5, 0.3, 0.9]


def test_numbers_of_keras():  # Keras 3: docstrings of confusion_metrics.py
    assert metrics.AUC(num_thresholds=3)(TRUE, PRED) == pytest.approx(0.75)
    assert metrics.AUC(num_thresholds=3)(TRUE, PRED, [1, 0, 0, 1]) == 1.0
    assert metrics.Precision(top_k=2)([0, 0, 1, 1], [1, 1, 1, 1]) == 0.0
    assert metrics.Precision(top_k=4)([0, 0, 1, 1], [1, 1, 1, 1]) == 0.5
    assert metrics.SpecificityAtSensitivity(0.5)([0, 0, 0, 1, 1], [0, 0.3, 0.8, 0.3, 0.8]) == pytest.approx(2 / 3)
    assert metrics.RecallAtPrecision(0.8)(TRUE, PRED) == 0.5
    assert metrics.PrecisionAtRecall(0.5)([0, 0, 0, 1, 1], [0, 0.3, 0.8, 0.3, 0.8], [2, 2, 2, 1, 1]) == pytest.approx(
        1 / 3
    )


@given(
    rows=st.integers(4, 60),
    cut=st.integers(0, 60),
    weighted=st.booleans(),
    ties=st.booleans(),
    scale=st.sampled_from([1.0, 1e6]),
    seed=st.integers(0, 99),
)
def test_agrees_with_scikit_learn_over_any_batches(rows, cut, weighted, ties, scale, seed):
    rng = np.random.default_rng(seed)
    true = np.append([0, 1], rng.integers(0, 2, rows - 2))
    pred = rng.random(rows)
    if ties:
        pred = pred.round(1)
    weight = rng.uniform(0.1, 2, rows) if weighted else None
    yes = pred > 0.5
    for metric, expected, scores in (
        (metrics.ExactAUC(), sk.roc_auc_score(true, pred, sample_weight=weight), scale * pred),
        (metrics.ExactAUC("PR"), sk.average_precision_score(true, pred, sample_weight=weight), scale * pred),
        (metrics.Precision(), sk.precision_score(true, yes, sample_weight=weight, zero_division=0), pred),
        (metrics.Recall(), sk.recall_score(true, yes, sample_weight=weight, zero_division=0), pred),
        (metrics.TrueNegatives(), sk.confusion_matrix(true, yes, sample_weight=weight)[0, 0], pred),
        (metrics.FalseNegatives(), sk.confusion_matrix(true, yes, sample_weight=weight)[1, 0], pred),
    ):
        for part in (slice(0, cut), slice(cut, rows)):
            metric.update_state(true[part], scores[part], None if weight is None else weight[part])
        assert metric.result() == pytest.approx(expected, rel=1e-9, abs=1e-12)


def test_f_scores_are_scikit_learns_but_for_keras_epsilon():
    rng = np.random.default_rng(0)
    scores = rng.random((200, 3))
    true = (rng.random((200, 3)) < scores).astype(float)
    for average in (None, "micro", "macro", "weighted"):
        expected = sk.fbeta_score(true, scores > 0.5, beta=0.5, average=average)
        np.testing.assert_allclose(metrics.FBetaScore(average, 0.5, 0.5)(true, scores), expected, rtol=1e-6)
    labels = scores.argmax(axis=1)
    expected = sk.f1_score(true.argmax(axis=1), labels, average="macro")
    assert metrics.F1Score("macro")(np.eye(3)[true.argmax(axis=1)], scores) == pytest.approx(expected, rel=1e-6)


def test_auc_of_many_thresholds_comes_to_the_exact_one():
    rng = np.random.default_rng(1)
    pred = rng.random(3000)
    true = rng.random(3000) < pred
    assert metrics.AUC(20001)(true, pred) == pytest.approx(sk.roc_auc_score(true, pred), abs=1e-5)
    assert metrics.AUC(20001, from_logits=True)(true, 8 * pred - 4) == pytest.approx(
        metrics.ExactAUC()(true, pred), abs=1e-4
    )


def test_auc_of_a_million_rows_takes_well_under_a_second():
    rng = np.random.default_rng(2)
    pred = rng.random((1_000_000, 1), np.float32)
    true = (rng.random((1_000_000, 1)) < pred).astype("f4")
    begin = time.perf_counter()
    found = metrics.AUC()(true, pred)
    assert time.perf_counter() - begin < 0.9
    assert found == pytest.approx(5 / 6, abs=2e-3)


def test_a_score_at_a_threshold_is_negative_in_its_own_dtype():
    for dtype in ("f4", "f8"):
        pred = np.array([0.1, 0.3, 0.7], dtype)
        assert metrics.TruePositives([0.7, 0.1, 0.3])([1, 1, 1], pred).tolist() == [0.0, 2.0, 1.0]


def test_scores_that_are_no_number_or_out_of_range():
    nan = np.array([np.nan, 0.9, 0.1])
    assert metrics.TruePositives()([1, 1, 1], nan) == 1.0
    assert metrics.FalseNegatives()([1, 1, 1], nan) == 2.0
    assert np.isnan(metrics.ExactAUC()([0, 1, 1], nan))
    assert metrics.AUC()([0, 0, 1], [-3.0, -1.0, 7.0]) == 1.0
    assert metrics.AUC(from_logits=True)([0, 0, 1], np.float32([-3e4, -1.0, 7e4])) == 1.0


def test_nothing_and_one_class_only():
    assert metrics.AUC().result() == 0.0
    assert np.isnan(metrics.ExactAUC().result())
    assert np.isnan(metrics.ExactAUC()([1, 1], [0.2, 0.3]))
    assert metrics.Precision().result() == 0.0
    assert metrics.Recall()([0, 0], [0.1, 0.9]) == 0.0
    assert metrics.F1Score("macro").result() == 0.0


def test_several_thresholds_by_name_and_reset():
    metric = metrics.Precision(thresholds=[0.2, 0.8])
    assert metric.name == "precision"
    assert metric(TRUE, PRED).tolist() == [2 / 3, 1.0]
    metric.reset_state()
    assert metric.result().tolist() == [0.0, 0.0]
    assert metrics.get("auc").name == "auc"
    assert metrics.get("f1_score").name == "f1_score"
    assert metrics.get("FalsePositives").name == "false_positives"


def test_results_are_not_the_state():
    metric = metrics.TruePositives([0.2, 0.8])
    metric(TRUE, PRED)[:] = 7
    metric.variables[0][:] = 7
    assert metric.result().tolist() == [2.0, 1.0]


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: metrics.Precision(1.5), r"Threshold values must be in \[0, 1\]. Received: \[1.5\]"),
        (lambda: metrics.Recall([0.5, None]), r"Received: \[None\]"),
        (lambda: metrics.Recall([]), "empty list"),
        (lambda: metrics.Recall(top_k=0), "top_k must be a whole number"),
        (lambda: metrics.Precision(class_id=-1), "class_id must be a whole number"),
        (lambda: metrics.Precision(class_id=2)([[0, 1]], [[0.1, 0.2]]), "class_id=2 is no column"),
        (lambda: metrics.Precision(class_id=1)([0, 1], [0.1, 0.2]), r"found shape: \(2,\)"),
        (lambda: metrics.Precision(top_k=3)([[0, 1]], [[0.1, 0.2]]), "top_k=3 wants"),
        (lambda: metrics.Precision()([[0, 1]], [[0.1, 0.2, 0.3]]), "they must have the same shape"),
        (lambda: metrics.Precision()([0, 1], [0.1, 0.2], [1, 2, 3]), "sample_weight has 3 rows"),
        (lambda: metrics.Precision()([[0, 1, 1]], [[0.1, 0.2, 0.3]], [[1, 2]]), "sample_weight has shape"),
        (lambda: metrics.AUC(num_thresholds=1), "integer > 1"),
        (lambda: metrics.AUC(thresholds=[0.5, 2.0]), "Threshold values"),
        (lambda: metrics.AUC(curve="roc curve"), "Invalid AUC curve value"),
        (lambda: metrics.AUC(summation_method="sum"), "Invalid AUC summation method value"),
        (lambda: metrics.AUC(num_labels=3), "`num_labels` is needed only"),
        (lambda: metrics.AUC(multi_label=True)([0, 1], [0.1, 0.2]), "rank 2 when `multi_label=True`"),
        (lambda: metrics.AUC(multi_label=True, num_labels=3)([[0, 1]], [[0.1, 0.2]]), "AUC has 3 labels"),
        (lambda: metrics.AUC(label_weights=[1, 2])([0, 1], [0.1, 0.2]), "label_weights has shape"),
        (lambda: metrics.ExactAUC("PRGAIN"), "Invalid AUC curve value"),
        (lambda: metrics.SensitivityAtSpecificity(1.5), r"`specificity` must be in the range \[0, 1\]"),
        (lambda: metrics.RecallAtPrecision(0.5, num_thresholds=0), "`num_thresholds` must be an integer > 0"),
        (lambda: metrics.F1Score("mean"), "Invalid `average`"),
        (lambda: metrics.FBetaScore(beta=2), "Python float"),
        (lambda: metrics.FBetaScore(beta=0.0), "should be > 0"),
        (lambda: metrics.F1Score(threshold=1.5), "0 < threshold <= 1"),
        (lambda: metrics.F1Score()([0, 1], [0.1, 0.2]), "FBetaScore expects 2D|F1Score expects 2D"),
    ],
)
def test_bad_input(make, message):
    with pytest.raises((TypeError, ValueError), match=message):
        make()


def test_other_columns_later():
    for metric in (metrics.F1Score(), metrics.AUC(multi_label=True)):
        metric.update_state([[0, 1]], [[0.1, 0.2]])
        with pytest.raises(ValueError, match="3 c"):
            metric.update_state([[0, 1, 1]], [[0.1, 0.2, 0.3]])
